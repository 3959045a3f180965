//! Pods: what they mount and read is there, what they run is exact, and they may do next to nothing.

use k8s_openapi::api::core::v1::{Container, EnvFromSource, PodSpec, Probe, Volume};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::{
    of_each,
    rendered::{Pods, Rendered, selects},
};

/// Made by `portcullis cluster secrets`, by cert-manager, or by whoever installs the service.
const SECRETS: [&str; 13] = [
    "portcullis-mail",
    "portcullis-nats",
    "portcullis-webhooks",
    "portcullis-keys",
    "portcullis-store",
    "portcullis-tls",
    "mongodb-keyfile",
    "mongodb-users",
    "mongodb-tls",
    "mongodb-ca",
    "portcullis-backup",
    "backup-identity",
    "store",
];

fn containers(spec: &PodSpec) -> impl Iterator<Item = &Container> {
    spec.init_containers.iter().flatten().chain(&spec.containers)
}

#[test]
fn whoever_makes_pods_finds_them_again() {
    of_each(|rendered, wrong| {
        for pods in rendered.pods() {
            if pods.selector.as_ref().is_some_and(|selector| !selects(selector, &pods.labels)) {
                wrong.push(format!("{} does not select its own pods", pods.owner));
            }
        }
        for budget in rendered.budgets() {
            let selector = budget.spec.unwrap().selector.unwrap();
            if !rendered.pods().iter().any(|pods| selects(&selector, &pods.labels)) {
                wrong.push(format!("PodDisruptionBudget {:?} protects nothing", budget.metadata.name));
            }
        }
    });
}

#[test]
fn promise_5_what_a_pod_mounts_or_reads_is_there_or_made_by_a_command() {
    of_each(|rendered, wrong| {
        for pods in rendered.pods() {
            for volume in pods.spec.volumes.iter().flatten() {
                missing(rendered, &pods, volume, wrong);
            }
            let volumes: Vec<_> = pods.spec.volumes.iter().flatten().map(|volume| &volume.name).collect();
            for container in containers(&pods.spec) {
                for mount in container.volume_mounts.iter().flatten() {
                    if !volumes.contains(&&mount.name) {
                        wrong.push(format!("{}: {} mounts {}", pods.owner, container.name, mount.name));
                    }
                }
                for source in container.env_from.iter().flatten() {
                    from(rendered, &pods, source, wrong);
                }
            }
            // The account that every namespace has may do nothing, and gives no token away here.
            let account = pods.spec.service_account_name.as_deref().unwrap_or("default");
            let brought = account == "default" || pods.owner.starts_with("Job");
            if !brought && !rendered.has("ServiceAccount", &pods.namespace, account) {
                wrong.push(format!("{} runs as {account}", pods.owner));
            }
        }
    });
}

fn missing(rendered: &Rendered, pods: &Pods, volume: &Volume, wrong: &mut Vec<String>) {
    let mut maps: Vec<String> = volume.config_map.iter().map(|map| map.name.clone()).collect();
    let mut secrets: Vec<String> =
        volume.secret.iter().filter_map(|secret| secret.secret_name.clone()).collect();
    for source in volume.projected.iter().flat_map(|projected| projected.sources.iter().flatten()) {
        maps.extend(source.config_map.iter().map(|map| map.name.clone()));
        secrets.extend(source.secret.iter().map(|secret| secret.name.clone()));
    }
    // Kubernetes makes it in every namespace.
    maps.retain(|map| map != "kube-root-ca.crt");
    for map in maps.iter().filter(|map| !rendered.has("ConfigMap", &pods.namespace, map)) {
        wrong.push(format!("{}: no ConfigMap {map}", pods.owner));
    }
    for secret in secrets.iter().filter(|secret| !rendered.has("Secret", &pods.namespace, secret)) {
        if !SECRETS.iter().any(|known| secret.ends_with(known)) {
            wrong.push(format!("{}: nobody makes the Secret {secret}", pods.owner));
        }
    }
    if let Some(claim) = &volume.persistent_volume_claim
        && !rendered.has("PersistentVolumeClaim", &pods.namespace, &claim.claim_name)
    {
        // The Job that restores takes the volume that the backups are on.
        if !pods.owner.starts_with("Job") {
            wrong.push(format!("{}: no claim {}", pods.owner, claim.claim_name));
        }
    }
}

