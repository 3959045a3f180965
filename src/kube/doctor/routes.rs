//! Everything that leads in from outside, as far as it can be read: Ingresses and their classes, policies of F5's controller, and
//! routes of the Gateway API where the cluster knows these kinds.

use serde::{Deserialize, de::DeserializeOwned};

use super::{
    CHECK, Cluster, Read, Unread,
    gateways::{Gateway, HttpRoute},
    seen::Meta,
    unreadable,
};
use crate::domain::finding::Finding;

pub(super) const PUBLIC: &str = "portcullis";
pub(super) const INTERNAL: &str = "portcullis-internal";
/// What every question to us begins with.
pub(super) const QUESTION: &str = "/v1/forward-auth/";

/// A list is empty where the cluster does not know the kind, and `None` where nobody may look.
pub(super) struct Entrances {
    pub(super) ingresses: Vec<Ingress>,
    pub(super) classes: Option<Vec<IngressClass>>,
    pub(super) policies: Option<Vec<Policy>>,
    pub(super) http_routes: Vec<HttpRoute>,
    pub(super) gateways: Vec<Gateway>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Ingress {
    pub(super) metadata: Meta,
    pub(super) spec: IngressSpec,
    pub(super) status: IngressStatus,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct IngressSpec {
    pub(super) ingress_class_name: Option<String>,
    pub(super) default_backend: Option<Backend>,
    pub(super) rules: Vec<Rule>,
    pub(super) tls: Vec<IngressTls>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Rule {
    pub(super) host: String,
    pub(super) http: Http,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Http {
    pub(super) paths: Vec<HttpPath>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct HttpPath {
    pub(super) path: String,
    pub(super) backend: Backend,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Backend {
    pub(super) service: Named,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) namespace: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct IngressTls {
    pub(super) hosts: Vec<String>,
    pub(super) secret_name: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct IngressStatus {
    pub(super) load_balancer: LoadBalancer,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct LoadBalancer {
    pub(super) ingress: Vec<Address>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Address {
    #[serde(alias = "value")]
    pub(super) ip: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct IngressClass {
    pub(super) metadata: Meta,
    pub(super) spec: IngressClassSpec,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct IngressClassSpec {
    pub(super) controller: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Policy {
    pub(super) metadata: Meta,
    pub(super) spec: PolicySpec,
    pub(super) status: PolicyStatus,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PolicySpec {
    pub(super) external_auth: ExternalAuth,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ExternalAuth {
    #[serde(rename = "authURI")]
    pub(super) uri: String,
    #[serde(rename = "authSigninURI")]
    pub(super) sign_in_uri: String,
    /// How the Gateway API writes it.
    pub(super) http: ExternalAuthHttp,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ExternalAuthHttp {
    pub(super) path: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PolicyStatus {
    pub(super) state: String,
    pub(super) message: String,
}

impl Entrances {
    pub(super) async fn read(cluster: &Cluster) -> (Self, Vec<Finding>) {
        let mut found = Vec::new();
        let ingresses =
            everywhere(cluster, "networking.k8s.io/v1", "ingresses", &mut found).await.unwrap_or_default();
        let classes = cluster.list("/apis/networking.k8s.io/v1/ingressclasses").await;
        let classes = known(classes, "ingress classes", &mut found);
        let policies = everywhere(cluster, "k8s.nginx.org/v1", "policies", &mut found).await;
        let gateway = "gateway.networking.k8s.io/v1";
        let routes = everywhere(cluster, gateway, "httproutes", &mut found).await.unwrap_or_default();
        let gateways = everywhere(cluster, gateway, "gateways", &mut found).await.unwrap_or_default();
        (Self { ingresses, classes, policies, http_routes: routes, gateways }, found)
    }
}

/// In all namespaces, or, for whoever may not look there, in ours.
async fn everywhere<T: DeserializeOwned>(
    cluster: &Cluster,
    group: &str,
    plural: &str,
    found: &mut Vec<Finding>,
) -> Option<Vec<T>> {
    let mut read = cluster.list(&format!("/apis/{group}/{plural}")).await;
    if let Err(Unread::Forbidden(_)) = read {
        read = cluster.list(&cluster.folder(group, plural)).await;
        if read.is_ok() {
            let what = format!("{plural} of other namespaces than {} cannot be read", cluster.namespace);
            found.push(Finding::unknown(
                CHECK,
                what,
                "name pages behind forward-auth that are elsewhere: --url",
            ));
        }
    }
    known(read, plural, found)
}

fn known<T>(read: Read<Vec<T>>, what: &str, found: &mut Vec<Finding>) -> Option<Vec<T>> {
    match read {
        Ok(all) => Some(all),
        Err(Unread::Missing) => Some(Vec::new()),
        Err(unread) => {
            found.push(unreadable(what, &unread));
            None
        }
    }
}

impl Meta {
    pub(super) fn path(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }
}

impl Ingress {
    pub(super) fn leads_to(&self, service: &str) -> bool {
        let paths = self.spec.rules.iter().flat_map(|rule| &rule.http.paths).map(|path| &path.backend);
        paths.chain(&self.spec.default_backend).any(|backend| backend.service.name == service)
    }
}
