//! Posts security events to a receiver, signed after the Standard Webhooks.

mod knock;
mod look;
mod resolver;

use std::{
    error::Error,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};

use async_trait::async_trait;
use futures_util::{
    StreamExt,
    future::ready,
    stream::{self, BoxStream},
};
use ipnet::IpNet;
use jiff::Timestamp;
use reqwest::{Client, ClientBuilder, Response, header::CONTENT_TYPE, redirect::Policy};
use tokio::time::{sleep, timeout};

use super::{
    DEADLINE, Handed,
    NotTaken::{self, NotNow, NotThisOne},
    Parcel, Way,
};
use crate::domain::{
    causes::bottom,
    finding::Finding,
    webhook::{
        ReceiverUrl, WebhookSecret,
        guard::{Guard, Shut},
    },
};

/// Of one batch.
const AT_ONCE: usize = 8;

/// From looking up the name to what comes of it.
const FOR_AN_ANSWER: Duration = Duration::from_secs(4);

/// Nothing that it answers is of interest; read to its end, it leaves the connection for the next.
const FOR_ITS_REST: Duration = Duration::from_secs(1);
const LONGEST_ANSWER: usize = 64 * 1024;

/// After it none is begun, so that all end in time.
const FOR_BEGINNING: Duration = DEADLINE.saturating_sub(FOR_AN_ANSWER).saturating_sub(FOR_ITS_REST);

/// Whom to post to.
#[derive(Clone, Debug)]
pub struct Receiver {
    pub url: ReceiverUrl,
    /// Each signs, so that one can follow another.
    pub secrets: Vec<WebhookSecret>,
    /// Where it may be although they are private.
    pub networks: Vec<IpNet>,
}

pub struct Webhook {
    client: Client,
    guard: Guard,
    url: ReceiverUrl,
    secrets: Vec<WebhookSecret>,
}

impl Webhook {
    pub fn new(receiver: Receiver) -> Result<Self, reqwest::Error> {
        let Receiver { url, secrets, networks } = receiver;
        let guard = Guard::of(&url, networks);
        Ok(Self { client: client(&guard).build()?, guard, url, secrets })
    }

    /// Notes trouble, so that nothing more is begun.
    async fn post(&self, parcel: &Parcel, now: Timestamp, trouble: &AtomicBool) -> Result<(), NotTaken> {
        let posted = match timeout(FOR_AN_ANSWER, self.ask(parcel, now)).await {
            Ok(Ok(answer)) => {
                let judged = judge(answer.status().as_u16());
                // Late or broken: that it was answered stands.
                _ = timeout(FOR_ITS_REST, throw_away(answer)).await;
                judged
            }
            Ok(Err(error)) => Err(NotNow(self.sentence(error))),
            Err(_) => Err(NotNow(format!("{} did not answer in time", self.url.host()))),
        };
        trouble.fetch_or(posted.is_err(), Relaxed);
        posted
    }

    async fn ask(&self, parcel: &Parcel, now: Timestamp) -> Result<Response, reqwest::Error> {
        let signatures: Vec<_> =
            self.secrets.iter().map(|secret| secret.sign(&parcel.id, now, &parcel.body)).collect();
        self.client
            .post(self.url.reveal().clone())
            .header(CONTENT_TYPE, "application/cloudevents+json")
            .header("webhook-id", parcel.id.to_string())
            .header("webhook-timestamp", now.as_second())
            .header("webhook-signature", signatures.join(" "))
            .body(parcel.body.clone())
            .send()
            .await
    }

    /// Without the URL, which may hold a secret.
    fn sentence(&self, error: reqwest::Error) -> String {
        let error = error.without_url();
        match cause::<Shut>(&error) {
            Some(shut) => shut.to_string(),
            None => format!("{} did not answer: {}", self.url.host(), bottom(&error)),
        }
    }
}

#[async_trait]
impl Way for Webhook {
    async fn hand_over(&self, parcels: &[Parcel], now: Timestamp) -> Handed {
        if let Err(shut) = self.guard.judge_literal(self.url.host()) {
            return Handed { trouble: Some(NotNow(shut.to_string())), ..Handed::default() };
        }
        let trouble = AtomicBool::new(false);
        let posts: Vec<_> = parcels.iter().map(|parcel| self.post(parcel, now, &trouble)).collect();
        let begun = stream::iter(posts)
            .take_until(sleep(FOR_BEGINNING))
            .take_while(|_| ready(!trouble.load(Relaxed)));
        let mut handed = all_of(begun.buffered(AT_ONCE).boxed()).await;
        if handed.taken == 0 && handed.trouble.is_none() && !parcels.is_empty() {
            handed.trouble = Some(NotNow(format!("{} took too long", self.url.host())));
        }
        handed
    }

    async fn look(&self, limit: Duration) -> Vec<Finding> {
        vec![self.look_at_it(limit).await]
    }
}

fn client(guard: &Guard) -> ClientBuilder {
    Client::builder()
        .user_agent(concat!("portcullis/", env!("CARGO_PKG_VERSION")))
        .dns_resolver(guard.clone())
        // A proxy would go where the guard does not look.
        .no_proxy()
        // What was judged is this place, and no other that it names.
        .redirect(Policy::none())
        .http1_only()
        .pool_max_idle_per_host(AT_ONCE)
}

/// Those under way are waited for also behind the first that is not taken: they tell whose fault that is.
async fn all_of(mut posted: BoxStream<'_, Result<(), NotTaken>>) -> Handed {
    let mut handed = Handed::default();
    while let Some(outcome) = posted.next().await {
        handed.note(outcome);
    }
    handed
}

/// Three say that something is wrong with the body. All others speak of us, of the place or of the time, or could: the next event
/// would be answered the same.
fn judge(status: u16) -> Result<(), NotTaken> {
    let said = format!("the receiver answered {status}");
    match status {
        200..300 => Ok(()),
        400 | 413 | 422 => Err(NotThisOne(said)),
        _ => Err(NotNow(said)),
    }
}

async fn throw_away(mut answer: Response) -> Result<(), reqwest::Error> {
    let mut read = 0;
    while read < LONGEST_ANSWER
        && let Some(more) = answer.chunk().await?
    {
        read += more.len();
    }
    Ok(())
}

/// What lies behind it, if that is of this kind: that the guard refused, say.
fn cause<T: Error + 'static>(error: &reqwest::Error) -> Option<&T> {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(found) = inner.downcast_ref() {
            return Some(found);
        }
        cause = inner.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_whether_it_is_this_event_or_any() {
        for status in [200, 202, 204, 299] {
            assert_eq!(judge(status), Ok(()), "{status}");
        }
        for status in [400, 413, 422] {
            assert_eq!(judge(status), Err(NotThisOne(format!("the receiver answered {status}"))));
        }
        for status in (100..200).chain(300..400).chain(401..413).chain(414..422).chain(423..600) {
            assert_eq!(judge(status), Err(NotNow(format!("the receiver answered {status}"))));
        }
    }

    #[test]
    fn a_batch_ends_before_others_take_it_up() {
        assert_eq!(FOR_BEGINNING + FOR_AN_ANSWER + FOR_ITS_REST, DEADLINE);
        assert_eq!(FOR_AN_ANSWER + FOR_ITS_REST, Duration::from_secs(5));
    }
}
