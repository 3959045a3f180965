//! Status codes live in `src/http/problem.rs`; whoever succeeds says so by the name of the answer.

use super::{
    Breach, assert_none, sources,
    tokens::{stands, tokens},
};

const THEIR_PLACE: &str = "src/http/problem.rs";

/// Names of success, and the one way to let a `Problem` speak.
const ANSWERS: &[&str] = &["Ok", "Created", "Accepted", "NoContent", "from_error"];

fn mentions(path: &str, text: &str) -> Vec<Breach> {
    if path == THEIR_PLACE {
        return Vec::new();
    }
    let tokens = tokens(text);
    let found = (0..tokens.len()).filter_map(|at| {
        let named = tokens.get(at + 2).map_or("", |token| token.text);
        let is_code = stands(&tokens, at, &["StatusCode", "::"]);
        let is_answer = stands(&tokens, at, &["HttpResponse", "::", named, "("]);
        (is_code || is_answer && !ANSWERS.contains(&named)).then(|| Breach {
            what: format!("`{}::{named}` decides on a status, which {THEIR_PLACE} does", tokens[at].text),
            file: path.to_owned(),
            line: tokens[at].line,
        })
    });
    found.collect()
}

#[test]
fn status_codes_stand_in_one_file() {
    let found: Vec<_> = sources::read(&["src"]).iter().flat_map(|s| mentions(&s.path, &s.text)).collect();
    assert_none(&found);
}

#[test]
fn a_status_code_in_the_wrong_place_is_found() {
    for text in [
        "StatusCode::CONFLICT",
        "http::StatusCode::from_u16(409)",
        "HttpResponse::BadRequest()",
        "HttpResponse::new(s)",
    ] {
        assert_eq!(mentions("src/http/users.rs", text).len(), 1, "{text}");
        assert_eq!(mentions("src/http/problem.rs", text), [], "{text}");
    }
    for text in [
        "HttpResponse::Created().json(a)",
        "fn status(&self) -> StatusCode {}",
        "Result<HttpResponse, Problem>",
    ] {
        assert_eq!(mentions("src/http/users.rs", text), [], "{text}");
    }
}
