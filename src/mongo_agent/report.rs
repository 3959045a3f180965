//! How the set is, for a person at a terminal.

use std::time::Duration;

use super::{
    primary::find_primary,
    session::{NoSession, Session},
    set_config::{Member, SET, SetConfig},
    set_status::{MemberStatus, SetStatus},
    settings::Settings,
};

/// Every member of the set, in the order of its configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub set: &'static str,
    pub primary: Option<String>,
    pub members: Vec<Line>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub member: String,
    /// In MongoDB's own words.
    pub state: String,
    pub votes: i64,
    /// `None` where nobody can say.
    pub lag: Option<Duration>,
    pub is_primary: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the set cannot be asked how it is: {host}: {reason}")]
pub struct NoReport {
    host: String,
    reason: String,
}

/// As the primary sees it; where there is none, as our own mongod does.
pub(super) async fn report(settings: &Settings) -> Result<Report, NoReport> {
    let host = find_primary(settings).await.unwrap_or_else(|| settings.mongod.clone());
    let asked = async {
        let ca = settings.tls_ca_file.as_deref();
        let session = Session::open(&host, ca, &settings.users_dir, None).await?;
        let config = SetConfig::read(&session.mongod).await?;
        Ok((config, SetStatus::read(&session.mongod).await?))
    };
    let (config, status) = asked
        .await
        .map_err(|reason: NoSession| NoReport { host: host.to_string(), reason: reason.to_string() })?;
    Ok(Report::of(&config, &status))
}

impl Report {
    fn of(config: &SetConfig, status: &SetStatus) -> Self {
        let line = |member: &Member| {
            let seen = status.of(&member.host);
            Line {
                member: member.host.clone(),
                state: seen.map_or("UNKNOWN", MemberStatus::in_a_word).to_owned(),
                votes: member.votes,
                lag: seen.and_then(|seen| status.lag(seen)),
                is_primary: seen.is_some_and(MemberStatus::is_primary),
            }
        };
        Self {
            set: SET,
            primary: status.primary().map(|primary| primary.name.clone()),
            members: config.members().iter().map(line).collect(),
        }
    }
}
