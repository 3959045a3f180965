//! A real MongoDB to try things on: one member shared by all tests, or a set of its own for a test that breaks it.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::TcpListener,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{self, Child, Command, Stdio},
    sync::{
        Mutex, Once,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use mongodb::{
    Client,
    bson::{Bson, Document, doc},
    options::ClientOptions,
};
use tokio::{
    sync::OnceCell,
    time::{sleep, timeout},
};

/// Ends its mongod and removes its files once nobody holds the other end of its input, however they went.
/// It outlives every signal but the last: a frozen mongod whose tests are gone gets both of them a SIGHUP.
const WATCHDOG: &str = r#"
trap '' HUP INT TERM PIPE
mongod=$1 dir=$2 port=$3
shift 3
start() {
    "$mongod" --dbpath "$dir" --port "$port" --bind_ip 127.0.0.1 --nounixsocket "$@" \
        --wiredTigerCacheSizeGB 0.25 --setParameter enableTestCommands=1 --setParameter ttlMonitorEnabled=false \
        --setParameter diagnosticDataCollectionEnabled=false </dev/null >"$dir.log" 2>&1 &
    pid=$!
}
while read -r word; do
    case $word in
        start) start --replSet tests "$@" ;;
        alone) start "$@" ;;
        kill) kill -KILL "$pid"; wait "$pid" ;;
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

const TO_START: Duration = Duration::from_mins(1);

/// A replica set of this process, which ends with it.
#[derive(Debug)]
pub(crate) struct ReplicaSet {
    members: Vec<Member>,
    /// What else a URL of it has to say.
    options: String,
}

#[derive(Debug)]
struct Member {
    port: u16,
    options: String,
    watchdog: Mutex<Child>,
}

/// The member that all tests share; `None`, said once and aloud, where there is no mongod to start.
pub(crate) async fn shared() -> Option<&'static ReplicaSet> {
    static SHARED: OnceCell<Option<ReplicaSet>> = OnceCell::const_new();
    SHARED.get_or_init(|| ReplicaSet::start(1, Duration::from_secs(10))).await.as_ref()
}

/// A name no other test uses, nor another run on the same server.
pub(crate) fn database_name() -> String {
    format!("portcullis_test_{}_{}", process::id(), next())
}

impl ReplicaSet {
    /// One member, for a test that kills or freezes it.
    pub(crate) async fn one() -> Option<Self> {
        Self::start(1, Duration::from_secs(1)).await
    }

    /// Three members, one of which stands for election when it has not heard of a primary for so long.
    pub(crate) async fn three(election_timeout: Duration) -> Option<Self> {
        Self::start(3, election_timeout).await
    }

    async fn start(members: usize, election_timeout: Duration) -> Option<Self> {
        let mongod = find()?;
        let members: Vec<_> = (0..members).map(|_| Member::start(&mongod, "", &[])).collect();
        let set = Self { members, options: String::new() };
        for member in &set.members {
            until(async || member.hello().await.is_some()).await;
        }
        set.initiate(election_timeout).await;
        Some(set)
    }

    /// One member that speaks TLS and nothing else.
    pub(crate) async fn one_with_tls(ca: &Path, pem: &Path) -> Option<Self> {
        let [ca, pem] = [ca, pem].map(|path| path.display().to_string());
        let args = ["--tlsMode=requireTLS", "--tlsAllowConnectionsWithoutCertificates"].map(str::to_owned);
        let args =
            [&args[..], &[format!("--tlsCertificateKeyFile={pem}"), format!("--tlsCAFile={ca}")]].concat();
        let options = format!("&tls=true&tlsCAFile={ca}");
        let set = Self { members: vec![Member::start(&find()?, &options, &args)], options };
        until(async || set.members[0].hello().await.is_some()).await;
        set.initiate(Duration::from_secs(1)).await;
        Some(set)
    }

    /// One member that nobody has made a set of yet.
    pub(crate) async fn to_be() -> Option<Self> {
        let set = Self { members: vec![Member::start(&find()?, "", &[])], options: String::new() };
        until(async || set.members[0].hello().await.is_some()).await;
        Some(set)
    }

