use std::{fmt, io::ErrorKind, path::PathBuf, str::FromStr, time::Duration};

use bytes::Bytes;
use clamav_client::tokio::{Socket, Tcp, scan_buffer};
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
            // So it ends a file that is too large for it.
            Ok(Err(error)) if matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => {
                unavailable("it hung up: the file may be larger than its StreamMaxLength")
            }
            Ok(Err(error)) => unavailable(&error.to_string()),
            Ok(Ok(answer)) => match Verdict::of(&answer) {
                Some(Verdict::Clean) => Ok(()),
                // What it found is its own word, and no patient's.
                Some(Verdict::Found) => {
                    tracing::warn!(scanner = %self, "the virus scanner warns of a file that a visitor sent");
                    Err(FileRefusal::Infected.into())
                }
                None => unavailable("its verdict is no verdict: the file may be larger than its StreamMaxLength"),
            },
        }
    }
}

#[derive(Clone, Copy)]
enum Verdict {
    Clean,
    Found,
}

impl Verdict {
    /// What clamd says of one file: a single line, such as `stream: OK` or `stream: Eicar FOUND`. Nothing else will do, whoever says
    /// it: that there is an `OK` in it somewhere says little.
    fn of(answer: &[u8]) -> Option<Self> {
        let line = answer.strip_suffix(b"\0").or_else(|| answer.strip_suffix(b"\n")).unwrap_or(answer);
        if line.iter().any(|byte| byte.is_ascii_control()) {
            None
        } else if line.ends_with(b": OK") {
            Some(Self::Clean)
        } else if line.ends_with(b" FOUND") {
            Some(Self::Found)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::UnixListener,
    };

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

    /// What becomes of a file when somebody listens at the scanner's address who is not clamd, or no longer in its senses: this is
    /// what the tests with clamd itself cannot bring about. `None` says nothing and does not hang up.
    async fn scanned_by_somebody_who_says(answer: Option<&'static [u8]>) -> Result<(), ApiError> {
        let folder = tempfile::tempdir().unwrap();
        let socket_path = folder.path().join("socket");
        let listener = UnixListener::bind(&socket_path).unwrap();
        let answering = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            match answer {
                Some(answer) => {
                    let mut heard = vec![0; b"zINSTREAM\0".len() + 4 + b"a file".len() + 4];
                    stream.read_exact(&mut heard).await.unwrap();
                    stream.write_all(answer).await.unwrap();
                }
                None => std::future::pending().await,
            }
        };
        let scanner = Scanner::Unix(socket_path);
        let content = Bytes::from_static(b"a file");
        tokio::select! {
            biased;
            outcome = scanner.scan(&content) => outcome,
            () = async { answering.await; std::future::pending().await } => unreachable!("it never ends"),
        }
    }

    #[tokio::test]
    async fn what_is_no_verdict_lets_nothing_through() {
        assert!(scanned_by_somebody_who_says(Some(b"stream: OK\0")).await.is_ok());
        let answers: [&[u8]; 7] = [
            b"",
            b"\0",
            b"OK",
            b"stream: NOT OK\0",
            b"stream: OK\0stream: Eicar FOUND\0",
            b"HTTP/1.1 200 OK\r\n\r\n",
            b"UNKNOWN COMMAND\0",
        ];
        for answer in answers {
            let outcome = scanned_by_somebody_who_says(Some(answer)).await;
            assert!(outcome.is_err(), "{}", answer.escape_ascii());
        }
        let outcome = scanned_by_somebody_who_says(Some(b"stream: Eicar FOUND\0")).await;
        assert!(matches!(outcome, Err(ApiError::FileRefused(FileRefusal::Infected))));
    }

    #[tokio::test(start_paused = true)]
    async fn a_scanner_that_says_nothing_is_given_up() {
        let begin = tokio::time::Instant::now();
        let outcome = scanned_by_somebody_who_says(None).await;
        assert!(matches!(outcome, Err(ApiError::Unavailable)));
        assert_eq!(begin.elapsed().as_secs(), PATIENCE.as_secs());
    }
}
