//! The post: letters are written into the document of the user they are about, and sent from there.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use tracing::Instrument;
use zeroize::Zeroizing;

use crate::{
    domain::{
        challenge::{Challenge, Purpose},
        email::Email,
        id::{LetterId, UserId},
        letter::{Letter, LetterKind, LetterState},
        mail_token::MailToken,
        origin::Origin,
        secret::Secret,
        throttle::{About, Counted},
        user::User,
    },
    mail::{
        Mail, Mailer, Undelivered,
        stationery::{Facts, Stationery},
    },
    system::vault::Label,
};

use super::{ATTEMPTS, Failure, Services, delivery::Delivery, meters::Held};
use crate::store::{Count, StoreError};

/// How mail goes out, and what it says.
pub struct Post {
    /// `None` where nothing can be mailed: then no letter is written.
    pub mailer: Option<Arc<dyn Mailer>>,
    pub stationery: Stationery,
    pub links: Links,
    /// Letters to one address within an hour, of each kind that somebody can ask for. What tells of a change always goes.
    pub limit: u32,
    pub delivery: Delivery,
    /// Rung when a letter was written, so that it need not wait for the next look.
    pub bell: Notify,
}

/// Where links lead: the configured origin and no other, with the token where no server sees it.
pub struct Links {
    pub origin: Origin,
    /// A path with `{page}` in it.
    pub path: String,
}

/// Each has a count of its own, so that nobody uses up what another one needs.
fn letters(about: About, to: &Email) -> Counted {
    Counted::Mail { about, address: to.canonical().to_owned() }
}

const HOUR: SignedDuration = SignedDuration::from_hours(1);

impl Links {
    fn to(&self, kind: LetterKind, token: &MailToken) -> Zeroizing<String> {
        let page = match kind {
            LetterKind::Verify => "verify",
            LetterKind::Reset | LetterKind::Regained | LetterKind::SignedUpAgain => "reset",
            _ => "email",
        };
        let path = self.path.replace("{page}", page);
        Zeroizing::new(format!("{}{path}#token={}", self.origin, *token.reveal()))
    }
}

impl Services {
    /// Whether one more letter may be written to this address; counts it. The same work for any address.
    pub(super) async fn may_write_to(&self, to: &Email, about: About) -> Result<bool, StoreError> {
        Ok(self.post.mailer.is_some() && self.full_until(&letters(about, to)).await?.is_none())
    }

    /// One more letter that somebody who is signed in has sent to their own address; they are told where there are too many.
    pub(super) async fn ask_for_mail<R>(&self, to: &Email) -> Result<(), Failure<R>> {
        self.spend(&letters(About::Verification, to)).await
    }

    /// One more address that a user has asked whether it is theirs.
    pub(super) async fn ask_an_address<R>(&self, user: UserId) -> Result<(), Failure<R>> {
        self.spend(&Counted::AddressesAsked { user }).await
    }

    async fn spend<R>(&self, what: &Counted) -> Result<(), Failure<R>> {
        let until = self.full_until(what).await?;
        until.map_or(Ok(()), |until| Err(self.held_up(Held::Mail, until)))
    }

    /// Counts one more; says until when there are too many of them.
    async fn full_until(&self, what: &Counted) -> Result<Option<Timestamp>, StoreError> {
        let count = self.count(what, self.post.limit).await?;
        Ok((!count.counted || count.so_far > self.post.limit).then_some(count.until))
    }

    /// For an address that is nobody's: a write like the one that a letter takes, so that time does not tell.
    pub(super) async fn write_to_nobody(&self, to: &Email) -> Result<(), StoreError> {
        self.count(&letters(About::Nobody, to), u32::MAX).await.map(drop)
    }

    async fn count(&self, what: &Counted, most: u32) -> Result<Count, StoreError> {
        let now = self.clock.now();
        let name = self.name(what).map_err(|error| StoreError::Broken(error.into()))?;
        self.store.count(&name, most, now + HOUR, now).await
    }

    /// A letter that tells something.
    pub(super) fn notice<R>(&self, kind: LetterKind, to: &Email) -> Result<Letter, Failure<R>> {
        let now = self.clock.now();
        Ok(Letter {
            id: LetterId::new(now, &*self.entropy)?,
            kind,
            to: to.clone(),
            token: None,
            expires_at: now + Letter::LIFETIME,
            attempts: 0,
            state: LetterState::Waiting { until: now },
        })
    }

    /// What the owner of an address is told of their account; `None` where nothing can be mailed.
    pub(super) fn notice_if_any<R>(
        &self,
        kind: LetterKind,
        to: &Email,
    ) -> Result<Option<Letter>, Failure<R>> {
        self.post.mailer.as_ref().map(|_| self.notice(kind, to)).transpose()
    }

    /// A challenge, and the letter that carries it to where it is to be proved that somebody reads it.
    pub(super) fn challenge<R>(
        &self,
        user: UserId,
        purpose: Purpose,
        to: &Email,
    ) -> Result<(Challenge, Letter), Failure<R>> {
        self.challenge_by(user, purpose, carrier(purpose), to)
    }

