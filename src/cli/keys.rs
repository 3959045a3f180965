//! `portcullis keys`: which keys sign access tokens, and a new one before it is due.

use std::{error::Error, fmt::Write as _};

use clap::{Parser, Subcommand};
use serde_json::{Value, json};

use super::{print, runtime, told};
use crate::{
    app,
    config::Config,
    flows::{
        list_keys::{Listed, list_keys},
        rotate_keys::rotate_keys,
    },
};

/// Look after the keys that sign access tokens.
#[derive(Debug, Parser)]
#[command(after_help = "Examples:\n  portcullis keys list\n  portcullis keys rotate --json")]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show the keys and their states: next, active, retired, spent.
    #[command(after_help = "Example:\n  portcullis keys list --json")]
    List(Form),
    /// Make the next key now; it signs once every service can know it, in ten minutes.
    #[command(after_help = "Example:\n  portcullis keys rotate")]
    Rotate(Form),
}

#[derive(Debug, Parser)]
struct Form {
    /// For programs.
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, config: &Config) -> Result<(), Box<dyn Error + Send + Sync>> {
    let runtime = runtime()?;
    let (form, keys) = match &args.verb {
        Verb::List(form) => (
            form,
            runtime.block_on(app::with_keys(config, async |ring| list_keys(ring).await))?.map_err(told)?,
        ),
        Verb::Rotate(form) => {
            let rotated = app::with_keys(config, async |ring| rotate_keys(ring).await);
            (form, vec![runtime.block_on(rotated)?.map_err(told)?])
        }
    };
    print(&if form.json { as_json(&keys) } else { as_table(&keys) })?;
    Ok(())
}

fn as_table(keys: &[Listed]) -> String {
    let mut table = format!("{:36}  {:>6}  {:7}  SIGNS FROM\n", "KEY", "NUMBER", "STATE");
    for Listed { key, state } in keys {
        let (id, state) = (key.id.to_string(), state.as_str());
        _ = writeln!(table, "{id:36}  {:>6}  {state:7}  {}", key.number, key.not_before);
    }
    table
}

fn as_json(keys: &[Listed]) -> String {
    let key = |Listed { key, state }: &Listed| {
        json!({
            "id": key.id.to_string(),
            "number": key.number,
            "state": state.as_str(),
            "createdAt": key.created_at.to_string(),
            "notBefore": key.not_before.to_string(),
        })
    };
    let keys: Vec<Value> = keys.iter().map(key).collect();
    format!("{:#}\n", json!({ "keys": keys }))
}
