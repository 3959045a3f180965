//! `portcullis gen`: writes the documents that are made from the sources.

use std::io;

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
}

pub fn run(args: &Args) -> io::Result<()> {
    match args.document {
        Document::Configuration => print(&document()),
        Document::Openapi => print(&app::contract()?),
    }
}
