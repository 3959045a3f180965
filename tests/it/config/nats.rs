//! Where NATS is, and whether everybody on the way may read what it is told.

use super::*;

const URL: &str = "PORTCULLIS_NATS_URL";

#[test]
fn asvs_12_3_1_events_that_would_go_in_the_clear_are_warned_of() {
    for url in ["nats://nats.nats", "tls://a,nats://10.0.0.7:4222"] {
        let warnings = good(&[(URL, url)]).warnings;
        assert!(
            matches!(&warnings[..], [one] if one.contains(URL) && one.contains("use tls://")),
            "{url}: {warnings:?}"
        );
    }
    for url in ["", "tls://nats.nats", "nats://localhost", "nats://127.0.0.1:4222,nats://[::1]"] {
        assert_eq!(good(&[(URL, url)]).warnings, Vec::<String>::new(), "{url}");
    }
}

#[test]
fn asvs_12_3_1_a_login_goes_by_tls_or_to_this_machine() {
    for url in ["nats://hunter2@nats.nats", "tls://ada:hunter2@a,nats://b"] {
        let (faults, text) = bad(&[(URL, url)]);
        assert_eq!(faults, [URL], "{url}");
        assert!(!text.contains("hunter2"), "{text}");
    }
    assert!(good(&[(URL, "nats://ada:hunter2@localhost")]).nats.url.is_some());
}
