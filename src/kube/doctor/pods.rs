//! Pods that do not start, or did not stay.

use jiff::{SignedDuration, Timestamp};

use super::{
    Event, Patient, Pod, Scene,
    seen::{ContainerStatus, Terminated, Waiting},
};
use crate::domain::finding::{Finding, or_fine};

const CHECK: &str = "pods";

/// What has been well for longer is not worth a word.
const LATELY: SignedDuration = SignedDuration::from_hours(1);

pub(super) fn judge(scene: &Scene, patient: &Patient, now: Timestamp) -> Vec<Finding> {
    let ours: Vec<_> = scene.ours().collect();
    if ours.is_empty() {
        return Vec::new();
    }
    let found = ours.iter().flat_map(|pod| judge_one(pod, &scene.events, patient, now)).collect();
    or_fine(found, CHECK, format!("{} pods run, and none was started anew within the hour", ours.len()))
}

impl Scene {
    pub(super) fn ours(&self) -> impl Iterator<Item = &Pod> {
        self.pods.iter().filter(|pod| {
            let is_going = pod.metadata.deletion_timestamp.is_some();
            !is_going && self.workloads.iter().any(|workload| pod.is_of(workload))
        })
    }
}

impl Event {
    pub(super) fn is_about(&self, pod: &Pod) -> bool {
        self.involved_object.name == pod.metadata.name
    }
}

fn judge_one(pod: &Pod, events: &[Event], patient: &Patient, now: Timestamp) -> Vec<Finding> {
    let name = &pod.metadata.name;
    let unscheduled = pod
        .status
        .conditions
        .iter()
        .find(|condition| condition.kind == "PodScheduled" && condition.status == "False");
    if let Some(unscheduled) = unscheduled {
        let what = format!("{name} finds no node: {}", unscheduled.message);
        return vec![Finding::wrong(
            CHECK,
            what,
            "give the cluster such a node or volume, or ask for less; infra/mongodb/components/single is a database of one member",
        )];
    }
    let mut found: Vec<_> =
        pod.containers().filter_map(|container| judge_container(name, container, patient, now)).collect();
    let unmounted = events.iter().find(|event| event.is_about(pod) && event.reason == "FailedMount");
    if let Some(Event { message, .. }) =
        unmounted.filter(|_| found.is_empty() && pod.status.phase == "Pending")
    {
        let advice = missing(message, patient);
        found.push(Finding::wrong(CHECK, format!("{name} waits for a volume: {message}"), advice));
    }
    found
}

fn judge_container(
    pod: &str,
    container: &ContainerStatus,
    patient: &Patient,
    now: Timestamp,
) -> Option<Finding> {
    let ContainerStatus { name, restart_count, state, last_state } = container;
    let log = format!("kubectl -n {} logs {pod} -c {name} --previous says why", patient.namespace);
    let last = last_state.terminated.as_ref();
    if let Some(Waiting { reason, message }) = &state.waiting {
        let what = |because: &str| format!("{pod}: {name} does not run: {reason}{because}");
        return match reason.as_str() {
            "CrashLoopBackOff" => {
                let because = last.map(|last| format!(", last by {}", last.told())).unwrap_or_default();
                Some(Finding::wrong(
                    CHECK,
                    what(&because),
                    last.and_then(Terminated::advice).map_or(log, str::to_owned),
                ))
            }
            "ErrImagePull" | "ImagePullBackOff" | "InvalidImageName" | "ErrImageNeverPull" => {
                Some(Finding::wrong(
                    CHECK,
                    what(&format!(": {message}")),
                    "correct `images:` in the overlay, bring the image to where the nodes find it, or give them an imagePullSecret",
                ))
            }
            "ContainerCreating" | "PodInitializing" => None,
            _ => Some(Finding::wrong(CHECK, what(&format!(": {message}")), missing(message, patient))),
        };
    }
    let last = last.filter(|last| last.finished_at.is_some_and(|at| now.duration_since(at) < LATELY))?;
    let at = last.finished_at.unwrap_or(now);
    let what =
        format!("{pod}: {name} was started anew {restart_count} times, last after {} at {at}", last.told());
    Some(Finding::warning(CHECK, what, last.advice().map_or(log, str::to_owned)))
}

impl Terminated {
    fn told(&self) -> String {
        format!("{} (exit code {})", self.reason, self.exit_code)
    }

    fn advice(&self) -> Option<&'static str> {
        (self.reason == "OOMKilled")
            .then_some("give it more memory: requests and limits are to be equal (k8s/README.md)")
    }
}

