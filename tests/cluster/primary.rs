//! The primary's pod is deleted while people sign up and in: nothing acknowledged is lost, and it is over soon.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::time::sleep;

use crate::{edge::Edge, kubectl, load::Load, members, place::Place, report::Report};

/// How long people go on after the pod was deleted.
const AFTER: Duration = Duration::from_secs(30);

pub(crate) async fn look(place: &mut Place, report: &mut Report) {
    let going_on = Arc::new(AtomicBool::new(true));
    let load = Load::begin(&place.cookie, &place.email);
    let newcomers = tokio::spawn(newcomers(place.edge.clone(), Arc::clone(&going_on)));
    let returning = tokio::spawn(returning(place.edge.clone(), Arc::clone(&going_on)));
    sleep(Duration::from_secs(5)).await;

    let status = members::status().await.expect("the set can be asked");
    let primary =
        status["primary"].as_str().and_then(|host| host.split('.').next()).expect("a primary").to_owned();
    let deleted = Instant::now();
    kubectl::here(&format!("delete pod {primary} --wait=false")).await;
    sleep(AFTER).await;
    going_on.store(false, Ordering::Relaxed);

    let seen = load.end().await;
    let figure = format!("{} of {} failed", seen.failures.len(), seen.asked);
    report.promise(
        "the primary's pod deleted: token checks",
        &figure,
        "none fails",
        seen.failures.is_empty(),
    );
    if let Some(failure) = seen.failures.first() {
        eprintln!("the first failure: {failure}");
    }

    let refused = returning.await.expect("who came back");
    let last = refused.iter().map(|at| at.saturating_duration_since(deleted)).max().unwrap_or_default();
    let figure = format!("{:.1} s, {} refused", last.as_secs_f64(), refused.len());
    report.promise(
        "the primary's pod deleted: sign-ins are back after",
        &figure,
        "<= 15 s",
        last <= Duration::from_secs(15),
    );

    kubectl::until("three members again", Duration::from_mins(3), async || members::are_well(3).await).await;
    let acknowledged = newcomers.await.expect("who signed up");
    let mut missing = 0;
    for email in &acknowledged {
        let answer = place.edge.sign_in(email).await;
        if answer.status != 200 {
            eprintln!("{email} cannot sign in: {answer:?}");
            missing += 1;
        }
    }
    let figure = format!("{missing} of {} lost", acknowledged.len());
    report.promise(
        "the primary's pod deleted: acknowledged sign-ups",
        &figure,
        "none lost",
        missing == 0 && acknowledged.len() > 5,
    );
}

/// One signs up each second; those that were told that it is done.
async fn newcomers(edge: Edge, going_on: Arc<AtomicBool>) -> Vec<String> {
    let mut acknowledged = Vec::new();
    for number in 0.. {
        if !going_on.load(Ordering::Relaxed) {
            break;
        }
        let email = format!("newcomer-{number}@example.org");
        if edge.sign_up(&email).await.status == 201 {
            acknowledged.push(email);
        }
        sleep(Duration::from_secs(1)).await;
    }
    acknowledged
}

/// Somebody signs in each second; when that was refused.
async fn returning(edge: Edge, going_on: Arc<AtomicBool>) -> Vec<Instant> {
    let email = "grace@example.org";
    let answer = edge.sign_up(email).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let mut refused = Vec::new();
    while going_on.load(Ordering::Relaxed) {
        if edge.sign_in(email).await.status != 200 {
            refused.push(Instant::now());
        }
        sleep(Duration::from_secs(1)).await;
    }
    refused
}
