//! The hosts by which people come to us, or to what we guard.

use std::net::IpAddr;

use url::Url;

use super::{
    gateways::{Gateway, HttpRoute, Listener},
    ingresses::Guard,
    routes::{Address, Entrances, HttpPath, Ingress, PUBLIC, Rule},
};

/// One page of one host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Door {
    /// What makes it, for a person.
    pub(super) maker: String,
    pub(super) host: String,
    pub(super) path: String,
    pub(super) is_guarded: bool,
    pub(super) tls: Tls,
    /// Where its controller says it is.
    pub(super) shown: Option<IpAddr>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tls {
    None,
    /// With whatever certificate the controller has.
    OfController,
    Secret {
        namespace: String,
        name: String,
    },
}

impl Door {
    /// `None` where nobody could ask, as with a pattern.
    pub(super) fn url(&self) -> Option<Url> {
        let scheme = if self.tls == Tls::None { "http" } else { "https" };
        let is_askable = !self.host.is_empty() && !self.host.contains('*');
        let path = if self.path.starts_with('/') { &self.path } else { "/" };
        is_askable.then(|| Url::parse(&format!("{scheme}://{}{path}", self.host)).ok())?
    }
}

pub(super) fn of(routes: &Entrances, namespace: &str) -> Vec<Door> {
    let ingresses = routes.ingresses.iter().flat_map(|ingress| of_ingress(ingress, routes, namespace));
    ingresses.chain(routes.http_routes.iter().flat_map(|route| of_route(route, routes, namespace))).collect()
}

fn of_ingress(ingress: &Ingress, routes: &Entrances, namespace: &str) -> Vec<Door> {
    let is_guarded = Guard::of(ingress, routes).is_wanted();
    let is_public = ingress.metadata.namespace == namespace && ingress.leads_to(PUBLIC);
    if !is_guarded && !is_public {
        return Vec::new();
    }
    let rules =
        ingress.spec.rules.iter().flat_map(|rule| rule.http.paths.iter().map(move |path| (rule, path)));
    let door = |(rule, path): (&Rule, &HttpPath)| Door {
        maker: format!("the Ingress {}", ingress.metadata.path()),
        host: rule.host.clone(),
        path: path.path.clone(),
        is_guarded,
        tls: tls_of(&rule.host, routes),
        shown: first(&ingress.status.load_balancer.ingress),
    };
    rules.map(door).collect()
}

/// An Ingress may leave it to another one of the same host.
fn tls_of(host: &str, routes: &Entrances) -> Tls {
    let all =
        routes.ingresses.iter().flat_map(|ingress| ingress.spec.tls.iter().map(move |tls| (ingress, tls)));
    let found = all.filter(|(_, tls)| tls.hosts.iter().any(|name| covers(name, host)));
    let Some((ingress, tls)) = found.max_by_key(|(_, tls)| !tls.secret_name.is_empty()) else {
        return Tls::None;
    };
    if tls.secret_name.is_empty() {
        return Tls::OfController;
    }
    Tls::Secret { namespace: ingress.metadata.namespace.clone(), name: tls.secret_name.clone() }
}

fn covers(name: &str, host: &str) -> bool {
    let below = name.strip_prefix("*.").zip(host.split_once('.'));
    name == host || below.is_some_and(|(name, (_, host))| name == host)
}

fn of_route(route: &HttpRoute, routes: &Entrances, namespace: &str) -> Vec<Door> {
    let is_public = route.leads_to(PUBLIC, namespace);
    let (gateways, mut doors) = (route.gateways(routes), Vec::new());
    for rule in route.spec.rules.iter().filter(|rule| is_public || rule.is_guarded()) {
        let path = rule.matches.first().map(|first| first.path.value.clone()).unwrap_or_default();
        let listeners = || gateways.iter().flat_map(|gateway| listeners(route, gateway));
        let hosts: Vec<String> = if route.spec.hostnames.is_empty() {
            listeners().map(|(_, listener)| listener.hostname.clone()).collect()
        } else {
            route.spec.hostnames.clone()
        };
        for host in hosts {
            doors.push(Door {
                maker: format!("the HTTPRoute {}", route.metadata.path()),
                host,
                path: path.clone(),
                is_guarded: rule.is_guarded(),
                tls: listeners()
                    .find_map(|(gateway, listener)| tls_of_listener(gateway, listener))
                    .unwrap_or(Tls::None),
                shown: gateways.iter().find_map(|gateway| first(&gateway.status.addresses)),
            });
        }
    }
    doors
}

