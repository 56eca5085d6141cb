//! A word that everything a patient types carries in tests, and where it is looked for.
//!
//! It may be in sealed values only. Each test looks through its own SQLite folder as it ends; the PostgreSQL that all of
//! them share is looked through by what keeps it, once the test process is gone: each segment of its write-ahead log as
//! it fills, then its whole folder, its own log included. That goes into the report named by `KUZUSHI_CANARY_REPORT`,
//! which `scripts/canary.sh` reads at the end of `make test`.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use memchr::memmem;

/// A number: assistants make little of it, so that a question keeps its answer, and nothing changes its capitals.
pub const CANARY: &str = "7730119358264";

/// What a patient typed, with the canary in it.
pub fn typed(text: &str) -> String {
    format!("{text} {CANARY}")
}

pub fn is_in(bytes: &[u8]) -> bool {
    memmem::find(bytes, CANARY.as_bytes()).is_some()
}

/// The files in a folder and the folders in it that hold the canary.
pub fn files_with_it(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
                continue;
            }
            match fs::read(entry.path()) {
                Ok(bytes) if is_in(&bytes) => found.push(entry.path()),
                // SQLite removes its write-ahead log when the last connection closes.
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(found)
}

/// Where the keepers of this process's PostgreSQL servers say what they found, where anybody wants to know.
pub(super) fn report() -> Option<PathBuf> {
    env::var_os("KUZUSHI_CANARY_REPORT").map(PathBuf::from)
}
