//! The place under test: deployed, signed in to, and taken away.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::{edge::Edge, kubectl, report::Report};

const OVERLAY: &str = "tests/cluster/overlay";

pub(crate) async fn apply() {
    let applied = kubectl::run(&format!("apply --server-side --kustomize {OVERLAY}")).await;
    applied.unwrap_or_else(|fault| panic!("{fault}"));
}

pub(crate) struct Place {
    pub(crate) edge: Edge,
    /// Who signed up first, and is signed in.
    pub(crate) email: String,
    pub(crate) cookie: String,
}

impl Place {
    /// From `kubectl apply` to the first sign-in, with the images already there.
    pub(crate) async fn deploy(report: &mut Report) -> Self {
        let begun = Instant::now();
        apply().await;
        let (edge, email) = (Edge::new(), "ada@example.org".to_owned());
        let patience = Duration::from_mins(3);
        loop {
            let answer = edge.sign_up(&email).await;
            if answer.status == 201 {
                break;
            }
            let waits = begun.elapsed() < patience;
            assert!(waits, "nobody can sign up: {answer:?}\n{}", kubectl::here("get pods,events").await);
            sleep(Duration::from_millis(200)).await;
        }
        let answer = edge.sign_in(&email).await;
        let cookie = answer.cookie.clone().unwrap_or_else(|| panic!("nobody can sign in: {answer:?}"));
        let took = begun.elapsed();
        let figure = format!("{:.1} s", took.as_secs_f64());
        report.promise(
            "kubectl apply to the first sign-in",
            &figure,
            "<= 60 s",
            took <= Duration::from_mins(1),
        );
        kubectl::here("rollout status statefulset/auth-mongodb deployment/portcullis deployment/protected-app --timeout 60s")
            .await;
        Self { edge, email, cookie }
    }

    /// The overlay, and with its namespace the volumes.
    pub(crate) async fn take_away(self) {
        let deleted = kubectl::run(&format!("delete --kustomize {OVERLAY} --timeout 120s")).await;
        deleted.unwrap_or_else(|fault| panic!("{fault}"));
    }
}
