//! A rolling restart of the service, that nobody notices.

use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;

use crate::{
    kubectl,
    load::Load,
    place::{self, Place},
    report::Report,
};

const QUESTIONS: usize = 10_000;

pub(crate) async fn look(place: &mut Place, report: &mut Report) {
    let load = Load::begin(&place.cookie, &place.email);
    kubectl::here("rollout restart deployment portcullis").await;
    kubectl::here("rollout status deployment/portcullis --timeout 120s").await;
    // The old pod is asked until it is gone.
    kubectl::until("enough was asked, and the old pod is gone", Duration::from_mins(3), async || {
        let pods = kubectl::json("get pods --selector app.kubernetes.io/name=portcullis").await;
        load.asked() >= QUESTIONS && pods["items"].as_array().is_some_and(|pods| pods.len() == 1)
    })
    .await;
    let seen = load.end().await;
    let figure = format!("{} of {} failed", seen.failures.len(), seen.asked);
    report.promise("a rolling restart under load", &figure, "0 of 10,000", seen.failures.is_empty());
    Report::say("the slowest answer meanwhile", &format!("{} ms", seen.slowest.as_millis()));
    if let Some(failure) = seen.failures.first() {
        eprintln!("the first failure: {failure}");
    }
    let after = starts().await;
    report.promise(
        "a container, started to ready, with MongoDB up",
        &format!("{} ms, median of {after:?}", after[1]),
        "<= 100 ms",
        after[1] <= 100,
    );
}

/// How many milliseconds new pods needed, once their network was there: what enforces policies may let a pod wait that it
/// does not know yet, and that is not ours.
async fn starts() -> [u64; 3] {
    kubectl::here("delete networkpolicy --all").await;
    sleep(Duration::from_secs(2)).await;
    let mut after = [start().await, start().await, start().await];
    place::apply().await;
    after.sort_unstable();
    after
}

async fn start() -> u64 {
    kubectl::here("rollout restart deployment portcullis").await;
    kubectl::here("rollout status deployment/portcullis --timeout 120s").await;
    let pods = kubectl::json("get pods --selector app.kubernetes.io/name=portcullis").await;
    let pods = pods["items"].as_array().cloned().unwrap_or_default();
    let newest =
        pods.iter().max_by_key(|pod| pod["metadata"]["creationTimestamp"].as_str().map(str::to_owned));
    let name = newest.and_then(|pod| pod["metadata"]["name"].as_str()).expect("a pod").to_owned();
    let log = kubectl::here(&format!("logs {name}")).await;
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let ready = lines.into_iter().find(|line| line["message"] == "ready").expect("it says when it is ready");
    ready["after_ms"].as_u64().expect("it says how long it took")
}