fn from(rendered: &Rendered, pods: &Pods, source: &EnvFromSource, wrong: &mut Vec<String>) {
    for map in source.config_map_ref.iter().map(|map| &map.name) {
        if !rendered.has("ConfigMap", &pods.namespace, map) {
            wrong.push(format!("{}: no ConfigMap {map}", pods.owner));
        }
    }
    if source.secret_ref.is_some() {
        wrong.push(format!("{} takes a Secret into its environment, where it shows", pods.owner));
    }
}

#[test]
fn images_carry_an_exact_version() {
    of_each(|rendered, wrong| {
        for pods in rendered.pods() {
            for container in containers(&pods.spec) {
                let image = container.image.as_deref().unwrap_or_default();
                let (_, tag) = image.rsplit_once(':').unwrap_or_default();
                let exact =
                    tag.split('.').filter(|part| part.starts_with(|c: char| c.is_ascii_digit())).count();
                if exact < 3 {
                    wrong.push(format!("{}: {image}", pods.owner));
                }
            }
        }
    });
}

#[test]
fn pods_may_do_next_to_nothing() {
    of_each(|rendered, wrong| {
        for pods in rendered.pods() {
            let pod = pods.spec.security_context.clone().unwrap_or_default();
            let seccomp = pod.seccomp_profile.map(|profile| profile.type_);
            let mut must = |so: bool, what: &str| {
                if !so {
                    wrong.push(format!("{}: {what}", pods.owner));
                }
            };
            must(pod.run_as_non_root == Some(true), "may run as root");
            must(seccomp.as_deref() == Some("RuntimeDefault"), "may call what it likes");
            must(pods.spec.automount_service_account_token == Some(false), "has a token for the API");
            must(
                pods.spec.enable_service_links == Some(false),
                "is told of every Service by its environment",
            );
            let host = [pods.spec.host_network, pods.spec.host_pid, pods.spec.host_ipc];
            must(host.iter().all(|shared| *shared != Some(true)), "shares the host's");
            let paths = pods.spec.volumes.iter().flatten().filter(|volume| volume.host_path.is_some());
            must(paths.count() == 0, "mounts the host's files");
            for container in containers(&pods.spec) {
                let own = container.security_context.clone().unwrap_or_default();
                let capabilities = own.capabilities.unwrap_or_default();
                must(own.allow_privilege_escalation == Some(false), "may gain privileges");
                must(own.read_only_root_filesystem == Some(true), "may write to its root");
                must(own.privileged != Some(true), "is privileged");
                must(capabilities.drop.unwrap_or_default() == ["ALL"], "keeps capabilities");
                must(capabilities.add.is_none(), "is given capabilities");
                let limits = container.resources.clone().unwrap_or_default().limits.unwrap_or_default();
                must(limits.contains_key("memory"), "has no bound of memory");
                must(!limits.contains_key("cpu"), "waits for processor time that is there");
            }
        }
    });
}

/// A name is known in its own container only, and no API server notices.
#[test]
fn a_probe_asks_a_port_of_its_own_container() {
    of_each(|rendered, wrong| {
        for pods in rendered.pods() {
            for container in containers(&pods.spec) {
                let probes =
                    [&container.startup_probe, &container.liveness_probe, &container.readiness_probe];
                for port in probes.into_iter().flatten().flat_map(ports) {
                    let has = |name: &str| {
                        container.ports.iter().flatten().any(|port| port.name.as_deref() == Some(name))
                    };
                    if matches!(&port, IntOrString::String(name) if !has(name)) {
                        wrong.push(format!("{}: {} has no port {port:?}", pods.owner, container.name));
                    }
                }
            }
        }
    });
}

fn ports(probe: &Probe) -> Vec<IntOrString> {
    let http = probe.http_get.iter().map(|get| get.port.clone());
    http.chain(probe.tcp_socket.iter().map(|socket| socket.port.clone())).collect()
}
