//! Characters that hide, and addresses that look like others.

use std::sync::Arc;

use portcullis::store::Store;
use serde_json::json;

use super::{on, refused, unharmed};
use crate::support::{
    browser::{Browser, PASSWORD},
    stores::on_both_stores,
    wire::{post, send},
};

on_both_stores!(
    f_31_hidden_characters_are_refused_in_addresses_and_kept_in_passwords,
    f_32_c_60_one_mailbox_is_one_account_and_look_alikes_are_not,
);

const HIDDEN: [char; 8] = ['\0', '\u{1}', '\u{1b}', '\u{7f}', '\u{200b}', '\u{202e}', '\u{2066}', '\u{feff}'];

async fn f_31_hidden_characters_are_refused_in_addresses_and_kept_in_passwords(store: Arc<dyn Store>) {
    let service = on(store).await;
    for (n, hidden) in HIDDEN.into_iter().enumerate() {
        for address in [
            format!("mallory{hidden}@example.org"),
            format!("mallory@exam{hidden}ple.org"),
            format!("{hidden}mallory@example.org"),
            format!("mallory@example.org{hidden}"),
        ] {
            let body = json!({"email": address, "password": PASSWORD}).to_string();
            let raw = send(service.public, &post("/api/users/signup", body.as_bytes())).await;
            refused(&raw, 400, &address);
            assert_eq!(raw.codes(), ["email_invalid"]);
        }
        let secret = format!("correct{hidden}horse");
        let (mut somebody, address) = (Browser::at(&service), format!("hidden-{n}@example.org"));
        let credentials = json!({"email": address, "password": secret});
        assert_eq!(somebody.post("/api/users/signup", credentials).await.status, 201, "{hidden:?}");
        assert_eq!(somebody.sign_in(&address, &secret).await.status, 200);
        assert_eq!(somebody.sign_in(&address, "correcthorse").await.status, 400, "{hidden:?} counts");
    }
    unharmed(&service, &["mallory@example.org"]).await;
}

async fn f_32_c_60_one_mailbox_is_one_account_and_look_alikes_are_not(store: Arc<dyn Store>) {
    let service = on(store).await;
    for (first, second, same) in [
        ("case@example.org", "CASE@EXAMPLE.ORG", true),
        ("nfc@b\u{fc}cher.example", "nfc@bu\u{308}cher.example", true),
        ("puny@b\u{fc}cher.example", "puny@xn--bcher-kva.example", true),
        ("kelvin@example.org", "\u{212a}elvin@example.org", true),
        ("wide@example.org", "wide@\u{ff45}xample.org", true),
        ("plus@example.org", "plus+tag@example.org", false),
        ("dots@example.org", "do.ts@example.org", false),
        ("cyrillic@example.org", "cyrillic@ex\u{430}mple.org", false),
        ("sharp@stra\u{df}e.example", "sharp@strasse.example", false),
    ] {
        assert_eq!(Browser::at(&service).sign_up(first).await.status, 201, "{first}");
        let answer = Browser::at(&service).sign_up(second).await;
        assert_eq!(answer.status, if same { 400 } else { 201 }, "{second}");
        let mut mailbox = Browser::at(&service);
        mailbox.sign_in(second, PASSWORD).await;
        let owner = if same { first } else { second };
        assert_eq!(
            mailbox.current_user().await.as_deref(),
            Some(owner),
            "the stored address, not the typed one"
        );
    }
    for refused in ["\u{131}da@example.org", "a@b@example.org", "\"a\"@example.org", "ada@example.org."] {
        assert_eq!(Browser::at(&service).sign_up(refused).await.codes(), ["email_invalid"], "{refused}");
    }
    unharmed(&service, &[]).await;
}
