//! A knock at a receiver's door: the same way there as that of an event, TLS included, and not a word once it is open.

use std::{
    error::Error,
    task::{Context, Poll},
};

use futures_util::future::BoxFuture;
use tower_layer::Layer;
use tower_service::Service;

type BoxError = Box<dyn Error + Send + Sync>;

/// Ends each connection as soon as it is there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Knock;

/// Nothing else ends a connection that was made.
#[derive(Debug, thiserror::Error)]
#[error("somebody opened")]
pub(super) struct Opened;

#[derive(Clone, Debug)]
pub(super) struct Knocking<S>(S);

impl<S> Layer<S> for Knock {
    type Service = Knocking<S>;

    fn layer(&self, connecting: S) -> Knocking<S> {
        Knocking(connecting)
    }
}

impl<S, To> Service<To> for Knocking<S>
where
    S: Service<To, Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<S::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, to: To) -> Self::Future {
        let connecting = self.0.call(to);
        Box::pin(async move {
            connecting.await.map(drop)?;
            Err(Opened.into())
        })
    }
}
