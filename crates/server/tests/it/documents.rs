//! What the documents point to is there.

use std::{fs, path::Path};

#[test]
fn every_test_that_the_security_document_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let document = fs::read_to_string(root.join("docs/security.md")).expect("the document");
    let named: Vec<_> = document.split('`').filter_map(|part| part.split_once(".rs::")).collect();
    assert!(named.len() > 15, "{}", named.len());
    for (file, test) in named {
        let source = fs::read_to_string(root.join(format!("{file}.rs"))).unwrap_or_default();
        assert!(source.contains(&format!("fn {test}(")), "{file}.rs has no test {test}");
    }
}
