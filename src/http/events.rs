//! Events on the wire: pages of them, and streams.

use actix_web::{HttpRequest, HttpResponse, web::Data};

use crate::flows::{
    Services,
    follow_events::{Following, follow_events},
    list_events::{Wanted, list_events},
    memory::Remembered,
};

use super::{
    caller::{Administrator, Caller},
    event_bodies::EventsBody,
    event_query::{After, EventQuery},
    event_stream,
    problem::Problem,
    refusals::{OfACaller, OfAStream, OfAnAdministrator, OfEvents, Refusals},
};

/// List or follow events
///
/// What happened to the caller's account, the newest first. With `Accept: text/event-stream` it is told as it happens, from now on or from the
/// `Last-Event-ID` that a stream told before, none left out. A stream ends with the session.
#[utoipa::path(
    get, path = "/api/users/events", tag = "users", security(("session" = []), ("token" = [])),
    params(
        ("limit" = Option<u32>, Query, description = "At most so many", minimum = 1, maximum = 100),
        ("before" = Option<Uuid>, Query, description = "`next` of the page before"),
        ("after" = Option<u64>, Query, description = "Of a stream: as `Last-Event-ID`"),
        ("last-event-id" = Option<u64>, Header, description = "Of a stream: the last id that was told"),
    ),
    responses(
        (status = 200, description = "A page, or a stream", content((EventsBody = "application/json"), (String = "text/event-stream"))),
        OfEvents, OfACaller, OfAStream, Refusals,
    )
)]
pub async fn own(
    request: HttpRequest,
    services: Data<Services>,
    caller: Caller,
) -> Result<HttpResponse, Problem> {
    if event_stream::is_wanted(&request) {
        return stream(services, &caller.0, Following::Own, &After::of(&request)?).await;
    }
    page(&services, EventQuery::of(&request).page_of(caller.0.user.id())?).await
}

/// List or follow everybody's events
///
/// For the access token of a user with the role `admin`, on the internal listener. What is filtered is what a page or a stream has.
#[utoipa::path(
    get, path = "/admin/v1/events", tag = "admin", security(("token" = [])),
    params(
        ("kind" = Option<String>, Query, description = "A kind of event, as `docs/events.md` lists them"),
        ("user" = Option<Uuid>, Query, description = "Whom it is about"),
        ("from" = Option<String>, Query, description = "From this moment on; of a page", format = DateTime),
        ("to" = Option<String>, Query, description = "Before this moment; of a page", format = DateTime),
        ("limit" = Option<u32>, Query, description = "At most so many", minimum = 1, maximum = 100),
        ("before" = Option<Uuid>, Query, description = "`next` of the page before"),
        ("after" = Option<u64>, Query, description = "Of a stream: as `Last-Event-ID`"),
        ("last-event-id" = Option<u64>, Header, description = "Of a stream: the last id that was told"),
    ),
    responses(
        (status = 200, description = "A page, or a stream", content((EventsBody = "application/json"), (String = "text/event-stream"))),
        OfEvents, OfACaller, OfAnAdministrator, OfAStream, Refusals,
    )
)]
pub async fn all(
    request: HttpRequest,
    services: Data<Services>,
    Administrator(caller): Administrator,
) -> Result<HttpResponse, Problem> {
    let query = EventQuery::of(&request);
    if event_stream::is_wanted(&request) {
        let following = Following::All(query.followed()?);
        return stream(services, &caller, following, &After::of(&request)?).await;
    }
    page(&services, query.page()?).await
}

async fn stream(
    services: Data<Services>,
    caller: &Remembered,
    following: Following,
    after: &After,
) -> Result<HttpResponse, Problem> {
    let begun = follow_events(&services, caller, following, after.place).await;
    let follower = begun.map_err(|failure| after.blamed(failure))?;
    Ok(event_stream::answer(services, follower))
}

async fn page(services: &Services, wanted: Wanted) -> Result<HttpResponse, Problem> {
    let page = list_events(services, wanted).await?;
    Ok(HttpResponse::Ok().json(EventsBody::from(&page)))
}
