//! Warn: what of us is not as it should be, before those who sign in feel it.

use std::time::Duration;

use jiff::SignedDuration;

use crate::{
    domain::finding::{Finding, State},
    store::TOO_LONG,
};

use super::{
    Services,
    doctor::{certificate, clock, vitals},
    vitals::Checks,
};

pub const MEMORY: &str = "memory";
pub const SLOW: &str = "slow commands";
pub const KEYS: &str = "signing key";
pub const CHAIN: &str = "chain of events";
pub const OUTLETS: &str = "outlets";
pub const PROXIES: &str = "proxies";

/// So many checks say something about all of them.
const ENOUGH: u64 = 1_000;

/// Some slow commands there are wherever disks are shared.
const MANY: u64 = 50;

/// A key is replaced after 30 days.
const OLD: SignedDuration = SignedDuration::from_hours(31 * 24);

/// Somebody who is restarted is away for less.
const AWAY: Duration = Duration::from_mins(1);

/// Nothing of what is well.
pub fn warnings(services: &Services) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(taken) = services.vitals.get() {
        found.extend(vitals::judge(&taken.vitals));
        let judged = taken.clocks.map(|(theirs, ours)| clock::judge("the store's clock", theirs, ours));
        found.extend(judged.filter(|judged| judged.state != State::Fine));
    }
    found.extend(memory(services));
    found.extend(slow(services));
    found.extend(keys(services));
    found.extend(certificates(services));
    found.extend(chain(services));
    found.extend(outlets(services));
    found.extend(proxies(services));
    found
}

fn memory(services: &Services) -> Option<Finding> {
    let Checks { hits, misses } = services.vitals.lately(Checks::so_far(services));
    let asked = hits + misses;
    (asked >= ENOUGH && hits < misses).then(|| {
        let what = format!("of {asked} checks within ten minutes only {hits} were answered from memory");
        let advice = "see whether changes are heard of (`memory` above), or whether somebody tries out sessions that are nobody's";
        Finding::warning(MEMORY, what, advice)
    })
}

fn slow(services: &Services) -> Vec<Finding> {
    let lately = services.store.traffic().slow.lately().into_iter();
    let told = |(command, times)| {
        let limit = TOO_LONG.as_millis();
        let what =
            format!("the command {command} took longer than {limit} ms {times} times within ten minutes");
        let advice =
            "see whether an index is missing and whether the store's disk keeps pace; docs/metrics.md";
        Finding::warning(SLOW, what, advice)
    };
    lately.filter(|(_, times)| *times >= MANY).map(told).collect()
}

fn keys(services: &Services) -> Option<Finding> {
    let age = services.clock.now().duration_since(services.keys.turn()?.since);
    (age > OLD).then(|| {
        let days = age.as_hours() / 24;
        let what = format!("the signing key is {days} days old, and should have been replaced");
        let advice = "the log says why none could be made; `portcullis keys rotate` makes one by hand";
        Finding::warning(KEYS, what, advice)
    })
}

fn chain(services: &Services) -> Option<Finding> {
    services.journal.feed.is_broken().then(|| {
        let what = "events that were there have gone, or there are some that nobody of ours wrote";
        let advice =
            "`portcullis events verify` tells which, with `--head` and a head from the log also what is missing at the end; docs/events.md";
        Finding::warning(CHAIN, what, advice)
    })
}

fn outlets(services: &Services) -> Vec<Finding> {
    let uptime = services.clock.uptime();
    let stuck = services.outlets.iter().filter_map(|outlet| Some((outlet, outlet.course.trouble.stuck()?)));
    let told =
        stuck.filter(|(_, stuck)| uptime.saturating_sub(stuck.since) >= AWAY).map(|(outlet, stuck)| {
            let (minutes, cause) = (uptime.saturating_sub(stuck.since).as_secs() / 60, stuck.cause);
            let what = format!("events have not gone to {} for {minutes} min: {cause}", outlet.name);
            Finding::warning(
                OUTLETS,
                what,
                "the reason says what is missing; they wait, and go out by themselves once it is there; docs/events.md",
            )
        });
    told.collect()
}

fn proxies(services: &Services) -> Option<Finding> {
    services.unnamed.lately(services.clock.uptime()).map(|proxy| {
        let what = format!("{proxy} says for whom it asks, and PORTCULLIS_TRUSTED_PROXIES does not name it");
        let advice = "nothing is counted by network for its clients: name it there if it is a proxy of yours; docs/throttling.md";
        Finding::warning(PROXIES, what, advice)
    })
}

fn certificates(services: &Services) -> Vec<Finding> {
    let now = services.clock.now();
    let ends = |(listener, until)| {
        certificate::ends_soon(&format!("the certificate of the {listener} listener"), until, now)
    };
    let shown = services.certificates.iter().filter_map(|(listener, shown)| Some((listener, shown.until()?)));
    shown.filter_map(ends).collect()
}
