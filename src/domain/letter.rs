//! Mail that waits in the document of the user it is about: it is sent if and only if what it tells of has happened.

mod kind;

use jiff::{SignedDuration, Timestamp};

pub use kind::LetterKind;

use super::{email::Email, id::LetterId, sealed::Sealed};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    pub id: LetterId,
    pub kind: LetterKind,
    /// Always an address that was stored, never one as it was typed.
    pub to: Email,
    /// What the link in it carries.
    pub token: Option<Sealed>,
    /// From then on it tells nobody anything.
    pub expires_at: Timestamp,
    /// How often somebody has begun to send it.
    pub attempts: u32,
    pub state: LetterState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetterState {
    /// Nobody sends it before: it came just now, somebody is at it, or it could not be sent the last time.
    Waiting { until: Timestamp },
    /// Nobody will try again.
    Dead { since: Timestamp },
}

/// Those of one user, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outbox(Vec<Letter>);

impl Letter {
    /// How long a letter is worth sending that carries no token.
    pub const LIFETIME: SignedDuration = SignedDuration::from_hours(48);

    /// Nobody else takes it up for so long: more than one attempt takes.
    pub const LEASE: SignedDuration = SignedDuration::from_mins(2);

    /// So often a server may refuse one for good, and mean ourselves by it, before it is given up.
    const REFUSALS: u32 = 3;

    const FIRST_PAUSE: SignedDuration = SignedDuration::from_secs(10);
    const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(15);

    pub const fn is_dead(&self) -> bool {
        matches!(self.state, LetterState::Dead { .. })
    }

    /// Until when it waits, unless it is dead.
    pub const fn waits_until(&self) -> Option<Timestamp> {
        match self.state {
            LetterState::Waiting { until } => Some(until),
            LetterState::Dead { .. } => None,
        }
    }

    pub fn is_due(&self, now: Timestamp) -> bool {
        self.waits_until().is_some_and(|until| until <= now)
    }

    /// Once an attempt has failed: each pause is twice the one before, up to the longest.
    pub fn pause(&self) -> SignedDuration {
        let doublings = self.attempts.saturating_sub(1).min(16);
        let pause = Self::FIRST_PAUSE * (1_i32 << doublings);
        pause.min(Self::LONGEST_PAUSE)
    }

    fn die(&mut self, now: Timestamp) {
        self.state = LetterState::Dead { since: now };
        self.token = None;
    }
}

impl Outbox {
    /// Letters of one user at once. The oldest goes: first of those that nobody will send, then of those that somebody asked for.
    const MOST: usize = 8;

