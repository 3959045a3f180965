//! `portcullis users`: who there is, and what an operator does to an account.

mod import;
mod report;
mod shown;

use std::io::{self, Write as _};

use clap::{Parser, Subcommand};
use serde_json::json;

use self::shown::{as_json, as_row, as_text, heading};
use super::{Failed, counted, print, runtime, told};
use crate::{
    app,
    config::Config,
    flows::{
        change_user::{Change, InvalidRole, change_user},
        delete_user::delete_user,
        find_user::Whom,
        list_users::{Role, User, Which, list_users},
        show_user::show_user,
    },
};

/// Look after people's accounts.
///
/// Whoever can reach the store may do all of it. What is changed counts at once, in every replica.
#[derive(Debug, Parser)]
#[command(
    after_help = "Examples:\n  portcullis users list --role admin\n  portcullis users show ada@example.org\n  \
                  portcullis users roles ada@example.org admin\n  portcullis users disable ada@example.org\n  \
                  portcullis users import people.ndjson"
)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show all users, or those of a kind, in the order in which they came.
    #[command(after_help = "Example:\n  portcullis users list --disabled --json")]
    List(List),
    /// Show one user, and how many sessions they have.
    #[command(after_help = "Example:\n  portcullis users show ada@example.org")]
    Show(Named),
    /// Keep somebody out: every session ends, and nobody signs in.
    #[command(after_help = "Example:\n  portcullis users disable ada@example.org")]
    Disable(Named),
    /// Let somebody in again; they sign in anew.
    #[command(after_help = "Example:\n  portcullis users enable ada@example.org")]
    Enable(Named),
    /// Give roles to somebody, or take them; without any, show those that they have.
    #[command(
        after_help = "Examples:\n  portcullis users roles ada@example.org admin box-office\n  portcullis users roles ada@example.org --take admin"
    )]
    Roles(Roles),
    /// Erase somebody now, with all that is kept of them; this cannot be taken back.
    #[command(after_help = "Example:\n  portcullis users delete ada@example.org --yes")]
    Delete(Delete),
    Import(import::Args),
}

#[derive(Debug, Parser)]
struct List {
    /// Those who have this role.
    #[arg(long, value_parser = role)]
    role: Option<Role>,
    /// Those who may not sign in.
    #[arg(long)]
    disabled: bool,
    /// Those who left, and are erased once their grace is over.
    #[arg(long)]
    leaving: bool,
    /// For programs.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Parser)]
struct Delete {
    #[command(flatten)]
    named: Named,
    /// Really. Without it nothing is erased, and whom it would be is shown.
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Parser)]
struct Named {
    /// Their address, or their id.
    #[arg(value_name = "ADDRESS")]
    whom: Whom,
    /// For programs.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Parser)]
struct Roles {
    #[command(flatten)]
    named: Named,
    /// To be given.
    #[arg(value_name = "ROLE", value_parser = role)]
    give: Vec<Role>,
    /// To be taken; may be repeated, or a list with commas.
    #[arg(long, value_name = "ROLE", value_delimiter = ',', value_parser = role)]
    take: Vec<Role>,
}

fn role(name: &str) -> Result<Role, InvalidRole> {
    Role::try_from(name)
}

pub fn run(args: Args, config: &Config) -> Result<(), Failed> {
    match args.verb {
        Verb::List(list) => show_all(list, config),
        Verb::Show(named) => show(&named, config),
        Verb::Disable(named) => change(&named, &Change::Disable, config),
        Verb::Enable(named) => change(&named, &Change::Enable, config),
        Verb::Delete(Delete { named, yes: true }) => delete(&named, config),
        Verb::Delete(Delete { named, .. }) => {
            show(&named, config)?;
            Err("nothing was erased; --yes erases this user".to_owned().into())
        }
        Verb::Import(args) => args.run(config),
        Verb::Roles(Roles { named, give, take }) => match give.iter().find(|role| take.contains(role)) {
            Some(role) => {
                Err(Failed::Misused(format!("{role} is to be given and to be taken: say one of them")))
            }
            None if give.is_empty() && take.is_empty() => show(&named, config),
            None => change(&named, &Change::Roles { give, take }, config),
        },
    }
}

fn change(named: &Named, change: &Change, config: &Config) -> Result<(), Failed> {
    let changed = app::with_pen(config, async |pen| change_user(pen, &named.whom, change).await);
    let (user, is_new) = runtime()?.block_on(changed)?.map_err(told)?;
    let text = if named.json {
        format!("{:#}\n", json!({ "user": as_json(&user), "changed": is_new }))
    } else {
        format!("{}{}", as_text(&user), if is_new { "" } else { "It was so before.\n" })
    };
    Ok(print(&text)?)
}

fn delete(named: &Named, config: &Config) -> Result<(), Failed> {
    let deleted = app::with_pen(config, async |pen| delete_user(pen, &named.whom).await);
    let user = runtime()?.block_on(deleted)?.map_err(told)?;
    let text = if named.json {
        format!("{:#}\n", json!({ "user": as_json(&user), "deleted": true }))
    } else {
        format!("{}Erased.\n", as_text(&user))
    };
    Ok(print(&text)?)
}

fn show(named: &Named, config: &Config) -> Result<(), Failed> {
    let shown = app::with_store(config, async |store, clock| show_user(store, clock, &named.whom).await);
    let (user, sessions) = runtime()?.block_on(shown)?.map_err(told)?;
    let last = sessions.iter().map(|session| session.last_seen_at).max();
    let text = if named.json {
        let last = last.map(|at| at.to_string());
        format!("{:#}\n", json!({ "user": as_json(&user), "sessions": sessions.len(), "lastSeenAt": last }))
    } else {
        let last = last.map_or_else(String::new, |at| format!(", the last one used at {at}"));
        format!("{}{:10}  {}{last}\n", as_text(&user), "sessions", sessions.len())
    };
    Ok(print(&text)?)
}

/// Line by line, since there may be many; nothing while there may be no store.
fn show_all(list: List, config: &Config) -> Result<(), Failed> {
    let List { role, disabled, leaving, json } = list;
    let (which, mut shown, mut failed) = (Which { role, disabled, leaving }, 0_u64, None);
    let mut out = io::BufWriter::new(io::stdout());
    let mut say = |line: &str, out: &mut io::BufWriter<_>| match writeln!(out, "{line}") {
        Err(error) if failed.is_none() => failed = Some(error),
        _ => {}
    };
    let heading = if json { "{\"users\": [".to_owned() } else { heading() };
    let mut each = |user: &User| {
        let comma = if shown > 0 { "," } else { "" };
        if shown == 0 {
            say(&heading, &mut out);
        }
        shown += 1;
        say(&if json { format!("{comma}{}", as_json(user)) } else { as_row(user) }, &mut out);
    };
    let listed = app::with_store(config, async |store, _| list_users(store, &which, &mut each).await);
    runtime()?.block_on(listed)?.map_err(told)?;
    if shown == 0 {
        say(&heading, &mut out);
    }
    say(&if json { "]}".to_owned() } else { counted(shown, "user") }, &mut out);
    // A reader who has seen enough is no failure.
    match failed.map_or_else(|| out.flush(), Err) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
