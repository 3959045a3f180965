//! What a stream says of a message that was published to it.

use serde::Deserialize;

use super::{Login, words::without_secret};
use crate::outlets::NotTaken;

/// A message that came to where answers come.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) headers: Vec<u8>,
    pub(super) body: Vec<u8>,
}

#[derive(Deserialize)]
struct Ack {
    error: Option<Refused>,
    stream: Option<String>,
    seq: Option<u64>,
}

#[derive(Deserialize)]
struct Refused {
    err_code: Option<u32>,
    #[serde(default)]
    description: String,
}

/// What is wrong with a message itself: it, or its headers, are larger than the stream takes. For anything else (a stream that is
/// full, sealed, or without a leader) the next message would be refused as well.
const TOO_LARGE: [u32; 2] = [10_054, 10_097];

/// Whether the message is kept. `pattern` is what a stream has to take.
pub(super) fn read(answer: &Answer, pattern: &str, login: &Login) -> Result<(), NotTaken> {
    if answer.headers.starts_with(b"NATS/1.0 503") {
        return Err(NotTaken::NotNow(format!(
            "no stream takes {pattern}: make one in JetStream that does, in the account of this login"
        )));
    }
    match serde_json::from_slice(&answer.body) {
        Ok(Ack { error: Some(refused), .. }) => Err(not_taken(&refused, login)),
        Ok(Ack { error: None, stream: Some(_), seq: Some(_) }) => Ok(()),
        // Some subscriber that is no stream, say.
        _ => Err(NotTaken::NotNow(format!("what answers at {pattern} is no stream of JetStream"))),
    }
}

fn not_taken(refused: &Refused, login: &Login) -> NotTaken {
    let said = format!("the stream says: {}", without_secret(&refused.description, login));
    match refused.err_code {
        Some(code) if TOO_LARGE.contains(&code) => NotTaken::NotThisOne(said),
        _ => NotTaken::NotNow(said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(headers: &str, body: &str) -> Result<(), NotTaken> {
        let (headers, body) = (headers.as_bytes().to_vec(), body.as_bytes().to_vec());
        read(&Answer { headers, body }, "a.>", &Login::None)
    }

    #[test]
    fn what_a_stream_keeps_is_taken_whether_it_is_new_to_it_or_not() {
        assert_eq!(heard("", r#"{"stream":"S", "seq":1}"#), Ok(()));
        assert_eq!(heard("", r#"{"stream":"S","seq":1,"duplicate":true,"domain":"hub"}"#), Ok(()));
    }

    #[test]
    fn only_what_is_wrong_with_a_message_is_said_of_it_alone() {
        let error = |code, err_code| {
            let body = format!(
                r#"{{"error":{{"code":{code},"err_code":{err_code},"description":"because"}},"stream":"S","seq":0}}"#
            );
            heard("", &body).unwrap_err()
        };
        let because = "the stream says: because".to_owned();
        assert_eq!(error(400, 10_054), NotTaken::NotThisOne(because.clone()));
        for (code, err_code) in [(503, 10_077), (503, 10_023), (400, 10_109), (503, 10_039)] {
            assert_eq!(error(code, err_code), NotTaken::NotNow(because.clone()));
        }
    }

    #[test]
    fn where_no_stream_listens_it_is_said_which_one_is_missing() {
        let Err(NotTaken::NotNow(said)) = heard("NATS/1.0 503\r\n\r\n", "") else { panic!("taken") };
        assert!(said.contains("a.>"), "{said}");
    }

    #[test]
    fn an_answer_of_somebody_else_is_none() {
        for body in ["", "+OK", "{}", r#"{"stream":"S"}"#, r#"{"seq":1}"#, "[]"] {
            assert!(matches!(heard("", body), Err(NotTaken::NotNow(_))), "{body}");
        }
    }
}
