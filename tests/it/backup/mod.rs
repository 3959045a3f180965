//! Backing up and restoring, by the real program on both stores.

mod age;
mod command;
mod damage;
mod drill;
mod killed;
mod memory;
mod piped;
mod rights;
mod s3;
mod told_to_end;

use std::{fs, path::PathBuf, process::Output, sync::Arc};

use portcullis::{
    domain::{record::Record, user::User},
    store::{
        BATCH, Store,
        mongo::MongoStore,
        sqlite::{Location, SqliteStore},
    },
    system::entropy::OsEntropy,
};
use serde_json::Value;

use crate::support::{
    folder::Folder,
    mongod,
    people::People,
    process::{Process, run},
};

/// One store, the program to work on it, and the keys to its backups.
struct Yard {
    folder: Folder,
    /// `None` for a file in the folder.
    mongo: Option<String>,
    recipient: String,
}

impl Yard {
    fn on_sqlite() -> Self {
        Self::new(None)
    }

    async fn on_mongodb() -> Option<Self> {
        Some(Self::new(Some(mongod::shared().await?.url(&mongod::database_name()))))
    }

    fn new(mongo: Option<String>) -> Self {
        let folder = Folder::new();
        let made = run(&folder, &["backup", "keygen"], &[]);
        fs::write(folder.file("key"), &made.stdout).unwrap();
        let recipient = String::from_utf8(made.stdout).unwrap();
        let recipient = recipient.lines().next().unwrap().strip_prefix("# public key: ").unwrap().to_owned();
        Self { folder, mongo, recipient }
    }

    fn settings(&self) -> Vec<(&str, &str)> {
        self.mongo.iter().map(|url| ("PORTCULLIS_STORE_URL", url.as_str())).collect()
    }

    fn serve(&self) -> Process {
        Process::start(&self.folder, &self.settings())
    }

    fn run(&self, args: &[&str]) -> Output {
        run(&self.folder, args, &self.settings())
    }

    /// What it says for programs, when it goes well.
    fn json(&self, args: &[&str]) -> Value {
        let output = self.run(&[args, &["--json"]].concat());
        assert_eq!(output.status.code(), Some(0), "{args:?}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// What it says to a person, when it does not.
    fn refusal(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {output:?}");
        assert!(output.stdout.is_empty(), "{output:?}");
        String::from_utf8(output.stderr).unwrap().trim().to_owned()
    }

    fn path(&self, name: &str) -> String {
        self.folder.file(name).to_str().unwrap().to_owned()
    }

    fn back_up(&self) -> Value {
        self.json(&["backup", "--to", &self.path("backups"), "--recipient", &self.recipient])
    }

    fn restore(&self) -> Value {
        self.json(&["restore", "--from", &self.path("backups"), "--identity-file", &self.path("key")])
    }

    /// The only backup there is.
    fn file(&self) -> PathBuf {
        let mut files = fs::read_dir(self.folder.file("backups")).unwrap();
        let only = files.next().unwrap().unwrap().path();
        assert!(files.next().is_none());
        only
    }

    fn store(&self) -> Arc<dyn Store> {
        match &self.mongo {
            Some(url) => Arc::new(MongoStore::open(url, Arc::new(OsEntropy)).unwrap()),
            None => Arc::new(SqliteStore::open(Location::File(self.folder.file("portcullis.db"))).unwrap()),
        }
    }

    /// So many users who never signed up, with a session each.
    async fn fill(&self, users: usize) {
        let (store, people) = (self.store(), People::new());
        store.migrate(people.now()).await.unwrap();
        for from in (0..users).step_by(BATCH) {
            let crowd: Vec<User> = (from..users.min(from + BATCH))
                .map(|number| people.user(&format!("user{number}@example.org")))
                .collect();
            let sessions = crowd.iter().map(|user| Record::Session(people.session(user))).collect();
            store.import(crowd.into_iter().map(Record::User).collect()).await.unwrap();
            store.import(sessions).await.unwrap();
        }
        store.close().await;
    }

    /// As if it had never been.
    async fn destroy(&self) {
        match &self.mongo {
            Some(url) => {
                let client = mongodb::Client::with_uri_str(url).await.unwrap();
                client.default_database().unwrap().drop().await.unwrap();
            }
            None => {
                for file in ["portcullis.db", "portcullis.db-wal", "portcullis.db-shm"] {
                    let _ = fs::remove_file(self.folder.file(file));
                }
            }
        }
    }
}

/// Writes each of the named async functions, which take a `Yard`, down as a test on each store.
macro_rules! on_both_stores {
    ($($case:ident),+ $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test]
                async fn $case() {
                    super::$case(&crate::backup::Yard::on_sqlite()).await;
                }
            )+
        }

        mod on_mongodb {
            $(
                #[tokio::test]
                async fn $case() {
                    if let Some(yard) = crate::backup::Yard::on_mongodb().await {
                        super::$case(&yard).await;
                    }
                }
            )+
        }
    };
}
use on_both_stores;
