//! Migrations: what the release before wrote is read, or gone.

use portcullis::domain::user::User;
use rusqlite::{Connection, params};

use super::open;
use crate::support::{folder::Folder, people::People};

const BEFORE_SEEDS: &str = include_str!("../../../../src/store/sqlite/migrations/0001.sql");

/// Version 1 had no seeds, no generations and no `kept`.
#[tokio::test]
async fn what_the_release_before_wrote_is_read_or_gone() {
    let (folder, people) = (Folder::new(), People::new());
    let (path, now) = (folder.file("portcullis.db"), people.now());
    let user = people.user("ada@example.org");
    let session = people.session(&user);
    let raw = Connection::open(&path).unwrap();
    raw.execute_batch(BEFORE_SEEDS).unwrap();
    let (id, millis) = (user.id().as_uuid().into_bytes(), now.as_millisecond());
    raw.execute("INSERT INTO settings VALUES ('store', 1, ?1, NULL)", [millis]).unwrap();
    raw.execute(
        "INSERT INTO users VALUES (?1, ?2, ?2, NULL, ?3, ?4, '[]', 'active', NULL, 0, 0, ?4, ?4)",
        params![id, "ada@example.org", user.hash().reveal().unwrap(), millis],
    )
    .unwrap();
    raw.execute(
        "INSERT INTO sessions VALUES (?1, ?2, 0, ?3, '[\"pwd\"]', ?4, NULL, NULL, ?4, ?4, ?5, ?6, NULL, NULL)",
        params![
            session.id.as_uuid().into_bytes(),
            id,
            session.secret_digest.as_bytes(),
            millis,
            session.idle_expires_at.as_millisecond(),
            session.expires_at.as_millisecond(),
        ],
    )
    .unwrap();
    drop(raw);

    let store = open(&path);
    store.migrate(now).await.unwrap();
    let found: Option<User> = store.user_by_email(&user.attrs().email).await.unwrap();
    assert_eq!(found.as_ref(), Some(&user));
    assert_eq!(store.session(&session.secret_digest).await.unwrap(), None);
    assert_eq!(store.session_by_id(session.id).await.unwrap(), None);
    assert_eq!(store.sessions_of(user.id(), now).await.unwrap(), []);

    store.add_session(&session).await.unwrap();
    let disabled = user.disable(now);
    store.replace_user(&disabled).await.unwrap();
    assert_eq!(store.session(&session.secret_digest).await.unwrap(), Some((session, disabled.written())));
    store.close().await;
}
