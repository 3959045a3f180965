//! How the service says it is, pod by pod, and what time it has.

use super::{Cluster, Scene, Workload, cluster::Unread};
use crate::{
    domain::{clock::Clock, finding::Finding},
    flows::doctor::{clock as clocks, health},
};

const INTERNAL: u16 = 9000;

pub(super) async fn look(cluster: &Cluster, scene: &Scene, clock: &dyn Clock) -> Vec<Finding> {
    let is_service = |workload: &&Workload| workload.metadata.name.starts_with("Deployment ");
    let Some(service) = scene.workloads.iter().find(is_service) else { return Vec::new() };
    let (mut found, mut silent) = (Vec::new(), Vec::new());
    for pod in scene.ours().filter(|pod| pod.is_of(service)) {
        let name = &pod.metadata.name;
        match cluster.through(name, INTERNAL, "health").await {
            Ok(reply) if reply.status == 200 => {
                found.extend(health::judge(name, &reply.body));
                found.extend(
                    reply.date.map(|date| clocks::judge(&format!("the clock of {name}"), date, clock.now())),
                );
            }
            Ok(reply) => silent.push((name, format!("it answers {}", reply.status))),
            Err(Unread::Missing) => {}
            Err(unread) => silent.push((name, unread.to_string())),
        }
    }
    if let Some((_, reason)) = silent.first() {
        let names: Vec<_> = silent.iter().map(|(name, _)| name.as_str()).collect();
        let what = format!("{} cannot be asked how it is: {reason}", names.join(", "));
        let advice =
            "kubectl port-forward service/portcullis-internal 9000, then http://localhost:9000/health";
        found.push(Finding::unknown(health::CHECK, what, advice));
    }
    found
}
