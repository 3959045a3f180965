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

#[cfg(test)]
mod tests {
    use std::{cell::Cell, rc::Rc};

    use actix_web::{
        App, HttpResponse,
        dev::Service,
        middleware::from_fn,
        test::{TestRequest, init_service},
        web,
    };

    use super::*;

    const CROWD: usize = 100;

    /// How many had begun each time somebody with other business had a turn.
    async fn begun_at_each_turn() -> Vec<usize> {
        let begun = Rc::new(Cell::new(0));
        let counted = Rc::clone(&begun);
        let handler = move || {
            counted.set(counted.get() + 1);
            std::future::ready(HttpResponse::Ok())
        };
        let route = web::resource("/").to(handler).wrap(from_fn(one_by_one));
        let app = App::new().app_data(Data::new(Turnstile::default())).service(route);
        let app = Rc::new(init_service(app).await);
        for _ in 0..CROWD {
            let app = Rc::clone(&app);
            rt::spawn(async move { app.call(TestRequest::default().to_request()).await.map(drop) });
        }
        let mut turns = vec![0];
        while begun.get() < CROWD {
            assert!(turns.len() < 10 * CROWD, "all of them get in");
            yield_now().await;
            turns.push(begun.get());
        }
        turns
    }

    #[test]
    fn f_34_whoever_has_other_business_gets_a_turn_after_each_one_of_a_crowd() {
        let turns = rt::System::new().block_on(async { rt::spawn(begun_at_each_turn()).await }).unwrap();
        assert!(turns.windows(2).all(|turns| turns[1] - turns[0] <= 1), "{turns:?}");
    }
}
