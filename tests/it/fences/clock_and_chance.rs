//! Time and chance are arguments: what `clippy.toml` disallows is not even written outside `src/system/`.

use std::fs;

use super::{
    Breach, assert_none, sources,
    tokens::{stands, tokens},
};

const THEIR_PLACE: &str = "src/system/";

/// The last two words of every disallowed path: `SystemTime::now`, `rngs::SysRng`.
fn disallowed(clippy: &str) -> Vec<Vec<String>> {
    let paths = clippy.lines().filter_map(|line| line.split_once("path = \"")?.1.split('"').next());
    paths
        .map(|path| path.rsplitn(3, "::").take(2).map(str::to_owned).collect::<Vec<_>>())
        .map(reversed)
        .collect()
}

fn reversed(mut words: Vec<String>) -> Vec<String> {
    words.reverse();
    words
}

fn mentions(path: &str, text: &str, disallowed: &[Vec<String>]) -> Vec<Breach> {
    if path.starts_with(THEIR_PLACE) {
        return Vec::new();
    }
    let tokens = tokens(text);
    let found = (0..tokens.len()).filter_map(|at| {
        let lint =
            ["disallowed_methods", "disallowed_types"].into_iter().find(|lint| stands(&tokens, at, &[lint]));
        let named = disallowed.iter().find(|words| stands(&tokens, at, &[&words[0], "::", &words[1]]));
        let what = named.map(|words| words.join("::")).or(lint.map(str::to_owned))?;
        let what = format!("`{what}` belongs into {THEIR_PLACE}, see clippy.toml for what to take instead");
        Some(Breach { what, file: path.to_owned(), line: tokens[at].line })
    });
    found.collect()
}

fn of_this_package() -> Vec<Vec<String>> {
    disallowed(&fs::read_to_string(sources::root().join("clippy.toml")).expect("clippy.toml is there"))
}

#[test]
fn time_and_chance_are_asked_for_in_system_only() {
    let disallowed = of_this_package();
    assert!(disallowed.len() > 5, "clippy.toml lists them, one a line: {disallowed:?}");
    let found: Vec<_> =
        sources::read(&["src"]).iter().flat_map(|s| mentions(&s.path, &s.text, &disallowed)).collect();
    assert_none(&found);
}

#[test]
fn a_clock_in_the_wrong_place_is_found() {
    let disallowed = of_this_package();
    for text in [
        "fn f() { std::time::SystemTime::now(); }",
        "fn f() { Timestamp::now() }",
        "use rand::rngs::SysRng;",
        "#[expect(clippy::disallowed_methods, reason = \"just this once\")]",
    ] {
        assert_eq!(mentions("src/http/users.rs", text, &disallowed).len(), 1, "{text}");
        assert_eq!(mentions("src/system/clock.rs", text, &disallowed), [], "{text}");
    }
    assert_eq!(mentions("src/http/users.rs", "clock.now() // Timestamp::now", &disallowed), []);
}
