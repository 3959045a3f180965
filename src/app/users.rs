//! What work on users needs, for a command: the store, and the time.

use std::{io, path::PathBuf, time::Duration};

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    config::Config,
    domain::{causes::bottom, clock::Clock},
    flows::{
        Failure,
        import_users::{self, Found, Lines, Newcomer, NotImported, Order, Place, Source, Tally, Witness},
        journal::Pen,
    },
    store::{
        BoxError, MigrateError,
        mongo::{Elsewhere, Stranger},
    },
    system::clock::SystemClock,
};

use super::{CannotRun, beside::with_pen};

/// Where users of another system are.
pub enum ImportFrom {
    StandardInput,
    File(PathBuf),
    Mongo { url: SecretString, collection: String },
}

/// Why nobody comes from there.
#[derive(Debug, thiserror::Error)]
pub enum NoSource {
    /// What was given leads nowhere.
    #[error("{0}")]
    Misused(String),
    #[error("{0}")]
    Unread(String),
}

/// How long it took, too.
pub async fn import_users(
    config: &Config,
    source: &mut dyn Source,
    order: &Order,
    witness: &mut dyn Witness,
) -> Result<Result<(Tally, Duration), Failure<NotImported>>, CannotRun> {
    if order.dry_run {
        return Ok(import(None, &SystemClock::start(), source, order, witness).await);
    }
    with_pen(config, async |pen| import(Some(pen), pen.clock, source, order, witness).await).await
}

async fn import(
    pen: Option<Pen<'_>>,
    clock: &dyn Clock,
    source: &mut dyn Source,
    order: &Order,
    witness: &mut dyn Witness,
) -> Result<(Tally, Duration), Failure<NotImported>> {
    let begun = clock.uptime();
    let tally = import_users::import_users(pen, clock.now(), source, order, witness).await?;
    Ok((tally, clock.uptime().saturating_sub(begun)))
}

/// Finds them, before anything else is touched.
pub async fn newcomers(from: ImportFrom) -> Result<Box<dyn Source>, NoSource> {
    Ok(match from {
        ImportFrom::StandardInput => Box::new(Lines::of(io::stdin(), "standard input")),
        ImportFrom::File(path) => {
            let lines = Lines::of_file(&path);
            Box::new(lines.map_err(|error| NoSource::Unread(format!("{}: {error}", path.display())))?)
        }
        ImportFrom::Mongo { url, collection } => {
            let there = Elsewhere::open(url.expose_secret(), &collection).await;
            Box::new(Documents(there.map_err(|error| no_source(&error))?))
        }
    })
}

fn no_source(error: &MigrateError) -> NoSource {
    match error {
        MigrateError::Refused(sentence) => NoSource::Misused(sentence.clone()),
        other => NoSource::Unread(format!("the other MongoDB cannot be read: {}", bottom(other))),
    }
}

struct Documents(Elsewhere);

#[async_trait]
impl Source for Documents {
    fn name(&self) -> &str {
        self.0.name()
    }

    async fn next(&mut self) -> Result<Vec<Found>, BoxError> {
        let strangers = self.0.next().await.map_err(|error| bottom(&error))?;
        Ok(strangers.into_iter().map(found).collect())
    }
}

fn found(Stranger { id, email, password, created_at }: Stranger) -> Found {
    Found { place: Place::Document(id), what: Newcomer::of_document(email, password, created_at) }
}
