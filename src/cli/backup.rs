//! `portcullis backup`: everything that the store holds, into a file that nobody else can read.

use std::{
    fmt::Write as _,
    fs,
    io::{self, Write as _},
    num::NonZeroUsize,
    path::PathBuf,
    time::Duration,
};

use clap::{Parser, Subcommand};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{Failed, print, progress::Line, runtime_beside, signals::Signals, told};
use crate::{
    app,
    config::{Backup, Config},
    flows::{
        backup::{Made, NotAKey, Order, Place, Recipient, backup},
        dump::Sums,
        list_backups::Listed,
    },
};

/// Write everything that the store holds into one encrypted file, in a folder or an S3 bucket.
///
/// The file appears under its name when it is whole. The key secret is not in it: keep it somewhere else.
#[derive(Debug, Parser)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  portcullis backup keygen > backup.key\n  \
                  portcullis backup --to /backups --recipient age1… --keep 14\n  \
                  portcullis backup --to s3://backups/auth --recipients-file recipients.txt --json\n  \
                  portcullis backup --to - --recipient age1… > portcullis.age\n  \
                  portcullis backup list --from /backups"
)]
pub struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    make: Make,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show the backups that are whole, the newest first.
    #[command(after_help = "Example:\n  portcullis backup list --from s3://backups/auth")]
    List(List),
    /// Make a key pair: the identity, to be kept safe and not here, and in its comment the recipient.
    #[command(after_help = "Example:\n  portcullis backup keygen > backup.key")]
    Keygen,
}

#[derive(Debug, clap::Args)]
struct Make {
    #[arg(
        long,
        value_name = "DEST",
        help = "The folder, s3://BUCKET/PREFIX, or - for standard output [PORTCULLIS_BACKUP_TO]"
    )]
    to: Option<Place>,
    #[arg(
        long,
        value_name = "AGE1",
        value_delimiter = ',',
        conflicts_with = "unencrypted",
        help = "Somebody who can read it, as an age recipient: age1…; may be repeated, or a list with commas [PORTCULLIS_BACKUP_RECIPIENTS]"
    )]
    recipient: Vec<String>,
    /// A file with one recipient a line.
    #[arg(long, value_name = "FILE", conflicts_with = "unencrypted")]
    recipients_file: Option<PathBuf>,
    /// Let everybody read it who finds it, password hashes and all.
    #[arg(long)]
    unencrypted: bool,
    #[arg(
        long,
        value_name = "N",
        help = "Keep so many backups there, and remove older ones once the new one is whole; 0 keeps all [PORTCULLIS_BACKUP_KEEP]"
    )]
    keep: Option<u32>,
    /// For programs.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Parser)]
struct List {
    #[arg(long, value_name = "SRC", help = "The folder, or s3://BUCKET/PREFIX [PORTCULLIS_BACKUP_TO]")]
    from: Option<Place>,
    /// For programs.
    #[arg(long)]
    json: bool,
}

impl Args {
    pub fn run(self, config: &Config) -> Result<(), Failed> {
        match self.verb {
            Some(Verb::List(list)) => show(list, config),
            Some(Verb::Keygen) => keygen(),
            None => self.make.run(config),
        }
    }
}

impl Make {
    fn run(self, config: &Config) -> Result<(), Failed> {
        let recipients = self.recipients(&config.backup)?;
        let keep = self.keep.unwrap_or(config.backup.keep);
        let order = Order { recipients, keep: NonZeroUsize::new(keep.try_into()?) };
        let to = place(self.to, &config.backup, "--to")?;
        let piped = to == Place::Pipe;
        let runtime = runtime_beside()?;
        let line = Line::start("record", "written");
        let made = runtime.block_on(async {
            let (signals, stop) = (Signals::listen()?, CancellationToken::new());
            let told = stop.clone();
            // Beside the work, so that a second signal ends it at whatever moment.
            tokio::spawn(async move {
                signals.first().await;
                told.cancel();
            });
            let made = app::with_backups(config, to, async |backups| {
                backup(backups, &order, &stop, &mut |records| line.show(records)).await
            });
            Ok::<_, Failed>(made.await?)
        });
        // Nobody waits for a reader at the other end of a pipe.
        runtime.shutdown_background();
        let made = made?;
        line.end();
        let made = made.map_err(told)?;
        let told = if self.json { as_json(&made) } else { as_table(&made) };
        // What is read from the other end is the backup, and nothing else.
        Ok(if piped { io::stderr().write_all(told.as_bytes()) } else { print(&told) }?)
    }

