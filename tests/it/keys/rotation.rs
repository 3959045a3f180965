//! Rotation in traffic: nobody who honours the rules of caching is ever refused.

use std::{collections::BTreeMap, sync::Arc};

use jiff::SignedDuration;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use portcullis::{
    domain::{access_token::AccessToken, clock::Clock, session::Session, user::User},
    flows::{
        Failure, Services,
        list_keys::list_keys,
        load_keys::load_keys,
        rotate_keys::rotate_keys,
        verify::{TokenRefusal, verify},
    },
    store::Store,
};
use serde_json::Value;

use crate::support::{
    clock::FrozenClock,
    people::People,
    replica::{misled, replica},
    stores::{on_both_stores, sqlite},
};

on_both_stores!(
    f_41_replicas_that_start_at_once_make_one_key,
    f_41_replicas_that_rotate_at_once_make_one_key
);

fn seconds(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

fn mint(replica: &Services, user: &User, session: &Session) -> AccessToken {
    replica.mint::<TokenRefusal>(user, session).unwrap()
}

async fn somebody(store: &Arc<dyn Store>, people: &People) -> (User, Session) {
    let user = people.user("ada@example.org");
    let session = people.session(&user);
    store.add_user(&user).await.unwrap();
    store.add_session(&session).await.unwrap();
    (user, session)
}

async fn f_41_replicas_that_start_at_once_make_one_key(store: Arc<dyn Store>) {
    let people = People::new();
    store.migrate(people.now()).await.unwrap();
    let (user, session) = somebody(&store, &people).await;
    let replicas = [-5, 0, 5].map(|ahead| replica(&store, &people.clock, seconds(ahead)));
    let [a, b, c] = &replicas;
    let loaded = tokio::join!(load_keys(&a.keys), load_keys(&b.keys), load_keys(&c.keys));
    assert!(matches!(loaded, (Ok(()), Ok(()), Ok(()))), "{loaded:?}");
    assert_eq!(store.signing_keys().await.unwrap().len(), 1);
    for signer in &replicas {
        let token = mint(signer, &user, &session);
        for verifier in &replicas {
            verify(verifier, token.reveal()).await.unwrap();
        }
    }
}

async fn f_41_replicas_that_rotate_at_once_make_one_key(store: Arc<dyn Store>) {
    let people = People::new();
    store.migrate(people.now()).await.unwrap();
    let replicas = [-5, 0, 5].map(|ahead| replica(&store, &people.clock, seconds(ahead)));
    for replica in &replicas {
        load_keys(&replica.keys).await.unwrap();
    }
    let [a, b, c] = &replicas;
    let made = tokio::join!(rotate_keys(&a.keys), rotate_keys(&b.keys), rotate_keys(&c.keys));
    let made = [made.0, made.1, made.2].map(|made| made.unwrap().key.id);
    assert!(made.iter().all(|id| *id == made[0]), "{made:?}");
    assert_eq!(store.signing_keys().await.unwrap().len(), 2);
}

/// A service that verifies by itself, and fetches the keys again only when it may no longer remember them.
struct Client {
    fetched_at: i64,
    keys: BTreeMap<String, DecodingKey>,
}

impl Client {
    fn accepts(&mut self, token: &str, publisher: &Services, clock: &FrozenClock) -> bool {
        let now = clock.now().as_second();
        if now - self.fetched_at >= 300 {
            let keys = publisher.keys.published().into_iter();
            let key = |public: &[u8]| DecodingKey::from_ec_der(public);
            self.keys = keys.map(|published| (published.id.to_string(), key(&published.public))).collect();
            self.fetched_at = now;
        }
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_audience(&["portcullis"]);
        let kid = decode_header(token).unwrap().kid.unwrap();
        self.keys.get(&kid).is_some_and(|key| decode::<Value>(token, key, &validation).is_ok())
    }
}

/// Half of them by command, half by time.
#[tokio::test]
async fn f_41_ten_rotations_fail_no_client_that_honours_max_age_only() {
    let (store, people) = (sqlite(), People::new());
    store.migrate(people.now()).await.unwrap();
    let clock = &people.clock;
    let replicas = [replica(&store, clock, seconds(-5)), replica(&store, clock, seconds(5))];
    for replica in &replicas {
        load_keys(&replica.keys).await.unwrap();
    }
    let mut clients: Vec<_> = (0..5).map(|_| Client { fetched_at: 0, keys: BTreeMap::new() }).collect();
    let user = people.user("ada@example.org");
    store.add_user(&user).await.unwrap();
    let (mut accepted, mut kids) = (0, std::collections::BTreeSet::new());
    for rotation in 0..10 {
        let by_command = rotation % 2 == 0;
        if !by_command {
            // Until shortly before the next key is due.
            clock.advance(SignedDuration::from_hours(30 * 24) - SignedDuration::from_mins(130));
        }
        let session = people.session(&user);
        store.add_session(&session).await.unwrap();
        let mut signed: Vec<(i64, AccessToken)> = Vec::new();
        for minute in 0..100_usize {
            // When some caches are fresh and others about to run out.
            if by_command && minute == 12 {
                rotate_keys(&replicas[0].keys).await.unwrap();
            }
            // Each looks at the keys once a minute at the latest, and they take turns here.
            load_keys(&replicas[minute % 2].keys).await.unwrap();
            let expires = clock.now().as_second() + 590;
            signed.extend(replicas.each_ref().map(|replica| (expires, mint(replica, &user, &session))));
            signed.retain(|(expires, _)| clock.now().as_second() < *expires);
            // Their caches run out at different minutes.
            for (number, client) in clients.iter_mut().enumerate().filter(|(number, _)| minute >= *number) {
                for (_, token) in signed.iter().rev().step_by(3) {
                    let publisher = &replicas[(minute + number) % 2];
                    assert!(
                        client.accepts(token.reveal(), publisher, clock),
                        "rotation {rotation}, minute {minute}"
                    );
                    accepted += 1;
                }
            }
            for (_, token) in signed.iter().step_by(5) {
                verify(&replicas[minute % 2], token.reveal()).await.unwrap();
                kids.insert(decode_header(token.reveal()).unwrap().kid);
            }
            clock.advance(seconds(60));
        }
    }
    assert_eq!(kids.len(), 11, "the first key and ten more have signed");
    assert!(accepted > 10_000, "{accepted}");
    let left = list_keys(&replicas[0].keys).await.unwrap();
    assert!(left.len() <= 2, "spent keys are removed");
}

#[tokio::test]
async fn f_41_keys_that_cannot_be_opened_are_told_and_nothing_new_is_made_with_them() {
    let (store, people) = (sqlite(), People::new());
    store.migrate(people.now()).await.unwrap();
    let ours = replica(&store, &people.clock, seconds(0));
    load_keys(&ours.keys).await.unwrap();
    let theirs = misled(&store, &people.clock);
    let told = load_keys(&theirs.keys).await;
    assert!(
        matches!(&told, Err(Failure::Refused(unusable)) if unusable.to_string().contains("key secret")),
        "{told:?}"
    );
    assert!(rotate_keys(&theirs.keys).await.is_err());
    assert_eq!(store.signing_keys().await.unwrap().len(), 1);
}
