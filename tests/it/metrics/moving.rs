//! Each figure moves when the thing happens, on the real service with either store.

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;
use portcullis::store::Store;
use serde_json::json;

use crate::support::{
    authority::Authority,
    browser::{Browser, PASSWORD},
    figures::Figures,
    folder::Folder,
    mail_server::MailServer,
    mongod::{self, ReplicaSet},
    patience::until,
    process::Process,
    service::Service,
    stores::on_both_stores,
};

on_both_stores!(
    people_are_counted_by_what_became_of_them,
    a_secret_that_is_used_twice_is_told_from_one_that_was_stolen,
    calls_are_counted_by_route_and_memory_by_what_it_spared,
);

const ADA: &str = "ada@example.org";

async fn figures(service: &Service) -> Figures {
    Figures::of(service.internal).await
}

async fn people_are_counted_by_what_became_of_them(store: Arc<dyn Store>) {
    let service = Service::with(store, &[("PORTCULLIS_THROTTLE_PRESET", "standard")]).await;
    let mut ada = Browser::at(&service);
    ada.sign_up(ADA).await;
    ada.sign_in(ADA, PASSWORD).await;
    let mut eve = Browser::at(&service);
    while eve.sign_in(ADA, "a wrong password").await.status != 429 {}
    let figures = figures(&service).await;
    // Beside a busy neighbour somebody is turned away after the count, and comes back.
    let failed = figures.get("portcullis_sign_ins_total{outcome=\"failed\"}");
    for (name, times) in [
        ("portcullis_sign_ups_total", 1.0),
        ("portcullis_sign_ins_total{outcome=\"ok\"}", 1.0),
        ("portcullis_sign_ins_total{outcome=\"wrong\"}", 5.0 - failed),
        ("portcullis_sign_ins_total{outcome=\"throttled\"}", 1.0),
        ("portcullis_throttled_total{what=\"account\"}", 1.0),
        ("portcullis_throttled_total{what=\"browser\"}", 0.0),
        ("portcullis_throttled_total{what=\"sign_up\"}", 0.0),
    ] {
        assert_eq!(figures.get(name), times, "{name}");
    }
    for name in ["portcullis_hashing_time_seconds_count", "portcullis_hashing_wait_seconds_count"] {
        assert!(figures.get(name) >= 7.0 - failed, "{name}");
    }
    assert!(figures.has("portcullis_hashing_turned_away_total"), "it is there before it happens");
    assert!(figures.get("portcullis_hashing_slots") >= 1.0);
    assert!(figures.get("portcullis_hashing_time_seconds_sum") > 0.001);
}

async fn a_secret_that_is_used_twice_is_told_from_one_that_was_stolen(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let mut program = Browser::at(&service);
    let account = json!({ "email": ADA, "password": PASSWORD, "mode": "token" });
    let first = program.post("/api/users/signup", account).await.json()["refreshToken"].clone();
    let first = first.as_str().unwrap();
    for (outcome, wait) in [("rotated", 0), ("benign", 1), ("theft", 11)] {
        let name = format!("portcullis_refreshes_total{{outcome=\"{outcome}\"}}");
        assert_eq!(figures(&service).await.get(&name), 0.0, "{name}");
        service.clock.advance(SignedDuration::from_secs(wait));
        program.refresh(first).await;
        assert_eq!(figures(&service).await.get(&name), 1.0, "{name}");
    }
}

async fn calls_are_counted_by_route_and_memory_by_what_it_spared(store: Arc<dyn Store>) {
    let service = Service::on(store).await;
    let mut ada = Browser::at(&service);
    ada.sign_up(ADA).await;
    let kind = service.store.traffic().store;
    let calls =
        |kind_of: &str| format!("portcullis_store_call_seconds_count{{store=\"{kind}\",kind=\"{kind_of}\"}}");
    let before = figures(&service).await;
    assert!(before.get(&calls("read")) > 0.0 && before.get(&calls("write")) > 0.0, "{}", before.text);
    for _ in 0..5 {
        ada.current_user().await;
    }
    ada.put("/api/users/currentuser", json!({})).await;
    let after = figures(&service).await;
    let route = "listener=\"public\",route=\"/api/users/currentuser\"";
    assert_eq!(after.get(&format!("portcullis_http_requests_total{{{route},code=\"200\"}}")), 5.0);
    assert_eq!(after.get(&format!("portcullis_http_requests_total{{{route},code=\"405\"}}")), 1.0);
    assert_eq!(after.get(&format!("portcullis_http_request_seconds_count{{{route}}}")), 6.0);
    assert!(after.get("portcullis_memory_hits_total") >= 4.0);
    assert!(after.get("portcullis_memory_misses_total") <= 2.0);
    for well in ["portcullis_ready", "portcullis_feed_up", "portcullis_store_up"] {
        assert_eq!(after.get(well), 1.0, "{well}");
    }
    assert!(after.get("portcullis_store_pool_size") >= 1.0);
    assert!(after.get("process_resident_memory_bytes") > 1e6 && after.get("process_open_fds") > 3.0);
}

