//! Throttle: a password is counted before it is checked, so that of any number at once no more are checked than may be.
//!
//! Counted is what was typed: an address that is nobody's like any other, or the refusal would say whose there is.

use std::net::IpAddr;

use jiff::Timestamp;
use uuid::Uuid;

use crate::{
    domain::{
        clock::Entropy,
        device_token::DeviceTokens,
        email::Email,
        event::{Circumstances, EventKind, Happening, Reason},
        secret::SecretDigest,
        stored_hash::Derived,
        throttle::{
            Attempt, Budget, Counted, Counter, Curve, Name, Pair, Stop, Stuffing, Tally, ThrottlePreset, Try,
            WrongPair,
        },
        user::User,
    },
    store::StoreError,
    system::vault::{Label, Vault, VaultError},
};

use super::{Failure, Services, meters::Held};

/// What was counted, to be forgotten where the password was right, or taken back where nobody looked.
#[derive(Default)]
pub(super) struct Tried {
    counters: Vec<Counter>,
    at: Timestamp,
    /// Whether the next one has to wait, if this one was wrong.
    pub(super) next_waits: bool,
}

/// What a network may do without an account, so and so often.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asking {
    SignUp,
    ForgottenPassword,
    TokenFromMail,
}

impl Asking {
    const fn of(self, network: IpAddr) -> (Counted, Held, Reason) {
        match self {
            Self::SignUp => (Counted::SignUps { network }, Held::SignUp, Reason::TooManySignUps),
            Self::ForgottenPassword => {
                (Counted::ForgottenPasswords { network }, Held::Forgotten, Reason::TooManyAsked)
            }
            Self::TokenFromMail => (Counted::TokensFromMail { network }, Held::Token, Reason::TooManyTokens),
        }
    }
}

impl Services {
    /// A try at the password of an address. A device of an earlier sign-in has a count of its own, which no stranger uses up.
    pub(super) async fn try_password<R>(
        &self,
        email: &Email,
        from: Option<IpAddr>,
        known: &DeviceTokens,
    ) -> Result<Tried, Failure<R>> {
        let address = email.canonical().to_owned();
        if let Some(device) = self.known_device(email, known).await? {
            let browser = Counted::Browser { address, browser: device.to_string() };
            return self.attempt(Held::Browser, &[(browser, Curve::PASSWORDS)], &[]).await;
        }
        let network = from.map(|network| Counted::Network { network });
        let here = from.map(|network| Counted::AddressFromNetwork { address: address.clone(), network });
        let here = here.map(|here| (here, Curve::PASSWORDS_FROM_NETWORK));
        let counted: Vec<_> =
            [(Counted::Address { address }, Curve::PASSWORDS)].into_iter().chain(here).collect();
        self.attempt(Held::Account, &counted, network.as_slice()).await
    }

    /// A try at their own password by somebody who is signed in.
    pub(super) async fn try_own_password<R>(&self, user: &User) -> Result<Tried, Failure<R>> {
        self.attempt(Held::Owner, &[(Counted::Owner { user: user.id() }, Curve::PASSWORDS)], &[]).await
    }

    async fn attempt<R>(
        &self,
        what: Held,
        counted: &[(Counted, Curve)],
        gates: &[Counted],
    ) -> Result<Tried, Failure<R>> {
        if self.is_off() {
            return Ok(Tried::default());
        }
        let counters =
            counted.iter().map(|(counted, curve)| Ok(Counter { name: self.name(counted)?, curve: *curve }));
        let counters = counters.collect::<Result<Vec<_>, VaultError>>()?;
        let gates = gates.iter().map(|gate| digest(&self.vault, gate)).collect();
        let attempt = Attempt { counters, gates };
        let now = self.clock.now();
        match self.store.try_once(&attempt, now).await? {
            Try::May { next_waits } => Ok(Tried { counters: attempt.counters, at: now, next_waits }),
            Try::Wait { until, at: Stop::Counter } => Err(self.held_up(what, until)),
            Try::Wait { until, at: Stop::Gate } => Err(self.held_up(Held::Network, until)),
        }
    }

    pub(super) fn held_up<R>(&self, what: Held, until: Timestamp) -> Failure<R> {
        self.meters.throttled.add_one(what);
        Failure::Throttled { retry_after: self.clock.now().duration_until(until).unsigned_abs() }
    }

    /// It was right.
    pub(super) async fn forget(&self, tried: Tried) -> Result<(), StoreError> {
        if tried.counters.is_empty() {
            return Ok(());
        }
        let names: Vec<_> = tried.counters.iter().map(|counter| counter.name.digest).collect();
        self.store.forget_tries(&names).await
    }

