//! Arrows: the top-level modules that a file mentions, wherever in it and however written.

use super::{
    ALL, Breach, MAY_USE, assert_none, sources,
    tokens::{Token, stands, tokens},
};

/// A mention of `to`, a top-level module, in a file of another one.
#[derive(Debug, PartialEq, Eq)]
struct Arrow {
    to: String,
    line: usize,
}

/// What a path that stops at the crate itself leads to: everything, under another name.
const ROOT: &str = "the crate's root";

struct Finder<'a> {
    /// The module path of the file.
    file: Vec<&'a str>,
    tokens: &'a [Token<'a>],
    found: Vec<Arrow>,
}

/// `src/store/sqlite/user.rs` is `store::sqlite::user`; `src/lib.rs` is the root, which is no word at all.
fn module_of(path: &str) -> Vec<&str> {
    let path = path.trim_start_matches("src/").trim_end_matches(".rs");
    let path = path.strip_suffix("/mod").unwrap_or(path);
    path.split('/').filter(|part| *part != "lib").collect()
}

fn row_of(path: &str) -> &str {
    module_of(path).first().copied().unwrap_or("lib")
}

fn arrows(path: &str, source: &str) -> Vec<Arrow> {
    let tokens = tokens(source);
    let mut finder = Finder { file: module_of(path), tokens: &tokens, found: Vec::new() };
    finder.find();
    let own = row_of(path);
    finder.found.retain(|arrow| arrow.to != own);
    finder.found
}

impl<'a> Finder<'a> {
    /// Follows every path that starts at the crate or climbs, keeping count of the modules written inline.
    fn find(&mut self) {
        let (mut inline, mut depth, mut at) = (Vec::new(), 0_usize, 0);
        while let Some(token) = self.tokens.get(at) {
            match token.text {
                "{" => depth += 1,
                "}" => {
                    depth = depth.saturating_sub(1);
                    inline.pop_if(|(_, opened)| *opened == depth);
                }
                "mod" if self.is(at + 2, "{") => inline.push((self.text(at + 1), depth)),
                _ => {}
            }
            let here = self.file.iter().copied().chain(inline.iter().map(|(name, _)| *name)).collect();
            at = self.start(at, here).map_or(at + 1, |(from, path)| self.follow(from, path));
        }
    }

    /// Where to go on and from which module, if a path starts here that may leave the module.
    fn start(&self, at: usize, here: Vec<&'a str>) -> Option<(usize, Vec<&'a str>)> {
        if at > 0 && (self.is(at - 1, "::") || self.is_visibility(at)) {
            return None;
        }
        let in_main = self.file == ["main"];
        match self.text(at) {
            "crate" if in_main => None,
            "crate" => Some((at + 1, Vec::new())),
            "portcullis" if in_main && !self.is(at + 1, "=") => Some((at + 1, Vec::new())),
            "super" => Some((at, here)),
            "self" if self.is(at + 1, "::") => Some((at + 1, here)),
            _ => None,
        }
    }

    /// `pub(crate)` and `pub(super)` are no paths.
    fn is_visibility(&self, at: usize) -> bool {
        at > 1 && self.is(at - 2, "pub") && self.is(at - 1, "(") && self.is(at + 1, ")")
    }

    /// Reads the rest of a path, groups and all, and returns where it ends.
    fn follow(&mut self, mut at: usize, mut path: Vec<&'a str>) -> usize {
        let line = self.tokens.get(at).map_or(0, |token| token.line);
        loop {
            match self.text(at) {
                "::" | "self" => {}
                "super" => drop(path.pop()),
                "{" if self.is(at.wrapping_sub(1), "::") => return self.group(at + 1, &path),
                word if word.starts_with(|c: char| c.is_alphabetic() || c == '_') && self.follows_on(at) => {
                    path.push(word);
                }
                _ => break,
            }
            at += 1;
        }
        let to = path.first().copied().unwrap_or(ROOT).to_owned();
        self.found.push(Arrow { to, line });
        at
    }

    /// A word belongs to the path if the path has not ended before it: `crate::store as x`, `super as up`.
    fn follows_on(&self, at: usize) -> bool {
        at == 0 || matches!(self.text(at - 1), "::" | "{" | ",")
    }

    /// Reads `a::b, c, …}` below a path and returns where it ends.
    fn group(&mut self, mut at: usize, path: &[&'a str]) -> usize {
        loop {
            match self.text(at) {
                "" => return at,
                "}" => return at + 1,
                "," => at += 1,
                "as" => at += 2,
                "*" => at = self.follow(at + 1, path.to_vec()),
                _ => at = self.follow(at, path.to_vec()),
            }
        }
    }

    fn text(&self, at: usize) -> &'a str {
        self.tokens.get(at).map_or("", |token| token.text)
    }

    fn is(&self, at: usize, word: &str) -> bool {
        stands(self.tokens, at, &[word])
    }
}

