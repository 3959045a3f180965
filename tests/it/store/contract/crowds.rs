//! What a store promises about many users who are added at once.

use std::sync::Arc;

use portcullis::{
    domain::user::{User, UserAttrs},
    store::{Added, BATCH, Store},
};
use tokio::task::JoinSet;

use crate::support::people::{People, email};

fn crowd(people: &People, of: usize) -> Vec<User> {
    (0..of).map(|number| people.user(&format!("user{number}@example.org"))).collect()
}

/// Somebody else with the address of this one.
fn rival(user: &User, people: &People) -> User {
    let original = user.attrs().email.original().to_uppercase();
    User::build(UserAttrs { id: people.user_id(), email: email(&original), ..user.attrs().clone() })
}

async fn assert_there(store: &dyn Store, users: &[User]) {
    for user in users {
        assert_eq!(store.user(user.id()).await.unwrap().as_ref(), Some(user));
        assert_eq!(store.user_by_email(&user.attrs().email).await.unwrap().as_ref(), Some(user));
    }
}

pub(crate) async fn a_crowd_is_added_and_reads_back_exactly(store: Arc<dyn Store>, people: &People) {
    assert_eq!(store.add_users(&[]).await.unwrap(), []);
    let users = crowd(people, BATCH);
    assert_eq!(store.add_users(&users).await.unwrap(), vec![Added::New; BATCH]);
    assert_there(&*store, &users).await;
}

pub(crate) async fn of_a_crowd_those_who_were_there_are_told_from_those_whose_address_is_taken(
    store: Arc<dyn Store>,
    people: &People,
) {
    let users = crowd(people, 6);
    store.add_users(&users[..4]).await.unwrap();
    // Whatever has changed about them since, they are the same.
    let changed = users[1].clone().disable(people.now());
    store.replace_user(&changed).await.unwrap();
    let moved = UserAttrs { email: email("elsewhere@example.org"), ..users[2].attrs().clone() };
    store.replace_user(&User::build(moved)).await.unwrap();

    let again = [
        users[0].clone(),
        users[1].clone(),
        users[2].clone(),
        rival(&users[3], people),
        users[4].clone(),
        rival(&users[2], people),
        users[5].clone(),
    ];
    let added = store.add_users(&again).await.unwrap();

    let (new, before, taken) = (Added::New, Added::Before, Added::Taken);
    assert_eq!(added, [before, before, before, taken, new, new, new]);
    assert_there(&*store, &[changed.written(), users[3].clone()]).await;
    assert_there(&*store, &again[4..]).await;
}

pub(crate) async fn of_two_in_a_crowd_who_want_the_same_one_gets_it(store: Arc<dyn Store>, people: &People) {
    let user = people.user("ada@example.org");
    let other = rival(&user, people);
    let added = store.add_users(&[user.clone(), other.clone()]).await.unwrap();
    let winner = if added == [Added::New, Added::Taken] { &user } else { &other };
    assert_eq!(added.iter().filter(|added| **added == Added::New).count(), 1);
    assert_there(&*store, std::slice::from_ref(winner)).await;

    let twice = people.user("eve@example.org");
    let mut added = store.add_users(&[twice.clone(), twice.clone()]).await.unwrap();
    added.sort_by_key(|added| *added != Added::New);
    assert_eq!(added, [Added::New, Added::Before]);
    assert_there(&*store, &[twice]).await;
}

pub(crate) async fn of_ten_who_add_the_same_crowd_each_user_is_added_by_one(
    store: Arc<dyn Store>,
    people: &People,
) {
    let users = crowd(people, 50);
    let mut racers = JoinSet::new();
    for _ in 0..10 {
        let (store, users) = (Arc::clone(&store), users.clone());
        racers.spawn(async move { store.add_users(&users).await.unwrap() });
    }
    let all = racers.join_all().await;
    for number in 0..users.len() {
        let of_one: Vec<_> = all.iter().map(|added| added[number]).collect();
        assert_eq!(of_one.iter().filter(|added| **added == Added::New).count(), 1, "{of_one:?}");
        assert_eq!(of_one.iter().filter(|added| **added == Added::Before).count(), 9, "{of_one:?}");
    }
    assert_there(&*store, &users).await;
}
