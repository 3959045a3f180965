//! A real MongoDB to try things on: one member shared by all tests, or a set of its own for a test that breaks it.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process,
    time::Duration,
};

use mongodb::{
    Client,
    bson::{Bson, doc},
};
use tokio::sync::OnceCell;

use super::{
    patience::until,
    server::{Server, find, free_port, next, with_tls},
};

/// What tests do to a server, and nobody else.
const OPTIONS: [&str; 4] =
    ["--setParameter", "enableTestCommands=1", "--setParameter", "ttlMonitorEnabled=false"];

/// A replica set of this process, which ends with it.
#[derive(Debug)]
pub(crate) struct ReplicaSet {
    members: Vec<Server>,
    /// What else a URL of it has to say.
    options: String,
}

/// The member that all tests share; `None`, said once and aloud, where there is no mongod to start.
pub(crate) async fn shared() -> Option<&'static ReplicaSet> {
    static SHARED: OnceCell<Option<ReplicaSet>> = OnceCell::const_new();
    SHARED.get_or_init(|| ReplicaSet::start(1, Duration::from_secs(10))).await.as_ref()
}

/// A name no other test uses, nor another run on the same server.
pub(crate) fn database_name() -> String {
    format!("portcullis_test_{}_{}", process::id(), next())
}

impl ReplicaSet {
    /// One member, for a test that kills or freezes it.
    pub(crate) async fn one() -> Option<Self> {
        Self::start(1, Duration::from_secs(1)).await
    }

    /// Three members, one of which stands for election when it has not heard of a primary for so long.
    pub(crate) async fn three(election_timeout: Duration) -> Option<Self> {
        Self::start(3, election_timeout).await
    }

    /// One member, started with these options.
    pub(crate) async fn one_with(options: &[&str]) -> Option<Self> {
        let options: Vec<_> = options.iter().map(|&option| option.to_owned()).collect();
        Self::start_with(1, Duration::from_secs(1), &options).await
    }

    async fn start(members: usize, election_timeout: Duration) -> Option<Self> {
        Self::start_with(members, election_timeout, &[]).await
    }

    async fn start_with(members: usize, election_timeout: Duration, options: &[String]) -> Option<Self> {
        let mongod = find()?;
        let members = (0..members).map(|_| member(&mongod, options, "")).collect();
        let set = Self { members, options: String::new() };
        for member in &set.members {
            member.answers().await;
        }
        set.initiate(election_timeout).await;
        Some(set)
    }

    /// One member that speaks TLS and nothing else.
    pub(crate) async fn one_with_tls(ca: &Path, pem: &Path) -> Option<Self> {
        let [ca, pem] = [ca, pem].map(|path| path.display().to_string());
        let options = format!("&tls=true&tlsCAFile={ca}");
        let set = Self { members: vec![member(&find()?, &with_tls(&ca, &pem), &options)], options };
        set.members[0].answers().await;
        set.initiate(Duration::from_secs(1)).await;
        Some(set)
    }

    /// One member that nobody has made a set of yet.
    pub(crate) async fn to_be() -> Option<Self> {
        let set = Self { members: vec![member(&find()?, &[], "")], options: String::new() };
        set.members[0].answers().await;
        Some(set)
    }

    /// Makes a set of its members, and waits for its primary.
    pub(crate) async fn initiate(&self, election_timeout: Duration) {
        let members = self.members.iter().zip(0..);
        let members = members.map(|(member, id)| doc! { "_id": id, "host": member.address.to_string() });
        let millis = i64::try_from(election_timeout.as_millis()).unwrap();
        let config = doc! {
            "_id": "tests",
            "members": members.map(Bson::from).collect::<Vec<_>>(),
            "settings": { "electionTimeoutMillis": millis },
        };
        let first = self.members[0].client().await;
        first.database("admin").run_command(doc! { "replSetInitiate": config }).await.unwrap();
        until("the set has a primary", async || self.primary().await.is_some()).await;
    }

    pub(crate) fn url(&self, database: &str) -> String {
        let members: Vec<_> = self.members.iter().map(|member| member.address.to_string()).collect();
        format!("mongodb://{}/{database}?replicaSet=tests{}", members.join(","), self.options)
    }

    /// A plain client, past the store.
    pub(crate) async fn client(&self) -> Client {
        Client::with_uri_str(self.url("admin")).await.unwrap()
    }

    /// To one member and no other.
    pub(crate) async fn client_of(&self, member: usize) -> Client {
        self.members[member].client().await
    }

    /// Which member is primary by its own account.
    pub(crate) async fn primary(&self) -> Option<usize> {
        for (index, member) in self.members.iter().enumerate() {
            let hello = member.hello().await;
            if hello.is_some_and(|hello| hello.get_bool("isWritablePrimary").unwrap_or(false)) {
                return Some(index);
            }
        }
        None
    }

    /// As a machine that loses its power.
    pub(crate) fn kill(&self, member: usize) {
        self.members[member].kill();
    }

    /// Brings a killed member back with what it had on disk.
    pub(crate) async fn restart(&self, member: usize) {
        self.members[member].start_again();
        self.members[member].answers().await;
    }

    /// Brings a killed member back as a server that belongs to no set.
    pub(crate) async fn restart_alone(&self, member: usize) {
        self.members[member].start_alone();
        self.members[member].answers().await;
    }

    /// Connections stay open and nobody answers.
    pub(crate) fn freeze(&self, member: usize) {
        self.members[member].freeze();
    }

    pub(crate) fn thaw(&self, member: usize) {
        self.members[member].thaw();
    }
}

fn member(mongod: &str, options: &[String], url: &str) -> Server {
    let here = Ipv4Addr::LOCALHOST.into();
    let options = [&OPTIONS.map(str::to_owned), options].concat();
    Server::start(mongod, SocketAddr::new(here, free_port(here)), "tests", &options, url)
}
