//! An application behind the ingress controller's forward-auth: it is reached exactly when it should be.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::{
    edge::{Answer, ORIGIN},
    kubectl,
    place::Place,
    report::Report,
};

/// What the application says of itself when it is reached.
const REACHED: &str = "caller: ";

pub(crate) async fn look(place: &Place, report: &mut Report) {
    let spoofed =
        [("x-auth-request-user", "root"), ("x-auth-request-roles", "admin"), ("X_Auth_Request_User", "root")];
    let signed_in = ("cookie", place.cookie.as_str());
    let get = async |headers: &[(&str, &str)]| place.edge.get("/tickets/1", headers).await;

    let mut said = |what: &str, answer: &Answer, kept: bool| {
        let whether = if answer.text.contains(REACHED) { "reached" } else { "not reached" };
        report.promise(
            &format!("behind forward-auth: {what}"),
            &format!("{} {whether}", answer.status),
            "",
            kept,
        );
    };
    let refused = |answer: &Answer| answer.status == 401 && !answer.text.contains(REACHED);
    let reached = |answer: &Answer| {
        answer.status == 200 && answer.text.contains(REACHED) && !answer.text.contains("root")
    };

    let nobody = get(&[]).await;
    said("without credentials", &nobody, refused(&nobody));
    let pretender = get(&spoofed).await;
    said("with spoofed identity headers", &pretender, refused(&pretender));
    let ada = get(&[signed_in]).await;
    said("signed in", &ada, reached(&ada) && !ada.text.contains("caller: nobody"));
    let both = get(&[signed_in, spoofed[0], spoofed[1], spoofed[2]]).await;
    said("signed in, with spoofed identity headers", &both, reached(&both));
    let body = Some(json!({ "seats": "x".repeat(4000) }));
    let posted =
        place.edge.ask(Method::POST, "/tickets/1", &[signed_in, ("origin", ORIGIN)], body.clone()).await;
    said("signed in, with a POST body", &posted, reached(&posted) && posted.text.starts_with("POST"));
    let posted = place.edge.ask(Method::POST, "/tickets/1", &[], body).await;
    said("a POST body without credentials", &posted, refused(&posted));

    for path in [
        "/v1/whoami",
        "/v1/forward-auth/nic/signed-in",
        "/metrics",
        "/health",
        "/readyz",
        "/admin/v1/users",
        "/oauth2/",
    ] {
        let answer = place.edge.get(path, &[signed_in]).await;
        let kept = answer.status == 404 && !answer.text.contains("urn:portcullis");
        report.promise(
            &format!("from outside: {path}"),
            &answer.status.to_string(),
            "404 of the ingress",
            kept,
        );
    }

    kubectl::here("scale deployment portcullis --replicas 0").await;
    kubectl::here("wait --for delete pod --selector app.kubernetes.io/name=portcullis --timeout 90s").await;
    let alone = get(&[signed_in]).await;
    let whether = if alone.text.contains(REACHED) { "reached" } else { "not reached" };
    let kept = alone.status >= 400 && !alone.text.contains(REACHED);
    report.promise(
        "behind forward-auth: with no replica of ours",
        &format!("{} {whether}", alone.status),
        "",
        kept,
    );
    kubectl::here("scale deployment portcullis --replicas 1").await;
    kubectl::here("rollout status deployment/portcullis --timeout 90s").await;
    kubectl::until("the ingress finds us again", Duration::from_secs(30), async || {
        place.edge.knows(&place.cookie, &place.email).await.is_ok()
    })
    .await;
}
