//! `portcullis throttle`: whoever was shut out by wrong passwords is let try again.

use clap::{Parser, Subcommand};
use serde_json::json;

use super::{Failed, print, runtime, told};
use crate::{
    app,
    config::Config,
    flows::clear_throttle::{Email, clear_throttle},
};

/// Look after what keeps people from trying passwords.
#[derive(Debug, Parser)]
#[command(after_help = "Example:\n  portcullis throttle clear ada@example.org")]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Forget the wrong passwords that were tried for an address, whether it is anybody's or not.
    #[command(after_help = "Example:\n  portcullis throttle clear ada@example.org")]
    Clear(Clear),
}

#[derive(Debug, Parser)]
struct Clear {
    #[arg(value_name = "ADDRESS", value_parser = |text: &str| Email::try_from(text))]
    address: Email,
    /// For programs.
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, config: &Config) -> Result<(), Failed> {
    let Verb::Clear(Clear { address, json }) = &args.verb;
    let cleared = app::with_vault(config, async |pen, vault| clear_throttle(pen, vault, address).await);
    runtime()?.block_on(cleared)?.map_err(told)?;
    let address = address.original();
    print(&if *json {
        format!("{:#}\n", json!({ "cleared": address }))
    } else {
        format!("{address} may be tried again.\n")
    })?;
    Ok(())
}
