//! What a page's Content Security Policy has to allow for the widget.

use anyhow::Context;
use axum::http::Uri;

use super::print;
use crate::config::Config;

/// Prints the directives, one a line. The address is the one given, or else that of the configuration.
pub fn csp(config: Config, api_base_url: Option<&str>) -> anyhow::Result<()> {
    let base = api_base_url.map(str::to_owned).or(config.http.api_base_url);
    let base = base.context(
        "API_BASE_URL: wants the server's address, such as https://assistant.example.org, here or as --api-base-url",
    )?;
    print(&policy(&base).with_context(|| {
        format!("--api-base-url: got `{base}`, wants an address such as https://assistant.example.org")
    })?)
}

/// The directives for a server at this address.
fn policy(base: &str) -> Option<String> {
    let uri: Uri = base.trim().parse().ok()?;
    let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https"))?;
    // A policy names origins: what comes after the host is left out, and a name and password would be no host.
    let host = uri.authority()?.as_str();
    if host.contains('@') {
        return None;
    }
    let sockets = scheme.replacen("http", "ws", 1);
    // `'self'` and `https:` allow no sockets in every browser, so those are named.
    Some(format!("script-src {scheme}://{host}\nconnect-src {scheme}://{host} {sockets}://{host}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_names_the_servers_origin_once_for_each_use() {
        let expected = "script-src https://assistant.example.org\nconnect-src https://assistant.example.org wss://assistant.example.org\n";
        for base in
            ["https://assistant.example.org", "https://assistant.example.org/", "https://assistant.example.org/kuzushi"]
        {
            assert_eq!(policy(base).as_deref(), Some(expected), "{base}");
        }
        assert_eq!(
            policy("http://localhost:3001").as_deref(),
            Some("script-src http://localhost:3001\nconnect-src http://localhost:3001 ws://localhost:3001\n")
        );
        for base in [
            "",
            "assistant.example.org",
            "ftp://assistant.example.org",
            "https://user:pw@assistant.example.org",
            "https://",
        ] {
            assert_eq!(policy(base), None, "{base}");
        }
    }
}
