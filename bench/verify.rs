//! Tokens verified a second, against an empty handler on the same listener; and how long it takes while everybody signs in.

use std::{thread, time::Duration};

use crate::{
    client::{self, Client},
    process::{MANY_SESSIONS, Portcullis},
    report::Report,
    visitor::{Visitor, slowest_but},
};

/// Turns of each, one after the other, because these machines change their minds about how fast they are.
const TURNS: usize = 4;
const TURN: Duration = Duration::from_secs(4);
const CONNECTIONS: usize = 32;

/// How long somebody is watched who asks in peace, and then beside a crowd.
const WATCH: Duration = Duration::from_secs(20);

pub(crate) async fn measure(report: &mut Report) {
    println!("tokens verified, against an empty handler ({TURNS} turns of each, {CONNECTIONS} connections)");
    let service = Portcullis::start(MANY_SESSIONS);
    let mut program = Client::connect(service.public, 0).await.expect("a connection");
    let request = client::sign_up_for_tokens("bench@example.org");
    let created = program.ask(&request).await.expect("an answer");
    let verify = client::verify(created.access_token().expect("an access token"));

    let (mut empty, mut verified) = (0.0, 0.0);
    for _ in 0..TURNS {
        empty += client::rate(service.internal, CONNECTIONS, &client::nothing(), TURN).await;
        verified += client::rate(service.internal, CONNECTIONS, &verify, TURN).await;
    }
    let (empty, verified) = (empty / TURNS as f64, verified / TURNS as f64);
    Report::say("empty handler", &format!("{empty:.0} /s"));
    Report::say("tokens verified", &format!("{verified:.0} /s"));
    let ratio = verified / empty;
    report.promise("verified to empty", &format!("{ratio:.2}"), ">= 0.70", ratio >= 0.7);

    let idle = Visitor::sit_down(service.internal, &verify).watch(WATCH).await;
    let visitor = Visitor::sit_down(service.internal, &verify);
    let cores = thread::available_parallelism().expect("cores").get();
    let sign_in = client::sign_in("bench@example.org");
    let signed_in = client::rate(service.public, 2 * cores, &sign_in, WATCH).await;
    let busy = visitor.leave();
    Report::say("sign-ins meanwhile", &format!("{signed_in:.2} /s"));
    let (idle, busy) = (slowest_but(idle, 10), slowest_but(busy, 10));
    Report::say("verification p99 idle", &format!("{idle:.0?}"));
    Report::say("verification p99, all slots hashing", &format!("{busy:.0?}"));
    let ratio = busy.as_secs_f64() / idle.as_secs_f64();
    report.promise("verification p99, hashing to idle", &format!("{ratio:.2}"), "<= 2", ratio <= 2.0);
}
