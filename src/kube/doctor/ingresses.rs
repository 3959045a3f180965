//! Whether each Ingress is served by a controller that does what is written on it, and leads nowhere that it should not.

use super::{
    controllers::{self, Controller},
    policies,
    routes::{Entrances, INTERNAL, Ingress, PUBLIC, Policy, QUESTION},
};
use crate::domain::finding::Finding;

const CHECK: &str = "ingress";

const AUTH_URL: &str = "nginx.ingress.kubernetes.io/auth-url";
const SET_HEADERS: &str = "nginx.org/proxy-set-headers";
const BLANK: [&str; 4] =
    ["X-Auth-Request-User:", "X-Auth-Request-Email:", "X-Auth-Request-Roles:", "X-Auth-Request-Session:"];

/// By whose words it asks to be guarded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Guard {
    /// By a policy of F5's controller.
    pub(super) f5: bool,
    pub(super) ingress_nginx: bool,
}

impl Guard {
    pub(super) fn of(ingress: &Ingress, routes: &Entrances) -> Self {
        let asks_us = |named| match &routes.policies {
            Some(policies) => policies::find(policies, named).is_some_and(Policy::asks_us),
            // Nobody may look, which is told; it may as well be about something else.
            None => false,
        };
        Self {
            f5: policies::named(ingress).any(asks_us),
            ingress_nginx: ingress
                .metadata
                .annotations
                .get(AUTH_URL)
                .is_some_and(|url| url.contains(QUESTION)),
        }
    }

    pub(super) const fn is_wanted(self) -> bool {
        self.f5 || self.ingress_nginx
    }
}

pub(super) fn judge(routes: &Entrances, namespace: &str) -> Vec<Finding> {
    routes.ingresses.iter().flat_map(|ingress| judge_one(ingress, routes, namespace)).collect()
}

fn judge_one(ingress: &Ingress, routes: &Entrances, namespace: &str) -> Vec<Finding> {
    let name = format!("the Ingress {}", ingress.metadata.path());
    let is_here = ingress.metadata.namespace == namespace;
    let (public, guard) = (is_here && ingress.leads_to(PUBLIC), Guard::of(ingress, routes));
    let mut found = Vec::new();
    if is_here && ingress.leads_to(INTERNAL) {
        found.push(Finding::wrong(
            CHECK,
            format!("{name} leads to {INTERNAL}: everybody can ask what only the cluster may"),
            format!("take {INTERNAL} out of it at once; a controller asks that Service by itself"),
        ));
    }
    if let Some(policies) = &routes.policies {
        for (in_namespace, policy) in
            policies::named(ingress).filter(|named| policies::find(policies, *named).is_none())
        {
            let what = format!("{name} names the Policy {in_namespace}/{policy}, which is not there");
            found.push(Finding::wrong(CHECK, what, "apply it, or correct the annotation nginx.org/policies"));
        }
    }
    if !public && !guard.is_wanted() {
        return found;
    }
    let controller = controllers::of(ingress, routes.classes.as_deref());
    found.extend(served(&name, &controller));
    if guard.is_wanted() {
        found.extend(heeded(&name, &controller, guard));
        found.extend(dialect(&name, ingress));
    }
    if controller == Controller::F5 && !blanks(ingress) {
        found.push(Finding::warning(
            CHECK,
            format!("{name} hands on identity headers that a client has invented"),
            format!("annotate it with {SET_HEADERS}: \"{}\"", BLANK.join(", ")),
        ));
    }
    found
}

fn served(name: &str, controller: &Controller) -> Option<Finding> {
    match controller {
        Controller::Nobody(why) => {
            let advice =
                "kubectl get ingressclass shows those that there are; put one into spec.ingressClassName";
            Some(Finding::wrong(CHECK, format!("{name} is served by nobody: {why}"), advice))
        }
        Controller::IngressNginx => Some(Finding::warning(
            CHECK,
            format!(
                "{name} is served by kubernetes/ingress-nginx, which was retired in March 2026 and gets no fixes"
            ),
            "move to k8s/components/ingress/nic or ngf",
        )),
        Controller::Unknown => Some(Finding::unknown(
            CHECK,
            format!("nobody knows who serves {name}: ingress classes cannot be read"),
            "docs/doctor.md lists the rights that this takes",
        )),
        Controller::F5 | Controller::Other(_) => None,
    }
}

/// Annotations of the other kind are ignored without a word.
fn heeded(name: &str, controller: &Controller, guard: Guard) -> Option<Finding> {
    let unguarded = |who: &str, what: &str, advice: &str| {
        let what = format!("{name} is not guarded: it is served by {who}, which ignores {what}");
        Some(Finding::wrong(CHECK, what, advice))
    };
    match controller {
        Controller::F5 if !guard.f5 => unguarded(
            "F5's controller",
            AUTH_URL,
            "guard it by a Policy and nginx.org/policies, as k8s/components/protected-app/nic does",
        ),
        Controller::IngressNginx if !guard.ingress_nginx => unguarded(
            "kubernetes/ingress-nginx",
            "nginx.org/policies",
            "guard it by auth-url and auth-response-headers, as k8s/components/protected-app/ingress-nginx does",
        ),
        Controller::Other(controller) => Some(Finding::warning(
            CHECK,
            format!(
                "{name} is served by {controller}, of which nobody here knows whether it heeds annotations of NGINX"
            ),
            "see what `gate` says, and docs/forward-auth.md",
        )),
        _ => None,
    }
}

