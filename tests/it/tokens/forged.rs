//! Tokens that are none: R-47 and RFC 8725.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{assert_refused, somebody, verify};
use crate::support::{
    forge::{Forge, message, parts},
    service::Service,
};

async fn forge() -> (Service, Forge, String) {
    let service = Service::start().await;
    let (_, token) = somebody(&service, "ada@example.org").await;
    let forge = Forge::at(&service, &token).await;
    (service, forge, token)
}

#[tokio::test]
async fn r_47_every_claim_is_required_and_has_one_type() {
    let (service, forge, _) = forge().await;
    let unchanged = forge.sign(&forge.head(), &forge.claims.to_string());
    assert_eq!(verify(&service, &unchanged).await.status, 200, "the forge works");

    for name in forge.claims.as_object().unwrap().keys() {
        assert_refused(&service, &forge.with_claim(name, None), "token_invalid").await;
        let other_type =
            |value: &&Value| std::mem::discriminant(*value) != std::mem::discriminant(&forge.claims[name]);
        let values = [json!(null), json!(true), json!(1), json!("1"), json!(["portcullis"]), json!({})];
        for value in values.iter().filter(other_type) {
            assert_refused(&service, &forge.with_claim(name, Some(value.clone())), "token_invalid").await;
        }
    }
    for name in ["exp", "iat", "auth_time"] {
        let seconds = forge.claims[name].as_i64().unwrap();
        for value in [json!(seconds.to_string()), json!(1e300), json!(-1.5), json!(u64::MAX), json!(i64::MAX)]
        {
            assert_refused(&service, &forge.with_claim(name, Some(value)), "token_invalid").await;
        }
    }
    for value in [json!("0"), json!(0), json!(null), json!(1e10)] {
        assert_refused(&service, &forge.with_claim("nbf", Some(value)), "token_invalid").await;
    }
}

#[tokio::test]
async fn c_120_a_claim_given_twice_and_what_is_no_object_are_refused() {
    let (service, forge, _) = forge().await;
    let (head, claims) = (forge.head(), forge.claims.to_string());
    let later = forge.claims["exp"].as_i64().unwrap() + 600;
    let twice = claims.replacen('{', &format!("{{\"exp\":{later},"), 1);
    for claims in [&twice, "[]", "null", "", "{", "\u{feff}{}", &format!("{claims} {claims}")] {
        assert_refused(&service, &forge.sign(&head, claims), "token_invalid").await;
    }
}

#[tokio::test]
async fn rfc_8725_issuer_audience_and_times_are_exactly_ours() {
    let (service, forge, _) = forge().await;
    let [iat, exp] = ["iat", "exp"].map(|name| forge.claims[name].as_i64().unwrap());
    for (name, value) in [
        ("iss", json!("http://localhost:3000/")),
        ("iss", json!("https://evil.example")),
        ("aud", json!("Portcullis")),
        ("aud", json!("")),
        ("sub", json!("ada")),
        ("roles", json!(["Admin of all"])),
        ("iat", json!(iat + 11)),
        ("auth_time", json!(iat + 11)),
        ("exp", json!(iat + 3_601)),
        ("exp", json!(iat - 1)),
    ] {
        assert_refused(&service, &forge.with_claim(name, Some(value)), "token_invalid").await;
    }
    let slightly_ahead = forge.with_claim("iat", Some(json!(iat + 5)));
    assert_eq!(verify(&service, &slightly_ahead).await.status, 200, "another replica's clock");
    // A session of nobody, and somebody else's.
    let elsewhere = json!("01890000-0000-7000-8000-000000000000");
    for name in ["sub", "sid"] {
        assert_refused(&service, &forge.with_claim(name, Some(elsewhere.clone())), "session_ended").await;
    }
    assert_refused(&service, &forge.with_claim("exp", Some(json!(iat))), "token_expired").await;
    assert!(exp > iat);
}

