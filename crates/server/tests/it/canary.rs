//! What patients type carries a canary in every test here, and everything that must not hold it is looked through:
//! this server's logs at every level as they are written, a process's log file and data folder as it ends, each error that
//! reaches a client, SQLite's files (`kuzushi_store::testing::canary`), and PostgreSQL's after the last test
//! (`scripts/canary.sh`). There are no metrics and no traces yet; they belong here as well.

use std::{
    io,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use kuzushi_server::{
    config::{LogFormat, Logging},
    logging,
};
pub use kuzushi_store::testing::canary::{CANARY, files_with_it, is_in, typed};
use tracing::Subscriber;

/// A log that keeps no line but those with the canary.
#[derive(Default)]
pub struct Watch {
    found: Mutex<Vec<String>>,
}

impl Watch {
    pub fn found(&self) -> Vec<String> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Each event is written at once.
impl io::Write for &Watch {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if is_in(line) {
            let line = String::from_utf8_lossy(line).into_owned();
            self.found.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What `kuzushi` logs when it is asked for this much.
pub fn log_to(watch: &Arc<Watch>, level: &str) -> Box<dyn Subscriber + Send + Sync> {
    let config = Logging { format: LogFormat::Text, level: level.to_owned() };
    logging::subscriber(&config, Arc::clone(watch), false)
}

/// The log of every server that runs in this process.
pub fn shared_log() -> &'static Watch {
    static LOG: OnceLock<Arc<Watch>> = OnceLock::new();
    LOG.get_or_init(|| {
        let watch = Arc::default();
        tracing::subscriber::set_global_default(log_to(&watch, "trace")).expect("nobody else logs");
        watch
    })
}

/// An error is for anybody's eyes, and in the host page's console.
pub fn assert_not_in_error(text: &str) {
    assert!(!is_in(text.as_bytes()), "an error repeats what a patient typed: {text}");
}
