//! What the tests ask of a set: as one of its users, of each member, or over HTTP of its agent.

use std::{
    fs,
    net::SocketAddr,
    time::{Duration, Instant},
};

use mongodb::{
    Client,
    bson::{Document, doc},
    error::Error,
};
use tokio::time::sleep;

use super::Set;

/// No test waits longer for a set to be as it should.
const PATIENCE: Duration = Duration::from_mins(1);

impl Set {
    /// One member, as a user.
    pub(crate) async fn client_of(&self, ordinal: u8, user: &str, password: &str) -> Client {
        let credentials = format!("portcullis-{user}:{password}");
        let options = "directConnection=true&authSource=admin&authMechanism=SCRAM-SHA-256";
        let bounds = "serverSelectionTimeoutMS=1000&connectTimeoutMS=1000";
        let url = format!(
            "mongodb://{credentials}@{}/?{options}&{bounds}{}",
            self.address(ordinal),
            self.url_options()
        );
        Client::with_uri_str(url).await.unwrap()
    }

    pub(crate) async fn run_as(
        &self,
        ordinal: u8,
        user: &str,
        password: &str,
        command: Document,
    ) -> Result<Document, Error> {
        self.client_of(ordinal, user, password).await.database("admin").run_command(command).await
    }

    /// Which of the living say that they are primary.
    pub(crate) async fn primaries(&self) -> Vec<u8> {
        let mut primaries = Vec::new();
        for (pod, ordinal) in self.pods.iter().zip(0..) {
            let hello = pod.server.hello().await;
            if hello.is_some_and(|hello| hello.get_bool("isWritablePrimary").unwrap_or(false)) {
                primaries.push(ordinal);
            }
        }
        primaries
    }

    /// Waits until all members are in one set, with their votes, one is primary, and everybody is ready.
    pub(crate) async fn settled(&mut self, members: u8) -> u8 {
        let begun = Instant::now();
        loop {
            match self.is_settled(members).await {
                Ok(primary) => return primary,
                Err(reason) if begun.elapsed() > PATIENCE => {
                    let said: Vec<_> = self
                        .pods
                        .iter_mut()
                        .map(|pod| pod.agent.as_mut().map(|agent| agent.so_far().to_vec()))
                        .collect();
                    panic!("it is not settled: {reason}: {said:#?}");
                }
                Err(_) => sleep(Duration::from_millis(100)).await,
            }
        }
    }

    async fn is_settled(&self, members: u8) -> Result<u8, String> {
        let primaries = self.primaries().await;
        let [primary] = primaries[..] else { return Err(format!("primaries: {primaries:?}")) };
        for ordinal in 0..members {
            let config = self.config(ordinal).await.map_err(|error| format!("{ordinal}: {error}"))?;
            let votes = config
                .get_array("members")
                .unwrap()
                .iter()
                .filter(|member| number(member.as_document().unwrap(), "votes") == 1);
            let votes = votes.count();
            if votes != usize::from(members) {
                return Err(format!("{ordinal} knows of {votes} votes"));
            }
            let ready = self.get(ordinal, "/readyz").await;
            if ready.0 != 200 {
                return Err(format!("{ordinal} is not ready: {}", ready.1));
            }
        }
        Ok(primary)
    }

    /// Waits until another one is primary, and this one's agent has seen that it does not answer.
    pub(crate) async fn settled_without(&self, gone: u8) -> u8 {
        let begun = Instant::now();
        loop {
            let primaries = self.primaries().await;
            if let ([primary], 503) = (&primaries[..], self.get(gone, "/readyz").await.0) {
                return *primary;
            }
            assert!(begun.elapsed() < PATIENCE, "primaries: {primaries:?}");
            sleep(Duration::from_millis(100)).await;
        }
    }

    pub(crate) async fn config(&self, ordinal: u8) -> Result<Document, Error> {
        let answer =
            self.run_as(ordinal, "agent", &self.password("agent"), doc! { "replSetGetConfig": 1 }).await?;
        Ok(answer.get_document("config").unwrap().clone())
    }

    /// What tells this set from any other, also from one of the same name.
    pub(crate) async fn id(&self, ordinal: u8) -> String {
        let config = self.config(ordinal).await.unwrap();
        config.get_document("settings").unwrap().get_object_id("replicaSetId").unwrap().to_hex()
    }

    /// Status and body.
    pub(crate) async fn get(&self, ordinal: u8, path: &str) -> (u16, String) {
        fetch(self.pods[usize::from(ordinal)].http, path).await
    }

    /// What the kubelet says before the pod goes.
    pub(crate) async fn step_down(&self, ordinal: u8) -> (u16, String) {
        fetch(self.pods[usize::from(ordinal)].hook, "/step-down").await
    }

    /// Each user has its role, and its password is the one in the file.
    pub(crate) async fn assert_users(&self, primary: u8) {
        for (user, role) in [
            ("agent", "portcullis-agent"),
            ("app", "portcullis-app"),
            ("backup", "portcullis-backup"),
            ("monitor", "clusterMonitor"),
        ] {
            let file = fs::read_to_string(self.folder.file("users").join(user)).unwrap();
            let status = self.run_as(primary, user, file.trim_end(), doc! { "connectionStatus": 1 }).await;
            let status = status.unwrap_or_else(|error| panic!("{user} cannot sign in: {error}"));
            let roles = status.get_document("authInfo").unwrap().get_array("authenticatedUserRoles").unwrap();
            let roles: Vec<_> =
                roles.iter().map(|role| role.as_document().unwrap().get_str("role").unwrap()).collect();
            assert!(roles.contains(&role), "{user}: {roles:?}");
            assert!(
                !roles.contains(&"userAdminAnyDatabase") && !roles.contains(&"root"),
                "{user}: {roles:?}"
            );
        }
        let users =
            self.run_as(primary, "agent", &self.password("agent"), doc! { "usersInfo": 1 }).await.unwrap();
        assert_eq!(users.get_array("users").unwrap().len(), 4);
    }
}

fn number(document: &Document, key: &str) -> i64 {
    let value = document.get(key).unwrap();
    value.as_i32().map(i64::from).or(value.as_i64()).unwrap()
}

async fn fetch(address: SocketAddr, path: &str) -> (u16, String) {
    match reqwest::get(format!("http://{address}{path}")).await {
        Ok(answer) => (answer.status().as_u16(), answer.text().await.unwrap_or_default()),
        Err(error) => (0, error.to_string()),
    }
}
