//! What the servers say of themselves, so that a wrong set-up is told from an outage.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use mongodb::{bson::Document, event::sdam::SdamEvent};

/// Of each server the address and what it said last; those that are silent are left out.
#[derive(Debug, Default)]
pub(super) struct Members(Mutex<BTreeMap<String, Said>>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Said {
    NotInitiated,
    Alone,
    MemberOf {
        set: String,
        is_primary: bool,
    },
    /// A router.
    Other,
}

impl Members {
    /// Called by the driver each time that it has asked a server.
    pub(super) fn note(&self, event: SdamEvent) {
        let mut members = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            SdamEvent::ServerHeartbeatSucceeded(heard) => {
                members.insert(heard.server_address.to_string(), said(&heard.reply));
            }
            SdamEvent::ServerHeartbeatFailed(silent) => {
                members.remove(&silent.server_address.to_string());
            }
            _ => {}
        }
    }

    /// What a person has to do before these servers can be the set that the URL asks for.
    pub(super) fn misfit(&self, wanted: Option<&str>) -> Option<String> {
        let members = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        members
            .iter()
            .find_map(|(address, said)| misfit(address, said, wanted))
            .or_else(|| leaderless(&members))
    }
}

fn said(hello: &Document) -> Said {
    match hello.get_str("setName") {
        Ok(name) => Said::MemberOf {
            set: name.to_owned(),
            is_primary: hello.get_bool("isWritablePrimary").unwrap_or(false),
        },
        Err(_) if hello.get_bool("isreplicaset").unwrap_or(false) => Said::NotInitiated,
        Err(_) if hello.contains_key("msg") => Said::Other,
        Err(_) => Said::Alone,
    }
}

fn misfit(address: &str, said: &Said, wanted: Option<&str>) -> Option<String> {
    match (said, wanted) {
        (Said::NotInitiated, _) => Some(format!(
            "{address} belongs to no replica set yet: initiate it once, with rs.initiate() in mongosh"
        )),
        (Said::Alone, Some(wanted)) => Some(format!(
            "{address} runs alone and the store's URL asks for the replica set {wanted}: start it with \
             --replSet {wanted} and initiate it, with rs.initiate() in mongosh"
        )),
        (Said::MemberOf { set: name, .. }, Some(wanted)) if name != wanted => Some(format!(
            "{address} is a member of the replica set {name} and the store's URL asks for {wanted}: put \
             replicaSet={name} into the URL, or the address of another server"
        )),
        // A lone server that nobody asked to be a set answers, and is refused with a sentence of its own.
        (Said::Alone | Said::MemberOf { .. } | Said::Other, _) => None,
    }
}

/// They answer, and none of them takes writes.
fn leaderless(members: &BTreeMap<String, Said>) -> Option<String> {
    let all_follow = members.values().all(|said| matches!(said, Said::MemberOf { is_primary: false, .. }));
    let addresses: Vec<_> = members.keys().map(String::as_str).collect();
    (all_follow && !members.is_empty()).then(|| {
        format!(
            "the replica set has no primary: of its members only {} can be asked; a majority of them has to run and reach each other",
            addresses.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use mongodb::bson::doc;

    use super::*;

    #[test]
    fn what_a_server_says_is_compared_with_what_the_url_asks_for() {
        let ghost =
            doc! { "ok": 1, "isreplicaset": true, "info": "Does not have a valid replica set config" };
        let alone = doc! { "ok": 1, "isWritablePrimary": true };
        let member = doc! { "ok": 1, "setName": "rs0", "isWritablePrimary": false };
        let router = doc! { "ok": 1, "isWritablePrimary": true, "msg": "isdbgrid" };
        for (hello, wanted, hint) in [
            (&ghost, None, Some("rs.initiate()")),
            (&ghost, Some("rs0"), Some("rs.initiate()")),
            (&alone, None, None),
            (&alone, Some("rs0"), Some("--replSet rs0")),
            (&member, None, None),
            (&member, Some("rs0"), None),
            (&member, Some("rs1"), Some("replicaSet=rs0")),
            (&router, None, None),
        ] {
            let sentence = misfit("mongo:27017", &said(hello), wanted);
            assert_eq!(sentence.is_some(), hint.is_some(), "{hello} {wanted:?}");
            assert!(sentence.unwrap_or_default().contains(hint.unwrap_or_default()), "{hello} {wanted:?}");
        }
    }

    #[test]
    fn a_set_without_a_primary_is_told_from_silence() {
        let member = |is_primary| Said::MemberOf { set: "rs0".to_owned(), is_primary };
        let set = |said: &[bool]| {
            said.iter().zip(["a", "b"]).map(|(is, name)| (name.to_owned(), member(*is))).collect()
        };
        assert!(leaderless(&set(&[false, false])).is_some_and(|sentence| sentence.contains("a, b")));
        assert_eq!(leaderless(&set(&[false, true])), None);
        assert_eq!(leaderless(&set(&[])), None);
    }
}