    /// Those of the command, else those that are configured; nobody is left out by mistake.
    fn recipients(&self, config: &Backup) -> Result<Vec<Recipient>, Failed> {
        let mut all = parsed("number", self.recipient.iter().map(String::as_str))
            .map_err(|why| Failed::Misused(format!("--recipient: {why}")))?;
        if let Some(path) = &self.recipients_file {
            let said = |why: String| format!("{}: {why}", path.display());
            let file = fs::read_to_string(path).map_err(|error| said(error.to_string()))?;
            let lines = file.lines().map(|line| if line.trim_start().starts_with('#') { "" } else { line });
            all.extend(parsed("line", lines).map_err(said)?);
        } else if all.is_empty() && !self.unencrypted {
            let listed = config.recipients.split(',');
            all.extend(
                parsed("number", listed).map_err(|why| format!("PORTCULLIS_BACKUP_RECIPIENTS: {why}"))?,
            );
        }
        if all.is_empty() && !self.unencrypted {
            let options = "--recipient, --recipients-file or PORTCULLIS_BACKUP_RECIPIENTS; --unencrypted lets everybody";
            return Err(Failed::Misused(format!("say who can read it: {options}")));
        }
        Ok(all)
    }
}

/// What is none is never repeated: whoever mixes up the halves of a key would read the secret one in a log.
fn parsed<'a>(each: &str, texts: impl Iterator<Item = &'a str>) -> Result<Vec<Recipient>, String> {
    let texts = texts.map(str::trim).zip(1..).filter(|(text, _)| !text.is_empty());
    let parse = |(text, number): (&str, usize)| {
        text.parse().map_err(|why: NotAKey| format!("{each} {number} is {why}"))
    };
    texts.map(parse).collect()
}

/// The place that an option names, else the one that is configured.
pub(super) fn place(named: Option<Place>, config: &Backup, option: &str) -> Result<Place, Failed> {
    match (named, &*config.to) {
        (Some(place), _) => Ok(place),
        (None, "") => Err(Failed::Misused(format!("say where: {option} or PORTCULLIS_BACKUP_TO"))),
        (None, to) => to.parse().map_err(|why| format!("PORTCULLIS_BACKUP_TO: {to:?} is {why}").into()),
    }
}

fn show(list: List, config: &Config) -> Result<(), Failed> {
    let from = place(list.from, &config.backup, "--from")?;
    let runtime = runtime_beside()?;
    let listed = runtime.block_on(app::list_backups(config, from))?.map_err(told)?;
    Ok(print(&if list.json { listed_as_json(&listed) } else { listed_as_table(&listed) })?)
}

fn keygen() -> Result<(), Failed> {
    let identity = app::identity()?;
    let recipient = identity.recipient()?;
    Ok(print(&format!("# public key: {recipient}\n{}\n", &*identity.reveal()))?)
}

fn as_table(made: &Made) -> String {
    let mut table = sums_as_table(&made.sums);
    _ = writeln!(table, "\n{}: {} bytes in {}", made.name, made.size, seconds(made.took));
    for name in &made.removed {
        _ = writeln!(table, "removed {name}");
    }
    table.push_str("The key secret is not in it: without it, its signing keys are of no use.\n");
    table
}

pub(super) fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

pub(super) fn sums_as_table(sums: &Sums) -> String {
    let mut table = format!("{:12}  {:>9}  SHA-256\n", "COLLECTION", "COUNT");
    for (kind, sum) in sums {
        _ = writeln!(table, "{kind:12}  {:>9}  {}", sum.count, sum.sha256);
    }
    table
}

fn as_json(made: &Made) -> String {
    let removed: Vec<_> = made.removed.iter().map(ToString::to_string).collect();
    let made = json!({
        "name": made.name.to_string(),
        "size": made.size,
        "seconds": made.took.as_secs_f64(),
        "collections": made.sums,
        "removed": removed,
        "keySecretIncluded": false,
    });
    format!("{made:#}\n")
}

fn listed_as_table(listed: &[Listed]) -> String {
    let mut table = format!("{:44}  {:>12}\n", "BACKUP", "BYTES");
    for Listed { name, size } in listed {
        _ = writeln!(table, "{:44}  {size:>12}", name.as_str());
    }
    table
}

fn listed_as_json(listed: &[Listed]) -> String {
    let backup = |Listed { name, size }: &Listed| json!({ "name": name.to_string(), "size": size });
    let backups: Vec<Value> = listed.iter().map(backup).collect();
    format!("{:#}\n", json!({ "backups": backups }))
}
