//! `portcullis gen`: writes the documents that are made from the sources.

use std::{
    fs,
    io::{self, Write as _},
    path::PathBuf,
};

use clap::{Parser, Subcommand};

use super::print;
use crate::{app, config::document};

/// Print a document that is made from the sources.
#[derive(Debug, Parser)]
#[command(after_help = "Example:\n  portcullis gen configuration > docs/configuration.md")]
pub struct Args {
    #[command(subcommand)]
    document: Document,
}

#[derive(Debug, Subcommand)]
enum Document {
    /// docs/configuration.md
    Configuration,
    /// docs/openapi.json
    Openapi,
    /// src/domain/leaked/filter.bin, of a file with one password a line; `make leaked` has one.
    LeakedPasswords { list: PathBuf },
}

pub fn run(args: &Args) -> io::Result<()> {
    match &args.document {
        Document::Configuration => print(&document()),
        Document::Openapi => print(&app::contract()?),
        Document::LeakedPasswords { list } => {
            let list = fs::read_to_string(list)?;
            let filter = app::leaked_passwords(list.lines()).map_err(io::Error::other)?;
            io::stdout().lock().write_all(&filter)
        }
    }
}
