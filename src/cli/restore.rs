//! `portcullis restore`: an empty store becomes what a backup holds.

use std::{error::Error, fs, path::PathBuf};

use clap::Parser;
use serde_json::json;

use super::{backup::sums_as_table, print, progress::Line, runtime_beside, told};
use crate::{
    app::{self, Wanted},
    config::Config,
    flows::{
        backup::{Identities, Place},
        restore::Restored,
    },
};

/// Bring a backup back into an empty store. Nobody is signed in afterwards.
///
/// Stop the service before. The backup is checked from its beginning to its end before anything is touched; if the restore
/// breaks off later, the service does not serve from half of it, and the same command begins again.
#[derive(Debug, Parser)]
#[command(after_help = "Examples:\n  portcullis restore --from /backups --identity-file backup.key\n  \
                        portcullis restore --from s3://backups/auth/portcullis-20261121T021500.000Z.jsonl.gz.age --identity-file backup.key --replace\n  \
                        PORTCULLIS_STORE_URL=sqlite::memory: portcullis restore --from /backups --identity-file backup.key   # only try it")]
pub struct Args {
    #[arg(
        long,
        value_name = "SRC",
        help = "A backup, or the folder or s3://BUCKET/PREFIX of which the newest is meant"
    )]
    from: Place,
    /// The file with the age identity; not for a backup that is unencrypted.
    #[arg(long, value_name = "FILE")]
    identity_file: Option<PathBuf>,
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

pub fn run(args: Args, config: &Config) -> Result<(), Box<dyn Error + Send + Sync>> {
    let identities = args.identity_file.map(|path| {
        let said = |why: String| format!("{}: {why}", path.display());
        let file = fs::read_to_string(&path).map_err(|error| said(error.to_string()))?;
        Identities::parse(&file).map_err(|error| said(error.to_string()))
    });
    let Args { from: place, replace, without_keys, json, .. } = args;
    let wanted = Wanted { place, identities: identities.transpose()?, replace, without_keys };
    let runtime = runtime_beside()?;
    let line = Line::start("records restored");
    let restored = runtime.block_on(app::restore(config, wanted, &mut |records| line.show(records)))?;
    line.end();
    let restored = restored.map_err(told)?;
    Ok(print(&if json { as_json(&restored) } else { as_table(&restored) })?)
}

fn as_table(restored: &Restored) -> String {
    let Restored { name, header, sums } = restored;
    let table = sums_as_table(sums);
    format!(
        "{table}\n{name} of {} is restored. All sessions have ended: everybody signs in again.\n",
        header.at
    )
}

fn as_json(restored: &Restored) -> String {
    let Restored { name, header, sums } = restored;
    let restored =
        json!({ "name": name.to_string(), "at": header.at, "release": header.release, "collections": sums });
    format!("{restored:#}\n")
}
