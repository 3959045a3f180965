//! AWS Signature Version 4: every request is signed with what it asks for, when, and what it sends.

use aws_lc_rs::hmac::{self, HMAC_SHA256, Key};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use super::Access;
use crate::domain::hex::hex;

/// What is signed of a request.
pub(super) struct Signed<'a> {
    pub(super) method: &'a str,
    pub(super) host: &'a str,
    /// As it is sent: encoded, and the query in the order of its names.
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    /// SHA-256 of the body.
    pub(super) digest: &'a str,
    pub(super) at: Timestamp,
}

impl Signed<'_> {
    pub(super) fn date(&self) -> String {
        self.at.strftime("%Y%m%dT%H%M%SZ").to_string()
    }

    /// The header `authorization`.
    pub(super) fn authorization(&self, access: &Access) -> String {
        let Signed { method, host, path, query, digest, .. } = self;
        let date = self.date();
        let names = "host;x-amz-content-sha256;x-amz-date";
        let headers = format!("host:{host}\nx-amz-content-sha256:{digest}\nx-amz-date:{date}\n");
        let request = format!("{method}\n{path}\n{query}\n{headers}\n{names}\n{digest}");
        let scope = format!("{}/{}/s3/aws4_request", self.at.strftime("%Y%m%d"), access.region);
        let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", sha256(request.as_bytes()));
        let secret = format!("AWS4{}", access.secret_key.expose_secret());
        let key = scope.split('/').fold(secret.into_bytes(), |key, part| sign(&key, part));
        let signature = hex(&sign(&key, &text));
        let name = &access.access_key;
        format!("AWS4-HMAC-SHA256 Credential={name}/{scope},SignedHeaders={names},Signature={signature}")
    }
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn sign(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&Key::new(HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

/// Everything but what RFC 3986 leaves alone; in a path the slashes stay.
pub(super) fn encoded(text: &str, slashes: bool) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    let symbol = |byte: u8| {
        let as_it_is = plain(byte) || (slashes && byte == b'/');
        if as_it_is { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    text.bytes().map(symbol).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "GET Bucket (List Objects)" of Amazon's own examples of signatures.
    #[test]
    fn amazon_s_example_gets_amazon_s_signature() {
        let access = Access {
            endpoint: "https://examplebucket.s3.amazonaws.com".parse().unwrap(),
            region: "us-east-1".to_owned(),
            access_key: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into(),
        };
        let signed = Signed {
            method: "GET",
            host: "examplebucket.s3.amazonaws.com",
            path: "/",
            query: "max-keys=2&prefix=J",
            digest: &sha256(b""),
            at: "2013-05-24T00:00:00Z".parse().unwrap(),
        };
        assert_eq!(
            signed.authorization(&access),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,\
             SignedHeaders=host;x-amz-content-sha256;x-amz-date,\
             Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
        );
    }

    #[test]
    fn only_what_need_not_be_encoded_is_not() {
        assert_eq!(encoded("a b/\u{e4}+~=", true), "a%20b/%C3%A4%2B~%3D");
        assert_eq!(encoded("a/b", false), "a%2Fb");
    }
}
