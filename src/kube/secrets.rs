//! The Secrets that the manifests name: each made once, from randomness and what follows from it, and never changed.

use std::collections::BTreeMap;

use ::kube::{Api, api::PostParams};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use k8s_openapi::{ByteString, api::core::v1::Secret, apimachinery::pkg::apis::meta::v1::ObjectMeta};
use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

use super::{Failure, ask, client};
use crate::domain::clock::{Entropy, NoEntropy, random};

/// Where the service and its database are.
#[derive(Clone, Debug)]
pub struct Place {
    pub namespace: String,
    /// The name of the database's StatefulSet, and of its Service.
    pub set: String,
    pub members: u32,
    pub database: String,
}

/// A Secret as it is now.
#[derive(Debug)]
pub struct Present {
    pub name: String,
    pub keys: Vec<String>,
    /// Made by this call.
    pub is_new: bool,
}

/// Those of whom the agent makes database users, by their keys.
const USERS: [&str; 4] = ["agent", "app", "backup", "monitor"];

/// Makes those that are missing. One that is there is left as it is, whatever it holds, and what others need of it is
/// taken from it.
pub async fn make(place: &Place, entropy: &dyn Entropy) -> Result<Vec<Present>, Failure> {
    let api = Api::namespaced(client().await?, &place.namespace);
    let set = &place.set;
    let key_file =
        Wanted { name: format!("{set}-keyfile"), values: [("keyfile", key_file(entropy)?)].into() };
    let users = Wanted { name: format!("{set}-users"), values: passwords(entropy)? };
    let keys =
        Wanted { name: "portcullis-keys".to_owned(), values: [("key-secret", key_secret(entropy)?)].into() };
    let (key_file, _) = key_file.make(&api).await?;
    let (users, secret) = users.make(&api).await?;
    let url = |user| Zeroizing::new(place.url(user, &text(&secret, user)));
    let values = [("url", url("app")), ("backup-url", url("backup"))].into();
    let (store, _) = Wanted { name: place.store(), values }.make(&api).await?;
    let mut present = vec![key_file, users, store];
    if place.is_ours() {
        let (keys, _) = keys.make(&api).await?;
        present.push(keys);
    }
    Ok(present)
}

/// A Secret that has to be there, and what it holds if nobody has made it yet.
struct Wanted {
    name: String,
    values: BTreeMap<&'static str, Zeroizing<String>>,
}

impl Wanted {
    /// Of several who make it at the same time one does, and all go on with what that one made.
    async fn make(self, api: &Api<Secret>) -> Result<(Present, Secret), Failure> {
        let made = match ask(api.create(&PostParams::default(), &self.secret())).await {
            Err(Failure::Taken) => None,
            made => Some(made?),
        };
        let is_new = made.is_some();
        let secret = match made {
            Some(made) => made,
            None => ask(api.get(&self.name)).await?,
        };
        let held = secret.data.as_ref();
        if let Some(key) = self.values.keys().find(|key| held.is_none_or(|held| !held.contains_key(**key))) {
            return Err(Failure::Incomplete { secret: self.name, key });
        }
        let keys = self.values.keys().map(|key| (*key).to_owned()).collect();
        Ok((Present { name: self.name, keys, is_new }, secret))
    }

    fn secret(&self) -> Secret {
        let bytes = |text: &Zeroizing<String>| ByteString(text.as_bytes().to_vec());
        let data = self.values.iter().map(|(key, value)| ((*key).to_owned(), bytes(value)));
        let labels = [("app.kubernetes.io/part-of".to_owned(), "portcullis".to_owned())];
        Secret {
            metadata: ObjectMeta {
                name: Some(self.name.clone()),
                labels: Some(labels.into()),
                ..ObjectMeta::default()
            },
            data: Some(data.collect()),
            ..Secret::default()
        }
    }
}

impl Place {
    /// Whether it is the database of Portcullis; any other service has but the one Secret with its URL.
    fn is_ours(&self) -> bool {
        self.database == "auth"
    }

    fn store(&self) -> String {
        if self.is_ours() { "portcullis-store".to_owned() } else { format!("{}-store", self.database) }
    }

    /// Every member by its own name, because each has one as soon as it has a pod.
    fn url(&self, user: &str, password: &str) -> String {
        let Self { namespace, set, members, database } = self;
        let hosts = (0..*members).map(|ordinal| format!("{set}-{ordinal}.{set}.{namespace}.svc:27017"));
        let hosts = hosts.collect::<Vec<_>>().join(",");
        // Somebody else may have made the password.
        let password = byte_serialize(password.as_bytes()).collect::<String>().replace('+', "%20");
        format!("mongodb://portcullis-{user}:{password}@{hosts}/{database}?replicaSet=rs0&authSource=admin")
    }
}

/// What members know each other by: base64, of which MongoDB takes 1024 characters.
fn key_file(entropy: &dyn Entropy) -> Result<Zeroizing<String>, NoEntropy> {
    let bytes = Zeroizing::new(random::<576>(entropy)?);
    Ok(Zeroizing::new(STANDARD.encode(*bytes)))
}

/// One for each user, that needs no escape in a URL.
fn passwords(entropy: &dyn Entropy) -> Result<BTreeMap<&'static str, Zeroizing<String>>, NoEntropy> {
    let password = |user| {
        let bytes = Zeroizing::new(random::<32>(entropy)?);
        Ok((user, Zeroizing::new(URL_SAFE_NO_PAD.encode(*bytes))))
    };
    USERS.into_iter().map(password).collect()
}

fn key_secret(entropy: &dyn Entropy) -> Result<Zeroizing<String>, NoEntropy> {
    let bytes = Zeroizing::new(random::<32>(entropy)?);
    Ok(Zeroizing::new(STANDARD.encode(*bytes)))
}

fn text(secret: &Secret, key: &str) -> Zeroizing<String> {
    let held = secret.data.as_ref().and_then(|data| data.get(key));
    let held = held.map(|held| String::from_utf8_lossy(&held.0).into_owned()).unwrap_or_default();
    Zeroizing::new(held.strip_suffix('\n').unwrap_or(&held).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_names_every_member_and_its_password_needs_no_escape() {
        struct Counting;
        impl Entropy for Counting {
            fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
                bytes
                    .iter_mut()
                    .zip((0_u8..=255).cycle())
                    .for_each(|(to, from)| *to = from.wrapping_mul(251));
                Ok(())
            }
        }
        let place = Place {
            namespace: "portcullis".to_owned(),
            set: "auth-mongodb".to_owned(),
            members: 2,
            database: "auth".to_owned(),
        };
        let passwords = passwords(&Counting).unwrap();
        assert_eq!(passwords.len(), 4);
        let url = place.url("app", &passwords["app"]);
        let hosts = "auth-mongodb-0.auth-mongodb.portcullis.svc:27017,auth-mongodb-1.auth-mongodb.portcullis.svc:27017";
        assert!(url.ends_with(&format!("@{hosts}/auth?replicaSet=rs0&authSource=admin")), "{url}");
        let password = &passwords["app"];
        assert!(
            password.len() == 43 && !password.contains(['/', '+', '=', '@', ':', '%']),
            "{}",
            password.len()
        );
        assert!(
            place.url("app", "a+b c@d/e%").contains("://portcullis-app:a%2Bb%20c%40d%2Fe%25@auth-mongodb-0.")
        );
        assert_eq!(key_file(&Counting).unwrap().len(), 768);
    }
}
