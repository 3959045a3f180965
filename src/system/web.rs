//! Asks a web server one question, whoever it may be, and says what certificate it shows.

use std::{error::Error, io, net::SocketAddr, time::Duration};

use reqwest::{Client, Response, Url, redirect::Policy, tls::TlsInfo};
use tokio::{net::lookup_host, time::timeout};
use tokio_rustls::rustls;

use crate::domain::causes::bottom;

/// Nothing that we want to read is longer.
const LONGEST: usize = 256 * 1024;

pub struct Question<'a> {
    pub url: &'a Url,
    pub headers: &'a [(&'static str, &'static str)],
    /// Where to go, wherever the host's name leads; its port counts where the URL names none.
    pub via: Option<SocketAddr>,
    pub deadline: Duration,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub location: Option<String>,
    pub body: Vec<u8>,
    /// `None` without TLS.
    pub shown: Option<Shown>,
}

/// The certificate of the server.
#[derive(Debug)]
pub struct Shown {
    pub der: Vec<u8>,
    /// Why this machine would not believe it.
    pub distrust: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    #[error("no answer in time")]
    Late,
    #[error("{0}")]
    Failed(String),
}

/// As a stranger who keeps nothing, follows nothing and takes no proxy. A certificate that nobody would believe is noted, and no
/// reason to stop.
pub async fn ask(question: Question<'_>) -> Result<Answer, NoAnswer> {
    let asked = async {
        match once(&question, false).await {
            Err(error) if is_distrust(&error) => {
                let mut answer = once(&question, true).await?;
                if let Some(shown) = &mut answer.shown {
                    shown.distrust = Some(bottom(&error));
                }
                Ok(answer)
            }
            answered => answered,
        }
    };
    match timeout(question.deadline, asked).await {
        Ok(answered) => answered.map_err(|error| NoAnswer::Failed(bottom(&error))),
        Err(_) => Err(NoAnswer::Late),
    }
}

/// Where a host's name leads from here.
pub async fn whereabouts(host: &str, port: u16, deadline: Duration) -> Option<SocketAddr> {
    timeout(deadline, lookup_host((host, port))).await.ok()?.ok()?.next()
}

/// Whether the server was reached, and it is its certificate that is not believed.
fn is_distrust(error: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        if let Some(tls) = inner.downcast_ref::<rustls::Error>() {
            return matches!(tls, rustls::Error::InvalidCertificate(_));
        }
        // An I/O error says what lies behind the error that it carries, and not that error itself.
        let carried = inner.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        cause = carried.map(|carried| carried as &(dyn Error + 'static)).or_else(|| inner.source());
    }
    false
}

async fn once(question: &Question<'_>, credulous: bool) -> Result<Answer, reqwest::Error> {
    let client = Client::builder()
        .user_agent("portcullis doctor")
        .redirect(Policy::none())
        .no_proxy()
        .http1_only()
        .tls_info(true)
        .tls_danger_accept_invalid_certs(credulous);
    let client = match (question.url.host_str(), question.via) {
        (Some(host), Some(via)) => client.resolve(host, via),
        _ => client,
    };
    let mut request = client.build()?.get(question.url.clone());
    for (name, value) in question.headers {
        request = request.header(*name, *value);
    }
    read(request.send().await?).await
}

async fn read(mut response: Response) -> Result<Answer, reqwest::Error> {
    let certificate = response.extensions().get::<TlsInfo>().and_then(TlsInfo::peer_certificate);
    let shown = certificate.map(|der| Shown { der: der.to_owned(), distrust: None });
    let location = response.headers().get("location").and_then(|value| value.to_str().ok());
    let (status, location) = (response.status().as_u16(), location.map(str::to_owned));
    let mut body = Vec::new();
    while body.len() < LONGEST
        && let Some(more) = response.chunk().await?
    {
        body.extend_from_slice(&more);
    }
    body.truncate(LONGEST);
    Ok(Answer { status, location, body, shown })
}
