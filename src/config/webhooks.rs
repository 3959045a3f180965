//! The receivers of webhooks: a JSON array, read strictly, every fault of it told by its place and never by what stands there,
//! which may be a secret.

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;
use validator::Validate;
use zeroize::Zeroizing;

use super::{members::Members, networks::networks};
use crate::domain::{
    event::EventKind,
    webhook::{ReceiverName, ReceiverUrl, WebhookSecret, guard::Guard},
};

/// Each is one more that is waited for.
const MOST_RECEIVERS: usize = 8;

/// One before, one now, one to come.
const MOST_SECRETS: usize = 3;

/// `PORTCULLIS_WEBHOOKS_*`
#[derive(Clone, Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Webhooks {
    #[serde(deserialize_with = "receivers")]
    pub receivers: Vec<Receiver>,
    /// Where receivers may be although nobody reaches these from everywhere.
    #[serde(deserialize_with = "networks")]
    pub networks: Vec<IpNet>,
}

#[derive(Clone, Debug)]
pub struct Receiver {
    pub name: ReceiverName,
    pub url: ReceiverUrl,
    pub secrets: Vec<WebhookSecret>,
    /// All, where there are none.
    pub kinds: Vec<EventKind>,
}

impl Webhooks {
    /// What only both together show to be wrong.
    pub(super) fn fault(&self) -> Option<String> {
        let faults: Vec<_> = self.receivers.iter().filter_map(|receiver| self.fault_of(receiver)).collect();
        (!faults.is_empty()).then(|| faults.join("; "))
    }

    /// Where a name leads is seen each time; an address is what it is.
    fn fault_of(&self, Receiver { name, url, .. }: &Receiver) -> Option<String> {
        if !url.is_secure() && self.networks.is_empty() {
            return Some(format!(
                "{name} is reached by plain http, which is for PORTCULLIS_WEBHOOKS_NETWORKS, and there are none"
            ));
        }
        let judged = Guard::of(url, self.networks.clone()).judge_literal(url.host());
        judged.err().map(|shut| format!("{name}: {shut}"))
    }

    pub(super) fn warning(&self) -> Option<&'static str> {
        self.networks.iter().any(|network| network.prefix_len() == 0).then_some(
            "PORTCULLIS_WEBHOOKS_NETWORKS holds every address: a receiver may be a service that only we can reach, \
             and be told by plain http",
        )
    }
}

/// Empty is unset.
fn receivers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Receiver>, D::Error> {
    let given = Zeroizing::new(String::deserialize(deserializer)?);
    if given.is_empty() {
        return Ok(Vec::new());
    }
    read(&given).map_err(|faults| D::Error::custom(faults.join("; ")))
}

fn read(text: &str) -> Result<Vec<Receiver>, Vec<String>> {
    let entries: Vec<Members> = serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        vec![format!("no JSON array of objects, one for each receiver: line {line}, column {column}")]
    })?;
    let mut faults = Vec::new();
    if entries.len() > MOST_RECEIVERS {
        faults.push(format!("there are {} receivers, and may be {MOST_RECEIVERS}", entries.len()));
    }
    let receivers = entries.into_iter().enumerate().filter_map(|(at, members)| {
        let mut found = Vec::new();
        let receiver = receiver(&members, &mut found);
        faults.extend(found.into_iter().map(|fault| format!("receiver {}: {fault}", at + 1)));
        receiver
    });
    let receivers: Vec<_> = receivers.collect();
    faults.extend(namesakes(&receivers));
    if faults.is_empty() { Ok(receivers) } else { Err(faults) }
}

/// Each goes on by its name where it was.
fn namesakes(receivers: &[Receiver]) -> Option<String> {
    let mut pairs = receivers.iter().enumerate();
    let (_, twice) = pairs
        .find(|(at, receiver)| receivers.iter().take(*at).any(|earlier| earlier.name == receiver.name))?;
    Some(format!("there are two receivers named {}", twice.name))
}

/// `None` only where a fault is told.
fn receiver(members: &Members, faults: &mut Vec<String>) -> Option<Receiver> {
    let (mut name, mut url, mut secrets, mut kinds) = (None, None, None, Vec::new());
    let mut seen: Vec<&str> = Vec::new();
    for (at, (member, value)) in members.0.iter().enumerate() {
        if seen.contains(&member.as_str()) {
            faults.push(format!("member {} stands there twice", at + 1));
        }
        seen.push(member);
        let read = match member.as_str() {
            "name" => one(value, ReceiverName::parse).map(|read| name = Some(read)),
            "url" => one(value, ReceiverUrl::parse).map(|read| url = Some(read)),
            "secrets" => secrets_of(value).map(|read| secrets = Some(read)),
            "kinds" => kinds_of(value).map(|read| kinds = read),
            _ => {
                faults.push(format!("member {} is none of name, url, secrets and kinds", at + 1));
                continue;
            }
        };
        faults.extend(read.err().map(|fault| format!("{member:?}: {fault}")));
    }
    let missing = ["name", "url", "secrets"].into_iter().filter(|member| !seen.contains(member));
    faults.extend(missing.map(|member| format!("it has no {member:?}")));
    Some(Receiver { name: name?, url: url?, secrets: secrets?, kinds })
}

fn one<T, E: ToString>(value: &Value, parse: impl Fn(&str) -> Result<T, E>) -> Result<T, String> {
    parse(value.as_str().ok_or("it must be a text")?).map_err(|error| error.to_string())
}

fn secrets_of(value: &Value) -> Result<Vec<WebhookSecret>, String> {
    let secrets = list(value, |text| WebhookSecret::parse(text).map_err(|error| error.to_string()))?;
    if secrets.len() > MOST_SECRETS {
        return Err(format!("there are {}, and may be {MOST_SECRETS}", secrets.len()));
    }
    Ok(secrets)
}

fn kinds_of(value: &Value) -> Result<Vec<EventKind>, String> {
    list(value, |text| EventKind::parse(text).ok_or(String::new())).map_err(|fault| {
        let known: Vec<_> = EventKind::ALL.iter().map(EventKind::as_str).collect();
        format!("{fault}; the kinds are {}", known.join(", "))
    })
}

/// An empty list could mean all or none, so it means neither.
fn list<T>(value: &Value, parse: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    let entries = value.as_array().filter(|entries| !entries.is_empty());
    let entries = entries.ok_or("it must be a list with something in it")?;
    let (mut read, mut faults) = (Vec::new(), Vec::new());
    for (at, entry) in entries.iter().enumerate() {
        match entry.as_str().ok_or_else(|| "not a text".to_owned()).and_then(&parse) {
            Ok(entry) => read.push(entry),
            Err(fault) if fault.is_empty() => faults.push(format!("entry {} is none", at + 1)),
            Err(fault) => faults.push(format!("entry {} is {fault}", at + 1)),
        }
    }
    if faults.is_empty() { Ok(read) } else { Err(faults.join(", ")) }
}