/// Who asks in another's dialect has us believe headers that any client can send.
fn dialect(name: &str, ingress: &Ingress) -> Option<Finding> {
    let url = ingress.metadata.annotations.get(AUTH_URL)?;
    let (_, question) = url.split_once(QUESTION)?;
    (!question.starts_with("ingress-nginx/")).then(|| {
        let what = format!(
            "{name} asks in the dialect of another controller ({url}), whose headers any client can send"
        );
        Finding::wrong(CHECK, what, format!("let its auth-url end in {QUESTION}ingress-nginx/RULE"))
    })
}

/// The colon makes it empty; without it the client's own value would be handed on.
fn blanks(ingress: &Ingress) -> bool {
    // Those of a master are its minions'.
    let is_master = ingress
        .metadata
        .annotations
        .get("nginx.org/mergeable-ingress-type")
        .is_some_and(|kind| kind == "master");
    let set = ingress.metadata.annotations.get(SET_HEADERS).map(String::as_str).unwrap_or_default();
    let blanked: Vec<_> = set.split(',').map(str::trim).collect();
    is_master || BLANK.iter().all(|header| blanked.contains(header))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use k8s_openapi::{api::networking::v1 as net, apimachinery::pkg::apis::meta::v1::ObjectMeta};
    use serde_json::{from_value, json, to_value};

    use super::*;
    use crate::domain::finding::State;

    const OLD: (&str, &str) = (
        AUTH_URL,
        "http://portcullis-internal.portcullis.svc.cluster.local:9000/v1/forward-auth/ingress-nginx/signed-in",
    );
    const NEW: (&str, &str) = ("nginx.org/policies", "signed-in");
    const HEADERS: (&str, &str) = (
        SET_HEADERS,
        "X-Auth-Request-User:, X-Auth-Request-Email:, X-Auth-Request-Roles:, X-Auth-Request-Session:",
    );

    fn ingress(service: &str, annotations: &[(&str, &str)]) -> Ingress {
        let annotations: BTreeMap<_, _> =
            annotations.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let backend = net::IngressBackend {
            service: Some(net::IngressServiceBackend { name: service.to_owned(), port: None }),
            resource: None,
        };
        let path =
            net::HTTPIngressPath { path: Some("/x".to_owned()), path_type: "Prefix".to_owned(), backend };
        let rule = net::IngressRule {
            host: Some("a.example".to_owned()),
            http: Some(net::HTTPIngressRuleValue { paths: vec![path] }),
        };
        let whole = net::Ingress {
            metadata: ObjectMeta {
                name: Some("i".to_owned()),
                namespace: Some("portcullis".to_owned()),
                annotations: Some(annotations),
                ..ObjectMeta::default()
            },
            spec: Some(net::IngressSpec {
                ingress_class_name: Some("nginx".to_owned()),
                rules: Some(vec![rule]),
                ..net::IngressSpec::default()
            }),
            status: None,
        };
        from_value(to_value(whole).unwrap()).unwrap()
    }

    fn states(ingress: Ingress, controller: &str) -> Vec<State> {
        let class = net::IngressClass {
            metadata: ObjectMeta { name: Some("nginx".to_owned()), ..ObjectMeta::default() },
            spec: Some(net::IngressClassSpec { controller: Some(controller.to_owned()), parameters: None }),
        };
        let policy = json!({ "metadata": { "name": "signed-in", "namespace": "portcullis" },
            "spec": { "externalAuth": { "authURI": "/v1/forward-auth/nic/signed-in" } } });
        let routes = Entrances {
            ingresses: vec![ingress],
            classes: Some(vec![from_value(to_value(class).unwrap()).unwrap()]),
            policies: Some(vec![from_value(policy).unwrap()]),
            http_routes: vec![],
            gateways: vec![],
        };
        judge(&routes, "portcullis").into_iter().map(|finding| finding.state).collect()
    }

    #[test]
    fn annotations_of_the_other_controller_guard_nothing() {
        let (f5, old) = ("nginx.org/ingress-controller", "k8s.io/ingress-nginx");
        assert_eq!(states(ingress("app", &[NEW, HEADERS]), f5), []);
        assert_eq!(states(ingress("app", &[OLD, HEADERS]), f5), [State::Wrong]);
        assert_eq!(states(ingress("app", &[OLD, NEW, HEADERS]), f5), []);
        assert_eq!(states(ingress("app", &[OLD]), old), [State::Warning], "it is retired");
        assert_eq!(states(ingress("app", &[NEW]), old), [State::Warning, State::Wrong]);
        assert_eq!(states(ingress("app", &[OLD]), "traefik.io/ingress-controller"), [State::Warning]);
        assert_eq!(states(ingress("app", &[]), f5), [], "nobody asked for it to be guarded");
    }

    #[test]
    fn what_is_missing_or_leads_inside_is_wrong() {
        let f5 = "nginx.org/ingress-controller";
        assert_eq!(states(ingress(PUBLIC, &[HEADERS]), f5), []);
        assert_eq!(states(ingress(PUBLIC, &[]), f5), [State::Warning], "headers are handed on");
        assert_eq!(states(ingress(PUBLIC, &[(SET_HEADERS, "X-Auth-Request-User")]), f5), [State::Warning]);
        assert_eq!(states(ingress(INTERNAL, &[]), f5), [State::Wrong]);
        assert_eq!(states(ingress("app", &[("nginx.org/policies", "other")]), f5), [State::Wrong]);
        let traefik =
            (AUTH_URL, "http://portcullis-internal.portcullis:9000/v1/forward-auth/traefik/signed-in");
        assert_eq!(
            states(ingress("app", &[traefik]), "k8s.io/ingress-nginx"),
            [State::Warning, State::Wrong]
        );
        let mut nobody = ingress(PUBLIC, &[]);
        nobody.spec.ingress_class_name = Some("haproxy".to_owned());
        assert_eq!(states(nobody, f5), [State::Wrong]);
    }
}
