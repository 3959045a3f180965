//! Whether the database has one primary and members that keep up, by what the agents beside them count.

use super::{Cluster, Patient, Pod, Scene};
use crate::domain::finding::{Finding, or_fine};

const CHECK: &str = "replica set";

const AGENT: u16 = 9001;
/// The agent takes a secondary that is further behind for not ready.
const BEHIND: f64 = 30.0;

/// What the agent beside one member counts.
#[derive(Debug, PartialEq)]
struct Member {
    pod: String,
    state: String,
    is_primary: bool,
    members: Option<i64>,
    lag: Option<f64>,
}

pub(super) async fn look(cluster: &Cluster, patient: &Patient, scene: &Scene) -> Vec<Finding> {
    let of_set = format!("StatefulSet {}", patient.set);
    let Some(set) = scene.workloads.iter().find(|workload| workload.metadata.name == of_set) else {
        return Vec::new();
    };
    let pods: Vec<_> = scene.ours().filter(|pod| pod.is_of(set)).collect();
    let (mut members, mut silent) = (Vec::new(), Vec::new());
    for pod in &pods {
        let name = &pod.metadata.name;
        match cluster.through(name, AGENT, "metrics").await {
            Ok(reply) => members.push(Member::read(name, &String::from_utf8_lossy(&reply.body))),
            Err(unread) => silent.push((*pod, unread.to_string())),
        }
    }
    let mut found = judge(&members, set.spec.replicas, silent.is_empty());
    found.extend(unheard(&silent));
    or_fine(found, CHECK, format!("{} members, one of them primary, and the others keep up", members.len()))
}

/// Nobody hears the agents but who may ask through the API server, and where no `NetworkPolicy` keeps that out.
fn unheard(silent: &[(&Pod, String)]) -> Option<Finding> {
    let (_, reason) = silent.first()?;
    let ready = |(pod, _): &&(&Pod, String)| pod.is_ready();
    let what = format!(
        "the agents of {} pods cannot be asked ({reason}); by their readiness, {} of them are primary or keep up",
        silent.len(),
        silent.iter().filter(ready).count(),
    );
    let advice = "kubectl exec POD -c agent -- /portcullis mongo-agent status shows the members";
    Some(Finding::unknown(CHECK, what, advice))
}

impl Member {
    fn read(pod: &str, metrics: &str) -> Self {
        let lines = || metrics.lines().filter_map(|line| line.strip_prefix("portcullis_mongo_agent_"));
        let number = |name: &str| {
            lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse::<f64>().ok())
        };
        let state = lines().find_map(|line| line.strip_prefix("state{state=\"")?.strip_suffix("\"} 1"));
        #[expect(clippy::cast_possible_truncation, reason = "a set has at most fifty members")]
        let members = number("members").map(|members| members as i64);
        Self {
            pod: pod.to_owned(),
            state: state.unwrap_or("silent").to_owned(),
            is_primary: number("primary") == Some(1.0),
            members,
            lag: number("lag_seconds"),
        }
    }
}

fn judge(members: &[Member], wanted: i64, all_heard: bool) -> Vec<Finding> {
    let mut found: Vec<_> = members.iter().filter_map(ill).collect();
    let primaries: Vec<_> = members.iter().filter(|member| member.is_primary).collect();
    match primaries.as_slice() {
        [] if all_heard => found.push(no_primary(members, wanted)),
        [] => {}
        [primary] => {
            if let Some(members) = primary.members.filter(|members| *members != wanted) {
                let what = format!("the set has {members} members, and the StatefulSet {wanted} replicas");
                let advice = "wait, if it was scaled just now; down goes with `mongo-agent remove` first (infra/mongodb/README.md)";
                found.push(Finding::warning(CHECK, what, advice));
            }
        }
        several => {
            let names: Vec<_> = several.iter().map(|member| member.pod.as_str()).collect();
            let what = format!("{} take themselves for primary", names.join(" and "));
            found.push(Finding::warning(
                CHECK,
                what,
                "look again in ten seconds: an election may be under way",
            ));
        }
    }
    found
}

