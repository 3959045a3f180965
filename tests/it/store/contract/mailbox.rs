//! What a store promises about letters and about those who leave.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use portcullis::{
    domain::{
        challenge::{Challenge, Purpose},
        letter::{Letter, LetterKind, LetterState},
        sealed::Sealed,
        user::User,
    },
    store::{Store, StoreError},
};

use super::events::event;
use crate::support::events::events_of;
use crate::support::people::{People, email};

fn letter(people: &People, until: Timestamp) -> Letter {
    Letter {
        id: people.letter_id(),
        kind: LetterKind::Reset,
        to: email("Ada@b\u{fc}cher.example"),
        token: Some(Sealed::from_bytes(vec![0, 1, 255])),
        expires_at: people.now() + SignedDuration::from_hours(1),
        attempts: 3,
        state: LetterState::Waiting { until },
    }
}

fn challenge(people: &People, purpose: Purpose) -> Challenge {
    Challenge {
        purpose,
        email: email("Ada@b\u{fc}cher.example"),
        digest: people.secret().digest(),
        expires_at: people.now() + SignedDuration::from_hours(1),
    }
}

pub(crate) async fn letters_and_challenges_read_back_exactly(store: Arc<dyn Store>, people: &People) {
    let now = people.now();
    let dead = Letter { token: None, state: LetterState::Dead { since: now }, ..letter(people, now) };
    let mut user = people.user("ada@example.org").write_to(dead).leave(now);
    for purpose in Purpose::ALL {
        user = user.challenge(challenge(people, purpose), letter(people, now), now);
    }
    store.add_user(&user).await.unwrap();
    assert_eq!(store.user(user.id()).await.unwrap().as_ref(), Some(&user));

    let emptied = user.clone().revive(now).come_back(now);
    store.replace_user(&emptied).await.unwrap();
    assert_eq!(store.user(user.id()).await.unwrap(), Some(emptied.written()));
}

pub(crate) async fn whoever_has_waited_longest_is_written_to_first(store: Arc<dyn Store>, people: &People) {
    let now = people.now();
    let second = |seconds| now + SignedDuration::from_secs(seconds);
    let mut users = Vec::new();
    for (address, due) in
        [("late@example.org", -1), ("now@example.org", 0), ("soon@example.org", 1), ("long@example.org", -9)]
    {
        let user = people.user(address).write_to(letter(people, second(due)));
        store.add_user(&user).await.unwrap();
        users.push(user);
    }
    store.add_user(&people.user("nothing@example.org")).await.unwrap();
    let dead = Letter { state: LetterState::Dead { since: second(-9) }, ..letter(people, now) };
    store.add_user(&people.user("dead@example.org").write_to(dead)).await.unwrap();

    let found = store.users_to_write_to(now, 10).await.unwrap();
    assert_eq!(found, [users[3].clone(), users[0].clone(), users[1].clone()]);
    assert_eq!(store.users_to_write_to(now, 1).await.unwrap(), [users[3].clone()]);

    // Whoever takes one up has it alone.
    let (taken, taken_letter) = users[3].clone().take_up_letter(now).unwrap();
    assert!(taken_letter.is_some());
    store.replace_user(&taken).await.unwrap();
    let again = store.replace_user(&taken).await;
    assert!(matches!(again, Err(StoreError::Stale)), "{again:?}");
    assert_eq!(store.users_to_write_to(now, 10).await.unwrap().len(), 2);
}

pub(crate) async fn whoever_is_gone_is_erased_with_what_is_theirs_and_nobody_else(
    store: Arc<dyn Store>,
    people: &People,
) {
    let now = people.now();
    let (ada, eve, bob) =
        (people.user("ada@example.org"), people.user("eve@example.org"), people.user("bob@example.org"));
    for user in [&ada, &eve, &bob] {
        store.add_user(user).await.unwrap();
        store.add_session(&people.session(user)).await.unwrap();
        store.add_event(&event(user, people)).await.unwrap();
    }
    store.replace_user(&ada.clone().leave_at_once(now)).await.unwrap();
    store.replace_user(&eve.clone().leave(now)).await.unwrap();
    assert_eq!(store.users_to_erase(now, 10).await.unwrap(), [ada.id()]);
    let later = now + SignedDuration::from_hours(14 * 24);
    assert_eq!(store.users_to_erase(later, 1).await.unwrap().len(), 1);

    for user in [&eve, &bob] {
        assert!(!store.erase_user(user.id(), now).await.unwrap(), "they are not gone");
        assert_eq!(store.sessions_ever_of(user.id()).await.unwrap().len(), 1);
    }
    assert!(store.erase_user(ada.id(), now).await.unwrap());
    assert!(!store.erase_user(ada.id(), now).await.unwrap(), "once");
    assert_eq!(store.user(ada.id()).await.unwrap(), None);
    assert!(store.sessions_ever_of(ada.id()).await.unwrap().is_empty());
    let events = events_of(&*store, ada.id()).await;
    assert!(events.len() == 1 && events[0].particulars.is_none(), "{events:?}");
    assert!(events_of(&*store, bob.id()).await[0].particulars.is_some());
    store.add_user(&people.user("ada@example.org")).await.unwrap();
}

pub(crate) async fn what_has_ended_is_among_all_sessions(store: Arc<dyn Store>, people: &People) {
    let user: User = people.user("ada@example.org");
    store.add_user(&user).await.unwrap();
    let mut sessions = Vec::new();
    for _ in 0..3 {
        let session = people.session(&user);
        store.add_session(&session).await.unwrap();
        sessions.push(session);
        people.clock.advance(SignedDuration::from_secs(1));
    }
    let ended = portcullis::domain::session::Ended {
        at: people.now(),
        reason: portcullis::domain::session::EndReason::SignedOut,
    };
    store.end_session(sessions[1].id, ended).await.unwrap();
    sessions[1].ended = Some(ended);
    sessions.reverse();
    assert_eq!(store.sessions_ever_of(user.id()).await.unwrap(), sessions);
}
