//! `portcullis doctor`: what is wrong, and what to do about it.

use std::{collections::BTreeMap, fmt::Write as _, net::SocketAddr, time::Duration};

use clap::Parser;
use serde_json::{Value, json};
use url::{Host, Url};

use super::{Failed, config::printable, configuration, print, runtime};
use crate::{
    app,
    config::{Fault, Misconfigured},
    flows::doctor::{Finding, Reach, State},
};

/// Say what is wrong, here or in a cluster, and what to do about it.
///
/// It looks and changes nothing. Here: the configuration, the store, the clock, mail and what events go out to (nothing is
/// sent to either), and the service if it runs. With --cluster, by the rights of your kubeconfig or of the pod: what runs there, Secrets,
/// certificates, ingresses, the replica set, clocks, and whether hosts behind forward-auth are shut.
#[derive(Debug, Parser)]
#[command(
    after_help = "It exits 1 if anything is wrong; warnings, and what nobody could look at, are no failure.\n\nExamples:\n  \
                        portcullis doctor\n  portcullis doctor --cluster --namespace portcullis\n  \
                        portcullis doctor --url https://app.example.org/tickets --connect 10.0.0.7:443"
)]
pub struct Args {
    /// Look at a Kubernetes cluster in place of this machine.
    #[arg(long)]
    cluster: bool,
    /// Where the service and its database run.
    #[arg(long, default_value = "portcullis", requires = "cluster")]
    namespace: String,
    /// The database: `auth` is that of Portcullis. Of another service's the database alone is looked at.
    #[arg(long, default_value = "auth", requires = "cluster")]
    database: String,
    /// The StatefulSet of the database [default: DATABASE-mongodb].
    #[arg(long, requires = "cluster")]
    set: Option<String>,
    /// A page behind forward-auth: is it shut? May be given several times.
    #[arg(long)]
    url: Vec<Url>,
    /// Where the ingress controller is reached, if the hosts' names do not lead there from here.
    #[arg(long, value_name = "ADDRESS:PORT")]
    connect: Option<SocketAddr>,
    /// How long each question may take, in seconds.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=60))]
    timeout: u64,
    /// For programs.
    #[arg(long)]
    json: bool,
}

pub fn run(args: Args) -> Result<(), Failed> {
    let json = args.json;
    if let Some(url) = args.url.iter().find(|url| args.connect.is_some() && has_address(url)) {
        let why =
            format!("--connect says where a name leads, and {url} has an address: leave one of them out");
        return Err(Failed::Misused(why));
    }
    let runtime = runtime()?;
    let mut found = runtime.block_on(look(args))?;
    // Nobody waits for a name service that has not answered.
    runtime.shutdown_background();
    found.sort_by_key(|finding| finding.state);
    print(&if json { as_json(&found) } else { as_text(&found) })?;
    if found.iter().any(|finding| finding.state == State::Wrong) { Err(Failed::Logged) } else { Ok(()) }
}

fn has_address(url: &Url) -> bool {
    matches!(url.host(), Some(Host::Ipv4(_) | Host::Ipv6(_)))
}

async fn look(args: Args) -> Result<Vec<Finding>, Failed> {
    let reach = Reach { via: args.connect, shown: None, deadline: Duration::from_secs(args.timeout) };
    if args.cluster {
        return look_at_cluster(args, &reach).await;
    }
    let mut found = match configuration() {
        Ok(config) => {
            let mut found = warnings(&config.warnings);
            if found.is_empty() {
                found.push(Finding::fine(CONFIGURATION, "it can be read, and nothing in it is odd"));
            }
            found.extend(app::look_here(&config, &reach).await);
            found
        }
        Err(misconfigured) => faults(&misconfigured),
    };
    found.extend(app::look_around(&args.url, &reach).await);
    Ok(found)
}

#[cfg(feature = "kube")]
async fn look_at_cluster(args: Args, reach: &Reach) -> Result<Vec<Finding>, Failed> {
    let Args { namespace, database, set, url, .. } = args;
    let set = set.unwrap_or_else(|| format!("{database}-mongodb"));
    let patient = crate::kube::doctor::Patient { namespace, set, database, urls: url };
    Ok(app::examine_cluster(&patient, reach).await)
}

#[cfg(not(feature = "kube"))]
#[expect(clippy::unused_async, reason = "as the other one is")]
async fn look_at_cluster(_: Args, _: &Reach) -> Result<Vec<Finding>, Failed> {
    Err("this build knows nothing of Kubernetes: build it with the feature `kube`".into())
}

const CONFIGURATION: &str = "configuration";

fn faults(misconfigured: &Misconfigured) -> Vec<Finding> {
    let fault = |Fault { variable, problem, .. }: &Fault| {
        Finding::wrong(
            CONFIGURATION,
            format!("{variable}: {problem}"),
            "docs/configuration.md says what it may be",
        )
    };
    misconfigured.faults.iter().map(fault).chain(warnings(&misconfigured.warnings)).collect()
}

fn warnings(warnings: &[String]) -> Vec<Finding> {
    let advice = "`portcullis config` shows what is in force and who said so";
    warnings.iter().map(|warning| Finding::warning(CONFIGURATION, warning, advice)).collect()
}

/// Check by check, that with the worst finding first.
fn as_text(found: &[Finding]) -> String {
    let mut order: Vec<&str> = Vec::new();
    for Finding { check, .. } in found {
        if !order.contains(check) {
            order.push(check);
        }
    }
    let mut text = String::new();
    for check in order {
        _ = writeln!(text, "{check}");
        for Finding { state, what, advice, .. } in found.iter().filter(|finding| finding.check == check) {
            _ = writeln!(text, "  {:7}  {}", state.as_str(), printable(what));
            if let Some(advice) = advice {
                _ = writeln!(text, "           do: {}", printable(advice));
            }
        }
    }
    let counted = counts(found).into_iter().map(|(state, number)| format!("{number} {state}"));
    _ = writeln!(text, "{}", counted.collect::<Vec<_>>().join(", "));
    text
}

fn as_json(found: &[Finding]) -> String {
    let finding = |Finding { check, state, what, advice }: &Finding| json!({ "check": check, "state": state.as_str(), "what": what, "advice": advice });
    let findings: Vec<Value> = found.iter().map(finding).collect();
    let counts: BTreeMap<_, _> = counts(found).into_iter().collect();
    format!("{:#}\n", json!({ "findings": findings, "counts": counts }))
}

fn counts(found: &[Finding]) -> [(&'static str, usize); 4] {
    State::ALL.map(|state| (state.as_str(), found.iter().filter(|finding| finding.state == state).count()))
}
