//! `portcullis users import`: those of another system join those who are here.

use std::{
    fmt::Write as _,
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write as _},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{ArgGroup, Parser};
use secrecy::SecretString;
use serde::Serialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::super::{Failed, backup::seconds, counted, print, progress::Line, runtime_beside, told};
use crate::{
    app::{self, ImportFrom},
    config::Config,
    flows::import_users::{Order, Place, Project, Refusal, Tally, Witness},
};

/// Add users of another system, with the hashes that it made of their passwords.
///
/// Whoever signs in with the old password gets a new hash. It runs beside the service; killed or failed, the same command goes on
/// where it was. Of two with one address the first stays, and the other is named. It ends with 1 if anybody was not added.
#[derive(Debug, Parser)]
#[command(
    group = ArgGroup::new("from").required(true).args(["file", "from_mongodb", "from_mongodb_file"]),
    after_help = "Examples:\n  portcullis users import people.ndjson --dry-run\n  \
                  portcullis users import people.ndjson --report refused.ndjson\n  \
                  portcullis users import - --firebase-signer-key-file signer-key < firebase.ndjson\n  \
                  portcullis users import --from-mongodb mongodb://10.0.0.5/tickets\n\n\
                  A line: {\"email\": \"ada@example.org\", \"passwordHash\": \"$2b$10$…\", \"emailVerified\": true, \
                  \"roles\": [\"box-office\"], \"createdAt\": \"2019-04-01T12:00:00Z\"}\n\
                  The first two are needed. docs/import.md says which hashes are known."
)]
pub struct Args {
    /// One user a line, as JSON; - is standard input.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Documents {email, password} of a MongoDB collection, in the database that the URL names.
    #[arg(long, value_name = "URL")]
    from_mongodb: Option<SecretString>,
    /// The same, with the URL in a file, where its password stands in no list of processes.
    #[arg(long, value_name = "FILE")]
    from_mongodb_file: Option<PathBuf>,
    /// The collection.
    #[arg(long, value_name = "NAME", default_value = "users", conflicts_with = "file")]
    collection: String,
    /// Only read them and count; the store is not asked for.
    #[arg(long)]
    dry_run: bool,
    /// Write a line of JSON about everybody who was not added; replaces the file.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    #[command(flatten)]
    firebase: Firebase,
    /// For programs.
    #[arg(long)]
    json: bool,
}

/// What Firebase's console shows under "Password hash parameters".
#[derive(Debug, clap::Args)]
struct Firebase {
    /// The file with the base64 signer key of a Firebase project, for lines with a salt.
    #[arg(long = "firebase-signer-key-file", value_name = "FILE")]
    signer_key_file: Option<PathBuf>,
    /// Its base64 salt separator.
    #[arg(long = "firebase-salt-separator", value_name = "BASE64", default_value = "Bw==")]
    salt_separator: String,
    /// Its rounds.
    #[arg(long = "firebase-rounds", value_name = "N", default_value_t = 8)]
    rounds: u32,
    /// Its memory cost.
    #[arg(long = "firebase-mem-cost", value_name = "N", default_value_t = 14)]
    mem_cost: u32,
}

impl Args {
    pub fn run(self, config: &Config) -> Result<(), Failed> {
        let order = Order { project: self.firebase.project()?, dry_run: self.dry_run };
        let report = self.report.as_deref().map(Report::create).transpose()?;
        let mut screen = Screen { line: Line::start("user", "read"), shown: 0, left_out: 0, report };
        let from = from(self.file, self.from_mongodb, self.from_mongodb_file, self.collection)?;
        let runtime = runtime_beside()?;
        let imported = runtime.block_on(app::import_users(config, from, &order, &mut screen));
        // Nobody waits for whoever writes to a pipe.
        runtime.shutdown_background();
        screen.end()?;
        let (tally, took) = imported?.map_err(|failure| {
            format!("{}; what was added stays, and the same command goes on", told(failure))
        })?;
        let dry = self.dry_run;
        print(&if self.json { as_json(&tally, took, dry) } else { as_table(&tally, took, dry) })?;
        if tally.refused + tally.duplicates > 0 { Err(Failed::Logged) } else { Ok(()) }
    }
}

fn from(
    file: Option<PathBuf>,
    url: Option<SecretString>,
    url_file: Option<PathBuf>,
    collection: String,
) -> Result<ImportFrom, Failed> {
    if let Some(path) = url_file {
        let url = read(&path)?.trim().to_owned();
        return Ok(ImportFrom::Mongo { url: url.into(), collection });
    }
    Ok(match (file, url) {
        (Some(path), _) if path == Path::new("-") => ImportFrom::StandardInput,
        (Some(path), _) => ImportFrom::File(path),
        (None, url) => ImportFrom::Mongo { url: url.unwrap_or_else(|| String::new().into()), collection },
    })
}