#[tokio::test]
async fn rfc_8725_no_other_head_than_ours_is_believed_whoever_signed_it() {
    let (service, forge, _) = forge().await;
    let mut forged = Vec::new();
    for alg in ["none", "None", "HS256", "RS256", "ES384", "ES256K", "EdDSA", "es256", ""] {
        forged.push(forge.with_head("alg", Some(json!(alg))));
    }
    for typ in ["JWT", "at+JWT", "application/at+jwt", "logout+jwt", ""] {
        forged.push(forge.with_head("typ", Some(json!(typ))));
    }
    for kid in ["", "01890000-0000-7000-8000-000000000000", "../../dev/null", "' OR 1=1 --", "a\u{0}b"] {
        forged.push(forge.with_head("kid", Some(json!(kid))));
    }
    for name in ["alg", "typ", "kid"] {
        forged.push(forge.with_head(name, None));
        forged.push(forge.with_head(name, Some(json!(["ES256"]))));
    }
    for (name, value) in [
        ("jku", json!("http://127.0.0.1:1/jwks.json")),
        ("x5u", json!("http://169.254.169.254/")),
        ("x5c", json!(["AAAA"])),
        ("crit", json!(["exp"])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("cty", json!("JWT")),
    ] {
        forged.push(forge.with_head(name, Some(value)));
    }
    let head = forge.head();
    forged.push(forge.sign(&head.replacen('{', "{\"alg\":\"none\",", 1), &forge.claims.to_string()));
    forged.push(forge.sign(&format!("{head} "), &forge.claims.to_string()));
    for token in forged {
        assert_refused(&service, &token, "token_invalid").await;
    }
}

#[tokio::test]
async fn rfc_8725_a_stranger_s_signature_is_not_ours_whatever_the_token_brings_along() {
    let (service, forge, token) = forge().await;
    let (head, claims) = (forge.head(), forge.claims.to_string());
    let stranger = forge.stranger();
    let [x, y] = [1, 33].map(|from| URL_SAFE_NO_PAD.encode(&stranger.public()[from..from + 32]));
    let jwk = json!({ "kty": "EC", "crv": "P-256", "alg": "ES256", "x": x, "y": y });
    let mut forged = vec![stranger.sign(&head, &claims), stranger.with_head("jwk", Some(jwk))];

    // The public key is no secret, so an HMAC under it proves nothing.
    let hs256 = json!({ "typ": "at+jwt", "alg": "HS256", "kid": forge.kid() }).to_string();
    for head in [&hs256, &head] {
        for secret in [forge.public().to_vec(), URL_SAFE_NO_PAD.encode(forge.public()).into_bytes()] {
            let message = message(head, &claims);
            let mut mac = Hmac::<Sha256>::new_from_slice(&secret).unwrap();
            mac.update(message.as_bytes());
            forged.push(format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())));
        }
    }
    let none = json!({ "typ": "at+jwt", "alg": "none", "kid": forge.kid() }).to_string();
    forged.push(format!("{}.", message(&none, &claims)));

    let [h, c, signature] = parts(&token);
    let zeros = URL_SAFE_NO_PAD.encode([0; 64]);
    let mut richer = forge.claims.clone();
    richer["roles"] = json!(["admin"]);
    let richer = URL_SAFE_NO_PAD.encode(richer.to_string());
    for token in [
        format!("{h}.{c}"),
        format!("{h}.{c}."),
        format!("{h}..{signature}"),
        format!(".{c}.{signature}"),
        format!("{h}.{c}.{signature}."),
        format!("{h}.{c}.{signature}.{signature}.{signature}"),
        format!("{h}.{c}.{signature}=="),
        format!("{h}.{c}.{signature}\n"),
        format!(" {token}"),
        format!("{h}.{c}.{zeros}"),
        format!("{h}.{richer}.{signature}"),
        format!("{h}.{c}.{}", &signature[..40]),
        format!("{h}.{}.{signature}", "A".repeat(9_000)),
        "a".to_owned(),
        "..".to_owned(),
        "\u{2603}.\u{2603}.\u{2603}".to_owned(),
    ] {
        forged.push(token);
    }
    for token in &forged {
        assert_refused(&service, token, "token_invalid").await;
    }
    assert_eq!(verify(&service, &token).await.status, 200);
}
