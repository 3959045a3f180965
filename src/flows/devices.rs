//! Devices: which browser is known for an address, and what it is handed so that it is known the next time.

use jiff::Timestamp;

use crate::{
    domain::{
        device_token::{Device, DeviceToken, DeviceTokens},
        email::Email,
        secret::SecretDigest,
        user::User,
    },
    store::StoreError,
};

use super::{Failure, Services};

/// What a token says: the number, when it was handed out, and when the password was chosen.
type Said = (Device, Timestamp, Timestamp);

impl Services {
    /// The browser's number for this address, where its token still holds. The store is asked for nobody but whom we handed a token for this
    /// very address, so that a stranger makes us do the same work whether it is somebody's or not.
    pub(super) async fn known_device(
        &self,
        email: &Email,
        present: &DeviceTokens,
    ) -> Result<Option<Device>, StoreError> {
        let Some(token) = present.iter().find(|token| self.is_for(token, email)) else { return Ok(None) };
        let user = self.store.user_by_email(email).await?;
        Ok(user.filter(|user| self.holds(token, user)).map(|_| token.device))
    }

    /// For a browser where the password was right: the number that it has, where that still holds.
    pub(super) fn known_from_now_on<R>(
        &self,
        user: &User,
        present: DeviceTokens,
    ) -> Result<DeviceTokens, Failure<R>> {
        let ours = present.iter().find(|token| self.is_for(token, &user.attrs().email));
        match ours.filter(|token| self.holds(token, user)).map(|token| token.device) {
            Some(device) => Ok(self.handed_out(user, present, device)),
            None => self.known_anew(user, present),
        }
    }

    /// For whoever has just chosen a password: with another number, so that nothing counts of what was tried under the one before.
    pub(super) fn known_anew<R>(
        &self,
        user: &User,
        present: DeviceTokens,
    ) -> Result<DeviceTokens, Failure<R>> {
        Ok(self.handed_out(user, present, Device::new(&*self.entropy)?))
    }

    fn handed_out(&self, user: &User, present: DeviceTokens, device: Device) -> DeviceTokens {
        let attrs = user.attrs();
        let (issued_at, password_of) = (self.clock.now(), attrs.password.changed_at);
        let proof = self.proof_of((device, issued_at, password_of), &attrs.email);
        let token = DeviceToken { device, issued_at, password_of, proof };
        present.with(token, |token| self.is_for(token, &attrs.email))
    }

    fn holds(&self, token: &DeviceToken, user: &User) -> bool {
        let chosen_at = user.attrs().password.changed_at;
        !token.is_over(self.clock.now()) && token.password_of.as_millisecond() == chosen_at.as_millisecond()
    }

    fn is_for(&self, token: &DeviceToken, email: &Email) -> bool {
        token.proof == self.proof_of((token.device, token.issued_at, token.password_of), email)
    }

    fn proof_of(&self, (device, issued_at, password_of): Said, email: &Email) -> SecretDigest {
        let [issued_at, password_of] = [issued_at, password_of].map(Timestamp::as_millisecond);
        self.vault.fingerprint("device", format!("{device} {issued_at} {password_of} {}", email.canonical()))
    }
}
