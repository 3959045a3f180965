//! A crowd at the door comes in one by one, so that whoever has other business gets past it.

use std::sync::Arc;

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
    rt,
    web::Data,
};
use tokio::{sync::Semaphore, task::yield_now};

use super::problem::Problem;

/// One for each worker.
pub struct Turnstile(Arc<Semaphore>);

impl Default for Turnstile {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

/// A worker that finds a thousand sign-ins ready would begin them all before it looks at anything else. So only one
/// begins in each round of what is ready, and the others wait aside, where they cost nothing.
pub async fn one_by_one(
    turnstile: Data<Turnstile>,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let turn = Arc::clone(&turnstile.0).acquire_owned().await;
    let turn = turn.map_err(|closed| Problem::Internal(closed.into()))?;
    // Runs when everything that is ready now has been looked at.
    rt::spawn(async move {
        yield_now().await;
        drop(turn);
    });
    next.call(request).await
}
