//! A crowd at the door comes in one by one, so that whoever has other business gets past it.

use std::{future::poll_fn, pin::pin, task::Poll};

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
    web::Data,
};
use tokio::sync::Semaphore;

use super::problem::Problem;

/// One for each worker.
pub struct Turnstile(Semaphore);

impl Default for Turnstile {
    fn default() -> Self {
        Self(Semaphore::new(1))
    }
}

/// A worker that finds a thousand sign-ins ready would begin them all before it looks at anything else. So each waits
/// for its turn to begin, and lets the next one in as soon as it waits for something itself.
pub async fn one_by_one(
    turnstile: Data<Turnstile>,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let turn = turnstile.0.acquire().await.map_err(|closed| Problem::Internal(closed.into()))?;
    let mut call = pin!(next.call(request));
    let begun = poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx))).await;
    drop(turn);
    match begun {
        Poll::Ready(answer) => answer,
        Poll::Pending => call.await,
    }
}
