//! The OpenAPI document, which the dashboard's client is generated from.

use std::path::Path;

/// With `GOSIGHT_WRITE_OPENAPI=1` it writes the document instead of comparing it.
#[test]
fn the_document_in_the_repository_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let current = gosight_api::document().to_pretty_json().unwrap() + "\n";
    if std::env::var_os("GOSIGHT_WRITE_OPENAPI").is_some() {
        std::fs::write(&path, &current).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(
        written == current,
        "api/openapi.json is not current: run GOSIGHT_WRITE_OPENAPI=1 cargo test -p gosight-api --test openapi"
    );
}

#[test]
fn every_operation_has_a_name_of_its_own() {
    let document = serde_json::to_value(gosight_api::document()).unwrap();
    let mut seen = std::collections::HashMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap().to_owned();
            let other = seen.insert(id.clone(), format!("{method} {path}"));
            assert_eq!(other, None, "{method} {path} is called {id} as well");
        }
    }
}

#[test]
fn every_operation_says_what_it_is_for_and_how_it_fails() {
    let document = serde_json::to_value(gosight_api::document()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(operation["summary"].is_string(), "{method} {path} has no summary");
            assert!(
                operation["responses"]["default"].is_object(),
                "{method} {path} has no error answer"
            );
            for name in path
                .split('/')
                .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
            {
                let parameters = operation["parameters"].as_array().unwrap();
                assert!(
                    parameters.iter().any(|parameter| parameter["name"] == name),
                    "{method} {path}: {name}"
                );
            }
        }
    }
}
