//! Receivers of webhooks are read strictly, and none of their secrets comes out.

use portcullis::domain::{event::EventKind, webhook::ReceiverName};

use super::*;

const RECEIVERS: &str = "PORTCULLIS_WEBHOOKS_RECEIVERS";
const NETWORKS: &str = "PORTCULLIS_WEBHOOKS_NETWORKS";

/// 24 bytes of which one can tell that they came out.
const SECRET: &str = "whsec_hunter2hunter2hunter2hunter2hunt";

fn receiver(members: &str) -> String {
    format!(
        r#"[{{"name":"audit","url":"https://ada.example.org/hunter2?key=hunter2","secrets":["{SECRET}"]{members}}}]"#
    )
}

/// The one variable at fault, and what is said of it; never with a secret in it.
fn fault(value: &str) -> String {
    let (faults, text) = bad(&[(RECEIVERS, value)]);
    assert_eq!(faults, [RECEIVERS], "{value}");
    assert!(!text.contains("hunter2"), "{text}");
    text
}

#[test]
fn every_member_of_a_receiver_is_read() {
    let config = good(&[(RECEIVERS, &receiver(r#","kinds":["signed_in","signin_failed"]"#))]);
    let [audit] = &config.webhooks.receivers[..] else { panic!("{config:?}") };
    assert_eq!(audit.name, ReceiverName::parse("audit").unwrap());
    assert_eq!(audit.url.reveal().as_str(), "https://ada.example.org/hunter2?key=hunter2");
    assert_eq!(audit.kinds, [EventKind::SignedIn, EventKind::SignInFailed]);
    assert_eq!(audit.secrets.len(), 1);
    assert!(good(&[(RECEIVERS, &receiver(""))]).webhooks.receivers[0].kinds.is_empty());
    assert!(
        good(&[]).webhooks.receivers.is_empty() && good(&[(RECEIVERS, "[]")]).webhooks.receivers.is_empty()
    );
}

#[test]
fn every_fault_of_every_receiver_is_told_by_its_place() {
    let text = fault(&format!(
        r#"[
            {{"name": "Audit_hunter2", "url": "ftp://ada.example.org/hunter2", "secrets": ["hunter2", 7], "hunter2": 1}},
            {{"name": "ok", "url": "https://ada.example.org", "secrets": ["{SECRET}"]}},
            {{"url": "https://ada:hunter2@ada.example.org", "secrets": ["{SECRET}", "{SECRET}", "{SECRET}", "{SECRET}"], "kinds": []}},
            {{"name": 5, "secrets": [], "kinds": ["signed_in", "hunter2"], "kinds": ["signed_up"]}}
        ]"#
    ));
    for said in [
        "receiver 1: \"name\": not 1 to 32 lower-case letters",
        "receiver 1: \"url\": not an http or https URL",
        "receiver 1: \"secrets\": entry 1 is not whsec_ with 24 to 64 bytes in base64 behind it, entry 2 is not a text",
        "receiver 1: member 4 is none of name, url, secrets and kinds",
        "receiver 3: \"url\": not an http or https URL without a name, a password",
        "receiver 3: \"secrets\": there are 4, and may be 3",
        "receiver 3: \"kinds\": it must be a list with something in it",
        "receiver 3: it has no \"name\"",
        "receiver 4: \"name\": it must be a text",
        "receiver 4: \"secrets\": it must be a list with something in it",
        "receiver 4: \"kinds\": entry 2 is none; the kinds are signed_up, signup_refused, signed_in, ",
        "receiver 4: member 4 stands there twice",
        "receiver 4: it has no \"url\"",
    ] {
        assert!(text.contains(said), "{said:?} is missing from\n{text}");
    }
    assert_eq!(text.matches("receiver ").count(), 13, "{text}");
}

#[test]
fn what_is_no_list_of_receivers_is_told_by_line_and_column() {
    for wrong in
        ["{}", "null", "[hunter2", r#"["hunter2"]"#, r#"[{"name":"hunter2"}"#, "[] hunter2", "hunter2"]
    {
        let text = fault(wrong);
        assert!(text.contains("no JSON array of objects, one for each receiver: line 1, column "), "{text}");
    }
}

#[test]
fn there_are_eight_receivers_and_each_name_once() {
    let named = |names: &[String]| {
        let of = |name: &String| {
            format!(r#"{{"name":"{name}","url":"https://ada.example.org","secrets":["{SECRET}"]}}"#)
        };
        format!("[{}]", names.iter().map(of).collect::<Vec<_>>().join(","))
    };
    let numbered = |most: usize| named(&(0..most).map(|n| format!("r-{n}")).collect::<Vec<_>>());
    assert_eq!(good(&[(RECEIVERS, &numbered(8))]).webhooks.receivers.len(), 8);
    assert!(fault(&numbered(9)).contains("there are 9 receivers, and may be 8"));
    let twice = named(&["a", "b", "a"].map(str::to_owned));
    assert!(fault(&twice).contains("there are two receivers named a"));
}

#[test]
fn plain_http_needs_a_network_that_is_allowed() {
    let clear = receiver("").replace("https", "http");
    assert!(
        fault(&clear).contains("audit is reached by plain http, which is for PORTCULLIS_WEBHOOKS_NETWORKS")
    );
    let config = good(&[(RECEIVERS, &clear), (NETWORKS, "10.96.0.0/12, fd00::7")]);
    let networks: Vec<_> = config.webhooks.networks.iter().map(ToString::to_string).collect();
    assert_eq!(networks, ["10.96.0.0/12", "fd00::7/128"]);
    assert!(good(&[]).webhooks.networks.is_empty());
    let warnings = good(&[(NETWORKS, "::/0")]).warnings;
    assert!(
        matches!(&warnings[..], [one] if one.contains(NETWORKS) && one.contains("every address")),
        "{warnings:?}"
    );
}

/// Nothing would ever be posted there, however long it waits.
#[test]
fn asvs_1_3_6_a_receiver_at_an_address_that_is_never_gone_to_is_refused_at_start() {
    for (place, networks, why) in [
        ("https://10.0.0.7", "", "audit: 10.0.0.7 is at a private address"),
        ("https://127.0.0.1:8443", "10.96.0.0/12", "audit: 127.0.0.1 is at a private address"),
        ("https://[::ffff:169.254.169.254]", "", "is at a private address"),
        ("https://[fd00::7]", "fd01::/16", "audit: [fd00::7] is at a private address"),
        ("http://1.1.1.1", "10.96.0.0/12", "audit: 1.1.1.1 is reached by plain http"),
    ] {
        let given = receiver("").replace("https://ada.example.org", place);
        let (faults, text) = bad(&[(RECEIVERS, &given), (NETWORKS, networks)]);
        assert_eq!(faults, [RECEIVERS], "{place}");
        assert!(text.contains(why) && text.contains(NETWORKS) && !text.contains("hunter2"), "{text}");
    }
    for (place, networks) in [
        ("https://10.0.0.7", "10.0.0.0/8"),
        ("https://[::ffff:10.0.0.7]", "10.0.0.7"),
        ("http://10.0.0.7", "10.0.0.7"),
        ("https://1.1.1.1", ""),
        ("https://localhost", ""),
    ] {
        good(&[(RECEIVERS, &receiver("").replace("https://ada.example.org", place)), (NETWORKS, networks)]);
    }
}

#[test]
fn receivers_are_shown_as_a_secret_and_may_be_in_a_file() {
    let config = good(&[(RECEIVERS, &receiver(""))]);
    let setting = config.settings.iter().find(|setting| setting.variable.name == RECEIVERS).unwrap();
    assert_eq!(setting.shown(), "***");
    assert!(!format!("{config:?}").contains("hunter2"));

    let receivers = receiver("");
    let read_file = |_: &Path| Ok(format!("{receivers}\n"));
    let file = [("PORTCULLIS_WEBHOOKS_RECEIVERS_FILE", "/run/receivers")];
    let config = Config::read(&Sources { read_file: &read_file, ..sources(file) }).unwrap();
    assert_eq!(config.webhooks.receivers.len(), 1);
}
