//! What F5's controller thinks of the policies by which it asks us.

use super::routes::{Entrances, Ingress, Policy, QUESTION};
use crate::domain::finding::Finding;

const CHECK: &str = "ingress";
const NAMED: &str = "nginx.org/policies";

impl Policy {
    pub(super) fn asks_us(&self) -> bool {
        self.spec.external_auth.uri.starts_with(QUESTION)
    }
}

/// Those that an Ingress names, by namespace and name.
pub(super) fn named(ingress: &Ingress) -> impl Iterator<Item = (&str, &str)> {
    let names = ingress.metadata.annotations.get(NAMED).into_iter().flat_map(|names| names.split(','));
    names
        .map(|name| name.trim().split_once('/').unwrap_or((ingress.metadata.namespace.as_str(), name.trim())))
}

pub(super) fn find<'a>(policies: &'a [Policy], (namespace, name): (&str, &str)) -> Option<&'a Policy> {
    policies.iter().find(|policy| policy.metadata.namespace == namespace && policy.metadata.name == name)
}

pub(super) fn judge(routes: &Entrances) -> Vec<Finding> {
    let policies = routes.policies.iter().flatten().filter(|policy| policy.asks_us());
    policies.flat_map(judge_one).collect()
}

fn judge_one(policy: &Policy) -> Vec<Finding> {
    let (name, auth, status) = (policy.metadata.path(), &policy.spec.external_auth, &policy.status);
    let mut found = Vec::new();
    if !auth.uri.starts_with("/v1/forward-auth/nic/") {
        found.push(Finding::wrong(
            CHECK,
            format!("the Policy {name} asks in the dialect of another controller ({}), whose headers any client can send", auth.uri),
            "let its authURI begin with /v1/forward-auth/nic/",
        ));
    }
    if !auth.sign_in_uri.is_empty() {
        found.push(Finding::wrong(
            CHECK,
            format!("the Policy {name} has an authSigninURI, which opens a path from outside to portcullis-internal"),
            "leave authSigninURI out: whoever is refused is sent to sign in by the application",
        ));
    }
    let what = |is: &str| format!("the Policy {name} {is}: {}", status.message);
    match status.state.as_str() {
        "Valid" => {}
        "Warning" => {
            found.push(Finding::warning(CHECK, what("is taken with a warning"), "mend what it says"));
        }
        "" => found.push(Finding::warning(
            CHECK,
            format!("no controller has looked at the Policy {name}"),
            "see whether F5's controller runs, with custom resources enabled and this class",
        )),
        _ => found.push(Finding::wrong(CHECK, what("is refused by the controller"), "mend what it says")),
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;
    use crate::domain::finding::State;

    fn states(auth: &serde_json::Value, state: &str) -> Vec<State> {
        let metadata = json!({ "name": "signed-in", "namespace": "a" });
        let status = json!({ "state": state, "message": "because", "reason": "Rejected" });
        let policy = json!({ "metadata": metadata, "spec": { "externalAuth": auth }, "status": status });
        let policies = Some(vec![from_value(policy).unwrap()]);
        let routes =
            Entrances { ingresses: vec![], classes: None, policies, http_routes: vec![], gateways: vec![] };
        judge(&routes).into_iter().map(|finding| finding.state).collect()
    }

    #[test]
    fn a_policy_that_asks_us_is_taken_and_opens_nothing() {
        let auth = || json!({ "authURI": "/v1/forward-auth/nic/signed-in", "authServiceName": "portcullis/portcullis-internal" });
        assert_eq!(states(&auth(), "Valid"), []);
        assert_eq!(states(&auth(), "Invalid"), [State::Wrong]);
        assert_eq!(states(&auth(), "Warning"), [State::Warning]);
        assert_eq!(states(&auth(), ""), [State::Warning]);
        assert_eq!(states(&json!({ "authURI": "/oauth2/auth" }), "Invalid"), [], "it is not about us");
        assert_eq!(
            states(&json!({ "authURI": "/v1/forward-auth/traefik/signed-in" }), "Valid"),
            [State::Wrong]
        );
        let mut opening = auth();
        opening["authSigninURI"] = "/sign-in".into();
        assert_eq!(states(&opening, "Valid"), [State::Wrong]);
    }
}
