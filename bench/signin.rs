//! Sign-ins a second, against what the bare hashing function reaches on the same cores in the same run.

use std::{
    thread,
    time::{Duration, Instant},
};

use scrypt::Params;

use crate::{
    client::{self, Client},
    process::Portcullis,
    report::Report,
};

/// Turns of each, one after the other, because these machines change their minds about how fast they are.
const TURNS: usize = 4;
const TURN: Duration = Duration::from_secs(8);

pub(crate) async fn measure(report: &mut Report) {
    println!("sign-ins at the standard cost, against the bare scrypt function ({TURNS} turns of each)");
    let cores = thread::available_parallelism().expect("cores").get();
    let service = Portcullis::start(&[]);
    let mut newcomer = Client::connect(service.public, 0).await.expect("a connection");
    let created = newcomer.ask(&client::sign_up("bench@example.org")).await.expect("an answer");
    assert_eq!(created.status, 201);

    let sign_in = client::sign_in("bench@example.org");
    let (mut bare, mut served) = (0.0, 0.0);
    for _ in 0..TURNS {
        bare += bare_scrypt(cores);
        // As many as keep every slot busy.
        served += client::rate(service.public, 2 * cores, &sign_in, TURN).await;
    }
    let (bare, served, cores) = (bare / TURNS as f64, served / TURNS as f64, cores as f64);
    Report::say("bare scrypt", &format!("{bare:.2} /s, {:.2} a core", bare / cores));
    Report::say("sign-ins", &format!("{served:.2} /s"));
    let ratio = served / bare;
    report.promise("sign-ins to bare scrypt", &format!("{ratio:.3}"), ">= 0.95", ratio >= 0.95);
}

/// Hashes a second on all cores, each as the crate's function computes it.
fn bare_scrypt(cores: usize) -> f64 {
    let params = Params::new(17, 8, 1).expect("the standard cost");
    let begun = Instant::now();
    let hash = || {
        let mut hashes = 0;
        while begun.elapsed() < TURN {
            scrypt::scrypt(b"correct horse battery", &[7; 16], &params, &mut [0; 32]).expect("a hash");
            hashes += 1;
        }
        // What ran over the end counts by how long it took.
        f64::from(hashes) / begun.elapsed().as_secs_f64()
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(hash)).collect();
        threads.into_iter().map(|thread| thread.join().expect("a rate")).sum()
    })
}