    pub const fn stored(letters: Vec<Letter>) -> Self {
        Self(letters)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Letter> {
        self.0.iter()
    }

    /// When the first of them is to be sent.
    pub fn next_try(&self) -> Option<Timestamp> {
        self.0.iter().filter_map(Letter::waits_until).min()
    }

    pub fn find(&self, id: LetterId) -> Option<&Letter> {
        self.0.iter().find(|letter| letter.id == id)
    }

    pub fn add(&mut self, letter: Letter) {
        while self.0.len() >= Self::MOST {
            let dead = self.0.iter().position(Letter::is_dead);
            let asked_for = || self.0.iter().position(|letter| !letter.kind.is_notice());
            let goes = dead.or_else(asked_for).unwrap_or(0);
            self.0.remove(goes);
        }
        self.0.push(letter);
    }

    /// Takes up the first that is due, so that nobody else does for a while. What has expired is dead.
    pub fn take_up(&mut self, now: Timestamp) -> Option<Letter> {
        for letter in self.0.iter_mut().filter(|letter| letter.is_due(now)) {
            if letter.expires_at <= now {
                letter.die(now);
                continue;
            }
            letter.attempts = letter.attempts.saturating_add(1);
            letter.state = LetterState::Waiting { until: now + Letter::LEASE };
            return Some(letter.clone());
        }
        None
    }

    pub fn remove(&mut self, id: LetterId) {
        self.0.retain(|letter| letter.id != id);
    }

    /// It could not be sent: it waits, unless it would be worth nothing by then.
    pub fn postpone(&mut self, id: LetterId, until: Timestamp, now: Timestamp) {
        for letter in self.0.iter_mut().filter(|letter| letter.id == id) {
            if until < letter.expires_at {
                letter.state = LetterState::Waiting { until };
            } else {
                letter.die(now);
            }
        }
    }

    /// A server will not have it: it waits as well, unless that has been said often enough.
    pub fn refuse(&mut self, id: LetterId, until: Timestamp, now: Timestamp) {
        match self.find(id).map(|letter| letter.attempts) {
            Some(Letter::REFUSALS..) => {
                self.0.iter_mut().filter(|letter| letter.id == id).for_each(|letter| letter.die(now));
            }
            _ => self.postpone(id, until, now),
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    fn letter(number: u128) -> Letter {
        Letter {
            id: LetterId::from_uuid(Uuid::from_u128(number)),
            kind: LetterKind::Verify,
            to: Email::try_from("ada@example.org").unwrap(),
            token: Some(Sealed::from_bytes(vec![1])),
            expires_at: START + SignedDuration::from_hours(24),
            attempts: 0,
            state: LetterState::Waiting { until: START },
        }
    }

    fn numbers(outbox: &Outbox) -> Vec<u128> {
        outbox.iter().map(|letter| letter.id.as_uuid().as_u128()).collect()
    }

    #[test]
    fn who_takes_one_up_has_it_alone_until_the_lease_ends() {
        let mut outbox = Outbox::default();
        outbox.add(letter(1));
        assert_eq!(outbox.take_up(START).map(|letter| letter.attempts), Some(1));
        assert_eq!(outbox.take_up(START), None);
        assert_eq!(outbox.take_up(START + Letter::LEASE).map(|letter| letter.attempts), Some(2));
    }

    #[test]
    fn pauses_grow_to_the_longest_and_end_with_the_letter() {
        let mut tried = letter(1);
        let mut pauses = Vec::new();
        for attempts in 1..=9 {
            tried.attempts = attempts;
            pauses.push(tried.pause().as_secs());
        }
        assert_eq!(pauses, [10, 20, 40, 80, 160, 320, 640, 900, 900]);

        let mut outbox = Outbox::default();
        outbox.add(letter(1));
        let end = letter(1).expires_at;
        outbox.postpone(letter(1).id, end - SignedDuration::from_secs(1), START);
        assert!(outbox.iter().all(|letter| !letter.is_dead()));
        outbox.postpone(letter(1).id, end, START);
        assert!(outbox.iter().all(|letter| letter.is_dead() && letter.token.is_none()));
        assert_eq!((outbox.next_try(), outbox.take_up(end)), (None, None));
    }

    #[test]
    fn what_is_refused_for_good_is_given_up_at_the_third_time() {
        let mut outbox = Outbox::default();
        outbox.add(letter(1));
        for attempt in 1..=3 {
            let now = START + SignedDuration::from_mins(attempt);
            let taken = outbox.take_up(now).unwrap();
            outbox.refuse(taken.id, now, now);
            assert_eq!(outbox.iter().all(Letter::is_dead), attempt == 3, "{attempt}");
        }
    }

    #[test]
    fn r_21_what_has_expired_is_not_sent() {
        let mut outbox = Outbox::default();
        outbox.add(letter(1));
        assert_eq!(outbox.take_up(letter(1).expires_at), None);
        assert!(outbox.iter().all(Letter::is_dead));
    }

    #[test]
    fn of_too_many_the_oldest_goes_and_the_dead_before() {
        let mut outbox = Outbox::default();
        (1..=8).for_each(|number| outbox.add(letter(number)));
        outbox.0[2].die(START);
        outbox.add(letter(9));
        assert_eq!(numbers(&outbox), [1, 2, 4, 5, 6, 7, 8, 9]);
        outbox.add(letter(10));
        assert_eq!(numbers(&outbox), [2, 4, 5, 6, 7, 8, 9, 10]);
        for number in 11..=20 {
            outbox.add(Letter { kind: LetterKind::Moved, ..letter(number) });
            outbox.add(letter(number + 100));
        }
        assert_eq!(
            numbers(&outbox)[..6],
            [14, 15, 16, 17, 18, 19],
            "what happened is told before what was asked for"
        );
    }
}
