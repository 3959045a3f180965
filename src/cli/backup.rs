//! `portcullis backup`: everything that the store holds, into a file that nobody else can read.

use std::{error::Error, fmt::Write as _, fs, num::NonZeroUsize, path::PathBuf};

use clap::{ArgGroup, Parser, Subcommand};
use serde_json::{Value, json};

use super::{print, progress::Line, runtime_beside, told};
use crate::{
    app,
    config::Config,
    flows::{
        backup::{Made, Order, Place, Recipient, backup},
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
    subcommand_negates_reqs = true,
    after_help = "Examples:\n  portcullis backup keygen > backup.key\n  \
                  portcullis backup --to /backups --recipient age1… --keep 14\n  \
                  portcullis backup --to s3://backups/auth --recipients-file recipients.txt --json\n  \
                  portcullis backup list --from /backups"
)]
pub struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    make: Option<Make>,
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
#[command(group = ArgGroup::new("readers").required(true).multiple(true))]
struct Make {
    #[arg(long, value_name = "DEST", help = "The folder, or s3://BUCKET/PREFIX")]
    to: Place,
    /// Somebody who may read it, as an age recipient: age1…; may be repeated, or a list with commas.
    #[arg(
        long,
        value_name = "AGE1",
        value_delimiter = ',',
        group = "readers",
        conflicts_with = "unencrypted"
    )]
    recipient: Vec<Recipient>,
    /// A file with one recipient a line.
    #[arg(long, value_name = "FILE", group = "readers", conflicts_with = "unencrypted")]
    recipients_file: Option<PathBuf>,
    /// Let everybody read it who finds it, password hashes and all.
    #[arg(long, group = "readers")]
    unencrypted: bool,
    /// Keep so many backups there, and remove older ones once the new one is whole.
    #[arg(long, value_name = "N")]
    keep: Option<NonZeroUsize>,
    /// For programs.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Parser)]
struct List {
    #[arg(long, value_name = "SRC", help = "The folder, or s3://BUCKET/PREFIX")]
    from: Place,
    /// For programs.
    #[arg(long)]
    json: bool,
}

impl Args {
    pub fn run(self, config: &Config) -> Result<(), Box<dyn Error + Send + Sync>> {
        match (self.verb, self.make) {
            (Some(Verb::List(list)), _) => show(list, config),
            (Some(Verb::Keygen), _) => keygen(),
            (None, Some(make)) => make.run(config),
            (None, None) => Err("say where to: --to DEST".into()),
        }
    }
}

impl Make {
    fn run(self, config: &Config) -> Result<(), Box<dyn Error + Send + Sync>> {
        let order = Order { recipients: self.recipients()?, keep: self.keep };
        let runtime = runtime_beside()?;
        let line = Line::start("records written");
        let made = app::with_backups(config, self.to, async |backups| {
            backup(backups, &order, &mut |records| line.show(records)).await
        });
        let made = runtime.block_on(made)?;
        line.end();
        let made = made.map_err(told)?;
        Ok(print(&if self.json { as_json(&made) } else { as_table(&made) })?)
    }

    fn recipients(&self) -> Result<Vec<Recipient>, Box<dyn Error + Send + Sync>> {
        let mut all = self.recipient.clone();
        if let Some(path) = &self.recipients_file {
            let said = |why: String| format!("{}: {why}", path.display());
            let file = fs::read_to_string(path).map_err(|error| said(error.to_string()))?;
            let lines = file.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
            for line in lines {
                all.push(line.parse().map_err(|why| said(format!("{line:?} is {why}")))?);
            }
            if all.is_empty() {
                return Err(said("there is no recipient in it".to_owned()).into());
            }
        }
        Ok(all)
    }
}

fn show(list: List, config: &Config) -> Result<(), Box<dyn Error + Send + Sync>> {
    let runtime = runtime_beside()?;
    let listed = runtime.block_on(app::list_backups(config, list.from))?.map_err(told)?;
    Ok(print(&if list.json { listed_as_json(&listed) } else { listed_as_table(&listed) })?)
}

fn keygen() -> Result<(), Box<dyn Error + Send + Sync>> {
    let identity = app::identity()?;
    let recipient = identity.recipient()?;
    Ok(print(&format!("# public key: {recipient}\n{}\n", &*identity.reveal()))?)
}

fn as_table(made: &Made) -> String {
    let mut table = sums_as_table(&made.sums);
    _ = writeln!(table, "\n{} ({} bytes)", made.name, made.size);
    for name in &made.removed {
        _ = writeln!(table, "removed {name}");
    }
    table.push_str("The key secret is not in it: without it, its signing keys are of no use.\n");
    table
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
