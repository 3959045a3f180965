//! A document of `sessions`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::{
    device::Device,
    id::{SessionId, UserId},
    sealed::Sealed,
    session::{EndReason, Ended, Method, Mode, Previous, Session},
};

use super::{
    Misfit,
    values::{Bytes, Digest, Id, Moment},
};

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::store::mongo) struct SessionDocument {
    #[serde(rename = "_id")]
    id: Id,
    user_id: Id,
    epoch: u64,
    mode: String,
    seed: Bytes,
    generation: u64,
    secret_digest: Digest,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "PreviousDocument")]
    previous: Option<PreviousDocument>,
    amr: Vec<String>,
    auth_time: Moment,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    user_agent: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    ip: Option<String>,
    created_at: Moment,
    last_seen_at: Moment,
    idle_expires_at: Moment,
    expires_at: Moment,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Moment")]
    ended_at: Option<Moment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    end_reason: Option<String>,
}

/// The secret before the present one.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct PreviousDocument {
    digest: Digest,
    rotated_at: Moment,
}

impl From<Previous> for PreviousDocument {
    fn from(previous: Previous) -> Self {
        Self { digest: (&previous.digest).into(), rotated_at: previous.rotated_at.into() }
    }
}

impl From<&Session> for SessionDocument {
    fn from(session: &Session) -> Self {
        Self {
            id: session.id.as_uuid().into(),
            user_id: session.user_id.as_uuid().into(),
            epoch: session.epoch,
            mode: session.mode.as_str().to_owned(),
            seed: session.seed.as_bytes().into(),
            generation: session.generation,
            secret_digest: (&session.secret_digest).into(),
            previous: session.previous.map(PreviousDocument::from),
            amr: session.amr.iter().map(|method| method.as_str().to_owned()).collect(),
            auth_time: session.auth_time.into(),
            user_agent: session.device.user_agent().map(str::to_owned),
            ip: session.device.ip().map(|ip| ip.to_string()),
            created_at: session.created_at.into(),
            last_seen_at: session.last_seen_at.into(),
            idle_expires_at: session.idle_expires_at.into(),
            expires_at: session.expires_at.into(),
            ended_at: session.ended.map(|ended| ended.at.into()),
            end_reason: session.ended.map(|ended| ended.reason.as_str().to_owned()),
        }
    }
}

impl TryFrom<SessionDocument> for Session {
    type Error = Misfit;

    fn try_from(stored: SessionDocument) -> Result<Self, Misfit> {
        Ok(Self {
            id: SessionId::from_uuid(stored.id.into()),
            user_id: UserId::from_uuid(stored.user_id.into()),
            epoch: stored.epoch,
            mode: Mode::parse(&stored.mode).ok_or(Misfit("mode"))?,
            seed: Sealed::from_bytes(stored.seed.into()),
            generation: stored.generation,
            secret_digest: stored.secret_digest.read("secretDigest")?,
            previous: stored.previous.map(PreviousDocument::read).transpose()?,
            amr: Method::read_all(&stored.amr),
            auth_time: stored.auth_time.read("authTime")?,
            device: read_device(stored.user_agent.as_deref(), stored.ip.as_deref())?,
            created_at: stored.created_at.read("createdAt")?,
            last_seen_at: stored.last_seen_at.read("lastSeenAt")?,
            idle_expires_at: stored.idle_expires_at.read("idleExpiresAt")?,
            expires_at: stored.expires_at.read("expiresAt")?,
            ended: read_end(stored.ended_at, stored.end_reason.as_deref())?,
        })
    }
}

impl PreviousDocument {
    fn read(self) -> Result<Previous, Misfit> {
        let digest = self.digest.read("previous.digest")?;
        Ok(Previous { digest, rotated_at: self.rotated_at.read("previous.rotatedAt")? })
    }
}

fn read_device(user_agent: Option<&str>, ip: Option<&str>) -> Result<Device, Misfit> {
    let ip = ip.map(str::parse).transpose().map_err(|_| Misfit("ip"))?;
    Ok(Device::new(user_agent, ip))
}

fn read_end(at: Option<Moment>, reason: Option<&str>) -> Result<Option<Ended>, Misfit> {
    match (at, reason) {
        (None, None) => Ok(None),
        (Some(at), Some(name)) => Ok(Some(Ended { at: at.read("endedAt")?, reason: EndReason::read(name) })),
        _ => Err(Misfit("endedAt")),
    }
}
