//! Which events are asked for, as the query of an address says it; what else it says means nothing here.

use std::str::FromStr;

use actix_web::HttpRequest;
use jiff::Timestamp;
use url::form_urlencoded;
use uuid::Uuid;

use crate::{
    domain::{
        event::{EventFilter, EventKind},
        id::{EventId, UserId},
    },
    flows::{Failure, follow_events::FollowRefusal, list_events::Wanted},
};

use super::{fault::Fault, problem::Problem};

const USUAL: u32 = 50;
const MOST: u32 = 100;

const HEADER: &str = "Last-Event-ID";

/// The place that a stream goes on from, and what of the request said so.
pub struct After {
    pub place: Option<u64>,
    said_in: &'static str,
}

/// What was said, and what is wrong with it.
pub struct EventQuery {
    said: Vec<(String, String)>,
    faults: Vec<Fault>,
}

impl EventQuery {
    pub fn of(request: &HttpRequest) -> Self {
        let said = form_urlencoded::parse(request.query_string().as_bytes()).into_owned().collect();
        Self { said, faults: Vec::new() }
    }

    /// A page of one user's.
    pub fn page_of(mut self, user: UserId) -> Result<Wanted, Problem> {
        let filter = EventFilter { user: Some(user), kind: None };
        let wanted = Wanted { filter, before: self.before(), limit: self.limit(), ..Wanted::default() };
        self.end(wanted)
    }

    /// A page of everybody's.
    pub fn page(mut self) -> Result<Wanted, Problem> {
        let (from, to) = (self.moment("from"), self.moment("to"));
        let wanted = Wanted { filter: self.filter(), before: self.before(), from, to, limit: self.limit() };
        self.end(wanted)
    }

    /// Which of everybody's are followed.
    pub fn followed(mut self) -> Result<EventFilter, Problem> {
        let filter = self.filter();
        self.end(filter)
    }

    fn filter(&mut self) -> EventFilter {
        let user = self.id("user", "user_invalid", "User must be the id of a user").map(UserId::from_uuid);
        let kind = self.read("kind", "kind_invalid", "Kind must be a kind of event", EventKind::parse);
        EventFilter { user, kind }
    }

    fn before(&mut self) -> Option<EventId> {
        self.id("before", "before_invalid", "Before must be the id of an event").map(EventId::from_uuid)
    }

    fn limit(&mut self) -> u32 {
        let limit = |text: &str| text.parse().ok().filter(|limit| (1..=MOST).contains(limit));
        self.read("limit", "limit_invalid", "Limit must be a number from 1 to 100", limit).unwrap_or(USUAL)
    }

    fn moment(&mut self, name: &'static str) -> Option<Timestamp> {
        self.read(name, "moment_invalid", "A moment looks like 2026-11-22T09:30:00Z", |text| {
            text.parse().ok()
        })
    }

    fn id(&mut self, name: &'static str, code: &'static str, message: &'static str) -> Option<Uuid> {
        self.read(name, code, message, |text| Uuid::try_parse(text).ok())
    }

    /// The one that was said last, as it is for whoever reads an address.
    fn read<T>(
        &mut self,
        name: &'static str,
        code: &'static str,
        message: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let (_, text) = self.said.iter().rfind(|(said, _)| said == name)?;
        let parsed = parse(text);
        if parsed.is_none() {
            self.faults.push(Fault::new(code, message).at(name));
        }
        parsed
    }

    fn end<T>(self, wanted: T) -> Result<T, Problem> {
        if self.faults.is_empty() { Ok(wanted) } else { Err(Problem::Invalid(self.faults)) }
    }
}

impl After {
    /// A browser says it in a header when it comes back by itself, to the address that it had before: the header counts.
    pub fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let header = request.headers().get("last-event-id").map(|id| id.to_str().unwrap_or("?").to_owned());
        let mut query = EventQuery::of(request);
        let (said_in, code, message) = match header.filter(|id| !id.is_empty()) {
            Some(id) => {
                query.said = vec![(HEADER.to_owned(), id)];
                (
                    HEADER,
                    "last_event_id_invalid",
                    "Last-Event-ID must be the id that a stream told of an event",
                )
            }
            None => ("after", "after_invalid", "After must be the id that a stream told of an event"),
        };
        let place = query.read(said_in, code, message, |text| u64::from_str(text).ok());
        query.end(Self { place, said_in })
    }

    /// What is refused because of the place, is told of what said it.
    pub fn blamed(&self, failure: Failure<FollowRefusal>) -> Problem {
        match failure.into() {
            Problem::Invalid(faults) => {
                Problem::Invalid(faults.into_iter().map(|fault| fault.at(self.said_in)).collect())
            }
            other => other,
        }
    }
}
