//! A real MongoDB: a replica set of one member, which ends with the measurement.

use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use mongodb::{Client, bson::doc};
use tokio::time::sleep;

pub(crate) struct Mongod {
    child: Child,
    port: u16,
}

impl Mongod {
    /// With its files below the folder; `None` where there is none to start.
    pub(crate) async fn start(folder: &Path) -> Option<Self> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/fetch-mongod");
        let found = Command::new(script).output().expect("the script runs");
        if !found.status.success() {
            return None;
        }
        let mongod = String::from_utf8(found.stdout).expect("a path");
        let port =
            TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port();
        let data = folder.join("mongod");
        fs::create_dir_all(&data).expect("a folder");
        let child = Command::new(mongod.trim())
            .args([
                "--bind_ip",
                "127.0.0.1",
                "--nounixsocket",
                "--replSet",
                "bench",
                "--port",
                &port.to_string(),
            ])
            .args(["--wiredTigerCacheSizeGB", "0.5", "--dbpath"])
            .arg(data)
            .stdout(Stdio::null())
            .spawn()
            .expect("mongod starts");
        let started = Self { child, port };
        started.initiate().await;
        Some(started)
    }

    pub(crate) fn url(&self, database: &str) -> String {
        format!("mongodb://127.0.0.1:{}/{database}?replicaSet=bench", self.port)
    }

    async fn initiate(&self) {
        let url =
            format!("mongodb://127.0.0.1:{}/?directConnection=true&serverSelectionTimeoutMS=500", self.port);
        let admin = Client::with_uri_str(url).await.expect("a client").database("admin");
        let host = format!("127.0.0.1:{}", self.port);
        let config = doc! { "_id": "bench", "members": [{ "_id": 0, "host": host }] };
        for _ in 0..120 {
            let _ = admin.run_command(doc! { "replSetInitiate": &config }).await;
            let hello = admin.run_command(doc! { "hello": 1 }).await;
            if hello.is_ok_and(|hello| hello.get_bool("isWritablePrimary").unwrap_or(false)) {
                return;
            }
            sleep(Duration::from_millis(500)).await;
        }
        panic!("mongod is not primary within a minute");
    }
}

impl Drop for Mongod {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
