//! What is asked of each listener, counted by route and by the status of the answer; nobody who counts waits for another.

use std::{
    sync::atomic::{AtomicU16, Ordering},
    time::Duration,
};

use crate::flows::metrics::{Counter, Histogram, Kind, Page};

use super::{forward_auth, openapi};

/// The listener that a request came to: each has it among its data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Listener {
    #[default]
    Public,
    Internal,
}

impl Listener {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Internal => "internal",
        }
    }
}

/// Of the internal listener, about the contract and not in it.
const PAGES: [&str; 2] = ["/docs", "/openapi.json"];

/// Of both listeners.
pub struct Requests {
    public: Routes,
    internal: Routes,
}

/// Those of the contract, in order; and one for whatever is none of them, so that nobody can make up labels.
struct Routes {
    listener: &'static str,
    plain: Vec<Route>,
    /// With a part in them that is another one in each request.
    patterns: Vec<Route>,
    others: Route,
}

pub struct Route {
    path: String,
    codes: [Code; Self::CODES],
    other_codes: Counter,
    took: Histogram,
}

/// Free until the first answer with a status that has no place yet.
#[derive(Default)]
struct Code {
    status: AtomicU16,
    answers: Counter,
}

impl Requests {
    pub fn new() -> Self {
        let paths = openapi::paths();
        let (public, mut internal): (Vec<_>, Vec<_>) =
            paths.into_iter().partition(|path| openapi::is_public(path));
        internal.extend(PAGES.map(str::to_owned));
        Self {
            public: Routes::of(Listener::Public.as_str(), public),
            internal: Routes::of(Listener::Internal.as_str(), internal),
        }
    }

    pub(super) fn route(&self, listener: Listener, path: &str) -> &Route {
        match listener {
            Listener::Public => self.public.find(path),
            Listener::Internal => self.internal.find(path),
        }
    }

    pub(super) fn tell(&self, page: &mut Page) {
        let both = [&self.public, &self.internal];
        let help = "Requests, by the path in the contract and the status of the answer.";
        let mut answers = page.family("portcullis_http_requests_total", Kind::Counter, help);
        for (listener, route) in both.into_iter().flat_map(Routes::used) {
            for (code, count) in route.answers() {
                let labels = [("listener", listener), ("route", &route.path), ("code", &code)];
                answers.value(&labels, count);
            }
        }
        let help = "From the head of a request to its answer.";
        let mut times = page.family("portcullis_http_request_seconds", Kind::Histogram, help);
        for (listener, route) in both.into_iter().flat_map(Routes::used) {
            times.histogram(&[("listener", listener), ("route", &route.path)], &route.took);
        }
    }
}

impl Default for Requests {
    fn default() -> Self {
        Self::new()
    }
}

impl Routes {
    fn of(listener: &'static str, mut paths: Vec<String>) -> Self {
        paths.sort();
        let (patterns, plain) = paths.into_iter().map(Route::new).partition(|route| route.path.contains('{'));
        Self { listener, plain, patterns, others: Route::new(Route::OTHERS.to_owned()) }
    }

    fn find(&self, path: &str) -> &Route {
        let plain = self.plain.binary_search_by(|route| route.path.as_str().cmp(path));
        let plain = plain.ok().and_then(|place| self.plain.get(place));
        let fitting = || self.patterns.iter().find(|route| fits(&route.path, path));
        plain.or_else(fitting).unwrap_or(&self.others)
    }

    fn used(&self) -> impl Iterator<Item = (&'static str, &Route)> {
        let all = self.plain.iter().chain(&self.patterns).chain([&self.others]);
        all.filter(|route| route.took.count() > 0).map(|route| (self.listener, route))
    }
}

impl Route {
    /// More than there are in the answers of any route.
    const CODES: usize = 16;
    const OTHERS: &str = "others";

    fn new(path: String) -> Self {
        Self { path, codes: Default::default(), other_codes: Counter::default(), took: Histogram::default() }
    }

    /// The path in the contract; `None` of whatever is none of those there.
    pub(super) fn pattern(&self) -> Option<&str> {
        (self.path != Self::OTHERS).then_some(&self.path)
    }

    pub(super) fn note(&self, status: u16, took: Duration) {
        self.took.observe(took);
        let place = self.codes.iter().find(|code| code.takes(status));
        place.map_or(&self.other_codes, |code| &code.answers).add_one();
    }

    fn answers(&self) -> impl Iterator<Item = (String, u64)> {
        let code = |code: &Code| (code.status.load(Ordering::Relaxed).to_string(), code.answers.count());
        let others = ("other".to_owned(), self.other_codes.count());
        self.codes.iter().map(code).chain([others]).filter(|(_, count)| *count > 0)
    }
}

impl Code {
    /// Whether it is the place of that status, or becomes so now.
    fn takes(&self, status: u16) -> bool {
        let found = self.status.load(Ordering::Relaxed);
        let taken = || self.status.compare_exchange(0, status, Ordering::Relaxed, Ordering::Relaxed);
        found == status || found == 0 && taken().map_or_else(|first| first == status, |_| true)
    }
}

/// Whether the parts of a path are those of the pattern, of which some may be anything. What a proxy asks about may have more below.
fn fits(pattern: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (None, Some(_)) => return pattern.starts_with(forward_auth::PATH),
            (Some(wanted), Some(given)) if wanted == given => {}
            (Some(wanted), Some(given)) if wanted.starts_with('{') && !given.is_empty() => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_counted_as_its_pattern_and_what_is_made_up_together() {
        let requests = Requests::new();
        let path = |listener, path| requests.route(listener, path).path.clone();
        assert_eq!(path(Listener::Public, "/api/users/currentuser"), "/api/users/currentuser");
        assert_eq!(path(Listener::Public, "/api/users/sessions/4711"), "/api/users/sessions/{id}");
        assert_eq!(path(Listener::Internal, "/readyz"), "/readyz");
        assert_eq!(path(Listener::Internal, "/openapi.json"), "/openapi.json");
        let gate = "/v1/forward-auth/{adapter}/{rule}";
        assert_eq!(path(Listener::Internal, "/v1/forward-auth/nic/desk"), gate);
        assert_eq!(path(Listener::Internal, "/v1/forward-auth/envoy/desk/tickets/1"), gate);
        for other in
            ["/", "", "/readyz", "/api/users/sessions/", "/api/users/sessions/a/b", "/API/users/signin"]
        {
            assert_eq!(path(Listener::Public, other), "others", "{other}");
        }
    }

    #[test]
    fn each_status_has_a_count_of_its_own_until_there_are_too_many() {
        let route = Route::new("/x".to_owned());
        for status in [200, 404, 200] {
            route.note(status, Duration::ZERO);
        }
        assert_eq!(route.answers().collect::<Vec<_>>(), [("200".to_owned(), 2), ("404".to_owned(), 1)]);
        (500..600).for_each(|status| route.note(status, Duration::ZERO));
        assert_eq!(route.answers().count(), Route::CODES + 1);
        assert_eq!(route.answers().map(|(_, count)| count).sum::<u64>(), 103);
    }
}
