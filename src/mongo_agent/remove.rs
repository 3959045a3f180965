//! Takes a member out of the set, on command and before its pod goes.

use std::time::Duration;

use mongodb::bson::{Document, doc};
use tokio::time::{sleep, timeout};

use super::{
    names::{Host, Pod},
    primary::find_primary,
    session::{NoSession, Session},
    set_config::SetConfig,
    set_status::{MemberStatus, SetStatus},
    settings::Settings,
};
use crate::system::{clock::Stopwatch, jitter::about};

const PATIENCE: Duration = Duration::from_mins(1);
/// An election is over sooner.
const FOR_A_PRIMARY: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(500);
const TO_STEP_DOWN: Duration = Duration::from_secs(15);

/// It is out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    pub member: String,
    /// Whether it was out before.
    pub was_out: bool,
    pub next: Next,
}

/// What the person does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// The pods from this number on have nothing to do any more.
    ScaleTo { namespace: String, set: String, replicas: u8 },
    /// A scale-down takes the last pod, which is another one.
    NotTheLast { last: String },
    /// It is none of the `StatefulSet`'s.
    StopIt,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRemoved {
    #[error(
        "{0} is neither a pod of ours nor a member of the set: `portcullis mongo-agent status` lists them"
    )]
    Unknown(String),
    #[error("{0} is the last member, and holds all there is: to give up the set, delete the StatefulSet")]
    Last(String),
    #[error(
        "without {member} the set could not decide on anything: of {voters} other members with a vote {well} are well, \
         and more than half have to be; `portcullis mongo-agent status` says which are not"
    )]
    NoMajority { member: String, voters: usize, well: usize },
    #[error("the set has no primary, so nobody can be taken out: start the members again that are missing")]
    NoPrimary,
    #[error("{host}: {reason}")]
    Hindered { host: String, reason: String },
}

/// What has to be done with the set as it is.
#[derive(Debug, PartialEq)]
enum Deed {
    /// Nothing.
    IsOut,
    StepDownFirst,
    Take(Document),
}

pub(super) async fn remove(settings: &Settings, member: &str) -> Result<Removed, NotRemoved> {
    let mut hindered = NotRemoved::NoPrimary;
    let (mut asked, mut without_primary) = (false, Stopwatch::start());
    let ended = timeout(PATIENCE, async {
        loop {
            if let Some(primary) = find_primary(settings).await {
                let found = |reason: NoSession| NotRemoved::Hindered {
                    host: primary.to_string(),
                    reason: reason.to_string(),
                };
                match try_once(settings, &primary, member).await {
                    Ok(Some(removed)) => return Ok(Removed { was_out: !asked, ..removed }),
                    Ok(None) => asked = true,
                    Err(Tried::Refused(reason)) => return Err(reason),
                    // Somebody was quicker, or the primary is another one by now.
                    Err(Tried::Failed(reason)) => hindered = found(reason),
                }
                without_primary = Stopwatch::start();
            } else if without_primary.elapsed() > FOR_A_PRIMARY {
                return Err(NotRemoved::NoPrimary);
            }
            sleep(about(PAUSE)).await;
        }
    });
    ended.await.unwrap_or(Err(hindered))
}

enum Tried {
    Refused(NotRemoved),
    Failed(NoSession),
}

impl<T: Into<NoSession>> From<T> for Tried {
    fn from(reason: T) -> Self {
        Self::Failed(reason.into())
    }
}

/// `None` once it has asked for something that has to be seen to have been done.
async fn try_once(settings: &Settings, primary: &Host, member: &str) -> Result<Option<Removed>, Tried> {
    let session = Session::open(primary, settings.tls_ca_file.as_deref(), &settings.users_dir, None).await?;
    let config = SetConfig::read(&session.mongod).await?;
    let status = SetStatus::read(&session.mongod).await?;
    let host = host_of(settings, &config, member).map_err(Tried::Refused)?;
    match decide(&config, &status, &host).map_err(Tried::Refused)? {
        Deed::IsOut => {
            Ok(Some(Removed { next: next(settings, &config, &host), member: host, was_out: true }))
        }
        Deed::StepDownFirst => {
            let command = doc! { "replSetStepDown": 60, "secondaryCatchUpPeriodSecs": 10 };
            session.mongod.run_within(TO_STEP_DOWN, command).await?;
            Ok(None)
        }
        Deed::Take(command) => {
            session.mongod.run(command).await?;
            Ok(None)
        }
    }
}

