//! What is told of every request, in the log and to a collector: ids, the route and the outcome, and nothing that a client wrote.

use std::time::Duration;

use actix_web::{HttpMessage, HttpResponse, dev::ServiceRequest, http::Method};
use tracing::{Instrument, Span, field::Empty};

use crate::domain::{
    causes::chain,
    trace::{TraceId, TraceParent},
};

use super::{
    Site,
    health::millis,
    problem::{HUNG_UP, Problem},
    requests::{Listener, Route},
};

/// Asked so often, by machines, that nobody wants a trace of it.
const PROBES: [&str; 4] = ["/livez", "/readyz", "/health", "/metrics"];

/// A request that goes on. Where it is let go of before it has an answer, its sender has hung up, and that is told.
pub struct Told<'a> {
    /// For the log.
    names: Span,
    /// For a collector; nothing without one.
    traced: Span,
    method: &'static str,
    route: Option<&'a str>,
    listener: &'static str,
    begun: Duration,
    /// Where it is counted.
    counted: &'a Route,
    site: &'a Site,
    ended: bool,
}

impl<'a> Told<'a> {
    pub fn begin(
        request: &ServiceRequest,
        id: &str,
        given: Option<TraceParent>,
        counted: &'a Route,
        site: &'a Site,
    ) -> Self {
        let method = known(request.method());
        // The pattern and not the path, which may hold anything.
        let route = counted.pattern();
        let listener = request.app_data::<Listener>().copied().unwrap_or_default().as_str();
        let trace = given.map_or_else(|| TraceId::generate(&*site.entropy).ok(), |given| Some(given.trace));
        if let Some(trace) = trace {
            request.extensions_mut().insert(trace);
        }
        let trace = trace.map(tracing::field::display);
        // Of the highest level, so that it is there whenever anything is logged.
        let names = tracing::error_span!("request", request_id = %id, trace_id = trace);
        let is_a_probe = route.is_some_and(|route| PROBES.contains(&route));
        let traced = tracing::info_span!(
            target: "otlp", parent: &names, "request",
            otel.kind = "server",
            trace_id = trace,
            parent_id = given.map(|given| tracing::field::display(given.span)),
            sampled = given.map_or(!is_a_probe, |given| given.sampled),
            request_id = %id,
            listener,
            http.request.method = method,
            http.route = route,
            http.response.status_code = Empty,
            error.type = Empty,
        );
        Self {
            names,
            traced,
            method,
            route,
            listener,
            begun: site.clock.uptime(),
            counted,
            site,
            ended: false,
        }
    }

    pub async fn around<T>(&self, work: impl Future<Output = T>) -> T {
        work.instrument(self.traced.clone()).instrument(self.names.clone()).await
    }

    /// One line of log, and one more in the figures. A cause is told here, or in `see_through`, and nowhere else.
    pub fn end<B>(mut self, answer: &HttpResponse<B>, problem: Option<&Problem>) {
        self.ended = true;
        let (listener, method, route) = (self.listener, self.method, self.route);
        let (_names, _traced) = (self.names.enter(), self.traced.enter());
        let status = answer.status().as_u16();
        let took_ms = self.count(status);
        let code = problem.map(Problem::code);
        self.traced.record("http.response.status_code", status);
        if let Some(source) = problem.and_then(Problem::source) {
            let cause = chain(&**source);
            self.traced.record("error.type", code);
            tracing::error!(listener, method, route, status, code, took_ms, cause, "request failed");
        } else {
            let expected_origin = problem.and_then(Problem::expected_origin);
            tracing::debug!(
                listener,
                method,
                route,
                status,
                code,
                took_ms,
                expected_origin,
                "request answered"
            );
        }
    }

    /// Answers with how many milliseconds it took.
    fn count(&self, status: u16) -> f64 {
        let took = self.site.clock.uptime().saturating_sub(self.begun);
        self.counted.note(status, took);
        millis(took)
    }
}

impl Drop for Told<'_> {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let (listener, method, route) = (self.listener, self.method, self.route);
        let (_names, _traced) = (self.names.enter(), self.traced.enter());
        let took_ms = self.count(HUNG_UP);
        tracing::debug!(listener, method, route, took_ms, "request abandoned");
    }
}

/// A method of its own may be somebody's password.
fn known(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("_OTHER")
}
