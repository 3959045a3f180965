//! The alerts and the dashboard: each fires when it should and not before, and speaks of figures that there are.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use serde_json::Value;

use super::documented::documented;
use crate::support::{figures::promtool, folder::Folder, process::ended};

const RULES: &str = "infra/monitoring/prometheusrule.yaml";
const DASHBOARD: &str = "infra/monitoring/dashboard.json";

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn spec() -> Value {
    let rule: Value = serde_saphyr::from_str(&read(RULES)).unwrap();
    rule["spec"].clone()
}

fn rules(spec: &Value) -> Vec<Value> {
    let groups = spec["groups"].as_array().unwrap();
    groups.iter().flat_map(|group| group["rules"].as_array().unwrap().clone()).collect()
}

/// What promtool says of the rules, with the series of `alerts.yaml`; `None` where there is no promtool.
fn tried(rules: &str) -> Option<Result<(), String>> {
    promtool(&["--version"], "")?.unwrap();
    let folder = Folder::new();
    fs::write(folder.file("rules.yaml"), rules).unwrap();
    fs::write(folder.file("alerts.yaml"), read("tests/it/metrics/alerts.yaml")).unwrap();
    for (verb, file) in [("check", "rules.yaml"), ("test", "alerts.yaml")] {
        let output = ended(Command::new("promtool").args([verb, "rules", file]).current_dir(folder.path()));
        if !output.status.success() {
            return Some(Err([output.stdout, output.stderr].concat().escape_ascii().to_string()));
        }
    }
    Some(Ok(()))
}

#[test]
fn each_alert_fires_when_it_should_and_not_before() {
    let rules = spec().to_string();
    let Some(said) = tried(&rules) else { return };
    assert_eq!(said, Ok(()));
    for (right, wrong) in [
        ("portcullis_store_storage_ratio) > 0.8", "portcullis_store_storage_ratio) > 0.9"),
        ("portcullis_store_lag_seconds) > 10", "portcullis_store_lag_seconds) > 0"),
    ] {
        assert!(rules.contains(right));
        assert!(tried(&rules.replace(right, wrong)).unwrap().is_err(), "{wrong}");
    }
}

#[test]
fn each_alert_is_tried_and_says_what_to_do() {
    let (tried, docs) = (read("tests/it/metrics/alerts.yaml"), read("docs/metrics.md"));
    let headings: BTreeSet<String> =
        docs.lines().filter_map(|line| line.strip_prefix("### ")).map(str::to_lowercase).collect();
    let rules = rules(&spec());
    assert!(rules.len() > 20, "{}", rules.len());
    assert_eq!(rules.len(), headings.len(), "a heading for each alert, and an alert for each heading");
    for rule in rules {
        let name = rule["alert"].as_str().unwrap();
        assert!(tried.contains(&format!("alertname=\"{name}\"")), "{name} is never tried");
        let annotations = &rule["annotations"];
        assert!(annotations["summary"].is_string() && annotations["description"].is_string(), "{name}");
        let heading = annotations["runbook"].as_str().unwrap().strip_prefix("docs/metrics.md#");
        assert!(headings.contains(heading.unwrap()), "{name}");
        assert!(matches!(rule["labels"]["severity"].as_str(), Some("critical" | "warning")), "{name}");
    }
}

/// Those of ours among the words of an expression, without what Prometheus adds to the name of a histogram.
fn figures(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let ours = words.filter(|word| word.starts_with("portcullis_") || word.starts_with("process_"));
    let suffixes = ["_bucket", "_count", "_sum"];
    ours.map(|word| suffixes.iter().find_map(|suffix| word.strip_suffix(suffix)).unwrap_or(word)).collect()
}

#[test]
fn alerts_and_dashboard_speak_of_figures_that_there_are() {
    let dashboard: Value = serde_json::from_str(&read(DASHBOARD)).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    let drawn: Vec<_> = targets.map(|target| target["expr"].as_str().unwrap()).collect();
    let rules = rules(&spec());
    let watched = rules.iter().map(|rule| rule["expr"].as_str().unwrap());
    let documented = documented();
    for expression in watched.chain(drawn.iter().copied()) {
        for figure in figures(expression) {
            assert!(documented.contains(figure), "{figure} is nowhere explained");
        }
    }
    let drawn: BTreeSet<&str> = drawn.iter().flat_map(|expression| figures(expression)).collect();
    let undrawn: Vec<_> = documented.iter().filter(|figure| !drawn.contains(figure.as_str())).collect();
    assert!(undrawn.is_empty(), "no panel has {undrawn:?}");
}
