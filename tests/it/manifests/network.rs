//! Who reaches whom: Services find pods, every pod is behind a policy, and nothing routes to the internal listener.

use k8s_openapi::{
    api::networking::v1::IngressBackend,
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

fn has_service(rendered: &Rendered, name: &str) -> bool {
    rendered.services().iter().any(|service| service.metadata.name.as_deref() == Some(name))
}
