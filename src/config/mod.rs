//! Configuration: read once from the environment, typed, and every fault told at once.

mod agent;
mod backup;
mod choice;
mod document;
mod duration;
mod fault;
mod mail;
mod mail_url;
mod members;
mod nats;
mod nats_url;
mod networks;
mod otlp;
mod reader;
mod rules;
mod sections;
mod setting;
mod store_url;
mod surroundings;
mod unknown;
mod variable;
mod variables;
mod webhooks;

use std::{net::SocketAddr, path::PathBuf};

use ipnet::IpNet;

pub use agent::{AGENT_VARIABLES, ForAgent};
pub use backup::Backup;
pub use document::document;
pub use fault::{Fault, Misconfigured};
pub use mail::Mail;
pub use mail_url::{MailServer, MailTls, MailUrl};
pub use nats::Nats;
pub use nats_url::NatsUrl;
pub use otlp::Otlp;
pub use sections::{
    Data, Events, Forward, Internal, Log, LogFormat, Password, Public, Session, SignUp, Store, Throttle,
    Token, Trusted,
};
pub use setting::{FoundIn, Setting};
pub use store_url::StoreUrl;
pub use surroundings::Sources;
pub use variable::{Allowed, Unset, Variable};
pub use variables::VARIABLES;
pub use webhooks::{Receiver, Webhooks};

use crate::domain::{
    cost::Cost,
    policy::{PasswordPolicy, SignUpAnswer},
    sealed::KeySecrets,
    throttle::ThrottlePreset,
};
use reader::Reader;
use sections::Key;

#[derive(Debug)]
pub struct Config {
    pub public: Public,
    pub public_tls: Option<TlsFiles>,
    pub internal: Internal,
    pub internal_tls: Option<TlsFiles>,
    pub store: Store,
    pub password: Password,
    pub sign_up: SignUp,
    pub throttle: Throttle,
    pub session: Session,
    pub events: Events,
    pub key_secret: KeySource,
    pub token: Token,
    pub forward: Forward,
    pub trusted: Trusted,
    pub mail: Mail,
    pub log: Log,
    pub otlp: Otlp,
    pub nats: Nats,
    pub webhooks: Webhooks,
    pub data: Data,
    pub backup: Backup,
    /// What to say at start.
    pub warnings: Vec<String>,
    /// Every variable as it was found, to be shown.
    pub settings: Vec<Setting>,
}

/// What a listener needs to speak TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    pub chain: PathBuf,
    pub key: PathBuf,
}

/// Where the secret comes from that seals what is secret at rest.
#[derive(Clone, Debug)]
pub enum KeySource {
    Given(KeySecrets),
    /// From this directory, where it is made if there is none.
    KeptIn(PathBuf),
    /// Made at every start, for a store that forgets as well.
    Forgotten,
    /// Several processes have to agree on it, so none of them can make it.
    Missing,
}

impl Config {
    pub fn read(sources: &Sources) -> Result<Self, Misconfigured> {
        Self::read_for(sources, true)
    }

    /// For a command that can do without the key secret.
    pub fn read_without_keys(sources: &Sources) -> Result<Self, Misconfigured> {
        Self::read_for(sources, false)
    }

    fn read_for(sources: &Sources, keys: bool) -> Result<Self, Misconfigured> {
        let unknown = unknown::warning(sources);
        let mut reader = Reader::new(sources, VARIABLES.iter());
        let config = Self::from_sections(&mut reader, keys);
        let (settings, faults) = reader.finish();
        match config {
            Some(mut config) if faults.is_empty() => {
                config.warnings.extend(unknown);
                Ok(Self { settings, ..config })
            }
            _ => Err(Misconfigured::of(faults, unknown, &settings)),
        }
    }

    fn from_sections(reader: &mut Reader, keys: bool) -> Option<Self> {
        let public = reader.section::<Public>("PORTCULLIS_PUBLIC_");
        let internal = reader.section::<Internal>("PORTCULLIS_INTERNAL_");
        let store = reader.section("PORTCULLIS_STORE_");
        let password = reader.section("PORTCULLIS_PASSWORD_");
        let sign_up = reader.section("PORTCULLIS_SIGNUP_");
        let throttle = reader.section("PORTCULLIS_THROTTLE_");
        let session = reader.section("PORTCULLIS_SESSION_");
        let events = reader.section("PORTCULLIS_EVENTS_");
        let key = reader.section("PORTCULLIS_KEY_");
        let token = reader.section("PORTCULLIS_TOKEN_");
        let forward = reader.section("PORTCULLIS_FORWARD_");
        let trusted = reader.section("PORTCULLIS_TRUSTED_");
        let mail = reader.section("PORTCULLIS_MAIL_");
        let log = reader.section("PORTCULLIS_LOG_");
        let otlp = reader.section("PORTCULLIS_OTLP_");
        let nats = reader.section::<Nats>("PORTCULLIS_NATS_");
        let webhooks = reader.section::<Webhooks>("PORTCULLIS_WEBHOOKS_");
        let data = reader.section("PORTCULLIS_DATA_");
        let backup = reader.section("PORTCULLIS_BACKUP_");

        let (public, internal) = (public?, internal?);
        let (store, data, key): (Store, Data, Key) = (store?, data?, key?);
        if collide(public.listen, internal.listen) {
            reader.fault(
                "PORTCULLIS_INTERNAL_LISTEN",
                "the two listeners need two sockets, and this one is the public one's",
            );
        }
        let public_tls =
            tls_files(reader, PUBLIC_TLS, public.tls_cert_file.as_ref(), public.tls_key_file.as_ref());
        let internal_tls =
            tls_files(reader, INTERNAL_TLS, internal.tls_cert_file.as_ref(), internal.tls_key_file.as_ref());
        let key_secret = key_source(key, &store, &data);
        if keys && matches!(key_secret, KeySource::Missing) {
            reader.fault("PORTCULLIS_KEY_SECRET", "must be set with MongoDB, to the same for all replicas");
        }
        let (sign_up, mail): (SignUp, Mail) = (sign_up?, mail?);
        if sign_up.answer == SignUpAnswer::Neutral && matches!(mail.url, MailUrl::None) {
            reader.fault(
                "PORTCULLIS_SIGNUP_ANSWER",
                "neutral says everything by mail, and PORTCULLIS_MAIL_URL is none:",
            );
        }
        let (password, trusted): (Password, Trusted) = (password?, trusted?);
        let throttle: Throttle = throttle?;
        let forward: Forward = forward?;
        let webhooks = webhooks?;
        if let Some(fault) = webhooks.fault() {
            reader.fault("PORTCULLIS_WEBHOOKS_RECEIVERS", &fault);
        }
        let nats = nats?;
        let warnings = warnings(&public, &password, &throttle, &trusted, &mail)
            .into_iter()
            .chain(rules::warning(&forward.auth_rules))
            .chain([nats.warning(), webhooks.warning()].into_iter().flatten().map(str::to_owned))
            .collect();
        Some(Self {
            public,
            public_tls,
            internal,
            internal_tls,
            store,
            password,
            sign_up,
            throttle,
            session: session?,
            events: events?,
            key_secret,
            token: token?,
            forward,
            trusted,
            mail,
            log: log?,
            otlp: otlp?,
            nats,
            webhooks,
            data,
            backup: backup?,
            warnings,
            settings: Vec::new(),
        })
    }
}

