//! Who reaches whom: Services find pods, every pod is behind a policy, and nothing routes to the internal listener.

use ipnet::IpNet;
use k8s_openapi::{
    api::networking::v1::{IPBlock, IngressBackend},
    apimachinery::pkg::{apis::meta::v1::LabelSelector, util::intstr::IntOrString},
};

use super::{
    of_each,
    rendered::{Rendered, selects},
};

#[test]
fn every_service_finds_pods_and_its_ports_are_theirs() {
    of_each(|rendered, wrong| {
        let all = rendered.pods();
        for service in rendered.services() {
            let name = service.metadata.name.unwrap();
            let spec = service.spec.unwrap();
            let selector = LabelSelector { match_labels: spec.selector.clone(), ..LabelSelector::default() };
            let behind: Vec<_> = all.iter().filter(|pods| selects(&selector, &pods.labels)).collect();
            if spec.selector.is_none() || behind.is_empty() {
                wrong.push(format!("Service {name} finds nobody"));
            }
            for (port, pods) in
                spec.ports.iter().flatten().flat_map(|port| behind.iter().map(move |pods| (port, pods)))
            {
                let containers = pods.spec.init_containers.iter().flatten().chain(&pods.spec.containers);
                let mut there = containers.flat_map(|container| container.ports.iter().flatten());
                let found = match port.target_port.clone().unwrap_or(IntOrString::Int(port.port)) {
                    IntOrString::String(wanted) => there.any(|port| port.name.as_deref() == Some(&wanted)),
                    IntOrString::Int(wanted) => there.any(|port| port.container_port == wanted),
                };
                if !found {
                    wrong.push(format!("Service {name}: {} has no port {:?}", pods.owner, port.target_port));
                }
            }
        }
    });
}

#[test]
fn every_pod_is_behind_a_policy_for_what_comes_and_what_goes() {
    of_each(|rendered, wrong| {
        let policies = rendered.policies();
        for pods in rendered.pods() {
            for direction in ["Ingress", "Egress"] {
                let covers = |policy: &&k8s_openapi::api::networking::v1::NetworkPolicy| {
                    let spec = policy.spec.clone().unwrap();
                    let both = spec.policy_types.unwrap_or_default().iter().any(|kind| kind == direction);
                    let selector = spec.pod_selector.unwrap_or_default();
                    both && policy.metadata.namespace.as_deref() == Some(&pods.namespace)
                        && selects(&selector, &pods.labels)
                };
                // The Job that restores comes into a namespace that has its policies already.
                if !policies.iter().any(|policy| covers(&policy)) && !rendered.name.contains("restore") {
                    wrong.push(format!("{}: nothing bounds its {direction}", pods.owner));
                }
            }
        }
    });
}

#[test]
fn nothing_is_routed_to_the_internal_listener() {
    of_each(|rendered, wrong| {
        for ingress in rendered.ingresses() {
            let name = ingress.metadata.name.clone().unwrap();
            let spec = ingress.spec.unwrap();
            let paths = spec
                .rules
                .iter()
                .flatten()
                .filter_map(|rule| rule.http.as_ref())
                .flat_map(|http| &http.paths);
            let backends: Vec<&IngressBackend> =
                paths.map(|path| &path.backend).chain(spec.default_backend.as_ref()).collect();
            for backend in backends {
                let service =
                    backend.service.as_ref().map(|service| service.name.clone()).unwrap_or_default();
                if service.contains("internal") {
                    wrong.push(format!("Ingress {name} leads inside"));
                }
                if !has_service(rendered, &service) {
                    wrong.push(format!("Ingress {name} leads to {service}, which is not there"));
                }
            }
        }
        for route in rendered.of::<serde_json::Value>("HTTPRoute") {
            for rule in route["spec"]["rules"].as_array().unwrap() {
                for backend in rule["backendRefs"].as_array().into_iter().flatten() {
                    let service = backend["name"].as_str().unwrap();
                    if service.contains("internal") || !has_service(rendered, service) {
                        wrong.push(format!("HTTPRoute {} leads to {service}", route["metadata"]["name"]));
                    }
                }
            }
        }
        if rendered.text.contains("authSigninURI") {
            wrong.push("authSigninURI opens the internal listener to everybody".to_owned());
        }
    });
}

/// They are of the internet: what is beside us is not theirs to be reached.
#[test]
fn asvs_1_3_6_what_lets_webhooks_out_lets_them_to_no_private_network() {
    of_each(|rendered, wrong| {
        let policies = rendered.policies().into_iter();
        for policy in policies.filter(|policy| policy.metadata.name.as_deref() == Some("portcullis-webhooks"))
        {
            for rule in policy.spec.and_then(|spec| spec.egress).unwrap_or_default() {
                let to = rule.to.unwrap_or_default();
                let blocks: Vec<_> = to.iter().filter_map(|peer| peer.ip_block.as_ref()).collect();
                if blocks.is_empty() || blocks.len() < to.len() {
                    wrong.push("portcullis-webhooks opens more than networks".to_owned());
                }
                for private in PRIVATE.map(|network| network.parse::<IpNet>().unwrap()) {
                    let is_open = |block: &&IPBlock| {
                        let holds = |network: &String| network.parse::<IpNet>().unwrap().contains(&private);
                        holds(&block.cidr) && !block.except.iter().flatten().any(holds)
                    };
                    if blocks.iter().any(is_open) {
                        wrong.push(format!("portcullis-webhooks opens {private}"));
                    }
                }
            }
        }
    });
}

const PRIVATE: [&str; 7] = [
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "169.254.0.0/16",
    "fc00::/7",
    "fe80::/10",
];

fn has_service(rendered: &Rendered, name: &str) -> bool {
    rendered.services().iter().any(|service| service.metadata.name.as_deref() == Some(name))
}
