//! What a user is asked and told by mail, and what becomes of it.

use jiff::Timestamp;

use crate::domain::{
    challenge::{Challenge, Purpose},
    email::Email,
    id::LetterId,
    letter::Letter,
    secret::SecretDigest,
    stored_hash::StoredHash,
};

use super::{User, UserAttrs};

impl User {
    /// Is to be told something.
    #[must_use]
    pub fn write_to(mut self, letter: Letter) -> Self {
        self.0.outbox.add(letter);
        self
    }

    /// Is asked for a proof, by a letter. Where there is no room for another challenge of its kind, the letter goes without its token.
    #[must_use]
    pub fn challenge(mut self, challenge: Challenge, mut letter: Letter, now: Timestamp) -> Self {
        if !self.0.challenges.add(challenge, now) {
            letter.token = None;
        }
        self.write_to(letter)
    }

    /// The same without the letter: nobody will prove it.
    #[must_use]
    pub fn challenge_in_vain(mut self, challenge: Challenge, now: Timestamp) -> Self {
        // Where there is no room for it, it is not missed.
        let _ = self.0.challenges.add(challenge, now);
        self
    }

    pub fn challenged(&self, digest: &SecretDigest, now: Timestamp) -> Option<&Challenge> {
        self.0.challenges.find(digest, now)
    }

    /// Has proved that their address is theirs.
    #[must_use]
    pub fn verify_address(mut self, now: Timestamp) -> Self {
        self.0.challenges.end(&[Purpose::Verify]);
        self.0.email_verified_at.get_or_insert(now);
        self.0.updated_at = now;
        self
    }

    /// Has chosen another password by what was mailed to them, which proves as much of the address. All sessions end.
    #[must_use]
    pub fn reset_password(self, hash: StoredHash, remembered: usize, now: Timestamp) -> Self {
        self.verify_address(now).change_password(hash, remembered, None, now)
    }

    /// Has another address from now on, which is proved to be theirs. What was sent to the old one holds no more, but for ways back.
    #[must_use]
    pub fn move_to(mut self, email: Email, now: Timestamp) -> Self {
        self.0.challenges.end(&[Purpose::Verify, Purpose::Reset, Purpose::Move]);
        Self(UserAttrs { email, email_verified_at: Some(now), updated_at: now, ..self.0 })
    }

    /// Has the address back that was theirs before. Whoever took it knows the password, so it holds no more, and where passwords
    /// are remembered may not be chosen again; neither does anything else of since then hold.
    #[must_use]
    pub fn return_to(
        mut self,
        by: &Challenge,
        nobody_s: StoredHash,
        remembered: usize,
        now: Timestamp,
    ) -> Self {
        self.0.challenges.come_back_by(&by.digest);
        let email = by.email.clone();
        let attrs = UserAttrs { email, email_verified_at: Some(now), erase_at: None, ..self.0 };
        Self(attrs).change_password(nobody_s, remembered, None, now)
    }

    /// Takes up the first letter that is due: the user to be written, and what is to be sent. `None` when nothing is due.
    #[must_use]
    pub fn take_up_letter(mut self, now: Timestamp) -> Option<(Self, Option<Letter>)> {
        self.0.outbox.next_try().filter(|next| *next <= now)?;
        let letter = self.0.outbox.take_up(now);
        Some((self, letter))
    }

    #[must_use]
    pub fn letter_sent(mut self, id: LetterId) -> Self {
        self.0.outbox.remove(id);
        self
    }

    #[must_use]
    pub fn letter_postponed(mut self, id: LetterId, until: Timestamp, now: Timestamp) -> Self {
        self.0.outbox.postpone(id, until, now);
        self
    }

    #[must_use]
    pub fn letter_refused(mut self, id: LetterId, until: Timestamp, now: Timestamp) -> Self {
        self.0.outbox.refuse(id, until, now);
        self
    }
}
