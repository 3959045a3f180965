//! Whether a service that runs says of itself that it is well.

use serde_json::Value;
use url::Url;

use super::Reach;
use crate::domain::finding::Finding;

pub const CHECK: &str = "health";

/// The one on this machine, if there is one.
pub async fn look(internal: &Url, reach: &Reach) -> Vec<Finding> {
    let Ok(url) = internal.join("/health") else { return Vec::new() };
    match reach.ask(&url, &[]).await {
        Err(reason) => vec![Finding::unknown(
            CHECK,
            format!("no service answers at {url}: {reason}"),
            "start it, or see where it listens: PORTCULLIS_INTERNAL_LISTEN",
        )],
        Ok(answer) => judge(&format!("the service at {internal}"), &answer.body),
    }
}

/// By what its `/health` answers: how it is, then each of its warnings.
pub fn judge(who: &str, body: &[u8]) -> Vec<Finding> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let mut found = vec![judge_status(who, &body)];
    let warnings = body.get("warnings").and_then(Value::as_array).into_iter().flatten();
    found.extend(warnings.map(|warning| {
        Finding::warning(CHECK, format!("{who} warns: {}", text(warning, "what")), text(warning, "advice"))
    }));
    found
}

fn judge_status(who: &str, body: &Value) -> Finding {
    match body.get("status").and_then(Value::as_str) {
        Some("healthy") => Finding::fine(CHECK, format!("{who} is well ({})", text(body, "version"))),
        Some(status) => {
            let dependencies = body.get("dependencies").and_then(Value::as_object);
            let each = dependencies.into_iter().flatten().map(|(name, it)| (name, text(it, "state")));
            let ill: Vec<_> = each
                .filter(|(_, state)| state == "down")
                .map(|(name, is)| format!("{name} is {is}"))
                .collect();
            Finding::wrong(CHECK, format!("{who} is {status}: {}", ill.join(", ")), "its log says why")
        }
        None => Finding::warning(CHECK, format!("{who} is not Portcullis"), "see who has its port"),
    }
}

fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or("?").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::finding::State;

    #[test]
    fn it_is_as_well_as_it_says() {
        let health = |status: &str, store: &str, hashing: &str| {
            let dependencies =
                serde_json::json!({ "store": { "state": store }, "hashing": { "state": hashing } });
            let warnings = serde_json::json!([{ "check": "store", "what": "it is full", "advice": "room" }]);
            let body =
                serde_json::json!({ "status": status, "dependencies": dependencies, "warnings": warnings });
            let [is, warns] = judge("it", body.to_string().as_bytes()).try_into().unwrap();
            let warns: Finding = warns;
            assert_eq!((warns.state, warns.what.as_str()), (State::Warning, "it warns: it is full"));
            is
        };
        assert_eq!(health("healthy", "up", "up").state, State::Fine);
        let down = health("degraded", "down", "busy");
        assert_eq!((down.state, down.what.as_str()), (State::Wrong, "it is degraded: store is down"));
        assert_eq!(judge("it", b"hello")[0].state, State::Warning);
    }
}
