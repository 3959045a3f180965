//! What the others say of themselves: asked all at once, as nobody.

use std::path::Path;

use futures_util::future::join_all;

use super::{
    hello::{Standing, hello},
    mongod::Mongod,
    names::{Host, Ordinal},
    settings::Settings,
    trouble::Trouble,
};

/// What one of them said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Peer {
    pub(super) host: Host,
    /// Whether the set is meant to have it.
    expected: bool,
    said: Result<Standing, Trouble>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Peers(Vec<Peer>);

impl Peers {
    pub(super) async fn ask(settings: &Settings) -> Self {
        let own = settings.pod.ordinal();
        let (hosts, ca) = (settings.hosts(), settings.tls_ca_file.as_deref());
        let others = Ordinal::to_ask(settings.members).filter(|ordinal| *ordinal != own);
        let asked = others.map(|ordinal| {
            let host = hosts.of(ordinal);
            async move {
                let said = ask(&host, ca).await;
                Peer { host, expected: ordinal.number() < settings.members, said }
            }
        });
        Self(join_all(asked).await)
    }

    /// Those that have a set, or had one.
    pub(super) fn lived(&self) -> impl Iterator<Item = &Host> {
        let lived = |peer: &&Peer| peer.said.as_ref().is_ok_and(Standing::has_lived);
        self.0.iter().filter(lived).map(|peer| &peer.host)
    }

    pub(super) fn have_a_set(&self) -> bool {
        self.0.iter().any(|peer| matches!(peer.said, Ok(Standing::Member(_))))
    }

    pub(super) fn primary(&self) -> Option<&Host> {
        self.0.iter().find(|peer| peer.said.as_ref().is_ok_and(Standing::is_primary)).map(|peer| &peer.host)
    }

    /// Those that should have answered, and why they did not: whoever is expected, and whoever has a name. A pod keeps its
    /// name while it is being restarted, and loses it when it goes.
    pub(super) fn silent(&self) -> Vec<String> {
        let has_a_name = |peer: &Peer| peer.host.is_a_name() && peer.said != Err(Trouble::Nameless);
        let silent = self.0.iter().filter(|peer| peer.expected || has_a_name(peer));
        silent
            .filter_map(|peer| peer.said.as_ref().err().map(|trouble| format!("{}: {trouble}", peer.host)))
            .collect()
    }
}

async fn ask(host: &Host, ca: Option<&Path>) -> Result<Standing, Trouble> {
    hello(&Mongod::if_there(host, ca).await?).await
}

#[cfg(test)]
pub(super) mod tests {
    use super::{super::settings::tests::settings, *};

    pub(in super::super) fn peer(host: &str, expected: bool, said: Result<Standing, Trouble>) -> Peer {
        Peer { host: host.parse().unwrap(), expected, said }
    }

    pub(in super::super) fn peers(peers: Vec<Peer>) -> Peers {
        Peers(peers)
    }

    #[tokio::test]
    async fn whoever_has_a_name_is_waited_for_and_whoever_has_none_is_not_there() {
        let silent = async |hosts| Peers::ask(&settings(0, 1, hosts)).await.silent();
        let named = silent("localhost:1{ordinal}").await;
        assert!(
            named.len() == 6 && named.iter().all(|peer| peer.contains("it does not answer")),
            "{named:?}"
        );
        assert_eq!(silent("m-{ordinal}.invalid:1").await, [""; 0]);
        assert_eq!(silent("127.0.0.{ordinal}:1").await, [""; 0], "an address says nothing");
    }
}