/// Whoever lowers the number before the members are taken out leaves too few to decide on anything.
fn no_primary(members: &[Member], wanted: i64) -> Finding {
    let known = members.iter().filter_map(|member| member.members).max();
    match known.filter(|known| *known > wanted) {
        Some(known) => Finding::wrong(
            CHECK,
            format!(
                "there is no primary: nothing can be written. The set has {known} members, and the StatefulSet {wanted} replicas"
            ),
            format!(
                "kubectl scale the StatefulSet to {known} again, the volumes are kept; then go down with `mongo-agent remove` first \
                 (infra/mongodb/README.md)"
            ),
        ),
        None => Finding::wrong(
            CHECK,
            "there is no primary: nothing can be written",
            "a majority of the members has to run and reach each other; an election takes ten seconds",
        ),
    }
}

fn ill(member: &Member) -> Option<Finding> {
    let Member { pod, state, lag, .. } = member;
    match (state.as_str(), lag) {
        ("secondary", Some(lag)) if *lag > BEHIND => {
            let what = format!("{pod} is {lag:.0} s behind the primary");
            Some(Finding::wrong(CHECK, what, "look at its disk and its processor time"))
        }
        ("primary" | "secondary", _) => None,
        ("between", _) => {
            let what = format!("{pod} is being filled, or recovers");
            Some(Finding::warning(CHECK, what, "wait; infra/mongodb/README.md says what to do if it lasts"))
        }
        (state, _) => {
            let what = format!("{pod} is {state}, and no member that works");
            Some(Finding::wrong(
                CHECK,
                what,
                "the log of its container `agent` says why, and infra/mongodb/README.md what to do",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::finding::State;

    fn metrics(state: &str, members: u8, lag: f64) -> String {
        let state_of = |word: &str| {
            format!("portcullis_mongo_agent_state{{state=\"{word}\"}} {}\n", u8::from(word == state))
        };
        let primary = u8::from(state == "primary");
        format!(
            "{}{}{}# HELP x\nportcullis_mongo_agent_primary {primary}\nportcullis_mongo_agent_members {members}\n\
             portcullis_mongo_agent_lag_seconds {lag}\n",
            state_of("primary"),
            state_of("secondary"),
            state_of("outside"),
        )
    }

    fn states(members: &[(&str, u8, f64)], wanted: i64) -> Vec<State> {
        let members: Vec<_> = members
            .iter()
            .map(|(state, members, lag)| Member::read("m", &metrics(state, *members, *lag)))
            .collect();
        judge(&members, wanted, true).into_iter().map(|finding| finding.state).collect()
    }

    #[test]
    fn a_set_has_one_primary_and_members_that_keep_up() {
        let (primary, second) = (("primary", 3, 0.0), ("secondary", 3, 1.5));
        assert_eq!(states(&[primary, second, second], 3), []);
        assert_eq!(states(&[second, second, second], 3), [State::Wrong]);
        assert_eq!(states(&[primary, primary, second], 3), [State::Warning]);
        assert_eq!(states(&[primary, second, ("secondary", 3, 31.0)], 3), [State::Wrong]);
        assert_eq!(states(&[primary, second, ("outside", 0, 0.0)], 3), [State::Wrong]);
        assert_eq!(states(&[primary, second, second], 4), [State::Warning]);
        assert_eq!(states(&[], 3), [State::Wrong]);
    }

    #[test]
    fn too_few_replicas_for_a_primary_are_told_with_the_way_back() {
        let lonely = [Member::read("m-0", &metrics("secondary", 3, 0.0))];
        let told = |wanted| format!("{:?}", judge(&lonely, wanted, true));
        assert!(
            told(1).contains("The set has 3 members, and the StatefulSet 1 replicas")
                && told(1).contains("to 3 again")
        );
        assert!(told(3).contains("a majority of the members"), "{}", told(3));
    }

    #[test]
    fn what_the_agent_counts_is_read() {
        let member = Member::read("m", &metrics("secondary", 3, 1.5));
        let state = "secondary".to_owned();
        assert_eq!(
            member,
            Member { pod: "m".to_owned(), state, is_primary: false, members: Some(3), lag: Some(1.5) }
        );
        assert_eq!(Member::read("m", "").state, "silent");
    }
}
