//! What an access token says: who stands behind a request, by which session, until when.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use zeroize::Zeroizing;

use super::{
    clock::{Entropy, NoEntropy},
    id::{SessionId, TokenId, UserId},
    session::{Method, Session},
    user::{Role, User},
};

/// Times are in whole seconds, as tokens carry them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    pub iss: String,
    pub aud: String,
    pub sub: UserId,
    pub sid: SessionId,
    pub email: String,
    pub email_verified: bool,
    pub roles: Vec<Role>,
    pub amr: Vec<Method>,
    pub acr: String,
    pub auth_time: Timestamp,
    pub iat: Timestamp,
    pub exp: Timestamp,
    pub jti: TokenId,
}

/// A token as whoever holds it presents it.
pub struct AccessToken {
    text: Zeroizing<String>,
    pub expires_in: SignedDuration,
}

/// Who issues tokens, for whom, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRules {
    pub issuer: String,
    pub audience: String,
    pub lifetime: SignedDuration,
}

/// Why claims speak for nobody, whoever signed them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// They are not what we would have signed.
    Foreign,
    Expired,
}

impl TokenRules {
    /// No token lives longer, whatever is configured; so a key is kept long enough for every replica's tokens, also while
    /// two of them are configured differently.
    pub const LONGEST: SignedDuration = SignedDuration::from_hours(1);
}

impl Claims {
    /// The clocks of two replicas differ by less.
    const SKEW: SignedDuration = SignedDuration::from_secs(10);

    /// A token never outlives its session, nor what is left of it if it stays unused.
    pub fn new(
        rules: &TokenRules,
        user: &User,
        session: &Session,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<Self, NoEntropy> {
        let attrs = user.attrs();
        let end = now.checked_add(rules.lifetime).unwrap_or(Timestamp::MAX);
        let end = end.min(session.expires_at).min(session.idle_expires_at);
        Ok(Self {
            iss: rules.issuer.clone(),
            aud: rules.audience.clone(),
            sub: attrs.id,
            sid: session.id,
            email: attrs.email.original().to_owned(),
            email_verified: attrs.email_verified_at.is_some(),
            roles: attrs.roles.clone(),
            amr: session.amr.clone(),
            acr: "aal1".to_owned(),
            auth_time: whole_seconds(session.auth_time),
            iat: whole_seconds(now),
            exp: whole_seconds(end),
            jti: TokenId::new(now, entropy)?,
        })
    }

    /// Whether we would have said all this, and it is not over. An end is an end: no leeway after it.
    pub fn judge(&self, rules: &TokenRules, now: Timestamp) -> Result<(), Unfit> {
        let ours = self.iss == rules.issuer && self.aud == rules.audience;
        let begun = self.iat.duration_since(now) <= Self::SKEW;
        let proved = self.auth_time.duration_since(self.iat) <= Self::SKEW;
        let lifetime = self.exp.duration_since(self.iat);
        let sane = !lifetime.is_negative() && lifetime <= TokenRules::LONGEST;
        if !(ours && begun && proved && sane) {
            return Err(Unfit::Foreign);
        }
        if now < self.exp { Ok(()) } else { Err(Unfit::Expired) }
    }
}

impl AccessToken {
    pub fn new(text: String, claims: &Claims) -> Self {
        Self { text: text.into(), expires_in: claims.exp.duration_since(claims.iat) }
    }

    /// The one way to see it: for the answer that hands it out.
    pub fn reveal(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(***)")
    }
}

fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_millisecond().div_euclid(1_000)).unwrap_or(time)
}
