//! What `ARCHITECTURE.md` says about the arrows is what the fences hold everybody to.

use std::fs;

use super::{MAY_USE, sources};

/// The rows ``| `from` | `to`, `to` | why |`` below the heading "Arrows".
fn table(document: &str) -> Vec<(String, Vec<String>)> {
    let section = document.split("\n## ").find(|section| section.starts_with("Arrows")).unwrap_or_default();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let mut cells = row.split('|').skip(1).map(quoted);
        let from = cells.next().unwrap_or_default().concat();
        (from, cells.next().unwrap_or_default())
    })
    .collect()
}

/// What stands between backticks.
fn quoted(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_table_in_architecture_md_is_the_one_that_is_enforced() {
    let document =
        fs::read_to_string(sources::root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md is there");
    let enforced: Vec<(String, Vec<String>)> = MAY_USE
        .iter()
        .map(|(from, uses)| ((*from).to_owned(), uses.iter().map(|to| (*to).to_owned()).collect()))
        .collect();
    assert_eq!(table(&document), enforced);
}

#[test]
fn the_table_is_read_row_by_row() {
    let document = "# A\n\n## Map\n| `x` | `y` |\n\n## Arrows\n| module | may use | why |\n|---|---|---|\n\
        | `flows` | `domain`, `store` | because |\n| `domain` | | nothing |\n\n## More\n| `x` | `y` |\n";
    let expected = [
        ("flows".to_owned(), vec!["domain".to_owned(), "store".to_owned()]),
        ("domain".to_owned(), Vec::new()),
    ];
    assert_eq!(table(document), expected);
}
