//! Whether the store is there, has this release's schema, takes a read and a write, and knows the time.

use crate::{
    domain::{causes::bottom, clock::Clock, finding::Finding},
    store::{MigrateError, Store, Vitals},
};

use super::{clock, vitals};

pub const CHECK: &str = "store";

pub async fn look(store: &dyn Store, clock: &dyn Clock) -> Vec<Finding> {
    if let Err(error) = store.examine().await {
        let mut found = vec![not_open(&error)];
        // It may be for want of an index.
        let lacking = store.vitals().await.map(|vitals| vitals.missing_indexes).unwrap_or_default();
        found.extend(vitals::judge(&Vitals { missing_indexes: lacking, ..Vitals::default() }));
        return found;
    }
    let mut found = vec![Finding::fine(CHECK, "it answers, and its schema is this release's")];
    let (begun, now) = (clock.uptime(), clock.now());
    found.push(match store.probe(now).await {
        Ok(()) => {
            let took = clock.uptime().saturating_sub(begun).as_millis();
            Finding::fine(CHECK, format!("it takes a read and a write, in {took} ms"))
        }
        Err(error) => Finding::wrong(
            CHECK,
            format!("it takes no write: {}", bottom(&error)),
            "see that it has room on its disk, and that we may write there",
        ),
    });
    found.extend(match store.vitals().await {
        Ok(vitals) => vitals::judge(&vitals),
        Err(error) => {
            let what = format!("it does not tell how it is as a whole: {}", bottom(&error));
            vec![Finding::unknown(CHECK, what, "try again")]
        }
    });
    let theirs = store.time().await;
    found.extend(match theirs {
        Ok(None) => None,
        Ok(Some(theirs)) => Some(clock::judge("the store's clock", theirs, clock.now())),
        Err(error) => {
            let what = format!("the store does not tell the time: {}", bottom(&error));
            Some(Finding::unknown(clock::CHECK, what, "try again"))
        }
    });
    found
}

fn not_open(error: &MigrateError) -> Finding {
    let advice = "`portcullis config` shows which store this is, and who said so";
    let what = match error {
        MigrateError::Unavailable(cause) => format!("it cannot be reached: {cause}"),
        other @ (MigrateError::Importing | MigrateError::Refused(_)) => other.to_string(),
    };
    Finding::wrong(CHECK, what, advice)
}
