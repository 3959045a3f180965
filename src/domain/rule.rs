//! A rule: who is let through the gate, how they must have signed in, and what they may ask for there.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::{
    original::{Original, PathPattern, RequestMethod},
    session::{Method, Session},
    user::{Role, User},
};

/// Whoever has a session meets a rule that asks for nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub name: RuleName,
    /// One of them is enough; none are asked for where there are none.
    pub roles: Vec<Role>,
    /// All of them are needed.
    pub amr: Vec<Factor>,
    /// For so long a sign-in is good enough.
    pub max_age: Option<SignedDuration>,
    /// Any, where there are none.
    pub methods: Vec<RequestMethod>,
    /// Any, where there are none.
    pub paths: Vec<PathPattern>,
}

/// 1 to 64 lower-case letters, digits and hyphens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleName(String);

/// What a session can have been opened with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Factor {
    Method(Method),
    /// Two different methods at least: `mfa`.
    Several,
}

/// What of a rule somebody does not meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmet {
    Role,
    Factor,
    /// Signing in again helps.
    Age,
    Method,
    Path,
    /// The rule asks for what the proxy cannot tell.
    Untold,
}

/// All rules: the configured ones, and those that need no configuration.
#[derive(Clone, Debug, Default)]
pub struct RuleBook(Vec<Rule>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a rule's name is 1 to 64 lower-case letters, digits and hyphens, and not one that is built in")]
pub struct InvalidName;

/// Two rules of one name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there are two rules named {0}")]
pub struct SameName(RuleName);

const SIGNED_IN: &str = "signed-in";
const MFA: &str = "mfa";
const ROLE: &str = "role-";

impl Rule {
    fn built_in(name: &str) -> Option<Self> {
        let bare = Self {
            name: RuleName(name.to_owned()),
            roles: Vec::new(),
            amr: Vec::new(),
            max_age: None,
            methods: Vec::new(),
            paths: Vec::new(),
        };
        match (name, name.strip_prefix(ROLE)) {
            (SIGNED_IN, _) => Some(bare),
            (MFA, _) => Some(Self { amr: vec![Factor::Several], ..bare }),
            (_, Some(role)) => Some(Self { roles: vec![Role::try_from(role).ok()?], ..bare }),
            _ => None,
        }
    }

    /// Whether it cannot be decided without knowing what is asked for.
    pub fn asks_for_the_request(&self) -> bool {
        !self.methods.is_empty() || !self.paths.is_empty()
    }

    /// Lets somebody through, or says what they lack. What a new sign-in would mend comes last.
    pub fn judge(
        &self,
        user: &User,
        session: &Session,
        original: Option<&Original>,
        now: Timestamp,
    ) -> Result<(), Unmet> {
        let too_old = |most| now.duration_since(session.auth_time) > most;
        if !self.roles.is_empty() && !self.roles.iter().any(|role| user.attrs().roles.contains(role)) {
            Err(Unmet::Role)
        } else if !self.amr.iter().all(|factor| factor.is_among(&session.amr)) {
            Err(Unmet::Factor)
        } else {
            self.judge_request(original)?;
            if self.max_age.is_some_and(too_old) { Err(Unmet::Age) } else { Ok(()) }
        }
    }

    fn judge_request(&self, original: Option<&Original>) -> Result<(), Unmet> {
        let Some(Original { method, path }) = original else {
            return if self.asks_for_the_request() { Err(Unmet::Untold) } else { Ok(()) };
        };
        if !self.methods.is_empty() && !self.methods.contains(method) {
            Err(Unmet::Method)
        } else if !self.paths.is_empty() && !self.paths.iter().any(|pattern| pattern.matches(path)) {
            Err(Unmet::Path)
        } else {
            Ok(())
        }
    }
}

impl RuleBook {
    pub fn new(rules: Vec<Rule>) -> Result<Self, SameName> {
        let twice = rules
            .iter()
            .enumerate()
            .find(|(at, rule)| rules.iter().take(*at).any(|other| other.name == rule.name));
        match twice {
            Some((_, rule)) => Err(SameName(rule.name.clone())),
            None => Ok(Self(rules)),
        }
    }

    pub fn find(&self, name: &str) -> Option<Rule> {
        let configured = self.0.iter().find(|rule| rule.name.0 == name);
        configured.cloned().or_else(|| Rule::built_in(name))
    }

    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.0.iter()
    }
}

impl Factor {
    pub fn parse(name: &str) -> Option<Self> {
        let method = Method::ALL.into_iter().find(|method| method.as_str() == name);
        method.map(Self::Method).or_else(|| (name == MFA).then_some(Self::Several))
    }

    fn is_among(self, amr: &[Method]) -> bool {
        match self {
            Self::Method(method) => amr.contains(&method),
            Self::Several => amr.iter().any(|method| Some(method) != amr.first()),
        }
    }
}

impl TryFrom<&str> for RuleName {
    type Error = InvalidName;

    fn try_from(name: &str) -> Result<Self, InvalidName> {
        let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let taken = name == SIGNED_IN || name == MFA || name.starts_with(ROLE);
        if plain && !taken && (1..=64).contains(&name.len()) {
            Ok(Self(name.to_owned()))
        } else {
            Err(InvalidName)
        }
    }
}

impl fmt::Display for RuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::original::RequestPath;

    fn found(name: &str) -> Option<Rule> {
        RuleBook::default().find(name)
    }

    #[test]
    fn some_rules_need_no_configuration() {
        assert!(found("signed-in").is_some_and(|rule| rule.roles.is_empty() && rule.amr.is_empty()));
        assert_eq!(found("mfa").unwrap().amr, [Factor::Several]);
        assert_eq!(found("role-admin").unwrap().roles, [Role::try_from("admin").unwrap()]);
        for name in ["", "role-", "role-Admin", "role-a/b", "SIGNED-IN", "signed-in ", "nobody"] {
            assert_eq!(found(name), None, "{name:?}");
        }
    }

    #[test]
    fn one_method_twice_is_not_two_factors() {
        assert!(!Factor::Several.is_among(&[]));
        assert!(!Factor::Several.is_among(&[Method::Password]));
        assert!(!Factor::Several.is_among(&[Method::Password, Method::Password]));
        assert!(Factor::Method(Method::Password).is_among(&[Method::Password]));
        assert!(!Factor::Method(Method::Password).is_among(&[]));
    }

    #[test]
    fn a_rule_that_asks_for_the_request_is_met_by_none_that_is_not_told() {
        let original = |method: &str, path: &[u8]| Original {
            method: RequestMethod::parse(method).unwrap(),
            path: RequestPath::parse(path).unwrap(),
        };
        let rule = Rule {
            methods: vec![RequestMethod::parse("GET").unwrap()],
            paths: vec![PathPattern::parse("/a/*").unwrap()],
            ..found("signed-in").unwrap()
        };
        assert_eq!(rule.judge_request(None), Err(Unmet::Untold));
        assert_eq!(rule.judge_request(Some(&original("GET", b"/a/b"))), Ok(()));
        assert_eq!(rule.judge_request(Some(&original("POST", b"/a/b"))), Err(Unmet::Method));
        assert_eq!(rule.judge_request(Some(&original("GET", b"/b"))), Err(Unmet::Path));
        assert_eq!(found("signed-in").unwrap().judge_request(None), Ok(()));
    }
}
