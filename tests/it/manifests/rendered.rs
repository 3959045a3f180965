//! What `kubectl kustomize` makes of every place, as typed objects.

use std::{collections::BTreeMap, fs, io, io::Write, process::Command, sync::OnceLock};

use k8s_openapi::{
    DeepMerge as _,
    api::{
        apps::v1::{Deployment, StatefulSet},
        batch::v1::{CronJob, Job},
        core::v1::{PodSpec, PodTemplateSpec, Service},
        networking::v1::{Ingress, NetworkPolicy},
        policy::v1::PodDisruptionBudget,
    },
    apimachinery::pkg::apis::meta::v1::LabelSelector,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::support::{folder::Folder, process::ended};

/// One place, with all its objects.
pub(super) struct Rendered {
    pub(super) name: String,
    pub(super) text: String,
    objects: Vec<Value>,
}

/// Pods that something makes.
pub(super) struct Pods {
    pub(super) owner: String,
    pub(super) namespace: String,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) spec: PodSpec,
    /// By which the owner finds them again.
    pub(super) selector: Option<LabelSelector>,
}

/// `None`, said once and aloud, where there is no kubectl.
pub(super) fn all() -> Option<&'static [Rendered]> {
    static ALL: OnceLock<Option<Vec<Rendered>>> = OnceLock::new();
    ALL.get_or_init(render).as_deref()
}

fn render() -> Option<Vec<Rendered>> {
    let root = env!("CARGO_MANIFEST_DIR");
    let found = ended(&mut Command::new(format!("{root}/tests/tools/kubectl"))).status.success();
    if !found {
        // Not by a macro, whose output the test harness would keep to itself.
        io::stderr().write_all(b"\nskipped: no kubectl to render the manifests with\n").unwrap();
        return None;
    }
    let folder = Folder::new();
    let rendered = ended(Command::new(format!("{root}/tests/tools/render-manifests")).arg(folder.path()));
    assert!(rendered.status.success(), "{}", String::from_utf8_lossy(&rendered.stderr));
    let mut files: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |path: &std::path::PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let objects = text.split("\n---\n").map(|object| serde_saphyr::from_str(object).unwrap()).collect();
        Rendered { name, text, objects }
    };
    Some(files.iter().map(read).collect())
}

impl Rendered {
    pub(super) fn of<T: DeserializeOwned>(&self, kind: &str) -> Vec<T> {
        let of_kind = self.objects.iter().filter(|object| object["kind"] == kind);
        of_kind.map(|object| serde_json::from_value(object.clone()).unwrap()).collect()
    }

    pub(super) fn has(&self, kind: &str, namespace: &str, name: &str) -> bool {
        self.objects.iter().any(|object| {
            let metadata = &object["metadata"];
            object["kind"] == kind && metadata["namespace"] == namespace && metadata["name"] == name
        })
    }

    /// Whether it describes pods that something else brings along.
    pub(super) fn pods(&self) -> Vec<Pods> {
        let mut pods = Vec::new();
        for deployment in self.of::<Deployment>("Deployment") {
            let spec = deployment.spec.unwrap();
            pods.push(Pods::of("Deployment", deployment.metadata, spec.template, Some(spec.selector)));
        }
        for set in self.of::<StatefulSet>("StatefulSet") {
            let spec = set.spec.unwrap();
            let mut made = Pods::of("StatefulSet", set.metadata, spec.template, Some(spec.selector));
            let claims = spec.volume_claim_templates.unwrap_or_default();
            let volumes = claims.into_iter().map(|claim| k8s_openapi::api::core::v1::Volume {
                name: claim.metadata.name.unwrap(),
                ..Default::default()
            });
            let mut with_claims = PodSpec { volumes: Some(volumes.collect()), ..Default::default() };
            with_claims.merge_from(made.spec);
            made.spec = with_claims;
            pods.push(made);
        }
        for job in self.of::<Job>("Job") {
            pods.push(Pods::of("Job", job.metadata, job.spec.unwrap().template, None));
        }
        for job in self.of::<CronJob>("CronJob") {
            let template = job.spec.unwrap().job_template.spec.unwrap().template;
            pods.push(Pods::of("CronJob", job.metadata, template, None));
        }
        pods
    }

    pub(super) fn services(&self) -> Vec<Service> {
        self.of("Service")
    }

    pub(super) fn ingresses(&self) -> Vec<Ingress> {
        self.of("Ingress")
    }

    pub(super) fn policies(&self) -> Vec<NetworkPolicy> {
        self.of("NetworkPolicy")
    }

    pub(super) fn budgets(&self) -> Vec<PodDisruptionBudget> {
        self.of("PodDisruptionBudget")
    }
}

impl Pods {
    fn of(
        kind: &str,
        metadata: k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta,
        template: PodTemplateSpec,
        selector: Option<LabelSelector>,
    ) -> Self {
        Self {
            owner: format!("{kind} {}", metadata.name.unwrap()),
            namespace: metadata.namespace.unwrap_or_default(),
            labels: template.metadata.unwrap().labels.unwrap_or_default(),
            spec: template.spec.unwrap(),
            selector,
        }
    }
}

/// Whether a selector takes in pods with these labels; one that asks for nothing takes in all.
pub(super) fn selects(selector: &LabelSelector, labels: &BTreeMap<String, String>) -> bool {
    let equal = |(name, value): (&String, &String)| labels.get(name) == Some(value);
    let meets = |wanted: &k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelectorRequirement| {
        let given = labels.get(&wanted.key);
        let among = given.is_some_and(|given| wanted.values.iter().flatten().any(|value| value == given));
        match wanted.operator.as_str() {
            "In" => among,
            "NotIn" => !among,
            "Exists" => given.is_some(),
            "DoesNotExist" => given.is_none(),
            operator => panic!("{operator}"),
        }
    };
    selector.match_labels.iter().flatten().all(equal)
        && selector.match_expressions.iter().flatten().all(meets)
}
