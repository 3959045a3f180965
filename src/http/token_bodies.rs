//! What is said of an access token that holds.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    domain::access_token::Claims,
    flows::{verify::Verified, who_am_i::Known},
};

use super::users::UserBody;

#[derive(Serialize, ToSchema)]
pub struct ActiveBody {
    #[schema(example = true)]
    active: bool,
    /// As they are now.
    user: UserBody,
    session: VerifiedSessionBody,
    claims: ClaimsBody,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WhoAmIBody {
    #[serde(flatten)]
    active: ActiveBody,
    /// New, for who answers on the caller's behalf.
    access_token: String,
    /// Seconds.
    expires_in: i64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct VerifiedSessionBody {
    #[schema(format = Uuid)]
    id: String,
    amr: Vec<&'static str>,
    acr: String,
    #[schema(format = DateTime)]
    auth_time: String,
    #[schema(format = DateTime)]
    expires_at: String,
}

/// What the token says, as it says it: times are seconds since 1970.
#[derive(Serialize, ToSchema)]
pub struct ClaimsBody {
    iss: String,
    aud: String,
    #[schema(format = Uuid)]
    sub: String,
    #[schema(format = Uuid)]
    sid: String,
    email: String,
    email_verified: bool,
    roles: Vec<String>,
    amr: Vec<&'static str>,
    acr: String,
    auth_time: i64,
    iat: i64,
    exp: i64,
    #[schema(format = Uuid)]
    jti: String,
}

/// Of an active token also what it says: `sub`, `sid`, `exp` and all its other claims.
#[derive(Serialize, ToSchema)]
pub struct IntrospectionBody {
    active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Bearer")]
    token_type: Option<&'static str>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    claims: Option<ClaimsBody>,
}

impl ActiveBody {
    pub fn of(verified: &Verified) -> Self {
        let (claims, user, session) =
            (&verified.claims, &verified.remembered.user, &verified.remembered.session);
        let session = VerifiedSessionBody {
            id: session.id.to_string(),
            amr: session.amr.iter().map(|method| method.as_str()).collect(),
            acr: claims.acr.clone(),
            auth_time: session.auth_time.to_string(),
            expires_at: session.expires_at.to_string(),
        };
        Self { active: true, user: UserBody::of(user), session, claims: ClaimsBody::of(claims) }
    }
}

impl WhoAmIBody {
    pub fn of(known: &Known) -> Self {
        Self {
            active: ActiveBody::of(&known.verified),
            access_token: known.token.reveal().to_owned(),
            expires_in: known.token.expires_in.as_secs(),
        }
    }
}

impl IntrospectionBody {
    pub fn of(verified: &Verified) -> Self {
        let claims = Some(ClaimsBody::of(&verified.claims));
        Self { active: true, token_type: Some("Bearer"), claims }
    }

    pub const fn inactive() -> Self {
        Self { active: false, token_type: None, claims: None }
    }
}

impl ClaimsBody {
    fn of(claims: &Claims) -> Self {
        Self {
            iss: claims.iss.clone(),
            aud: claims.aud.clone(),
            sub: claims.sub.to_string(),
            sid: claims.sid.to_string(),
            email: claims.email.clone(),
            email_verified: claims.email_verified,
            roles: claims.roles.iter().map(ToString::to_string).collect(),
            amr: claims.amr.iter().map(|method| method.as_str()).collect(),
            acr: claims.acr.clone(),
            auth_time: claims.auth_time.as_second(),
            iat: claims.iat.as_second(),
            exp: claims.exp.as_second(),
            jti: claims.jti.to_string(),
        }
    }
}
