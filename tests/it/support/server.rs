//! One mongod, which a test may kill, freeze and bring back, and which ends with the tests however they go.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::{IpAddr, SocketAddr, TcpListener},
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{self, Child, Command, Stdio},
    sync::{
        Mutex, Once,
        atomic::{AtomicU32, Ordering},
        mpsc::{Receiver, channel},
    },
    thread,
    time::Duration,
};

use super::patience::{PATIENCE, until};
use mongodb::{
    Client,
    bson::{Document, doc},
    options::ClientOptions,
};

/// Ends its mongod and removes its files once nobody holds the other end of its input, however they went.
/// It outlives every signal but the last: a frozen mongod whose tests are gone gets both of them a SIGHUP.
const WATCHDOG: &str = r#"
trap '' HUP INT TERM PIPE
mongod=$1 dir=$2 host=$3 port=$4 set=$5
shift 5
start() {
    mkdir -p "$dir"
    "$mongod" --dbpath "$dir" --port "$port" --bind_ip "$host" --nounixsocket "$@" \
        --wiredTigerCacheSizeGB 0.25 --setParameter diagnosticDataCollectionEnabled=false </dev/null >>"$dir.log" 2>&1 &
    pid=$!
}
end() { kill -KILL "$pid"; wait "$pid"; }
while read -r word; do
    case $word in
        start) start --replSet "$set" "$@" ;;
        alone) start "$@" ;;
        kill) end ;;
        end)
            # As a pod has it: whoever does not end in time is killed.
            kill -TERM "$pid"
            for _ in $(seq 200); do
                kill -0 "$pid" && [ "$(cut -d ' ' -f 3 "/proc/$pid/stat")" != Z ] || break
                sleep 0.1
            done
            end
            ;;
        lose) end; rm -rf "$dir" ;;
        freeze)
            kill -STOP "$pid"
            # The signal stops one thread after the other, and until the last stands still the server may answer.
            while [ -n "$(grep -L '^State:.T' /proc/"$pid"/task/*/status)" ]; do sleep 0.01; done
            ;;
        thaw) kill -CONT "$pid" ;;
    esac
    echo done
done 2>/dev/null
kill -KILL "$pid" 2>/dev/null
wait
rm -rf "$dir" "$dir.log"
"#;

#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// What else a URL of it has to say.
    url: String,
    watchdog: Mutex<Watchdog>,
}

#[derive(Debug)]
struct Watchdog {
    child: Child,
    answers: Receiver<String>,
}

impl Server {
    /// A member of a set to be, with nothing in it; it may not answer yet.
    pub(crate) fn start(mongod: &str, address: SocketAddr, set: &str, options: &[String], url: &str) -> Self {
        let mut child = Command::new("sh")
            .args(["-c", WATCHDOG, "watchdog", mongod])
            .arg(directory())
            .args([address.ip().to_string(), address.port().to_string(), set.to_owned()])
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Out of reach of the Ctrl-C that ends the tests: it has to tidy up after them.
            .process_group(0)
            .spawn()
            .unwrap();
        let (sender, answers) = channel();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        thread::spawn(move || lines.map_while(Result::ok).all(|line| sender.send(line).is_ok()));
        let watchdog = Mutex::new(Watchdog { child, answers });
        let server = Self { address, url: url.to_owned(), watchdog };
        server.tell("start");
        server
    }

    /// As a machine that loses its power.
    pub(crate) fn kill(&self) {
        self.tell("kill");
    }

    /// As a pod that is deleted.
    pub(crate) fn end(&self) {
        self.tell("end");
    }

    /// As a machine that loses its power and its disk.
    pub(crate) fn lose(&self) {
        self.tell("lose");
    }

    /// Brings it back with what it has on disk.
    pub(crate) fn start_again(&self) {
        self.tell("start");
    }

    /// Brings it back as a server that belongs to no set.
    pub(crate) fn start_alone(&self) {
        self.tell("alone");
    }

    /// Connections stay open and nobody answers.
    pub(crate) fn freeze(&self) {
        self.tell("freeze");
    }

    pub(crate) fn thaw(&self) {
        self.tell("thaw");
    }

    fn tell(&self, word: &str) {
        let mut watchdog = self.watchdog.lock().unwrap();
        writeln!(watchdog.child.stdin.as_mut().unwrap(), "{word}").unwrap();
        let answer = watchdog.answers.recv_timeout(PATIENCE);
        assert_eq!(answer.as_deref(), Ok("done"), "{word}");
    }

    /// As nobody, and to this one only.
    pub(crate) async fn client(&self) -> Client {
        let url = format!("mongodb://{}/?directConnection=true{}", self.address, self.url);
        let mut options = ClientOptions::parse(url).await.unwrap();
        options.server_selection_timeout = Some(Duration::from_millis(500));
        Client::with_options(options).unwrap()
    }

    /// `None` while it does not answer.
    pub(crate) async fn hello(&self) -> Option<Document> {
        self.client().await.database("admin").run_command(doc! { "hello": 1 }).await.ok()
    }

    pub(crate) async fn answers(&self) {
        until("mongod answers", async || self.hello().await.is_some()).await;
    }
}

/// The script knows where to look, and is the only one to know. `None`, said once and aloud, where there is none.
pub(crate) fn find() -> Option<String> {
    static SAID: Once = Once::new();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/fetch-mongod");
    let answer = Command::new(script).output().unwrap();
    if answer.status.success() {
        return Some(String::from_utf8(answer.stdout).unwrap().trim().to_owned());
    }
    // Not by a macro, whose output the test harness would keep to itself.
    SAID.call_once(|| io::stderr().write_all(b"\nskipped: no mongod; make test fetches one\n").unwrap());
    None
}

fn directory() -> PathBuf {
    std::env::temp_dir().join(format!("portcullis-mongod-{}-{}", process::id(), next()))
}

/// For a server that speaks TLS and nothing else, and asks nobody for a certificate.
pub(crate) fn with_tls(ca: &str, pem: &str) -> [String; 4] {
    let args = ["--tlsMode=requireTLS", "--tlsAllowConnectionsWithoutCertificates"].map(str::to_owned);
    let [mode, without] = args;
    [mode, without, format!("--tlsCertificateKeyFile={pem}"), format!("--tlsCAFile={ca}")]
}

/// A number that this process has not had yet.
pub(crate) fn next() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

pub(crate) fn free_port(ip: IpAddr) -> u16 {
    TcpListener::bind((ip, 0)).unwrap().local_addr().unwrap().port()
}
