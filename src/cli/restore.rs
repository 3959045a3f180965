//! `portcullis restore`: an empty store becomes what a backup holds.

use std::{fs, path::PathBuf, time::Duration};

use clap::Parser;
use secrecy::ExposeSecret;
use serde_json::json;
use zeroize::Zeroizing;

use super::{
    Failed,
    backup::{place, seconds, sums_as_table},
    print,
    progress::Line,
    runtime_beside,
    signals::Signals,
    told,
};
use crate::{
    app::{self, Wanted},
    config::{Backup, Config},
    flows::{
        backup::{Identities, Place},
        check_backup::Held,
        restore::Restored,
    },
};

/// Bring a backup back into an empty store. Nobody is signed in afterwards.
///
/// Stop the service before. The backup is checked from its beginning to its end before anything is touched; if the restore
/// breaks off later, the service does not serve from half of it, and the same command begins again.
#[derive(Debug, Parser)]
#[command(after_help = "Examples:\n  portcullis restore --from /backups --identity-file backup.key\n  \
                        portcullis restore --from /backups --identity-file backup.key --verify   # is it whole?\n  \
                        portcullis restore --from s3://backups/auth/portcullis-20261121T021500.000Z.jsonl.gz.age --identity-file backup.key --replace\n  \
                        PORTCULLIS_STORE_URL=sqlite::memory: portcullis restore --from /backups --identity-file backup.key   # only try it")]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command")]
pub struct Args {
    #[arg(
        long,
        value_name = "SRC",
        help = "A backup, or the folder or s3://BUCKET/PREFIX of which the newest is meant, or - for standard input [PORTCULLIS_BACKUP_TO]"
    )]
    from: Option<Place>,
    #[arg(
        long,
        value_name = "FILE",
        help = "The file with the age identity; not for a backup that is unencrypted [PORTCULLIS_BACKUP_IDENTITY]"
    )]
    identity_file: Option<PathBuf>,
    /// Only read the backup, from its beginning to its end; nobody asks for the store.
    #[arg(long, conflicts_with = "replace")]
    verify: bool,
    /// Remove what the store holds now.
    #[arg(long)]
    replace: bool,
    /// Leave the signing keys out, when the key secret that they are sealed with is lost.
    #[arg(long)]
    without_keys: bool,
    /// For programs.
    #[arg(long)]
    json: bool,
}

pub fn run(args: Args, config: &Config) -> Result<(), Failed> {
    let Args { from, identity_file, verify, replace, without_keys, json } = args;
    let identities = identities(identity_file, &config.backup)?;
    let wanted = Wanted { place: place(from, &config.backup, "--from")?, identities, without_keys };
    let line = Line::start("record", if verify { "read" } else { "restored" });
    let mut progress = |records| line.show(records);
    let done = unless_told_to_end(async {
        if verify {
            return app::check_backup(config, wanted, &mut progress)
                .await?
                .map_err(|failure| told(failure).into());
        }
        let restored = app::restore(config, wanted, replace, &mut progress).await?;
        let Restored { held, took } = restored.map_err(told)?;
        Ok((held, took))
    });
    line.end();
    let (held, took) = done?;
    let outcome = if verify {
        "is whole. Nothing was restored."
    } else {
        "is restored. All sessions have ended: everybody signs in again."
    };
    Ok(print(&if json { as_json(&held, took) } else { as_table(&held, took, outcome) })?)
}

/// What is half done then is what a restore leaves that is killed: nobody serves from it, and the same command begins again.
fn unless_told_to_end<T>(work: impl Future<Output = Result<T, Failed>>) -> Result<T, Failed> {
    let runtime = runtime_beside()?;
    let done = runtime.block_on(async {
        let signals = Signals::listen()?;
        tokio::select! {
            done = work => done,
            _ = signals.first() => Err("told to end before it was done; the same command begins again".into()),
        }
    });
    // Nobody waits for a writer at the other end of a pipe.
    runtime.shutdown_background();
    done
}

/// Those of the file, else those that are configured.
fn identities(file: Option<PathBuf>, config: &Backup) -> Result<Option<Identities>, String> {
    let parsed = |name: String, text: &str| {
        Identities::parse(text).map(Some).map_err(|error| format!("{name}: {error}"))
    };
    let configured = config.identity.expose_secret();
    match file {
        Some(path) => {
            let name = path.display().to_string();
            let text =
                fs::read_to_string(&path).map(Zeroizing::new).map_err(|error| format!("{name}: {error}"))?;
            parsed(name, &text)
        }
        None if configured.is_empty() => Ok(None),
        None => parsed("PORTCULLIS_BACKUP_IDENTITY".to_owned(), configured),
    }
}

fn as_table(held: &Held, took: Duration, outcome: &str) -> String {
    let Held { name, header, sums, size } = held;
    let table = sums_as_table(sums);
    format!("{table}\n{name} of {} {outcome}\n{size} bytes in {}\n", header.at, seconds(took))
}

fn as_json(held: &Held, took: Duration) -> String {
    let Held { name, header, sums, size } = held;
    let held = json!({
        "name": name.to_string(),
        "at": header.at,
        "release": header.release,
        "size": size,
        "seconds": took.as_secs_f64(),
        "collections": sums,
    });
    format!("{held:#}\n")
}
