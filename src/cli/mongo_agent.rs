//! `portcullis mongo-agent`: runs beside a MongoDB server, and says and changes who is a member of its set.

use std::{fmt::Write as _, time::Duration};

use clap::{Parser, Subcommand};
use serde_json::{Value, json};

use super::{Failed, logged::logged, print, runtime, signals::Signals};
use crate::{
    config::{ForAgent, Misconfigured},
    mongo_agent::{self, CannotRun, Line, ListensOn, Next, Removed, Report, Settings},
};

/// Look after the MongoDB server beside it: its replica set, its users, its readiness.
#[derive(Debug, Parser)]
#[command(
    after_help = "Without a verb it runs until it is told to stop, beside one MongoDB server.\n\nExamples:\n  \
                  portcullis mongo-agent status\n  portcullis mongo-agent remove mongodb-2"
)]
pub struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show the members of the set: state, votes, how far behind, who is primary.
    #[command(after_help = "Example:\n  portcullis mongo-agent status --json")]
    Status {
        /// For programs.
        #[arg(long)]
        json: bool,
    },
    /// Take a member out of the set, before a scale-down takes its pod.
    #[command(after_help = "Example:\n  portcullis mongo-agent remove mongodb-2")]
    Remove {
        /// The name of its pod, or of the member as `status` shows it.
        member: String,
    },
}

type Config = ForAgent<Settings>;

pub fn run(args: Args, config: Result<Config, Misconfigured>) -> Result<(), Failed> {
    match args.verb {
        None => logged(config, |config| (&config.log, None), begin),
        Some(Verb::Status { json }) => {
            let report = runtime()?.block_on(mongo_agent::status(&config?.section))?;
            Ok(print(&if json { as_json(&report) } else { as_table(&report) })?)
        }
        Some(Verb::Remove { member }) => {
            let removed = runtime()?.block_on(mongo_agent::remove(&config?.section, &member))?;
            Ok(print(&told(&removed))?)
        }
    }
}

fn begin(config: Config) -> Result<(), CannotRun> {
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    runtime()?.block_on(async {
        let signals = Signals::listen()?;
        let leave = async {
            signals.first().await;
        };
        mongo_agent::run(config.section, say_where, leave).await
    })
}

fn say_where(ListensOn { looks, step_down }: ListensOn) {
    tracing::info!(address = %looks, %step_down, "listening");
}

fn as_table(report: &Report) -> String {
    let width = report.members.iter().map(|line| line.member.len()).max().unwrap_or_default().max(6);
    let mut table = format!("{:width$}  {:10}  VOTES  {:>6}  PRIMARY\n", "MEMBER", "STATE", "LAG");
    for Line { member, state, votes, lag, is_primary } in &report.members {
        let lag = lag.map_or_else(|| "?".to_owned(), |lag| format!("{} s", lag.as_secs()));
        let primary = if *is_primary { "yes" } else { "" };
        let row = format!("{member:width$}  {state:10}  {votes:>5}  {lag:>6}  {primary}");
        _ = writeln!(table, "{}", row.trim_end());
    }
    if report.primary.is_none() {
        table.push_str("There is no primary: nothing can be written.\n");
    }
    table
}

fn as_json(report: &Report) -> String {
    let line = |line: &Line| {
        json!({
            "member": line.member,
            "state": line.state,
            "votes": line.votes,
            "lagSeconds": line.lag.as_ref().map(Duration::as_secs_f64),
            "primary": line.is_primary,
        })
    };
    let members: Vec<Value> = report.members.iter().map(line).collect();
    format!("{:#}\n", json!({ "set": report.set, "primary": report.primary, "members": members }))
}

fn told(Removed { member, was_out, next }: &Removed) -> String {
    let done = if *was_out { "was no member of the set" } else { "has been taken out of the set" };
    let then = match next {
        Next::ScaleTo { namespace, set, replicas } => format!(
            "Now take its pod away, before its agent is started anew and asks to come back:\n  \
             kubectl -n {namespace} scale statefulset/{set} --replicas={replicas}\n\
             and write the same number into `replicas` of its manifest. The volume is kept."
        ),
        Next::NotTheLast { last } => format!(
            "A scale-down takes the last pod, which is {last}. To have this one come back empty, delete its volume claim and \
             its pod."
        ),
        Next::StopIt => "Its server can be stopped now.".to_owned(),
    };
    format!("{member} {done}.\n{then}\n")
}
