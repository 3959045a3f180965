//! A pod of the service that nobody asks anything: what it holds, and how soon it was there.

use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::time::sleep;

use crate::{kubectl, report::Report};

pub(crate) async fn look(report: &mut Report) {
    let pods = kubectl::json("get pods --selector app.kubernetes.io/name=portcullis").await;
    let pod = &pods["items"][0];
    let (name, node) = (text(&pod["metadata"]["name"]), text(&pod["spec"]["nodeName"]));
    // What computing hashes took is given back a minute after the last one, and the kubelet looks every ten seconds or so.
    let begun = Instant::now();
    let mut mebibytes = memory(&node, &name).await;
    while mebibytes >= 30 && begun.elapsed() < Duration::from_mins(2) {
        sleep(Duration::from_secs(5)).await;
        mebibytes = memory(&node, &name).await;
    }
    report.promise("memory of an idle pod", &format!("{mebibytes} MiB"), "< 30 MiB", mebibytes < 30);
}

/// What the pod holds, in MiB, as its kubelet counts.
async fn memory(node: &str, pod: &str) -> u64 {
    let stats = kubectl::run(&format!("get --raw /api/v1/nodes/{node}/proxy/stats/summary")).await;
    let stats: Value = serde_json::from_str(&stats.expect("the kubelet's statistics")).expect("JSON");
    let of_pod =
        stats["pods"].as_array().and_then(|pods| pods.iter().find(|found| found["podRef"]["name"] == pod));
    let memory = &of_pod.expect("the pod's statistics")["containers"][0]["memory"];
    memory["workingSetBytes"].as_u64().expect("its memory") / 1024 / 1024
}

fn text(value: &Value) -> String {
    value.as_str().expect("a name").to_owned()
}
