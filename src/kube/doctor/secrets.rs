//! Whether the Secrets that pods name are there, with the keys that they take, and hold what they should. No value is ever told.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{
    Cluster, Patient, Read, Unread, Workload,
    seen::{KeyOf, SecretOf},
};
use crate::domain::{
    finding::{Finding, or_fine},
    sealed::KeySecrets,
};

const CHECK: &str = "secrets";

const KEYS: &str = "portcullis-keys";
const STORE: &str = "portcullis-store";

/// Values stay as they came, in base64, until one is looked at.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Secret {
    data: BTreeMap<String, String>,
}

impl Secret {
    pub(super) fn value(&self, key: &str) -> Option<Zeroizing<Vec<u8>>> {
        STANDARD.decode(self.data.get(key)?).ok().map(Zeroizing::new)
    }

    fn text(&self, key: &str) -> Option<Zeroizing<String>> {
        String::from_utf8(self.value(key)?.to_vec()).ok().map(Zeroizing::new)
    }
}

pub(super) async fn look(cluster: &Cluster, patient: &Patient, workloads: &[Workload]) -> Vec<Finding> {
    let wanted = wanted(workloads, &patient.set);
    if wanted.is_empty() {
        return Vec::new();
    }
    let mut read = BTreeMap::new();
    for name in wanted.keys() {
        let secret: Read<Secret> = cluster.get(&cluster.folder("v1", "secrets"), name).await;
        read.insert(name.clone(), secret);
    }
    judge(&wanted, &read, patient)
}

struct Wanted {
    optional: bool,
    keys: Vec<String>,
}

/// By their names, with every key that somebody takes. Whoever mounts all of one takes what we know to be in it.
fn wanted(workloads: &[Workload], set: &str) -> BTreeMap<String, Wanted> {
    let mut wanted = BTreeMap::<String, Wanted>::new();
    for SecretOf { name, optional, items } in
        workloads.iter().flat_map(|workload| workload.spec.template.spec.secrets())
    {
        let known = if items.is_empty() { known(&name, set) } else { &[] };
        let one = wanted.entry(name).or_insert_with(|| Wanted { optional: true, keys: Vec::new() });
        one.optional &= optional;
        let keys =
            items.into_iter().map(|KeyOf { key, .. }| key).chain(known.iter().map(|key| (*key).to_owned()));
        one.keys.extend(keys);
        one.keys.sort();
        one.keys.dedup();
    }
    wanted
}

fn known(name: &str, set: &str) -> &'static [&'static str] {
    match name.strip_prefix(set) {
        Some("-keyfile") => &["keyfile"],
        Some("-users") => &["agent", "app", "backup", "monitor"],
        _ => &[],
    }
}

fn judge(
    wanted: &BTreeMap<String, Wanted>,
    read: &BTreeMap<String, Read<Secret>>,
    patient: &Patient,
) -> Vec<Finding> {
    let (mut found, mut forbidden) = (Vec::new(), Vec::new());
    let make = patient.make_secrets();
    for (name, wanted) in wanted {
        match read.get(name) {
            Some(Ok(secret)) => found.extend(lacking(name, secret, wanted)),
            Some(Err(Unread::Missing)) if wanted.optional => {}
            Some(Err(Unread::Missing)) => {
                let what = format!("there is no Secret {name}, and no pod starts without it");
                found.push(Finding::wrong(
                    CHECK,
                    what,
                    format!("{make} makes those of ours; make others as their README says"),
                ));
            }
            Some(Err(Unread::Forbidden(_))) => forbidden.push(name.as_str()),
            Some(Err(unread)) => {
                let what = format!("the Secret {name} cannot be read: {unread}");
                found.push(Finding::unknown(CHECK, what, "try again"));
            }
            None => {}
        }
    }
    if !forbidden.is_empty() {
        let what = format!("you may not read {}, so nobody knows what is in them", forbidden.join(", "));
        found.push(Finding::unknown(
            CHECK,
            what,
            "ask somebody who may; events of the pods tell which is missing",
        ));
    }
    let secret = |name: &str| read.get(name).and_then(|read| read.as_ref().ok());
    found.extend(secret(KEYS).and_then(key_secret));
    let users = format!("{}-users", patient.set);
    if let (Some(store), Some(users)) = (secret(STORE), secret(&users)) {
        found.extend(password(store, users, &patient.set));
    }
    or_fine(found, CHECK, format!("the {} Secrets that pods name have what they take", wanted.len()))
}

