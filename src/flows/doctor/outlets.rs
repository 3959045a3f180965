//! Whether security events would get to where they go beside the store; none is handed over.

use std::time::Duration;

use futures_util::future::join_all;

use crate::{
    domain::{finding::Finding, outlet::OutletName},
    outlets::Way,
};

pub use crate::outlets::CHECK;

/// All at once, so that together they take no longer than one of them may.
pub async fn look(ways: &[(OutletName, Box<dyn Way>)], limit: Duration) -> Vec<Finding> {
    if ways.is_empty() {
        let what =
            "events go nowhere else: PORTCULLIS_NATS_URL and PORTCULLIS_WEBHOOKS_RECEIVERS are not set";
        return vec![Finding::fine(CHECK, what)];
    }
    let looks = ways.iter().map(|(name, way)| async move {
        let found = way.look(limit).await;
        found.into_iter().map(move |finding| Finding { what: format!("{name}: {}", finding.what), ..finding })
    });
    join_all(looks).await.into_iter().flatten().collect()
}
