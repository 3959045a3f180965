//! `portcullis throttle`: who has to wait before they may try again, and who may after all.

use std::{fmt::Write as _, str::FromStr};

use clap::{Parser, Subcommand};
use serde_json::{Value, json};

use super::{Failed, print, runtime, told};
use crate::{
    app,
    config::Config,
    flows::{
        clear_throttle::{Email, Whom, clear_throttle},
        list_throttle::{Counted, Listed, list_throttle},
    },
};

const EXAMPLES: &str = "Examples:\n  portcullis throttle list\n  portcullis throttle clear ada@example.org";

/// Look after what keeps people from trying passwords.
#[derive(Debug, Parser)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show who has to wait, and until when.
    #[command(after_help = "Example:\n  portcullis throttle list --all --json")]
    List(List),
    /// Forget what was tried at an address, whether it is anybody's or not, or from a network.
    #[command(
        after_help = "Examples:\n  portcullis throttle clear ada@example.org\n  portcullis throttle clear 192.0.2.7"
    )]
    Clear(Clear),
}

#[derive(Debug, Parser)]
struct List {
    /// Also what is counted and does not wait yet.
    #[arg(long)]
    all: bool,
    /// For programs.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Parser)]
struct Clear {
    /// An address that people sign in with, or one of a network; of IPv6 the whole /64 is meant.
    #[arg(value_name = "ADDRESS", value_parser = Cleared::from_str, required_unless_present = "all")]
    whom: Option<Cleared>,
    /// Everything that is counted.
    #[arg(long, conflicts_with = "whom")]
    all: bool,
    /// For programs.
    #[arg(long)]
    json: bool,
}

/// As it was typed, and what is meant.
#[derive(Clone, Debug)]
struct Cleared {
    typed: String,
    whom: Whom,
}

impl FromStr for Cleared {
    type Err = String;

    fn from_str(typed: &str) -> Result<Self, String> {
        let address = || Email::try_from(typed).map(Whom::Address);
        let whom = typed.parse().map(Whom::Network).or_else(|_| address());
        let whom = whom.map_err(|error| format!("{error}; nor is it an IP address"))?;
        Ok(Self { typed: typed.to_owned(), whom })
    }
}

pub fn run(args: &Args, config: &Config) -> Result<(), Failed> {
    match &args.verb {
        Verb::List(form) => list(form, config),
        Verb::Clear(form) => clear(form, config),
    }
}

/// More are nothing that anybody reads.
const MOST: usize = 1_000;

fn list(form: &List, config: &Config) -> Result<(), Failed> {
    let (mut counts, mut more) = (Vec::new(), false);
    let listed = app::with_vault(config, async |store, clock, vault| {
        let note = |listed: Listed| {
            if form.all || listed.waits_until.is_some() {
                more = counts.len() == MOST;
                if !more {
                    counts.push(listed);
                }
            }
            !more
        };
        list_throttle(store, vault, clock.now(), note).await
    });
    runtime()?.block_on(listed)??;
    print(&if form.json { as_json(&counts, more) } else { as_table(&counts, more) })?;
    Ok(())
}

fn clear(form: &Clear, config: &Config) -> Result<(), Failed> {
    let (typed, whom) = match &form.whom {
        Some(Cleared { typed, whom }) => (typed.as_str(), whom.clone()),
        None => ("everybody", Whom::Everybody),
    };
    let cleared = app::with_pen(config, async |pen| clear_throttle(pen, &whom).await);
    let counts = runtime()?.block_on(cleared)?.map_err(told)?;
    print(&if form.json {
        format!("{:#}\n", json!({ "cleared": typed, "counts": counts }))
    } else {
        match counts {
            0 => format!(
                "Nothing was counted for {typed}. Whoever waits all the same is in a network that does: `portcullis throttle list`.\n"
            ),
            _ => format!("{typed} may try again: {counts} counts are forgotten.\n"),
        }
    })?;
    Ok(())
}

fn as_table(counts: &[Listed], more: bool) -> String {
    if counts.is_empty() {
        return "Nobody has to wait.\n".to_owned();
    }
    let mut table = format!("{:48}  {:>5}  WAITS UNTIL\n", "WHAT IS COUNTED", "TRIES");
    for count in counts {
        let until = count.waits_until.map_or_else(|| "-".to_owned(), |until| until.to_string());
        _ = writeln!(table, "{:48}  {:>5}  {until}", in_words(count.counted.as_ref()), count.tries);
    }
    if more {
        _ = writeln!(table, "There are more than these {MOST}.");
    }
    table
}

fn in_words(counted: Option<&Counted>) -> String {
    let Some(counted) = counted else { return "(sealed with another key secret)".to_owned() };
    match counted {
        Counted::Address { address } => format!("passwords of {address}"),
        Counted::AddressFromNetwork { address, network } => format!("passwords of {address} from {network}"),
        Counted::Browser { address, .. } => format!("passwords of {address} in a known browser"),
        Counted::Owner { user } => format!("own password of {user}"),
        Counted::Network { network } => format!("wrong pairs from {network}"),
        Counted::SignUps { network } => format!("sign-ups from {network}"),
        Counted::ForgottenPasswords { network } => format!("forgotten passwords from {network}"),
        Counted::TokensFromMail { network } => format!("wrong tokens from {network}"),
        Counted::Mail { about, address } => format!("mail about {} to {address}", about.as_str()),
        Counted::AddressesAsked { user } => format!("addresses asked by {user}"),
    }
}

fn as_json(counts: &[Listed], more: bool) -> String {
    let count = |listed: &Listed| {
        json!({
            "what": listed.counted,
            "tries": listed.tries,
            "waitsUntil": listed.waits_until.map(|until| until.to_string()),
            "forgottenAt": listed.forgotten_at.to_string(),
        })
    };
    let counts: Vec<Value> = counts.iter().map(count).collect();
    format!("{:#}\n", json!({ "counts": counts, "more": more }))
}
