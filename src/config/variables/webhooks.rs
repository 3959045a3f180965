//! The variables of webhooks.

use super::super::variable::{
    Allowed::{Described, Document},
    Unset::Always,
    Variable,
};

pub(super) const RECEIVERS: Variable = Variable {
    name: "PORTCULLIS_WEBHOOKS_RECEIVERS",
    meaning: "Who is posted security events, each with a signature after the Standard Webhooks. \
              \"Receivers of webhooks\" below says what the members mean.",
    allowed: Document("a JSON array of receivers"),
    default: Always(""),
    // Not a secret that somebody might copy.
    example: r#"[{"name":"audit","url":"https://audit.example.org/hook","secrets":["whsec_…"],"kinds":["signed_in"]}]"#,
    mask: Some(super::masked),
};

pub(super) const NETWORKS: Variable = Variable {
    name: "PORTCULLIS_WEBHOOKS_NETWORKS",
    meaning: "Private networks that receivers may be in. Without one, nothing is posted to an address that is not reached from everywhere, whatever \
              name leads there; a receiver whose URL has such an address itself is refused at start. Plain http is for these networks alone.",
    allowed: Described("networks or addresses, separated by commas"),
    default: Always(""),
    example: "10.96.0.0/12,fd00:96::/108",
    mask: None,
};
