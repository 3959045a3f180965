//! What the configuration decides about verbs.

use crate::{config::Config, domain::access_token::TokenRules, flows::Rules};

pub(super) fn rules(config: &Config) -> Rules {
    let tokens = TokenRules {
        issuer: config.public.origin.to_string(),
        audience: config.token.audience.clone(),
        lifetime: config.token.ttl,
    };
    Rules {
        cost: config.password.cost,
        passwords: config.password.policy,
        sign_up: config.sign_up.answer,
        throttle: config.throttle.preset,
        remembered_passwords: config.password.history,
        lifetimes: config.session.preset.lifetimes(),
        sessions: config.session.limit,
        grace: config.session.grace,
        tokens,
        gate: config.forward.auth_rules.clone(),
    }
}