#[tokio::test]
async fn a_key_grows_old_until_its_turn_is_over() {
    let service = Service::start().await;
    let next = "portcullis_signing_key_next_timestamp_seconds";
    let due = figures(&service).await.get(next);
    service.clock.advance(SignedDuration::from_hours(24));
    let figures = figures(&service).await;
    assert!((figures.get("portcullis_signing_key_age_seconds") - 86_400.0).abs() < 60.0, "{}", figures.text);
    assert_eq!(figures.get(next), due);
    assert_eq!(figures.get("process_start_time_seconds").round(), 4_102_542_246.0, "by its own clock");
}

#[tokio::test]
async fn mail_that_goes_and_mail_that_does_not_are_counted() {
    let Some(server) = MailServer::start() else { return };
    let away = "smtp://127.0.0.1:1?tls=none";
    for (url, outcome, goes) in [(server.url().as_str(), "sent", true), (away, "postponed", false)] {
        let store = crate::support::stores::sqlite();
        let service = Service::with(store, &[("PORTCULLIS_MAIL_URL", url)]).await;
        Browser::at(&service).sign_up(ADA).await;
        let name = format!("portcullis_mails_total{{outcome=\"{outcome}\"}}");
        until(&name, async || figures(&service).await.get(&name) == 1.0).await;
        service.clock.advance(SignedDuration::from_secs(7));
        let stuck = figures(&service).await.get("portcullis_mail_stuck_seconds");
        assert_eq!(stuck >= 7.0, !goes, "{stuck}");
    }
}

#[tokio::test]
async fn the_figures_are_told_at_once_while_the_store_is_away() {
    let Some(set) = ReplicaSet::one().await else { return };
    let (folder, url) = (Folder::new(), set.url(&mongod::database_name()));
    let mut process = Process::start(&folder, &[("PORTCULLIS_STORE_URL", &url)]);
    let sockets = process.ready();
    set.freeze(0);
    let down = async || Figures::of(sockets.internal).await.get("portcullis_store_up") == 0.0;
    until("the store is seen to be away", down).await;
    let watch = std::time::Instant::now();
    let figures = Figures::of(sockets.internal).await;
    assert!(watch.elapsed() < Duration::from_secs(1), "{:?}", watch.elapsed());
    let failures = ["unavailable", "outcome_unknown"].map(|kind| {
        figures.get(&format!("portcullis_store_failures_total{{store=\"mongodb\",kind=\"{kind}\"}}"))
    });
    assert!(failures.iter().sum::<f64>() > 0.0, "{}", figures.text);
    set.thaw(0);
}

#[tokio::test]
async fn a_certificate_says_until_when_it_holds() {
    let (folder, authority) = (Folder::new(), Authority::new());
    let (chain, key) = (folder.file("tls.crt"), folder.file("tls.key"));
    let signed = authority.sign();
    signed.write(&chain, &key);
    let [chain_file, key_file] = [&chain, &key].map(|file| file.display().to_string());
    let settings = [
        ("PORTCULLIS_PUBLIC_TLS_CERT_FILE", chain_file.as_str()),
        ("PORTCULLIS_PUBLIC_TLS_KEY_FILE", &key_file),
    ];
    let mut process = Process::start(&folder, &settings);
    let figures = Figures::of(process.ready().internal).await;
    let until = figures.get("portcullis_certificate_not_after_timestamp_seconds{listener=\"public\"}");
    let (_, not_after) = portcullis::system::x509::validity(&signed.der).unwrap();
    assert_eq!(until, not_after.as_duration().as_secs_f64());
    assert!(!figures.has("portcullis_certificate_not_after_timestamp_seconds{listener=\"internal\"}"));
}
