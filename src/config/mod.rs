//! Configuration: read once from the environment, typed, and every fault told at once.

mod choice;
mod document;
mod fault;
mod networks;
mod reader;
mod rules;
mod sections;
mod setting;
mod store_url;
mod surroundings;
mod unknown;
mod variable;
mod variables;

use std::net::SocketAddr;

use ipnet::IpNet;

pub use document::document;
pub use fault::{Fault, Misconfigured};
pub use sections::{Data, Forward, Internal, Log, LogFormat, Password, Public, Session, Store, Trusted};
pub use setting::{FoundIn, Setting};
pub use store_url::StoreUrl;
pub use surroundings::Sources;
pub use variable::{Allowed, Unset, Variable};
pub use variables::VARIABLES;

use crate::domain::{cost::Cost, policy::PasswordPolicy};
use reader::Reader;

#[derive(Debug)]
pub struct Config {
    pub public: Public,
    pub internal: Internal,
    pub store: Store,
    pub password: Password,
    pub session: Session,
    pub forward: Forward,
    pub trusted: Trusted,
    pub log: Log,
    pub data: Data,
    /// What to say at start.
    pub warnings: Vec<String>,
    /// Every variable as it was found, to be shown.
    pub settings: Vec<Setting>,
}

impl Config {
    pub fn read(sources: &Sources) -> Result<Self, Misconfigured> {
        let vars = sources.vars.iter().map(|(name, value)| (name.to_string_lossy(), value.to_string_lossy()));
        let vars: Vec<_> = vars.collect();
        let unknown = unknown::warning(vars.iter().map(|(name, value)| (&**name, &**value)));
        let mut reader = Reader::new(sources);
        let config = Self::from_sections(&mut reader);
        let (settings, faults) = reader.finish();
        match config {
            Some(mut config) if faults.is_empty() => {
                config.warnings.extend(unknown);
                Ok(Self { settings, ..config })
            }
            _ => Err(Misconfigured { faults, warnings: unknown.into_iter().collect() }),
        }
    }

    fn from_sections(reader: &mut Reader) -> Option<Self> {
        let public = reader.section::<Public>("PORTCULLIS_PUBLIC_");
        let internal = reader.section::<Internal>("PORTCULLIS_INTERNAL_");
        let store = reader.section("PORTCULLIS_STORE_");
        let password = reader.section("PORTCULLIS_PASSWORD_");
        let session = reader.section("PORTCULLIS_SESSION_");
        let forward = reader.section("PORTCULLIS_FORWARD_");
        let trusted = reader.section("PORTCULLIS_TRUSTED_");
        let log = reader.section("PORTCULLIS_LOG_");
        let data = reader.section("PORTCULLIS_DATA_");

        let (public, internal) = (public?, internal?);
        if collide(public.listen, internal.listen) {
            reader.fault(
                "PORTCULLIS_INTERNAL_LISTEN",
                "the two listeners need two sockets, and this one is the public one's",
            );
        }
        let (password, trusted): (Password, Trusted) = (password?, trusted?);
        let forward: Forward = forward?;
        let warnings = warnings(&password, &trusted).into_iter().chain(rules::warning(&forward.auth_rules));
        Some(Self {
            public,
            internal,
            store: store?,
            password,
            session: session?,
            forward,
            trusted,
            log: log?,
            data: data?,
            warnings: warnings.collect(),
            settings: Vec::new(),
        })
    }
}

/// Port 0 is a new one each time.
fn collide(a: SocketAddr, b: SocketAddr) -> bool {
    let overlap = a.ip() == b.ip() || a.ip().is_unspecified() || b.ip().is_unspecified();
    a.port() == b.port() && a.port() != 0 && overlap
}

/// What is allowed, and less safe than the default.
fn warnings(password: &Password, trusted: &Trusted) -> Vec<String> {
    let all = |network: &IpNet| network.prefix_len() == 0;
    let warnings = [
        (password.cost == Cost::NODE).then_some(
            "PORTCULLIS_PASSWORD_COST is node: new passwords get a weaker hash than OWASP and ASVS ask for",
        ),
        (password.policy == PasswordPolicy::Ticketing).then_some(
            "PORTCULLIS_PASSWORD_POLICY is ticketing: passwords of 4 characters are less than ASVS 6.2.1 asks for",
        ),
        trusted.proxies.iter().any(all).then_some(
            "PORTCULLIS_TRUSTED_PROXIES holds every address: any client may claim any address",
        ),
    ];
    warnings.into_iter().flatten().map(str::to_owned).collect()
}