/// By the name of its pod, or as it is called in the set.
fn host_of(settings: &Settings, config: &SetConfig, member: &str) -> Result<String, NotRemoved> {
    let pod = member.parse::<Pod>().ok().filter(|pod| pod.name() == settings.pod.name());
    match pod {
        Some(pod) => Ok(settings.hosts().of(pod.ordinal()).to_string()),
        None if config.member(member).is_some() => Ok(member.to_owned()),
        None if settings.hosts().ordinal_of(member).is_some() => Ok(member.to_owned()),
        None => Err(NotRemoved::Unknown(member.to_owned())),
    }
}

fn decide(config: &SetConfig, status: &SetStatus, host: &str) -> Result<Deed, NotRemoved> {
    if config.member(host).is_none() {
        return Ok(Deed::IsOut);
    }
    if config.members().len() == 1 {
        return Err(NotRemoved::Last(host.to_owned()));
    }
    let rest: Vec<_> =
        config.members().iter().filter(|other| other.host != host && other.votes > 0).collect();
    let well = |host: &str| status.of(host).is_some_and(MemberStatus::is_well);
    let well = rest.iter().filter(|other| well(&other.host)).count();
    if well * 2 <= rest.len() {
        return Err(NotRemoved::NoMajority { member: host.to_owned(), voters: rest.len(), well });
    }
    if status.of(host).is_some_and(MemberStatus::is_primary) {
        return Ok(Deed::StepDownFirst);
    }
    Ok(Deed::Take(config.without(host)))
}

fn next(settings: &Settings, config: &SetConfig, host: &str) -> Next {
    let hosts = settings.hosts();
    let Some(ordinal) = hosts.ordinal_of(host) else { return Next::StopIt };
    let last = config.members().iter().filter_map(|other| hosts.ordinal_of(&other.host)).max();
    let name = settings.pod.name();
    match last.filter(|last| *last > ordinal) {
        Some(last) => Next::NotTheLast { last: format!("{name}-{last}") },
        None => Next::ScaleTo {
            namespace: settings.namespace.clone(),
            set: name.to_owned(),
            replicas: last.map_or(0, |last| last.number() + 1),
        },
    }
}

#[cfg(test)]
mod tests {
    use mongodb::bson::Bson;

    use super::*;

    /// Members `m-0`, `m-1` … with these votes and states: 1 is primary, 2 secondary, 8 down.
    fn decided(members: &[(i32, i32)], host: &str) -> Result<Deed, NotRemoved> {
        let host_of = |n: usize| format!("m-{n}:1");
        let config = members.iter().enumerate().map(|(n, (votes, _))| {
            Bson::from(doc! { "_id": i32::try_from(n).unwrap(), "host": host_of(n), "votes": *votes })
        });
        let status = members.iter().enumerate().map(|(n, (_, state))| {
            let health = if *state == 8 { 0.0 } else { 1.0 };
            Bson::from(doc! { "name": host_of(n), "state": *state, "stateStr": "", "health": health })
        });
        let config = doc! { "version": 1, "members": config.collect::<Vec<_>>() };
        let status = doc! { "members": status.collect::<Vec<_>>() };
        decide(&SetConfig::parse(config).unwrap(), &SetStatus::parse(status).unwrap(), host)
    }

    #[test]
    fn a_secondary_is_taken_out_and_a_primary_steps_down_first() {
        let three = [(1, 1), (1, 2), (1, 2)];
        assert!(matches!(decided(&three, "m-2:1"), Ok(Deed::Take(_))));
        assert_eq!(decided(&three, "m-0:1"), Ok(Deed::StepDownFirst));
        assert_eq!(decided(&three, "m-7:1"), Ok(Deed::IsOut));
        assert!(
            matches!(decided(&[(1, 1), (1, 8)], "m-1:1"), Ok(Deed::Take(_))),
            "what is broken can be taken out"
        );
    }

    #[test]
    fn neither_the_last_nor_one_that_the_majority_needs_is_taken_out() {
        assert!(matches!(decided(&[(1, 1)], "m-0:1"), Err(NotRemoved::Last(_))));
        let refused = |members: &[(i32, i32)], host| match decided(members, host) {
            Err(NotRemoved::NoMajority { voters, well, .. }) => (voters, well),
            other => panic!("{other:?}"),
        };
        assert_eq!(refused(&[(1, 1), (1, 2), (1, 8)], "m-1:1"), (2, 1));
        assert_eq!(refused(&[(1, 1), (0, 2)], "m-0:1"), (0, 0));
        assert_eq!(refused(&[(1, 1), (1, 5)], "m-0:1"), (1, 0));
    }
}
