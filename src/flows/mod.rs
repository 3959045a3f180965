//! What one can do: one verb per file, each of which reads, lets the domain decide, and writes.

pub mod admit_administrator;
pub mod ask_verification;
pub mod authenticate;
pub mod backup;
pub mod change_email;
pub mod change_password;
pub mod change_user;
pub mod check_backup;
pub mod check_password;
pub mod clear_throttle;
pub mod decide;
pub mod delete_user;
pub mod delivery;
mod devices;
pub mod doctor;
pub mod dump;
pub mod end_all_sessions;
pub mod end_session;
pub mod erase;
pub mod export_user;
mod failure;
pub mod feed;
pub mod find_user;
pub mod follow_events;
pub mod forgot_password;
pub mod import_users;
pub mod journal;
pub mod key_ring;
pub mod leave;
pub mod list_backups;
pub mod list_events;
pub mod list_keys;
pub mod list_sessions;
pub mod list_throttle;
pub mod list_users;
pub mod load_keys;
pub mod look_at_chain;
pub mod memory;
pub mod meters;
pub mod metrics;
pub mod mint;
pub mod open_store;
mod outlet_lease;
pub mod outlets;
pub mod post;
pub mod probe;
pub mod publish_events;
pub mod purge;
pub mod readiness;
pub mod recognise;
pub mod refresh;
pub mod reset_password;
pub mod restore;
pub mod rotate_keys;
pub mod seal_events;
pub mod seats;
pub mod send_letters;
pub mod show_user;
pub mod sign_in;
pub mod sign_out;
pub mod sign_up;
pub mod throttle;
pub mod trouble;
pub mod unnamed;
pub mod verify;
pub mod verify_email;
pub mod verify_events;
pub mod vitals;
pub mod warnings;
pub mod who_am_i;

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use jiff::{SignedDuration, Timestamp};

use crate::{
    domain::{
        access_token::TokenRules,
        clock::{Clock, Entropy, random},
        cost::Cost,
        device_token::DeviceTokens,
        event::{Actor, Circumstances, EventKind, Happening},
        id::{SessionId, UserId},
        password::Candidate,
        policy::{Lifetimes, PasswordPolicy, SignUpAnswer},
        rule::RuleBook,
        secret::{Secret, SecretDigest, Seed},
        session::{EndReason, Ended, Mode, Opening, Session},
        stored_hash::{Recipe, StoredHash},
        throttle::ThrottlePreset,
        user::User,
    },
    store::{Store, StoreError},
    system::{certificate::Certificate, hashing::HashingPool, vault::Vault},
};

pub use failure::Failure;
use failure::unless_refused;
use journal::Journal;
use key_ring::KeyRing;
use memory::{Memory, Remembered};
use meters::Meters;
use outlets::Outlet;
use post::Post;
use readiness::Readiness;
use refresh::label_of_seed;
use unnamed::Unnamed;
use vitals::LastVitals;

/// The world outside, as far as a verb needs it.
pub struct Services {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub hashing: HashingPool,
    pub vault: Arc<Vault>,
    pub memory: Memory,
    pub keys: KeyRing,
    pub readiness: Readiness,
    pub post: Post,
    pub meters: Meters,
    pub vitals: LastVitals,
    pub unnamed: Unnamed,
    /// Those that are shown, by their listeners.
    pub certificates: BTreeMap<&'static str, Arc<Certificate>>,
    pub journal: Journal,
    pub outlets: Vec<Arc<Outlet>>,
    pub rules: Rules,
}

/// What the configuration decides about verbs.
#[derive(Clone, Debug)]
pub struct Rules {
    pub cost: Cost,
    pub passwords: PasswordPolicy,
    pub sign_up: SignUpAnswer,
    pub throttle: ThrottlePreset,
    /// Of each user, the present one among them; they may not be chosen again.
    pub remembered_passwords: usize,
    pub lifetimes: Lifetimes,
    /// Live sessions that one user may have.
    pub sessions: u32,
    /// How long a secret is honoured after it was replaced.
    pub grace: SignedDuration,
    pub tokens: TokenRules,
    /// Of forward-auth.
    pub gate: RuleBook,
}

/// How somebody arrives who signs up or in.
pub struct Arrival {
    pub mode: Mode,
    pub from: Circumstances,
    /// What their browser has of earlier sign-ins.
    pub known: DeviceTokens,
    /// The secrets of the sessions that their browser held.
    pub replaces: Vec<SecretDigest>,
}

/// Somebody who has just proved who they are.
pub struct SignedIn {
    pub user: User,
    pub session: Session,
    pub secret: Secret,
    /// By which their browser shows the next time that it was theirs.
    pub devices: DeviceTokens,
}

