//! The configuration of the set: read, changed in one respect, and given back as the next version.

use mongodb::bson::{self, Document, doc};
use serde::Deserialize;

use super::{mongod::Mongod, names::Host, trouble::Trouble};

/// The name that every mongod is started with.
pub(super) const SET: &str = "rs0";

/// How long nobody may hear of a primary before another one is wanted. MongoDB's own default is twice that.
const ELECTION_TIMEOUT_MS: i32 = 5_000;

/// How long a member that takes a question and does not answer is waited for. With MongoDB's own default, which is twice
/// that, a frozen primary was missed for 21 seconds in our tests; with this, for 7.
const HEARTBEAT_TIMEOUT_S: i32 = 5;

/// The tag of a member that an agent has added, until it has its vote: without it, somebody has taken that vote by hand.
const ADDED: &str = "portcullis-added";

/// How long a change may wait until a majority has it.
const TO_BE_AGREED_MS: i32 = 4_000;

/// What we do not know of it stays as it is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SetConfig {
    whole: Document,
    version: i64,
    members: Vec<Member>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Member {
    #[serde(rename = "_id")]
    id: i64,
    pub(super) host: String,
    #[serde(default = "one")]
    pub(super) votes: i64,
    #[serde(default)]
    hidden: bool,
    #[serde(default)]
    tags: Document,
}

const fn one() -> i64 {
    1
}

/// The first configuration there is: one member, which is the one that is asked.
pub(super) fn initiate(host: &Host) -> Document {
    doc! { "replSetInitiate": {
        "_id": SET,
        "members": [{ "_id": 0, "host": host.as_str() }],
        "settings": { "electionTimeoutMillis": ELECTION_TIMEOUT_MS, "heartbeatTimeoutSecs": HEARTBEAT_TIMEOUT_S },
    } }
}

impl SetConfig {
    pub(super) async fn read(mongod: &Mongod) -> Result<Self, Trouble> {
        let mut answer = mongod.run(doc! { "replSetGetConfig": 1 }).await?;
        let whole = answer.get_document_mut("config").map(std::mem::take).ok();
        whole.and_then(Self::parse).ok_or_else(|| Trouble::Odd("its configuration cannot be read".to_owned()))
    }

    pub(super) fn parse(whole: Document) -> Option<Self> {
        #[derive(Deserialize)]
        struct Read {
            version: i64,
            members: Vec<Member>,
        }
        let Read { version, members } = bson::deserialize_from_document(whole.clone()).ok()?;
        Some(Self { whole, version, members })
    }

    pub(super) fn member(&self, host: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.host == host)
    }

    pub(super) fn members(&self) -> &[Member] {
        &self.members
    }

    pub(super) fn voters(&self) -> usize {
        self.members.iter().filter(|member| member.votes > 0).count()
    }

    /// The command that adds a member without a vote: it is filled before it decides on anything.
    pub(super) fn with(&self, host: &Host) -> Document {
        let taken = |id: &i64| self.members.iter().any(|member| member.id == *id);
        let newest = self.members.iter().map(|member| member.id).max().unwrap_or_default();
        let id = (newest + 1..=255).chain(0..=255).find(|id| !taken(id)).unwrap_or_default();
        self.next(|members| {
            let tags = doc! { ADDED: "yes" };
            let added = doc! { "_id": id, "host": host.as_str(), "votes": 0, "priority": 0, "tags": tags };
            members.push(added.into());
        })
    }

    /// The command that gives a member its vote.
    pub(super) fn with_vote_of(&self, host: &str) -> Document {
        self.next(|members| {
            for member in members.iter_mut().filter_map(bson::Bson::as_document_mut) {
                if is_called(member, host) {
                    member.extend(doc! { "votes": 1, "priority": 1 });
                    _ = member.get_document_mut("tags").map(|tags| tags.remove(ADDED));
                }
            }
        })
    }

    /// The command that takes a member out.
    pub(super) fn without(&self, host: &str) -> Document {
        self.next(|members| {
            members.retain(|member| member.as_document().is_none_or(|member| !is_called(member, host)));
        })
    }

    /// Never forced: the server takes it if nobody was quicker, which the version says, and if it changes one vote at most.
    fn next(&self, change: impl FnOnce(&mut bson::Array)) -> Document {
        let mut next = self.whole.clone();
        if let Ok(members) = next.get_array_mut("members") {
            change(members);
        }
        next.insert("version", self.version + 1);
        doc! { "replSetReconfig": next, "maxTimeMS": TO_BE_AGREED_MS }
    }
}

fn is_called(member: &Document, host: &str) -> bool {
    member.get_str("host").is_ok_and(|name| name == host)
}

impl Member {
    /// Whether an agent has added it and it has no vote yet: not one that somebody has set apart by hand.
    pub(super) fn awaits_its_vote(&self) -> bool {
        self.votes == 0 && !self.hidden && self.tags.contains_key(ADDED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> SetConfig {
        SetConfig::parse(doc! {
            "_id": "rs0", "version": 7, "term": 3_i64, "settings": { "chainingAllowed": true },
            "members": [
                { "_id": 0, "host": "m-0:1", "votes": 1, "priority": 1.0, "tags": { "zone": "a" } },
                { "_id": 4, "host": "m-1:1", "votes": 0, "priority": 0, "tags": { "zone": "b", ADDED: "yes" } },
            ],
        })
        .unwrap()
    }

    /// What the command carries, read again.
    fn carried(command: &Document) -> SetConfig {
        SetConfig::parse(command.get_document("replSetReconfig").unwrap().clone()).unwrap()
    }

    #[test]
    fn a_member_is_added_without_a_vote_and_under_a_number_nobody_has_had_lately() {
        let next = carried(&config().with(&"m-2:1".parse().unwrap()));
        let added = next.member("m-2:1").unwrap();
        assert_eq!((added.id, added.votes, next.version, next.voters()), (5, 0, 8, 1));
        assert!(added.awaits_its_vote());
    }

    #[test]
    fn a_change_changes_nothing_else() {
        let next = carried(&config().with_vote_of("m-1:1"));
        assert_eq!((next.voters(), next.members().len()), (2, 2));
        assert_eq!(
            next.member("m-1:1").unwrap().tags,
            doc! { "zone": "b" },
            "whoever loses its vote now, lost it by hand"
        );
        assert_eq!(next.whole.get("settings"), config().whole.get("settings"));
        assert_eq!(
            next.whole.get_array("members").unwrap()[0],
            config().whole.get_array("members").unwrap()[0]
        );
    }

    #[test]
    fn a_member_is_taken_out_by_its_whole_name() {
        assert!(carried(&config().without("m-1")).member("m-1:1").is_some());
        let next = carried(&config().without("m-1:1"));
        assert_eq!((next.members().len(), next.version), (1, 8));
    }
}
