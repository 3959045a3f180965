//! What a store promises about users.

use std::sync::Arc;

use jiff::SignedDuration;
use portcullis::{
    domain::{
        stored_hash::StoredHash,
        user::{Password, Role, Status, User, UserAttrs},
    },
    store::{Store, StoreError},
};

use crate::support::people::{People, email};

/// As Node's `scrypt(password, salt, 64)` leaves it.
const NODE: &str = "78623aec0a5dcd3ff254c3c7f6f02c566d84ecec1f606787165d301b321cb4db0b9978348823e4913152b6ce39cdf08a6f0231197ca109d3e84c8c386591459f.a1b2c3d4e5f60718";

pub(crate) async fn an_address_is_taken_once(store: Arc<dyn Store>, people: &People) {
    store.add_user(&people.user("ada@example.org")).await.unwrap();
    let second = store.add_user(&people.user("ada@example.org")).await;
    assert!(matches!(second, Err(StoreError::Taken)), "{second:?}");
}

pub(crate) async fn an_address_is_taken_in_every_spelling(store: Arc<dyn Store>, people: &People) {
    let first = people.user("Ada@B\u{fc}cher.example");
    store.add_user(&first).await.unwrap();
    for spelling in ["ada@b\u{fc}cher.example", "ADA@BU\u{308}CHER.EXAMPLE", "ada@xn--bcher-kva.example"] {
        let second = store.add_user(&people.user(spelling)).await;
        assert!(matches!(second, Err(StoreError::Taken)), "{spelling}: {second:?}");
        let found = store.user_by_email(&email(spelling)).await.unwrap();
        assert_eq!(found.as_ref(), Some(&first), "{spelling}");
    }
    store.add_user(&people.user("ada+tickets@b\u{fc}cher.example")).await.unwrap();
}

pub(crate) async fn an_id_is_taken_once(store: Arc<dyn Store>, people: &People) {
    let ada = people.user("ada@example.org");
    store.add_user(&ada).await.unwrap();
    let other = User::build(UserAttrs { email: email("eve@example.org"), ..ada.attrs().clone() });
    let second = store.add_user(&other).await;
    assert!(matches!(second, Err(StoreError::Taken)), "{second:?}");
    assert_stored(&*store, &ada).await;
}

pub(crate) async fn a_user_reads_back_exactly(store: Arc<dyn Store>, people: &People) {
    let fresh = people.user("ada@example.org");
    store.add_user(&fresh).await.unwrap();
    assert_stored(&*store, &fresh).await;

    let rich = User::build(rich(people));
    store.add_user(&rich).await.unwrap();
    assert_stored(&*store, &rich).await;
}

pub(crate) async fn a_disabled_user_with_a_foreign_hash_reads_back_exactly(
    store: Arc<dyn Store>,
    people: &People,
) {
    let hash = StoredHash::parse(NODE).unwrap();
    let history = vec![people.user("x@example.org").hash().clone(), hash.clone()];
    let changed_at = people.now() - SignedDuration::from_millis(1);
    let password = Password { hash, changed_at, history };
    let user = User::build(UserAttrs { password, ..rich(people) }).disable(people.now());
    assert_eq!(user.attrs().status, Status::Disabled { since: people.now() });
    store.add_user(&user).await.unwrap();
    assert_stored(&*store, &user).await;
    let found = store.user(user.id()).await.unwrap().unwrap();
    assert_eq!(found.hash().reveal().unwrap(), NODE);
}

pub(crate) async fn an_unknown_user_is_none(store: Arc<dyn Store>, people: &People) {
    store.add_user(&people.user("ada@example.org")).await.unwrap();
    assert_eq!(store.user(people.user_id()).await.unwrap(), None);
    assert_eq!(store.user_by_email(&email("eve@example.org")).await.unwrap(), None);
}

pub(crate) async fn replacing_a_user_raises_its_revision(store: Arc<dyn Store>, people: &People) {
    let mut user = people.user("ada@example.org");
    store.add_user(&user).await.unwrap();
    for revision in 1..=3 {
        store.replace_user(&user).await.unwrap();
        user = user.written();
        assert_eq!(user.attrs().revision, revision);
        assert_stored(&*store, &user).await;
    }
}

pub(crate) async fn a_replaced_user_reads_back_exactly(store: Arc<dyn Store>, people: &People) {
    let user = people.user("ada@example.org");
    store.add_user(&user).await.unwrap();

    let changed = UserAttrs { id: user.id(), revision: 0, ..rich(people) };
    let changed = User::build(changed).disable(people.now());
    store.replace_user(&changed).await.unwrap();
    assert_stored(&*store, &changed.written()).await;

    let back = UserAttrs { revision: 1, ..user.attrs().clone() };
    store.replace_user(&User::build(back.clone())).await.unwrap();
    assert_stored(&*store, &User::build(back).written()).await;
}