    /// The same in other words than usual.
    pub(super) fn challenge_by<R>(
        &self,
        user: UserId,
        purpose: Purpose,
        kind: LetterKind,
        to: &Email,
    ) -> Result<(Challenge, Letter), Failure<R>> {
        let letter = self.notice(kind, to)?;
        let token = MailToken { user, secret: Secret::generate(&*self.entropy)? };
        let expires_at = self.clock.now() + purpose.lifetime();
        let sealed = self.vault.seal(token.reveal().as_bytes(), label(letter.id), &*self.entropy)?;
        let challenge = Challenge { purpose, email: to.clone(), digest: token.secret.digest(), expires_at };
        Ok((challenge, Letter { token: Some(sealed), expires_at, ..letter }))
    }

    /// Changes a user by one write, whoever else writes at the same time: whoever was first is read, and changed in turn. `None`
    /// leaves them as they are.
    pub(super) async fn change<R>(
        &self,
        user: User,
        change: impl Fn(User) -> Result<Option<User>, Failure<R>>,
    ) -> Result<(), Failure<R>> {
        let id = user.id();
        let mut user = Some(user);
        for _ in 0..ATTEMPTS {
            let Some(changed) = user.map(&change).transpose()?.flatten() else { return Ok(()) };
            let replaced = self.store.replace_user(&changed).await;
            self.memory.forget_user(id);
            match replaced {
                Err(StoreError::Stale) => user = self.store.user(id).await?,
                replaced => {
                    replaced?;
                    self.post.bell.notify_one();
                    return Ok(());
                }
            }
        }
        Err(Failure::Raced)
    }

    /// The owner of an address hears that somebody else wants it, and that one hears nothing.
    pub(super) async fn tell_of_a_taken_address<R>(&self, owner: User) -> Result<(), Failure<R>> {
        let letter = self.notice(LetterKind::Taken, &owner.attrs().email)?;
        heard_or_not(self.change(owner, |owner| Ok(Some(owner.write_to(letter.clone())))).await)
    }

    /// Hands a letter to the mail server.
    pub(super) async fn send(&self, letter: &Letter, user: &User) -> Result<(), Undelivered> {
        let Some(mailer) = &self.post.mailer else {
            return Err(Undelivered::NotNow("mail is turned off".to_owned()));
        };
        let refused = |why: &str| Undelivered::Refused(why.to_owned());
        let link = match &letter.token {
            Some(sealed) => {
                let opened = self.vault.open(sealed, label(letter.id));
                // The key secret that sealed it may be given back to us.
                let opened = opened.map_err(|error| Undelivered::NotNow(error.to_string()))?;
                let token = std::str::from_utf8(&opened).ok().and_then(|text| MailToken::parse(text).ok());
                Some(self.post.links.to(letter.kind, &token.ok_or_else(|| refused("its token is none"))?))
            }
            None => None,
        };
        let facts = Facts {
            link: link.as_ref().map(|link| link.as_str()),
            host: self.post.links.origin.host(),
            lifetime: lifetime(letter.kind),
            day: user.attrs().erase_at.map_or_else(String::new, |at| at.strftime("%-d %B %Y").to_string()),
        };
        let words = self.post.stationery.write(letter.kind, &facts);
        let words = words.ok_or_else(|| refused("there are no words for it"))?;
        let mail = Mail { id: letter.id, to: letter.to.clone(), words };
        let traced = tracing::info_span!(target: "otlp", "hand_over_mail", otel.kind = "client");
        mailer.send(&mail).instrument(traced).await
    }
}

/// Whoever asks while others write to the same user so often that they cannot is not told of it: there would be nobody to race with
/// for an address that is nobody's. They ask again when no mail comes.
pub(super) fn heard_or_not<R>(changed: Result<(), Failure<R>>) -> Result<(), Failure<R>> {
    match changed {
        Err(Failure::Raced) => Ok(()),
        changed => changed,
    }
}

/// The letter that usually brings the token of such a challenge.
const fn carrier(purpose: Purpose) -> LetterKind {
    match purpose {
        Purpose::Verify => LetterKind::Verify,
        Purpose::Reset => LetterKind::Reset,
        Purpose::Move => LetterKind::Move,
        Purpose::Return => LetterKind::Moved,
    }
}

/// In words; nothing for a letter that brings none.
fn lifetime(kind: LetterKind) -> String {
    let carried = match kind {
        LetterKind::Regained | LetterKind::SignedUpAgain => LetterKind::Reset,
        other => other,
    };
    let Some(purpose) = Purpose::ALL.into_iter().find(|purpose| carrier(*purpose) == carried) else {
        return String::new();
    };
    match purpose.lifetime().as_hours() {
        1 => "one hour".to_owned(),
        hours @ ..48 => format!("{hours} hours"),
        hours => format!("{} days", hours / 24),
    }
}

/// What is sealed as a letter's token opens for that letter alone.
fn label(letter: LetterId) -> Label {
    Label { what: "letter token", of: letter.as_uuid() }
}