fn lacking(name: &str, secret: &Secret, wanted: &Wanted) -> Vec<Finding> {
    let advice = format!(
        "add it, or delete the Secret {name} and make it again: k8s/README.md says what is lost then"
    );
    let lack = |key: &String| match secret.data.get(key) {
        None => Some(Finding::wrong(CHECK, format!("the Secret {name} has no key {key}"), &advice)),
        Some(value) if value.is_empty() => {
            Some(Finding::wrong(CHECK, format!("the key {key} of the Secret {name} is empty"), &advice))
        }
        Some(_) => None,
    };
    wanted.keys.iter().filter_map(lack).collect()
}

fn key_secret(secret: &Secret) -> Option<Finding> {
    let text = secret.text("key-secret").filter(|text| !text.is_empty())?;
    KeySecrets::parse(&text).is_err().then(|| {
        let what = format!("key-secret of the Secret {KEYS} is not 32 bytes in base64: the service refuses to start");
        let advice = "put the value back that it had: what it sealed can be opened by no other. If nothing was sealed yet, \
                      delete the Secret and run `portcullis cluster secrets`";
        Finding::wrong(CHECK, what, advice)
    })
}

/// One that needed an escape in the URL is not compared.
fn password(store: &Secret, users: &Secret, set: &str) -> Option<Finding> {
    let (url, app) = (store.text("url")?, users.text("app")?);
    let (credentials, hosts) = url.split_once("://")?.1.rsplit_once('@')?;
    let (user, password) = credentials.split_once(':')?;
    let is_theirs =
        user == "portcullis-app" && hosts.contains(&format!("{set}-0.")) && !password.contains('%');
    (is_theirs && password != app.trim()).then(|| {
        let what = format!("the password in {STORE} is not that of `app` in {set}-users, which the database has");
        let advice = format!("delete the Secret {STORE} and run `portcullis cluster secrets`, which takes it from {set}-users; then restart");
        Finding::wrong(CHECK, what, advice)
    })
}

#[cfg(test)]
mod tests {
    use k8s_openapi::{
        ByteString,
        api::core::v1::{
            Container, EnvVar, EnvVarSource, KeyToPath, PodSpec, ProjectedVolumeSource, Secret as Whole,
            SecretKeySelector, SecretProjection, SecretVolumeSource, Volume, VolumeProjection,
        },
    };
    use serde_json::{from_value, json, to_value};

    use super::*;
    use crate::domain::finding::State;

    const KEY_SECRET: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    const URL: &str =
        "mongodb://portcullis-app:pw@auth-mongodb-0.auth-mongodb.portcullis.svc:27017/auth?replicaSet=rs0";

    /// As `k8s/` and `infra/` write them.
    fn workloads() -> Vec<Workload> {
        let item = |key: &str| vec![KeyToPath { key: key.to_owned(), path: key.to_owned(), mode: None }];
        let projected = |name: &str, key: &str, optional| VolumeProjection {
            secret: Some(SecretProjection { name: name.to_owned(), optional, items: Some(item(key)) }),
            ..VolumeProjection::default()
        };
        let sources = vec![
            projected(KEYS, "key-secret", None),
            projected(STORE, "url", None),
            projected("auth-mongodb-tls", "ca.crt", Some(true)),
        ];
        let users =
            SecretVolumeSource { secret_name: Some("auth-mongodb-users".to_owned()), ..Default::default() };
        let volume = |secret, projected| Volume { secret, projected, ..Volume::default() };
        let volumes = vec![
            volume(None, Some(ProjectedVolumeSource { sources: Some(sources), ..Default::default() })),
            volume(Some(users), None),
        ];
        let selector = SecretKeySelector { name: "more".to_owned(), key: "token".to_owned(), optional: None };
        let value_from = Some(EnvVarSource { secret_key_ref: Some(selector), ..EnvVarSource::default() });
        let env = vec![EnvVar { name: "TOKEN".to_owned(), value: None, value_from }];
        let container = Container { name: "c".to_owned(), env: Some(env), ..Container::default() };
        let pod = PodSpec { volumes: Some(volumes), containers: vec![container], ..PodSpec::default() };
        vec![from_value(json!({ "spec": { "template": { "spec": to_value(pod).unwrap() } } })).unwrap()]
    }