pub(crate) async fn a_stale_replacement_is_refused(store: Arc<dyn Store>, people: &People) {
    let user = people.user("ada@example.org");
    store.add_user(&user).await.unwrap();
    store.replace_user(&user).await.unwrap();

    people.clock.advance(SignedDuration::from_secs(1));
    let stale = store.replace_user(&user.clone().disable(people.now())).await;
    assert!(matches!(stale, Err(StoreError::Stale)), "{stale:?}");
    let ahead = User::build(UserAttrs { revision: 2, ..user.attrs().clone() });
    let ahead = store.replace_user(&ahead).await;
    assert!(matches!(ahead, Err(StoreError::Stale)), "{ahead:?}");
    assert_stored(&*store, &user.written()).await;
}

pub(crate) async fn replacing_an_unknown_user_is_stale(store: Arc<dyn Store>, people: &People) {
    let user = people.user("ada@example.org");
    let unknown = store.replace_user(&user).await;
    assert!(matches!(unknown, Err(StoreError::Stale)), "{unknown:?}");
    assert_eq!(store.user(user.id()).await.unwrap(), None, "and it was not added either");
}

pub(crate) async fn replacing_a_user_cannot_take_somebody_s_address(store: Arc<dyn Store>, people: &People) {
    let (ada, eve) = (people.user("ada@example.org"), people.user("eve@example.org"));
    store.add_user(&ada).await.unwrap();
    store.add_user(&eve).await.unwrap();
    let greedy = User::build(UserAttrs { email: email("ADA@example.org"), ..eve.attrs().clone() });
    let greedy = store.replace_user(&greedy).await;
    assert!(matches!(greedy, Err(StoreError::Taken)), "{greedy:?}");
    assert_stored(&*store, &ada).await;
    assert_stored(&*store, &eve).await;
}

pub(crate) async fn a_new_address_replaces_the_old_one(store: Arc<dyn Store>, people: &People) {
    let user = people.user("ada@example.org");
    store.add_user(&user).await.unwrap();
    let moved = User::build(UserAttrs { email: email("lovelace@example.org"), ..user.attrs().clone() });
    store.replace_user(&moved).await.unwrap();
    assert_stored(&*store, &moved.written()).await;
    assert_eq!(store.user_by_email(&email("ada@example.org")).await.unwrap(), None);
    store.add_user(&people.user("ada@example.org")).await.unwrap();
}

/// Nothing left at its default, and no two times alike.
fn rich(people: &People) -> UserAttrs {
    let now = people.now();
    let earlier = |millis| now - SignedDuration::from_millis(millis);
    let fresh = people.user("Ada.King+1@B\u{fc}cher.Example");
    UserAttrs {
        email_verified_at: Some(earlier(1)),
        password: Password {
            hash: fresh.hash().clone(),
            changed_at: earlier(999),
            history: vec![people.user("another@example.org").hash().clone()],
        },
        roles: ["admin", "box-office-2"].map(|role| Role::try_from(role).unwrap()).into(),
        epoch: 3_000_000_000,
        revision: u64::from(u32::MAX) + 7,
        created_at: earlier(86_400_001),
        updated_at: earlier(2),
        ..fresh.attrs().clone()
    }
}

/// By either way of finding it, and to the letter of the address, which comparing two users does not look at.
async fn assert_stored(store: &dyn Store, user: &User) {
    let by_id = store.user(user.id()).await.unwrap();
    let by_email = store.user_by_email(&user.attrs().email).await.unwrap();
    for found in [by_id, by_email] {
        let found = found.expect("the user is there");
        assert_eq!(&found, user);
        assert_eq!(found.attrs().email.original(), user.attrs().email.original());
    }
}

pub(crate) async fn a_kept_session_is_replaced_and_forgotten(store: Arc<dyn Store>, people: &People) {
    let user = people.user("ada@example.org");
    store.add_user(&user).await.unwrap();
    let kept = Some(people.session(&user).id);
    let keeping = User::build(UserAttrs { kept, epoch: 1, ..user.attrs().clone() });
    store.replace_user(&keeping).await.unwrap();
    let stored = store.user(user.id()).await.unwrap().unwrap();
    assert_eq!(stored, keeping.written());

    store.replace_user(&stored.disable(people.now())).await.unwrap();
    assert_eq!(store.user(user.id()).await.unwrap().unwrap().attrs().kept, None);
}
