//! A million users of another system, against the bare store that is given the same ones, and the memory that takes.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    thread::sleep,
    time::{Duration, Instant},
};

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use portcullis::{
    domain::user::User,
    flows::import_users::{Newcomer, Order},
    store::{
        BATCH, Store,
        mongo::MongoStore,
        sqlite::{Location, SqliteStore},
    },
    system::entropy::OsEntropy,
};
use serde_json::Value;

use crate::{mongod::Mongod, report::Report};

const MANY: usize = 1_000_000;
const FEW: usize = 100_000;

/// As many batches as the importer has on their way.
const IN_FLIGHT: usize = 4;

pub(crate) async fn measure(report: &mut Report) {
    let folder = Yard::new();
    println!("{MANY} users imported into SQLite");
    let (few, many) = (folder.lines(FEW), folder.lines(MANY));
    against_the_bare_store(report, "SQLite", &few, &many, &|name| folder.sqlite(name)).await;
    let Some(mongod) = Mongod::start(&folder.0).await else {
        println!("NOT MEASURED: MongoDB; there is no mongod");
        return;
    };
    println!("{MANY} users imported into MongoDB");
    against_the_bare_store(report, "MongoDB", &few, &many, &|name| mongod.url(name)).await;
}

/// Each into a database of its own; `place` is where one of this name lies.
async fn against_the_bare_store(
    report: &mut Report,
    kind: &str,
    few: &Path,
    many: &Path,
    place: &dyn Fn(&str) -> String,
) {
    let bare = bare(&*open(&place("bare")).await).await;
    Report::say("the bare store", &format!("{bare:.0} users/s"));
    let (_, small) = imported(few, &place("few")).await;
    let (rate, large) = imported(many, &place("many")).await;
    Report::say("the importer", &format!("{rate:.0} users/s"));
    let ratio = rate / bare;
    report.promise(
        &format!("importer to bare store, {kind}"),
        &format!("{ratio:.2}"),
        ">= 0.80",
        ratio >= 0.8,
    );
    let (small, large) = (small >> 20, large >> 20);
    report.promise(
        &format!("peak memory at {MANY} users, {kind}"),
        &format!("{large} MiB"),
        &format!("<= {} MiB ({small} at {FEW})", small + small / 4),
        large <= small + small / 4,
    );
}

/// Users a second; who makes them is not counted.
async fn bare(store: &dyn Store) -> f64 {
    let mut took = Duration::ZERO;
    for from in (0..MANY).step_by(IN_FLIGHT * BATCH) {
        let users: Vec<User> = (from..MANY.min(from + IN_FLIGHT * BATCH)).map(user).collect();
        let begun = Instant::now();
        let added = stream::iter(users.chunks(BATCH)).map(|batch| store.add_users(batch));
        added.buffered(IN_FLIGHT).for_each(|added| async { drop(added.expect("they are added")) }).await;
        took += begun.elapsed();
    }
    store.close().await;
    MANY as f64 / took.as_secs_f64()
}

/// Users a second by its own account, and the most memory that it ever had.
async fn imported(lines: &Path, place: &str) -> (f64, u64) {
    open(place).await.close().await;
    let mut child = Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .args(["users", "import", "--json"])
        .arg(lines)
        .env("PORTCULLIS_STORE_URL", place)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().expect("it is ours").is_none() {
        let told = fs::read_to_string(&status).unwrap_or_default();
        let line = told.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(peak);
        sleep(Duration::from_millis(10));
    }
    let output = child.wait_with_output().expect("its answer");
    let told: Value = serde_json::from_slice(&output.stdout).expect("a tally");
    assert_eq!(told["read"], told["added"], "everybody is added");
    let (added, seconds) =
        (told["added"].as_f64().expect("a count"), told["seconds"].as_f64().expect("a time"));
    (added / seconds, peak * 1024)
}

async fn open(place: &str) -> Arc<dyn Store> {
    let store: Arc<dyn Store> = match place.strip_prefix("sqlite:") {
        Some(path) => Arc::new(SqliteStore::open(Location::File(path.into())).expect("a file")),
        None => Arc::new(MongoStore::open(place, Arc::new(OsEntropy)).expect("a URL")),
    };
    store.migrate(Timestamp::UNIX_EPOCH).await.expect("a fresh store");
    store
}

/// As a ticketing platform remembers somebody; of which password, nobody knows.
fn user(number: usize) -> User {
    let newcomer = Newcomer {
        email: format!("user{number}@example.org"),
        password_hash: format!("{number:0128x}.{number:016x}"),
        salt: None,
        email_verified: Some(true),
        roles: Vec::new(),
        created_at: Some(created_at(number)),
        disabled: false,
    };
    newcomer.into_user(&Order::default(), Timestamp::MAX).expect("a user")
}

fn created_at(number: usize) -> String {
    let second = 1_400_000_000 + i64::try_from(number).expect("a million");
    Timestamp::from_second(second).expect("a moment").to_string()
}

/// Gone when it is dropped, with all that lies in it.
struct Yard(PathBuf);

impl Yard {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("portcullis-bench-import-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    fn sqlite(&self, name: &str) -> String {
        format!("sqlite:{}", self.0.join(format!("{name}.db")).display())
    }

    fn lines(&self, users: usize) -> PathBuf {
        let path = self.0.join(format!("{users}.ndjson"));
        let mut file = BufWriter::new(File::create(&path).expect("a file"));
        for number in 0..users {
            let at = created_at(number);
            let hash = format!("{number:0128x}.{number:016x}");
            writeln!(
                file,
                r#"{{"email":"user{number}@example.org","passwordHash":"{hash}","emailVerified":true,"createdAt":"{at}"}}"#
            )
            .expect("room");
        }
        file.flush().expect("room");
        path
    }
}

impl Drop for Yard {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
