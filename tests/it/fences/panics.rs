//! What ends a request by surprise, or silences who would have said so.

use super::{
    Breach, assert_none, sources,
    tokens::{Token, outside_tests, stands, tokens},
};

const SURPRISES: &[&[&str]] = &[
    &[".", "unwrap", "("],
    &[".", "expect", "("],
    &["panic", "!"],
    &["todo", "!"],
    &["unimplemented", "!"],
    &["unreachable", "!"],
    &["dbg", "!"],
];

fn surprises(path: &str, text: &str) -> Vec<Breach> {
    let tokens = outside_tests(&tokens(text));
    let found = (0..tokens.len()).filter_map(|at| {
        let words = SURPRISES.iter().find(|words| stands(&tokens, at, words))?;
        let what = format!("`{}` ends a request by surprise: say it with a type", words.concat());
        Some(Breach { what, file: path.to_owned(), line: tokens[at].line })
    });
    found.collect()
}

/// `allow(` inside an attribute; a method or function of that name is none of ours.
fn silencers(path: &str, text: &str) -> Vec<Breach> {
    let tokens = tokens(text);
    let found =
        (0..tokens.len()).filter(|at| is_attribute(&tokens, *at)).flat_map(|at| allows(&tokens, at + 1));
    found
        .map(|line| Breach {
            what: "a lint is expected with a reason, `#[expect(…, reason = \"…\")]`, and never allowed"
                .to_owned(),
            file: path.to_owned(),
            line,
        })
        .collect()
}

fn is_attribute(tokens: &[Token<'_>], at: usize) -> bool {
    stands(tokens, at, &["#", "["]) || stands(tokens, at, &["#", "!", "["])
}

/// The lines on which the attribute that opens here says `allow(`.
fn allows(tokens: &[Token<'_>], from: usize) -> Vec<usize> {
    let mut depth = 0_usize;
    let attribute = tokens.iter().enumerate().skip(from).take_while(|(_, token)| {
        match token.text {
            "[" => depth += 1,
            "]" => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > 0 || token.text == "!"
    });
    attribute.filter(|(at, _)| stands(tokens, *at, &["allow", "("])).map(|(_, token)| token.line).collect()
}

#[test]
fn nothing_in_src_panics_on_purpose() {
    let all = sources::read(&["src"]);
    // A `mod tests;` is compiled for tests alone; its file cannot say so again.
    let built = all.iter().filter(|s| !s.path.ends_with("/tests.rs"));
    let found: Vec<_> = built.flat_map(|s| surprises(&s.path, &s.text)).collect();
    assert_none(&found);
}

#[test]
fn no_lint_is_allowed() {
    let all = sources::read(&["src", "tests", "bench"]);
    let found: Vec<_> = all.iter().flat_map(|s| silencers(&s.path, &s.text)).collect();
    assert_none(&found);
}

#[test]
fn a_surprise_is_found_outside_tests_only() {
    for text in ["a.unwrap()", "a\n.expect(\"b\")", "panic!(\"a\")", "todo!()", "dbg!(a)", "unreachable!()"] {
        assert_eq!(surprises("a.rs", &format!("fn f() {{ {text} }}")).len(), 1, "{text}");
        assert_eq!(
            surprises("a.rs", &format!("#[cfg(test)] mod tests {{ fn f() {{ {text} }} }}")),
            [],
            "{text}"
        );
    }
    for text in
        ["#[expect(a, reason = \"b\")] fn expect(a: A) {}", "a.unwrap_or(b)", "// panic!()", "\"todo!\""]
    {
        assert_eq!(surprises("a.rs", text), [], "{text}");
    }
}

#[test]
fn an_allowed_lint_is_found() {
    for text in
        ["#[allow(dead_code)] fn f() {}", "#![allow(unused)]", "#[cfg_attr(test, allow(unused))] struct A;"]
    {
        assert_eq!(silencers("a.rs", text).len(), 1, "{text}");
    }
    for text in ["#[expect(dead_code)] fn allow(a: A) {}", "#[test] fn f() { rules.allow(a); allow(a) }"] {
        assert_eq!(silencers("a.rs", text), [], "{text}");
    }
}
