//! What exactly an operator or the service did is said, and sealed with the rest.

use std::sync::Arc;

use portcullis::{
    domain::{clock::Clock, event::EventKind, id::EventId, sealed::KeySecrets, user::Role},
    flows::{
        change_user::{Change, change_user},
        clear_throttle::{Whom, clear_throttle},
        find_user,
        journal::Pen,
    },
    store::Store,
    system::{entropy::OsEntropy, vault::Vault},
};
use serde_json::{Value, json};

use super::{admin, chain::verdict};
use crate::support::{
    browser::Browser,
    events::{details, events_of},
    patience::until,
    people::email,
    service::{KEY_SECRET, Service},
    stores::on_both_stores,
};

on_both_stores!(
    r_04_it_is_said_which_roles_which_network_and_which_key,
    r_04_a_detail_outlives_the_one_whom_it_is_about,
    r_04_no_role_hides_behind_others,
);

const ADA: &str = "ada@example.org";

fn vault() -> Vault {
    Vault::new(&KeySecrets::parse(KEY_SECRET).unwrap()).unwrap()
}

async fn change_roles(service: &Service, give: &[&str], take: &[&str]) {
    let roles = |names: &[&str]| names.iter().map(|name| Role::try_from(*name).unwrap()).collect();
    let change = Change::Roles { give: roles(give), take: roles(take) };
    let (store, vault) = (&*service.store, vault());
    let pen = Pen { store, clock: &service.clock, entropy: &OsEntropy, vault: &vault };
    service.clock.advance(jiff::SignedDuration::from_secs(1));
    change_user(pen, &find_user::Whom::Address(email(ADA)), &change).await.unwrap();
}

async fn clear(service: &Service, whom: Whom) {
    let (store, vault) = (&*service.store, vault());
    let pen = Pen { store, clock: &service.clock, entropy: &OsEntropy, vault: &vault };
    service.clock.advance(jiff::SignedDuration::from_secs(1));
    clear_throttle(pen, &whom).await.unwrap();
}

/// The oldest first, each beside whom it is about.
async fn told(grace: &mut Browser, kind: EventKind) -> Vec<(Value, Value)> {
    let page = grace.get(&format!("/admin/v1/events?kind={}", kind.as_str())).await.json();
    let events = page["events"].as_array().unwrap().iter().rev();
    events.map(|event| (event["detail"].clone(), event["user"].clone())).collect()
}

async fn r_04_it_is_said_which_roles_which_network_and_which_key(store: Arc<dyn Store>) {
    let service = Service::on(Arc::clone(&store)).await;
    let mut grace = admin(&service, "grace@example.org").await;
    let mut browser = Browser::at(&service);
    browser.sign_up(ADA).await;
    let ada = store.user_by_email(&email(ADA)).await.unwrap().unwrap().id().to_string();

    change_roles(&service, &["support", "box-office"], &["nobody-has-it"]).await;
    change_roles(&service, &["support", "administrator"], &["support"]).await;
    clear(&service, Whom::Everybody).await;
    clear(&service, Whom::Address(email(ADA))).await;
    clear(&service, Whom::Address(email("nobody@example.org"))).await;
    for network in ["192.0.2.7", "2001:db8::7", "::ffff:192.0.2.8"] {
        clear(&service, Whom::Network(network.parse().unwrap())).await;
    }
    until("all is sealed", async || store.unsealed_events(EventId::FIRST, 1).await.unwrap().is_empty()).await;

    let roles = [json!("+box-office +support"), json!("+administrator -support")];
    let expected = roles.clone().map(|roles| (roles, json!(ada)));
    assert_eq!(told(&mut grace, EventKind::RolesChanged).await, expected);
    let cleared = told(&mut grace, EventKind::ThrottleCleared).await;
    let expected = [
        ("everybody", Value::Null),
        ("an address", json!(ada)),
        ("an address", Value::Null),
        ("192.0.2.7", Value::Null),
        ("2001:db8::/64", Value::Null),
        ("192.0.2.8", Value::Null),
    ];
    assert_eq!(cleared, expected.map(|(detail, user)| (json!(detail), user)));
    let key = store.signing_keys().await.unwrap().pop().unwrap().id;
    let rotated = told(&mut grace, EventKind::SigningKeyRotated).await;
    assert_eq!(rotated, [(json!(key.to_string()), Value::Null)]);

    let own = browser.get("/api/users/events").await.json();
    let own = own["events"].as_array().unwrap().iter().map(|event| event["detail"].clone());
    let [first, second] = roles;
    assert_eq!(own.take(3).collect::<Vec<_>>(), [json!("an address"), second, first]);
    let said = told(&mut grace, EventKind::SignedUp).await;
    assert!(said.iter().all(|(detail, _)| detail.is_null()), "where nothing else is to be said: {said:?}");
    assert_eq!(verdict(&*store, &service.clock, None).await, "");
}

async fn r_04_a_detail_outlives_the_one_whom_it_is_about(store: Arc<dyn Store>) {
    let service = Service::on(Arc::clone(&store)).await;
    Browser::at(&service).sign_up(ADA).await;
    change_roles(&service, &["administrator"], &[]).await;
    until("all is sealed", async || store.unsealed_events(EventId::FIRST, 1).await.unwrap().is_empty()).await;
    let (ada, now) = (store.user_by_email(&email(ADA)).await.unwrap().unwrap(), service.clock.now());
    store.replace_user(&ada.clone().leave_at_once(now)).await.unwrap();
    assert!(store.erase_user(ada.id(), now).await.unwrap());

    let latest = events_of(&*store, ada.id()).await.remove(0);
    assert_eq!((latest.kind, latest.particulars), (EventKind::RolesChanged, None));
    assert_eq!(verdict(&*store, &service.clock, None).await, "");
    let exported = crate::support::records::exported(&*store).await;
    assert!(exported.iter().any(|record| format!("{record:?}").contains("+administrator")), "{exported:?}");
}

/// As many as there may be, as long as they may be, all of them changed at once.
async fn r_04_no_role_hides_behind_others(store: Arc<dyn Store>) {
    let service = Service::on(Arc::clone(&store)).await;
    Browser::at(&service).sign_up(ADA).await;
    let roles = |letter: &str| (10..42).map(|n| format!("{letter}{n}{}", "a".repeat(61))).collect::<Vec<_>>();
    let (before, after) = (roles("x"), roles("z"));
    let [before, after] = [&before, &after].map(|roles| roles.iter().map(String::as_str).collect::<Vec<_>>());
    change_roles(&service, &before, &[]).await;
    change_roles(&service, &after, &before).await;
    let said = details(&*store, EventKind::RolesChanged).await.remove(0);
    let taken = before.iter().map(|role| format!("-{role}"));
    let expected: Vec<_> = after.iter().map(|role| format!("+{role}")).chain(taken).collect();
    assert_eq!(said, expected.join(" "));
}
