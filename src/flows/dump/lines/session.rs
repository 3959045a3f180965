//! A session as a line.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{
    device::Device,
    id::{SessionId, UserId},
    sealed::Sealed,
    session::{EndReason, Ended, Method, Mode, Previous, Session},
};

use super::{Bytes, Misfit};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SessionLine {
    id: Uuid,
    user_id: Uuid,
    epoch: u64,
    mode: String,
    seed: Bytes,
    generation: u64,
    secret_digest: Bytes,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous: Option<PreviousLine>,
    amr: Vec<String>,
    auth_time: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ip: Option<IpAddr>,
    created_at: Timestamp,
    last_seen_at: Timestamp,
    idle_expires_at: Timestamp,
    expires_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended: Option<EndedLine>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PreviousLine {
    digest: Bytes,
    rotated_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct EndedLine {
    at: Timestamp,
    reason: String,
}

impl From<&Session> for SessionLine {
    fn from(session: &Session) -> Self {
        let Session {
            id,
            user_id,
            epoch,
            mode,
            seed,
            generation,
            secret_digest,
            previous,
            amr,
            auth_time,
            device,
            created_at,
            last_seen_at,
            idle_expires_at,
            expires_at,
            ended,
        } = session;
        Self {
            id: id.as_uuid(),
            user_id: user_id.as_uuid(),
            epoch: *epoch,
            mode: mode.as_str().to_owned(),
            seed: Bytes(seed.as_bytes().to_vec()),
            generation: *generation,
            secret_digest: secret_digest.into(),
            previous: previous
                .map(|Previous { digest, rotated_at }| PreviousLine { digest: (&digest).into(), rotated_at }),
            amr: amr.iter().map(|method| method.as_str().to_owned()).collect(),
            auth_time: *auth_time,
            user_agent: device.user_agent().map(str::to_owned),
            ip: device.ip(),
            created_at: *created_at,
            last_seen_at: *last_seen_at,
            idle_expires_at: *idle_expires_at,
            expires_at: *expires_at,
            ended: ended.map(|Ended { at, reason }| EndedLine { at, reason: reason.as_str().to_owned() }),
        }
    }
}

impl TryFrom<SessionLine> for Session {
    type Error = Misfit;

    fn try_from(line: SessionLine) -> Result<Self, Misfit> {
        let previous =
            |PreviousLine { digest, rotated_at }| Ok(Previous { digest: digest.try_into()?, rotated_at });
        let ended = |EndedLine { at, reason }| Ended { at, reason: EndReason::read(&reason) };
        Ok(Self {
            id: SessionId::from_uuid(line.id),
            user_id: UserId::from_uuid(line.user_id),
            epoch: line.epoch,
            mode: Mode::parse(&line.mode).ok_or(Misfit("a session's mode is unknown"))?,
            seed: Sealed::from_bytes(line.seed.0),
            generation: line.generation,
            secret_digest: line.secret_digest.try_into()?,
            previous: line.previous.map(previous).transpose()?,
            amr: Method::read_all(&line.amr),
            auth_time: line.auth_time,
            device: Device::new(line.user_agent.as_deref(), line.ip),
            created_at: line.created_at,
            last_seen_at: line.last_seen_at,
            idle_expires_at: line.idle_expires_at,
            expires_at: line.expires_at,
            ended: line.ended.map(ended),
        })
    }
}
