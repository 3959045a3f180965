//! kubectl, as a person types it.

use std::{
    env,
    process::Command,
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::{task, time::sleep};

/// Whether there is a cluster.
pub(crate) async fn reach() -> Result<(), String> {
    if program().is_none() {
        return Err("there is no kubectl".to_owned());
    }
    run("get --raw /readyz --request-timeout 5s").await.map(drop)
}

/// Whether the place that we want to deploy is free.
pub(crate) async fn is_free() -> bool {
    run("get namespace portcullis --ignore-not-found --output name")
        .await
        .is_ok_and(|found| found.trim().is_empty())
}

/// What it says, or what it complains of.
pub(crate) async fn run(args: &str) -> Result<String, String> {
    with(args.split_whitespace().map(str::to_owned).collect()).await
}

/// For arguments with spaces in them.
pub(crate) async fn with(args: Vec<String>) -> Result<String, String> {
    task::spawn_blocking(move || {
        let mut command = Command::new(program().expect("a kubectl"));
        let output = command.args(&args).output().expect("kubectl runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            Err(format!("kubectl {}: {}", args.join(" "), text(&output.stderr)))
        }
    })
    .await
    .expect("kubectl ends")
}

/// In the namespace of the service, where nothing may go wrong.
pub(crate) async fn here(args: &str) -> String {
    run(&format!("--namespace portcullis {args}")).await.unwrap_or_else(|fault| panic!("{fault}"))
}

pub(crate) async fn json(args: &str) -> Value {
    let text = here(&format!("{args} --output json")).await;
    serde_json::from_str(&text).unwrap_or_else(|fault| panic!("kubectl {args}: {fault}: {text}"))
}

/// Asks until the answer is one that will do, and says how long that took.
pub(crate) async fn until<F: Future<Output = bool>>(
    what: &str,
    within: Duration,
    mut is_so: impl FnMut() -> F,
) -> Duration {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < within, "{what}: not within {} s", within.as_secs());
        sleep(Duration::from_millis(100)).await;
    }
    begun.elapsed()
}

pub(crate) fn program() -> Option<String> {
    let named = env::var("KUBECTL").unwrap_or_else(|_| "kubectl".to_owned());
    Command::new(&named).args(["version", "--client"]).output().is_ok().then_some(named)
}
