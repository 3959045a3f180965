//! How a user is shown: as a row among others, as text, and for programs.

use serde_json::{Value, json};

use crate::flows::{
    change_user::Status,
    list_users::{Role, User},
};

/// Of the rows.
pub(super) fn heading() -> String {
    format!("{:40}  {:36}  {:8}  {:8}  ROLES", "ADDRESS", "ID", "STATUS", "VERIFIED")
}

/// Whoever is kept out is so also while they leave.
fn status(user: &User) -> &'static str {
    match user.attrs().status {
        Status::Disabled { .. } => "disabled",
        Status::Active if user.is_leaving() => "leaving",
        Status::Active => "active",
    }
}

fn roles(user: &User) -> String {
    user.attrs().roles.iter().map(Role::to_string).collect::<Vec<_>>().join(",")
}

/// What is to be mailed to them, and what never will be.
fn mail(user: &User) -> String {
    let outbox = &user.attrs().outbox;
    let dead = outbox.iter().filter(|letter| letter.is_dead()).count();
    match (outbox.iter().count() - dead, dead) {
        (0, 0) => String::new(),
        (waiting, 0) => format!("{waiting} waiting"),
        (waiting, dead) => format!("{waiting} waiting, {dead} given up"),
    }
}

pub(super) fn as_row(user: &User) -> String {
    let (attrs, verified) =
        (user.attrs(), if user.attrs().email_verified_at.is_some() { "yes" } else { "no" });
    let row = format!(
        "{:40}  {}  {:8}  {verified:8}  {}",
        attrs.email.original(),
        attrs.id,
        status(user),
        roles(user)
    );
    row.trim_end().to_owned()
}

pub(super) fn as_text(user: &User) -> String {
    let attrs = user.attrs();
    let verified = attrs.email_verified_at.map_or_else(|| "no".to_owned(), |at| format!("since {at}"));
    let status = match attrs.status {
        Status::Active => status(user).to_owned(),
        Status::Disabled { since } => format!("disabled since {since}"),
    };
    [
        ("id", attrs.id.to_string()),
        ("address", attrs.email.original().to_owned()),
        ("verified", verified),
        ("status", status),
        ("roles", roles(user)),
        ("password", format!("of {}, as {}", attrs.password.changed_at, user.hash().kind())),
        ("mail", mail(user)),
        ("leaves", attrs.erase_at.map_or_else(String::new, |at| format!("erased after {at}"))),
        ("created", attrs.created_at.to_string()),
        ("updated", attrs.updated_at.to_string()),
    ]
    .iter()
    .filter(|(name, value)| !value.is_empty() || *name == "roles")
    .map(|(name, value)| format!("{name:10}  {value}").trim_end().to_owned() + "\n")
    .collect()
}

pub(super) fn as_json(user: &User) -> Value {
    let attrs = user.attrs();
    let disabled = match attrs.status {
        Status::Active => None,
        Status::Disabled { since } => Some(since.to_string()),
    };
    json!({
        "id": attrs.id.to_string(),
        "email": attrs.email.original(),
        "emailVerifiedAt": attrs.email_verified_at.map(|at| at.to_string()),
        "status": status(user),
        "disabledSince": disabled,
        "roles": attrs.roles.iter().map(Role::to_string).collect::<Vec<_>>(),
        "eraseAt": attrs.erase_at.map(|at| at.to_string()),
        "mail": {
            "waiting": attrs.outbox.iter().filter(|letter| !letter.is_dead()).count(),
            "givenUp": attrs.outbox.iter().filter(|letter| letter.is_dead()).count(),
        },
        "passwordChangedAt": attrs.password.changed_at.to_string(),
        "passwordAlgorithm": user.hash().kind(),
        "createdAt": attrs.created_at.to_string(),
        "updatedAt": attrs.updated_at.to_string(),
    })
}
