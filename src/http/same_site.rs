//! A browser sends its cookie along with what other sites make it do; this tells the difference.

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{self, HeaderMap},
    middleware::Next,
    web::Data,
};

use super::{Site, cookie, problem::Problem};

/// A request that changes something and brings the session cookie must say that it comes from our own origin.
pub async fn same_site(
    site: Data<Site>,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let changes = !request.method().is_safe();
    if changes
        && cookie::is_present(request.request(), &site.origin)
        && !is_ours(request.headers(), site.origin.as_str())
    {
        return Err(Problem::CrossSite { expected: site.origin.clone() }.into());
    }
    next.call(request).await
}

/// Either header may be missing, not both; what is there must be ours, and be there once.
fn is_ours(headers: &HeaderMap, ours: &str) -> bool {
    let said = |name: &'static str, ours: &str| {
        let mut values = headers.get_all(name);
        match (values.next(), values.next()) {
            (None, _) => None,
            (Some(value), None) => Some(value.as_bytes() == ours.as_bytes()),
            (Some(_), Some(_)) => Some(false),
        }
    };
    let verdicts = [said("sec-fetch-site", "same-origin"), said(header::ORIGIN.as_str(), ours)];
    verdicts.contains(&Some(true)) && !verdicts.contains(&Some(false))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn ours(headers: &[(&'static str, &'static str)]) -> bool {
        let mut request = TestRequest::default();
        for header in headers {
            request = request.append_header(*header);
        }
        is_ours(request.to_http_request().headers(), "https://ticketing.dev")
    }

    #[test]
    fn n_28_only_our_own_origin_is_ours() {
        assert!(ours(&[("Origin", "https://ticketing.dev")]));
        assert!(ours(&[("Sec-Fetch-Site", "same-origin")]));
        assert!(ours(&[("Sec-Fetch-Site", "same-origin"), ("Origin", "https://ticketing.dev")]));
        for headers in [
            &[][..],
            &[("Origin", "null")],
            &[("Origin", "http://ticketing.dev")],
            &[("Origin", "https://ticketing.dev:8443")],
            &[("Origin", "https://ticketing.dev.evil.org")],
            &[("Origin", "https://shop.ticketing.dev")],
            &[("Sec-Fetch-Site", "same-site")],
            &[("Sec-Fetch-Site", "cross-site")],
            &[("Sec-Fetch-Site", "none")],
            &[("Sec-Fetch-Site", "cross-site"), ("Origin", "https://ticketing.dev")],
            &[("Sec-Fetch-Site", "same-origin"), ("Origin", "https://evil.org")],
            &[("Origin", "https://ticketing.dev"), ("Origin", "https://evil.org")],
        ] {
            assert!(!ours(headers), "{headers:?}");
        }
    }
}
