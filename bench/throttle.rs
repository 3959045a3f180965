//! What throttling costs whoever signs in, and whoever asks about a token: the same service with it and without, in turns.

use std::{path::PathBuf, time::Duration};

use crate::{
    client::{self, Client},
    mongod::Mongod,
    process::Portcullis,
    report::Report,
};

/// One after the other with it and without, because these machines change their minds about how fast they are.
const SIGN_INS: usize = 60;
const TURNS: usize = 6;
const TURN: Duration = Duration::from_secs(2);
const CONNECTIONS: usize = 16;

const SECRET: (&str, &str) = ("PORTCULLIS_KEY_SECRET", "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=");

pub(crate) async fn measure(report: &mut Report) {
    println!("throttling, on and off in turns ({SIGN_INS} sign-ins of each, {TURNS} turns of token checks)");
    compare(report, "SQLite", &|_| "sqlite:portcullis.db".to_owned()).await;
    let folder =
        Folder(std::env::temp_dir().join(format!("portcullis-bench-throttle-{}", std::process::id())));
    let Some(mongod) = Mongod::start(&folder.0).await else {
        println!("  NOT MEASURED: MongoDB; there is no mongod");
        return;
    };
    compare(report, "MongoDB", &|name| mongod.url(name)).await;
}

async fn compare(report: &mut Report, store: &str, url: &dyn Fn(&str) -> String) {
    let (on, off) =
        (Side::start("standard", &url("throttled")).await, Side::start("off", &url("free")).await);
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for _ in 0..SIGN_INS {
        with.push(on.sign_in().await);
        without.push(off.sign_in().await);
    }
    let (with, without) = (median(with), median(without));
    let ratio = with.as_secs_f64() / without.as_secs_f64();
    Report::say(&format!("{store}: a sign-in with / without"), &format!("{with:.1?} / {without:.1?}"));
    report.promise(&format!("{store}: with to without"), &format!("{ratio:.3}"), "<= 1.05", ratio <= 1.05);

    let (mut with, mut without) = (0.0, 0.0);
    for _ in 0..TURNS {
        with += on.checks().await;
        without += off.checks().await;
    }
    let ratio = with / without;
    report.promise(
        &format!("{store}: token checks, with to without"),
        &format!("{ratio:.3}"),
        ">= 0.95",
        ratio >= 0.95,
    );
}

/// A service, somebody who has an account there, and what is asked about their token.
struct Side {
    service: Portcullis,
    verify: String,
}

impl Side {
    async fn start(preset: &str, url: &str) -> Self {
        let service = Portcullis::start(&[
            ("PORTCULLIS_THROTTLE_PRESET", preset),
            ("PORTCULLIS_STORE_URL", url),
            SECRET,
        ]);
        let mut program = Client::connect(service.public, 0).await.expect("a connection");
        let request = client::sign_up_for_tokens("bench@example.org");
        let created = program.ask(&request).await.expect("an answer");
        let verify = client::verify(created.access_token().expect("an access token"));
        Self { service, verify }
    }

    async fn sign_in(&self) -> Duration {
        let mut client = Client::connect(self.service.public, 0).await.expect("a connection");
        let answer = client.ask(&client::sign_in("bench@example.org")).await.expect("an answer");
        assert_eq!(answer.status, 200);
        answer.took
    }

    async fn checks(&self) -> f64 {
        client::rate(self.service.internal, CONNECTIONS, &self.verify, TURN).await
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
