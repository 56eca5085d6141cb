//! The widget's bundles are part of the binary, so they must be there before it is built.

use std::{fs, path::Path};

fn main() {
    let bundles = Path::new("../../dist/widget");
    println!("cargo::rerun-if-changed=build.rs");
    let release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    if release && !bundles.join("v1/snippet.js").is_file() {
        println!("cargo::error=the widget's bundles are missing: run `make build`, which makes them first");
    }
    // A debug build reads the folder while it runs, and says so when it is empty.
    if let Err(error) = fs::create_dir_all(bundles) {
        println!("cargo::error=dist/widget cannot be created: {error}");
    }
}