    /// Whoever was sent away before anybody looked has not tried it. Answers with why.
    pub(super) async fn take_back<R>(&self, tried: Tried, failure: Failure<R>) -> Failure<R> {
        if tried.counters.is_empty() || !matches!(failure, Failure::Busy { .. }) {
            return failure;
        }
        if let Err(cause) = self.store.take_back(&tried.counters, tried.at).await {
            tracing::warn!(%cause, "a try was counted that was none");
        }
        failure
    }

    /// It was wrong. What the slow hash made of it tells one password from another, and is no quicker to guess against than the hash itself.
    pub(super) async fn note_wrong<R>(
        &self,
        email: &Email,
        derived: &Derived,
        from: &Circumstances,
    ) -> Result<(), Failure<R>> {
        let Some(network) = from.network.filter(|_| !self.is_off()) else { return Ok(()) };
        let pair = [email.canonical().as_bytes(), &[0], derived.expose()].concat();
        let pair = Pair::new(&self.vault.fingerprint("a wrong pair", &pair));
        let network = self.name(&Counted::Network { network })?;
        let wrong = WrongPair { network, pair, rule: Stuffing::PASSWORDS };
        if self.store.note_wrong_pair(&wrong, self.clock.now()).await?.is_some() {
            self.noted(Happening::by_anyone(EventKind::Throttled, from).because(Reason::TooManyPairs))
                .await?;
        }
        Ok(())
    }

    /// Whoever reads the mail of an address has chosen another password: all that was tried before counts no more.
    pub(super) async fn forget_all_tries(&self, user: &User, from: Option<IpAddr>) -> Result<(), StoreError> {
        let address = user.attrs().email.canonical().to_owned();
        let here = from.map(|network| Counted::AddressFromNetwork { address: address.clone(), network });
        let counted =
            [Counted::Address { address }, Counted::Owner { user: user.id() }].into_iter().chain(here);
        let names: Vec<_> = counted.map(|counted| digest(&self.vault, &counted)).collect();
        self.store.forget_tries(&names).await
    }

    /// One more of what a network asks for without an account; of those that are refused the first costs a write.
    pub(super) async fn spend_from_budget<R>(
        &self,
        asking: Asking,
        from: &Circumstances,
    ) -> Result<Tried, Failure<R>> {
        let Some(network) = from.network.filter(|_| !self.is_off()) else { return Ok(Tried::default()) };
        let (counted, what, reason) = asking.of(network);
        let name = self.name(&counted)?;
        let (now, budget) = (self.clock.now(), Budget::OF_A_NETWORK);
        let (refused, until) = (budget.most + 1, now + budget.each);
        let count = self.store.count(&name, refused, until, now).await?;
        if count.so_far <= budget.most {
            let counters = vec![Counter { name, curve: budget.curve() }];
            return Ok(Tried { counters, at: now, next_waits: false });
        }
        if count.counted && count.so_far == refused {
            self.noted(Happening::by_anyone(EventKind::Throttled, from).because(reason)).await?;
        }
        Err(self.held_up(what, count.until))
    }

    pub(super) fn name(&self, counted: &Counted) -> Result<Name, VaultError> {
        name(&self.vault, &*self.entropy, counted)
    }

    fn is_off(&self) -> bool {
        self.rules.throttle == ThrottlePreset::Off
    }
}

fn name(vault: &Vault, entropy: &dyn Entropy, counted: &Counted) -> Result<Name, VaultError> {
    let digest = digest(vault, counted);
    Ok(Name { digest, label: vault.seal(&written(counted), label_of(&digest), entropy)? })
}

/// What a store knows it by.
pub(super) fn digest(vault: &Vault, counted: &Counted) -> SecretDigest {
    vault.fingerprint("a count", written(counted))
}

/// What is counted there; `None` where it was sealed with another key secret.
pub(super) fn read(vault: &Vault, tally: &Tally) -> Option<Counted> {
    let label = vault.open(tally.label.as_ref()?, label_of(&tally.digest)).ok()?;
    serde_json::from_slice(&label).ok()
}

fn written(counted: &Counted) -> Vec<u8> {
    serde_json::to_vec(counted).unwrap_or_default()
}

/// So that nobody hangs it on another count.
fn label_of(digest: &SecretDigest) -> Label {
    Label { what: "a count", of: Uuid::from_bytes(digest.first()) }
}