const PUBLIC_TLS: [&str; 2] = ["PORTCULLIS_PUBLIC_TLS_CERT_FILE", "PORTCULLIS_PUBLIC_TLS_KEY_FILE"];
const INTERNAL_TLS: [&str; 2] = ["PORTCULLIS_INTERNAL_TLS_CERT_FILE", "PORTCULLIS_INTERNAL_TLS_KEY_FILE"];

/// Whoever sets one of the two meant to set both.
fn tls_files(
    reader: &mut Reader,
    [chain_name, key_name]: [&str; 2],
    chain: Option<&PathBuf>,
    key: Option<&PathBuf>,
) -> Option<TlsFiles> {
    match (chain, key) {
        (Some(chain), Some(key)) => return Some(TlsFiles { chain: chain.clone(), key: key.clone() }),
        (None, None) => {}
        (Some(_), None) => reader.fault(key_name, &format!("must be set beside {chain_name}")),
        (None, Some(_)) => reader.fault(chain_name, &format!("must be set beside {key_name}")),
    }
    None
}

fn key_source(key: Key, store: &Store, data: &Data) -> KeySource {
    match (key.secret, &store.url) {
        (Some(secrets), _) => KeySource::Given(secrets),
        (None, StoreUrl::File(_)) => KeySource::KeptIn(data.dir.clone()),
        (None, StoreUrl::Memory) => KeySource::Forgotten,
        (None, StoreUrl::Mongo(_)) => KeySource::Missing,
    }
}

/// Port 0 is a new one each time.
fn collide(a: SocketAddr, b: SocketAddr) -> bool {
    let overlap = a.ip() == b.ip() || a.ip().is_unspecified() || b.ip().is_unspecified();
    a.port() == b.port() && a.port() != 0 && overlap
}

/// What is allowed, and less safe than the default or hardly meant so.
fn warnings(
    public: &Public,
    password: &Password,
    throttle: &Throttle,
    trusted: &Trusted,
    mail: &Mail,
) -> Vec<String> {
    let all = |network: &IpNet| network.prefix_len() == 0;
    let warnings = [
        (password.cost == Cost::NODE).then_some(
            "PORTCULLIS_PASSWORD_COST is node: new passwords get a weaker hash than OWASP and ASVS ask for",
        ),
        (password.policy == PasswordPolicy::Ticketing).then_some(
            "PORTCULLIS_PASSWORD_POLICY is ticketing: passwords of 4 characters are less than ASVS 6.2.1 asks for",
        ),
        (throttle.preset == ThrottlePreset::Off)
            .then_some("PORTCULLIS_THROTTLE_PRESET is off: anybody may try as many passwords as they like"),
        matches!(mail.url, MailUrl::None).then_some(
            "PORTCULLIS_MAIL_URL is none: nobody can choose another password by mail, or prove an address",
        ),
        (matches!(mail.url, MailUrl::Terminal) && !public.listen.ip().is_loopback()).then_some(
            "PORTCULLIS_MAIL_URL is log: whoever reads the log can choose another password for anybody",
        ),
        trusted.proxies.iter().any(all).then_some(
            "PORTCULLIS_TRUSTED_PROXIES holds every address: any client may claim any address",
        ),
    ];
    warnings.into_iter().flatten().map(str::to_owned).chain(elsewhere(public)).collect()
}

/// On one machine the two are the same, unless a proxy stands between them. Plain http is for loopback hosts only.
fn elsewhere(public: &Public) -> Option<String> {
    let Public { listen, origin, .. } = public;
    let both_here = listen.ip().is_loopback() && !origin.is_secure();
    (both_here && listen.port() != origin.port()).then(|| {
        format!(
            "PORTCULLIS_PUBLIC_ORIGIN is {origin}, which is not where we listen ({listen}): what a browser sends \
             with its cookie from any other origin is refused as cross_site"
        )
    })
}
