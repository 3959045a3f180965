//! What is wrong in a cluster, by the rights of whoever asks. One file a check; all of them only read.

mod cluster;
mod controllers;
mod doors;
mod gateways;
mod health;
mod hosts;
mod ingresses;
mod objects;
mod pods;
mod policies;
mod probes;
mod replica_set;
mod rollout;
mod routes;
mod secrets;
mod seen;
mod tls;

use url::Url;

use self::{
    cluster::{Cluster, Read, Unread},
    objects::Objects,
    seen::{Event, Pod, Workload},
};
use crate::{
    domain::{clock::Clock, finding::Finding},
    flows::doctor::{Reach, clock},
};

const CHECK: &str = "cluster";

/// Who is to be looked at.
#[derive(Clone, Debug)]
pub struct Patient {
    pub namespace: String,
    /// The name of the database's StatefulSet, and of its Service.
    pub set: String,
    /// `auth` is that of Portcullis; of another service's, the database alone is looked at.
    pub database: String,
    /// Pages behind forward-auth, besides those that the cluster names.
    pub urls: Vec<Url>,
}

impl Patient {
    fn is_ours(&self) -> bool {
        self.database == "auth"
    }

    /// The command that makes its Secrets.
    fn make_secrets(&self) -> String {
        let Self { namespace, set, database, .. } = self;
        format!("portcullis cluster secrets --namespace {namespace} --database {database} --set {set}")
    }
}

/// What runs.
struct Scene {
    workloads: Vec<Workload>,
    pods: Vec<Pod>,
    events: Vec<Event>,
}

pub async fn examine(patient: &Patient, reach: &Reach, clock: &dyn Clock) -> Vec<Finding> {
    let cluster = match Cluster::find(&patient.namespace, reach.deadline).await {
        Ok(cluster) => cluster,
        Err(failure) => return vec![unreached(&failure.to_string())],
    };
    let mut found = match cluster.date().await {
        Err(Unread::Failed(reason)) => return vec![unreached(&reason)],
        date => date.ok().flatten().map(|date| clock::judge("the API server's clock", date, clock.now())),
    }
    .into_iter()
    .collect::<Vec<_>>();

    let objects = objects::look(&cluster, patient).await;
    found.extend(objects.found);
    if !objects.is_there {
        return found;
    }
    let Objects { workloads, .. } = objects;
    let pods = read_or_tell(cluster.list(&cluster.folder("v1", "pods")).await, "pods", &mut found);
    let events = read_or_tell(cluster.list(&cluster.folder("v1", "events")).await, "events", &mut found);
    found.extend(workloads.iter().map(rollout::judge));
    found.extend(secrets::look(&cluster, patient, &workloads).await);
    if let Some(pods) = pods {
        let scene = Scene { workloads, pods, events: events.unwrap_or_default() };
        found.extend(pods::judge(&scene, patient, clock.now()));
        found.extend(probes::judge(&scene, &cluster.namespace, clock.now()));
        found.extend(replica_set::look(&cluster, patient, &scene).await);
        found.extend(health::look(&cluster, &scene, clock).await);
    }
    found.extend(if patient.is_ours() {
        hosts::look(&cluster, patient, reach, clock).await
    } else {
        hosts::named(patient, reach).await
    });
    found
}

/// What cannot be read is told.
fn read_or_tell<T>(read: Read<Vec<T>>, what: &str, found: &mut Vec<Finding>) -> Option<Vec<T>> {
    read.map_err(|unread| found.push(unreadable(what, &unread))).ok()
}

fn unreadable(what: &str, unread: &Unread) -> Finding {
    Finding::unknown(
        CHECK,
        format!("{what} cannot be read: {unread}"),
        "docs/doctor.md lists the rights that this takes",
    )
}

fn unreached(reason: &str) -> Finding {
    Finding::wrong(
        CHECK,
        reason,
        "see whether `kubectl version` gets an answer; KUBECONFIG says which cluster",
    )
}
