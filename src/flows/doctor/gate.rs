//! Whether a guarded host is guarded: it is asked over the way in that everybody takes, by nobody, and by somebody who says that
//! they are someone.

use url::Url;

use super::Reach;
use crate::domain::finding::Finding;

pub const CHECK: &str = "gate";

/// What an application behind forward-auth believes.
const SPOOFED: [(&str, &str); 4] = [
    ("X-Auth-Request-User", "00000000-0000-7000-8000-000000000000"),
    ("X-Auth-Request-Email", "root@example.org"),
    ("X-Auth-Request-Roles", "admin"),
    ("X-Auth-Request-Session", "00000000-0000-7000-8000-000000000000"),
];

const NO_SESSION: [(&str, &str); 2] =
    [("Cookie", "__Host-session=pcs_x; session=pcs_x"), ("Authorization", "Bearer x")];

/// What an answer says to somebody who may not pass.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Shut,
    /// To a page for signing in, or to another one of an application that asks nobody: its address has to be asked.
    Elsewhere(String),
    /// Nobody passes, not even who may.
    Broken,
    Busy,
    /// Whatever it is, somebody has answered without asking who calls.
    Open,
}

pub async fn look(url: &Url, reach: &Reach) -> Vec<Finding> {
    for (who, headers) in [
        ("without credentials", &[][..]),
        ("with invented identity headers", &SPOOFED),
        ("with an invented session", &NO_SESSION),
    ] {
        let answer = match reach.ask(url, headers).await {
            Ok(answer) => answer,
            Err(reason) => return vec![not_asked(url, &reason.to_string())],
        };
        match judge(url, answer.status, answer.location.as_deref()) {
            Verdict::Shut => {}
            Verdict::Open if is_no_page(answer.status) && answers_alike(url, answer.status, reach).await => {
                return vec![no_page(url, answer.status)];
            }
            verdict => return vec![told(url, who, answer.status, verdict)],
        }
    }
    vec![Finding::fine(CHECK, format!("{url} lets nobody in without a session, whoever they say they are"))]
}

/// What a controller also says by itself, of a host or path that it does not know.
const fn is_no_page(status: u16) -> bool {
    matches!(status, 400 | 404 | 405)
}

/// Whether a path that nobody has made is answered with the same.
async fn answers_alike(url: &Url, status: u16, reach: &Reach) -> bool {
    let mut nowhere = url.clone();
    nowhere.set_path("/portcullis-doctor-asks-for-what-is-not-there");
    nowhere.set_query(None);
    reach.ask(&nowhere, &[]).await.is_ok_and(|answer| answer.status == status)
}

fn judge(url: &Url, status: u16, location: Option<&str>) -> Verdict {
    match status {
        401 | 403 => Verdict::Shut,
        300..=399 => {
            let to = location.and_then(|location| url.join(location).ok());
            Verdict::Elsewhere(to.map_or_else(|| "nowhere".to_owned(), String::from))
        }
        429 => Verdict::Busy,
        500.. => Verdict::Broken,
        _ => Verdict::Open,
    }
}

fn told(url: &Url, who: &str, status: u16, verdict: Verdict) -> Finding {
    match verdict {
        Verdict::Open => Finding::wrong(
            CHECK,
            format!("{url} is reached {who}: it answers {status} where 401 is due"),
            "take it off the net until its ingress asks us: the annotations or the policy have to be those of the controller that \
             serves its class (docs/forward-auth.md)",
        ),
        Verdict::Broken => Finding::wrong(
            CHECK,
            format!(
                "{url} answers {status} to whoever comes {who}: nobody gets in, and neither does who may"
            ),
            "the controller cannot ask portcullis-internal: look at its log, at our pods, and at the NetworkPolicies between them",
        ),
        Verdict::Elsewhere(to) => {
            let what = format!("{url} sends on to {to}, which a gate may do, and an open door as well");
            Finding::unknown(CHECK, what, format!("ask there: --url {to}"))
        }
        Verdict::Busy | Verdict::Shut => Finding::unknown(
            CHECK,
            format!("{url} answers {status}: too many requests"),
            "try again in a minute",
        ),
    }
}

fn no_page(url: &Url, status: u16) -> Finding {
    Finding::unknown(
        CHECK,
        format!(
            "{url} answers {status}, as this host does to any path: whether somebody was asked first cannot be told"
        ),
        "name a page that is there: --url; with a host that was just made, wait until the controller has it",
    )
}

fn not_asked(url: &Url, reason: &str) -> Finding {
    Finding::unknown(
        CHECK,
        format!("{url} cannot be asked from here: {reason}"),
        "say where the ingress controller can be reached: --connect ADDRESS:PORT",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refusal_is_a_refusal() {
        let url: Url = "https://app.example/tickets".parse().unwrap();
        for (status, location, verdict) in [
            (401, None, Verdict::Shut),
            (403, None, Verdict::Shut),
            (200, None, Verdict::Open),
            (204, None, Verdict::Open),
            (404, None, Verdict::Open),
            (429, None, Verdict::Busy),
            (500, None, Verdict::Broken),
        ] {
            assert_eq!(judge(&url, status, location), verdict, "{status} {location:?}");
        }
        for to in [
            "https://app.example/sign-in",
            "/sign-in",
            "https://app.example/tickets/",
            "http://app.example/tickets",
        ] {
            let elsewhere = Verdict::Elsewhere(url.join(to).unwrap().to_string());
            assert_eq!(judge(&url, 302, Some(to)), elsewhere);
        }
        assert_eq!(judge(&url, 302, None), Verdict::Elsewhere("nowhere".to_owned()));
    }
}
