//! `portcullis users import`, by the real program on both stores.

mod command;
mod from_mongodb;
mod killed;
mod report;
mod said;

use std::{fs, path::PathBuf, process::Output, sync::Arc};

use portcullis::{
    domain::{record::Record, user::User},
    store::{
        Store,
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
    records::exported,
};

/// A store that is ready for newcomers, and the program to bring them.
struct Gate {
    folder: Folder,
    /// `None` for a file in the folder.
    mongo: Option<String>,
}

impl Gate {
    async fn on_sqlite() -> Self {
        Self { folder: Folder::new(), mongo: None }.opened().await
    }

    async fn on_mongodb() -> Option<Self> {
        let url = mongod::shared().await?.url(&mongod::database_name());
        Some(Self { folder: Folder::new(), mongo: Some(url) }.opened().await)
    }

    /// Of the same kind, with nobody in it.
    async fn another(&self) -> Self {
        match self.mongo {
            Some(_) => Self::on_mongodb().await.unwrap(),
            None => Self::on_sqlite().await,
        }
    }

    async fn opened(self) -> Self {
        let store = self.store();
        store.migrate(People::new().now()).await.unwrap();
        store.close().await;
        self
    }

    fn settings(&self) -> Vec<(&str, &str)> {
        self.mongo.iter().map(|url| ("PORTCULLIS_STORE_URL", url.as_str())).collect()
    }

    fn serve(&self) -> Process {
        Process::start(&self.folder, &self.settings())
    }

    fn import(&self, args: &[&str]) -> Output {
        run(&self.folder, &[&["users", "import"], args].concat(), &self.settings())
    }

    /// What it says for programs, and the exit code.
    fn json(&self, args: &[&str]) -> (Value, Option<i32>) {
        let output = self.import(&[args, &["--json"]].concat());
        let told = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{args:?}: {output:?}"));
        (told, output.status.code())
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path: PathBuf = self.folder.file(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn store(&self) -> Arc<dyn Store> {
        match &self.mongo {
            Some(url) => Arc::new(MongoStore::open(url, Arc::new(OsEntropy)).unwrap()),
            None => Arc::new(SqliteStore::open(Location::File(self.folder.file("portcullis.db"))).unwrap()),
        }
    }

    /// All who are here now, by their ids.
    async fn users(&self) -> Vec<User> {
        let store = self.store();
        store.examine().await.unwrap();
        let users = exported(&*store).await.into_iter().filter_map(|record| match record {
            Record::User(user) => Some(user),
            _ => None,
        });
        let users = users.collect();
        store.close().await;
        users
    }
}

/// Writes each of the named async functions, which take a `Gate`, down as a test on each store.
macro_rules! on_both_stores {
    ($($case:ident),+ $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test]
                async fn $case() {
                    super::$case(&crate::users_import::Gate::on_sqlite().await).await;
                }
            )+
        }

        mod on_mongodb {
            $(
                #[tokio::test]
                async fn $case() {
                    if let Some(gate) = crate::users_import::Gate::on_mongodb().await {
                        super::$case(&gate).await;
                    }
                }
            )+
        }
    };
}
use on_both_stores;
