//! What is not as it was made is refused in a sentence, before anything is touched.

use std::fs;

use portcullis::domain::record::Record;

use super::Yard;
use crate::support::{folder::Folder, people::People, process::run, records::exported};

/// A backup in several chunks, and the filled store that it is restored over.
struct Spoiler {
    yard: Yard,
    whole: Vec<u8>,
    before: Vec<Record>,
}

impl Spoiler {
    async fn new(args: &[&str]) -> Self {
        let yard = Yard::on_sqlite();
        yard.fill(3_000).await;
        yard.json(&[&["backup", "--to", &yard.path("backups")], args].concat());
        let whole = fs::read(yard.file()).unwrap();
        assert!(whole.len() > 2 * 64 * 1024, "{}", whole.len());
        let before = exported(&*yard.store()).await;
        Self { yard, whole, before }
    }

    async fn sealed() -> Self {
        let key = Yard::on_sqlite();
        let spoiler = Self::new(&["--recipient", &key.recipient]).await;
        fs::copy(key.folder.file("key"), spoiler.yard.folder.file("key")).unwrap();
        spoiler
    }

    /// What is said of the file that `spoil` makes of the backup.
    async fn refusal(&self, rest: &[&str], spoil: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut bytes = self.whole.clone();
        spoil(&mut bytes);
        fs::write(self.yard.file(), bytes).unwrap();
        let from = self.yard.path("backups");
        let said = self.yard.refusal(&[&["restore", "--from", &from, "--replace"], rest].concat());
        let store = self.yard.store();
        store.migrate(People::new().now()).await.unwrap();
        assert!(exported(&*store).await == self.before, "nothing was touched");
        assert!(said.starts_with("the backup portcullis-"), "{said}");
        said
    }
}

#[tokio::test]
async fn f_42_a_flipped_bit_is_refused_wherever_it_is() {
    let spoiler = Spoiler::sealed().await;
    let (key, last) = (spoiler.yard.path("key"), spoiler.whole.len() - 1);
    for (at, says) in [
        (3, "it is not encrypted with age, or its beginning is damaged"),
        (180, "it is damaged, or somebody has changed it"),
        (250, "it is damaged, or somebody has changed it"),
        (70_000, "it is damaged, or somebody has changed it"),
        (last, "its end is missing or damaged"),
    ] {
        let said = spoiler.refusal(&["--identity-file", &key], |bytes| bytes[at] ^= 1).await;
        assert!(said.ends_with(says), "{at}: {said}");
    }
    // A letter of the wrapped key, for another one.
    let change = |bytes: &mut Vec<u8>| bytes[60] = if bytes[60] == b'A' { b'B' } else { b'A' };
    let said = spoiler.refusal(&["--identity-file", &key], change).await;
    assert!(said.ends_with("none of the identities opens it"), "{said}");
}

#[tokio::test]
async fn f_42_a_truncated_file_is_refused_wherever_it_ends() {
    let spoiler = Spoiler::sealed().await;
    let (key, length) = (spoiler.yard.path("key"), spoiler.whole.len());
    for left in [0, 10, 200, 230, 1_000, 66_000, length - 1] {
        let said = spoiler.refusal(&["--identity-file", &key], |bytes| bytes.truncate(left)).await;
        assert!(left < 230 || said.ends_with("its end is missing or damaged"), "{left}: {said}");
    }
    let said = spoiler.refusal(&["--identity-file", &key], |bytes| bytes.push(0)).await;
    assert!(said.ends_with("its end is missing or damaged"), "{said}");
}

