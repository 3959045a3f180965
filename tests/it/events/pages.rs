//! Pages of events: whose they are, how many, and in which order.

use std::{collections::BTreeSet, sync::Arc};

use jiff::SignedDuration;
use portcullis::{domain::clock::Clock, store::Store};

use super::admin;
use crate::support::{browser::Browser, service::Service, stores::on_both_stores};

on_both_stores!(
    pages_lead_from_one_to_the_next_and_leave_none_out,
    a_stranger_sees_no_event_of_another,
    only_an_administrator_sees_all_and_finds_them_by_kind_user_and_time,
    each_fault_of_a_query_is_told,
);

async fn ids(browser: &mut Browser, path: &str) -> (Vec<String>, Option<String>) {
    let answer = browser.get(path).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let page = answer.json();
    let ids = page["events"].as_array().unwrap().iter().map(|event| event["id"].as_str().unwrap().to_owned());
    (ids.collect(), page["next"].as_str().map(str::to_owned))
}

async fn pages_lead_from_one_to_the_next_and_leave_none_out(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let mut ada = Browser::at(&service);
    ada.sign_up("ada@example.org").await;
    for _ in 0..5 {
        service.clock.advance(SignedDuration::from_secs(1));
        Browser::at(&service).sign_in("ada@example.org", "wrong").await;
    }
    let (all, none) = ids(&mut ada, "/api/users/events").await;
    assert_eq!((all.len(), none), (7, None));
    assert!(all.iter().rev().is_sorted(), "the newest first: {all:?}");
    let (mut walked, mut before) = (Vec::new(), None);
    loop {
        let from = before.map(|id| format!("&before={id}")).unwrap_or_default();
        let (page, next) = ids(&mut ada, &format!("/api/users/events?limit=3{from}")).await;
        assert!(page.len() <= 3);
        walked.extend(page);
        before = match next {
            Some(next) => Some(next),
            None => break,
        };
    }
    assert_eq!(walked, all);
}

async fn a_stranger_sees_no_event_of_another(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let (mut ada, mut eve) = (Browser::at(&service), Browser::at(&service));
    ada.sign_up("ada@example.org").await;
    eve.sign_up("eve@example.org").await;
    let (hers, _) = ids(&mut ada, "/api/users/events").await;
    let user = ada.get("/api/users/events").await.json()["events"][0]["user"].as_str().unwrap().to_owned();
    let (seen, _) = ids(&mut eve, &format!("/api/users/events?user={user}&limit=100")).await;
    assert!(seen.iter().collect::<BTreeSet<_>>().is_disjoint(&hers.iter().collect()), "{seen:?}");
    assert_eq!(Browser::at(&service).get("/api/users/events").await.status, 401);
}

async fn only_an_administrator_sees_all_and_finds_them_by_kind_user_and_time(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let mut grace = admin(&service, "grace@example.org").await;
    service.clock.advance(SignedDuration::from_secs(60));
    let since = service.clock.now();
    let mut ada = Browser::at(&service);
    ada.sign_up("ada@example.org").await;
    let user = ada.get("/api/users/events").await.json()["events"][0]["user"].as_str().unwrap().to_owned();

    let (of_ada, _) = ids(&mut grace, &format!("/admin/v1/events?user={user}")).await;
    assert_eq!(of_ada.len(), 2);
    let (signed_up, _) = ids(&mut grace, "/admin/v1/events?kind=signed_up").await;
    assert_eq!(signed_up.len(), 2);
    for (span, expected) in [("from", &signed_up[..1]), ("to", &signed_up[1..])] {
        let (found, _) = ids(&mut grace, &format!("/admin/v1/events?{span}={since}&kind=signed_up")).await;
        assert_eq!(found, expected, "{span}");
    }

    let mut stranger = Browser::to(service.internal);
    assert_eq!(stranger.get("/admin/v1/events").await.codes(), ["not_signed_in"]);
    stranger.token = Some("a.b.c".to_owned());
    assert_eq!(stranger.get("/admin/v1/events").await.codes(), ["token_invalid"]);
    stranger.token = None;
    stranger.cookie.clone_from(&ada.cookie);
    assert_eq!(stranger.get("/admin/v1/events").await.status, 401, "a cookie is none");
    let wish = serde_json::json!({ "email": "ada@example.org", "password": crate::support::browser::PASSWORD, "mode": "token" });
    let tokens = Browser::at(&service).post("/api/users/signin", wish).await.json();
    stranger.token = Some(tokens["accessToken"].as_str().unwrap().to_owned());
    stranger.cookie = None;
    let refused = stranger.get("/admin/v1/events").await;
    assert_eq!((refused.status, refused.codes()), (403, vec!["forbidden".to_owned()]));

    // Once an hour, however often they come.
    assert_eq!(stranger.get("/admin/v1/events").await.status, 403);
    let told = grace.get("/admin/v1/events?kind=access_refused").await.json();
    let told = told["events"].as_array().unwrap();
    assert_eq!(told.len(), 1);
    assert_eq!((&told[0]["user"], &told[0]["actor"]), (&user.as_str().into(), &"user".into()));
    assert_eq!(told[0]["request"], refused.header("x-request-id").unwrap());
    assert!(told[0]["session"].is_string() && told[0]["ip"] == "127.0.0.1", "{told:?}");
}

async fn each_fault_of_a_query_is_told(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let mut grace = admin(&service, "grace@example.org").await;
    let path = "/admin/v1/events?limit=101&before=x&kind=x&user=x&from=x&to=x";
    let mut codes = grace.get(path).await.codes();
    codes.sort_unstable();
    let expected = [
        "before_invalid",
        "kind_invalid",
        "limit_invalid",
        "moment_invalid",
        "moment_invalid",
        "user_invalid",
    ];
    assert_eq!(codes, expected);
    for limit in ["0", "-1", "x", ""] {
        assert_eq!(grace.get(&format!("/admin/v1/events?limit={limit}")).await.codes(), ["limit_invalid"]);
    }
}
