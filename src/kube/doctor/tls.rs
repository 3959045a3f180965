//! Whether each host has TLS, and a certificate in a Secret that is for it and holds.

use jiff::Timestamp;

use super::{
    Cluster, Read, Unread,
    doors::{Door, Tls},
    secrets::Secret,
};
use crate::{domain::finding::Finding, flows::doctor::certificate};

pub(super) async fn look(cluster: &Cluster, doors: &[Door], now: Timestamp) -> Vec<Finding> {
    let (mut found, mut seen) = (Vec::new(), Vec::new());
    for door in doors {
        let host = (&door.host, &door.tls);
        if seen.contains(&host) {
            continue;
        }
        seen.push(host);
        found.extend(match &door.tls {
            Tls::None => vec![Finding::wrong(
                certificate::CHECK,
                format!(
                    "{} has no TLS for {}: cookies and passwords travel in the clear",
                    door.maker,
                    named(&door.host)
                ),
                "add one of k8s/components/tls, or spec.tls with the host and a Secret",
            )],
            Tls::OfController => vec![Finding::warning(
                certificate::CHECK,
                format!(
                    "{} names no Secret for {}, so its controller shows a certificate of its own, or none",
                    door.maker,
                    named(&door.host)
                ),
                "add one of k8s/components/tls",
            )],
            Tls::Secret { namespace, name } => {
                let folder = format!("/api/v1/namespaces/{namespace}/secrets");
                judge(&door.host, name, &cluster.get(&folder, name).await, now)
            }
        });
    }
    found
}

const fn named(host: &str) -> &str {
    if host.is_empty() { "any host" } else { host }
}

fn judge(host: &str, name: &str, secret: &Read<Secret>, now: Timestamp) -> Vec<Finding> {
    let check = certificate::CHECK;
    let secret = match secret {
        Ok(secret) => secret,
        Err(Unread::Missing) => {
            let advice = "make it; with cert-manager, `kubectl get certificate,order,challenge` says what keeps it from doing so";
            return vec![Finding::wrong(
                check,
                format!("there is no Secret {name} with the certificate of {host}"),
                advice,
            )];
        }
        Err(unread) => {
            let what = format!("the Secret {name} with the certificate of {host} cannot be read: {unread}");
            return vec![Finding::unknown(check, what, "see what that host shows: `outside` asks it")];
        }
    };
    if secret.value("tls.key").is_none_or(|key| key.is_empty()) {
        let what = format!("the Secret {name} has no tls.key");
        return vec![Finding::wrong(check, what, "make it again, of the type kubernetes.io/tls")];
    }
    let Some(der) = secret.value("tls.crt").and_then(|pem| certificate::first_of(&pem)) else {
        let what = format!("the Secret {name} has no certificate in tls.crt");
        return vec![Finding::wrong(check, what, "make it again, of the type kubernetes.io/tls")];
    };
    // One of a pattern is asked for by one of its names.
    let asked = host.replacen('*', "any", 1);
    let found = certificate::judge(&format!("the certificate in {name}"), &der, &asked, now);
    crate::domain::finding::or_fine(
        found,
        check,
        format!("the certificate in {name} is for {host} and holds"),
    )
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};
    use serde_json::{from_value, json};

    use super::*;
    use crate::domain::finding::State;

    #[test]
    fn the_certificate_of_a_host_is_there_for_it_and_holds() {
        let mut params = CertificateParams::new(["a.example".to_owned()]).unwrap();
        params.not_after = date_time_ymd(2026, 12, 31);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        let encoded = |text: &str| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, text);
        let secret = |pem: &str, key: &str| -> Read<Secret> {
            Ok(from_value(json!({ "data": { "tls.crt": encoded(pem), "tls.key": encoded(key) } })).unwrap())
        };
        let state = |host: &str, secret: &Read<Secret>, now: &str| {
            judge(host, "t", secret, now.parse().unwrap())[0].state
        };
        let (good, summer) = (secret(&pem, "key"), "2026-07-01T00:00:00Z");
        assert_eq!(state("a.example", &good, summer), State::Fine);
        assert_eq!(state("b.example", &good, summer), State::Wrong);
        assert_eq!(state("a.example", &good, "2026-12-24T00:00:00Z"), State::Warning);
        assert_eq!(state("a.example", &good, "2027-07-01T00:00:00Z"), State::Wrong);
        assert_eq!(state("a.example", &secret("", "key"), summer), State::Wrong);
        assert_eq!(state("a.example", &secret(&pem, ""), summer), State::Wrong);
        assert_eq!(state("a.example", &Err(Unread::Missing), summer), State::Wrong);
        assert_eq!(state("a.example", &Err(Unread::Forbidden(String::new())), summer), State::Unknown);
    }
}
