//! Three agents that start at once make one set, whose users may do what they need and nothing else.

use std::sync::Arc;

use jiff::Timestamp;
use mongodb::bson::{Document, doc};
use portcullis::{
    domain::one_time::Purpose,
    store::{Store, mongo::MongoStore},
    system::entropy::OsEntropy,
};

use crate::support::{agents::Set, browser::Browser, people::People, service::Service};

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn three_agents_that_start_at_once_make_one_set_with_the_right_users() {
    let Some(mut set) = Set::start(3) else { return };
    let primary = set.settled(3).await;
    let id = set.id(0).await;
    for ordinal in 0..3 {
        assert_eq!(set.id(ordinal).await, id);
    }
    let made: Vec<usize> = (0..3).map(|ordinal| made_a_set(&mut set, ordinal)).collect();
    assert_eq!(made, [1, 0, 0]);
    set.assert_users(primary).await;
    the_service_does_all_it_does(&set).await;
    the_service_s_user_may_do_nothing_else(&set, primary).await;
    backup_and_monitor_may_do_what_they_are_for(&set, primary).await;
    the_agent_s_user_may_not_read_what_it_guards(&set, primary).await;
}

fn made_a_set(set: &mut Set, ordinal: u8) -> usize {
    set.agent(ordinal).so_far().iter().filter(|line| line.contains("made the set")).count()
}

async fn the_service_does_all_it_does(set: &Set) {
    let store: Arc<dyn Store> = Arc::new(MongoStore::open(&set.url(), Arc::new(OsEntropy)).unwrap());
    store.migrate(Timestamp::UNIX_EPOCH).await.unwrap();
    store.probe(Timestamp::UNIX_EPOCH).await.unwrap();
    let mut changes = store.changes();
    changes.next().await.unwrap();

    let service = Service::with(Arc::clone(&store), &[]).await;
    let mut ada = Browser::at(&service);
    assert_eq!(ada.sign_up("ada@example.org").await.status, 201);
    assert_eq!(ada.sign_in("ada@example.org", "correct horse battery").await.status, 200);
    assert_eq!(ada.current_user().await.as_deref(), Some("ada@example.org"));
    assert_eq!(ada.sign_out().await.status, 200);
    assert_eq!(ada.current_user().await, None);
    assert!(!changes.next().await.unwrap().is_empty());

    let vitals = store.vitals().await.unwrap();
    assert!(
        vitals.storage.is_some() && vitals.connections.is_some() && vitals.untold.is_empty(),
        "{vitals:?}"
    );

    let people = People::new();
    let record = people.one_time(Purpose::SecondFactor);
    store.add_one_time(&record).await.unwrap();
    assert!(store.consume_one_time(&record.digest, record.purpose, people.now()).await.unwrap().is_some());
}

async fn the_service_s_user_may_do_nothing_else(set: &Set, primary: u8) {
    let client = set.client_of(primary, "app", "app-1").await;
    let refused = async |database: &str, command: Document| {
        let answer = client.database(database).run_command(command.clone()).await;
        let error = answer.expect_err(&format!("{command} is let through"));
        assert!(error.to_string().contains("Unauthorized"), "{command}: {error}");
    };
    for command in [
        doc! { "dropDatabase": 1 },
        doc! { "drop": "users" },
        doc! { "dropIndexes": "users", "index": "*" },
        doc! { "usersInfo": 1 },
        doc! { "renameCollection": "auth.users", "to": "auth.people" },
    ] {
        refused("auth", command).await;
    }
    for command in [
        doc! { "usersInfo": 1 },
        doc! { "createUser": "eve", "pwd": "eve", "roles": ["root"] },
        doc! { "replSetGetConfig": 1 },
        doc! { "replSetGetStatus": 1 },
        doc! { "find": "system.users" },
        doc! { "shutdown": 1 },
    ] {
        refused("admin", command).await;
    }
    for (database, command) in [
        ("tickets", doc! { "find": "tickets" }),
        ("tickets", doc! { "insert": "tickets", "documents": [{ "_id": 1 }] }),
        ("local", doc! { "find": "oplog.rs" }),
        ("config", doc! { "find": "transactions" }),
    ] {
        refused(database, command).await;
    }
}

async fn backup_and_monitor_may_do_what_they_are_for(set: &Set, primary: u8) {
    let monitor = set.client_of(primary, "monitor", "monitor-1").await;
    monitor.database("admin").run_command(doc! { "replSetGetStatus": 1 }).await.unwrap();
    monitor
        .database("local")
        .run_command(doc! { "find": "oplog.rs", "limit": 1, "singleBatch": true })
        .await
        .unwrap();
    monitor.database("auth").run_command(doc! { "find": "users" }).await.unwrap_err();
    let backup = set.client_of(primary, "backup", "backup-1").await;
    backup.database("auth").run_command(doc! { "find": "users" }).await.unwrap();
    let url = set.url().replace("portcullis-app:app-1", "portcullis-backup:backup-1");
    let store = MongoStore::open(&url, Arc::new(OsEntropy)).unwrap();
    store.examine().await.unwrap();
    assert_eq!(
        store.vitals().await.unwrap().untold,
        ["dbStats", "serverStatus"],
        "it says what it may not ask"
    );
    for (database, collection) in [("admin", "system.users"), ("tickets", "users"), ("config", "settings")] {
        backup.database(database).run_command(doc! { "find": collection }).await.unwrap_err();
    }
    backup
        .database("auth")
        .run_command(doc! { "delete": "users", "deletes": [{ "q": {}, "limit": 0 }] })
        .await
        .unwrap_err();
}

async fn the_agent_s_user_may_not_read_what_it_guards(set: &Set, primary: u8) {
    let agent = set.client_of(primary, "agent", "agent-1").await;
    for command in [doc! { "find": "users" }, doc! { "dropDatabase": 1 }] {
        agent.database("auth").run_command(command).await.unwrap_err();
    }
    for command in
        [doc! { "dropUser": "portcullis-app" }, doc! { "shutdown": 1 }, doc! { "find": "system.users" }]
    {
        agent.database("admin").run_command(command).await.unwrap_err();
    }
}
