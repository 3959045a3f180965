//! Who serves an Ingress. Two kinds of controllers call their class `nginx`, and each ignores what is written for the other.

use super::routes::{Ingress, IngressClass};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Controller {
    /// `nginx/kubernetes-ingress`.
    F5,
    /// `kubernetes/ingress-nginx`, retired in March 2026.
    IngressNginx,
    Other(String),
    /// Nobody: why.
    Nobody(String),
    /// Nobody may look.
    Unknown,
}

const DEFAULT: &str = "ingressclass.kubernetes.io/is-default-class";
const OLD_NAME: &str = "kubernetes.io/ingress.class";

pub(super) fn of(ingress: &Ingress, classes: Option<&[IngressClass]>) -> Controller {
    let Some(classes) = classes else { return Controller::Unknown };
    let named =
        ingress.spec.ingress_class_name.as_ref().or_else(|| ingress.metadata.annotations.get(OLD_NAME));
    let is_default =
        |class: &&IngressClass| class.metadata.annotations.get(DEFAULT).is_some_and(|is| is == "true");
    let class = match named {
        Some(name) => classes.iter().find(|class| &class.metadata.name == name),
        None => classes.iter().find(is_default),
    };
    match (class.map(|class| class.spec.controller.as_str()), named) {
        (Some("nginx.org/ingress-controller"), _) => Controller::F5,
        (Some("k8s.io/ingress-nginx"), _) => Controller::IngressNginx,
        (Some(other), _) => Controller::Other(other.to_owned()),
        (None, Some(name)) => Controller::Nobody(format!("there is no ingress class {name}")),
        (None, None) => Controller::Nobody("it names no ingress class, and none is the default".to_owned()),
    }
}
