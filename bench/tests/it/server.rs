//! The real server.

use std::path::PathBuf;

/// The server's binary, where the workspace's tests leave it.
pub fn binary() -> PathBuf {
    if let Some(binary) = std::env::var_os("KUZUSHI_BINARY") {
        return PathBuf::from(binary);
    }
    let test = std::env::current_exe().expect("this test has a path");
    let binary = test.ancestors().nth(2).expect("tests are in the target folder's `deps`").join("kuzushi");
    assert!(
        binary.is_file(),
        "{} is missing: run `cargo build --package kuzushi-server`, or name a binary in KUZUSHI_BINARY",
        binary.display()
    );
    binary
}
