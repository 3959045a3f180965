//! Where nothing goes: the one who listens there sees no connection.

use super::*;

#[tokio::test]
async fn asvs_1_3_6_a_private_address_is_not_connected_to() {
    let receiver = Receiver::start(|_| Answer::Status(200)).await;
    for origin in [
        "https://127.0.0.1",
        "https://localhost",
        "https://[::ffff:127.0.0.1]",
        "https://2130706433",
        "https://0.0.0.0",
        "https://10.0.0.1",
        "https://169.254.169.254",
        "https://[::1]",
        "https://[64:ff9b::7f00:1]",
    ] {
        // Allowed is another one.
        for networks in [&[][..], &["10.96.0.0/12"]] {
            let (taken, trouble) = handed(&receiver.webhook(origin, &[SECRET], networks), 1).await;
            let said = trouble.unwrap().to_string();
            let why = "is at a private address, which PORTCULLIS_WEBHOOKS_NETWORKS does not allow";
            assert!(taken == 0 && said.ends_with(why), "{origin}: {said}");
        }
    }
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn plain_http_goes_to_allowed_networks_alone() {
    let receiver = Receiver::start(|_| Answer::Status(200)).await;
    for origin in ["http://127.0.0.1", "http://localhost", "http://1.1.1.1"] {
        let (taken, trouble) = handed(&receiver.webhook(origin, &[SECRET], &["10.96.0.0/12"]), 1).await;
        let said = trouble.unwrap().to_string();
        assert!(
            taken == 0 && said.contains(" is reached by plain http, and at no address"),
            "{origin}: {said}"
        );
    }
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn a_private_address_that_is_allowed_is_posted_to_by_name_too() {
    let receiver = Receiver::start(|_| Answer::Status(200)).await;
    for origin in ["http://127.0.0.1", "http://localhost"] {
        assert_eq!(handed(&receiver.webhook(origin, &[SECRET], HERE), 2).await, (2, None), "{origin}");
    }
    assert_eq!(receiver.heard().len(), 4);
}

/// Whoever answers there has to be who they say they are.
#[tokio::test]
async fn by_https_nothing_is_said_to_whoever_has_no_certificate() {
    let receiver = Receiver::start(|_| Answer::Status(200)).await;
    let (taken, trouble) = handed(&receiver.webhook("https://localhost", &[SECRET], HERE), 1).await;
    let said = trouble.unwrap().to_string();
    assert!(taken == 0 && said.starts_with("localhost did not answer"), "{said}");
    assert_eq!(receiver.heard().len(), 0);
}
