//! The Rust files of the package, read from disk.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// One file: its path from the package's root, and its text.
pub(super) struct Source {
    pub(super) path: String,
    pub(super) text: String,
}

/// Every `.rs` file below these folders, in the order of their names.
pub(super) fn read(folders: &[&str]) -> Vec<Source> {
    let mut paths = Vec::new();
    for folder in folders {
        walk(&root().join(folder), &mut paths);
    }
    paths.sort();
    paths.iter().filter(|path| path.extension().is_some_and(|e| e == "rs")).map(|path| source(path)).collect()
}

pub(super) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn source(path: &Path) -> Source {
    let relative = path.strip_prefix(root()).expect("it was found below the root");
    let text = fs::read_to_string(path).expect("a source file is readable text");
    Source { path: relative.to_string_lossy().replace('\\', "/"), text }
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("the folder can be listed").path();
        if path.is_dir() {
            walk(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[test]
fn all_folders_are_read_to_the_bottom() {
    let found = read(&["src", "tests"]);
    for path in ["src/lib.rs", "src/store/mongo/mod.rs", "tests/it/fences/sources.rs"] {
        assert!(found.iter().any(|source| source.path == path), "{path}");
    }
}
