//! What the agent beside a mongod is told: its variables are declared here, and it reads them as types of its own.

use serde::de::DeserializeOwned;
use validator::Validate;

use super::{
    fault::Misconfigured,
    reader::Reader,
    sections::Log,
    surroundings::Sources,
    unknown,
    variable::{
        Allowed::Described,
        Unset::{Always, OutsideCluster},
        Variable,
    },
    variables::VARIABLES,
};

const SECTION: &str = "PORTCULLIS_AGENT_";
const LOG: &str = "PORTCULLIS_LOG_";

/// The agent's own section, and how it logs.
#[derive(Debug)]
pub struct ForAgent<T> {
    pub section: T,
    pub log: Log,
    /// What to say at start.
    pub warnings: Vec<String>,
}

impl<T: DeserializeOwned + Validate> ForAgent<T> {
    pub fn read(sources: &Sources) -> Result<Self, Misconfigured> {
        let unknown = unknown::warning(sources);
        let log = VARIABLES.iter().filter(|variable| variable.name.starts_with(LOG));
        let mut reader = Reader::new(sources, AGENT_VARIABLES.iter().chain(log));
        let (section, log) = (reader.section(SECTION), reader.section(LOG));
        let (settings, faults) = reader.finish();
        match (section, log) {
            (Some(section), Some(log)) if faults.is_empty() => {
                Ok(Self { section, log, warnings: unknown.into_iter().collect() })
            }
            _ => Err(Misconfigured::of(faults, unknown, &settings)),
        }
    }
}

pub const AGENT_VARIABLES: &[Variable] = &[
    Variable {
        name: "PORTCULLIS_AGENT_POD",
        meaning: "The name of the pod, from the downward API (`metadata.name`): the `StatefulSet`'s and the pod's number. \
                  The agent of number 0 makes the set. Members numbered 7 and above have no vote.",
        allowed: Described("the name of a StatefulSet's pod, numbered up to 255"),
        default: OutsideCluster("mongodb-0"),
        example: "auth-mongodb-0",
        mask: None,
    },
    Variable {
        name: "PORTCULLIS_AGENT_NAMESPACE",
        meaning: "The namespace of the pod, from the downward API (`metadata.namespace`).",
        allowed: Described("the name of a namespace"),
        default: OutsideCluster("default"),
        example: "portcullis",
        mask: None,
    },
    Variable {
        name: "PORTCULLIS_AGENT_MEMBERS",
        meaning: "How many members the set is meant to have, as `spec.replicas` says. A set is made only after so many have \
                  said that they know of none.",
        allowed: Described("a whole number from 1 to 50"),
        default: OutsideCluster("1"),
        example: "3",
        mask: None,
    },
    Variable {
        name: "PORTCULLIS_AGENT_DATABASE",
        meaning: "The database of the service: the one in which `portcullis-app` may do anything.",
        allowed: Described("the name of a database, and none of the server's own"),
        default: Always("auth"),
        example: "tickets",
        mask: None,
    },
    Variable {
        name: "PORTCULLIS_AGENT_USERS_DIR",
        meaning: "The folder with the passwords of the set's users, one file each: `agent`, `app`, `backup` and `monitor`. A file \
                  that changes changes the password, within seconds. Where that of the agent is to change, keep the one of \
                  before as `agent-previous` until `portcullis mongo-agent status` works everywhere.",
        allowed: Described("a directory"),
        default: Always("/etc/mongo-agent/users"),
        example: "/etc/mongo-agent/users",
        mask: None,
    },
    Variable {
        name: "PORTCULLIS_AGENT_LISTEN",
        meaning: "Where the kubelet and whoever counts reach the agent: `/startz`, `/livez`, `/readyz`, `/metrics`.",
        allowed: Described("an address and a port"),
        default: Always("127.0.0.1:9001"),
        example: "0.0.0.0:9001",
        mask: None,
    },
    Variable {
        name: "PORTCULLIS_AGENT_STEP_DOWN_LISTEN",
        meaning: "Where the kubelet says that the pod is about to go: `/step-down`. Anybody who reaches it can make the primary step \
                  down, so no network policy opens it; none stops the kubelet.",
        allowed: Described("an address and a port"),
        default: Always("127.0.0.1:9002"),
        example: "0.0.0.0:9002",
        mask: None,
    },
    Variable {
        name: "PORTCULLIS_AGENT_MONGOD",
        meaning: "The mongod beside the agent. It has to take the agent for a neighbour (127.0.0.1 or ::1), or no first user can be \
                  made. With TLS its certificate has to be for this name too.",
        allowed: Described("a host and a port"),
        default: Always("127.0.0.1:27017"),
        example: "localhost:27017",
        mask: None,
    },
    Variable {
        name: "PORTCULLIS_AGENT_TLS_CA_FILE",
        meaning: "The authority that has to have signed the certificate of every mongod, in PEM. When set, nothing is said without \
                  TLS. The file is read again for every new connection.",
        allowed: Described("the path of a file"),
        default: Always(""),
        example: "/etc/mongo-agent/ca/ca.crt",
        mask: None,
    },
    Variable {
        name: "PORTCULLIS_AGENT_DOMAIN",
        meaning: "What stands behind the namespace in the name of a member.",
        allowed: Described("a domain"),
        default: Always("svc"),
        example: "svc.cluster.local",
        mask: None,
    },
    Variable {
        name: "PORTCULLIS_AGENT_HOSTS",
        meaning: "How the name of a member is made: from `{name}` of the `StatefulSet`, `{ordinal}` of the pod, `{namespace}` and \
                  `{domain}`. Only outside Kubernetes is it anything else, and it must not change while there is a set.",
        allowed: Described("a host and a port with {ordinal} in it, once"),
        default: Always("{name}-{ordinal}.{name}.{namespace}.{domain}:27017"),
        example: "127.0.0.1:2701{ordinal}",
        mask: None,
    },
];