#[tokio::test]
async fn what_was_never_a_backup_is_refused() {
    let spoiler = Spoiler::new(&["--unencrypted"]).await;
    for noise in [b"users".to_vec(), vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0], vec![0; 100_000]] {
        let said = spoiler.refusal(&[], |bytes| *bytes = noise).await;
        assert!(said.ends_with("it is no backup of ours") || said.ends_with("or is missing"), "{said}");
    }
    let last = spoiler.whole.len() - 1;
    let said = spoiler.refusal(&[], |bytes| bytes.truncate(last)).await;
    assert!(said.ends_with("its end cannot be unpacked, or is missing"), "{said}");
    let said = spoiler.refusal(&[], |bytes| bytes[100_000] ^= 1).await;
    assert!(said.contains("it is damaged: "), "{said}");
    let said = spoiler.refusal(&["--identity-file", &spoiler.yard.path("key")], |_| ()).await;
    assert!(said.ends_with("it is not encrypted with age, or its beginning is damaged"), "{said}");
}

#[tokio::test]
async fn f_42_a_wrong_identity_or_none_is_refused() {
    let yard = Yard::on_sqlite();
    yard.fill(1).await;
    yard.back_up();
    let other = Folder::new();
    fs::write(other.file("key"), run(&other, &["backup", "keygen"], &[]).stdout).unwrap();
    let (from, key) = (yard.path("backups"), other.file("key"));
    let restore = |rest: &[&str]| yard.refusal(&[&["restore", "--replace", "--from", &from], rest].concat());
    let said = restore(&["--identity-file", key.to_str().unwrap()]);
    assert!(said.ends_with("it was encrypted for others: none of the identities opens it"), "{said}");
    assert!(restore(&[]).ends_with("it is encrypted: give --identity-file"));
    assert!(restore(&["--identity-file", "/nowhere"]).starts_with("/nowhere: No such file"));
    fs::write(&key, "# nothing\nAGE-SECRET-KEY-1NONSENSE\n").unwrap();
    assert!(
        restore(&["--identity-file", key.to_str().unwrap()])
            .ends_with("line 2 is no identity such as AGE-SECRET-KEY-1…")
    );
}

/// By whoever changes what is in it as well: the records are not those that were counted.
#[tokio::test]
async fn records_that_were_not_counted_are_refused() {
    let yard = Yard::on_sqlite();
    yard.fill(2).await;
    yard.json(&["backup", "--to", &yard.path("backups"), "--unencrypted"]);
    let repack = |change: &dyn Fn(&str) -> String| {
        use std::io::{Read, Write};
        let mut text = String::new();
        flate2::read::GzDecoder::new(fs::File::open(yard.file()).unwrap()).read_to_string(&mut text).unwrap();
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(change(&text).as_bytes()).unwrap();
        let whole = fs::read(yard.file()).unwrap();
        fs::write(yard.file(), packed.finish().unwrap()).unwrap();
        let said = yard.refusal(&["restore", "--from", &yard.path("backups"), "--replace"]);
        fs::write(yard.file(), whole).unwrap();
        said
    };
    let without = |kind: &str, text: &str| -> String {
        let of_kind = format!("{{\"{kind}\"");
        text.split_inclusive('\n').filter(|line| !line.starts_with(&of_kind)).collect()
    };
    assert!(repack(&|text| without("user", text)).ends_with("its records are not those that it counted"));
    assert!(repack(&|text| without("end", text)).ends_with("it ends before its end"));
    assert!(repack(&|text| without("portcullis", text)).ends_with("it is no backup of ours"));
    assert!(repack(&|text| format!("{text}{text}")).ends_with("something follows its end"));
    assert!(repack(&|text| text.replace("@example.org", "@other.org")).ends_with("that it counted"));
    assert!(repack(&|text| text.replace("\"roles\":[]", "\"roles\":[\"?\"]")).ends_with("a role is none"));
    assert!(
        repack(&|text| text.replace("\"roles\":[]", "\"rules\":[]"))
            .ends_with("a line is not what it should be")
    );
    let newer =
        repack(&|text| text.replacen("\"format\":3,\"release\":\"", "\"format\":4,\"release\":\"9.", 1));
    assert!(newer.contains("release 9.") && newer.ends_with("does not know"), "{newer}");
}