impl Services {
    /// Makes a stored hash of a password, at today's cost.
    async fn hash<R>(&self, candidate: Candidate, from: Option<IpAddr>) -> Result<StoredHash, Failure<R>> {
        let recipe = Recipe::new(self.rules.cost, random(&*self.entropy)?);
        let derived = self.hashing.derive(candidate, recipe.clone(), from).await?;
        Ok(StoredHash::new(recipe, &derived))
    }

    /// Opens a session for a user who has just typed the right password, in place of those the browser held, whosesoever
    /// they were. The new one is handed out only once the old ones are over: where one of them cannot be ended, nobody
    /// ever learns the secret of what was opened. `None` when the user was disabled or signed out everywhere meanwhile:
    /// nobody is handed anything who would be refused with it.
    async fn begin_session<R>(&self, user: User, arrival: Arrival) -> Result<Option<SignedIn>, Failure<R>> {
        let Arrival { mode, from, known, replaces } = arrival;
        let now = self.clock.now();
        let id = SessionId::new(now, &*self.entropy)?;
        let seed = Seed::generate(&*self.entropy)?;
        let secret = seed.secret(0);
        let seed = self.vault.seal(seed.as_bytes(), label_of_seed(&id), &*self.entropy)?;
        let opening = Opening { mode, seed, secret: secret.digest(), device: from.device.clone() };
        let session = Session::begin(id, &user, opening, self.rules.lifetimes, now);
        self.store.add_session(&session).await?;
        // Somebody else's may be ended by a thief, or by whoever has the browser now.
        let by = |of| if of == user.id() { Actor::User } else { Actor::Anyone };
        self.end_sessions(&replaces, EndReason::Replaced, by, &from).await?;
        self.keep_the_limit(&user, &from).await?;
        let begun = self.store.session_by_id(id).await?.filter(|(session, user)| session.holds(user, now));
        let Some((session, user)) = begun else { return Ok(None) };
        self.did(Happening::by_user(EventKind::SignedIn, user.id(), &from).of_session(id)).await?;
        let devices = self.known_from_now_on(&user, known)?;
        Ok(Some(SignedIn { user, session, secret, devices }))
    }

    /// One after another, so that a request holds one place in the store's line however many secrets it brings.
    /// What has ended, or never was, is no failure. Who does it depends on whose session it is.
    async fn end_sessions<R>(
        &self,
        secrets: &[SecretDigest],
        reason: EndReason,
        by: impl Fn(UserId) -> Actor,
        from: &Circumstances,
    ) -> Result<(), Failure<R>> {
        for secret in secrets {
            if let Some((session, _)) = self.store.session(secret).await? {
                let by = by(session.user_id);
                self.end_session(session.id, session.user_id, reason, by, from).await?;
            }
        }
        Ok(())
    }

    /// `false` when it had ended before.
    async fn end_session<R>(
        &self,
        id: SessionId,
        of: UserId,
        reason: EndReason,
        by: Actor,
        from: &Circumstances,
    ) -> Result<bool, Failure<R>> {
        let ended = self.store.end_session(id, Ended { at: self.clock.now(), reason }).await;
        self.memory.forget_session(id);
        if !ended? {
            return Ok(false);
        }
        let (kind, why) = EventKind::of_end(reason);
        let happening = match by {
            Actor::User => Happening::by_user(kind, of, from),
            Actor::Anyone => Happening::by_anyone(kind, from).to(of),
            by => Happening::by(by, kind).to(of),
        };
        let happening = happening.of_session(id);
        self.did(why.into_iter().fold(happening, Happening::because)).await?;
        Ok(true)
    }

    /// Whoever asks, as the store has them now: not from memory, because a session that has ended must not keep itself. `None`
    /// when theirs has.
    async fn as_it_is(&self, caller: &Remembered) -> Result<Option<User>, StoreError> {
        let found = self.store.session_by_id(caller.session.id).await?;
        Ok(found.filter(|(session, user)| session.holds(user, self.clock.now())).map(|(_, user)| user))
    }

    async fn live_sessions(&self, user: &User) -> Result<Vec<Session>, StoreError> {
        live_sessions(&*self.store, user, self.clock.now()).await
    }

    /// Ends the oldest sessions of a user who has more than they may have.
    async fn keep_the_limit<R>(&self, user: &User, from: &Circumstances) -> Result<(), Failure<R>> {
        for session in self.live_sessions(user).await?.iter().skip(self.rules.sessions as usize) {
            self.end_session(session.id, user.id(), EndReason::Crowded, Actor::Service, from).await?;
        }
        Ok(())
    }
}

/// A user's sessions that hold, the newest first.
async fn live_sessions(store: &dyn Store, user: &User, now: Timestamp) -> Result<Vec<Session>, StoreError> {
    let mut sessions = store.sessions_of(user.id(), now).await?;
    sessions.retain(|session| session.holds(user, now));
    Ok(sessions)
}

/// How often somebody else may change a user first.
const ATTEMPTS: usize = 5;
