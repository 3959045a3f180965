//! What a host shows to everybody: nothing of the internal listener, and a certificate that can be believed.

use jiff::Timestamp;
use serde_json::Value;
use url::Url;

use super::{Reach, certificate};
use crate::{
    domain::{clock::Clock, finding::Finding},
    system::web::Answer,
};

pub const CHECK: &str = "outside";

/// Each can be told from whatever else a host may have there.
const INTERNAL: [&str; 4] = ["/health", "/metrics", "/v1/whoami", "/admin/v1/users"];

/// The hosts that these pages are on, each once.
pub fn origins<'a>(urls: impl IntoIterator<Item = &'a Url>) -> Vec<Url> {
    let mut origins: Vec<Url> = Vec::new();
    for origin in urls.into_iter().filter_map(|url| url.join("/").ok()) {
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    origins
}

pub async fn look(origin: &Url, reach: &Reach, clock: &dyn Clock) -> Vec<Finding> {
    let (mut found, mut shown) = (Vec::new(), None);
    for path in INTERNAL {
        let Ok(url) = origin.join(path) else { continue };
        let answer = match reach.ask(&url, &[]).await {
            Ok(answer) => answer,
            Err(reason) => {
                found.push(not_asked(origin, &reason.to_string()));
                return found;
            }
        };
        if is_ours(path, &answer) {
            found.push(Finding::wrong(
                CHECK,
                format!("{url} reaches the internal listener"),
                "route portcullis alone, and of it /api/users and /.well-known; nothing may lead to portcullis-internal",
            ));
        }
        shown = shown.or(answer.shown);
    }
    if found.is_empty() {
        found.push(Finding::fine(CHECK, format!("{origin} shows nothing of the internal listener")));
    }
    if let Some(shown) = shown {
        found.extend(believed(origin, &shown.der, shown.distrust.as_deref(), clock.now()));
    }
    found
}

/// The public listener answers 404 to all of these, and so does a controller that routes nothing there.
fn is_ours(path: &str, answer: &Answer) -> bool {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let problem = body.get("type").and_then(Value::as_str).unwrap_or_default();
    let refuses = problem.starts_with("urn:portcullis:problem:") && matches!(answer.status, 401 | 403);
    let tells = answer.status == 200 && body.get("dependencies").is_some();
    let counts = path == "/metrics" && answer.body.windows(11).any(|part| part == b"portcullis_");
    refuses || tells || counts
}

fn believed(origin: &Url, der: &[u8], distrust: Option<&str>, now: Timestamp) -> Vec<Finding> {
    let Some(host) = origin.host_str() else { return Vec::new() };
    let whose = format!("the certificate that {host} shows");
    let mut found = certificate::judge(&whose, der, host, now);
    match distrust {
        // What is wrong with it has been said.
        Some(_) if !found.is_empty() => {}
        Some(reason) => found.push(Finding::warning(
            certificate::CHECK,
            format!("{whose} is not trusted here: {reason}"),
            "browsers will not trust it either, unless they know its authority: use one that they do, such as cert-manager gets",
        )),
        None => {}
    }
    if found.is_empty() {
        found.push(Finding::fine(certificate::CHECK, format!("{whose} is trusted and holds")));
    }
    found
}

fn not_asked(origin: &Url, reason: &str) -> Finding {
    Finding::unknown(
        CHECK,
        format!("{origin} cannot be asked from here: {reason}"),
        "say where the ingress controller can be reached: --connect ADDRESS:PORT",
    )
}
