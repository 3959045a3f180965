//! Decide who is let through to what lies behind a proxy: the one decision, whatever the proxy's dialect.

use crate::domain::{
    original::{Ambiguous, Original},
    rule::{Rule, Unmet},
};

use super::{
    Failure, Services,
    authenticate::Credentials,
    who_am_i::{Known, WhoAmIRefusal, who_am_i},
};

/// What a proxy wants to know.
pub struct Asked<'a> {
    pub credentials: Result<Credentials, GateRefusal>,
    pub rule: &'a str,
    /// `None` where the proxy tells nothing of the request it holds.
    pub original: Result<Option<Original>, Ambiguous>,
}

/// Why somebody is not let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GateRefusal {
    #[error("nobody is signed in")]
    SignedOut,
    #[error("the sign-in is too long ago")]
    SignInTooOld,
    #[error("the cookie and the token stand for different sessions")]
    Conflict,
    #[error("there is no such adapter")]
    UnknownAdapter,
    #[error("there is no such rule")]
    UnknownRule,
    #[error("what is asked for cannot be understood in one way only")]
    Ambiguous,
    #[error("the user has none of the rule's roles")]
    Role,
    #[error("the session was opened with too few factors")]
    Factor,
    #[error("the rule does not allow the method")]
    Method,
    #[error("the rule does not allow the path")]
    Path,
    #[error("the rule asks for what this adapter cannot know")]
    Untold,
    #[error("the question is too large or cannot be read")]
    Malformed,
    #[error("it cannot be decided now")]
    Unavailable,
}

impl GateRefusal {
    /// Whether a new sign-in mends it.
    pub const fn is_for_a_sign_in(self) -> bool {
        matches!(self, Self::SignedOut | Self::SignInTooOld)
    }

    /// Stable, for programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::SignInTooOld => "sign_in_too_old",
            Self::Conflict => "conflict",
            Self::UnknownAdapter => "unknown_adapter",
            Self::UnknownRule => "unknown_rule",
            Self::Ambiguous => "ambiguous",
            Self::Role => "role",
            Self::Factor => "factor",
            Self::Method => "method",
            Self::Path => "path",
            Self::Untold => "untold",
            Self::Malformed => "malformed",
            Self::Unavailable => "unavailable",
        }
    }
}

/// Who is let through, with the token that says so to what lies behind. What needs no store is decided first, and before
/// everything else whether there is such a rule: a proxy that is set up wrongly is told so, whoever comes by.
#[tracing::instrument(target = "otlp", skip_all)]
pub async fn decide(services: &Services, asked: Asked<'_>) -> Result<Known, Failure<GateRefusal>> {
    let Asked { credentials, rule, original } = asked;
    let rule = services.rules.gate.find(rule).ok_or(Failure::Refused(GateRefusal::UnknownRule))?;
    let credentials = credentials.map_err(Failure::Refused)?;
    let original = original.map_err(|ambiguous| Failure::Refused(ambiguous.into()))?;
    let known =
        who_am_i(services, &credentials).await.map_err(|failure| failure.refused_by(GateRefusal::from))?;
    judge(&rule, &known, original.as_ref(), services).map_err(|unmet| Failure::Refused(unmet.into()))?;
    Ok(known)
}

fn judge(rule: &Rule, known: &Known, original: Option<&Original>, services: &Services) -> Result<(), Unmet> {
    let remembered = &known.verified.remembered;
    rule.judge(&remembered.user, &remembered.session, original, services.clock.now())
}

impl From<WhoAmIRefusal> for GateRefusal {
    fn from(refusal: WhoAmIRefusal) -> Self {
        match refusal {
            WhoAmIRefusal::SignedOut | WhoAmIRefusal::Token(_) => Self::SignedOut,
            WhoAmIRefusal::Contradiction(_) => Self::Conflict,
        }
    }
}

impl From<Unmet> for GateRefusal {
    fn from(unmet: Unmet) -> Self {
        match unmet {
            Unmet::Role => Self::Role,
            Unmet::Factor => Self::Factor,
            Unmet::Age => Self::SignInTooOld,
            Unmet::Method => Self::Method,
            Unmet::Path => Self::Path,
            Unmet::Untold => Self::Untold,
        }
    }
}

impl From<Ambiguous> for GateRefusal {
    fn from(_: Ambiguous) -> Self {
        Self::Ambiguous
    }
}
