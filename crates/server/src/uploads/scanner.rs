use std::{fmt, path::PathBuf, str::FromStr, time::Duration};

use bytes::Bytes;
use clamav_client::{
    clean,
    tokio::{Socket, Tcp, scan_buffer},
};
use serde::{Deserialize, Deserializer, de};
use tokio::time::timeout;

use super::FileRefusal;
use crate::error::ApiError;

/// How long it may look at one file.
const PATIENCE: Duration = Duration::from_secs(30);
const WANTED: &str = "where clamd listens, such as tcp://127.0.0.1:3310 or unix:///run/clamav/clamd.ctl";

/// A virus scanner that speaks clamd's protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scanner {
    /// Host and port.
    Tcp(String),
    Unix(PathBuf),
}

/// An address that leads to no scanner.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("got `{0}`, wants {WANTED}")]
pub struct NoScanner(String);

impl FromStr for Scanner {
    type Err = NoScanner;

    fn from_str(text: &str) -> Result<Self, NoScanner> {
        let error = || NoScanner(text.to_owned());
        match text.trim().split_once("://") {
            Some(("tcp", address)) => {
                let port = address.rsplit_once(':').filter(|(host, _)| !host.is_empty()).map(|(_, port)| port);
                if port.is_some_and(|port| port.parse::<u16>().is_ok()) {
                    Ok(Self::Tcp(address.to_owned()))
                } else {
                    Err(error())
                }
            }
            Some(("unix", path)) if path.starts_with('/') => Ok(Self::Unix(path.into())),
            _ => Err(error()),
        }
    }
}

impl fmt::Display for Scanner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(formatter, "tcp://{address}"),
            Self::Unix(path) => write!(formatter, "unix://{}", path.display()),
        }
    }
}

impl<'de> Deserialize<'de> for Scanner {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl Scanner {
    /// Has it look at a file. What it could not look at is not taken.
    pub async fn scan(&self, content: &Bytes) -> Result<(), ApiError> {
        let scan = async {
            match self {
                Self::Tcp(address) => scan_buffer(content, Tcp { host_address: address.as_str() }, None).await,
                Self::Unix(path) => scan_buffer(content, Socket { socket_path: path }, None).await,
            }
        };
        let unavailable = |why: &str| {
            tracing::error!(scanner = %self, why, "a file was refused, because the virus scanner did not look at it");
            Err(ApiError::Unavailable)
        };
        match timeout(PATIENCE, scan).await {
            Err(_) => unavailable("it takes too long"),
            Ok(Err(error)) => unavailable(&error.to_string()),
            Ok(Ok(verdict)) => match clean(&verdict) {
                Ok(true) => Ok(()),
                // What it found is its own word, and no patient's.
                Ok(false) if is_found(&verdict) => {
                    tracing::warn!(scanner = %self, "the virus scanner warns of a file that a visitor sent");
                    Err(FileRefusal::Infected.into())
                }
                _ => unavailable("its verdict is no verdict: the file may be larger than its StreamMaxLength"),
            },
        }
    }
}

fn is_found(verdict: &[u8]) -> bool {
    let end = verdict.iter().rposition(|byte| !matches!(byte, 0 | b'\n')).map_or(0, |end| end + 1);
    verdict[..end].ends_with(b" FOUND")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_leads_to_a_scanner_or_is_refused() {
        assert_eq!("tcp://clamd:3310".parse(), Ok(Scanner::Tcp("clamd:3310".into())));
        assert_eq!("tcp://[::1]:3310".parse(), Ok(Scanner::Tcp("[::1]:3310".into())));
        assert_eq!("unix:///run/clamd.ctl".parse(), Ok(Scanner::Unix("/run/clamd.ctl".into())));
        for text in ["", "clamd:3310", "tcp://clamd", "tcp://:3310", "tcp://clamd:99999", "unix://clamd.ctl"] {
            let error = text.parse::<Scanner>().unwrap_err();
            assert!(error.to_string().contains("tcp://127.0.0.1:3310"), "{error}");
        }
    }
}
