//! The README is run, and what other pages show: each console block against the real program, and the promises of targets against
//! the Makefile.
//!
//! Where it says `localhost:3000` and `localhost:9000` the sockets of the test's own service are put, and for
//! `cargo run --` the program itself; `…` in an answer stands for anything. What starts the service or runs the tests
//! is not run again from here.

mod commands;
mod program;

use std::fs;

use commands::{Command, consoles, matches, shell_lines};
use program::Program;

fn file(name: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Each document for itself, as somebody would who read no other.
fn does_what_it_says(document: &str) {
    let commands = consoles(&file(document));
    assert!(commands.len() > 5, "{document} shows what to type");
    let program = Program::start();
    for Command { line, answer } in commands {
        let said = program.run(&line);
        assert!(matches(&answer, &said), "\n$ {line}\nshould say\n{answer}\nand said\n{said}\n");
    }
}

#[test]
fn the_commands_of_the_readme_do_what_it_says() {
    does_what_it_says("README.md");
}

#[test]
fn the_commands_that_show_events_do_what_is_said_of_them() {
    does_what_it_says("docs/events.md");
}

#[test]
fn the_two_commands_to_begin_with_are_there() {
    let (readme, makefile) = (file("README.md"), file("Makefile"));
    let lines = shell_lines(&readme);
    assert!(lines.contains(&"cargo run"), "{lines:?}");
    assert!(lines.contains(&"make test"), "{lines:?}");
    for line in lines.iter().filter(|line| **line != "cargo run") {
        let target = line
            .strip_prefix("make ")
            .unwrap_or_else(|| panic!("nothing runs `{line}`; make it a console block"));
        assert!(makefile.contains(&format!("\n{target}: ")), "the Makefile has no target {target}");
    }
}

#[test]
fn every_document_that_the_readme_links_to_is_there() {
    let readme = file("README.md");
    let links: Vec<_> = readme.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(links.len() > 5, "{links:?}");
    for link in links {
        assert!(!file(link).is_empty(), "{link}");
    }
}
