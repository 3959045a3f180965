//! The figures of the store: whether it is there, how its calls fare, and how busy the way to it is.

use crate::{
    flows::vitals::Taken,
    store::{Share, Vitals},
};

use super::{Kind, Page, Services, as_float, as_number};

pub(super) fn tell(services: &Services, page: &mut Page) {
    health(services, page);
    calls(services, page);
    vitals(services, page);
}

fn vitals(services: &Services, page: &mut Page) {
    let taken = services.vitals.get();
    let skew = taken.as_ref().and_then(Taken::skew).map(|skew| skew.as_secs_f64());
    page.gauge("portcullis_store_clock_skew_seconds", "How far its clock is ahead of ours.", skew);
    let vitals = taken.map(|taken| taken.vitals);
    let of = |figure: fn(&Vitals) -> Option<f64>| vitals.as_ref().and_then(figure);
    let missing = of(|vitals| Some(as_float(vitals.missing_indexes.len() as u64)));
    page.gauge("portcullis_store_missing_indexes", "Indexes that somebody has dropped.", missing);
    let lag = of(|vitals| vitals.lag.map(|lag| lag.as_secs_f64()));
    page.gauge("portcullis_store_lag_seconds", "How far the slowest member is behind.", lag);
    let oplog = of(|vitals| vitals.oplog.map(|oplog| oplog.as_secs_f64()));
    page.gauge("portcullis_store_oplog_seconds", "How far back the oplog reaches.", oplog);
    let connections = of(|vitals| vitals.connections.map(Share::ratio));
    page.gauge(
        "portcullis_store_connections_ratio",
        "Connections, of those that the primary takes.",
        connections,
    );
    let storage = of(|vitals| vitals.storage.map(Share::ratio));
    page.gauge("portcullis_store_storage_ratio", "How full its disk is.", storage);
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
