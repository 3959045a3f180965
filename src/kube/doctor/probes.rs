//! Probes that fail, and those that nobody wrote.

use jiff::{SignedDuration, Timestamp};

use super::{
    Pod, Scene,
    seen::{Container, Workload},
};
use crate::domain::finding::{Finding, or_fine};

const CHECK: &str = "probes";

/// Kubernetes tells a failure anew every few minutes at least.
const LATELY: SignedDuration = SignedDuration::from_mins(10);
/// A pod may start for so long before anybody is worried.
const YOUNG: SignedDuration = SignedDuration::from_mins(2);

pub(super) fn judge(scene: &Scene, namespace: &str, now: Timestamp) -> Vec<Finding> {
    if scene.workloads.is_empty() {
        return Vec::new();
    }
    let unwritten = scene.workloads.iter().flat_map(unwritten);
    let failing = scene.ours().filter_map(|pod| failing(pod, scene, namespace, now));
    or_fine(
        unwritten.chain(failing).collect(),
        CHECK,
        "every pod is asked whether it is alive and ready, and is",
    )
}

fn failing(pod: &Pod, scene: &Scene, namespace: &str, now: Timestamp) -> Option<Finding> {
    let name = &pod.metadata.name;
    let told = scene.events.iter().filter(|event| {
        event.is_about(pod)
            && event.reason == "Unhealthy"
            && event.at().is_some_and(|at| now.duration_since(at) < LATELY)
    });
    let last = told.max_by_key(|event| event.at());
    let runs = pod.status.phase == "Running";
    let is_young = pod.metadata.creation_timestamp.is_some_and(|at| now.duration_since(at) < YOUNG);
    match (pod.is_ready(), last) {
        (false, _) if runs && is_young => Some(Finding::warning(
            CHECK,
            format!("{name} is not ready yet"),
            "wait two minutes, and look again",
        )),
        (false, _) if runs => {
            let because = last.map(|event| format!(": {}", event.message)).unwrap_or_default();
            let advice =
                format!("see `health`, `replica set` and `store`, or kubectl -n {namespace} logs {name}");
            Some(Finding::wrong(CHECK, format!("{name} is not ready{because}"), advice))
        }
        (true, Some(event)) if event.message.starts_with("Liveness") => Some(Finding::warning(
            CHECK,
            format!("{name} was all but ended: {}", event.message),
            "give it more processor time or memory",
        )),
        _ => None,
    }
}

/// Whoever starts once and ends is not asked.
fn stays(container: &Container) -> bool {
    container.restart_policy == "Always"
}

fn unwritten(workload: &Workload) -> Vec<Finding> {
    let (name, pod) = (&workload.metadata.name, &workload.spec.template.spec);
    let lasting: Vec<_> = pod
        .containers
        .iter()
        .chain(pod.init_containers.iter().filter(|container| stays(container)))
        .collect();
    let advice = "take the probes of k8s/base or infra/mongodb/base into your manifests";
    let mut found = Vec::new();
    for Container { name: container, .. } in
        lasting.iter().filter(|container| container.liveness_probe.is_none())
    {
        let what = format!("{name}: nobody asks whether {container} is alive (no livenessProbe)");
        found.push(Finding::warning(CHECK, what, advice));
    }
    if lasting.iter().all(|container| container.readiness_probe.is_none()) {
        let what = format!("{name}: nobody asks whether its pods are ready (no readinessProbe)");
        found.push(Finding::warning(CHECK, what, advice));
    }
    found
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1 as core;
    use serde_json::{from_value, json, to_value};

    use super::*;
    use crate::domain::finding::State;

    fn now() -> Timestamp {
        "2026-11-21T12:00:00Z".parse().unwrap()
    }

    fn scene(pod: &core::PodSpec, ready: &str, created: &str, event: Option<(&str, &str)>) -> Scene {
        let labels = json!({ "app": "x" });
        let condition = json!({ "type": "Ready", "status": ready });
        let status = json!({ "phase": "Running", "conditions": [condition] });
        let metadata = json!({ "name": "p-1", "labels": labels, "creationTimestamp": created });
        let workload = json!({ "metadata": { "name": "Deployment p" }, "spec": {
            "selector": { "matchLabels": labels }, "template": { "spec": to_value(pod).unwrap() } } });
        let event = event.map(|(message, at)| {
            json!({ "involvedObject": { "name": "p-1" }, "reason": "Unhealthy", "message": message, "lastTimestamp": at })
        });
        Scene {
            workloads: vec![from_value(workload).unwrap()],
            pods: vec![from_value(json!({ "metadata": metadata, "status": status })).unwrap()],
            events: event.into_iter().map(|event| from_value(event).unwrap()).collect(),
        }
    }

    fn probed(readiness: bool) -> core::PodSpec {
        let probe = || Some(core::Probe { period_seconds: Some(1), ..core::Probe::default() });
        let container = core::Container {
            name: "c".to_owned(),
            liveness_probe: probe(),
            readiness_probe: if readiness { probe() } else { None },
            ..core::Container::default()
        };
        let once = core::Container { name: "once".to_owned(), ..core::Container::default() };
        core::PodSpec {
            containers: vec![container],
            init_containers: Some(vec![once]),
            ..core::PodSpec::default()
        }
    }

    fn only(scene: &Scene) -> Finding {
        let mut found = judge(scene, "portcullis", now());
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    }

    #[test]
    fn a_pod_that_is_not_ready_says_which_probe_failed() {
        let (old, failed) =
            ("2026-11-21T11:00:00Z", "Readiness probe failed: HTTP probe failed with statuscode: 503");
        let found = only(&scene(&probed(true), "False", old, Some((failed, "2026-11-21T11:59:00Z"))));
        assert!(found.state == State::Wrong && found.what.contains("503"), "{found:?}");
        assert_eq!(only(&scene(&probed(true), "False", "2026-11-21T11:59:00Z", None)).state, State::Warning);
        assert_eq!(
            only(&scene(&probed(true), "True", old, Some((failed, "2026-11-21T11:59:00Z")))).state,
            State::Fine
        );
        let liveness = "Liveness probe failed: context deadline exceeded";
        let all_but = scene(&probed(true), "True", old, Some((liveness, "2026-11-21T11:59:00Z")));
        assert_eq!(only(&all_but).state, State::Warning);
        let long_ago = scene(&probed(true), "True", old, Some((liveness, "2026-11-21T11:40:00Z")));
        assert_eq!(only(&long_ago).state, State::Fine);
    }

    #[test]
    fn a_probe_that_nobody_wrote_is_missed_where_something_runs_for_long() {
        let old = "2026-11-21T11:00:00Z";
        assert!(only(&scene(&probed(false), "True", old, None)).what.contains("readinessProbe"));
        let none = core::PodSpec {
            containers: vec![core::Container { name: "c".to_owned(), ..core::Container::default() }],
            ..core::PodSpec::default()
        };
        assert_eq!(judge(&scene(&none, "True", old, None), "portcullis", now()).len(), 2);
    }
}
