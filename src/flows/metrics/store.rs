//! The figures of the store: whether it is there, how its calls fare, and how busy the way to it is.

use super::{Kind, Page, Services, as_number};

pub(super) fn tell(services: &Services, page: &mut Page) {
    health(services, page);
    calls(services, page);
}

fn health(services: &Services, page: &mut Page) {
    let (health, pool) = (services.readiness.store(), services.store.pool());
    page.gauge(
        "portcullis_store_up",
        "Whether it took the latest read and write to try it.",
        as_number(health.up),
    );
    page.gauge("portcullis_store_probe_seconds", "How long that took.", health.latency.as_secs_f64());
    page.gauge("portcullis_store_pool_in_use", "Connections or threads at work.", f64::from(pool.in_use));
    page.gauge("portcullis_store_pool_size", "How many there may be.", f64::from(pool.size));
}

fn calls(services: &Services, page: &mut Page) {
    let traffic = services.store.traffic();
    let store = ("store", traffic.store);
    let mut times =
        page.family("portcullis_store_call_seconds", Kind::Histogram, "How long calls to the store took.");
    times.histogram(&[store, ("kind", "read")], &traffic.reads);
    times.histogram(&[store, ("kind", "write")], &traffic.writes);
    let help = "Calls to the store that failed.";
    let mut failures = page.family("portcullis_store_failures_total", Kind::Counter, help);
    for (kind, count) in traffic.failures.counts() {
        failures.value(&[store, ("kind", kind)], count);
    }
    let help = "Commands to the store that took longer than a tenth of a second.";
    let mut slow = page.family("portcullis_store_slow_commands_total", Kind::Counter, help);
    for (command, count) in traffic.slow.counts() {
        slow.value(&[store, ("command", &command)], count);
    }
}
