//! Between two factors nobody is signed in, whichever door is tried.

use std::sync::Arc;

use portcullis::{domain::one_time::Purpose, store::Store};
use serde_json::json;

use crate::support::{browser::Browser, people::People, service::Service, stores::on_both_stores, wire};

on_both_stores!(r_10_what_waits_for_a_second_factor_opens_nothing);

async fn r_10_what_waits_for_a_second_factor_opens_nothing(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let people = People::new();
    let (mut record, secret) = (people.one_time(Purpose::SecondFactor), people.secret());
    record.digest = secret.digest();
    service.store.add_one_time(&record).await.unwrap();
    let presented = secret.reveal();

    let mut browser = Browser::at(&service);
    browser.cookie = Some(format!("session={presented}"));
    assert_eq!(browser.current_user().await, None);
    assert_eq!(browser.get("/api/users/sessions").await.status, 401);
    assert_eq!(browser.post("/api/users/refresh", json!({})).await.codes(), ["session_ended"]);
    browser.cookie = None;
    assert_eq!(browser.current_user_with(&presented).await, None);
    for token in [presented.clone(), presented.replace("pcs_", "pcr_")] {
        assert_eq!(browser.refresh(&token).await.codes(), ["session_ended"]);
    }

    let mut inside = Browser::to(service.internal);
    let verified = inside.post("/v1/token/verify", json!({ "token": presented })).await;
    assert_eq!(verified.codes(), ["token_invalid"]);
    let form = format!("token={presented}");
    let introspect = format!(
        "POST /v1/introspect HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{form}",
        form.len()
    );
    let introspected = wire::send(service.internal, introspect.as_bytes()).await;
    assert_eq!((introspected.status, introspected.body.as_str()), (200, r#"{"active":false}"#));
    let ask = format!(
        "GET /v1/forward-auth/nic/signed-in HTTP/1.1\r\nHost: x\r\nCookie: session={presented}\r\n\r\n"
    );
    assert_eq!(wire::send(service.internal, ask.as_bytes()).await.status, 401);

    let taken =
        service.store.consume_one_time(&secret.digest(), Purpose::SecondFactor, record.created_at).await;
    assert!(taken.unwrap().is_some(), "and it was not used up by the attempts");
}
