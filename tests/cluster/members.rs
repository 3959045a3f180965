//! A set of one member that becomes one of three, and one of one again.

use std::time::Duration;

use serde_json::Value;

use crate::{kubectl, place::Place, report::Report};

/// The set as its agents see it, if one of them can be asked.
pub(crate) async fn status() -> Option<Value> {
    for ordinal in 0..3 {
        let asked = format!(
            "--namespace portcullis exec auth-mongodb-{ordinal} --container agent -- /portcullis mongo-agent status --json"
        );
        if let Ok(text) = kubectl::run(&asked).await {
            return serde_json::from_str(&text).ok();
        }
    }
    None
}

/// Whether there are so many members, all with a vote, one of them primary and the others following it.
pub(crate) async fn are_well(count: usize) -> bool {
    let Some(status) = status().await else { return false };
    let members = status["members"].as_array().cloned().unwrap_or_default();
    let well = |member: &&Value| {
        member["votes"] == 1 && (member["state"] == "SECONDARY" || member["primary"] == true)
    };
    let primaries = members.iter().filter(|member| member["primary"] == true).count();
    members.len() == count && primaries == 1 && members.iter().filter(well).count() == count
}

pub(crate) async fn come(report: &mut Report) {
    kubectl::here("scale statefulset auth-mongodb --replicas 3").await;
    let took =
        kubectl::until("three members with a vote each", Duration::from_mins(4), async || are_well(3).await)
            .await;
    report.promise(
        "members 1 to 3, each with a vote",
        &format!("{:.0} s", took.as_secs_f64()),
        "<= 240 s",
        true,
    );
    kubectl::here("rollout status statefulset/auth-mongodb --timeout 120s").await;
}

pub(crate) async fn go(place: &mut Place, report: &mut Report) {
    for (last, replicas) in [(2, 2), (1, 1)] {
        kubectl::here(&format!(
            "exec auth-mongodb-0 --container agent -- /portcullis mongo-agent remove auth-mongodb-{last}"
        ))
        .await;
        kubectl::here(&format!("scale statefulset auth-mongodb --replicas {replicas}")).await;
        kubectl::here(&format!("wait --for delete pod/auth-mongodb-{last} --timeout 150s")).await;
        kubectl::until("the others are a set", Duration::from_mins(1), async || are_well(replicas).await)
            .await;
    }
    let answer = place.edge.sign_in(&place.email).await;
    report.promise(
        "members 3 to 1, and a sign-in after it",
        &answer.status.to_string(),
        "200",
        answer.status == 200,
    );
    if let Some(cookie) = answer.cookie {
        place.cookie = cookie;
    }
}
