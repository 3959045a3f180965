//! Finds the primary: whoever says of itself that it is.

use futures_util::{StreamExt, stream::FuturesUnordered};

use super::{
    hello::hello,
    mongod::Mongod,
    names::{Host, Ordinal},
    settings::Settings,
};

/// Asks all at once, and waits for no more than it needs. `None` while there is none.
pub(super) async fn find_primary(settings: &Settings) -> Option<Host> {
    let hosts = settings.hosts();
    let asked = Ordinal::to_ask(settings.members).map(|ordinal| {
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
