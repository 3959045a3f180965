//! Input that means harm: no 5xx, no panic, nothing stored.

mod bodies;
mod sizes;
mod slowness;
mod spellings;

use std::sync::Arc;

use portcullis::store::Store;

use crate::support::{browser::Browser, people::email, service::Service, wire::Raw};

/// What holds after every attack: the service lives, serves, and remembers nobody it should not.
async fn unharmed(service: &Service, strangers: &[&str]) {
    let mut inside = Browser::to(service.internal);
    assert_eq!(inside.get("/livez").await.status, 200);
    for address in strangers {
        assert_eq!(service.store.user_by_email(&email(address)).await.unwrap(), None, "{address} was stored");
    }
    let mut honest = Browser::at(service);
    assert_eq!(honest.sign_up("honest@example.org").await.status, 201);
    assert_eq!(honest.current_user().await.as_deref(), Some("honest@example.org"));
}

fn refused(raw: &Raw, status: u16, what: &str) {
    assert_eq!(raw.status, status, "{what}: {raw:?}");
    assert!(!raw.codes().is_empty());
}

async fn on(store: Arc<dyn Store>) -> Service {
    Service::on(store).await
}
