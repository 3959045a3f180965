//! Finds the primary: whoever says of itself that it is.

use futures_util::{StreamExt, stream::FuturesUnordered};

use super::{
    hello::hello,
    mongod::Mongod,
    names::{Host, Ordinal},
    settings::Settings,
};

/// Members are asked up to this ordinal: with those that may vote, and those that the set is meant to have.
const ASKED_AT_LEAST: u8 = 7;

/// Asks all at once, and waits for no more than it needs. `None` while there is none.
pub(super) async fn find_primary(settings: &Settings) -> Option<Host> {
    let hosts = settings.hosts();
    let asked = Ordinal::below(settings.members.max(ASKED_AT_LEAST)).map(|ordinal| {
        let (host, ca) = (hosts.of(ordinal), settings.tls_ca_file.as_deref());
        async move {
            let standing = hello(&Mongod::if_there(&host, ca).await.ok()?).await.ok()?;
            standing.is_primary().then_some(host)
        }
    });
    let mut answers: FuturesUnordered<_> = asked.collect();
    while let Some(answer) = answers.next().await {
        if answer.is_some() {
            return answer;
        }
    }
    None
}
