//! Gives votes to members that have been filled, one at a time.

use std::time::Duration;

use super::{
    mongod::Mongod,
    names::{Hosts, Ordinal},
    set_config::SetConfig,
    set_status::{MemberStatus, SetStatus},
    trouble::Trouble,
};

/// What is further behind is still being filled. An idle primary writes something every ten seconds.
const CAUGHT_UP: Duration = Duration::from_secs(10);

/// More would be refused.
const MOST_VOTERS: usize = 7;

/// As the agent of the primary; whether somebody waits for a vote still.
pub(super) async fn promote(primary: &Mongod, hosts: &Hosts) -> Result<bool, Trouble> {
    let config = SetConfig::read(primary).await?;
    let waiting = waiting(&config, hosts);
    if waiting.is_empty() {
        return Ok(false);
    }
    let Some(host) = next(&waiting, &SetStatus::read(primary).await?) else { return Ok(true) };
    primary.run(config.with_vote_of(host)).await?;
    tracing::info!(member = host, "gave a member its vote");
    Ok(waiting.len() > 1)
}

/// Who may have a vote and has none.
fn waiting<'a>(config: &'a SetConfig, hosts: &Hosts) -> Vec<&'a str> {
    let free = MOST_VOTERS.saturating_sub(config.voters());
    let waiting = config.members().iter().filter(|member| {
        let ours = hosts.ordinal_of(&member.host).is_some_and(Ordinal::may_vote);
        member.awaits_its_vote() && ours
    });
    waiting.map(|member| member.host.as_str()).take(free).collect()
}

/// Who of them has been filled.
fn next<'a>(waiting: &[&'a str], status: &SetStatus) -> Option<&'a str> {
    let filled = |member: &MemberStatus| {
        member.is_secondary() && member.is_well() && status.lag(member).is_some_and(|lag| lag <= CAUGHT_UP)
    };
    waiting.iter().find(|host| status.of(host).is_some_and(filled)).copied()
}

#[cfg(test)]
mod tests {
    use mongodb::bson::{Bson, DateTime, Document, doc};

    use super::{super::names::Pattern, *};

    const PRIMARY: i32 = 1;
    const SECONDARY: i32 = 2;
    const STARTUP2: i32 = 5;

    fn hosts() -> Hosts {
        "m-{ordinal}:1".parse::<Pattern>().unwrap().fill("m", "n", "svc")
    }

    /// Members by their ordinals and votes, and what they are, this many seconds behind.
    fn next_of(members: &[(u8, i32)], seen: &[(u8, i32, i64)]) -> Option<String> {
        let host = |ordinal: &u8| format!("m-{ordinal}:1");
        let member = |(ordinal, votes): &(u8, i32)| doc! { "_id": i32::from(*ordinal), "host": host(ordinal), "votes": *votes, "tags": { "portcullis-added": "yes" } };
        let members: Vec<Bson> = members.iter().map(|found| member(found).into()).collect();
        let config = SetConfig::parse(doc! { "version": 1, "members": members }).unwrap();
        let state = |(ordinal, state, behind): &(u8, i32, i64)| -> Document {
            let optime = DateTime::from_millis(1_000_000 - behind * 1_000);
            doc! { "name": host(ordinal), "state": *state, "stateStr": "", "health": 1.0, "optimeDate": optime }
        };
        let seen: Vec<Bson> = seen.iter().map(|found| state(found).into()).collect();
        let status = SetStatus::parse(doc! { "members": seen }).unwrap();
        next(&waiting(&config, &hosts()), &status).map(str::to_owned)
    }

    #[test]
    fn a_member_gets_its_vote_once_it_is_filled() {
        let members = [(0, 1), (1, 0)];
        let with = |state, behind| next_of(&members, &[(0, PRIMARY, 0), (1, state, behind)]);
        assert_eq!(with(SECONDARY, 10).as_deref(), Some("m-1:1"));
        assert_eq!(with(SECONDARY, 11), None);
        assert_eq!(with(STARTUP2, 0), None);
        assert_eq!(
            next_of(&members, &[(0, SECONDARY, 0), (1, SECONDARY, 0)]),
            None,
            "nobody knows how far it is"
        );
        assert_eq!(next_of(&members, &[(0, PRIMARY, 0)]), None, "nobody knows what it is");
    }

    #[test]
    fn one_at_a_time_seven_at_most_and_none_of_the_eighth_pod() {
        let states: Vec<_> = (0..9).map(|n| (n, if n == 0 { PRIMARY } else { SECONDARY }, 0)).collect();
        assert_eq!(next_of(&[(0, 1), (1, 0), (2, 0)], &states).as_deref(), Some("m-1:1"));
        let seven: Vec<_> = (0..7).map(|n| (n, 1)).chain([(7, 0), (8, 0)]).collect();
        assert_eq!(next_of(&seven, &states), None);
        assert_eq!(next_of(&[(0, 1), (7, 0), (8, 0)], &states), None);
    }

    #[test]
    fn a_member_that_somebody_added_or_set_apart_by_hand_is_left_as_it_is() {
        let config = |more: Document| {
            let mut member =
                doc! { "_id": 1, "host": "m-1:1", "votes": 0, "tags": { "portcullis-added": "yes" } };
            member.extend(more);
            SetConfig::parse(doc! { "version": 1, "members": [{ "_id": 0, "host": "m-0:1" }, member] })
                .unwrap()
        };
        assert_eq!(waiting(&config(doc! {}), &hosts()), ["m-1:1"]);
        for more in [doc! { "hidden": true }, doc! { "tags": { "zone": "a" } }, doc! { "host": "other:1" }] {
            assert!(waiting(&config(more), &hosts()).is_empty());
        }
    }
}
