//! Events as they happen, as a stream of server-sent events that goes on where it broke off.

use std::convert::Infallible;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        Method,
        header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE},
    },
    web::{Bytes, Data},
};
use futures_util::stream::unfold;

use crate::{
    domain::event::Event,
    flows::{
        Services,
        follow_events::{Follower, Word},
    },
};

use super::event_bodies::EventBody;

const STREAM: &str = "text/event-stream";

/// How long whoever was cut off waits before they come back, in milliseconds.
const RETRY: u32 = 2_000;

/// Whether a stream is asked for; of one there is no head to be had alone.
pub fn is_wanted(request: &HttpRequest) -> bool {
    let accepts = request.headers().get_all(ACCEPT).filter_map(|line| line.to_str().ok());
    let mut types = accepts.flat_map(|line| line.split(',')).filter_map(|part| part.split(';').next());
    request.method() == Method::GET && types.any(|kind| kind.trim().eq_ignore_ascii_case(STREAM))
}

/// Written only as fast as it is read: whoever takes nothing for ten seconds, or falls far behind, is let go.
pub fn answer(services: Data<Services>, follower: Follower) -> HttpResponse {
    let words = unfold((services, follower, Some(RETRY)), |(services, mut follower, retry)| async move {
        let word = follower.next(&services).await?;
        let mut text = retry.map(|retry| format!("retry: {retry}\n")).unwrap_or_default();
        text.push_str(&block(&word));
        Some((Ok::<_, Infallible>(Bytes::from(text)), (services, follower, None)))
    });
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, STREAM))
        .insert_header((CACHE_CONTROL, "no-store"))
        // A proxy that collects an answer before it hands it on would hand on nothing.
        .insert_header(("x-accel-buffering", "no"))
        .streaming(words)
}

fn block(word: &Word) -> String {
    match word {
        Word::Event(event) => told(event),
        // A comment, for those who wait, and where to go on from, so that nobody looks again through what was not for them.
        Word::Nothing { position } => format!(":\nid: {position}\n\n"),
    }
}

fn told(event: &Event) -> String {
    let position = event.position().unwrap_or_default();
    let kind = event.kind.as_str();
    // Strings and nothing else: it cannot fail.
    let body = serde_json::to_string(&EventBody::from(event)).unwrap_or_default();
    format!("id: {position}\nevent: {kind}\ndata: {body}\n\n")
}
