//! The drill: a backup is made, the database destroyed with its volumes, and the backup restored.

use std::{
    env,
    fs::{self, File},
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    process::Command,
    time::Duration,
};

use tokio::time::sleep;

use crate::{
    edge::Answer,
    kubectl,
    place::{self, Place},
    report::Report,
};

pub(crate) async fn look(place: &mut Place, report: &mut Report) {
    let identity = env::temp_dir().join(format!("portcullis-backup-{}.key", std::process::id()));
    let recipient = make_keys(&identity);
    kubectl::here(&format!("set env cronjob/auth-mongodb-backup PORTCULLIS_BACKUP_RECIPIENTS={recipient}"))
        .await;
    kubectl::here("create job --from cronjob/auth-mongodb-backup backup-now").await;
    let saved = ended("backup-now").await;

    kubectl::here("delete statefulset auth-mongodb").await;
    kubectl::here("wait --for delete pod --selector app.kubernetes.io/name=mongodb --timeout 150s").await;
    kubectl::here(
        "delete pvc data-auth-mongodb-0 data-auth-mongodb-1 data-auth-mongodb-2 --ignore-not-found",
    )
    .await;
    place::apply().await;
    kubectl::here("rollout status statefulset/auth-mongodb --timeout 120s").await;
    // As `docs/backup.md` says: nobody serves from a database that they have not set up themselves.
    kubectl::here("rollout restart deployment portcullis").await;
    kubectl::here("rollout status deployment/portcullis --timeout 120s").await;
    let answer = answered(place).await;
    report.promise(
        "drill: the database is destroyed, so a sign-in is",
        &answer.status.to_string(),
        "400",
        answer.status == 400,
    );

    kubectl::here("scale deployment portcullis --replicas 0").await;
    kubectl::here(&format!(
        "create secret generic portcullis-backup-identity --from-file identity={}",
        identity.display()
    ))
    .await;
    kubectl::here("create --kustomize infra/mongodb/restore").await;
    let restored = ended("auth-mongodb-restore").await;
    kubectl::here("delete --kustomize infra/mongodb/restore").await;
    kubectl::here("delete secret portcullis-backup-identity").await;
    kubectl::here("scale deployment portcullis --replicas 1").await;
    kubectl::here("rollout status deployment/portcullis --timeout 120s").await;
    _ = fs::remove_file(identity);

    let (saved, restored) = (users(&saved), users(&restored));
    let kept = saved == restored;
    report.promise(
        "drill: users in the backup and restored, and their hash",
        if kept { &saved } else { &restored },
        "the same",
        kept,
    );
    let answer = place.edge.knows(&place.cookie, &place.email).await;
    report.promise(
        "drill: a session from before is",
        if answer.is_ok() { "known" } else { "over" },
        "over",
        answer.is_err(),
    );
    let answer = answered(place).await;
    report.promise("drill: the same user signs in", &answer.status.to_string(), "200", answer.status == 200);
    place.cookie = answer.cookie.expect("a session");
}

/// A sign-in, once ingress, service and database have found each other again, each of which takes a moment.
async fn answered(place: &Place) -> Answer {
    let mut answer = place.edge.sign_in(&place.email).await;
    for _ in 0..120 {
        if answer.status < 500 {
            break;
        }
        sleep(Duration::from_millis(500)).await;
        answer = place.edge.sign_in(&place.email).await;
    }
    answer
}

/// Writes the identity there, and says for whom backups are to be made.
fn make_keys(identity: &std::path::Path) -> String {
    let made =
        Command::new(env!("CARGO_BIN_EXE_portcullis")).args(["backup", "keygen"]).output().expect("it runs");
    let made = String::from_utf8(made.stdout).expect("text");
    let mut file =
        File::options().create(true).write(true).truncate(true).mode(0o600).open(identity).expect("a file");
    file.write_all(made.as_bytes()).expect("the identity");
    let at = made.find("age1").expect("a recipient");
    made[at..].split_whitespace().next().expect("a recipient").to_owned()
}

/// What a Job said, once it has succeeded.
async fn ended(job: &str) -> String {
    let waited = kubectl::run(&format!(
        "--namespace portcullis wait --for condition=complete --timeout 120s job/{job}"
    ))
    .await;
    let said = kubectl::here(&format!("logs job/{job}")).await;
    assert!(waited.is_ok(), "{job} has not succeeded: {said}\n{}", kubectl::here("get events").await);
    said
}

/// How many users a summary counts, and the hash of them all.
fn users(summary: &str) -> String {
    let row = summary.lines().find(|line| line.starts_with("users "));
    row.unwrap_or_else(|| panic!("no users in: {summary}"))
        .split_whitespace()
        .skip(1)
        .collect::<Vec<_>>()
        .join(" ")
}
