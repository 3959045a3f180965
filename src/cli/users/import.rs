//! `portcullis users import`: those of another system join those who are here.

use std::{
    fmt::Write as _,
    fs::{self, File},
    io::{self, Write as _},
    os::fd::AsFd,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{ArgGroup, Parser};
use secrecy::SecretString;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{
    super::{Failed, backup::seconds, counted, print, progress::Line, runtime_beside, told},
    report::{Identity, Report},
};
use crate::{
    app::{self, ImportFrom, NoSource},
    config::Config,
    flows::import_users::{Order, Place, Project, Refusal, Tally, Witness},
};

/// Add users of another system, with the hashes that it made of their passwords.
///
/// Whoever signs in with the old password gets a new hash. It runs beside the service; killed or failed, the same command goes on
/// where it was. Of two with one address the first stays, and the other is named. It ends with 1 if anybody was not added, or
/// nobody was there.
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
    /// Take addresses as verified, but of those whose line says otherwise.
    #[arg(long)]
    verified: bool,
    /// Only read them and count; the store is not asked for.
    #[arg(long)]
    dry_run: bool,
    /// Write a line of JSON about everybody who was not added; replaces the file in the end.
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
        let runtime = runtime_beside()?;
        let imported = runtime.block_on(self.import(config));
        // Nobody waits for whoever writes to a pipe.
        runtime.shutdown_background();
        imported
    }

    async fn import(self, config: &Config) -> Result<(), Failed> {
        let (dry, json) = (self.dry_run, self.json);
        let order = Order { project: self.firebase.project()?, dry_run: dry, verified: self.verified };
        let inputs = self.inputs();
        let from = from(self.file, self.from_mongodb, self.from_mongodb_file, self.collection)?;
        let mut source = app::newcomers(from).await.map_err(unread)?;
        let report = self.report.map(|path| Report::begin(&path, &inputs)).transpose()?;
        let line = Line::start("user", "read");
        let mut screen = Screen { line, anybody: false, shown: 0, left_out: 0, report };
        let imported = app::import_users(config, &mut *source, &order, &mut screen).await;
        screen.end()?;
        let (tally, took) = imported?.map_err(|failure| {
            format!("{}; what was added stays, and the same command goes on", told(failure))
        })?;
        print(&if json { as_json(&tally, took, dry) } else { as_table(&tally, took, dry) })?;
        if tally.read == 0 {
            return Err("there was nobody to import".to_owned().into());
        }
        if tally.unverified > 0 && config.sign_up.answer.asks_for_proof() {
            // Who does not see it reads the totals.
            let _ = writeln!(io::stderr(), "{}", who_cannot_sign_in(&tally, dry));
        }
        if tally.refused + tally.duplicates > 0 { Err(Failed::Logged) } else { Ok(()) }
    }

    /// What is read, and lost to whoever writes over it.
    fn inputs(&self) -> Vec<Identity> {
        let files = [&self.file, &self.from_mongodb_file, &self.firebase.signer_key_file];
        let there = files.into_iter().flatten().map(|path| {
            if is_pipe(path) {
                File::from(io::stdin().as_fd().try_clone_to_owned()?).metadata()
            } else {
                fs::metadata(path)
            }
        });
        // What is not there is said by whoever opens it.
        there.flatten().map(|there| Identity::of(&there)).collect()
    }
}

fn unread(error: NoSource) -> Failed {
    match error {
        NoSource::Misused(sentence) => Failed::Misused(sentence),
        NoSource::Unread(_) => error.into(),
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
        (Some(path), _) if is_pipe(&path) => ImportFrom::StandardInput,
        (Some(path), _) => ImportFrom::File(path),
        (None, url) => ImportFrom::Mongo { url: url.unwrap_or_else(|| String::new().into()), collection },
    })
}

fn is_pipe(path: &Path) -> bool {
    path == Path::new("-")
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
    /// Whether there was.
    anybody: bool,
    shown: u64,
    left_out: u64,
    report: Option<Report>,
}

/// Refusals that a terminal shows.
const SHOWN: u64 = 10;

impl Witness for Screen {
    fn read(&mut self, so_far: u64) {
        self.anybody = true;
        self.line.show(so_far);
    }

    fn refused(&mut self, refusal: &Refusal) {
        self.anybody = true;
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
    fn end(self) -> Result<(), String> {
        self.line.end();
        if self.left_out > 0 {
            let hint = if self.report.is_some() { "" } else { "; --report FILE gets all of them" };
            let _ = writeln!(io::stderr(), "and {} more{hint}", self.left_out);
        }
        self.report.map_or(Ok(()), |report| report.end(self.anybody))
    }
}

fn named(place: &Place) -> String {
    match place {
        Place::Line(number) => format!("line {number}"),
        Place::Document(id) => format!("document {id}"),
    }
}

fn who_cannot_sign_in(tally: &Tally, dry: bool) -> String {
    let came = if dry { "would come" } else { "came" };
    format!(
        "{} {came} without a verified address, and with PORTCULLIS_SIGNUP_ANSWER=neutral nobody signs in before theirs is; \
         docs/import.md says how they prove it, and --verified takes addresses as verified",
        counted(tally.unverified, "user")
    )
}

fn as_table(tally: &Tally, took: Duration, dry: bool) -> String {
    let Tally { read, added, before, duplicates, refused, kinds, .. } = tally;
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
    let Tally { read, added, unverified, before, duplicates, refused, kinds } = tally;
    let tally: Value = json!({
        "read": read,
        "added": added,
        "unverified": unverified,
        "addedBefore": before,
        "duplicates": duplicates,
        "refused": refused,
        "algorithms": kinds,
        "dryRun": dry,
        "seconds": took.as_secs_f64(),
    });
    format!("{tally:#}\n")
}
