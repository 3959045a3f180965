//! What is generated is committed, and is what the sources make of it today.

use std::{fs, path::Path};

fn committed(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap_or_default()
}

#[test]
fn promise_7_the_contract_document_is_up_to_date() {
    assert!(committed("docs/openapi.json") == portcullis::http::openapi::text().unwrap(), "run `make gen` and commit");
}
