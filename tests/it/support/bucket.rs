//! A real S3 server of a test's own, which checks signatures, and ends with the test.

use std::{
    fs,
    io::{self, Write},
    net::TcpListener,
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
    sync::Once,
    time::Duration,
};

use tokio::{
    net::TcpStream,
    time::{sleep, timeout},
};

use super::folder::Folder;

/// Ends when its standard input does, however the test ended.
const WATCHDOG: &str = r#"
dir=$1 weed=$2
shift 2
TMPDIR=$dir "$weed" "$@" >"$dir/log" 2>&1 &
pid=$!
cat >/dev/null
kill -KILL "$pid"
"#;

pub(crate) const ACCESS_KEY: &str = "backup";
pub(crate) const SECRET_KEY: &str = "only/for+tests=";

pub(crate) struct S3 {
    pub(crate) endpoint: String,
    watchdog: Child,
    _folder: Folder,
}

impl S3 {
    /// `None`, said once and aloud, where there is no server to start.
    pub(crate) async fn start() -> Option<Self> {
        let weed = find()?;
        let folder = Folder::new();
        let config = folder.file("s3.json");
        let identities = serde_json::json!({ "identities": [{
            "name": "tests",
            "credentials": [{ "accessKey": ACCESS_KEY, "secretKey": SECRET_KEY }],
            "actions": ["Admin", "Read", "Write", "List"],
        }] });
        fs::write(&config, identities.to_string()).unwrap();
        // Held together for a moment, so that they differ.
        let sockets = [(); 8].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let ports = sockets.map(|socket| socket.local_addr().unwrap().port());
        let names = [
            "master.port",
            "master.port.grpc",
            "volume.port",
            "volume.port.grpc",
            "filer.port",
            "filer.port.grpc",
            "s3.port.grpc",
            "s3.port",
        ];
        let at = names.iter().zip(ports).map(|(name, port)| format!("-{name}={port}"));
        let dir = folder.path().to_str().unwrap().to_owned();
        let watchdog = Command::new("sh")
            .args(["-c", WATCHDOG, "watchdog", &dir, &weed, "-logtostderr=true", "server"])
            .args([format!("-dir={dir}"), format!("-s3.config={}", config.display())])
            .args(["-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3", "-master.telemetry=false"])
            .args([
                "-s3.port.iceberg=0",
                "-s3.port.lance=0",
                "-master.volumeSizeLimitMB=100",
                "-volume.max=0",
            ])
            .args(at)
            .stdin(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let s3 = Self { endpoint: format!("http://127.0.0.1:{}", ports[7]), watchdog, _folder: folder };
        s3.ready(ports[7]).await;
        Some(s3)
    }

    async fn ready(&self, port: u16) {
        let ready = timeout(Duration::from_mins(1), async {
            while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                sleep(Duration::from_millis(50)).await;
            }
        });
        ready.await.expect("the S3 server is there in time");
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        let _ = self.watchdog.wait();
    }
}

/// The script knows where to look.
fn find() -> Option<String> {
    static SAID: Once = Once::new();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/fetch-weed");
    let answer = Command::new(script).output().unwrap();
    if answer.status.success() {
        return Some(String::from_utf8(answer.stdout).unwrap().trim().to_owned());
    }
    // Not by a macro, whose output the test harness would keep to itself.
    SAID.call_once(|| io::stderr().write_all(b"\nskipped: no S3 server; make test fetches one\n").unwrap());
    None
}
