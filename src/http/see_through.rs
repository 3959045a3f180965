//! A verb that has begun is seen through, whoever hangs up or whatever deadline passes meanwhile.
//!
//! What it writes and what it says of that are several steps, and none of its callers may choose between which of them it
//! ends. Until its arguments are there it has not begun, and who hangs up takes the request along.

use std::{
    future::{Ready, ready},
    rc::Rc,
    time::Duration,
};

use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, dev::Payload, rt};
use futures_util::future::LocalBoxFuture;
use tokio::{sync::oneshot, time::timeout};
use tracing::Instrument;

use crate::domain::causes::chain;

use super::{connection::Progress, problem::Problem};

/// No verb goes on for longer, and the end of the service waits longer than this. All that a verb waits for gives up
/// long before.
const LONGEST: Duration = Duration::from_secs(15);

pub type Answer = Result<HttpResponse, Problem>;

/// A handler whose work goes on as a task of the connection.
#[derive(Clone)]
pub struct SeenThrough<F>(pub F);

/// The connection that a request came by.
pub struct By(Rc<Progress>);

impl FromRequest for By {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let progress = request.conn_data::<Rc<Progress>>().cloned();
        ready(progress.map(Self).ok_or_else(|| Problem::Internal("there is no connection".into())))
    }
}

impl<F, Args> Handler<(By, Args)> for SeenThrough<F>
where
    F: Handler<Args, Output = Answer>,
    Args: 'static,
{
    type Output = Answer;
    type Future = LocalBoxFuture<'static, Answer>;

    fn call(&self, (By(connection), args): (By, Args)) -> Self::Future {
        let handler = self.0.clone();
        let (answer, answered) = oneshot::channel();
        let verb = async move {
            let done = timeout(LONGEST, handler.call(args)).await;
            let done = done.unwrap_or_else(|_| Err(Problem::OutcomeUnknown("a verb took too long".into())));
            if let Err(unheard) = answer.send(done) {
                tell(&unheard.unwrap_or_else(HttpResponse::from_error));
            }
        };
        connection.begin(rt::spawn(verb.in_current_span()));
        Box::pin(async { answered.await.unwrap_or_else(|_| Err(Problem::Internal("a panic".into()))) })
    }
}

/// How it ended, for the log alone.
fn tell(answer: &HttpResponse) {
    let status = answer.status().as_u16();
    let problem = answer.error().and_then(|error| error.as_error::<Problem>());
    let code = problem.map(Problem::code);
    if let Some(source) = problem.and_then(Problem::source) {
        let cause = chain(&**source);
        tracing::error!(status, code, cause, "request failed, and nobody waited for its answer");
    } else {
        tracing::debug!(status, code, "request done, and nobody waited for its answer");
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use actix_web::rt::System;
    use tokio::task::yield_now;

    use super::*;

    /// What is done in two steps.
    async fn two_steps(done: Rc<Cell<u32>>) -> Answer {
        done.set(1);
        yield_now().await;
        done.set(2);
        Ok(HttpResponse::NoContent().finish())
    }

    #[test]
    fn the_second_step_is_done_though_nobody_waits_for_it() {
        let (done, connection) = (Rc::default(), Rc::new(Progress::new(None)));
        System::new().block_on(async {
            let call = SeenThrough(two_steps).call((By(Rc::clone(&connection)), (Rc::clone(&done),)));
            yield_now().await;
            assert_eq!(done.get(), 1, "it has begun");
            drop(call);
            connection.see_through().await;
        });
        assert_eq!(done.get(), 2);
    }

    #[test]
    fn a_panic_in_it_is_answered_and_ends_nothing_else() {
        let connection = Rc::new(Progress::new(None));
        let answer = System::new().block_on(async {
            let panics = async || -> Answer { panic!("with a secret in it") };
            let answer = SeenThrough(panics).call((By(Rc::clone(&connection)), ())).await;
            connection.see_through().await;
            answer
        });
        assert!(matches!(answer, Err(Problem::Internal(_))));
    }
}
