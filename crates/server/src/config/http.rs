use std::{net::IpAddr, path::PathBuf};

use ipnet::IpNet;
use kuzushi_domain::origin::OriginPattern;

use super::value::{Unusable, list, parse};

/// How the world reaches the server.
#[derive(Debug, Clone, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct Http {
    /// The address to listen on. `0.0.0.0` takes connections from other machines.
    #[config(env = "HOST", default = "127.0.0.1", parse_env = host)]
    pub host: IpAddr,
    /// The port to listen on; 0 takes a free one.
    #[config(env = "PORT", default = 3001, parse_env = port)]
    pub port: u16,
    /// Where browsers reach the server, such as `https://assistant.example.org`. Without it, answers use the host name
    /// that each request came in with.
    #[config(env = "API_BASE_URL", parse_env = base_url)]
    pub api_base_url: Option<String>,
    /// Origins that may embed every app, beside those each app allows itself. Separated by commas.
    #[config(env = "ALLOWED_ORIGINS", default = [], parse_env = origins)]
    pub allowed_origins: Vec<String>,
    /// Networks of reverse proxies, separated by commas. From them, `X-Forwarded-For` tells the client's address that
    /// limits are counted by; a request from them without it counts for no address.
    #[config(env = "TRUSTED_PROXIES", default = ["127.0.0.0/8", "::1/128"], parse_env = networks)]
    pub trusted_proxies: Vec<IpNet>,
    /// A certificate chain in PEM: the server then speaks TLS itself. It is read again when it changes, and on SIGHUP.
    #[config(env = "TLS_CERT_FILE")]
    pub tls_cert_file: Option<PathBuf>,
    /// The private key of the certificate, in PEM.
    #[config(env = "TLS_KEY_FILE")]
    pub tls_key_file: Option<PathBuf>,
    /// `true` lets `kuzushi serve` take unencrypted connections from other machines although neither TLS nor a proxy of
    /// another machine in `TRUSTED_PROXIES` is set: for networks that something else protects.
    #[config(env = "ALLOW_PLAINTEXT", default = false, parse_env = allow_plaintext)]
    pub allow_plaintext: bool,
}

impl Http {
    pub(super) fn check(&self) -> Result<(), Unusable> {
        origins(&self.allowed_origins.join(","))?;
        match (&self.tls_cert_file, &self.tls_key_file) {
            (Some(file), None) => {
                return Err(Unusable::new(&file.to_string_lossy(), "TLS_KEY_FILE beside TLS_CERT_FILE"));
            }
            (None, Some(file)) => {
                return Err(Unusable::new(&file.to_string_lossy(), "TLS_CERT_FILE beside TLS_KEY_FILE"));
            }
            _ => {}
        }
        self.api_base_url.as_deref().map_or(Ok(()), |url| base_url(url).map(drop))
    }

    /// Refuses to take patients' words from other machines where nothing says that they come encrypted.
    pub fn refuse_open_plaintext(&self) -> anyhow::Result<()> {
        let is_behind_a_proxy = self.trusted_proxies.iter().any(|network| !network.addr().is_loopback());
        let is_safe = self.host.to_canonical().is_loopback()
            || self.tls_cert_file.is_some()
            || is_behind_a_proxy
            || self.allow_plaintext;
        anyhow::ensure!(
            is_safe,
            "HOST: {} takes unencrypted connections from other machines; set TLS_CERT_FILE and TLS_KEY_FILE, or name the \
             proxy that ends TLS in TRUSTED_PROXIES, or set ALLOW_PLAINTEXT=true where something else protects the way",
            self.host
        );
        Ok(())
    }
}

fn networks(text: &str) -> Result<Vec<IpNet>, Unusable> {
    let wanted = "networks such as 10.0.0.0/8 or addresses such as 192.0.2.1, separated by commas";
    let network = |item: &String| {
        let network = item.parse().or_else(|_| item.parse::<IpAddr>().map(IpNet::from));
        network.map_err(|_| Unusable::new(item, wanted))
    };
    list(text).iter().map(network).collect()
}

fn allow_plaintext(text: &str) -> Result<bool, Unusable> {
    parse(text, "true or false")
}

fn host(text: &str) -> Result<IpAddr, Unusable> {
    parse(text, "an IP address such as 127.0.0.1 or 0.0.0.0")
}

fn port(text: &str) -> Result<u16, Unusable> {
    parse(text, "a port number from 0 to 65535")
}

fn base_url(text: &str) -> Result<String, Unusable> {
    let base = text.trim_end_matches('/');
    if base.parse::<OriginPattern>().is_ok() && !base.contains('*') {
        Ok(base.to_owned())
    } else {
        Err(Unusable::new(text, "an address such as https://assistant.example.org, without a path"))
    }
}

fn origins(text: &str) -> Result<Vec<String>, Unusable> {
    let wanted = "origins such as https://www.example.org or http://localhost:*, separated by commas";
    let origins = list(text);
    match origins.iter().find(|origin| origin.parse::<OriginPattern>().is_err()) {
        None => Ok(origins),
        Some(wrong) => Err(Unusable::new(wrong, wanted)),
    }
}
