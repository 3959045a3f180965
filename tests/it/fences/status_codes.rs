//! Status codes live in `src/http/problem.rs`, and those of the agent in a file of its own; whoever succeeds says so by
//! the name of the answer.

use super::{
    Breach, assert_none, sources,
    tokens::{stands, tokens},
};

const THEIR_PLACES: [&str; 2] = ["src/http/problem.rs", "src/mongo_agent/answer.rs"];

/// Names of success, and the one way to let a `Problem` speak.
const ANSWERS: &[&str] = &["Ok", "Created", "Accepted", "NoContent", "from_error"];

fn mentions(path: &str, text: &str) -> Vec<Breach> {
    if THEIR_PLACES.contains(&path) {
        return Vec::new();
    }
    let tokens = tokens(text);
    let found = (0..tokens.len()).filter_map(|at| {
        let named = tokens.get(at + 2).map_or("", |token| token.text);
        let is_code = stands(&tokens, at, &["StatusCode", "::"]);
        let is_answer = stands(&tokens, at, &["HttpResponse", "::", named, "("]);
        (is_code || is_answer && !ANSWERS.contains(&named)).then(|| Breach {
            what: format!(
                "`{}::{named}` decides on a status, which {} does",
                tokens[at].text,
                THEIR_PLACES.join(" or ")
            ),
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
        for place in THEIR_PLACES {
            assert_eq!(mentions(place, text), [], "{text}");
        }
    }
    for text in [
        "HttpResponse::Created().json(a)",
        "fn status(&self) -> StatusCode {}",
        "Result<HttpResponse, Problem>",
    ] {
        assert_eq!(mentions("src/http/users.rs", text), [], "{text}");
    }
}