/// Those that the route names, or all.
fn listeners<'a>(
    route: &'a HttpRoute,
    gateway: &'a Gateway,
) -> impl Iterator<Item = (&'a Gateway, &'a Listener)> {
    let named = |listener: &&Listener| {
        route.spec.parent_refs.iter().any(|parent| {
            parent.name == gateway.metadata.name
                && (parent.section_name.is_empty() || parent.section_name == listener.name)
        })
    };
    gateway.spec.listeners.iter().filter(named).map(move |listener| (gateway, listener))
}

fn tls_of_listener(gateway: &Gateway, listener: &Listener) -> Option<Tls> {
    let certificate = (listener.protocol == "HTTPS").then(|| listener.tls.certificate_refs.first())??;
    let own = &gateway.metadata.namespace;
    let namespace = if certificate.namespace.is_empty() { own } else { &certificate.namespace };
    Some(Tls::Secret { namespace: namespace.clone(), name: certificate.name.clone() })
}

fn first(addresses: &[Address]) -> Option<IpAddr> {
    addresses.iter().find_map(|address| address.ip.parse().ok())
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    fn routes(
        ingresses: serde_json::Value,
        routes: serde_json::Value,
        gateways: serde_json::Value,
    ) -> Entrances {
        Entrances {
            ingresses: from_value(ingresses).unwrap(),
            classes: None,
            policies: Some(vec![]),
            http_routes: from_value(routes).unwrap(),
            gateways: from_value(gateways).unwrap(),
        }
    }

    #[test]
    fn a_minion_has_the_tls_of_its_master() {
        let meta = |name: &str| json!({ "name": name, "namespace": "portcullis" });
        let master = json!({ "metadata": meta("portcullis"), "spec": {
            "rules": [{ "host": "a.example" }], "tls": [{ "hosts": ["a.example"], "secretName": "portcullis-tls" }] } });
        let path = json!({ "path": "/api/users", "backend": { "service": { "name": "portcullis" } } });
        let minion = json!({ "metadata": meta("users"),
            "spec": { "rules": [{ "host": "a.example", "http": { "paths": [path] } }] },
            "status": { "loadBalancer": { "ingress": [{ "hostname": "lb" }, { "ip": "10.0.0.7" }] } } });
        let doors = of(&routes(json!([master, minion]), json!([]), json!([])), "portcullis");
        assert_eq!(doors.len(), 1);
        assert_eq!(doors[0].url().unwrap().as_str(), "https://a.example/api/users");
        assert_eq!(doors[0].shown, "10.0.0.7".parse().ok());
        assert_eq!(
            doors[0].tls,
            Tls::Secret { namespace: "portcullis".into(), name: "portcullis-tls".into() }
        );
        let doors = of(&routes(json!([minion]), json!([]), json!([])), "portcullis");
        assert_eq!((doors[0].tls.clone(), doors[0].url().unwrap().scheme()), (Tls::None, "http"));
    }

    #[test]
    fn a_route_has_the_tls_of_the_listener_that_it_names() {
        let meta = |name: &str| json!({ "name": name, "namespace": "portcullis" });
        let listeners = json!([
            { "name": "http", "protocol": "HTTP", "hostname": "a.example" },
            { "name": "https", "protocol": "HTTPS", "hostname": "a.example", "tls": { "certificateRefs": [{ "name": "t" }] } },
        ]);
        let gateway = json!({ "metadata": meta("g"), "spec": { "listeners": listeners },
            "status": { "addresses": [{ "type": "IPAddress", "value": "10.0.0.8" }] } });
        let filter = json!({ "type": "ExternalAuth", "externalAuth": { "protocol": "HTTP", "http": { "path": "/v1/forward-auth/ngf/mfa" } } });
        let rule = json!({ "matches": [{ "path": { "value": "/tickets" } }], "filters": [filter] });
        let route = |section: &str| {
            json!({ "metadata": meta("r"), "spec": {
            "parentRefs": [{ "name": "g", "sectionName": section }], "hostnames": ["a.example"], "rules": [rule] } })
        };
        for (section, url) in [("https", "https://a.example/tickets"), ("http", "http://a.example/tickets")] {
            let doors = of(&routes(json!([]), json!([route(section)]), json!([gateway])), "portcullis");
            assert_eq!(doors.len(), 1);
            assert!(doors[0].is_guarded && doors[0].shown == "10.0.0.8".parse().ok());
            assert_eq!(doors[0].url().unwrap().as_str(), url);
        }
    }
}
