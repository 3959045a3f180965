//! `portcullis cluster`: what a cluster needs before the service can run there.

use std::{error::Error, fmt::Write as _};

use clap::{Parser, Subcommand};
use serde_json::{Value, json};

use super::{print, runtime};
use crate::{
    app,
    kube::secrets::{Place, Present},
};

/// Prepare a Kubernetes cluster, with the rights of your own kubeconfig.
#[derive(Debug, Parser)]
#[command(after_help = "Example:\n  portcullis cluster secrets --namespace portcullis")]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Secrets(Secrets),
}

/// Make the Secrets that the manifests name, once: what is there already is never changed.
#[derive(Debug, Parser)]
#[command(after_help = "Example:\n  portcullis cluster secrets --namespace portcullis --members 3")]
struct Secrets {
    /// Where the service and its database run.
    #[arg(long, default_value = "portcullis")]
    namespace: String,
    /// The database: `auth` is that of Portcullis. Another service's gets its URL in DATABASE-store.
    #[arg(long, default_value = "auth")]
    database: String,
    /// The StatefulSet of the database [default: DATABASE-mongodb].
    #[arg(long)]
    set: Option<String>,
    /// How many members that has.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=50))]
    members: u32,
    /// For programs.
    #[arg(long)]
    json: bool,
}

pub fn run(args: Args) -> Result<(), Box<dyn Error + Send + Sync>> {
    let Verb::Secrets(Secrets { namespace, set, members, database, json }) = args.verb;
    let set = set.unwrap_or_else(|| format!("{database}-mongodb"));
    let place = Place { namespace, set, members, database };
    let runtime = runtime()?;
    let present = runtime.block_on(app::make_secrets(&place));
    // Nobody waits for a program of the kubeconfig's that has not answered.
    runtime.shutdown_background();
    let present = present?;
    print(&if json { as_json(&present) } else { as_table(&present) })?;
    Ok(())
}

fn as_table(present: &[Present]) -> String {
    let mut table = format!("{:28}  {:14}  KEYS\n", "SECRET", "");
    for Present { name, keys, is_new } in present {
        let state = if *is_new { "made" } else { "was there" };
        _ = writeln!(table, "{name:28}  {state:14}  {}", keys.join(", "));
    }
    table
}

fn as_json(present: &[Present]) -> String {
    let secret =
        |Present { name, keys, is_new }: &Present| json!({ "name": name, "keys": keys, "made": is_new });
    let secrets: Vec<Value> = present.iter().map(secret).collect();
    format!("{:#}\n", json!({ "secrets": secrets }))
}
