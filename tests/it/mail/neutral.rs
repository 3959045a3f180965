//! Signing up where nobody learns whose an address is.

use std::sync::Arc;

use portcullis::store::Store;

use super::{NEW, forgot, reset, verify, with_mail_and};
use crate::support::{
    browser::{Browser, PASSWORD},
    stores::on_both_stores,
};

const NEUTRAL: [(&str, &str); 1] = [("PORTCULLIS_SIGNUP_ANSWER", "neutral")];

on_both_stores!(
    asvs_6_3_8_the_answer_is_the_same_and_the_mail_tells,
    whoever_has_not_proved_their_address_cannot_sign_in,
    whoever_signs_up_again_before_they_proved_their_address_chooses_their_password_by_mail,
);

async fn asvs_6_3_8_the_answer_is_the_same_and_the_mail_tells(store: Arc<dyn Store>) {
    let Some((service, server)) = with_mail_and(store, &NEUTRAL).await else { return };
    let (mut ada, mut eve) = (Browser::at(&service), Browser::at(&service));
    let first = ada.sign_up("ada@example.org").await;
    let welcome = server.mail().await;
    assert_eq!(verify(&mut ada, &welcome.token()).await.status, 204);
    let again = eve.sign_up("Ada@example.org").await;
    let told = server.mail().await;

    let heard = |answer: &crate::support::browser::Answer| {
        (answer.status, answer.text.clone(), answer.set_cookie().map(str::to_owned))
    };
    assert_eq!(heard(&first), (202, "{}".to_owned(), None));
    assert_eq!(heard(&first), heard(&again));
    assert_eq!((welcome.to(), told.to()), ("ada@example.org", "ada@example.org"));
    assert!(told.subject().contains("You have an account"), "{told:?}");
    assert_eq!(ada.sign_up("ada@").await.codes(), ["email_invalid"], "what is no address is nobody's");
}

/// Or else whoever asks with a password of their own would learn by it that the address was free.
async fn whoever_has_not_proved_their_address_cannot_sign_in(store: Arc<dyn Store>) {
    let Some((service, server)) = with_mail_and(store, &NEUTRAL).await else { return };
    let (mut ada, mut bob) = (Browser::at(&service), Browser::at(&service));
    ada.sign_up("ada@example.org").await;
    let mail = server.mail().await;
    let refused = ada.sign_in("ada@example.org", PASSWORD).await;
    assert_eq!((refused.status, refused.codes()), (400, vec!["invalid_credentials".to_owned()]));
    assert_eq!(verify(&mut ada, &mail.token()).await.status, 204);
    assert_eq!(ada.sign_in("ada@example.org", PASSWORD).await.status, 200);

    // Whoever lost that mail proves as much by choosing another password.
    bob.sign_up("bob@example.org").await;
    server.mail().await;
    forgot(&mut bob, "bob@example.org").await;
    reset(&mut bob, &server.mail().await.token(), NEW).await;
    assert_eq!(bob.sign_in("bob@example.org", NEW).await.status, 200);
}

/// Somebody else may have been first, and it is not their password that is to hold.
async fn whoever_signs_up_again_before_they_proved_their_address_chooses_their_password_by_mail(
    store: Arc<dyn Store>,
) {
    let Some((service, server)) = with_mail_and(store, &NEUTRAL).await else { return };
    let (mut squatter, mut ada) = (Browser::at(&service), Browser::at(&service));
    squatter.sign_up("ada@example.org").await;
    server.mail().await;
    ada.sign_up("ada@example.org").await;
    let mail = server.mail().await;
    assert!(mail.text().contains("not for the first time"), "{mail:?}");
    assert_eq!(reset(&mut ada, &mail.token(), NEW).await.status, 204);
    assert_eq!(ada.sign_in("ada@example.org", NEW).await.status, 200);
    assert_eq!(squatter.sign_in("ada@example.org", PASSWORD).await.status, 400);
}
