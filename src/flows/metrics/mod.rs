//! Tell the figures: everything that is counted or known here, without asking anybody else for it.

mod events;
mod store;

use std::time::Duration;

use jiff::Timestamp;

pub use crate::system::meters::{Counter, Histogram, Kind, Page};
use crate::system::{meters::lost, process::Process};

use super::Services;

/// Nothing of it waits for the store, so that it can be read when that is away.
pub fn tell_the_figures(services: &Services) -> Page {
    let mut page = Page::default();
    about_us(services, &mut page);
    hashing(services, &mut page);
    memory(services, &mut page);
    store::tell(services, &mut page);
    people(services, &mut page);
    keys(services, &mut page);
    mail(services, &mut page);
    events::tell(services, &mut page);
    page
}

fn about_us(services: &Services, page: &mut Page) {
    let (now, uptime) = (services.clock.now(), services.clock.uptime());
    page.family("portcullis_build_info", Kind::Gauge, "Always 1; the release is in the label.")
        .value(&[("version", env!("CARGO_PKG_VERSION"))], 1);
    let ready = services.readiness.is_ready(uptime);
    page.gauge("portcullis_ready", "Whether /readyz says yes.", as_number(ready));
    page.gauge("process_start_time_seconds", "When we started.", seconds_of(now) - uptime.as_secs_f64());
    let lines = "Lines of the log that came faster than they were read.";
    page.counter("portcullis_log_lost_total", lines, lost::LINES.count());
    let records = "Spans and lines that did not reach the collector.";
    page.counter("portcullis_otlp_lost_total", records, lost::RECORDS.count());
    let process = Process::look();
    let resident = process.map(|process| as_float(process.resident_bytes));
    page.gauge("process_resident_memory_bytes", "Memory that is ours and in use.", resident);
    let open = process.map(|process| as_float(process.open_files as u64));
    page.gauge("process_open_fds", "Open files and connections.", open);
}

fn hashing(services: &Services, page: &mut Page) {
    let (pool, load) = (&services.hashing, services.hashing.load());
    page.gauge(
        "portcullis_hashing_slots",
        "Hashes that can be computed at once.",
        as_float(load.slots as u64),
    );
    page.gauge("portcullis_hashing_busy", "Hashes being computed.", as_float(load.busy as u64));
    page.gauge("portcullis_hashing_queued", "Hashes that wait for a slot.", as_float(load.queued as u64));
    let wait = "How long one more hash would wait.";
    page.gauge("portcullis_hashing_predicted_wait_seconds", wait, load.wait.as_secs_f64());
    page.family("portcullis_hashing_wait_seconds", Kind::Histogram, "How long hashes waited for a slot.")
        .histogram(&[], pool.waits());
    page.family("portcullis_hashing_time_seconds", Kind::Histogram, "How long a slot took over a hash.")
        .histogram(&[], pool.times());
    let turned_away = "Hashes refused because they would not have been done in time.";
    page.counter("portcullis_hashing_turned_away_total", turned_away, pool.turned_away());
}

fn memory(services: &Services, page: &mut Page) {
    let figures = services.memory.figures();
    page.gauge("portcullis_memory_sessions", "Sessions that are remembered.", as_float(figures.entries));
    page.counter("portcullis_memory_hits_total", "Checks answered from memory.", figures.hits);
    page.counter("portcullis_memory_misses_total", "Checks that asked the store.", figures.misses);
    let lag = "How long ago the store last told what changed.";
    page.gauge("portcullis_feed_lag_seconds", lag, figures.lag.as_secs_f64());
    page.gauge("portcullis_feed_up", "Whether changes are heard of.", as_number(figures.is_heard()));
}

fn people(services: &Services, page: &mut Page) {
    let meters = &services.meters;
    let sign_ins = "Tries to sign in, by what came of them.";
    page.counters("portcullis_sign_ins_total", sign_ins, "outcome", &meters.sign_ins);
    page.counter("portcullis_sign_ups_total", "People who signed up.", meters.sign_ups.count());
    let throttled = "What was refused because too much of it was tried, by what counts it.";
    page.counters("portcullis_throttled_total", throttled, "what", &meters.throttled);
    let refreshes = "Secrets of sessions that were renewed or presented again.";
    page.counters("portcullis_refreshes_total", refreshes, "outcome", &meters.refreshes);
}

/// Also the certificates, which are replaced in time like keys.
fn keys(services: &Services, page: &mut Page) {
    let turn = services.keys.turn();
    let age = turn.map(|turn| services.clock.now().duration_since(turn.since).as_secs_f64());
    page.gauge("portcullis_signing_key_age_seconds", "How long the present key has signed.", age);
    let next = turn.map(|turn| seconds_of(turn.until));
    page.gauge("portcullis_signing_key_next_timestamp_seconds", "When another key signs.", next);
    let help = "Until when the certificate of a listener holds.";
    let mut family = page.family("portcullis_certificate_not_after_timestamp_seconds", Kind::Gauge, help);
    for (listener, certificate) in &services.certificates {
        if let Some(until) = certificate.until() {
            family.value(&[("listener", listener)], seconds_of(until));
        }
    }
}

fn mail(services: &Services, page: &mut Page) {
    let uptime = services.clock.uptime();
    let mails = "Mails, by what came of the latest try.";
    page.counters("portcullis_mails_total", mails, "outcome", &services.meters.mails);
    let waiting = services.vitals.get().and_then(|taken| taken.vitals.letters).map(as_float);
    page.gauge("portcullis_mail_waiting", "People to whom a letter has yet to go.", waiting);
    let stuck = services.post.delivery.stuck(uptime);
    let since = stuck.map_or(Duration::ZERO, |stuck| uptime.saturating_sub(stuck.since));
    page.gauge(
        "portcullis_mail_stuck_seconds",
        "How long mail has not gone; 0 while it goes.",
        since.as_secs_f64(),
    );
}

fn as_number(is_so: bool) -> f64 {
    if is_so { 1.0 } else { 0.0 }
}

fn seconds_of(at: Timestamp) -> f64 {
    at.as_duration().as_secs_f64()
}

#[expect(clippy::cast_precision_loss, reason = "a figure needs no more digits than a float has")]
fn as_float(count: u64) -> f64 {
    count as f64
}
