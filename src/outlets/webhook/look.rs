//! Whether a receiver would be reached: by the way that events go, under the same guard, and nothing is posted.

use std::time::Duration;

use tokio::time::timeout;

use super::{
    FOR_AN_ANSWER, Webhook, cause, client,
    knock::{Knock, Opened},
};
use crate::{
    domain::{finding::Finding, webhook::guard::Shut},
    outlets::CHECK,
};

const NOT_THERE: &str = "see that it runs, that PORTCULLIS_WEBHOOKS_RECEIVERS has its address, that this machine may go there, and that \
                         its certificate is of an authority that this machine believes";
const NOT_ALLOWED: &str = "see that PORTCULLIS_WEBHOOKS_RECEIVERS has its address; where it is in a network of yours, add that to \
                           PORTCULLIS_WEBHOOKS_NETWORKS";

impl Webhook {
    /// For no longer than an event is given, or it would find well what no event gets to.
    pub(super) async fn look_at_it(&self, limit: Duration) -> Finding {
        let host = self.url.host();
        match timeout(limit.min(FOR_AN_ANSWER), self.knock()).await {
            Ok(Ok(())) => {
                let shown = if self.url.is_secure() { "is there, and shows who it is" } else { "is there" };
                Finding::fine(CHECK, format!("{host} {shown}; nothing was posted"))
            }
            Ok(Err(finding)) => finding,
            Err(_) => {
                let what = format!("{host} does not let us in, in time; nothing was posted");
                Finding::wrong(CHECK, what, NOT_THERE)
            }
        }
    }

    async fn knock(&self) -> Result<(), Finding> {
        let shut = |shut: &Shut| Finding::wrong(CHECK, shut.to_string(), NOT_ALLOWED);
        self.guard.judge_literal(self.url.host()).map_err(|refused| shut(&refused))?;
        let amiss = |error| Finding::wrong(CHECK, self.sentence(error), NOT_THERE);
        let client = client(&self.guard).connector_layer(Knock).build().map_err(amiss)?;
        match client.head(self.url.reveal().clone()).send().await {
            Err(error) if cause::<Opened>(&error).is_none() => Err(match cause(&error) {
                Some(refused) => shut(refused),
                None => amiss(error),
            }),
            _ => Ok(()),
        }
    }
}
