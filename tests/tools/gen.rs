//! `make gen`: prints what is made from the sources.

use std::{
    error::Error,
    fs,
    io::{self, Write as _},
    path::PathBuf,
};

use clap::Parser;
use portcullis::{config, domain::leaked, http::openapi};

#[derive(Parser)]
enum Document {
    /// docs/configuration.md
    Configuration,
    /// docs/openapi.json
    Openapi,
    /// src/domain/leaked/filter.bin, of a file with one password a line; `make leaked` has one.
    LeakedPasswords { list: PathBuf },
}

fn main() -> Result<(), Box<dyn Error>> {
    let document = match Document::parse() {
        Document::Configuration => config::document().into_bytes(),
        Document::Openapi => openapi::text()?.into_bytes(),
        Document::LeakedPasswords { list } => leaked::make(fs::read_to_string(list)?.lines())?,
    };
    Ok(io::stdout().lock().write_all(&document)?)
}
