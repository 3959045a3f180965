//! What may be read of a request's path, and what may not.

use proptest::prelude::*;

use super::*;

fn path(target: &str) -> Result<String, Ambiguous> {
    RequestPath::parse(target.as_bytes()).map(|path| format!("/{}", path.0.join("/")))
}

fn matches(pattern: &str, target: &str) -> bool {
    PathPattern::parse(pattern).unwrap().matches(&RequestPath::parse(target.as_bytes()).unwrap())
}

#[test]
fn r_43_r_38_what_can_be_read_in_two_ways_is_not_read_at_all() {
    for target in [
        "",
        "*",
        "tickets",
        "?",
        "#",
        "/a#b",
        "/a#/../b",
        "/a/#",
        "http://host/a",
        "//host/a",
        "/a//b",
        "//",
        "/a/./b",
        "/a/../b",
        "/..",
        "/.",
        "/a/..",
        "/a/..;/b",
        "/..;x=1/b",
        "/.;/b",
        "/%2e%2e/b",
        "/%2E%2e/b",
        "/.%2e/b",
        "/%2e/b",
        "/%2e%2e;/b",
        "/a%2fb",
        "/a%2Fb",
        "/a%5cb",
        "/a%5Cb",
        "/a\\b",
        "/..\\b",
        "/%252e%252e/b",
        "/%252fb",
        "/a%25%32%66b",
        "/%00",
        "/a%00b",
        "/a%0d%0ab",
        "/a%7f",
        "/%c2%85",
        "/a\u{0}b",
        "/a b",
        "/a\tb",
        "/a\u{7f}",
        "/b\u{fc}ro",
        "/%",
        "/%2",
        "/%zz",
        "/%u002e",
        "/%+2",
        "/%ff",
        "/%c0%ae%c0%ae/b",
        "/%c0%af",
        "/%e0%80%af",
        "/%ed%a0%80",
    ] {
        assert_eq!(path(target), Err(Ambiguous), "{target:?}");
    }
    assert!(RequestPath::parse(b"/\xff").is_err());
}

#[test]
fn what_people_use_is_read() {
    for (target, read) in [
        ("/", "/"),
        ("/a%20b?q=1", "/a b"),
        ("/a/b/", "/a/b/"),
        ("/b%C3%BCro", "/b\u{fc}ro"),
        ("/100%25", "/100%"),
        ("/what%3F", "/what?"),
        ("/a;v=1/b", "/a;v=1/b"),
        ("/...", "/..."),
        ("/.well-known/x", "/.well-known/x"),
    ] {
        assert_eq!(path(target).as_deref(), Ok(read), "{target}");
    }
}

#[test]
fn r_41_a_pattern_is_anchored_and_does_not_see_the_query() {
    for (pattern, target) in [
        ("/", "/"),
        ("/admin", "/admin?x=1#y"),
        ("/admin/*", "/%61dmin/users"),
        ("/admin/*/edit", "/admin/7/edit"),
        ("/tickets/**", "/tickets/"),
        ("/tickets/**", "/tickets/a/b/c"),
        ("/tickets/", "/tickets/"),
        ("/**", "/"),
        ("/b\u{fc}ro/*", "/b%c3%bcro/1"),
    ] {
        assert!(matches(pattern, target), "{pattern} {target}");
    }
    for (pattern, target) in [
        ("/", "/a"),
        ("/admin", "/admin/"),
        ("/admin", "/Admin"),
        ("/admin", "/x/admin"),
        ("/admin", "/admins"),
        ("/admin", "/x?/admin"),
        ("/admin", "/x%23/admin"),
        ("/admin", "/x%3F/admin"),
        ("/admin/*", "/admin"),
        ("/admin/*", "/admin/"),
        ("/admin/*", "/admin/a/b"),
        ("/tickets/**", "/tickets"),
        ("/tickets/**", "/ticketsx/a"),
        ("/*/x", "/a/b/x"),
    ] {
        assert!(!matches(pattern, target), "{pattern} {target}");
    }
}

#[test]
fn a_pattern_that_would_be_met_by_nothing_or_by_surprise_is_refused() {
    for pattern in [
        "", "admin", "*", "**", "/a**", "/**/a", "/a*", "/*.json", "/a//b", "//", "/a//**", "/../a",
        "/a/./b", "/a?b", "/a#b", "/a%20b", "/a\\b", "/a\nb", "/***",
    ] {
        assert_eq!(PathPattern::parse(pattern), Err(InvalidPattern), "{pattern:?}");
    }
}

#[test]
fn a_method_is_a_name_in_capitals() {
    for name in ["GET", "M-SEARCH", "VERSION_CONTROL"] {
        assert_eq!(RequestMethod::parse(name).unwrap().to_string(), name);
    }
    for name in ["", "get", "GET ", "G\u{0}T", "GET,POST", &"X".repeat(33)] {
        assert_eq!(RequestMethod::parse(name), Err(Ambiguous), "{name:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn r_43_what_is_read_means_the_same_to_whoever_decodes_or_normalises_it_again(
        target in "/([a-c./;%?#\\\\ *]|%2[eEfF5]|%5[cC]|%00|\\.\\.|%25|%c3%bc|\\PC){0,12}"
    ) {
        let Ok(RequestPath(segments)) = RequestPath::parse(target.as_bytes()) else { return Ok(()) };
        for (at, segment) in segments.iter().enumerate() {
            prop_assert!(!segment.contains(['/', '\\', '\0']));
            prop_assert!(!matches!(segment.split(';').next(), Some("." | "..")));
            prop_assert!(at + 1 == segments.len() || !segment.is_empty());
            prop_assert!(!is_encoded(segment));
        }
    }

    #[test]
    fn r_38_bytes_never_panic(target: Vec<u8>) {
        let _ = RequestPath::parse(&target);
        let _ = RequestPath::parse(&[b"/", target.as_slice()].concat());
    }
}
