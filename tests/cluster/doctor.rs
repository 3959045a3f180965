//! `portcullis doctor --cluster`, which finds nothing wrong in the place that was just deployed.

use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use serde_json::Value;
use tokio::task;

use crate::{edge, kubectl, report::Report};

pub(crate) async fn look(report: &mut Report) {
    let findings = task::spawn_blocking(ask).await.expect("it answers");
    let of = |state: &str| findings.iter().filter(|finding| finding["state"] == state).collect::<Vec<_>>();
    let (wrong, fine) = (of("wrong"), of("fine"));
    let figure = format!("{} wrong, {} fine", wrong.len(), fine.len());
    report.promise(
        "portcullis doctor --cluster",
        &figure,
        "nothing wrong",
        wrong.is_empty() && fine.len() > 5,
    );
    for finding in wrong.into_iter().chain(of("warning")).chain(of("unknown")) {
        Report::say(
            &format!("  {}: {}", finding["check"], finding["state"]),
            finding["what"].as_str().unwrap_or_default(),
        );
    }
}

/// Through `kubectl proxy`, which has whatever a reader's kubeconfig asks for.
fn ask() -> Vec<Value> {
    let proxy = Proxy::start();
    let kubeconfig = env::temp_dir().join(format!("portcullis-kubeconfig-{}", std::process::id()));
    let text = format!(
        "apiVersion: v1\nkind: Config\nclusters: [{{name: test, cluster: {{server: 'http://{}'}}}}]\n\
         contexts: [{{name: test, context: {{cluster: test, user: ''}}}}]\ncurrent-context: test\n",
        proxy.address
    );
    fs::write(&kubeconfig, text).expect("a kubeconfig");
    let doctor = Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .args(["doctor", "--cluster", "--json", "--connect", &edge::address()])
        .env("KUBECONFIG", &kubeconfig)
        .output()
        .expect("it runs");
    _ = fs::remove_file(kubeconfig);
    let said: Value =
        serde_json::from_slice(&doctor.stdout).unwrap_or_else(|fault| panic!("{fault}: {doctor:?}"));
    said["findings"].as_array().cloned().unwrap_or_default()
}

struct Proxy {
    child: Child,
    address: String,
}

impl Proxy {
    fn start() -> Self {
        let mut command = Command::new(kubectl::program().expect("a kubectl"));
        let mut child = command
            .args(["proxy", "--port", "0"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("kubectl proxy runs");
        let mut said = String::new();
        BufReader::new(child.stdout.take().expect("its words")).read_line(&mut said).expect("its words");
        let address = said.split_whitespace().last().expect("its address").to_owned();
        Self { child, address }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
