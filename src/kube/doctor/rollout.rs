//! Whether what was applied runs.

use super::seen::{Condition, Workload, WorkloadStatus};
use crate::domain::finding::Finding;

const CHECK: &str = "rollout";

pub(super) fn judge(workload: &Workload) -> Finding {
    let Workload { metadata, spec, status } = workload;
    let (name, wanted) = (&metadata.name, spec.replicas);
    let WorkloadStatus { ready_replicas: ready, updated_replicas: updated, observed_generation, .. } =
        *status;
    let that = |kind: &str, is: &str| {
        status.conditions.iter().find(|condition| condition.kind == kind && condition.status == is)
    };
    if let Some(Condition { message, .. }) = that("ReplicaFailure", "True") {
        return Finding::wrong(CHECK, format!("{name} cannot make its pods: {message}"), "mend what it says");
    }
    if let Some(stuck) = that("Progressing", "False").filter(|it| it.reason == "ProgressDeadlineExceeded") {
        return Finding::wrong(
            CHECK,
            format!("{name} is stuck in its rollout, with {ready} of {wanted} ready: {}", stuck.message),
            "see `pods` and `probes`; kubectl rollout undo goes back to the release before",
        );
    }
    if wanted == 0 {
        return Finding::warning(CHECK, format!("{name} is scaled to nothing"), "scale it up: kubectl scale");
    }
    if observed_generation < metadata.generation {
        let what = format!("{name} was changed, and its controller has not looked yet");
        return Finding::warning(CHECK, what, "wait; else see whether the controller manager runs");
    }
    match (ready, updated) {
        (0, _) => Finding::wrong(
            CHECK,
            format!("{name} has no pod that is ready, of {wanted}"),
            "see `pods` and `probes`",
        ),
        _ if ready < wanted => {
            let what = format!("{name} has {ready} of {wanted} pods ready");
            Finding::warning(CHECK, what, "wait, if it was changed just now; else see `pods` and `probes`")
        }
        _ if updated < wanted => {
            let what = format!("{name} has {updated} of {wanted} pods of the newest kind");
            Finding::warning(CHECK, what, "wait; kubectl rollout status says when it is done")
        }
        _ => Finding::fine(CHECK, format!("{name} has {ready} of {wanted} pods ready")),
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::{
        api::apps::v1::{Deployment, DeploymentCondition, DeploymentSpec, DeploymentStatus},
        apimachinery::pkg::apis::meta::v1::ObjectMeta,
    };

    use super::*;
    use crate::domain::finding::State;

    /// As the API server would tell it.
    fn deployment(ready: i32, updated: i32, conditions: &[(&str, &str, &str)]) -> Workload {
        let condition = |(kind, status, reason): &(&str, &str, &str)| DeploymentCondition {
            type_: (*kind).to_owned(),
            status: (*status).to_owned(),
            reason: Some((*reason).to_owned()),
            message: Some("that is why".to_owned()),
            ..DeploymentCondition::default()
        };
        let deployment = Deployment {
            metadata: ObjectMeta {
                name: Some("portcullis".to_owned()),
                generation: Some(2),
                ..ObjectMeta::default()
            },
            spec: Some(DeploymentSpec { replicas: Some(2), ..DeploymentSpec::default() }),
            status: Some(DeploymentStatus {
                observed_generation: Some(2),
                ready_replicas: Some(ready),
                updated_replicas: Some(updated),
                conditions: Some(conditions.iter().map(condition).collect()),
                ..DeploymentStatus::default()
            }),
        };
        serde_json::from_value(serde_json::to_value(deployment).unwrap()).unwrap()
    }

    #[test]
    fn a_rollout_is_done_under_way_or_stuck() {
        let healthy: &[_] = &[("Progressing", "True", "NewReplicaSetAvailable"), ("Available", "True", "")];
        for (ready, updated, conditions, state) in [
            (2, 2, healthy, State::Fine),
            (1, 2, healthy, State::Warning),
            (2, 1, healthy, State::Warning),
            (0, 2, healthy, State::Wrong),
            (2, 1, &[("Progressing", "False", "ProgressDeadlineExceeded")], State::Wrong),
            (2, 1, &[("ReplicaFailure", "True", "FailedCreate")], State::Wrong),
        ] {
            let found = judge(&deployment(ready, updated, conditions));
            assert_eq!(found.state, state, "{found:?}");
        }
        let stuck = judge(&deployment(0, 1, &[("ReplicaFailure", "True", "FailedCreate")]));
        assert!(stuck.what.ends_with("that is why"), "{stuck:?}");
    }
}
