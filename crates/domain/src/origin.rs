//! Which web origins may embed an app.

/// One entry of an app's allowed origins: an exact origin, or one with `*` for any port
/// (`http://localhost:*`) or for one or more host labels (`https://*.example.org`).
///
/// Origins are compared as browsers send them: lower case scheme and host, no default port, no path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginPattern {
    scheme: String,
    host: String,
    port: Port,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Port {
    Default,
    Any,
    Exactly(u16),
}

/// Why a text is not an origin pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an origin such as `https://www.example.org`, `https://*.example.org` or `http://localhost:*`")]
pub struct OriginPatternError;

impl std::str::FromStr for OriginPattern {
    type Err = OriginPatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (scheme, host, port) = split(text).ok_or(OriginPatternError)?;
        let bare = host.strip_prefix("*.").unwrap_or(&host);
        if bare.is_empty() || bare.contains('*') {
            return Err(OriginPatternError);
        }
        let port = match port {
            None => Port::Default,
            Some("*") => Port::Any,
            Some(number) => Port::Exactly(number.parse().map_err(|_| OriginPatternError)?),
        };
        Ok(Self { scheme, host, port: without_default(port, text) })
    }
}

impl OriginPattern {
    /// Whether a browser's `Origin` header value falls under this pattern.
    pub fn matches(&self, origin: &str) -> bool {
        let Some((scheme, host, port)) = split(origin) else {
            return false;
        };
        let port = match port {
            None => Port::Default,
            Some(number) => match number.parse() {
                Ok(number) => without_default(Port::Exactly(number), origin),
                Err(_) => return false,
            },
        };
        let host_matches = match self.host.strip_prefix("*") {
            Some(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
            None => host == self.host,
        };
        scheme == self.scheme && host_matches && (self.port == Port::Any || self.port == port)
    }
}

fn without_default(port: Port, origin: &str) -> Port {
    let default = if origin.to_ascii_lowercase().starts_with("https:") { 443 } else { 80 };
    if port == Port::Exactly(default) { Port::Default } else { port }
}

/// Scheme, host (IPv6 in its brackets) and port, in lower case; None where anything else is in the text.
fn split(text: &str) -> Option<(String, String, Option<&str>)> {
    let (scheme, authority) = text.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    if scheme != "http" && scheme != "https" {
        return None;
    }
    let (host, port) = match authority.rfind(':') {
        Some(colon) if !authority[colon..].contains(']') => (&authority[..colon], Some(&authority[colon + 1..])),
        _ => (authority, None),
    };
    let plain = |character: char| character.is_ascii_alphanumeric() || "-._*[]:".contains(character);
    if host.is_empty() || !host.chars().all(plain) || (host.contains(':') && !host.starts_with('[')) {
        return None;
    }
    Some((scheme, host.to_ascii_lowercase(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(pattern: &str, origin: &str) -> bool {
        pattern.parse::<OriginPattern>().expect("a valid pattern").matches(origin)
    }

    #[test]
    fn an_exact_origin_allows_itself_only() {
        assert!(allows("https://www.example.org", "https://www.example.org"));
        assert!(allows("https://www.example.org:443", "https://www.example.org"));
        for origin in [
            "http://www.example.org",
            "https://example.org",
            "https://www.example.org:8443",
            "https://www.example.org.evil.test",
            "https://www.example.org/path",
            "https://user@www.example.org",
            "null",
            "",
        ] {
            assert!(!allows("https://www.example.org", origin), "{origin}");
        }
    }

    #[test]
    fn a_star_stands_for_any_port_or_for_labels_in_front() {
        assert!(allows("http://localhost:*", "http://localhost:3001"));
        assert!(allows("http://localhost:*", "http://localhost"));
        assert!(!allows("http://localhost:*", "http://localhost.evil.test:3001"));
        assert!(allows("https://*.example.org", "https://a.b.example.org"));
        assert!(!allows("https://*.example.org", "https://example.org"));
        assert!(!allows("https://*.example.org", "https://evilexample.org"));
        assert!(allows("http://[::1]:*", "http://[::1]:8080"));
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for text in [
            "*",
            "https://*",
            "localhost",
            "https://",
            "https://a/b",
            "ftp://example.org",
            "https://a:b",
            "https://w*w.example.org",
        ] {
            assert!(text.parse::<OriginPattern>().is_err(), "{text}");
        }
    }
}
