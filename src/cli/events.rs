//! `portcullis events`: whether what was written down is all there, and as it was written.

use std::fmt::Write as _;

use clap::{Parser, Subcommand};
use serde_json::{Value, json};

use super::{Failed, print, progress::Line, runtime_beside};
use crate::{
    app,
    config::Config,
    flows::verify_events::{Noted, Verdict, verify_events},
};

/// Look after the security events.
#[derive(Debug, Parser)]
#[command(
    after_help = "Examples:\n  portcullis events verify\n  portcullis events verify --head 1042:6b1f…:2027-11-22T09:30:00Z --json"
)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Walk the chain of events from its oldest link to its end, and tell what was edited, moved, put in or taken out.
    ///
    /// Ends with 0 where it is whole, and with 1 where it is not. That the latest events are missing shows only to whoever has noted an earlier
    /// head: this command prints the present one, and the service writes it to its log once a day.
    #[command(after_help = "Example:\n  portcullis events verify --head 1042:6b1f…:2027-11-22T09:30:00Z")]
    Verify(Verify),
}

#[derive(Debug, Parser)]
struct Verify {
    /// A head that was noted earlier, which has to be in the chain.
    #[arg(long, value_name = "POSITION:DIGEST:EXPIRES")]
    head: Option<Noted>,
    /// For programs.
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, config: &Config) -> Result<(), Failed> {
    let Verb::Verify(Verify { head, json }) = &args.verb;
    let line = Line::start("event", "checked");
    let mut progress = |checked| line.show(checked);
    let verified = app::with_vault(config, async |store, clock, vault| {
        verify_events(store, clock, vault, *head, &mut progress).await
    });
    let verified = runtime_beside()?.block_on(verified);
    line.end();
    let verdict = verified??;
    print(&if *json { as_json(&verdict) } else { as_text(&verdict) })?;
    if verdict.is_whole() { Ok(()) } else { Err(Failed::Logged) }
}

fn as_text(verdict: &Verdict) -> String {
    let Verdict { walk, wrong, more, unsealed } = verdict;
    let mut text = String::new();
    for wrong in wrong {
        _ = writeln!(text, "{wrong}");
    }
    if *more > 0 {
        _ = writeln!(text, "and {more} more");
    }
    let head = walk.last.map_or_else(|| "none".to_owned(), |head| head.noted().to_string());
    _ = writeln!(text, "{:10}  {}", "events", walk.checked);
    _ = writeln!(text, "{:10}  {}", "forgotten", walk.forgotten);
    _ = writeln!(text, "{:10}  {unsealed}", "unsealed");
    _ = writeln!(text, "{:10}  {head}", "head");
    _ = writeln!(text, "{}", if verdict.is_whole() { "The chain is whole." } else { "The chain is broken." });
    text
}

fn as_json(verdict: &Verdict) -> String {
    let Verdict { walk, wrong, more, unsealed } = verdict;
    let wrong: Vec<Value> =
        wrong.iter().map(|wrong| json!({ "code": wrong.code(), "message": wrong.to_string() })).collect();
    let document = json!({
        "whole": verdict.is_whole(),
        "events": walk.checked,
        "forgotten": walk.forgotten,
        "unsealed": unsealed,
        "first": walk.first,
        "head": walk.last.map(|head| head.noted().to_string()),
        "wrong": wrong,
        "more": more,
    });
    format!("{document:#}\n")
}
