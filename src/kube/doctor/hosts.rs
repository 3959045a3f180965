//! The ways in from outside: what is written about them, and what they answer to a stranger.

use super::{
    Cluster, Patient,
    doors::{self, Door},
    gateways, ingresses, policies,
    routes::{Entrances, PUBLIC},
    tls,
};
use crate::{
    domain::{
        clock::Clock,
        finding::{Finding, or_fine},
    },
    flows::doctor::{Reach, gate, outside},
};

const CHECK: &str = "ingress";

pub(super) async fn look(
    cluster: &Cluster,
    patient: &Patient,
    reach: &Reach,
    clock: &dyn Clock,
) -> Vec<Finding> {
    let namespace = &patient.namespace;
    let (routes, mut found) = Entrances::read(cluster).await;
    let doors = doors::of(&routes, namespace);
    found.extend(written(&routes, &doors, namespace));
    found.extend(tls::look(cluster, &doors, clock.now()).await);

    let mut pages: Vec<_> = doors.iter().filter_map(|door| Some((door, door.url()?))).collect();
    pages.dedup_by(|(_, one), (_, other)| one == other);
    for (door, url) in pages.iter().filter(|(door, _)| door.is_guarded) {
        found.extend(gate::look(url, &Reach { shown: door.shown, ..*reach }).await);
    }
    found.extend(named(patient, reach).await);
    let all = pages.iter().map(|(_, url)| url).chain(&patient.urls);
    for origin in outside::origins(all) {
        let door = pages.iter().find(|(_, url)| url.origin() == origin.origin());
        let shown = door.and_then(|(door, _)| door.shown);
        found.extend(outside::look(&origin, &Reach { shown, ..*reach }, clock).await);
    }
    found
}

/// What the doctor was told to ask.
pub(super) async fn named(patient: &Patient, reach: &Reach) -> Vec<Finding> {
    let mut found = Vec::new();
    for url in &patient.urls {
        found.extend(gate::look(url, reach).await);
    }
    found
}

fn written(routes: &Entrances, doors: &[Door], namespace: &str) -> Vec<Finding> {
    let mut found = ingresses::judge(routes, namespace);
    found.extend(policies::judge(routes));
    found.extend(gateways::judge(routes, namespace));
    if doors.is_empty() {
        let what = format!("nothing leads from outside to the Service {namespace}/{PUBLIC}");
        found.push(Finding::warning(
            CHECK,
            what,
            "add one of k8s/components/ingress, if people are to come in that way",
        ));
    }
    or_fine(
        found,
        CHECK,
        format!("{} pages lead to us or are guarded by us, by controllers that heed it", doors.len()),
    )
}
