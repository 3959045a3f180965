//! What is generated is committed, and is what the sources make of it today.

use std::{collections::BTreeSet, fs, path::Path};

fn committed(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap_or_default()
}

#[test]
fn promise_7_the_contract_document_is_up_to_date() {
    assert!(
        committed("docs/openapi.json") == portcullis::http::openapi::text().unwrap(),
        "run `make gen` and commit"
    );
}

/// Of two shapes of one name the document keeps one, and describes the other wrongly.
#[test]
fn every_shape_of_the_contract_has_a_name_of_its_own() {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let text = fs::read_to_string(path).unwrap();
        for after in text.split("ToSchema").skip(1) {
            let words: Vec<&str> = after.split_whitespace().take(40).collect();
            let declared = words.windows(2).find(|pair| matches!(pair[0], "struct" | "enum"));
            let Some(declared) = declared.filter(|_| after.starts_with([')', ','])) else { continue };
            let name =
                declared[1].trim_end_matches(|c: char| !c.is_alphanumeric()).split('<').next().unwrap();
            assert!(names.insert(name.to_owned()), "two shapes are called {name}");
        }
    }
    assert!(names.len() > 20, "{names:?}");
}
