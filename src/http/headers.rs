//! What is said on every answer, whoever writes it.

/// Nothing of ours is cached, guessed at, framed, embedded, opened from or told to other sites.
pub const ALWAYS: [(&str, &str); 6] = [
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'; sandbox"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
];

/// Where browsers reach us over HTTPS, they never try anything else again.
pub const OVER_HTTPS: (&str, &str) = ("strict-transport-security", "max-age=63072000; includeSubDomains");

/// All of them for a site.
pub fn for_site(secure: bool) -> impl Iterator<Item = (&'static str, &'static str)> {
    ALWAYS.into_iter().chain(secure.then_some(OVER_HTTPS))
}