fn may(from: &str, to: &str) -> bool {
    MAY_USE.iter().any(|(row, uses)| *row == from && (*uses == ALL || uses.contains(&to)))
}

fn forbidden(path: &str, source: &str) -> Vec<Breach> {
    let from = row_of(path);
    let allowed = MAY_USE.iter().find(|(row, _)| *row == from).map(|(_, uses)| uses.join(", "));
    let allowed = allowed.unwrap_or_else(|| "nothing, having no row in the table".to_owned());
    let arrows = arrows(path, source).into_iter().filter(|arrow| !may(from, &arrow.to));
    arrows
        .map(|Arrow { to, line }| Breach {
            what: format!("`{from}` mentions `{to}` and may use only itself and [{allowed}]"),
            file: path.to_owned(),
            line,
        })
        .collect()
}

#[test]
fn no_module_mentions_one_it_may_not_use() {
    let breaches: Vec<_> =
        sources::read(&["src"]).iter().flat_map(|source| forbidden(&source.path, &source.text)).collect();
    assert_none(&breaches);
}

#[test]
fn every_top_level_module_has_a_row() {
    for source in sources::read(&["src"]) {
        let from = row_of(&source.path);
        assert!(MAY_USE.iter().any(|(row, _)| *row == from), "{} has no row in MAY_USE", source.path);
    }
}

#[test]
fn only_what_is_a_module_may_be_used() {
    for (row, uses) in MAY_USE.iter().filter(|(_, uses)| *uses != ALL) {
        let stray: Vec<_> = uses.iter().filter(|to| !MAY_USE.iter().any(|(row, _)| row == *to)).collect();
        assert!(stray.is_empty(), "{row} may use {stray:?}, which nobody is");
    }
}

fn reached(path: &str, source: &str) -> Vec<(String, usize)> {
    arrows(path, source).into_iter().map(|arrow| (arrow.to, arrow.line)).collect()
}

#[test]
fn an_arrow_is_found_however_it_is_written() {
    for source in [
        "use crate::http::Problem;",
        "pub(crate) use crate::http;",
        "use crate::{\n flows::{self, sign_in},\n http::Problem,\n};",
        "use {std::fmt, crate::http};",
        "fn f() { let x: crate::http::X = y; }",
        "fn f() -> Vec<crate::http::X> {}",
        "fn f() { super::super::http::serve() }",
        "use super::super::{http::{a, b}, flows};",
        "use super::{super::http::a, b};",
        "mod inner { use super::super::super::http; }",
        "impl<'a> X<'a> { fn f(c: char) { if c == '{' { $crate::http::X } } }",
        "use self::super::super::http;",
    ] {
        let found = reached("src/flows/sign_in.rs", source);
        assert_eq!(found.iter().filter(|(to, _)| to == "http").count().min(1), 1, "{source}: {found:?}");
        let others: Vec<_> = found.iter().filter(|(to, _)| to != "http").collect();
        assert!(others.is_empty(), "{source}: {others:?}");
        assert!(!forbidden("src/flows/sign_in.rs", source).is_empty(), "{source}");
    }
}

#[test]
fn an_arrow_is_found_on_its_line() {
    let source = "use crate::{\n    store::Store,\n    http::Problem,\n};\n";
    assert_eq!(reached("src/domain/user.rs", source), [("store".to_owned(), 2), ("http".to_owned(), 3)]);
}

#[test]
fn the_root_under_another_name_is_an_arrow_to_everything() {
    for source in
        ["use crate as all;", "use super::super as all;", "use crate::*;", "use crate::{self as all};"]
    {
        assert_eq!(reached("src/flows/sign_in.rs", source), [(ROOT.to_owned(), 1)], "{source}");
    }
}

#[test]
fn what_stays_inside_or_says_nothing_is_no_arrow() {
    for source in [
        "use super::{Failure, Services};",
        "use crate::flows::Failure;",
        "// crate::http\nconst X: &str = \"crate::http\";",
        "pub(super) fn f(self) {} pub(crate) struct X;",
        "mod tests { use super::*; }",
        "fn f() { std::http::x(); http::y() }",
        "use some_crate::{crates, http};",
    ] {
        assert_eq!(reached("src/flows/sign_in.rs", source), [], "{source}");
    }
}

#[test]
fn main_reaches_the_library_by_its_name() {
    assert_eq!(reached("src/main.rs", "use portcullis::{cli, http};").len(), 2);
    assert_eq!(forbidden("src/main.rs", "fn main() { portcullis::http::serve() }").len(), 1);
    assert_eq!(forbidden("src/main.rs", "fn main() { portcullis::cli::run() }"), []);
}

#[test]
fn a_module_without_a_row_may_use_nothing() {
    assert_eq!(forbidden("src/extras/mod.rs", "use crate::domain::Email;").len(), 1);
}
