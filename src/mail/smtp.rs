//! Mail by SMTP, over connections that are kept for a moment.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, MultiPart},
    transport::smtp::{
        Error, PoolConfig,
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
        extension::ClientId,
    },
};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;

use super::{DEADLINE, Mail, Mailer, Undelivered};
use crate::domain::{causes::bottom, email::Email};

/// Where the mail server is, and how it is spoken to.
pub struct Relay {
    pub host: String,
    pub port: u16,
    pub security: Security,
    pub login: Option<(String, SecretString)>,
    /// Whom to believe who it is, beside whom this machine believes; in PEM form.
    pub authorities: Option<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// From the first byte.
    Implicit,
    /// Begun in the clear; nothing is said before it is not.
    StartTls,
    /// In the clear, to a server that is near.
    None,
}

/// Why there is no way to send mail.
#[derive(Debug, thiserror::Error)]
pub enum NoWay {
    #[error("not an address that mail can come from, such as no-reply@example.org: {0}")]
    From(String),
    #[error("no authorities to believe: {0}")]
    Authorities(String),
}

pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    /// What the right half of a `Message-ID` is.
    host: String,
}

/// To connect takes no longer.
const CONNECT: Duration = Duration::from_secs(10);

/// Kept for the next mail, so that none waits for a server to say goodbye.
const IDLE: Duration = Duration::from_secs(15);
const CONNECTIONS: u32 = 4;

impl Smtp {
    /// `host` is what we call ourselves.
    pub fn new(relay: Relay, from: &str, host: &str) -> Result<Self, NoWay> {
        let from =
            from.parse().map_err(|error: lettre::address::AddressError| NoWay::From(error.to_string()))?;
        let tls = match relay.security {
            Security::Implicit => Tls::Wrapper(parameters(&relay)?),
            Security::StartTls => Tls::Required(parameters(&relay)?),
            Security::None => Tls::None,
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(relay.host)
            .port(relay.port)
            .tls(tls)
            .hello_name(ClientId::Domain(host.to_owned()))
            .pool_config(PoolConfig::new().max_size(CONNECTIONS).idle_timeout(IDLE))
            .timeout(Some(CONNECT));
        if let Some((name, password)) = relay.login {
            builder = builder.credentials(Credentials::new(name, password.expose_secret().to_owned()));
        }
        Ok(Self { transport: builder.build(), from, host: host.to_owned() })
    }

    fn message(&self, mail: &Mail) -> Result<Message, String> {
        let words = &mail.words;
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, address(&mail.to)?))
            .subject(&words.subject)
            .message_id(Some(format!("<{}@{}>", mail.id, self.host)))
            // Nobody's absence note is to answer it.
            .raw_header(header("Auto-Submitted", "auto-generated")?)
            .multipart(MultiPart::alternative_plain_html((*words.text).clone(), (*words.html).clone()))
            .map_err(|error| error.to_string())
    }
}

const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";

fn parameters(relay: &Relay) -> Result<TlsParameters, NoWay> {
    let wrong = |error: Error| NoWay::Authorities(bottom(&error));
    let mut parameters = TlsParameters::builder(relay.host.clone());
    if let Some(pem) = &relay.authorities {
        if !pem.windows(BEGIN.len()).any(|window| window == BEGIN) {
            return Err(NoWay::Authorities("there is no certificate in it".to_owned()));
        }
        parameters = parameters.add_root_certificate(Certificate::from_pem(pem).map_err(wrong)?);
    }
    parameters.build().map_err(wrong)
}

fn header(name: &'static str, value: &str) -> Result<lettre::message::header::HeaderValue, String> {
    let name = lettre::message::header::HeaderName::new_from_ascii(name.to_owned());
    Ok(lettre::message::header::HeaderValue::new(name.map_err(|error| error.to_string())?, value.to_owned()))
}

/// The local part as its owner writes it, since some servers tell letter cases apart; the domain as servers do.
fn address(email: &Email) -> Result<Address, String> {
    let local = email.original().rsplit_once('@').map_or("", |(local, _)| local);
    let domain = email.canonical().rsplit_once('@').map_or("", |(_, domain)| domain);
    Address::new(local, domain).map_err(|error| error.to_string())
}

#[async_trait]
impl Mailer for Smtp {
    async fn send(&self, mail: &Mail) -> Result<(), Undelivered> {
        let message = self.message(mail).map_err(Undelivered::Refused)?;
        in_time(self.transport.send(message)).await.map(drop)
    }

    async fn check(&self) -> Result<(), Undelivered> {
        if in_time(self.transport.test_connection()).await? {
            return Ok(());
        }
        Err(Undelivered::NotNow("the mail server takes no commands".to_owned()))
    }
}

async fn in_time<T>(call: impl Future<Output = Result<T, Error>>) -> Result<T, Undelivered> {
    match timeout(DEADLINE, call).await {
        Ok(done) => done.map_err(|error| undelivered(&error)),
        Err(_) => Err(Undelivered::NotNow("no answer in time".to_owned())),
    }
}

/// What a server says of a recipient names them, so of its answer the code alone is told. That we may not send at all is no word on
/// this mail.
fn undelivered(error: &Error) -> Undelivered {
    let Some(code) = error.status() else {
        let said = if error.is_response() {
            "the mail server says what cannot be read".to_owned()
        } else {
            bottom(error)
        };
        return Undelivered::NotNow(said);
    };
    let code: u16 = code.into();
    let ours = matches!(code, 530 | 534 | 535 | 538);
    let said = match code {
        530 | 534 | 535 | 538 => {
            format!("the mail server answered {code}: it does not take who we say we are")
        }
        _ => format!("the mail server answered {code}"),
    };
    match code {
        _ if ours => Undelivered::NotNow(said),
        // It closes, whatever it was asked.
        421 => Undelivered::NotNow(said),
        _ if error.is_permanent() => Undelivered::Refused(said),
        _ => Undelivered::NotThisOne(said),
    }
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp").field("from", &self.from).finish_non_exhaustive()
    }
}
