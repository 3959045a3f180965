//! The variables of this release, in the order in which they are shown.

mod backup;
mod mail;
mod nats;
mod otlp;
mod webhooks;

use super::{
    choice::choices,
    sections::LogFormat,
    store_url,
    variable::{
        Allowed::{Described, Document, OneOf},
        Unset::{Always, ByTerminal, OutsideCluster},
        Variable,
    },
};
use crate::domain::{
    cost::Cost,
    policy::{PasswordPolicy, SessionPreset, SignUpAnswer},
    throttle::ThrottlePreset,
};

pub const VARIABLES: &[Variable] = &[
    Variable {
        name: "PORTCULLIS_PUBLIC_LISTEN",
        meaning: "Where browsers and programs reach the service, through the ingress. The image sets `0.0.0.0:3000`.",
        allowed: Described("an address and a port"),
        default: Always("127.0.0.1:3000"),
        example: "0.0.0.0:3000",
        mask: None,
    },
    Variable {
        name: "PORTCULLIS_PUBLIC_ORIGIN",
        meaning: "What people type. Cookies and the check against cross-site requests come from it, never from a \
                  request. Plain http is for loopback hosts only, because a session cookie needs https.",
        allowed: Described("an origin without a path"),
        default: Always("http://localhost:3000"),
        example: "https://ticketing.dev",
        mask: None,
    },
    Variable {
        name: "PORTCULLIS_PUBLIC_TLS_CERT_FILE",
        meaning: "The certificate of the public listener, with the chain behind it: with it that listener speaks TLS (1.2 and 1.3) and nothing \
                  else. Whoever replaces the files, as cert-manager does, need not restart anything.",
        allowed: Described("a file in PEM form"),
        default: Always(""),
        example: "/etc/portcullis/tls/tls.crt",
        mask: None,
    },
    Variable {
        name: "PORTCULLIS_PUBLIC_TLS_KEY_FILE",
        meaning: "The private key of that certificate.",
        allowed: Described("a file in PEM form"),
        default: Always(""),
        example: "/etc/portcullis/tls/tls.key",
        mask: None,
    },
    Variable {
        name: "PORTCULLIS_INTERNAL_LISTEN",
        meaning: "Where the cluster reaches the service: probes and other services. Never route an \
                  ingress to it. The image sets `0.0.0.0:9000`.",
        allowed: Described("an address and a port"),
        default: Always("127.0.0.1:9000"),
        example: "0.0.0.0:9000",
        mask: None,
    },
    Variable {
        name: "PORTCULLIS_INTERNAL_TLS_CERT_FILE",
        meaning: "The same for the internal listener. Its callers, the kubelet among them, have to be told: `scheme: HTTPS`.",
        allowed: Described("a file in PEM form"),
        default: Always(""),
        example: "/etc/portcullis/internal-tls/tls.crt",
        mask: None,
    },
    Variable {
        name: "PORTCULLIS_INTERNAL_TLS_KEY_FILE",
        meaning: "The private key of that certificate.",
        allowed: Described("a file in PEM form"),
        default: Always(""),
        example: "/etc/portcullis/internal-tls/tls.key",
        mask: None,
    },
    Variable {
        name: "PORTCULLIS_STORE_URL",
        meaning: "Where users and sessions are kept. The path of a file is relative to `PORTCULLIS_DATA_DIR`. \
                  `sqlite::memory:` forgets everything at the end. MongoDB must be a replica set; \
                  where its URL names no database, that is `auth`. \
                  Inside a cluster it must be set, so that nobody gets one silent database a pod.",
        allowed: Described("sqlite:PATH, sqlite::memory:, mongodb://… or mongodb+srv://…"),
        default: OutsideCluster("sqlite:portcullis.db"),
        example: "mongodb://mongo-0.mongo/auth?replicaSet=rs0",
        mask: Some(store_url::masked),
    },
    Variable {
        name: "PORTCULLIS_PASSWORD_COST",
        meaning: "What the hash of a new password costs an attacker, and us. Foreign and cheaper \
                  hashes are still verified, and renewed when their owner signs in.",
        allowed: OneOf(choices::<Cost>),
        default: Always("standard"),
        example: "low-memory",
        mask: None,
    },
    Variable {
        name: "PORTCULLIS_PASSWORD_POLICY",
        meaning: "Which passwords may be chosen. Length is counted in code points.",
        allowed: OneOf(choices::<PasswordPolicy>),
        default: Always("standard"),
        example: "nist",
        mask: None,
    },
    Variable {
        name: "PORTCULLIS_PASSWORD_HISTORY",
        meaning: "How many of the last passwords, the present one among them, may not be chosen when the password is changed. \
                  `0` refuses none and keeps none of those that are changed from then on. Each costs the change one more hash, and all of them have to fit into the five seconds of a request.",
        allowed: Described("a whole number from 0 to 10"),
        default: Always("5"),
        example: "3",
        mask: None,
    },
    Variable {
        name: "PORTCULLIS_SIGNUP_ANSWER",
        meaning: "What somebody learns who signs up. `neutral` needs a mail server.",
        allowed: OneOf(choices::<SignUpAnswer>),
        default: Always("direct"),
        example: "neutral",
        mask: None,
    },
    Variable {
        name: "PORTCULLIS_THROTTLE_PRESET",
        meaning: "What becomes of whoever tries many passwords. Counted in the store, so for all replicas together, and before a password is looked at.",
        allowed: OneOf(choices::<ThrottlePreset>),
        default: Always("standard"),
        example: "off",
        mask: None,
    },
    Variable {
        name: "PORTCULLIS_SESSION_PRESET",
        meaning: "How long a session lives unused, and how long it lives at all.",
        allowed: OneOf(choices::<SessionPreset>),
        default: Always("relaxed"),
        example: "aal2",
        mask: None,
    },
    Variable {
        name: "PORTCULLIS_SESSION_LIMIT",
        meaning: "How many live sessions a user may have. The oldest ends when one more begins.",
        allowed: Described("a whole number from 1 to 1000"),
        default: Always("100"),
        example: "10",
        mask: None,
    },
    Variable {
        name: "PORTCULLIS_SESSION_GRACE",
        meaning: "How long a refresh token that was used is answered with the same successor once more. \
                  Its use after that ends the session.",
        allowed: Described("whole seconds or minutes, from 0s to 1m"),
        default: Always("10s"),
        example: "30s",
        mask: None,
    },
    Variable {
        name: "PORTCULLIS_EVENTS_RETENTION",
        meaning: "How long a security event is kept. Less than before counts for what happens from then on, and none goes \
                  before those that happened before it.",
        allowed: Described("whole days or hours, from 1d to 3660d"),
        default: Always("365d"),
        example: "90d",
        mask: None,
    },
    Variable {
        name: "PORTCULLIS_KEY_SECRET",
        meaning: "Seals what is secret at rest: signing keys, and the seeds of sessions. Of a list the first seals and all \
                  open. With SQLite one is made in the data directory when none is set; with MongoDB it is required, \
                  and all replicas need the same. To change it, restart every replica with OLD,NEW, then with NEW,OLD, \
                  and with NEW alone once no session and no signing key from before is left: after 30 days and a few hours.",
        allowed: Described("32 bytes in base64, or several such separated by commas"),
        default: Always(""),
        // Not one that somebody might copy.
        example: "$(head -c 32 /dev/urandom | base64)",
        mask: Some(masked),
    },
    Variable {
        name: "PORTCULLIS_TOKEN_AUDIENCE",
        meaning: "Whom access tokens are for: the claim `aud`, which services that verify them compare.",
        allowed: Described("up to 256 printable ASCII characters without spaces"),
        default: Always("portcullis"),
        example: "https://api.ticketing.dev",
        mask: None,
    },
    Variable {
        name: "PORTCULLIS_TOKEN_TTL",
        meaning: "How long an access token lives. So long a service that verifies it offline does not hear of a sign-out.",
        allowed: Described("whole seconds, minutes or hours, from 1m to 1h"),
        default: Always("10m"),
        example: "300s",
        mask: None,
    },
    Variable {
        name: "PORTCULLIS_FORWARD_AUTH_RULES",
        meaning: "What a proxy may ask of whoever wants through, beside the rules that are built in. \
                  \"Rules of forward-auth\" below says what the members mean.",
        allowed: Document("a JSON array of rules"),
        default: Always("[]"),
        example: r#"[{"name":"desk","roles":["agent","admin"],"maxAge":"1h","methods":["GET"],"paths":["/tickets/**"]}]"#,
        mask: None,
    },
    Variable {
        name: "PORTCULLIS_TRUSTED_PROXIES",
        meaning: "Whose word about the client's address is taken. A forwarded header from any other peer is ignored. \
                  Behind an ingress it must be set: otherwise all clients are the one address of the ingress, \
                  which may hold 512 connections of the 8192 there are and gets one client's turns at hashing, \
                  the request ids it hands on are not believed, and throttling cannot tell its clients apart.",
        allowed: Described("networks or addresses, separated by commas"),
        default: Always(""),
        example: "10.0.0.0/8,192.168.1.7",
        mask: None,
    },
    mail::URL,
    mail::FROM,
    mail::CA_FILE,
    mail::LINKS,
    mail::TEMPLATES,
    mail::LIMIT,
    Variable {
        name: "PORTCULLIS_LOG_FORMAT",
        meaning: "How a line of the log looks. Text has colours on a terminal, unless `NO_COLOR` is set.",
        allowed: OneOf(choices::<LogFormat>),
        default: ByTerminal { terminal: "text", otherwise: "json" },
        example: "json",
        mask: None,
    },
    Variable {
        name: "PORTCULLIS_LOG_LEVEL",
        meaning: "What is logged: a level for everything, and levels for parts.",
        allowed: Described("error, warn, info, debug, trace or off, or such levels for parts as PART=LEVEL"),
        default: Always("info"),
        example: "info,portcullis::store=debug",
        mask: None,
    },
    otlp::URL,
    otlp::HEADERS,
    nats::URL,
    nats::SUBJECT,
    nats::CA_FILE,
    webhooks::RECEIVERS,
    webhooks::NETWORKS,
    Variable {
        name: "PORTCULLIS_DATA_DIR",
        meaning: "The directory of the embedded store and of the key secret that is made for it.",
        allowed: Described("a directory"),
        default: Always("./data"),
        example: "/var/lib/portcullis",
        mask: None,
    },
    backup::TO,
    backup::RECIPIENTS,
    backup::KEEP,
    backup::IDENTITY,
    backup::S3_ENDPOINT,
    backup::S3_REGION,
    backup::S3_ACCESS_KEY,
    backup::S3_SECRET_KEY,
];

/// Whether there is one may be known.
fn masked(secret: &str) -> String {
    if secret.is_empty() { String::new() } else { "***".to_owned() }
}
