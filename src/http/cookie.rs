//! The session cookie: the one place that reads, sets and clears it.

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    cookie::{Cookie, SameSite, time::Duration},
    dev::Payload,
    http::header,
    web::Data,
};
use std::future::{Ready, ready};

use crate::domain::{
    device_token::{DeviceToken, DeviceTokens},
    origin::Origin,
    secret::{Secret, SecretDigest},
};

use super::{Site, problem::Problem};

/// What the session cookies of a request hold: the digest of a secret each, or `None` where it is no secret.
pub struct SessionCookies(Vec<Option<SecretDigest>>);

impl SessionCookies {
    /// Two cookies of the name are a guess which is ours, and we do not guess who somebody is.
    pub fn only(&self) -> Option<SecretDigest> {
        if let [digest] = *self.0 { digest } else { None }
    }

    /// To end them needs no guess.
    pub fn all(&self) -> Vec<SecretDigest> {
        self.0.iter().copied().flatten().collect()
    }
}

impl FromRequest for SessionCookies {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let site = request.app_data::<Data<Site>>();
        let digests = site.map(|site| presented(request, &site.origin).map(digest).collect());
        ready(Ok(Self(digests.unwrap_or_default())))
    }
}

/// Whether the request brings a session cookie, good or bad.
pub fn is_present(request: &HttpRequest, origin: &Origin) -> bool {
    presented(request, origin).next().is_some()
}

/// The value of each cookie of our name. Only ours are understood, and taken as they stand: another's, which cannot be
/// read, does not hide them, and no other spelling of the name gets around what browsers promise for it.
fn presented<'r>(request: &'r HttpRequest, origin: &Origin) -> impl Iterator<Item = &'r [u8]> {
    presented_as(request, name(origin))
}

fn presented_as<'r>(request: &'r HttpRequest, name: &'static str) -> impl Iterator<Item = &'r [u8]> {
    let name = name.as_bytes();
    let pairs =
        request.headers().get_all(header::COOKIE).flat_map(|line| line.as_bytes().split(|&b| b == b';'));
    pairs.filter_map(move |pair| pair.trim_ascii().strip_prefix(name)?.strip_prefix(b"="))
}

fn digest(value: &[u8]) -> Option<SecretDigest> {
    Some(Secret::parse(std::str::from_utf8(value).ok()?).ok()?.digest())
}

/// Hands the secret to the browser, which forgets it when it closes; the store decides how long it is good for.
pub fn set(answer: &mut HttpResponse, origin: &Origin, secret: &Secret) -> Result<(), Problem> {
    put(answer, &build(origin, secret.reveal()))
}

pub fn clear(answer: &mut HttpResponse, origin: &Origin) -> Result<(), Problem> {
    let mut cookie = build(origin, String::new());
    cookie.make_removal();
    put(answer, &cookie)
}

fn put(answer: &mut HttpResponse, cookie: &Cookie<'_>) -> Result<(), Problem> {
    answer.add_cookie(cookie).map_err(|error| Problem::Internal(error.into()))
}

fn build(origin: &Origin, value: String) -> Cookie<'static> {
    named(name(origin), origin, value)
}

fn named(name: &'static str, origin: &Origin, value: String) -> Cookie<'static> {
    Cookie::build(name, value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(origin.is_secure())
        .finish()
}

/// What the device cookie of a request holds; nothing where it is none of ours.
pub fn devices(request: &HttpRequest, origin: &Origin) -> DeviceTokens {
    let value = presented_as(request, device_name(origin)).next();
    let value = value.and_then(|value| std::str::from_utf8(value).ok());
    value.map(DeviceTokens::parse).unwrap_or_default()
}

/// Kept for as long as browsers keep anything, and given anew at each sign-in.
pub fn set_devices(
    answer: &mut HttpResponse,
    origin: &Origin,
    devices: &DeviceTokens,
) -> Result<(), Problem> {
    let mut cookie = named(device_name(origin), origin, devices.reveal());
    cookie.set_max_age(Duration::seconds(DeviceToken::LIFETIME.as_secs()));
    put(answer, &cookie)
}

const fn device_name(origin: &Origin) -> &'static str {
    if origin.is_secure() { "__Host-device" } else { "device" }
}

/// The prefix makes browsers insist on `Secure`, on this host and on the whole path.
const fn name(origin: &Origin) -> &'static str {
    if origin.is_secure() { "__Host-session" } else { "session" }
}

#[cfg(test)]
mod tests {
    use actix_web::{http::header::HeaderValue, test::TestRequest};

    use super::*;
    use crate::domain::clock::{Entropy, NoEntropy};

    struct Still;

    impl Entropy for Still {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
            bytes.fill(7);
            Ok(())
        }
    }

    /// `SplitMix64`.
    fn next(state: &mut u64) -> usize {
        *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        usize::try_from(z >> 33).unwrap()
    }

    #[test]
    fn r_37_only_one_whole_secret_under_our_name_is_a_session() {
        let origin: Origin = "http://localhost:3000".parse().unwrap();
        let secret = Secret::generate(&Still).unwrap();
        let (revealed, digest) = (secret.reveal(), secret.digest());
        let whole = format!("session={revealed}");
        let pieces: [&[u8]; 16] = [
            b"session",
            b"=",
            b";",
            b" ",
            b"; ",
            b"pcs_",
            b"session=",
            revealed.as_bytes(),
            whole.as_bytes(),
            b"\"",
            b"\x80",
            b",",
            b"%3d",
            b"__Host-",
            b"\xc3\xbc",
            b"A",
        ];
        let (mut state, mut found) = (1, 0);
        for _ in 0..1_000_000 {
            let line: Vec<u8> = (0..next(&mut state) % 8)
                .flat_map(|_| pieces[next(&mut state) % pieces.len()])
                .copied()
                .collect();
            let request = TestRequest::default()
                .insert_header((header::COOKIE, HeaderValue::from_bytes(&line).unwrap()))
                .to_http_request();
            let digests = presented(&request, &origin).map(super::digest).collect();
            let pairs: Vec<&[u8]> = line.split(|&b| b == b';').map(<[u8]>::trim_ascii).collect();
            let ours = pairs.iter().filter(|pair| pair.starts_with(b"session=")).count();
            let one = ours == 1 && pairs.contains(&whole.as_bytes());
            assert_eq!(SessionCookies(digests).only(), one.then_some(digest), "{}", line.escape_ascii());
            found += usize::from(one);
        }
        assert!(found > 1_000, "the cases hold good ones too: {found}");
    }
}
