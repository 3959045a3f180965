//! The gate: parses the command line and hands over.
fn main() {}
