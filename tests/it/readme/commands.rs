//! What a document says to type, and what it says comes back.

/// A line to type, and the answer with `…` for whatever differs from time to time.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) line: String,
    pub(super) answer: String,
}

/// The insides of the fenced blocks of one kind.
fn blocks<'a>(document: &'a str, kind: &str) -> Vec<&'a str> {
    let opening = format!("\n```{kind}\n");
    document.split(&opening).skip(1).filter_map(|rest| rest.split("\n```").next()).collect()
}

pub(super) fn shell_lines(document: &str) -> Vec<&str> {
    blocks(document, "sh").into_iter().flat_map(str::lines).collect()
}

/// In a console block, `$ ` begins a command and everything else is its answer.
pub(super) fn consoles(document: &str) -> Vec<Command> {
    let mut commands: Vec<Command> = Vec::new();
    for line in blocks(document, "console").into_iter().flat_map(str::lines) {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(line), _) => commands.push(Command { line: line.to_owned(), answer: String::new() }),
            (None, Some(command)) => command.answer = format!("{}\n{line}", command.answer).trim().to_owned(),
            (None, None) => panic!("an answer without a command: {line}"),
        }
    }
    commands
}

/// Whether it is what was expected, with anything in the place of each `…`.
pub(super) fn matches(expected: &str, said: &str) -> bool {
    let (said, mut pieces) = (said.trim(), expected.split('…'));
    let Some(mut rest) = said.strip_prefix(pieces.next().unwrap_or_default()) else {
        return false;
    };
    let mut pieces: Vec<&str> = pieces.collect();
    let Some(last) = pieces.pop() else {
        return rest.is_empty();
    };
    for piece in pieces {
        let Some((_, after)) = rest.split_once(piece) else {
            return false;
        };
        rest = after;
    }
    rest.ends_with(last)
}

#[test]
fn commands_and_their_answers_are_told_apart() {
    let document =
        "a\n```sh\ncargo run\n```\n```console\n$ one\nx\ny\n$ two\n```\nb\n```console\n$ three\nz\n```\n";
    assert_eq!(shell_lines(document), ["cargo run"]);
    let command = |line: &str, answer: &str| Command { line: line.to_owned(), answer: answer.to_owned() };
    assert_eq!(consoles(document), [command("one", "x\ny"), command("two", ""), command("three", "z")]);
}

#[test]
fn only_an_ellipsis_may_differ() {
    for (expected, said) in
        [("{}", "{}\n"), ("a…c", "abc"), ("a…", "a"), ("…c…e", "abcde"), ("a\n…\nc", "a\nb\nb\nc")]
    {
        assert!(matches(expected, said), "{expected} {said}");
    }
    for (expected, said) in
        [("{}", "{x}"), ("a…c", "ab"), ("a…c", "xac"), ("a…b…c", "ac"), ("", "x"), ("a…a", "a")]
    {
        assert!(!matches(expected, said), "{expected} {said}");
    }
}
