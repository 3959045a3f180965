//! What is linked into the service: one TLS stack, one crypto provider, and nothing that `deny.toml` bans.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use crate::support::process::ended;

/// Where the service runs, whatever the tests run on.
const TARGETS: &[&str] = &["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-musl"];

/// Name and version of every crate that is linked or runs while linking, as cargo resolves them.
fn resolved(target: &str) -> BTreeSet<(String, String)> {
    let mut cargo = Command::new(env!("CARGO"));
    let output = ended(
        cargo
            .args([
                "tree",
                "--locked",
                "--offline",
                "--edges",
                "normal,build",
                "--prefix",
                "none",
                "--target",
                target,
            ])
            .current_dir(env!("CARGO_MANIFEST_DIR")),
    );
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo tree: {said}");
    crates(&String::from_utf8_lossy(&output.stdout))
}

/// Lines such as `rustls v0.23.46 (*)`.
fn crates(tree: &str) -> BTreeSet<(String, String)> {
    let words = tree.lines().map(str::split_whitespace);
    words.filter_map(|mut words| Some((words.next()?.to_owned(), words.next()?.to_owned()))).collect()
}

/// The crates that `deny.toml` bans whole, whatever their version and whoever asks for them.
fn banned(deny: &str) -> Vec<&str> {
    let section =
        deny.split("\ndeny = [").nth(1).and_then(|rest| rest.split("\n]").next()).unwrap_or_default();
    let whole = section.lines().filter(|line| !line.contains("wrappers"));
    let names = whole.filter_map(|line| line.split_once("crate = \"")?.1.split('"').next());
    names.filter(|name| !name.contains(['@', ':'])).collect()
}

fn present<'a>(banned: &[&'a str], crates: &BTreeSet<(String, String)>) -> Vec<&'a str> {
    banned.iter().copied().filter(|ban| crates.iter().any(|(name, _)| name == ban)).collect()
}

fn versions_of<'a>(wanted: &str, crates: &'a BTreeSet<(String, String)>) -> Vec<&'a str> {
    crates.iter().filter(|(name, _)| name == wanted).map(|(_, version)| version.as_str()).collect()
}

#[test]
fn nothing_that_is_banned_is_linked() {
    let deny = Path::new(env!("CARGO_MANIFEST_DIR")).join("deny.toml");
    let deny = fs::read_to_string(deny).expect("deny.toml is there");
    let banned = banned(&deny);
    for name in ["openssl-sys", "native-tls", "ring", "rsa", "chrono"] {
        assert!(banned.contains(&name), "deny.toml bans {name}");
    }
    for target in TARGETS {
        let found = present(&banned, &resolved(target));
        assert!(found.is_empty(), "{found:?} would be linked on {target}");
    }
}

#[test]
fn there_is_one_tls_stack_and_one_crypto_provider() {
    for target in TARGETS {
        let crates = resolved(target);
        for name in ["rustls", "tokio-rustls", "rustls-webpki", "aws-lc-rs", "aws-lc-sys"] {
            assert_eq!(versions_of(name, &crates).len(), 1, "{name} on {target}");
        }
    }
}

#[test]
fn a_banned_crate_is_found() {
    let deny = "[bans]\ndeny = [\n  # why\n  { crate = \"ring\" },\n  { crate = \"time\", wrappers = [\"a\"] },\n  \
        { crate = \"b:<1\" },\n]\nskip = [\n  { crate = \"c\" },\n]\n";
    assert_eq!(banned(deny), ["ring"]);
    let crates = crates("portcullis v0.1.0 (/here)\nring v0.17.14\nring v0.17.14 (*)\nring v0.16.0\n");
    assert_eq!(present(&banned(deny), &crates), ["ring"]);
    assert_eq!(versions_of("ring", &crates), ["v0.16.0", "v0.17.14"]);
}
