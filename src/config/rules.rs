//! The rules of forward-auth: a JSON array, read strictly, every fault of it told.

use std::fmt;

use jiff::SignedDuration;
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};
use serde_json::Value;

use crate::domain::{
    original::{PathPattern, RequestMethod},
    rule::{Factor, Rule, RuleBook, RuleName},
    user::Role,
};

/// No sign-in is good for longer, whatever a session's lifetime: this catches milliseconds.
const OLDEST: u64 = 30 * 24 * 60 * 60;

pub(super) fn rules<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RuleBook, D::Error> {
    read(&String::deserialize(deserializer)?).map_err(|faults| D::Error::custom(faults.join("; ")))
}

fn read(text: &str) -> Result<RuleBook, Vec<String>> {
    let entries: Vec<Members> = serde_json::from_str(text).map_err(|error| vec![error.to_string()])?;
    let mut faults = Vec::new();
    let rules = entries.into_iter().enumerate().filter_map(|(at, members)| {
        let mut found = Vec::new();
        let rule = members.rule(&mut found);
        faults.extend(found.into_iter().map(|fault| format!("rule {}: {fault}", at + 1)));
        rule
    });
    let rules = rules.collect();
    if !faults.is_empty() {
        return Err(faults);
    }
    RuleBook::new(rules).map_err(|error| vec![error.to_string()])
}

/// F5's controller tells nothing of the request it asks about.
pub(super) fn warning(rules: &RuleBook) -> Option<String> {
    let names: Vec<_> =
        rules.iter().filter(|rule| rule.asks_for_the_request()).map(|rule| rule.name.to_string()).collect();
    (!names.is_empty()).then(|| {
        format!(
            "rules of forward-auth that ask for methods or paths let nobody through under the adapter nic, \
             which cannot know them: {}",
            names.join(", ")
        )
    })
}

/// The members of an object as they stand, so that neither a repeated nor an unknown one is overlooked.
struct Members(Vec<(String, Value)>);

impl Members {
    /// `None` only where a fault is told.
    fn rule(self, faults: &mut Vec<String>) -> Option<Rule> {
        let mut name = None;
        let (mut roles, mut amr, mut methods, mut paths) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut max_age = None;
        let mut seen: Vec<&str> = Vec::new();
        for (member, value) in &self.0 {
            if seen.contains(&member.as_str()) {
                faults.push(format!("{member:?} stands there twice"));
            }
            seen.push(member);
            let read = match member.as_str() {
                "name" => rule_name(value).map(|read| name = Some(read)),
                "roles" => list(value, |text| Role::try_from(text).ok()).map(|read| roles = read),
                "amr" => list(value, Factor::parse).map(|read| amr = read),
                "methods" => list(value, |text| RequestMethod::parse(text).ok()).map(|read| methods = read),
                "paths" => list(value, |text| PathPattern::parse(text).ok()).map(|read| paths = read),
                "maxAge" => seconds(value).map(|read| max_age = Some(read)),
                _ => Err("nobody knows this member".to_owned()),
            };
            faults.extend(read.err().map(|fault| format!("{member:?}: {fault}")));
        }
        if !seen.contains(&"name") {
            faults.push("it has no \"name\"".to_owned());
        }
        Some(Rule { name: name?, roles, amr, max_age, methods, paths })
    }
}

fn rule_name(value: &Value) -> Result<RuleName, String> {
    let text = value.as_str().ok_or("it must be a text")?;
    RuleName::try_from(text).map_err(|error| format!("{text:?}: {error}"))
}

/// An empty list could mean everybody or nobody, so it means neither.
fn list<T>(value: &Value, parse: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, String> {
    let entries = value.as_array().filter(|entries| !entries.is_empty());
    let entries = entries.ok_or("it must be a list with something in it; leave it out to ask for nothing")?;
    let read = |entry: &Value| entry.as_str().and_then(&parse).ok_or_else(|| format!("{entry} is not one"));
    entries.iter().map(read).collect()
}

fn seconds(value: &Value) -> Result<SignedDuration, String> {
    let seconds = value.as_u64().filter(|seconds| (1..=OLDEST).contains(seconds));
    let seconds = seconds.and_then(|seconds| i64::try_from(seconds).ok());
    seconds.map(SignedDuration::from_secs).ok_or_else(|| format!("it must be 1 to {OLDEST} seconds"))
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Gathered)
    }
}

struct Gathered;

impl<'de> Visitor<'de> for Gathered {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a rule, which is an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}
