//! What watches: whoever is to be asked for figures is found, and Grafana finds the dashboard.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde_json::Value;

use super::{
    of_each,
    rendered::{all, selects},
};

#[test]
fn a_monitor_finds_pods_and_asks_a_port_of_theirs() {
    of_each(|rendered, wrong| {
        for monitor in rendered.of::<Value>("PodMonitor") {
            let (name, spec) = (&monitor["metadata"]["name"], &monitor["spec"]);
            let selector: LabelSelector = serde_json::from_value(spec["selector"].clone()).unwrap();
            let pods = rendered.pods();
            let mut found = pods.iter().filter(|pods| selects(&selector, &pods.labels)).peekable();
            if found.peek().is_none() {
                wrong.push(format!("PodMonitor {name} finds nobody"));
            }
            for pods in found {
                let containers = pods.spec.init_containers.iter().flatten().chain(&pods.spec.containers);
                let mut ports = containers.flat_map(|container| container.ports.iter().flatten());
                let wanted = spec["podMetricsEndpoints"][0]["port"].as_str();
                if !ports.any(|port| port.name.as_deref() == wanted) {
                    wrong.push(format!("PodMonitor {name}: {} has no port {wanted:?}", pods.owner));
                }
            }
        }
    });
}

#[test]
fn grafana_finds_the_dashboard_where_somebody_watches() {
    let Some(all) = all() else { return };
    let mut found = 0;
    for rendered in all {
        for map in rendered.of::<Value>("ConfigMap") {
            let labels: BTreeMap<String, String> =
                serde_json::from_value(map["metadata"]["labels"].clone()).unwrap_or_default();
            if labels.get("grafana_dashboard").is_some_and(|label| label == "1") {
                let dashboard: Value =
                    serde_json::from_str(map["data"]["dashboard.json"].as_str().unwrap()).unwrap();
                assert_eq!(dashboard["uid"], "portcullis");
                found += 1;
            }
        }
    }
    assert!(found > 0);
}
