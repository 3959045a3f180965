//! Whether the store as a whole is as it should be; nothing is said of what is.

use std::time::Duration;

use crate::{
    domain::finding::Finding,
    store::{Share, Vitals},
};

use super::store::CHECK;

/// Who waits for a majority waits for the slowest of it.
const BEHIND: Duration = Duration::from_secs(10);

/// As long as a member may be away, and come back by itself.
const OPLOG: Duration = Duration::from_hours(24);

const FULL: f64 = 0.8;

pub fn judge(vitals: &Vitals) -> Vec<Finding> {
    let mut found: Vec<_> = vitals.missing_indexes.iter().map(|index| missing(index)).collect();
    found.extend(vitals.lag.filter(|lag| *lag > BEHIND).map(behind));
    found.extend(vitals.oplog.filter(|oplog| *oplog < OPLOG).map(short));
    let full = |share: Option<Share>| share.filter(|share| share.ratio() > FULL);
    found.extend(full(vitals.connections).map(crowded));
    found.extend(full(vitals.storage).map(nearly_full));
    found.extend(vitals.untold.iter().map(|command| untold(command)));
    found
}

fn missing(index: &str) -> Finding {
    let what =
        format!("it lacks the index {index}: calls read everything, and what was unique is not kept so");
    Finding::wrong(
        CHECK,
        what,
        "restart the service, which builds it; on SQLite, restore a backup; and see who dropped it",
    )
}

fn behind(lag: Duration) -> Finding {
    let what = format!("a member of its replica set is {} s behind the primary", lag.as_secs());
    Finding::warning(
        CHECK,
        what,
        "see whether it catches up, and whether its disk keeps pace: `rs.printSecondaryReplicationInfo()`",
    )
}

fn short(oplog: Duration) -> Finding {
    let hours = oplog.as_secs_f64() / 3_600.0;
    let what = format!(
        "its oplog reaches back {hours:.1} h: a member that is away for longer has to be filled anew"
    );
    Finding::warning(
        CHECK,
        what,
        "make it larger on each member: `db.adminCommand({replSetResizeOplog: 1, size: <MB>})`",
    )
}

fn crowded(share: Share) -> Finding {
    let what = format!("its primary has {} connections of {} that it takes", share.used, share.of);
    Finding::warning(
        CHECK,
        what,
        "see who has them (a replica of ours has 48 at most), or raise net.maxIncomingConnections",
    )
}

fn nearly_full(share: Share) -> Finding {
    let what = format!("its disk is {:.0} % full", share.ratio() * 100.0);
    Finding::warning(CHECK, what, "make the volume larger, before nothing can be written")
}

fn untold(command: &str) -> Finding {
    let what =
        format!("we may not ask it {command}: whether it is full, crowded or short of oplog cannot be told");
    Finding::unknown(
        CHECK,
        what,
        "grant its user the actions dbStats on its database and serverStatus on the cluster, as infra/mongodb does",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::finding::State;

    #[test]
    fn what_is_well_is_not_mentioned_and_what_is_not_comes_with_what_to_do() {
        let share = |used| Some(Share { used, of: 100 });
        let well = Vitals {
            missing_indexes: Vec::new(),
            lag: Some(BEHIND),
            oplog: Some(OPLOG),
            connections: share(80),
            storage: share(80),
            letters: Some(3),
            untold: Vec::new(),
        };
        assert_eq!(judge(&well), []);
        assert_eq!(judge(&Vitals::default()), []);
        let ill = Vitals {
            missing_indexes: vec!["users (email.canonical)".to_owned()],
            lag: Some(BEHIND + Duration::from_secs(1)),
            oplog: Some(OPLOG / 2),
            connections: share(81),
            storage: share(81),
            letters: None,
            untold: vec!["dbStats"],
        };
        let found = judge(&ill);
        let words =
            ["users (email.canonical)", "11 s behind", "12.0 h", "81 connections of 100", "81 %", "dbStats"];
        assert_eq!(found.len(), words.len());
        for (finding, word) in found.iter().zip(words) {
            assert!(finding.what.contains(word) && finding.advice.is_some(), "{finding:?}");
        }
        assert_eq!((found[0].state, found[5].state), (State::Wrong, State::Unknown));
    }
}
