//! The fences: which module may mention which, and the rules of style that no compiler keeps.
//!
//! A new arrow is a decision: it changes `MAY_USE`, the table in `ARCHITECTURE.md` and an ADR in the same commit.

mod architecture;
mod arrows;
mod clock_and_chance;
mod files;
mod panics;
mod sources;
mod status_codes;
mod tokens;
mod vocabulary;

/// May use every module there is.
const ALL: &[&str] = &["all"];

/// Every top-level module of `src/` and what it may use beside itself.
const MAY_USE: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("store", &["domain", "system"]),
    ("mail", &["domain"]),
    ("outlets", &["domain"]),
    ("flows", &["domain", "store", "mail", "outlets", "system"]),
    ("http", &["domain", "flows"]),
    ("worker", &["domain", "store", "mail", "flows"]),
    ("kube", &["domain", "flows", "system"]),
    ("mongo_agent", &["system"]),
    ("cli", &["flows", "config", "app", "kube", "mongo_agent", "telemetry"]),
    ("app", ALL),
    ("system", &["domain"]),
    ("config", &["domain"]),
    ("telemetry", &["domain", "system"]),
    ("main", &["cli"]),
    ("lib", ALL),
];

/// One place that breaks a rule, said so that nobody has to look the rule up.
#[derive(Debug, PartialEq, Eq)]
struct Breach {
    what: String,
    file: String,
    line: usize,
}

/// Fails with one line per breach.
fn assert_none(breaches: &[Breach]) {
    let lines: Vec<String> =
        breaches.iter().map(|b| format!("{} at {}:{}", b.what, b.file, b.line)).collect();
    assert!(lines.is_empty(), "\n{}\n", lines.join("\n"));
}
