//! The figures of security events: their chain, those who follow it, and where they go out.

use super::{Kind, Page, as_float, as_number};
use crate::flows::{Services, outlets::Outlet};

pub(super) fn tell(services: &Services, page: &mut Page) {
    let feed = &services.journal.feed;
    let position = feed.seen().map(|head| as_float(head.position));
    page.gauge("portcullis_events_position", "The place of the latest event in the chain.", position);
    let broken = as_number(feed.is_broken());
    page.gauge("portcullis_events_broken", "Whether the chain was seen to be another than it was.", broken);
    page.gauge("portcullis_events_streams", "Streams that are open.", as_float(feed.streams()));
    outlets(services, page);
}

fn outlets(services: &Services, page: &mut Page) {
    let help = "Events for those who get them beside the store, by what came of them.";
    let mut family = page.family("portcullis_outlet_events_total", Kind::Counter, help);
    for outlet in &services.outlets {
        for (outcome, count) in outcomes(outlet) {
            family.value(&[("outlet", outlet.name.as_str()), ("outcome", outcome)], count);
        }
    }
    let help = "Events that have yet to go out.";
    let mut family = page.family("portcullis_outlet_behind", Kind::Gauge, help);
    for (outlet, behind) in
        services.outlets.iter().filter_map(|outlet| Some((outlet, outlet.course.behind()?)))
    {
        family.value(&[("outlet", outlet.name.as_str())], behind);
    }
    let (help, uptime) = ("How long events have not gone out; 0 while they do.", services.clock.uptime());
    let mut family = page.family("portcullis_outlet_stuck_seconds", Kind::Gauge, help);
    for outlet in &services.outlets {
        let stuck = outlet.course.trouble.stuck().map_or(uptime, |stuck| stuck.since);
        family.value(&[("outlet", outlet.name.as_str())], uptime.saturating_sub(stuck).as_secs_f64());
    }
}

fn outcomes(outlet: &Outlet) -> [(&'static str, u64); 4] {
    let course = &outlet.course;
    [
        ("taken", course.taken.count()),
        ("failed", course.failed.count()),
        ("given_up", course.given_up.count()),
        ("lost", course.lost.count()),
    ]
}
