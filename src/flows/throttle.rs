//! Throttle: a password is counted before it is checked, so that of any number at once no more are checked than may be.
//!
//! Counted is what was typed: an address that is nobody's like any other, or the refusal would say whose there is.

use crate::{
    domain::{
        device_token::{Device, DeviceToken},
        email::Email,
        id::UserId,
        secret::SecretDigest,
        throttle::{Curve, ThrottlePreset, Try},
        user::User,
    },
    store::StoreError,
    system::vault::Vault,
};

use super::{Failure, Services};

/// What was counted, to be forgotten where the password was right.
pub(super) struct Tried(Option<SecretDigest>);

impl Services {
    /// A try at the password of an address. A device of an earlier sign-in has a count of its own, which no stranger uses up.
    pub(super) async fn try_password<R>(
        &self,
        email: &Email,
        device: Option<&DeviceToken>,
    ) -> Result<Tried, Failure<R>> {
        let known = device.filter(|token| token.proof == self.proof_of(token.device, email));
        match known {
            Some(token) => self.try_once(of_device(&self.vault, token.device)).await,
            None => self.try_once(of_strangers(&self.vault, email)).await,
        }
    }

    /// A try at their own password by somebody who is signed in.
    pub(super) async fn try_own_password<R>(&self, user: &User) -> Result<Tried, Failure<R>> {
        self.try_once(of_owner(&self.vault, user.id())).await
    }

    async fn try_once<R>(&self, name: SecretDigest) -> Result<Tried, Failure<R>> {
        if self.rules.throttle == ThrottlePreset::Off {
            return Ok(Tried(None));
        }
        let now = self.clock.now();
        match self.store.try_once(&name, &Curve::PASSWORDS, now).await? {
            Try::May => Ok(Tried(Some(name))),
            Try::Wait { until } => {
                self.meters.throttled.add_one();
                let left = now.duration_until(until).unsigned_abs();
                Err(Failure::Throttled { retry_after: left })
            }
        }
    }

    /// It was right.
    pub(super) async fn forget(&self, tried: Tried) -> Result<(), StoreError> {
        match tried.0 {
            Some(name) => self.store.forget_tries(&[name]).await,
            None => Ok(()),
        }
    }

    /// Whoever reads the mail of an address has chosen another password: all that was tried before counts no more.
    pub(super) async fn forget_all_tries(&self, user: &User) -> Result<(), StoreError> {
        let names = [of_strangers(&self.vault, &user.attrs().email), of_owner(&self.vault, user.id())];
        self.store.forget_tries(&names).await
    }

    /// For a browser where somebody has just signed in; the one it has where that is right.
    pub fn device_token<R>(
        &self,
        email: &Email,
        present: Option<DeviceToken>,
    ) -> Result<DeviceToken, Failure<R>> {
        if let Some(token) = present.filter(|token| token.proof == self.proof_of(token.device, email)) {
            return Ok(token);
        }
        let device = Device::new(&*self.entropy)?;
        Ok(DeviceToken { device, proof: self.proof_of(device, email) })
    }

    fn proof_of(&self, device: Device, email: &Email) -> SecretDigest {
        self.vault.fingerprint("device", &format!("{device} {}", email.canonical()))
    }
}

/// What is counted under an address.
pub(super) fn of_strangers(vault: &Vault, email: &Email) -> SecretDigest {
    vault.fingerprint("a password", email.canonical())
}

/// And under a user who is signed in.
pub(super) fn of_owner(vault: &Vault, user: UserId) -> SecretDigest {
    vault.fingerprint("one's own password", &user.to_string())
}

fn of_device(vault: &Vault, device: Device) -> SecretDigest {
    vault.fingerprint("a device's password", &device.to_string())
}
