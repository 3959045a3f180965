//! Whether we are alive, ready and well: for the kubelet, for load balancers and for people.

use std::{collections::BTreeMap, time::Duration};

use actix_web::{
    Error, HttpResponse,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
    web::Data,
};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    domain::finding::Finding,
    flows::{Services, memory::Memory, warnings::warnings},
};

use super::{problem::Problem, problem_body::ProblemBody};

#[derive(Serialize, ToSchema)]
pub struct Probe {
    /// What was asked is so.
    ok: bool,
}

/// How everything we depend on is doing.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    status: Status,
    version: &'static str,
    uptime_seconds: u64,
    dependencies: BTreeMap<&'static str, Dependency>,
    /// What does its work, and may not for long.
    warnings: Vec<Warning>,
}

/// What is not as it should be, and what to do about it.
#[derive(Serialize, ToSchema)]
pub struct Warning {
    /// What was looked at.
    check: &'static str,
    what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

#[derive(Clone, Copy, Serialize, ToSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Healthy,
    Degraded,
}

#[derive(Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Dependency {
    #[serde(rename_all = "camelCase")]
    Store {
        state: State,
        #[schema(format = DateTime)]
        since: String,
        latency_ms: f64,
        pool_in_use: u32,
        pool_size: u32,
    },
    #[serde(rename_all = "camelCase")]
    Hashing {
        state: State,
        slots: usize,
        busy: usize,
        queued: usize,
        predicted_wait_ms: f64,
    },
    Memory(MemoryBody),
    /// Down while it does not go, and waits.
    Mail {
        state: State,
        #[schema(format = DateTime)]
        #[serde(skip_serializing_if = "Option::is_none")]
        since: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cause: Option<String>,
    },
}

/// What is remembered of sessions; down while nobody tells what changes.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MemoryBody {
    state: State,
    sessions: u64,
    /// Of the answers, how many needed no store.
    hit_rate: f64,
    heard_ms_ago: f64,
}

#[derive(Clone, Copy, Serialize, ToSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Up,
    Down,
    Busy,
}

/// Until the store's schema is ours, nobody is served from it.
pub async fn only_when_open(
    services: Data<Services>,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    if services.readiness.is_open() { next.call(request).await } else { Err(Problem::NotOpen.into()) }
}

/// Alive
///
/// The process answers; the store is not asked.
#[utoipa::path(get, path = "/livez", tag = "internal", responses((status = 200, description = "Alive", body = Probe)))]
pub async fn livez() -> HttpResponse {
    HttpResponse::Ok().json(Probe { ok: true })
}

/// Ready
///
/// The store took a read and a write within the last 30 seconds, and we are not stopping.
#[utoipa::path(
    get, path = "/readyz", tag = "internal",
    responses(
        (status = 200, description = "Ready", body = Probe),
        (status = 503, description = "Send requests elsewhere", body = ProblemBody<'static>, content_type = "application/problem+json"),
    )
)]
pub async fn readyz(services: Data<Services>) -> Result<HttpResponse, Problem> {
    if services.readiness.is_ready(services.clock.uptime()) {
        Ok(HttpResponse::Ok().json(Probe { ok: true }))
    } else {
        Err(Problem::NotReady)
    }
}

/// Health
///
/// For people: how each thing we depend on is doing, and since when; and what may soon not do, with what to do about it.
#[utoipa::path(get, path = "/health", tag = "internal", responses((status = 200, description = "How it is", body = Health)))]
pub async fn health(services: Data<Services>) -> HttpResponse {
    let mut dependencies = BTreeMap::from([
        ("store", store(&services)),
        ("hashing", hashing(&services)),
        ("memory", Dependency::Memory(MemoryBody::of(&services.memory))),
    ]);
    if services.post.mailer.is_some() {
        dependencies.insert("mail", mail(&services));
    }
    let healthy = dependencies.values().all(|dependency| dependency.state() != State::Down);
    HttpResponse::Ok().json(Health {
        status: if healthy { Status::Healthy } else { Status::Degraded },
        version: env!("CARGO_PKG_VERSION"),
        uptime_seconds: services.clock.uptime().as_secs(),
        dependencies,
        warnings: warnings(&services).into_iter().map(Warning::from).collect(),
    })
}

impl From<Finding> for Warning {
    fn from(Finding { check, what, advice, .. }: Finding) -> Self {
        Self { check, what, advice }
    }
}

impl Dependency {
    const fn state(&self) -> State {
        match self {
            Self::Store { state, .. }
            | Self::Hashing { state, .. }
            | Self::Mail { state, .. }
            | Self::Memory(MemoryBody { state, .. }) => *state,
        }
    }
}

fn store(services: &Services) -> Dependency {
    let (health, pool) = (services.readiness.store(), services.store.pool());
    let ago = services.clock.uptime().saturating_sub(health.since);
    Dependency::Store {
        state: if health.up { State::Up } else { State::Down },
        since: before(services.clock.now(), ago).to_string(),
        latency_ms: millis(health.latency),
        pool_in_use: pool.in_use,
        pool_size: pool.size,
    }
}

fn hashing(services: &Services) -> Dependency {
    let load = services.hashing.load();
    Dependency::Hashing {
        state: if load.busy < load.slots { State::Up } else { State::Busy },
        slots: load.slots,
        busy: load.busy,
        queued: load.queued,
        predicted_wait_ms: millis(load.wait),
    }
}

fn mail(services: &Services) -> Dependency {
    let Some(stuck) = services.post.delivery.stuck(services.clock.uptime()) else {
        return Dependency::Mail { state: State::Up, since: None, cause: None };
    };
    let ago = services.clock.uptime().saturating_sub(stuck.since);
    Dependency::Mail {
        state: State::Down,
        since: Some(before(services.clock.now(), ago).to_string()),
        cause: Some(stuck.cause),
    }
}

impl MemoryBody {
    pub fn of(memory: &Memory) -> Self {
        let figures = memory.figures();
        let asked = figures.hits + figures.misses;
        #[expect(clippy::cast_precision_loss, reason = "a rate needs no more digits than a float has")]
        let hit_rate = if asked == 0 { 0.0 } else { figures.hits as f64 / asked as f64 };
        Self {
            state: if figures.is_heard() { State::Up } else { State::Down },
            sessions: figures.entries,
            hit_rate: (hit_rate * 1_000.0).round() / 1_000.0,
            heard_ms_ago: millis(figures.lag),
        }
    }
}

pub fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1_000_000.0).round() / 1_000.0
}

fn before(now: Timestamp, ago: Duration) -> Timestamp {
    now.checked_sub(ago).ok().and_then(|then| Timestamp::from_second(then.as_second()).ok()).unwrap_or(now)
}
