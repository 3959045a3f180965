//! What is said of an access token that holds.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    domain::{
        access_token::Claims,
        id::{SessionId, TokenId, UserId},
        session::Method,
        user::Role,
    },
    flows::{verify::Verified, who_am_i::Known},
};

use super::users::UserBody;

#[derive(Serialize, ToSchema)]
pub struct ActiveBody<'a> {
    #[schema(example = true)]
    active: bool,
    /// As they are now.
    user: UserBody,
    session: VerifiedSessionBody<'a>,
    claims: ClaimsBody<'a>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WhoAmIBody<'a> {
    #[serde(flatten)]
    active: ActiveBody<'a>,
    /// New, for who answers on the caller's behalf.
    access_token: &'a str,
    /// Seconds.
    expires_in: i64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct VerifiedSessionBody<'a> {
    #[schema(value_type = String, format = Uuid)]
    id: SessionId,
    amr: Vec<&'static str>,
    acr: &'a str,
    #[schema(value_type = String, format = DateTime)]
    auth_time: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// What the token says, as it says it: times are seconds since 1970.
#[derive(Serialize, ToSchema)]
pub struct ClaimsBody<'a> {
    iss: &'a str,
    aud: &'a str,
    #[schema(value_type = String, format = Uuid)]
    sub: UserId,
    #[schema(value_type = String, format = Uuid)]
    sid: SessionId,
    email: &'a str,
    email_verified: bool,
    roles: Vec<&'a str>,
    amr: Vec<&'static str>,
    acr: &'a str,
    auth_time: i64,
    iat: i64,
    exp: i64,
    #[schema(value_type = String, format = Uuid)]
    jti: TokenId,
}

/// Of an active token also what it says: `sub`, `sid`, `exp` and all its other claims.
#[derive(Serialize, ToSchema)]
pub struct IntrospectionBody<'a> {
    active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Bearer")]
    token_type: Option<&'static str>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    claims: Option<ClaimsBody<'a>>,
}

impl<'a> ActiveBody<'a> {
    pub fn of(verified: &'a Verified) -> Self {
        let (claims, user, session) =
            (&verified.claims, &verified.remembered.user, &verified.remembered.session);
        let session = VerifiedSessionBody {
            id: session.id,
            amr: names(&session.amr),
            acr: &claims.acr,
            auth_time: session.auth_time,
            expires_at: session.expires_at,
        };
        Self { active: true, user: UserBody::of(user), session, claims: ClaimsBody::of(claims) }
    }
}

impl<'a> WhoAmIBody<'a> {
    pub fn of(known: &'a Known) -> Self {
        Self {
            active: ActiveBody::of(&known.verified),
            access_token: known.token.reveal(),
            expires_in: known.token.expires_in.as_secs(),
        }
    }
}

impl<'a> IntrospectionBody<'a> {
    pub fn of(verified: &'a Verified) -> Self {
        let claims = Some(ClaimsBody::of(&verified.claims));
        Self { active: true, token_type: Some("Bearer"), claims }
    }

    pub const fn inactive() -> Self {
        Self { active: false, token_type: None, claims: None }
    }
}

impl<'a> ClaimsBody<'a> {
    fn of(claims: &'a Claims) -> Self {
        Self {
            iss: &claims.iss,
            aud: &claims.aud,
            sub: claims.sub,
            sid: claims.sid,
            email: &claims.email,
            email_verified: claims.email_verified,
            roles: claims.roles.iter().map(Role::as_str).collect(),
            amr: names(&claims.amr),
            acr: &claims.acr,
            auth_time: claims.auth_time.as_second(),
            iat: claims.iat.as_second(),
            exp: claims.exp.as_second(),
            jti: claims.jti,
        }
    }
}

fn names(methods: &[Method]) -> Vec<&'static str> {
    methods.iter().map(|method| method.as_str()).collect()
}
