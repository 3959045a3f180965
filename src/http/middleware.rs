//! What every request goes through: a name, a deadline, a net under panics, and one shape for whatever goes wrong.

use std::{panic::AssertUnwindSafe, rc::Rc, time::Duration};

use actix_http::ConnectionType;
use actix_web::{
    Error, HttpMessage, HttpResponse,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    error::InternalError,
    http::header::{self, HeaderMap, HeaderName, HeaderValue},
    middleware::Next,
    web::Data,
};
use futures_util::FutureExt;
use tokio::time::timeout;

use crate::{domain::event::RequestName, flows::Services};

use super::{
    Site, client, connection::Progress, forward_auth::AtTheGate, headers, problem::Problem,
    requests::Listener, told::Told,
};

/// From the head of a request to its answer.
const DEADLINE: Duration = Duration::from_secs(5);

const LONGEST_URI: usize = 8 * 1024;
const LONGEST_HEADERS: usize = 32 * 1024;

/// Wraps everything else, so that nothing leaves without having passed here.
pub async fn every_request(
    site: Data<Site>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let _in_hand = request.request().conn_data::<Rc<Progress>>().map(Progress::take_in_hand);
    let peer = request.peer_addr().map(|peer| peer.ip());
    let given = client::given_request_id(peer, request.headers(), &site.trusted_proxies);
    let id = given.map_or_else(|| site.new_request_id(), |name| name.as_str().to_owned());
    if let Some(name) = RequestName::parse(&id) {
        request.extensions_mut().insert(name);
    }
    let listener = request.app_data::<Listener>().copied().unwrap_or_default();
    let counted = site.requests.route(listener, request.path());
    let trace = client::given_trace(peer, request.headers(), &site.trusted_proxies);
    let told = Told::begin(&request, &id, trace, counted, &site);
    let chunked = request.headers().contains_key(header::TRANSFER_ENCODING);
    let gate = AtTheGate::see(&request);
    let stopping =
        request.app_data::<Data<Services>>().is_some_and(|services| services.readiness.is_stopping());

    let answered = match fits(&request) {
        Ok(()) => told.around(within_bounds(request, next)).await,
        Err(problem) => Err(problem.into()),
    };
    match answered {
        Ok(answer) => {
            let mut answer = shape(answer, gate, &site, &id, told);
            if stopping
                || gate.is_some_and(AtTheGate::brings_a_body)
                || (chunked && !answer.status().is_success())
            {
                hang_up(answer.response_mut());
            }
            Ok(answer)
        }
        Err(error) => {
            let status = error.as_response_error().status_code().as_u16();
            let problem = error.as_error();
            let mut answer = refuse(problem, status, gate, &id);
            told.end(&answer, problem);
            finish(answer.headers_mut(), &site, &id);
            hang_up(&mut answer);
            Err(InternalError::from_response("", answer).into())
        }
    }
}

/// The last answer of its connection: because we are stopping, or because what is left of the request's body could be
/// taken for the beginning of another.
fn hang_up(answer: &mut HttpResponse) {
    answer.head_mut().set_connection_type(ConnectionType::Close);
}

/// Bounds that the parser below does not have, or has far above what anybody needs.
fn fits(request: &ServiceRequest) -> Result<(), Problem> {
    let headers: usize =
        request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if request.uri().to_string().len() > LONGEST_URI {
        Err(Problem::UriTooLong)
    } else if headers > LONGEST_HEADERS {
        Err(Problem::HeadersTooLarge)
    } else {
        Ok(())
    }
}

/// A panic or a stall ends this request and nothing else.
async fn within_bounds<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let safe = request.method().is_safe();
    let handled = AssertUnwindSafe(next.call(request)).catch_unwind();
    match timeout(DEADLINE, handled).await {
        Ok(Ok(answer)) => answer.map(ServiceResponse::map_into_boxed_body),
        // Where, the log has said by now; what it says of itself may hold anything.
        Ok(Err(_)) => Err(Problem::Internal("a panic".into()).into()),
        Err(_) if safe => Err(Problem::StoreUnavailable("the request's deadline passed".into()).into()),
        // A write may be under way.
        Err(_) => Err(Problem::OutcomeUnknown("the request's deadline passed".into()).into()),
    }
}

