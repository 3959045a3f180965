//! Backups in a bucket: on a real S3 server, which checks every signature.

use std::{
    fs,
    sync::{Arc, Mutex},
};

use portcullis::system::{
    archive::{Access, Archive, Bucket, Kept},
    clock::SystemClock,
    entropy::OsEntropy,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::Yard;
use crate::support::{
    bucket::{ACCESS_KEY, S3, SECRET_KEY},
    process::run,
};

/// What S3 calls a part, and what is held of a file at a time.
const PART: usize = 8 << 20;

fn bucket(endpoint: &str, secret: &str, prefix: &str) -> Bucket {
    let access = Access {
        endpoint: endpoint.parse().unwrap(),
        region: "us-east-1".to_owned(),
        access_key: ACCESS_KEY.to_owned(),
        secret_key: secret.into(),
    };
    let (clock, entropy) = (Arc::new(SystemClock::start()), Arc::new(OsEntropy));
    Bucket::open(access, "backups".to_owned(), prefix.to_owned(), clock, entropy).unwrap()
}

async fn read(bucket: &Bucket, name: &str) -> Vec<u8> {
    let (mut source, mut whole) = (bucket.open(name).await.unwrap(), Vec::new());
    loop {
        let bytes = source.read().await.unwrap();
        assert!(bytes.len() <= PART);
        if bytes.is_empty() {
            return whole;
        }
        whole.extend(bytes);
    }
}

#[tokio::test]
async fn files_are_written_in_parts_and_seen_when_they_are_whole() {
    let Some(s3) = S3::start().await else { return };
    let bucket = bucket(&s3.endpoint, SECRET_KEY, "some where/+\u{e4}/");
    for (number, length) in [0, 1, PART - 1, PART, PART + 1, 2 * PART + 4_711].into_iter().enumerate() {
        let name = format!("file {number} & more.gz");
        let whole: Vec<u8> = (0..=250).cycle().take(length).collect();
        let mut draft = bucket.create(&name).await.unwrap();
        for piece in whole.chunks(1 << 20) {
            draft.write(piece).await.unwrap();
        }
        assert_eq!(bucket.list().await.unwrap(), [], "nobody sees it yet");
        draft.finish().await.unwrap();
        assert_eq!(bucket.list().await.unwrap(), [Kept { name: name.clone(), size: length as u64 }]);
        assert!(read(&bucket, &name).await == whole, "{length}");
        bucket.remove(&name).await.unwrap();
    }
    let mut draft = bucket.create("never.gz").await.unwrap();
    draft.write(&vec![7; PART + 1]).await.unwrap();
    draft.abandon().await;
    assert_eq!(bucket.list().await.unwrap(), []);
    assert!(bucket.open("never.gz").await.is_err());
}

#[tokio::test]
async fn a_listing_goes_on_after_a_thousand() {
    let Some(s3) = S3::start().await else { return };
    let bucket = bucket(&s3.endpoint, SECRET_KEY, "many/");
    let names: Vec<String> = (0..1_003).map(|number| format!("{number:05}")).collect();
    for name in &names {
        let mut draft = bucket.create(name).await.unwrap();
        draft.write(b"x").await.unwrap();
        draft.finish().await.unwrap();
    }
    let listed: Vec<_> = bucket.list().await.unwrap().into_iter().map(|kept| kept.name).collect();
    assert_eq!(listed, names);
}

#[tokio::test]
async fn a_wrong_secret_and_a_server_that_is_away_are_told() {
    let Some(s3) = S3::start().await else { return };
    let said = bucket(&s3.endpoint, "another", "").list().await.unwrap_err().to_string();
    assert!(
        said.starts_with("s3://backups/ at http://127.0.0.1:") && said.contains("SignatureDoesNotMatch"),
        "{said}"
    );
    let endpoint = s3.endpoint.clone();
    drop(s3);
    let yard = Yard::on_sqlite();
    let settings = settings(&endpoint);
    let listed = run(&yard.folder, &["backup", "list", "--from", "s3://backups"], &settings);
    assert_eq!(listed.status.code(), Some(1));
    assert!(String::from_utf8(listed.stderr).unwrap().contains("Connection refused"));
}

fn settings(endpoint: &str) -> [(&str, &str); 3] {
    [
        ("PORTCULLIS_BACKUP_S3_ENDPOINT", endpoint),
        ("PORTCULLIS_BACKUP_S3_ACCESS_KEY", ACCESS_KEY),
        ("PORTCULLIS_BACKUP_S3_SECRET_KEY", SECRET_KEY),
    ]
}

/// A service that knows nothing of an upload any more, and has an object of so many bytes; and what it was asked.
async fn forgetful(size: usize) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (mut request, mut piece) = (Vec::new(), [0; 4_096]);
            // What is sent here ends like this, with a body and without.
            while ![&b"\r\n\r\n"[..], b"xyz", b"Upload>"].iter().any(|end| request.ends_with(end)) {
                let read = stream.read(&mut piece).await.unwrap();
                request.extend_from_slice(&piece[..read]);
            }
            let head = String::from_utf8_lossy(&request).lines().next().unwrap().to_owned();
            let method = head.split(' ').next().unwrap().to_owned();
            let (status, body) = match &*method {
                "POST" if head.contains("uploads=") => (200, "<UploadId>1</UploadId>"),
                "POST" => (404, "<Code>NoSuchUpload</Code>"),
                _ => (200, ""),
            };
            let length = if method == "HEAD" { size } else { body.len() };
            noted.lock().unwrap().push(method);
            let answer = format!(
                "HTTP/1.1 {status} -\r\netag: t\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (endpoint, asked)
}

/// As after a completion whose answer was lost on the way, and which was asked for again.
#[tokio::test]
async fn an_upload_that_cannot_be_completed_is_whole_if_it_is_there_and_taken_back_if_it_is_not() {
    for (size, whole) in [(3, true), (2, false)] {
        let (endpoint, asked) = forgetful(size).await;
        let mut draft = bucket(&endpoint, SECRET_KEY, "").create("a.gz").await.unwrap();
        draft.write(b"xyz").await.unwrap();
        assert_eq!(draft.finish().await.is_ok(), whole);
        let expected = ["POST", "PUT", "POST", "HEAD", "DELETE"];
        assert_eq!(*asked.lock().unwrap(), expected[..if whole { 4 } else { 5 }]);
    }
}

#[tokio::test]
async fn a_backup_goes_to_a_bucket_and_comes_back() {
    let Some(s3) = S3::start().await else { return };
    let yard = Yard::on_sqlite();
    yard.fill(50).await;
    let settings = settings(&s3.endpoint);
    let json = |args: &[&str]| -> serde_json::Value {
        let output = run(&yard.folder, &[args, &["--json"]].concat(), &settings);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let back_up =
        || json(&["backup", "--to", "s3://backups/auth", "--recipient", &yard.recipient, "--keep", "2"]);
    let first = back_up();
    let (second, third) = (back_up(), back_up());
    assert_eq!(third["removed"], serde_json::json!([first["name"]]));
    let listed = json(&["backup", "list", "--from", "s3://backups/auth/"]);
    assert_eq!(listed["backups"][0]["name"], third["name"]);
    assert_eq!(listed["backups"][1]["name"], second["name"]);
    assert_eq!(listed["backups"].as_array().unwrap().len(), 2);

    yard.destroy().await;
    let key = yard.path("key");
    let restored = json(&["restore", "--from", "s3://backups/auth", "--identity-file", &key]);
    assert_eq!((&restored["name"], &restored["collections"]), (&third["name"], &third["collections"]));
    let one = format!("s3://backups/auth/{}", second["name"].as_str().unwrap());
    let restored = json(&["restore", "--from", &one, "--identity-file", &key, "--replace"]);
    assert_eq!(restored["collections"], second["collections"]);
    assert!(!fs::exists(yard.folder.file("backups")).unwrap());
}
