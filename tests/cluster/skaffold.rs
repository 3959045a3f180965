//! The loop in a cluster: `skaffold run`, `verify`, `delete`, and `dev` with a source line that changes.

use std::{
    env, fs,
    fs::File,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tokio::{task, time::sleep};

use crate::{kubectl, report::Report};

/// Where a change can be seen from outside: the title of the page `/docs`.
const SOURCE: &str = "src/http/docs_page.rs";
const BEFORE: &str = "</title>";
const AFTER: &str = ", changed</title>";
/// By the port-forward of `skaffold dev`.
const PAGE: &str = "http://127.0.0.1:9000/docs";

pub(crate) async fn look(report: &mut Report) {
    if Command::new(program()).arg("version").stdout(Stdio::null()).status().is_err() {
        eprintln!("NOT TESTED: skaffold.yaml; there is no skaffold. SKAFFOLD says where it is.");
        return;
    }
    let built = env::temp_dir().join(format!("portcullis-skaffold-{}.json", std::process::id()));
    let built = built.to_string_lossy();
    let verify = format!("verify --build-artifacts {built}");
    let production = format!("build --profile production --file-output {built}");
    for verb in ["run", &format!("build --file-output {built}"), &verify, "delete", &production] {
        let begun = Instant::now();
        let (log, status) = run(verb).await;
        let figure = format!("{:.0} s", begun.elapsed().as_secs_f64());
        let name =
            verb.split(" --").filter(|word| !word.contains(built.as_ref())).collect::<Vec<_>>().join(" --");
        report.promise(&format!("skaffold {name}"), &figure, "", status);
        assert!(status, "skaffold {verb}:\n{}", fs::read_to_string(log).unwrap_or_default());
    }
    kubectl::until("the namespace is gone", Duration::from_mins(3), kubectl::is_free).await;
    develop(report).await;
    kubectl::until("the namespace is gone", Duration::from_mins(3), kubectl::is_free).await;
}

/// From a saved file to the new answer, beyond what the compiler took.
async fn develop(report: &mut Report) {
    let dev = Dev::begin();
    page_has(BEFORE, Duration::from_mins(15), &dev).await;
    kubectl::until("skaffold watches the sources", Duration::from_mins(1), async || {
        dev.said().contains("Watching for changes")
    })
    .await;
    let source = Changed::source();
    let took = page_has(AFTER, Duration::from_mins(15), &dev).await;
    let compiled = dev.compiled();
    drop(source);
    drop(dev);
    let rest = took.saturating_sub(compiled);
    let figure = format!("{:.1} s, and {:.1} s to compile", rest.as_secs_f64(), compiled.as_secs_f64());
    report.promise(
        "skaffold dev: a saved file to its answer",
        &figure,
        "<= 10 s",
        rest <= Duration::from_secs(10),
    );
}

async fn page_has(title: &str, within: Duration, dev: &Dev) -> Duration {
    let begun = Instant::now();
    loop {
        if let Ok(page) = reqwest::get(PAGE).await
            && page.text().await.is_ok_and(|page| page.contains(title))
        {
            return begun.elapsed();
        }
        assert!(begun.elapsed() < within, "no {title} at {PAGE}:\n{}", dev.said());
        sleep(Duration::from_millis(100)).await;
    }
}

fn program() -> String {
    env::var("SKAFFOLD").unwrap_or_else(|_| "skaffold".to_owned())
}

/// What it said, and whether it ended well.
async fn run(verb: &str) -> (PathBuf, bool) {
    let name = verb.split(' ').next().unwrap_or(verb);
    let log = env::temp_dir().join(format!("portcullis-skaffold-{}-{name}.log", std::process::id()));
    let mut command = command(verb, &log);
    let status =
        task::spawn_blocking(move || command.status()).await.expect("it ends").expect("skaffold runs");
    (log, status.success())
}

fn command(verb: &str, log: &Path) -> Command {
    let log = File::create(log).expect("a log");
    let mut command = Command::new(program());
    command.args(verb.split(' ')).stdin(Stdio::null());
    command.stdout(log.try_clone().expect("a log")).stderr(log);
    command
}

/// `skaffold dev`, which takes away again what it deployed.
struct Dev {
    child: Child,
    log: PathBuf,
}

impl Dev {
    fn begin() -> Self {
        let log = env::temp_dir().join(format!("portcullis-skaffold-{}-dev.log", std::process::id()));
        Self { child: command("dev", &log).spawn().expect("skaffold runs"), log }
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// How long the last compilation took that found something to do.
    fn compiled(&self) -> Duration {
        let said = self.said();
        let mut times = said
            .lines()
            .filter_map(|line| line.split("compile: took ").nth(1)?.split(' ').next()?.parse().ok());
        Duration::from_secs_f64(times.next_back().expect("it says how long it compiled"))
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        _ = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        _ = self.child.wait();
    }
}

/// The source with its changed line, until it is dropped.
struct Changed(String);

impl Changed {
    fn source() -> Self {
        let original = fs::read_to_string(SOURCE).expect("the source");
        assert_eq!(original.matches(BEFORE).count(), 1, "{BEFORE} in {SOURCE}");
        fs::write(SOURCE, original.replace(BEFORE, AFTER)).expect("the changed source");
        Self(original)
    }
}

impl Drop for Changed {
    fn drop(&mut self) {
        _ = fs::write(SOURCE, &self.0);
    }
}
