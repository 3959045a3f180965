//! Whether routes of the Gateway API are taken by their gateway, with all that is written in them.

use serde::Deserialize;

use super::{
    routes::{Address, Entrances, ExternalAuth, INTERNAL, Named, PUBLIC, QUESTION},
    seen::{Condition, Meta},
};
use crate::domain::finding::Finding;

const CHECK: &str = "ingress";

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct HttpRoute {
    pub(super) metadata: Meta,
    pub(super) spec: HttpRouteSpec,
    pub(super) status: HttpRouteStatus,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct HttpRouteSpec {
    pub(super) parent_refs: Vec<Parent>,
    pub(super) hostnames: Vec<String>,
    pub(super) rules: Vec<RouteRule>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Parent {
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) section_name: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct RouteRule {
    pub(super) matches: Vec<RouteMatch>,
    pub(super) filters: Vec<Filter>,
    pub(super) backend_refs: Vec<Named>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RouteMatch {
    pub(super) path: PathMatch,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PathMatch {
    pub(super) value: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Filter {
    pub(super) external_auth: ExternalAuth,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct HttpRouteStatus {
    pub(super) parents: Vec<ParentStatus>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ParentStatus {
    pub(super) conditions: Vec<Condition>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Gateway {
    pub(super) metadata: Meta,
    pub(super) spec: GatewaySpec,
    pub(super) status: GatewayStatus,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct GatewaySpec {
    pub(super) listeners: Vec<Listener>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Listener {
    pub(super) name: String,
    pub(super) hostname: String,
    pub(super) protocol: String,
    pub(super) tls: ListenerTls,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ListenerTls {
    pub(super) certificate_refs: Vec<Named>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct GatewayStatus {
    pub(super) addresses: Vec<Address>,
    pub(super) conditions: Vec<Condition>,
}

impl HttpRoute {
    pub(super) fn leads_to(&self, service: &str, namespace: &str) -> bool {
        self.spec.rules.iter().flat_map(|rule| &rule.backend_refs).any(|to| {
            let in_namespace = if to.namespace.is_empty() { &self.metadata.namespace } else { &to.namespace };
            to.name == service && in_namespace == namespace
        })
    }
}

impl RouteRule {
    pub(super) fn is_guarded(&self) -> bool {
        self.filters.iter().any(|filter| filter.external_auth.http.path.starts_with(QUESTION))
    }
}

impl HttpRoute {
    pub(super) fn is_guarded(&self) -> bool {
        self.spec.rules.iter().any(RouteRule::is_guarded)
    }

    pub(super) fn gateways<'a>(&self, routes: &'a Entrances) -> Vec<&'a Gateway> {
        let parents = self.spec.parent_refs.iter().filter_map(|parent| {
            let namespace =
                if parent.namespace.is_empty() { &self.metadata.namespace } else { &parent.namespace };
            routes
                .gateways
                .iter()
                .find(|it| it.metadata.name == parent.name && &it.metadata.namespace == namespace)
        });
        parents.collect()
    }
}

pub(super) fn judge(routes: &Entrances, namespace: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    for route in &routes.http_routes {
        let name = format!("the HTTPRoute {}", route.metadata.path());
        if route.leads_to(INTERNAL, namespace) {
            found.push(Finding::wrong(
                CHECK,
                format!("{name} leads to {INTERNAL}: everybody can ask what only the cluster may"),
                format!(
                    "take {INTERNAL} out of its backendRefs at once; a gateway asks that Service by itself"
                ),
            ));
        }
        if !route.leads_to(PUBLIC, namespace) && !route.is_guarded() {
            continue;
        }
        if route.status.parents.is_empty() {
            let what = format!("no gateway has taken {name}");
            found.push(Finding::wrong(
                CHECK,
                what,
                "see whether its gateway is there, and its controller runs",
            ));
        }
        let conditions = route.status.parents.iter().flat_map(|parent| &parent.conditions);
        found.extend(conditions.filter(|condition| condition.status == "False").map(|it| refused(&name, it)));
        for gateway in route.gateways(routes) {
            let name = format!("the Gateway {}", gateway.metadata.path());
            let conditions = gateway.status.conditions.iter();
            found.extend(
                conditions
                    .filter(|it| it.status == "False" && it.kind != "Conflicted")
                    .map(|it| refused(&name, it)),
            );
        }
    }
    found.dedup();
    found
}

fn refused(name: &str, Condition { kind, reason, message, .. }: &Condition) -> Finding {
    let advice = "mend what it says; forward-auth takes the experimental channel of the Gateway API, and NGINX Gateway Fabric 2.7";
    Finding::wrong(CHECK, format!("{name} is not {kind} ({reason}): {message}"), advice)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use super::*;
    use crate::domain::finding::State;

    fn states(service: &str, route: &Value, gateway: &Value) -> Vec<State> {
        let metadata = json!({ "name": "x", "namespace": "portcullis" });
        let spec = json!({ "parentRefs": [{ "name": "x" }], "rules": [{ "backendRefs": [{ "name": service, "port": 3000 }] }] });
        let status = json!({ "parents": [{ "conditions": [route] }] });
        let route = from_value(json!({ "metadata": metadata, "spec": spec, "status": status })).unwrap();
        let gateway =
            from_value(json!({ "metadata": metadata, "status": { "conditions": [gateway] } })).unwrap();
        let routes = Entrances {
            ingresses: vec![],
            classes: None,
            policies: None,
            http_routes: vec![route],
            gateways: vec![gateway],
        };
        judge(&routes, "portcullis").into_iter().map(|finding| finding.state).collect()
    }

    #[test]
    fn a_route_is_taken_whole_or_it_is_wrong() {
        let is = |kind: &str, status: &str| json!({ "type": kind, "status": status, "reason": "r", "message": "m" });
        let (taken, programmed) = (is("Accepted", "True"), is("Programmed", "True"));
        assert_eq!(states(PUBLIC, &taken, &programmed), []);
        assert_eq!(states(PUBLIC, &is("ResolvedRefs", "False"), &programmed), [State::Wrong]);
        assert_eq!(states(PUBLIC, &taken, &is("Programmed", "False")), [State::Wrong]);
        assert_eq!(states(INTERNAL, &taken, &programmed), [State::Wrong]);
        assert_eq!(states("another", &is("ResolvedRefs", "False"), &is("Programmed", "False")), []);
    }
}