/// Gives whatever is neither 2xx nor 3xx the one shape, and keeps the headers it came with.
fn shape(
    answer: ServiceResponse<BoxBody>,
    gate: Option<AtTheGate>,
    site: &Site,
    id: &str,
    told: Told<'_>,
) -> ServiceResponse<BoxBody> {
    let status = answer.status();
    let mut answer = if status.is_client_error() || status.is_server_error() {
        let problem = answer.response().error().and_then(|error| error.as_error::<Problem>());
        let mut shaped = refuse(problem, status.as_u16(), gate, id);
        for name in [header::SET_COOKIE, header::CLEAR_SITE_DATA, header::ALLOW] {
            for value in answer.headers().get_all(&name) {
                shaped.headers_mut().append(name.clone(), value.clone());
            }
        }
        told.end(&shaped, problem);
        answer.into_response(shaped)
    } else {
        told.end(answer.response(), None);
        answer
    };
    finish(answer.headers_mut(), site, id);
    answer
}

/// The answer to what went wrong, in the one shape or, to a proxy that asks, in its words.
fn refuse(problem: Option<&Problem>, status: u16, gate: Option<AtTheGate>, id: &str) -> HttpResponse {
    let bare;
    let problem = if let Some(problem) = problem {
        problem
    } else {
        bare = Problem::from_status(status);
        &bare
    };
    if gate.is_some() { AtTheGate::translate(problem).answer(id) } else { problem.answer(id) }
}

/// What is said on every answer, unless its handler had something else to say.
fn finish(headers: &mut HeaderMap, site: &Site, id: &str) {
    for (name, value) in headers::for_site(site.origin.is_secure()) {
        let name = HeaderName::from_static(name);
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use actix_web::{
        App,
        body::to_bytes,
        dev::Service,
        http::Method,
        middleware::from_fn,
        test::{TestRequest, init_service},
        web,
    };

    use super::*;
    use crate::{
        domain::clock::{Clock, Entropy, NoEntropy},
        http::{client::TrustedProxies, requests::Requests},
    };

    /// No time passes here, and chance is always the same.
    struct Still;

    impl Clock for Still {
        fn now(&self) -> jiff::Timestamp {
            jiff::Timestamp::UNIX_EPOCH
        }

        fn uptime(&self) -> Duration {
            Duration::ZERO
        }
    }

    impl Entropy for Still {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
            bytes.fill(7);
            Ok(())
        }
    }

    /// Status and body of what comes out in the end.
    async fn answer(method: Method, path: &str) -> (u16, String) {
        let site = Site {
            origin: "http://localhost:3000".parse().unwrap(),
            trusted_proxies: TrustedProxies::default(),
            clock: Arc::new(Still),
            entropy: Arc::new(Still),
            requests: Requests::new(),
        };
        let app = App::new()
            .app_data(Data::new(site))
            .wrap(from_fn(every_request))
            .route("/panic", web::get().to(async || -> HttpResponse { panic!("with a secret in it") }))
            .route("/stall", web::to(std::future::pending::<HttpResponse>));
        let app = init_service(app).await;
        let request = TestRequest::with_uri(path).method(method).to_request();
        let answer = match app.call(request).await {
            Ok(answer) => answer.into_parts().1,
            Err(error) => error.error_response(),
        };
        let status = answer.status().as_u16();
        let body = to_bytes(answer.into_body()).await.unwrap_or_default();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn asvs_16_5_4_a_panic_is_answered_and_tells_nothing() {
        let (status, body) = answer(Method::GET, "/panic").await;
        assert_eq!(status, 500);
        assert!(body.contains("urn:portcullis:problem:internal") && !body.contains("secret"), "{body}");
    }

    #[tokio::test]
    async fn f_02_a_stall_ends_at_the_deadline_and_may_have_written_unless_it_could_not() {
        let (read, written) = tokio::join!(answer(Method::GET, "/stall"), answer(Method::POST, "/stall"));
        assert!(read.0 == 503 && read.1.contains("store_unavailable"), "{read:?}");
        assert!(written.0 == 503 && written.1.contains("outcome_unknown"), "{written:?}");
    }
}
