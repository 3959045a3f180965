//! The variables of NATS.

use super::super::{
    nats_url,
    variable::{Allowed::Described, Unset::Always, Variable},
};

pub(super) const URL: Variable = Variable {
    name: "PORTCULLIS_NATS_URL",
    meaning: "A NATS server with JetStream, or several of one cluster, that security events are published to. With `tls://` nothing but the server's \
              greeting goes in the clear; with `nats://` there is TLS where the server wants it, and a warning unless it is this machine. A token, or a name with a password, goes to this machine or by \
              `tls://` only; of several servers it is said with the first. Unset, nothing is published.",
    allowed: Described(
        "tls://[TOKEN@ or NAME:PASSWORD@]HOST[:PORT] or nats://…, percent-encoded, several separated by commas",
    ),
    default: Always(""),
    example: "tls://portcullis:secret@nats-0.nats,tls://nats-1.nats",
    mask: Some(nats_url::masked),
};

pub(super) const SUBJECT: Variable = Variable {
    name: "PORTCULLIS_NATS_SUBJECT",
    meaning: "What the subjects begin with that events are published to; the kind of the event is behind it, as in `portcullis.events.signed_in`. \
              Some stream has to take them all, `portcullis.events.>`: whoever looks after NATS makes it.",
    allowed: Described("up to 128 letters, digits, - and _, with single dots between them"),
    default: Always("portcullis.events"),
    example: "ticketing.auth.events",
    mask: None,
};

pub(super) const CA_FILE: Variable = Variable {
    name: "PORTCULLIS_NATS_CA_FILE",
    meaning: "Whose word is taken for who the NATS servers are, beside the authorities of this machine.",
    allowed: Described("a file in PEM form"),
    default: Always(""),
    example: "/etc/portcullis/nats-ca/ca.crt",
    mask: None,
};