    /// Makes a set of its members, and waits for its primary.
    pub(crate) async fn initiate(&self, election_timeout: Duration) {
        let members = self.members.iter().zip(0..);
        let members = members.map(|(member, id)| doc! { "_id": id, "host": member.address() });
        let millis = i64::try_from(election_timeout.as_millis()).unwrap();
        let config = doc! {
            "_id": "tests",
            "members": members.map(Bson::from).collect::<Vec<_>>(),
            "settings": { "electionTimeoutMillis": millis },
        };
        let first = self.members[0].client().await;
        first.database("admin").run_command(doc! { "replSetInitiate": config }).await.unwrap();
        until(async || self.primary().await.is_some()).await;
    }

    pub(crate) fn url(&self, database: &str) -> String {
        let members: Vec<_> = self.members.iter().map(Member::address).collect();
        format!("mongodb://{}/{database}?replicaSet=tests{}", members.join(","), self.options)
    }

    /// A plain client, past the store.
    pub(crate) async fn client(&self) -> Client {
        Client::with_uri_str(self.url("admin")).await.unwrap()
    }

    /// Which member is primary by its own account.
    pub(crate) async fn primary(&self) -> Option<usize> {
        for (index, member) in self.members.iter().enumerate() {
            let hello = member.hello().await;
            if hello.is_some_and(|hello| hello.get_bool("isWritablePrimary").unwrap_or(false)) {
                return Some(index);
            }
        }
        None
    }

    /// As a machine that loses its power.
    pub(crate) fn kill(&self, member: usize) {
        self.members[member].tell("kill");
    }

    /// Brings a killed member back with what it had on disk.
    pub(crate) async fn restart(&self, member: usize) {
        self.members[member].tell("start");
        until(async || self.members[member].hello().await.is_some()).await;
    }

    /// Brings a killed member back as a server that belongs to no set.
    pub(crate) async fn restart_alone(&self, member: usize) {
        self.members[member].tell("alone");
        until(async || self.members[member].hello().await.is_some()).await;
    }

    /// Connections stay open and nobody answers.
    pub(crate) fn freeze(&self, member: usize) {
        self.members[member].tell("freeze");
    }

    pub(crate) fn thaw(&self, member: usize) {
        self.members[member].tell("thaw");
    }
}

impl Member {
    fn start(mongod: &str, options: &str, args: &[String]) -> Self {
        let directory = directory();
        std::fs::create_dir_all(&directory).unwrap();
        let port = free_port();
        let watchdog = Command::new("sh")
            .args(["-c", WATCHDOG, "watchdog", mongod])
            .arg(directory)
            .arg(port.to_string())
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Out of reach of the Ctrl-C that ends the tests: it has to tidy up after them.
            .process_group(0)
            .spawn()
            .unwrap();
        let member = Self { port, options: options.to_owned(), watchdog: Mutex::new(watchdog) };
        member.tell("start");
        member
    }

    fn tell(&self, word: &str) {
        let mut watchdog = self.watchdog.lock().unwrap();
        writeln!(watchdog.stdin.as_mut().unwrap(), "{word}").unwrap();
        let mut answer = String::new();
        BufReader::new(watchdog.stdout.as_mut().unwrap()).read_line(&mut answer).unwrap();
        assert_eq!(answer, "done\n");
    }

    fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    async fn client(&self) -> Client {
        let url = format!("mongodb://{}/?directConnection=true{}", self.address(), self.options);
        let mut options = ClientOptions::parse(url).await.unwrap();
        options.server_selection_timeout = Some(Duration::from_millis(500));
        Client::with_options(options).unwrap()
    }

    /// `None` while it does not answer.
    async fn hello(&self) -> Option<Document> {
        self.client().await.database("admin").run_command(doc! { "hello": 1 }).await.ok()
    }
}

/// The script knows where to look, and is the only one to know.
fn find() -> Option<String> {
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

fn next() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

async fn until(mut so: impl AsyncFnMut() -> bool) {
    let reached = timeout(TO_START, async {
        while !so().await {
            sleep(Duration::from_millis(20)).await;
        }
    });
    reached.await.expect("mongod is ready in time");
}
