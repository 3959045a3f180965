//! Measures what the README promises, on this machine and in one run: `make bench`, or `cargo bench -- start|signin|flood|verify|import`.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a measurement that cannot go on ends, and says why"
)]
#![expect(clippy::disallowed_methods, reason = "what is measured is real time")]
#![expect(clippy::cast_precision_loss, reason = "no figure here has more digits than a float")]

mod client;
mod flood;
mod import;
mod mongod;
mod process;
mod report;
mod signin;
mod start;
mod throttle;
mod verify;
mod visitor;

use report::Report;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    // Cargo hands its own flags to every harness; what is left names what to measure.
    let wanted: Vec<_> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let measures = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    let mut report = Report::default();
    if measures("start") {
        start::measure(&mut report).await;
    }
    if measures("signin") {
        signin::measure(&mut report).await;
    }
    if measures("flood") {
        flood::measure(&mut report).await;
    }
    if measures("verify") {
        verify::measure(&mut report).await;
    }
    if measures("throttle") {
        throttle::measure(&mut report).await;
    }
    if measures("import") {
        import::measure(&mut report).await;
    }
    report.end();
}
