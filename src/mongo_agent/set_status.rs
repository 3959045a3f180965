//! How the members of the set are, as one of them sees it.

use std::time::Duration;

use mongodb::bson::{self, DateTime, Document, doc};
use serde::Deserialize;

use super::{mongod::Mongod, trouble::Trouble};

const PRIMARY: i32 = 1;
const SECONDARY: i32 = 2;

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct SetStatus {
    pub(super) members: Vec<MemberStatus>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MemberStatus {
    pub(super) name: String,
    state: i32,
    pub(super) state_str: String,
    health: f64,
    optime_date: Option<DateTime>,
}

impl SetStatus {
    pub(super) async fn read(mongod: &Mongod) -> Result<Self, Trouble> {
        Self::parse(mongod.run(doc! { "replSetGetStatus": 1 }).await?)
            .ok_or_else(|| Trouble::Odd("its status cannot be read".to_owned()))
    }

    pub(super) fn parse(answer: Document) -> Option<Self> {
        bson::deserialize_from_document(answer).ok()
    }

    pub(super) fn of(&self, host: &str) -> Option<&MemberStatus> {
        self.members.iter().find(|member| member.name == host)
    }

    pub(super) fn primary(&self) -> Option<&MemberStatus> {
        self.members.iter().find(|member| member.is_primary())
    }

    /// How far a member is behind the primary; `None` where nobody can say.
    pub(super) fn lag(&self, member: &MemberStatus) -> Option<Duration> {
        // Of one that does not answer MongoDB says that it has been behind since 1970.
        let heard = member.health > 0.0;
        let (ahead, behind) = (self.primary()?.optime_date?, member.optime_date.filter(|_| heard)?);
        Some(lag(ahead, behind))
    }
}

impl MemberStatus {
    pub(super) const fn is_primary(&self) -> bool {
        self.state == PRIMARY
    }

    pub(super) const fn is_secondary(&self) -> bool {
        self.state == SECONDARY
    }

    /// In MongoDB's own word, or in one where it takes several.
    pub(super) fn in_a_word(&self) -> &str {
        if self.health > 0.0 { &self.state_str } else { "DOWN" }
    }

    /// It answers, and has all that it needs to decide.
    pub(super) fn is_well(&self) -> bool {
        self.health > 0.0 && (self.is_primary() || self.is_secondary())
    }
}

/// Whoever has been asked later may know more.
pub(super) fn lag(ahead: DateTime, behind: DateTime) -> Duration {
    let millis = ahead.timestamp_millis().saturating_sub(behind.timestamp_millis());
    Duration::from_millis(u64::try_from(millis).unwrap_or_default())
}
