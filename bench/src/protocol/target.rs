//! Where a server is, and as whom to talk to it.

use std::{net::SocketAddr, str::FromStr};

use anyhow::{Context, bail};
use tokio::net::lookup_host;

/// A server to talk to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Host and port, as the `Host` header has them.
    pub authority: String,
    /// The page that the client pretends to stand on.
    pub origin: String,
}

impl Target {
    /// A server of this machine.
    pub fn local(port: u16) -> Self {
        Self { authority: format!("127.0.0.1:{port}"), origin: String::from(crate::server::hospital::ORIGIN) }
    }

    pub fn with_origin(self, origin: &str) -> Self {
        Self { origin: origin.to_owned(), ..self }
    }

    pub async fn address(&self) -> anyhow::Result<SocketAddr> {
        let mut found =
            lookup_host(&self.authority).await.with_context(|| format!("{}: no address", self.authority))?;
        found.next().with_context(|| format!("{}: no address", self.authority))
    }
}

impl FromStr for Target {
    type Err = anyhow::Error;

    fn from_str(url: &str) -> anyhow::Result<Self> {
        let Some((scheme, rest)) = url.split_once("://") else {
            bail!("`{url}` is no address: it must look like http://127.0.0.1:3001");
        };
        match scheme {
            "http" => {}
            "https" => bail!("`{url}`: TLS is not spoken here; point at the server's own port, with http://"),
            _ => bail!("`{url}`: {scheme}:// is not spoken here, only http://"),
        }
        let authority = rest.trim_end_matches('/');
        if authority.is_empty() || authority.contains('/') {
            bail!("`{url}`: wants a host and a port, and no path");
        }
        let authority = match authority.rsplit_once(':') {
            Some((_, port)) if port.parse::<u16>().is_ok() => authority.to_owned(),
            _ => format!("{authority}:80"),
        };
        Ok(Self { authority, origin: String::from(crate::server::hospital::ORIGIN) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_plain_http_without_a_path() {
        assert_eq!("http://bench.example:3001/".parse::<Target>().unwrap().authority, "bench.example:3001");
        assert_eq!("http://bench.example".parse::<Target>().unwrap().authority, "bench.example:80");
        for (wrong, named) in
            [("https://a:1", "TLS"), ("ftp://a", "ftp"), ("a:1", "http://127"), ("http://a/v1", "path")]
        {
            let error = wrong.parse::<Target>().unwrap_err().to_string();
            assert!(error.contains(named), "{wrong}: {error}");
        }
    }
}