/// Kubernetes names what is missing; we know who makes it.
fn missing(message: &str, patient: &Patient) -> String {
    let message = message.to_ascii_lowercase();
    if message.contains("secret") {
        format!("{} makes those that the manifests name; see `secrets`", patient.make_secrets())
    } else if message.contains("configmap") {
        "apply the overlay again: it makes its ConfigMaps".to_owned()
    } else {
        format!("kubectl -n {} describe pod shows the whole story", patient.namespace)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use k8s_openapi::{
        api::core::v1 as core,
        apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time},
    };
    use serde_json::{from_value, to_value};

    use super::*;
    use crate::{
        domain::finding::State,
        kube::doctor::seen::{Selector, Workload, WorkloadSpec},
    };

    fn now() -> Timestamp {
        "2026-11-21T12:00:00Z".parse().unwrap()
    }

    fn patient() -> Patient {
        let [namespace, set, database] = ["portcullis", "auth-mongodb", "auth"].map(str::to_owned);
        Patient { namespace, set, database, urls: Vec::new() }
    }

    /// One pod, as the API server would tell it.
    fn scene(status: core::PodStatus, events: Vec<core::Event>) -> Scene {
        let labels = BTreeMap::from([("app".to_owned(), "portcullis".to_owned())]);
        let metadata = ObjectMeta {
            name: Some("p-1".to_owned()),
            labels: Some(labels.clone()),
            ..ObjectMeta::default()
        };
        let pod = core::Pod { metadata, status: Some(status), ..core::Pod::default() };
        let spec = WorkloadSpec { selector: Selector { match_labels: labels }, ..WorkloadSpec::default() };
        Scene {
            workloads: vec![Workload { spec, ..Workload::default() }],
            pods: vec![from_value(to_value(pod).unwrap()).unwrap()],
            events: events.into_iter().map(|event| from_value(to_value(event).unwrap()).unwrap()).collect(),
        }
    }

    fn container(state: core::ContainerState, ended: Option<(&str, i32, &str)>) -> core::PodStatus {
        let terminated = ended.map(|(reason, exit_code, at)| core::ContainerStateTerminated {
            reason: Some(reason.to_owned()),
            exit_code,
            finished_at: Some(Time(at.parse().unwrap())),
            ..core::ContainerStateTerminated::default()
        });
        let container = core::ContainerStatus {
            name: "portcullis".to_owned(),
            restart_count: 3,
            state: Some(state),
            last_state: Some(core::ContainerState { terminated, ..core::ContainerState::default() }),
            ..core::ContainerStatus::default()
        };
        core::PodStatus {
            phase: Some("Pending".to_owned()),
            container_statuses: Some(vec![container]),
            ..core::PodStatus::default()
        }
    }

    fn waiting(reason: &str, message: &str) -> core::ContainerState {
        let waiting = core::ContainerStateWaiting {
            reason: Some(reason.to_owned()),
            message: Some(message.to_owned()),
        };
        core::ContainerState { waiting: Some(waiting), ..core::ContainerState::default() }
    }

    fn only(scene: &Scene) -> Finding {
        let mut found = judge(scene, &patient(), now());
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    }

    #[test]
    fn why_a_container_waits_is_said_with_what_to_do() {
        for (reason, message, advice) in [
            ("ImagePullBackOff", "Back-off pulling image \"portcullis:9\"", "images:"),
            (
                "CreateContainerConfigError",
                "secret \"portcullis-keys\" not found",
                "portcullis cluster secrets",
            ),
            (
                "CreateContainerConfigError",
                "couldn't find key url in Secret portcullis/portcullis-store",
                "cluster secrets",
            ),
            ("CreateContainerConfigError", "configmap \"portcullis-x\" not found", "apply the overlay"),
            ("RunContainerError", "exec format error", "describe pod"),
        ] {
            let found = only(&scene(container(waiting(reason, message), None), Vec::new()));
            assert_eq!(found.state, State::Wrong);
            assert!(found.what.contains(reason) && found.what.contains(message), "{found:?}");
            assert!(found.advice.as_ref().unwrap().contains(advice), "{found:?}");
        }
    }

    #[test]
    fn a_crash_loop_says_how_it_ended_last() {
        let crash = |reason, code| {
            let ended = Some((reason, code, "2026-11-21T11:59:00Z"));
            only(&scene(container(waiting("CrashLoopBackOff", "back-off 40s"), ended), Vec::new()))
        };
        let found = crash("Error", 1);
        assert!(found.what.contains("Error (exit code 1)"), "{found:?}");
        assert!(found.advice.unwrap().contains("logs p-1 -c portcullis --previous"));
        assert!(crash("OOMKilled", 137).advice.unwrap().contains("more memory"));
    }

    #[test]
    fn a_restart_is_worth_a_word_for_an_hour() {
        let running = || core::ContainerState {
            running: Some(core::ContainerStateRunning::default()),
            ..core::ContainerState::default()
        };
        let lately =
            scene(container(running(), Some(("OOMKilled", 137, "2026-11-21T11:30:00Z"))), Vec::new());
        assert_eq!(only(&lately).state, State::Warning);
        let before =
            scene(container(running(), Some(("OOMKilled", 137, "2026-11-21T10:30:00Z"))), Vec::new());
        assert_eq!(only(&before).state, State::Fine);
    }

    #[test]
    fn a_pod_without_a_node_or_a_volume_says_what_it_waits_for() {
        let condition = core::PodCondition {
            type_: "PodScheduled".to_owned(),
            status: "False".to_owned(),
            message: Some("0/1 nodes are available: 1 Insufficient memory.".to_owned()),
            ..core::PodCondition::default()
        };
        let pending = core::PodStatus { conditions: Some(vec![condition]), ..core::PodStatus::default() };
        assert!(only(&scene(pending, Vec::new())).what.contains("Insufficient memory"));

        let creating = container(waiting("ContainerCreating", ""), None);
        let event = core::Event {
            involved_object: core::ObjectReference { name: Some("p-1".to_owned()), ..Default::default() },
            reason: Some("FailedMount".to_owned()),
            message: Some("secret \"portcullis-keys\" not found".to_owned()),
            ..core::Event::default()
        };
        let found = only(&scene(creating.clone(), vec![event]));
        assert!(found.what.contains("portcullis-keys") && found.advice.unwrap().contains("cluster secrets"));
        assert_eq!(only(&scene(creating, Vec::new())).state, State::Fine);
    }
}
