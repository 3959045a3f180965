//! With the rights that the agent gives, and no others: one user may read that database and no other, the other may drop nothing.

use mongodb::bson::doc;
use serde_json::json;

use super::Yard;
use crate::support::{agents::Set, process::run};

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_backup_needs_to_find_and_list_and_a_restore_the_service_s_own() {
    let Some(mut set) = Set::start(1) else { return };
    set.settled(1).await;
    let sqlite = Yard::on_sqlite();
    sqlite.fill(1_200).await;
    let first = sqlite.back_up();

    // Into nothing, and over what is there.
    let yard = Yard::new(Some(set.url()));
    let (from, key) = (sqlite.path("backups"), sqlite.path("key"));
    let restore = ["restore", "--from", &from, "--identity-file", &key];
    assert_eq!(yard.json(&restore)["collections"], first["collections"]);
    yard.json(&[&restore[..], &["--replace"]].concat());

    let reader = set.url().replace("portcullis-app:app-1", "portcullis-backup:backup-1");
    let as_reader = |args: &[&str]| {
        let settings = [("PORTCULLIS_STORE_URL", reader.as_str()), ("PORTCULLIS_KEY_SECRET", "")];
        run(&yard.folder, args, &settings)
    };
    let to = yard.path("backups");
    let made = as_reader(&["backup", "--to", &to, "--recipient", &yard.recipient, "--json"]);
    assert_eq!(made.status.code(), Some(0), "{made:?}");
    let made: serde_json::Value = serde_json::from_slice(&made.stdout).unwrap();
    assert_eq!(made["collections"]["users"]["count"], 1_200);
    assert_eq!(made["collections"]["sessions"], first["collections"]["sessions"]);

    let client = set.client_of(0, "backup", "backup-1").await;
    for (database, collection) in [("admin", "system.users"), ("config", "settings"), ("tickets", "users")] {
        client.database(database).run_command(doc! { "find": collection }).await.unwrap_err();
    }

    // It has the key secret, and not the right to write.
    let over = [&restore[..], &["--replace", "--without-keys"]].concat();
    let refused = run(&yard.folder, &over, &[("PORTCULLIS_STORE_URL", reader.as_str())]);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("13 Unauthorized"), "{said}");

    // What the reader made is brought back by the service's own user.
    let (from, key) = (yard.path("backups"), yard.path("key"));
    let restored = yard.json(&["restore", "--from", &from, "--identity-file", &key, "--replace"]);
    assert_eq!((&restored["name"], &restored["collections"]), (&made["name"], &made["collections"]));
    let mut service = yard.serve();
    let sockets = service.ready();
    let health = reqwest::get(format!("http://{}/readyz", sockets.internal)).await.unwrap();
    assert_eq!(
        (health.status().as_u16(), health.json::<serde_json::Value>().await.unwrap()),
        (200, json!({ "ok": true }))
    );
}
