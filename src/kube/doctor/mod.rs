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
    /// Whether it is Portcullis with its database, or another service's database alone.
    pub is_ours: bool,
    /// Pages behind forward-auth, besides those that the cluster names.
    pub urls: Vec<Url>,
}

/// What runs, as far as it could be read.
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
    let mut scene = Scene { workloads: objects.workloads, pods: Vec::new(), events: Vec::new() };
    scene.pods = read_or_tell(cluster.list(&cluster.folder("v1", "pods")).await, "pods", &mut found);
    scene.events = read_or_tell(cluster.list(&cluster.folder("v1", "events")).await, "events", &mut found);

    found.extend(scene.workloads.iter().map(rollout::judge));
    found.extend(pods::judge(&scene, &cluster.namespace, clock.now()));
    found.extend(probes::judge(&scene, &cluster.namespace, clock.now()));
    found.extend(secrets::look(&cluster, patient, &scene.workloads).await);
    found.extend(replica_set::look(&cluster, patient, &scene).await);
    if patient.is_ours {
        found.extend(health::look(&cluster, &scene, clock).await);
        found.extend(hosts::look(&cluster, patient, reach, clock).await);
    }
    found
}

/// Nothing, where it cannot be read, which is told.
fn read_or_tell<T>(read: Read<Vec<T>>, what: &str, found: &mut Vec<Finding>) -> Vec<T> {
    read.unwrap_or_else(|unread| {
        found.push(unreadable(what, &unread));
        Vec::new()
    })
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
