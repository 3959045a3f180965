//! What a running cluster shows: people sign in through its ingress while pods go and members come. `make test-cluster`.
//!
//! It deploys `tests/cluster/overlay` to the cluster that kubectl reaches, which must have no namespace `portcullis` yet,
//! and takes everything away again. `cargo test --test cluster -- restart primary` goes through those parts alone.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on ends, and says why"
)]
#![expect(clippy::disallowed_methods, reason = "what is measured is real time")]

mod backup;
mod doctor;
mod edge;
mod guarded;
mod kubectl;
mod load;
mod members;
mod place;
mod primary;
mod report;
mod restart;
mod resting;
mod skaffold;

use place::Place;
use report::Report;

#[tokio::main]
async fn main() {
    // Cargo hands its own flags to every harness; what is left names what to go through.
    let wanted: Vec<_> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let goes_through = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    if let Err(reason) = kubectl::reach().await {
        eprintln!("NOT TESTED: a running cluster; {reason}");
        return;
    }
    assert!(
        kubectl::is_free().await,
        "there is a namespace `portcullis` already: kubectl delete namespace portcullis"
    );
    let mut report = Report::default();
    let mut place = Place::deploy(&mut report).await;
    if goes_through("resting") {
        resting::look(&mut report).await;
    }
    if goes_through("doctor") {
        doctor::look(&mut report).await;
    }
    if goes_through("guarded") {
        guarded::look(&place, &mut report).await;
    }
    if goes_through("restart") {
        restart::look(&mut place, &mut report).await;
    }
    if goes_through("members") || goes_through("primary") {
        members::come(&mut report).await;
        primary::look(&mut place, &mut report).await;
        members::go(&mut place, &mut report).await;
    }
    if goes_through("backup") {
        backup::look(&mut place, &mut report).await;
    }
    place.take_away().await;
    if goes_through("skaffold") {
        skaffold::look(&mut report).await;
    }
    report.end();
}
