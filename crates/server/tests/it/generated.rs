//! Files that are made from the code and committed are as the code would make them now.

use kuzushi_server::{config, router};

fn committed(path: &str) -> String {
    std::fs::read_to_string(format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"))).expect("a committed file")
}

#[test]
fn openapi_json_is_current() {
    assert!(
        committed("openapi.json") == router::description_json().unwrap(),
        "run `make generate` and commit openapi.json"
    );
}

#[test]
fn the_schema_of_config_documents_is_current() {
    assert!(
        committed("config.schema.json") == router::config_schema_json().unwrap(),
        "run `make generate` and commit config.schema.json"
    );
}

#[test]
fn the_configuration_reference_is_current() {
    assert!(
        committed("docs/configuration.md") == config::reference(),
        "run `make generate` and commit docs/configuration.md"
    );
}