    fn secret(values: &[(&str, &str)]) -> Secret {
        let data =
            values.iter().map(|(key, value)| ((*key).to_owned(), ByteString(value.as_bytes().to_vec())));
        let whole = Whole { data: Some(data.collect()), ..Whole::default() };
        from_value(to_value(whole).unwrap()).unwrap()
    }

    fn found(change: impl FnOnce(&mut BTreeMap<String, Read<Secret>>)) -> Vec<Finding> {
        let users = [("agent", "a"), ("app", "pw"), ("backup", "b"), ("monitor", "m")];
        let mut read = BTreeMap::from([
            (KEYS.to_owned(), Ok(secret(&[("key-secret", KEY_SECRET)]))),
            (STORE.to_owned(), Ok(secret(&[("url", URL)]))),
            ("auth-mongodb-users".to_owned(), Ok(secret(&users))),
            ("auth-mongodb-tls".to_owned(), Err(Unread::Missing)),
            ("more".to_owned(), Ok(secret(&[("token", "t")]))),
        ]);
        change(&mut read);
        let patient = Patient {
            namespace: "portcullis".to_owned(),
            set: "auth-mongodb".to_owned(),
            database: "auth".to_owned(),
            urls: vec![],
        };
        judge(&wanted(&workloads(), "auth-mongodb"), &read, &patient)
    }

    fn one(change: impl FnOnce(&mut BTreeMap<String, Read<Secret>>)) -> (State, String) {
        let mut found = found(change);
        assert_eq!(found.len(), 1, "{found:?}");
        let found = found.remove(0);
        assert!(!format!("{found:?}").contains("hunter2"), "{found:?}");
        (found.state, found.what)
    }

    fn put(name: &str, read: Read<Secret>) -> impl FnOnce(&mut BTreeMap<String, Read<Secret>>) {
        let name = name.to_owned();
        move |all| drop(all.insert(name, read))
    }

    #[test]
    fn what_is_there_and_whole_is_fine_and_what_is_optional_may_be_missing() {
        assert_eq!(one(|_| ()).0, State::Fine);
    }

    #[test]
    fn each_fault_is_named_and_no_value_is() {
        let missing = one(put(KEYS, Err(Unread::Missing)));
        assert!(missing.0 == State::Wrong && missing.1.contains(KEYS), "{missing:?}");
        let keyless =
            one(put("auth-mongodb-users", Ok(secret(&[("agent", "a"), ("app", "pw"), ("backup", "b")]))));
        assert!(keyless.0 == State::Wrong && keyless.1.contains("no key monitor"), "{keyless:?}");
        assert!(one(put("more", Ok(secret(&[("token", "")])))).1.contains("empty"));
        assert!(one(put(KEYS, Ok(secret(&[("key-secret", "hunter2")])))).1.contains("32 bytes"));
        let other = URL.replace(":pw@", ":hunter2@");
        assert!(one(put(STORE, Ok(secret(&[("url", &other)])))).1.contains("is not that of `app`"));
        let elsewhere = "mongodb://me:hunter2@db.example.org/auth";
        assert_eq!(one(put(STORE, Ok(secret(&[("url", elsewhere)])))).0, State::Fine);
    }

    #[test]
    fn who_may_not_read_is_told_so_and_nothing_is_wrong() {
        let forbidden = one(|read| {
            for one in read.values_mut() {
                *one = Err(Unread::Forbidden("no".to_owned()));
            }
        });
        assert!(forbidden.0 == State::Unknown && forbidden.1.contains(STORE), "{forbidden:?}");
    }
}
