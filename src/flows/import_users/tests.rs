//! Who is added, who stays, and what is said of the others; on a store in memory.

use super::*;
use crate::{
    domain::{
        email::Email,
        id::EventId,
        sealed::{KeySecret, KeySecrets},
    },
    store::{
        Store,
        sqlite::{Location, SqliteStore},
    },
    system::{clock::SystemClock, entropy::OsEntropy, vault::Vault},
};

const HASH: &str = "$2b$06$xWggYb.8fol4IgEkkMO9wetAzkXlIjsx.RHn/d7gwUUWWLs/5I5Me";

#[derive(Default)]
struct Heard {
    read: u64,
    refused: Vec<(Place, &'static str, Option<String>)>,
}

impl Witness for Heard {
    fn read(&mut self, so_far: u64) {
        self.read = so_far;
    }

    fn refused(&mut self, Refusal { place, fault, email }: &Refusal) {
        assert_eq!(email.is_some(), *fault == Fault::Duplicate, "an address is told where it is somebody's");
        self.refused.push((place.clone(), fault.code(), email.clone()));
    }
}

fn now() -> Timestamp {
    "2026-11-21T09:30:00Z".parse().unwrap()
}

async fn fresh() -> SqliteStore {
    let store = SqliteStore::open(Location::Memory).unwrap();
    store.migrate(now()).await.unwrap();
    store
}

fn vault() -> Vault {
    Vault::new(&KeySecrets { first: KeySecret::from_bytes([1; 32]), others: Vec::new() }).unwrap()
}

async fn import(store: Option<&dyn Store>, lines: &str, order: &Order) -> (Tally, Heard) {
    let mut lines = Lines::of(std::io::Cursor::new(lines.to_owned()), "lines");
    let mut heard = Heard::default();
    let clock = SystemClock::start();
    let vault = vault();
    let pen = |store| Pen { store, clock: &clock, entropy: &OsEntropy, vault: &vault };
    let tally = import_users(store.map(pen), now(), &mut lines, order, &mut heard).await.unwrap();
    assert_eq!(heard.read, tally.read);
    (tally, heard)
}

const PLAIN: Order = Order { project: None, dry_run: false, verified: false };
const DRY: Order = Order { dry_run: true, ..PLAIN };

fn line(email: &str, rest: &str) -> String {
    format!("{{\"email\": \"{email}\", \"passwordHash\": \"{HASH}\"{rest}}}\n")
}

async fn stored(store: &dyn Store, email: &str) -> User {
    store.user_by_email(&Email::try_from(email).unwrap()).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_newcomer_is_what_was_said_and_else_as_if_they_had_signed_up_now() {
    let store = fresh().await;
    let rest = ", \"emailVerified\": true, \"roles\": [\"b\", \"a\", \"b\"], \"createdAt\": \"2019-04-01T14:00:00.1234+02:00\"";
    let lines = line("Ada@Example.org", rest) + "\n  \n" + &line("eve@example.org", ", \"roles\": null");
    let (tally, heard) = import(Some(&store), &lines, &PLAIN).await;
    assert_eq!((tally.read, tally.added, heard.refused), (2, 2, Vec::new()));
    assert_eq!(tally.kinds, [("bcrypt", 2)].into());

    let ada = stored(&store, "ada@example.org").await;
    let then: Timestamp = "2019-04-01T12:00:00.123Z".parse().unwrap();
    let attrs = ada.attrs();
    assert_eq!(
        (attrs.email.original(), attrs.created_at, attrs.password.changed_at),
        ("Ada@Example.org", then, then)
    );
    assert_eq!(attrs.email_verified_at, Some(then));
    assert_eq!(attrs.roles.iter().map(ToString::to_string).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(ada.hash().reveal().unwrap(), HASH);
    let eve = stored(&store, "eve@example.org").await;
    assert_eq!((eve.attrs().created_at, eve.attrs().email_verified_at), (now(), None));
}

#[tokio::test]
async fn a_second_run_finds_those_whom_the_first_one_added() {
    let store = fresh().await;
    let lines: String = (0..1_200).map(|number| line(&format!("user{number}@example.org"), "")).collect();
    let half = lines.lines().take(700).collect::<Vec<_>>().join("\n");
    assert_eq!(import(Some(&store), &half, &PLAIN).await.0.added, 700);
    // What has changed about them since stays.
    let ada = stored(&store, "user7@example.org").await.disable(now());
    store.replace_user(&ada).await.unwrap();
    let (tally, heard) = import(Some(&store), &lines, &PLAIN).await;
    assert_eq!((tally.added, tally.before, tally.duplicates, heard.refused.len()), (500, 700, 0, 0));
    assert!(!stored(&store, "user7@example.org").await.is_active());
}

#[tokio::test]
async fn of_two_with_one_address_the_first_stays_wherever_they_stand() {
    for apart in [1, 10, 499, 500, 501, 1_999, 2_600] {
        let store = fresh().await;
        let between = |number: usize| line(&format!("user{number}@example.org"), "");
        let lines = line("ada@example.org", ", \"roles\": [\"first\"]")
            + &(1..apart).map(between).collect::<String>()
            + &line("ADA@example.org", ", \"roles\": [\"second\"]")
            + &(apart..3_000).map(between).collect::<String>();
        let (tally, heard) = import(Some(&store), &lines, &PLAIN).await;
        assert_eq!((tally.added, tally.duplicates), (3_000, 1), "{apart}");
        let place = Place::Line(u64::try_from(apart).unwrap() + 1);
        assert_eq!(heard.refused, [(place, "duplicate", Some("ADA@example.org".to_owned()))]);
        assert_eq!(stored(&store, "ada@example.org").await.attrs().roles[0].to_string(), "first");
    }
}

#[tokio::test]
async fn each_line_that_is_none_is_named_and_the_others_are_added() {
    let store = fresh().await;
    let good = line("ada@example.org", "");
    let other = HASH.replace("$2b$", "$9z$");
    let wrong = [
        ("{", "malformed"),
        ("[]", "malformed"),
        (&line("a@example.org", ", \"name\": \"Ada\""), "malformed"),
        (&line("a@example.org", ", \"email\": \"b@example.org\""), "malformed"),
        (&line("a@example.org", ", \"emailVerified\": \"yes\""), "malformed"),
        ("{\"passwordHash\": \"$2b$\"}", "malformed"),
        ("{\"email\": \"a@example.org\"}", "hash_missing"),
        ("{\"email\": \"a@example.org\", \"passwordHash\": null}", "hash_missing"),
        ("{\"email\": \"a@example.org\", \"passwordHash\": \"\"}", "hash_missing"),
        (&line("a@example.org", "").replace(HASH, &other), "hash_unknown"),
        (&line("a@example.org", "").replace("$06$", "$15$"), "hash_too_costly"),
        (&line("no address", ""), "email_invalid"),
        (&line("a@example.org", ", \"roles\": [\"NO ROLE\"]"), "roles_invalid"),
        (&line("a@example.org", ", \"createdAt\": \"yesterday\""), "created_at_invalid"),
        (&line("a@example.org", ", \"createdAt\": \"2026-11-21T09:30:01Z\""), "created_at_invalid"),
        (&line("a@example.org", ", \"salt\": \"AAAA\""), "salt_unexpected"),
        (&format!("{{\"email\": \"{}\"}}", "a".repeat(64 << 10)), "line_too_long"),
    ];
    let lines: Vec<&str> =
        wrong.iter().map(|(line, _)| *line).chain([good.as_str()]).map(str::trim_end).collect();
    let lines = lines.join("\n");
    let (tally, heard) = import(Some(&store), &lines, &PLAIN).await;
    let codes: Vec<_> = heard.refused.iter().map(|(place, code, _)| (place.clone(), *code)).collect();
    let expected: Vec<_> = (1..).map(Place::Line).zip(wrong.iter().map(|(_, code)| *code)).collect();
    assert_eq!(codes, expected);
    assert_eq!((tally.added, tally.refused, tally.read), (1, 17, 18));
}

#[tokio::test]
async fn a_mark_at_the_beginning_is_skipped_there_and_nowhere_else() {
    let marked = format!("\u{feff}{}", line("ada@example.org", ""));
    let (tally, heard) = import(None, &marked.repeat(2), &DRY).await;
    let second = (Place::Line(2), "malformed", None);
    assert_eq!((tally.read, heard.refused), (2, vec![second]));
    assert_eq!(import(None, "\u{feff}", &DRY).await.0.read, 0, "it is nobody");
}

#[tokio::test]
async fn an_array_is_told_how_it_becomes_lines() {
    let person = line("ada@example.org", "");
    let long = person.trim_end().to_owned() + &" ".repeat(64 << 10);
    for text in [format!("[{person}]"), format!("\u{feff}  [{long}]"), "[\n]".to_owned()] {
        let mut lines = Lines::of(std::io::Cursor::new(text.clone()), "lines");
        let found = lines.next().await.unwrap();
        let fault = found[0].what.as_ref().err().unwrap();
        assert_eq!((fault, fault.code()), (&Fault::Array, "malformed"), "{text}");
        assert!(fault.to_string().contains("jq -c '.[]'"), "{fault}");
    }
}

#[tokio::test]
async fn addresses_are_taken_as_verified_where_that_is_wished_and_the_line_does_not_say_otherwise() {
    let said = [("a", ""), ("b", ", \"emailVerified\": false"), ("c", ", \"emailVerified\": null")];
    let lines: String = said.iter().map(|(name, rest)| line(&format!("{name}@example.org"), rest)).collect();
    for (verified, unverified, expected) in [(true, 1, [true, false, true]), (false, 3, [false; 3])] {
        let (store, order) = (fresh().await, Order { verified, ..PLAIN });
        assert_eq!(import(None, &lines, &Order { verified, ..DRY }).await.0.unverified, unverified);
        assert_eq!(import(Some(&store), &lines, &order).await.0.unverified, unverified);
        assert_eq!(import(Some(&store), &lines, &order).await.0.unverified, 0, "they were there before");
        for ((name, _), expected) in said.iter().zip(expected) {
            let user = stored(&store, &format!("{name}@example.org")).await;
            assert_eq!(user.attrs().email_verified_at.is_some(), expected, "{name}");
        }
    }
}

#[tokio::test]
async fn what_is_said_of_a_line_repeats_no_hash() {
    for text in [
        format!("{{\"email\": \"a@example.org\", \"emailVerified\": \"{HASH}\"}}"),
        format!("{{\"email\": [\"{HASH}\"]}}"),
        format!("{{\"email\": \"a\", \"roles\": \"{HASH}\"}}"),
    ] {
        let mut lines = Lines::of(std::io::Cursor::new(text.clone()), "lines");
        let found = lines.next().await.unwrap();
        let fault = found[0].what.as_ref().err().unwrap();
        assert_eq!(fault.code(), "malformed");
        assert!(!format!("{fault} {fault:?}").contains("xWggYb"), "{fault}");
    }
}

#[tokio::test]
async fn a_dry_run_counts_and_asks_no_store() {
    let lines = line("ada@example.org", "") + &line("eve@example.org", "").replace(HASH, "$9z$") + "nothing";
    let (tally, heard) = import(None, &lines, &DRY).await;
    assert_eq!((tally.read, tally.added, tally.refused, heard.refused.len()), (3, 0, 2, 2));
    assert_eq!(tally.kinds, [("bcrypt", 1)].into());
}

#[tokio::test]
async fn a_firebase_project_gives_its_hashes_what_they_lack() {
    let store = fresh().await;
    let project = Project::new("AAAAAAAAAAAAAAAAAAAAAA==", "Bw==", 8, 14).unwrap();
    let lines = format!(
        "{{\"email\": \"ada@example.org\", \"passwordHash\": \"{hash}\", \"salt\": \"42xEC+ixf3L2lw==\"}}\n{}",
        line("eve@example.org", ""),
        hash = "AAAAAAAAAAAAAAAAAAAAAA==",
    );
    let (tally, _) = import(Some(&store), &lines, &Order { project: Some(project), ..PLAIN }).await;
    assert_eq!(tally.kinds, [("bcrypt", 1), ("scrypt of Firebase", 1)].into());
    let ada = stored(&store, "ada@example.org").await;
    assert!(ada.hash().reveal().unwrap().starts_with("$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk="));
}

/// One who is here and one more of their address, and then what cannot be read.
struct BreaksOff(Vec<Found>);

#[async_trait]
impl Source for BreaksOff {
    fn name(&self) -> &'static str {
        "people.ndjson"
    }

    async fn next(&mut self) -> Result<Vec<Found>, BoxError> {
        if self.0.is_empty() { Err("gone".into()) } else { Ok(std::mem::take(&mut self.0)) }
    }
}

#[tokio::test]
async fn an_import_that_breaks_off_is_written_down_once_somebody_may_have_been_added() {
    let store = fresh().await;
    let twice = line("ada@example.org", "") + &line("ada@example.org", "");
    let found = Lines::of(std::io::Cursor::new(twice), "lines").next().await.unwrap();
    let (clock, vault, mut heard) = (SystemClock::start(), vault(), Heard::default());
    let pen = Pen { store: &store, clock: &clock, entropy: &OsEntropy, vault: &vault };
    import_users(Some(pen), now(), &mut BreaksOff(found), &PLAIN, &mut heard).await.unwrap_err();
    stored(&store, "ada@example.org").await;
    let events = store.unsealed_events(EventId::FIRST, 9).await.unwrap();
    let [imported] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((imported.kind, &imported.detail), (EventKind::UsersImported, &Detail::of("people.ndjson")));
}
