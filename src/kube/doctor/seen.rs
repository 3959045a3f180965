//! Of the objects of a cluster, what a doctor looks at.
//!
//! The whole types of `k8s-openapi` would make the binary half a megabyte larger; the tests make their objects of those, so that a
//! name that is wrong here is noticed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Meta {
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) generation: i64,
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) creation_timestamp: Option<Timestamp>,
    pub(super) deletion_timestamp: Option<Timestamp>,
}

/// Any object, of which no more is asked than that it is there.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Object {
    pub(super) metadata: Meta,
}

/// A Deployment or a StatefulSet.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Workload {
    pub(super) metadata: Meta,
    pub(super) spec: WorkloadSpec,
    pub(super) status: WorkloadStatus,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WorkloadSpec {
    pub(super) replicas: i64,
    pub(super) selector: Selector,
    pub(super) template: Template,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Selector {
    pub(super) match_labels: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Template {
    pub(super) spec: PodSpec,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WorkloadStatus {
    pub(super) observed_generation: i64,
    pub(super) ready_replicas: i64,
    pub(super) updated_replicas: i64,
    pub(super) conditions: Vec<Condition>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Condition {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) status: String,
    pub(super) reason: String,
    pub(super) message: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PodSpec {
    pub(super) containers: Vec<Container>,
    pub(super) init_containers: Vec<Container>,
    pub(super) volumes: Vec<Volume>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Container {
    pub(super) name: String,
    pub(super) restart_policy: String,
    pub(super) env: Vec<Env>,
    pub(super) env_from: Vec<EnvFrom>,
    pub(super) liveness_probe: Option<Probe>,
    pub(super) readiness_probe: Option<Probe>,
    pub(super) startup_probe: Option<Probe>,
}

/// That there is one.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct Probe {}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Env {
    pub(super) value_from: EnvValue,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct EnvValue {
    pub(super) secret_key_ref: Option<KeyOf>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct EnvFrom {
    pub(super) secret_ref: Option<SecretOf>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Volume {
    pub(super) secret: Option<SecretOf>,
    pub(super) projected: Projected,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Projected {
    pub(super) sources: Vec<Source>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Source {
    pub(super) secret: Option<SecretOf>,
}

/// A Secret, and which of its keys are taken: all, where none is named.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SecretOf {
    #[serde(alias = "secretName")]
    pub(super) name: String,
    pub(super) optional: bool,
    pub(super) items: Vec<KeyOf>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct KeyOf {
    pub(super) name: String,
    pub(super) key: String,
    pub(super) optional: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Pod {
    pub(super) metadata: Meta,
    pub(super) status: PodStatus,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PodStatus {
    pub(super) phase: String,
    pub(super) conditions: Vec<Condition>,
    pub(super) container_statuses: Vec<ContainerStatus>,
    pub(super) init_container_statuses: Vec<ContainerStatus>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ContainerStatus {
    pub(super) name: String,
    pub(super) restart_count: u32,
    pub(super) state: ContainerState,
    pub(super) last_state: ContainerState,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ContainerState {
    pub(super) waiting: Option<Waiting>,
    pub(super) terminated: Option<Terminated>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Waiting {
    pub(super) reason: String,
    pub(super) message: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Terminated {
    pub(super) reason: String,
    pub(super) exit_code: i32,
    pub(super) finished_at: Option<Timestamp>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Event {
    pub(super) metadata: Meta,
    pub(super) involved_object: Meta,
    pub(super) reason: String,
    pub(super) message: String,
    pub(super) last_timestamp: Option<Timestamp>,
    #[serde(rename = "eventTime")]
    pub(super) happened: Option<Timestamp>,
}

impl Event {
    /// When it happened last, as far as it says.
    pub(super) fn at(&self) -> Option<Timestamp> {
        self.last_timestamp.or(self.happened).or(self.metadata.creation_timestamp)
    }
}

impl Pod {
    pub(super) fn is_ready(&self) -> bool {
        self.status.conditions.iter().any(|condition| condition.kind == "Ready" && condition.status == "True")
    }

    pub(super) fn is_of(&self, workload: &Workload) -> bool {
        let wanted = &workload.spec.selector.match_labels;
        !wanted.is_empty() && wanted.iter().all(|(name, value)| self.metadata.labels.get(name) == Some(value))
    }

    pub(super) fn containers(&self) -> impl Iterator<Item = &ContainerStatus> {
        self.status.init_container_statuses.iter().chain(&self.status.container_statuses)
    }
}

impl PodSpec {
    pub(super) fn all(&self) -> impl Iterator<Item = &Container> {
        self.init_containers.iter().chain(&self.containers)
    }

    /// Every Secret that it mounts or reads; one of whose keys are named, by those.
    pub(super) fn secrets(&self) -> Vec<SecretOf> {
        let mounted = self.volumes.iter().flat_map(|volume| {
            volume
                .secret
                .iter()
                .chain(volume.projected.sources.iter().filter_map(|source| source.secret.as_ref()))
        });
        let from = self
            .all()
            .flat_map(|container| container.env_from.iter().filter_map(|from| from.secret_ref.as_ref()));
        let keys = self.all().flat_map(|container| {
            container.env.iter().filter_map(|env| env.value_from.secret_key_ref.as_ref())
        });
        let single = |key: &KeyOf| SecretOf {
            name: key.name.clone(),
            optional: key.optional,
            items: vec![key.clone()],
        };
        mounted.chain(from).cloned().chain(keys.map(single)).collect()
    }
}
