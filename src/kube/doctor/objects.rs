//! Whether what the manifests make is there at all.

use super::{
    Cluster, Patient, Read, Unread, Workload,
    seen::{Meta, Object},
    unreadable,
};
use crate::domain::finding::{Finding, or_fine};

const CHECK: &str = "objects";

pub(super) struct Objects {
    pub(super) is_there: bool,
    pub(super) workloads: Vec<Workload>,
    pub(super) found: Vec<Finding>,
}

/// The name of the Secret that says where MongoDB is: whoever names it keeps nothing in a file.
const STORE: &str = "portcullis-store";

pub(super) async fn look(cluster: &Cluster, patient: &Patient) -> Objects {
    let (namespace, set) = (&patient.namespace, &patient.set);
    let mut objects = Objects { is_there: true, workloads: Vec::new(), found: Vec::new() };
    if cluster
        .get::<Object>("/api/v1/namespaces", namespace)
        .await
        .is_err_and(|unread| unread == Unread::Missing)
    {
        let advice = format!("kubectl apply -k infra/namespaces/{namespace}, or say --namespace");
        objects.found.push(Finding::wrong(CHECK, format!("there is no namespace {namespace}"), advice));
        objects.is_there = false;
        return objects;
    }
    let mut wants_database = true;
    if patient.is_ours() {
        let deployment: Read<Workload> =
            cluster.get(&cluster.folder("apps/v1", "deployments"), "portcullis").await;
        wants_database = deployment.as_ref().map_or(true, wants);
        objects.take("Deployment", "portcullis", "kubectl apply -k k8s/overlays/production", deployment);
        for service in ["portcullis", "portcullis-internal"] {
            objects.service(cluster, service).await;
        }
    }
    if wants_database {
        let read: Read<Workload> = cluster.get(&cluster.folder("apps/v1", "statefulsets"), set).await;
        if patient.is_ours() && matches!(read, Err(Unread::Missing)) {
            let what = format!("there is no StatefulSet {set} for the database");
            let advice = "nothing, if the database is elsewhere; else kubectl apply -k infra/mongodb/overlays/auth, or say --set";
            objects.found.push(Finding::warning(CHECK, what, advice));
        } else {
            objects.take("StatefulSet", set, "kubectl apply -k its overlay in infra/mongodb", read);
            objects.service(cluster, set).await;
        }
    }
    objects.found = or_fine(objects.found, CHECK, format!("what the manifests make in {namespace} is there"));
    objects
}

fn wants(deployment: &Workload) -> bool {
    deployment.spec.template.spec.secrets().iter().any(|secret| secret.name == STORE)
}

impl Objects {
    fn take(&mut self, kind: &str, name: &str, advice: &str, read: Read<Workload>) {
        match read {
            Ok(workload) => {
                let name = format!("{kind} {}", workload.metadata.name);
                self.workloads.push(Workload { metadata: Meta { name, ..workload.metadata }, ..workload });
            }
            Err(unread) => self.lack(kind, name, advice, &unread),
        }
    }

    async fn service(&mut self, cluster: &Cluster, name: &str) {
        if let Err(unread) = cluster.get::<Object>(&cluster.folder("v1", "services"), name).await {
            self.lack(
                "Service",
                name,
                "apply the manifests again: kubectl diff -k shows what else is missing",
                &unread,
            );
        }
    }

    fn lack(&mut self, kind: &str, name: &str, advice: &str, unread: &Unread) {
        self.found.push(match unread {
            Unread::Missing => Finding::wrong(CHECK, format!("there is no {kind} {name}"), advice),
            unread => unreadable(&format!("the {kind} {name}"), unread),
        });
    }
}
