//! What each user may do: the server's own roles where one fits, else a role of our own with what is needed and no more.

use std::collections::BTreeSet;

use mongodb::bson::{self, Bson, Document, doc};
use serde::{Deserialize, Serialize};

use super::{super::names::Database, User};

/// What a role of our own permits, in any order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Privilege {
    resource: Resource,
    actions: BTreeSet<String>,
}

/// The server itself, or collections: those of a database, or of all where its name is empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
enum Resource {
    Cluster {
        cluster: bool,
    },
    Collections {
        db: String,
        collection: String,
    },
    /// What no role of ours is about.
    Other {},
}

/// The role that a user has, and it has one.
pub(super) const fn role_of(user: User) -> &'static str {
    match user {
        User::Agent | User::App | User::Backup => user.name(),
        // It brings along to read `local`, where the oplog is.
        User::Monitor => "clusterMonitor",
    }
}

/// What our own role for the user has to permit; `None` where it has one of the server's.
pub(super) fn privileges(user: User, database: &Database) -> Option<BTreeSet<Privilege>> {
    match user {
        User::Agent => Some(of_agent()),
        User::App => Some(of_app(database)),
        User::Backup => Some(of_backup(database)),
        User::Monitor => None,
    }
}

/// Whoever may grant a role may grant himself any: this says what the agent uses, and does not hold back who has its password.
fn of_agent() -> BTreeSet<Privilege> {
    let set =
        ["replSetGetConfig", "replSetGetStatus", "replSetConfigure", "replSetStateChange", "serverStatus"];
    let users = ["createUser", "createRole", "changePassword", "viewUser", "viewRole"];
    BTreeSet::from([
        Privilege::on_server(&set),
        Privilege::on_database("admin", &users),
        // A privilege or role is granted in the database that it is about, and taken back in all of them.
        Privilege::on_database("", &["grantRole", "revokeRole"]),
    ])
}

/// What the store does with its own database: it drops nothing. What it is told beyond that are sizes and counts: of the disk, of
/// connections, and how far back the oplog reaches, of which it may read nothing.
fn of_app(database: &Database) -> BTreeSet<Privilege> {
    let documents: &[&str] = &["find", "insert", "update", "remove", "changeStream"];
    let shape: &[&str] = &["createCollection", "collMod", "createIndex", "listCollections", "listIndexes"];
    let own = [documents, shape, &["dbStats"]].concat();
    BTreeSet::from([Privilege::on_database(database.as_str(), &own), Privilege::on_server(&["serverStatus"])])
}

/// The server's own role `backup` also reads other databases, and the users with their secrets.
fn of_backup(database: &Database) -> BTreeSet<Privilege> {
    BTreeSet::from([Privilege::on_database(database.as_str(), &["find", "listCollections", "listIndexes"])])
}

impl Privilege {
    fn on_server(actions: &[&str]) -> Self {
        Self { resource: Resource::Cluster { cluster: true }, actions: owned(actions) }
    }

    fn on_database(database: &str, actions: &[&str]) -> Self {
        let resource = Resource::Collections { db: database.to_owned(), collection: String::new() };
        Self { resource, actions: owned(actions) }
    }

    /// For a command.
    pub(super) fn to_bson(&self) -> Bson {
        let actions: Vec<&str> = self.actions.iter().map(String::as_str).collect();
        let resource = match &self.resource {
            Resource::Cluster { cluster } => doc! { "cluster": *cluster },
            Resource::Collections { db, collection } => doc! { "db": db, "collection": collection },
            Resource::Other {} => Document::new(),
        };
        doc! { "resource": resource, "actions": actions }.into()
    }
}

fn owned(actions: &[&str]) -> BTreeSet<String> {
    actions.iter().map(|&action| action.to_owned()).collect()
}

/// A role as the server describes it; `None` where it is not as it should be.
pub(super) fn is_right(role: &Document, wanted: &BTreeSet<Privilege>) -> bool {
    #[derive(Deserialize)]
    struct Described {
        privileges: BTreeSet<Privilege>,
        roles: Vec<Document>,
    }
    let described = bson::deserialize_from_document::<Described>(role.clone());
    described.is_ok_and(|described| described.roles.is_empty() && described.privileges == *wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app() -> BTreeSet<Privilege> {
        privileges(User::App, &"auth".parse().unwrap()).unwrap()
    }

    fn described(privileges: &BTreeSet<Privilege>) -> Document {
        let privileges: Vec<Bson> = privileges.iter().map(Privilege::to_bson).collect();
        doc! { "role": "portcullis-app", "db": "admin", "roles": [], "privileges": privileges }
    }

    #[test]
    fn a_role_is_right_if_it_permits_that_and_no_more() {
        assert!(is_right(&described(&app()), &app()));
        let mut more = app();
        more.insert(Privilege::on_database("tickets", &["find"]));
        let elsewhere = privileges(User::App, &"tickets".parse().unwrap()).unwrap();
        for wrong in [more, elsewhere, BTreeSet::new()] {
            assert!(!is_right(&described(&wrong), &app()), "{wrong:?}");
        }
        let mut inherits = described(&app());
        inherits.insert("roles", vec![doc! { "role": "root", "db": "admin" }]);
        assert!(!is_right(&inherits, &app()));
    }

    #[test]
    fn the_service_may_drop_nothing_and_look_nowhere_else() {
        for privilege in app() {
            match &privilege.resource {
                Resource::Collections { db, collection } => {
                    assert_eq!((db.as_str(), collection.as_str()), ("auth", ""));
                }
                Resource::Cluster { .. } => assert_eq!(privilege.actions, owned(&["serverStatus"])),
                Resource::Other {} => panic!("{privilege:?}"),
            }
            assert!(!privilege.actions.iter().any(|action| action.contains("drop")), "{privilege:?}");
        }
    }
}
