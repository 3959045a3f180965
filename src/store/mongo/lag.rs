//! How far secondaries are behind, by what each server says of its latest write when the driver asks whether it is there.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use mongodb::{bson::Document, event::sdam::SdamEvent};

use crate::system::clock::Stopwatch;

/// Needs no rights, other than the status of a replica set.
#[derive(Debug)]
pub(super) struct Lag {
    watch: Stopwatch,
    members: Mutex<BTreeMap<String, Member>>,
}

/// What one said last.
#[derive(Clone, Copy, Debug)]
struct Member {
    is_primary: bool,
    /// By our stopwatch.
    heard: Duration,
    /// By the primary's clock.
    wrote: Duration,
}

impl Lag {
    /// Called by the driver each time that it has asked a server.
    pub(super) fn note(&self, event: &SdamEvent) {
        let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            SdamEvent::ServerHeartbeatSucceeded(heard) => {
                let address = heard.server_address.to_string();
                match Member::read(&heard.reply, self.watch.elapsed()) {
                    Some(member) => members.insert(address, member),
                    None => members.remove(&address),
                };
            }
            SdamEvent::ServerHeartbeatFailed(silent) => {
                if let Some(member) = members.get_mut(&silent.server_address.to_string()) {
                    member.fall_silent(self.watch.elapsed());
                }
            }
            SdamEvent::ServerClosed(gone) => {
                members.remove(&gone.address.to_string());
            }
            _ => {}
        }
    }

    /// Of the slowest; `None` where there are not both, a primary and somebody who follows.
    pub(super) fn worst(&self) -> Option<Duration> {
        let members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        let primary = members.values().find(|member| member.is_primary)?;
        let behind = members.values().filter(|member| !member.is_primary);
        behind.map(|member| member.behind(primary)).max()
    }
}

impl Default for Lag {
    fn default() -> Self {
        Self { watch: Stopwatch::start(), members: Mutex::default() }
    }
}

impl Member {
    fn read(hello: &Document, heard: Duration) -> Option<Self> {
        let is = |what| hello.get_bool(what).unwrap_or(false);
        let wrote = hello.get_document("lastWrite").ok()?.get_datetime("lastWriteDate").ok()?;
        let wrote = Duration::from_millis(u64::try_from(wrote.timestamp_millis()).ok()?);
        // Neither is one that is filled, or has fallen so far behind that it does not follow any more.
        let is_member = hello.contains_key("setName") && !is("arbiterOnly");
        is_member.then_some(Self { is_primary: is("isWritablePrimary"), heard, wrote })
    }

    /// What it wrote last is what it said last; and it cannot be the one that the others follow.
    const fn fall_silent(&mut self, now: Duration) {
        self.is_primary = false;
        self.heard = now;
    }

    /// They were not asked at the same moment: who was asked later may have written later.
    fn behind(&self, primary: &Self) -> Duration {
        (self.heard + primary.wrote).saturating_sub(primary.heard + self.wrote)
    }
}

#[cfg(test)]
mod tests {
    use mongodb::bson::{DateTime, doc};

    use super::*;

    #[test]
    fn whoever_falls_silent_falls_behind_and_whoever_only_recovers_is_still_counted() {
        let (at, lag) = (Duration::from_secs, Lag::default());
        let member = |is_primary, second| Member { is_primary, heard: at(second), wrote: at(second) };
        let mut silent = member(false, 10);
        silent.fall_silent(at(40));
        let members = [("a", member(true, 40)), ("b", member(false, 40)), ("c", silent)];
        *lag.members.lock().unwrap() = members.map(|(name, member)| (name.to_owned(), member)).into();
        assert_eq!(lag.worst(), Some(at(30)));
        let hello = doc! {
            "setName": "rs0", "secondary": false, "isWritablePrimary": false,
            "lastWrite": { "lastWriteDate": DateTime::from_millis(5_000) },
        };
        assert_eq!(Member::read(&hello, at(9)).unwrap().wrote, at(5));
        let mut arbiter = hello.clone();
        arbiter.insert("arbiterOnly", true);
        assert!(Member::read(&arbiter, at(9)).is_none());
    }

    #[test]
    fn a_secondary_is_behind_by_what_it_wrote_and_not_by_when_it_was_asked() {
        let (at, day) = (Duration::from_secs, 86_400);
        let primary = Member { is_primary: true, heard: at(10), wrote: at(day + 10) };
        for (heard, wrote, behind) in [(10, 10, 0), (11, 11, 0), (10, 3, 7), (12, 3, 9), (9, 10, 0)] {
            let secondary = Member { is_primary: false, heard: at(heard), wrote: at(day + wrote) };
            assert_eq!(secondary.behind(&primary), at(behind));
        }
    }
}
