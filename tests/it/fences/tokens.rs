//! Rust source as words and signs; comments, strings and characters are left out.

/// A word, a number, `::`, or a single sign, and the line it stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    pub(super) line: usize,
}

pub(super) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let (mut rest, mut line) = (source, 1);
    while let Some(first) = rest.chars().next() {
        let length = silent(rest).unwrap_or_else(|| {
            let length = spoken(rest, first);
            found.push(Token { text: &rest[..length], line });
            length
        });
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    found
}

/// Whether these words and signs stand at `at`, one after the other.
pub(super) fn stands(tokens: &[Token<'_>], at: usize, words: &[&str]) -> bool {
    words.iter().enumerate().all(|(n, word)| tokens.get(at + n).is_some_and(|token| token.text == *word))
}

/// Leaves out whatever stands under `#[cfg(test)]`.
pub(super) fn outside_tests<'a>(tokens: &[Token<'a>]) -> Vec<Token<'a>> {
    let mut kept = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if stands(tokens, at, &["#", "[", "cfg", "(", "test", ")", "]"]) {
            at = end_of_item(tokens, at + 7);
        } else {
            kept.push(*token);
            at += 1;
        }
    }
    kept
}

/// An item ends at its `;`, or where its braces close.
fn end_of_item(tokens: &[Token<'_>], from: usize) -> usize {
    let mut depth = 0_usize;
    for (n, token) in tokens.iter().enumerate().skip(from) {
        match token.text {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && matches!(token.text, ";" | "}") {
            return n + 1;
        }
    }
    tokens.len()
}

fn spoken(rest: &str, first: char) -> usize {
    if rest.starts_with("::") {
        return 2;
    }
    if is_word(first) {
        return rest.find(|c| !is_word(c)).unwrap_or(rest.len());
    }
    first.len_utf8()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The length of what says nothing at the start of `rest`: space, a comment, a string or a character.
fn silent(rest: &str) -> Option<usize> {
    let space = rest.len() - rest.trim_start().len();
    if space > 0 {
        return Some(space);
    }
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(comment(rest));
    }
    raw_string(rest).or_else(|| string(rest)).or_else(|| character(rest))
}

/// Comments nest.
fn comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        let tail = &rest.as_bytes()[at..];
        if tail.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if tail.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

/// `r"…"`, `r#"…"#`, with or without a `b` or `c` before it.
fn raw_string(rest: &str) -> Option<usize> {
    let prefix = ["r", "br", "cr"].into_iter().find(|prefix| {
        let tail = rest.strip_prefix(prefix).unwrap_or_default();
        tail.trim_start_matches('#').starts_with('"')
    })?;
    let tail = &rest[prefix.len()..];
    let hashes = tail.len() - tail.trim_start_matches('#').len();
    let close = format!("\"{}", "#".repeat(hashes));
    let open = prefix.len() + hashes + 1;
    Some(rest[open..].find(&close).map_or(rest.len(), |end| open + end + close.len()))
}

fn string(rest: &str) -> Option<usize> {
    let open = ["\"", "b\"", "c\""].into_iter().find(|open| rest.starts_with(open))?.len();
    Some(closed(rest, open, '"'))
}

/// `'a'` is a character; `'a` is a lifetime and no silence.
fn character(rest: &str) -> Option<usize> {
    let open = ["'", "b'"].into_iter().find(|open| rest.starts_with(open))?.len();
    let mut inside = rest[open..].chars();
    let first = inside.next()?;
    (first == '\\' || inside.next() == Some('\'')).then(|| closed(rest, open, '\''))
}

/// Where the quotation that opened ends; a backslash hides what follows it.
fn closed(rest: &str, open: usize, quote: char) -> usize {
    let mut hidden = false;
    for (at, c) in rest[open..].char_indices() {
        match c {
            _ if hidden => hidden = false,
            '\\' => hidden = true,
            c if c == quote => return open + at + c.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

fn words(source: &str) -> Vec<&str> {
    tokens(source).iter().map(|token| token.text).collect()
}

#[test]
fn comments_strings_and_characters_say_nothing() {
    for silent in [
        "// crate::http",
        "/// [`crate::http`]",
        "/* a /* b */ crate::http */",
        "\"crate::http \\\" crate::http\"",
        "r#\"crate::\"http\"#",
        "br\"crate\"",
        "b\"crate\"",
        "'{' '\\'' b'\\\\' '\\u{7d}' '\"'",
    ] {
        assert_eq!(words(&format!("a {silent}\n b")), ["a", "b"], "{silent}");
    }
}

#[test]
fn lifetimes_and_raw_words_are_no_strings() {
    assert_eq!(
        words("fn f<'a>(x: &'a str)"),
        ["fn", "f", "<", "'", "a", ">", "(", "x", ":", "&", "'", "a", "str", ")"]
    );
    assert_eq!(words("bar r#type"), ["bar", "r", "#", "type"]);
}

#[test]
fn lines_are_counted_through_silence() {
    let found = tokens("a\n/* \n */ \"\n\" b");
    assert_eq!(found, [Token { text: "a", line: 1 }, Token { text: "b", line: 4 }]);
}

#[test]
fn what_stands_under_cfg_test_is_left_out() {
    let found = tokens("a #[cfg(test)] #[must_use] mod tests { fn x() { [1; 2] } } b #[cfg(test)] use c; d");
    let kept: Vec<&str> = outside_tests(&found).iter().map(|token| token.text).collect();
    assert_eq!(kept, ["a", "b", "d"]);
}