impl Firebase {
    fn project(&self) -> Result<Option<Project>, Failed> {
        let Some(path) = &self.signer_key_file else { return Ok(None) };
        let key = read(path)?;
        let project = Project::new(&key, &self.salt_separator, self.rounds, self.mem_cost);
        let wrong = "the parameters of the Firebase project are not those that its console shows, or cost more than a sign-in may";
        project.map(Some).map_err(|_| Failed::Misused(wrong.to_owned()))
    }
}

fn read(path: &Path) -> Result<Zeroizing<String>, String> {
    fs::read_to_string(path).map(Zeroizing::new).map_err(|error| format!("{}: {error}", path.display()))
}

/// Shows how far it is, and the first who are not added; the report has all of them.
struct Screen {
    line: Line,
    shown: u64,
    left_out: u64,
    report: Option<Report>,
}

/// There are addresses in it, so nobody else may read it.
struct Report {
    to: BufWriter<File>,
    failed: Option<io::Error>,
}

/// A line of it.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    code: &'static str,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
}

/// Refusals that a terminal shows.
const SHOWN: u64 = 10;

impl Witness for Screen {
    fn read(&mut self, so_far: u64) {
        self.line.show(so_far);
    }

    fn refused(&mut self, refusal: &Refusal) {
        if let Some(report) = &mut self.report {
            report.write(refusal);
        }
        if self.shown == SHOWN {
            self.left_out += 1;
            return;
        }
        self.shown += 1;
        self.line.end();
        let Refusal { place, fault, email } = refusal;
        let whose = email.as_deref().map_or_else(String::new, |email| format!("{email}: "));
        // Who does not see it reads the totals.
        let _ = writeln!(io::stderr(), "{}: {whose}{fault}", named(place));
    }
}

impl Screen {
    fn end(self) -> Result<(), io::Error> {
        self.line.end();
        if self.left_out > 0 {
            let hint = if self.report.is_some() { "" } else { "; --report FILE gets all of them" };
            let _ = writeln!(io::stderr(), "and {} more{hint}", self.left_out);
        }
        self.report.map_or(Ok(()), Report::end)
    }
}

impl Report {
    fn create(path: &Path) -> Result<Self, String> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
        let file = file.map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self { to: BufWriter::new(file), failed: None })
    }

    fn write(&mut self, Refusal { place, fault, email }: &Refusal) {
        let (line, id) = match place {
            Place::Line(number) => (Some(*number), None),
            Place::Document(id) => (None, Some(id.as_str())),
        };
        let told = Told { line, id, code: fault.code(), detail: fault.to_string(), email: email.as_deref() };
        let written = serde_json::to_writer(&mut self.to, &told).map_err(io::Error::from);
        if let (Err(error), None) = (written.and_then(|()| self.to.write_all(b"\n")), &self.failed) {
            self.failed = Some(error);
        }
    }

    fn end(mut self) -> io::Result<()> {
        self.failed.take().map_or_else(|| self.to.flush(), Err)
    }
}

fn named(place: &Place) -> String {
    match place {
        Place::Line(number) => format!("line {number}"),
        Place::Document(id) => format!("document {id}"),
    }
}

fn as_table(tally: &Tally, took: Duration, dry: bool) -> String {
    let Tally { read, added, before, duplicates, refused, kinds } = tally;
    let mut table = format!("{:24}  {:>10}\n", "ALGORITHM", "COUNT");
    for (kind, count) in kinds {
        _ = writeln!(table, "{kind:24}  {count:>10}");
    }
    _ = write!(table, "\n{} read in {}: ", counted(*read, "user"), seconds(took));
    _ = if dry {
        writeln!(table, "{refused} refused. Nothing was written.")
    } else {
        let duplicates = counted(*duplicates, "duplicate");
        writeln!(table, "{added} added, {before} added before, {duplicates}, {refused} refused.")
    };
    table
}

fn as_json(tally: &Tally, took: Duration, dry: bool) -> String {
    let Tally { read, added, before, duplicates, refused, kinds } = tally;
    let tally: Value = json!({
        "read": read,
        "added": added,
        "addedBefore": before,
        "duplicates": duplicates,
        "refused": refused,
        "algorithms": kinds,
        "dryRun": dry,
        "seconds": took.as_secs_f64(),
    });
    format!("{tally:#}\n")
}
