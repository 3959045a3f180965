//! The adapters of forward-auth: which one family of headers says what a proxy has in its hands.
//!
//! Every other family is not even looked at, because a client can send it.

use actix_web::{HttpRequest, http::header::HeaderMap};

use crate::domain::original::{Ambiguous, Original, RequestMethod, RequestPath};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adapter {
    /// F5's NGINX Ingress Controller tells nothing.
    Nic,
    /// NGINX Gateway Fabric.
    Ngf,
    IngressNginx,
    Traefik,
    /// Any Gateway API that asks in the way of Envoy: by the request itself.
    Envoy,
}

impl Adapter {
    const ALL: [(&str, Self); 5] = [
        ("nic", Self::Nic),
        ("ngf", Self::Ngf),
        ("ingress-nginx", Self::IngressNginx),
        ("traefik", Self::Traefik),
        ("envoy", Self::Envoy),
    ];

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, adapter)| adapter)
    }

    /// The request that is asked about; `below` is what stands in the question's own path behind the rule.
    pub fn original(self, request: &HttpRequest, below: &str) -> Result<Option<Original>, Ambiguous> {
        let headers = request.headers();
        let (method, target) = match self {
            Self::Nic => return Ok(None),
            Self::Ngf => (only(headers, "method")?, only(headers, "path")?),
            Self::IngressNginx => {
                (only(headers, "x-original-method")?, below_host(only(headers, "x-original-url")?)?)
            }
            Self::Traefik => {
                only(headers, "x-forwarded-host")?;
                (only(headers, "x-forwarded-method")?, only(headers, "x-forwarded-uri")?)
            }
            Self::Envoy => (request.method().as_str().as_bytes(), below.as_bytes()),
        };
        let method = std::str::from_utf8(method).map_err(|_| Ambiguous)?;
        Ok(Some(Original { method: RequestMethod::parse(method)?, path: RequestPath::parse(target)? }))
    }
}

/// A proxy that is set up as it should be sends each of them, once, over whatever its client sent.
fn only<'r>(headers: &'r HeaderMap, name: &str) -> Result<&'r [u8], Ambiguous> {
    let mut values = headers.get_all(name);
    match (values.next(), values.next()) {
        (Some(value), None) => Ok(value.as_bytes()),
        _ => Err(Ambiguous),
    }
}

/// The host is the client's word and says nothing, but it may not hide where the path begins.
fn below_host(url: &[u8]) -> Result<&[u8], Ambiguous> {
    let rest = url.strip_prefix(b"https://").or_else(|| url.strip_prefix(b"http://")).ok_or(Ambiguous)?;
    let end = rest.iter().position(|&b| b == b'/').ok_or(Ambiguous)?;
    let (host, target) = rest.split_at_checked(end).ok_or(Ambiguous)?;
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-._:[]".contains(b);
    if !host.is_empty() && host.iter().all(plain) { Ok(target) } else { Err(Ambiguous) }
}

#[cfg(test)]
mod tests {
    use actix_web::{http::Method, test::TestRequest};
    use proptest::prelude::*;

    use super::*;

    type Headers<'a> = &'a [(&'a str, &'a str)];

    fn original(adapter: &str, headers: Headers<'_>, below: &str) -> Result<Option<Original>, Ambiguous> {
        let request = headers.iter().fold(TestRequest::default().method(Method::PUT), |request, header| {
            request.append_header(*header)
        });
        Adapter::parse(adapter).unwrap().original(&request.to_http_request(), below)
    }

    fn put_a() -> Original {
        Original { method: RequestMethod::parse("PUT").unwrap(), path: RequestPath::parse(b"/a").unwrap() }
    }

    const FAMILIES: [(&str, Headers<'_>); 4] = [
        ("ngf", &[("Path", "/a?b"), ("Method", "PUT")]),
        (
            "ingress-nginx",
            &[("X-Original-URL", "https://ticketing.dev:8443/a?b"), ("X-Original-Method", "PUT")],
        ),
        (
            "traefik",
            &[
                ("X-Forwarded-Uri", "/a?b"),
                ("X-Forwarded-Method", "PUT"),
                ("X-Forwarded-Host", "ticketing.dev"),
            ],
        ),
        ("envoy", &[]),
    ];

    #[test]
    fn r_39_each_adapter_believes_its_own_family_and_no_other() {
        for (adapter, own) in FAMILIES {
            let below = if adapter == "envoy" { "/a" } else { "/elsewhere" };
            assert_eq!(original(adapter, own, below), Ok(Some(put_a())), "{adapter}");
            for (other, foreign) in FAMILIES.iter().filter(|(other, _)| *other != adapter) {
                let spoofed: Vec<_> =
                    foreign.iter().map(|(name, _)| (*name, "/spoofed")).chain(own.iter().copied()).collect();
                assert_eq!(original(adapter, &spoofed, below), Ok(Some(put_a())), "{adapter} {other}");
            }
        }
        for (_, headers) in FAMILIES {
            assert_eq!(original("nic", headers, "/a"), Ok(None), "nothing can be known here");
        }
    }

    #[test]
    fn r_39_a_header_that_is_missing_repeated_or_joined_is_refused() {
        for (adapter, own) in FAMILIES {
            for (at, (name, value)) in own.iter().enumerate() {
                let mut without = own.to_vec();
                without.remove(at);
                assert_eq!(original(adapter, &without, ""), Err(Ambiguous), "{adapter} without {name}");
                for second in [*value, "/b", "GET", ""] {
                    let twice: Vec<_> = own.iter().copied().chain([(*name, second)]).collect();
                    assert_eq!(original(adapter, &twice, ""), Err(Ambiguous), "{adapter} {name} twice");
                }
                for joined in ["", " ", "/a, /b", "PUT,GET"] {
                    let mut joined_up = own.to_vec();
                    joined_up[at].1 = joined;
                    let read = original(adapter, &joined_up, "");
                    assert!(
                        read.is_err() || *name == "X-Forwarded-Host",
                        "{adapter} {name} {joined:?}: {read:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn r_38_a_url_that_cannot_be_read_is_refused() {
        for url in [
            "/a",
            "a",
            "",
            "ftp://h/a",
            "http:/h/a",
            "http:///a",
            "http://h",
            "http://h?/a",
            "http://h#/a",
            "http://a@h/a",
            "http://h\\\\x/a",
            "http://h%2fx/a",
            "http://h /a",
            "HTTP://h/a",
            "http://h//a",
            "http://h/a/../b",
        ] {
            let headers = [("X-Original-URL", url), ("X-Original-Method", "GET")];
            assert_eq!(original("ingress-nginx", &headers, ""), Err(Ambiguous), "{url}");
        }
    }

    proptest! {
        #[test]
        fn r_36_r_38_no_header_makes_it_panic(url: String, method: String, family in 0_usize..3) {
            let (adapter, names) = FAMILIES[family];
            let values = [url, method, "h".to_owned()];
            let mut request = TestRequest::default();
            for ((name, _), value) in names.iter().zip(&values) {
                if let Ok(value) = actix_web::http::header::HeaderValue::from_bytes(value.as_bytes()) {
                    request = request.append_header((*name, value));
                }
            }
            let _ = Adapter::parse(adapter).unwrap().original(&request.to_http_request(), "");
        }
    }
}
