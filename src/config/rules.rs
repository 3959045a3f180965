//! The rules of forward-auth: a JSON array, read strictly, every fault of it told.

use jiff::SignedDuration;
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;

use super::{duration, members::Members};
use crate::domain::{
    original::{PathPattern, RequestMethod},
    rule::{Factor, Rule, RuleBook, RuleName},
    user::Role,
};

pub(super) fn rules<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RuleBook, D::Error> {
    read(&String::deserialize(deserializer)?).map_err(|faults| D::Error::custom(faults.join("; ")))
}

fn read(text: &str) -> Result<RuleBook, Vec<String>> {
    let entries: Vec<Members> = serde_json::from_str(text)
        .map_err(|error| vec![format!("it must be a JSON array of objects, one for each rule: {error}")])?;
    let mut faults = Vec::new();
    let rules = entries.into_iter().enumerate().filter_map(|(at, members)| {
        let mut found = Vec::new();
        let rule = rule(&members, &mut found);
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

const ROLES: &str = "1 to 64 lower-case letters, digits and hyphens";
const FACTORS: &str = "pwd or mfa, which are all that there are so far";
const METHODS: &str = "a method in capitals, such as GET";
const PATHS: &str = "a pattern that begins with / and in which * stands for a whole segment, and ** at the end for what is below";

/// `None` only where a fault is told.
fn rule(members: &Members, faults: &mut Vec<String>) -> Option<Rule> {
    let mut name = None;
    let (mut roles, mut amr, mut methods, mut paths) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut max_age = None;
    let mut seen: Vec<&str> = Vec::new();
    for (member, value) in &members.0 {
        if seen.contains(&member.as_str()) {
            faults.push(format!("{member:?} stands there twice"));
        }
        seen.push(member);
        let read = match member.as_str() {
            "name" => rule_name(value).map(|read| name = Some(read)),
            "roles" => list(value, ROLES, |text| Role::try_from(text).ok()).map(|read| roles = read),
            "amr" => list(value, FACTORS, Factor::parse).map(|read| amr = read),
            "methods" => {
                list(value, METHODS, |text| RequestMethod::parse(text).ok()).map(|read| methods = read)
            }
            "paths" => list(value, PATHS, |text| PathPattern::parse(text).ok()).map(|read| paths = read),
            "maxAge" => age(value).map(|read| max_age = Some(read)),
            _ => Err("nobody knows this member".to_owned()),
        };
        faults.extend(read.err().map(|fault| format!("{member:?}: {fault}")));
    }
    if !seen.contains(&"name") {
        faults.push("it has no \"name\"".to_owned());
    }
    Some(Rule { name: name?, roles, amr, max_age, methods, paths })
}

fn rule_name(value: &Value) -> Result<RuleName, String> {
    let text = value.as_str().ok_or("it must be a text")?;
    RuleName::try_from(text).map_err(|error| format!("{text:?}: {error}"))
}

/// An empty list could mean everybody or nobody, so it means neither.
fn list<T>(value: &Value, what: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, String> {
    let entries = value.as_array().filter(|entries| !entries.is_empty());
    let entries = entries.ok_or("it must be a list with something in it; leave it out to ask for nothing")?;
    let (mut read, mut wrong) = (Vec::new(), Vec::new());
    for entry in entries {
        match entry.as_str().and_then(&parse) {
            Some(entry) => read.push(entry),
            None => wrong.push(entry.to_string()),
        }
    }
    if wrong.is_empty() { Ok(read) } else { Err(format!("not {what}: {}", wrong.join(", "))) }
}

/// Nothing is as recent as a sign-in of no time ago.
fn age(value: &Value) -> Result<SignedDuration, String> {
    let age = value.as_str().and_then(duration::parse).filter(SignedDuration::is_positive);
    age.ok_or_else(|| "it must be whole seconds, minutes or hours, such as \"15m\"".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        read(text).err().unwrap_or_default()
    }

    #[test]
    fn every_member_of_a_rule_is_read() {
        let text = r#"[
            {"name": "any"},
            {"name": "desk", "roles": ["agent", "admin"], "amr": ["pwd", "mfa"], "maxAge": "15m", "methods": ["GET"],
             "paths": ["/tickets/**", "/"]}
        ]"#;
        let book = read(text).unwrap();
        let desk = book.find("desk").unwrap();
        assert_eq!((desk.roles.len(), desk.amr.len(), desk.methods.len(), desk.paths.len()), (2, 2, 1, 2));
        assert_eq!(desk.max_age, Some(SignedDuration::from_mins(15)));
        assert!(book.find("any").is_some_and(|any| any.roles.is_empty() && !any.asks_for_the_request()));
        assert!(warning(&book).unwrap().ends_with(": desk"));
        assert!(read("[]").is_ok_and(|book| warning(&book).is_none()));
    }

    #[test]
    fn every_fault_of_every_rule_is_told() {
        let text = r#"[
            {"name": "Desk", "roles": [], "amr": ["palm", "pwd", "otp"], "max_age": 5},
            {"name": "ok"},
            {"maxAge": 900, "methods": ["get"], "paths": ["admin"], "paths": ["/a"]}
        ]"#;
        let told = faults(text);
        for (rule, what) in [
            (1, "\"name\": \"Desk\""),
            (1, "\"roles\": it must be a list with something in it"),
            (1, "\"amr\": not pwd or mfa, which are all that there are so far: \"palm\", \"otp\""),
            (1, "\"max_age\": nobody knows"),
            (3, "it has no \"name\""),
            (3, "\"maxAge\": it must be"),
            (3, "\"methods\": not a method in capitals"),
            (3, "\"paths\": not a pattern that begins with /"),
            (3, "\"paths\" stands there twice"),
        ] {
            let start = format!("rule {rule}: {what}");
            assert!(told.iter().any(|fault| fault.starts_with(&start)), "{start}: {told:#?}");
        }
        assert_eq!(told.len(), 9, "{told:#?}");
    }

    #[test]
    fn no_rule_stands_in_front_of_another() {
        for name in ["signed-in", "mfa", "role-admin", "role-"] {
            assert!(!faults(&format!(r#"[{{"name":"{name}"}}]"#)).is_empty(), "{name}");
        }
        assert_eq!(faults(r#"[{"name":"a"},{"name":"b"},{"name":"a"}]"#), ["there are two rules named a"]);
        for text in
            ["", "{}", "[1]", "[[]]", "null", r#"[{"name":"a"}"#, r#"[{"name":"a"}] x"#, r#"[{"name":null}]"#]
        {
            assert!(!faults(text).is_empty(), "{text}");
        }
    }
}
