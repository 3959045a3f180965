//! `portcullis config`: what is in force, and where each value came from.

use std::{fmt::Write as _, io};

use clap::Parser;
use serde_json::json;

use super::print;
use crate::config::{Config, FoundIn, Setting};

/// Show the configuration that is in force, with secrets masked.
#[derive(Debug, Parser)]
#[command(after_help = "Examples:\n  portcullis config\n  portcullis config --json")]
pub struct Args {
    /// For programs.
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, config: &Config) -> io::Result<()> {
    print(&if args.json { as_json(config) } else { as_table(config) })
}

fn as_table(config: &Config) -> String {
    let heading = ["VARIABLE", "VALUE", "ORIGIN"].map(str::to_owned);
    let row = |setting: &Setting| {
        [
            setting.variable.name.to_owned(),
            printable(&setting.shown()),
            printable(&setting.found_in.to_string()),
        ]
    };
    let rows: Vec<_> = std::iter::once(heading).chain(config.settings.iter().map(row)).collect();
    let width = |cell: fn(&[String; 3]) -> &String| {
        rows.iter().map(|row| cell(row).chars().count()).max().unwrap_or_default()
    };
    let (names, values) = (width(|[name, _, _]| name), width(|[_, value, _]| value));

    let mut table = String::new();
    for [name, value, origin] in &rows {
        _ = writeln!(table, "{name:names$}  {value:values$}  {origin}");
    }
    for warning in &config.warnings {
        _ = writeln!(table, "warning: {warning}");
    }
    table
}

fn as_json(config: &Config) -> String {
    let setting = |setting: &Setting| {
        let (origin, file) = match &setting.found_in {
            FoundIn::Default => ("default", None),
            FoundIn::Environment => ("environment", None),
            FoundIn::File(path) => ("file", Some(path)),
        };
        json!({ "variable": setting.variable.name, "value": setting.shown(), "origin": origin, "file": file })
    };
    let settings: Vec<_> = config.settings.iter().map(setting).collect();
    format!("{:#}\n", json!({ "settings": settings, "warnings": config.warnings }))
}

/// A value may not steer the terminal.
pub(super) fn printable(value: &str) -> String {
    let safe = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    value.chars().map(safe).collect()
}
