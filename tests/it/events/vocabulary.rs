//! The words of `docs/events.md` are those of the code.

use portcullis::domain::event::{Actor, EventKind, Reason};

#[test]
fn the_document_has_every_word_once_and_no_other() {
    let document = include_str!("../../../docs/events.md");
    let written = |heading: &str| {
        let section = document.split(&format!("\n## {heading}\n")).nth(1).unwrap();
        let section = section.split("\n## ").next().unwrap();
        let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
        rows.map(|row| row.split('`').next().unwrap()).collect::<Vec<_>>()
    };
    let of = |names: &mut dyn Iterator<Item = &'static str>| names.collect::<Vec<_>>();
    assert_eq!(written("Kinds"), of(&mut EventKind::ALL.iter().map(EventKind::as_str)));
    assert_eq!(written("Reasons"), of(&mut Reason::ALL.iter().map(Reason::as_str)));
    let detailed =
        ["roles_changed", "throttle_cleared", "users_imported", "signing_key_rotated", "backup_restored"];
    assert_eq!(written("Details"), detailed);
    assert_eq!(written("Actors"), of(&mut Actor::ALL.iter().map(Actor::as_str)));
}
