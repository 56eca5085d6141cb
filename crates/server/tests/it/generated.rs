//! Files that are made from the code and committed are as the code would make them now.

use kuzushi_server::{config, router};
use serde_json::Value;

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

#[test]
fn whatever_takes_an_idempotency_key_says_what_a_wrong_one_is_answered() {
    let description: Value = serde_json::from_str(&router::description_json().unwrap()).unwrap();
    let operations = description["paths"].as_object().unwrap().iter().flat_map(|(path, methods)| {
        methods.as_object().unwrap().iter().map(move |(method, operation)| (path, method, operation))
    });
    let takes_key = |operation: &Value| {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        parameters.into_iter().any(|parameter| parameter["name"] == "Idempotency-Key")
    };
    let mut taking = 0;
    for (path, method, operation) in operations.filter(|(_, _, operation)| takes_key(operation)) {
        taking += 1;
        for status in ["400", "409", "422"] {
            assert!(!operation["responses"][status].is_null(), "{method} {path} describes no {status}");
        }
    }
    assert!(taking > 5, "{taking}");
}
