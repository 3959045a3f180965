//! Rotation in traffic: nobody who honours the rules of caching is ever refused.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use futures_util::future::join_all;
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
    browser::Browser,
    clock::FrozenClock,
    people::People,
    replica::{Serving, ahead_of_the_others, misled, replica},
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
    stale_at: i64,
    keys: BTreeMap<String, DecodingKey>,
}

impl Client {
    async fn accepts(&mut self, token: &str, publisher: &Serving, clock: &FrozenClock) -> bool {
        if clock.now().as_second() >= self.stale_at {
            self.fetch(publisher, clock).await;
        }
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_audience(&["portcullis"]);
        let kid = decode_header(token).unwrap().kid.unwrap();
        self.keys.get(&kid).is_some_and(|key| decode::<Value>(token, key, &validation).is_ok())
    }

    async fn fetch(&mut self, publisher: &Serving, clock: &FrozenClock) {
        let answer = Browser::to(publisher.public).get("/.well-known/jwks.json").await;
        let (_, seconds) = answer.header("cache-control").unwrap().split_once("max-age=").unwrap();
        self.stale_at = clock.now().as_second() + seconds.parse::<i64>().unwrap();
        let text = |key: &Value, member: &str| key[member].as_str().unwrap().to_owned();
        let read = |key: &Value| {
            let point = DecodingKey::from_ec_components(&text(key, "x"), &text(key, "y"));
            (text(key, "kid"), point.unwrap())
        };
        self.keys = answer.json()["keys"].as_array().unwrap().iter().map(read).collect();
    }
}

/// Somebody's program: each minute it gets a new token, from one replica or the other.
struct Program {
    browser: [Browser; 2],
    signed: Vec<(i64, String)>,
}

impl Program {
    async fn renew(&mut self, minute: usize, clock: &FrozenClock) {
        let browser = &mut self.browser[minute % 2];
        browser.token = self.signed.last().map(|(_, token)| token.clone());
        let answer = browser.get("/v1/whoami").await;
        assert_eq!(answer.status, 200, "minute {minute}: {answer:?}");
        let token = answer.json()["accessToken"].as_str().unwrap().to_owned();
        let now = clock.now().as_second();
        self.signed.retain(|(expires, _)| now < *expires);
        self.signed.push((now + 590, token));
    }
}

/// Half of them by command, half by time, and always while tokens are signed and looked at.
#[tokio::test]
async fn f_41_ten_rotations_under_load_fail_no_client_that_honours_max_age_only() {
    let (store, people) = (sqlite(), People::new());
    store.migrate(people.now()).await.unwrap();
    let clock = &people.clock;
    let replicas = [-5, 5].map(|ahead| Serving::start(replica(&store, clock, seconds(ahead))));
    for replica in &replicas {
        load_keys(&replica.services.keys).await.unwrap();
    }
    let mut clients: Vec<_> = (0..5).map(|_| Client { stale_at: 0, keys: BTreeMap::new() }).collect();
    let user = people.user("ada@example.org");
    store.add_user(&user).await.unwrap();
    let (mut accepted, mut kids) = (0, BTreeSet::new());
    for rotation in 0..10 {
        let by_command = rotation % 2 == 0;
        if !by_command {
            // Until shortly before the next key is due.
            clock.advance(SignedDuration::from_hours(30 * 24) - SignedDuration::from_mins(130));
        }
        let mut programs: Vec<Program> = Vec::new();
        for _ in 0..3 {
            let session = people.session(&user);
            store.add_session(&session).await.unwrap();
            let first = mint(&replicas[0].services, &user, &session);
            let signed = vec![(clock.now().as_second() + 590, first.reveal().to_owned())];
            let browser = replicas.each_ref().map(|replica| Browser::to(replica.internal));
            programs.push(Program { browser, signed });
        }
        for minute in 0..100_usize {
            let looks_after_keys = async {
                // When some caches are fresh and others about to run out.
                if by_command && minute == 12 {
                    rotate_keys(&replicas[0].services.keys).await.unwrap();
                }
                // Each looks at the keys once in two minutes, which is far less often than it does.
                load_keys(&replicas[minute % 2].services.keys).await.unwrap();
            };
            let renewals = join_all(programs.iter_mut().map(|program| program.renew(minute, clock)));
            tokio::join!(looks_after_keys, renewals);
            // Their caches run out at different minutes.
            for (number, client) in clients.iter_mut().enumerate().filter(|(number, _)| minute >= *number) {
                let publisher = &replicas[(minute + number) % 2];
                for (_, token) in programs.iter().flat_map(|program| program.signed.iter().rev().step_by(3)) {
                    let accepts = client.accepts(token, publisher, clock).await;
                    assert!(accepts, "rotation {rotation}, minute {minute}");
                    accepted += 1;
                }
            }
            for (_, token) in programs.iter().flat_map(|program| program.signed.iter().step_by(5)) {
                verify(&replicas[minute % 2].services, token).await.unwrap();
                kids.insert(decode_header(token).unwrap().kid);
            }
            clock.advance(seconds(60));
        }
    }
    assert_eq!(kids.len(), 11, "the first key and ten more have signed");
    assert!(accepted > 10_000, "{accepted}");
    let left = list_keys(&replicas[0].services.keys).await.unwrap();
    assert!(left.len() <= 2, "spent keys are removed");
}

/// The list of key secrets changes in one replica after the other.
#[tokio::test]
async fn f_41_a_next_key_that_a_replica_cannot_open_yet_is_known_to_it_all_the_same() {
    let (store, people) = (sqlite(), People::new());
    store.migrate(people.now()).await.unwrap();
    let older = replica(&store, &people.clock, seconds(0));
    load_keys(&older.keys).await.unwrap();
    let newer = ahead_of_the_others(&store, &people.clock);
    rotate_keys(&newer.keys).await.unwrap();

    load_keys(&older.keys).await.unwrap();

    let (user, session) = somebody(&store, &people).await;
    verify(&older, mint(&older, &user, &session).reveal()).await.unwrap();
    people.clock.advance(SignedDuration::from_mins(10));
    load_keys(&newer.keys).await.unwrap();
    let by_the_next = mint(&newer, &user, &session);
    verify(&older, by_the_next.reveal()).await.unwrap();
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
