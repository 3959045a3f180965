//! What is warned about, what has bounds, and what replicas have to agree on.

use super::*;

#[test]
fn what_is_weaker_than_the_default_is_warned_about() {
    for (name, value, about) in [
        ("PORTCULLIS_PASSWORD_COST", "node", "OWASP and ASVS"),
        ("PORTCULLIS_PASSWORD_POLICY", "ticketing", "ASVS 6.2.1"),
        ("PORTCULLIS_TRUSTED_PROXIES", "10.0.0.0/8, ::/0", "any client"),
    ] {
        let warnings = good(&[(name, value)]).warnings;
        assert!(matches!(&warnings[..], [one] if one.contains(name) && one.contains(about)), "{warnings:?}");
    }
}

#[test]
fn an_origin_on_another_port_of_this_machine_is_warned_about() {
    let warnings = |listen, origin| {
        let mail = ("PORTCULLIS_MAIL_URL", "smtp://mail.example.org");
        good(&[("PORTCULLIS_PUBLIC_LISTEN", listen), ("PORTCULLIS_PUBLIC_ORIGIN", origin), mail]).warnings
    };
    let warned = warnings("127.0.0.1:8080", "");
    assert!(
        matches!(&warned[..], [one] if one.starts_with("PORTCULLIS_PUBLIC_ORIGIN is http://localhost:3000, "))
    );
    assert_eq!(warnings("[::1]:3000", "http://127.0.0.1:8080").len(), 1);
    for (listen, origin) in [
        ("127.0.0.1:8080", "http://localhost:8080"),
        ("127.0.0.1:80", "http://localhost"),
        ("127.0.0.1:8080", "https://ticketing.dev"),
        ("0.0.0.0:8080", "http://localhost:3000"),
    ] {
        assert_eq!(warnings(listen, origin), Vec::<String>::new(), "{listen} {origin}");
    }
}

#[test]
fn mail_that_does_not_go_or_is_seen_by_others_is_warned_about() {
    let warnings = |settings: &[(&str, &str)]| good(settings).warnings.join("\n");
    assert!(warnings(&[("PORTCULLIS_MAIL_URL", "none:")]).contains("nobody can choose another password"));
    let served = [("PORTCULLIS_MAIL_URL", "log:"), ("PORTCULLIS_PUBLIC_LISTEN", "0.0.0.0:3000")];
    assert!(warnings(&served).contains("whoever reads the log"));
    let (_, refused) = bad(&[("PORTCULLIS_MAIL_URL", "none:"), ("PORTCULLIS_SIGNUP_ANSWER", "neutral")]);
    assert!(refused.contains("PORTCULLIS_SIGNUP_ANSWER") && refused.contains("by mail"), "{refused}");
}

#[test]
fn what_replicas_have_to_agree_on_is_asked_for_and_not_made() {
    let mongo = ("PORTCULLIS_STORE_URL", "mongodb://host/auth?replicaSet=rs0");
    assert!(bad(&[mongo]).1.contains("head -c 32 /dev/urandom | base64"));
    assert!(matches!(good(&[mongo, KEY]).key_secret, KeySource::Given(_)));
    assert!(matches!(good(&[]).key_secret, KeySource::KeptIn(folder) if folder == Path::new("./data")));
    assert!(matches!(good(&[("PORTCULLIS_STORE_URL", "sqlite::memory:")]).key_secret, KeySource::Forgotten));
}

#[test]
fn times_and_numbers_have_bounds() {
    for (name, values) in [
        ("PORTCULLIS_TOKEN_TTL", &["59s", "61m", "2h", "0s", "10", "PT10M", "-1m"][..]),
        ("PORTCULLIS_SESSION_GRACE", &["61s", "10", "1d"]),
        ("PORTCULLIS_EVENTS_RETENTION", &["23h", "0s", "3661d", "1y", "365"]),
        ("PORTCULLIS_SESSION_LIMIT", &["0", "1001", "-1", "1e2"]),
        ("PORTCULLIS_TOKEN_AUDIENCE", &["a b", "\u{fc}", "\u{7f}"]),
        ("PORTCULLIS_KEY_SECRET", &["change me", "AAAA", ","]),
    ] {
        for value in values {
            assert_eq!(bad(&[(name, value)]).0, [name], "{value}");
        }
    }
    assert!(good(&[("PORTCULLIS_SESSION_GRACE", "0s")]).session.grace.is_zero());
    assert_eq!(good(&[("PORTCULLIS_EVENTS_RETENTION", "30d")]).events.retention.as_hours(), 720);
}
