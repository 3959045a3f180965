//! The variables of mail.

use super::super::{
    mail_url,
    variable::{
        Allowed::Described,
        Unset::{Always, ByPlace},
        Variable,
    },
};

pub(super) const URL: Variable = Variable {
    name: "PORTCULLIS_MAIL_URL",
    meaning: "How mail goes out: through a mail server, by STARTTLS (`smtp://`, port 587) or TLS from the start (`smtps://`, port 465); \
              in the clear (`smtp://HOST?tls=none`, port 25) to one that is near. `log:` prints each mail, with the link in it, to standard output, and is for \
              the machine of a developer. With `none:`, which is what it is inside a cluster, nobody can choose another password by mail.",
    allowed: Described("smtp://[NAME:PASSWORD@]HOST[:PORT], smtps://…, log: or none:"),
    default: ByPlace { laptop: "log:", cluster: "none:" },
    example: "smtps://portcullis:secret@mail.ticketing.dev",
    mask: Some(mail_url::masked),
};

pub(super) const FROM: Variable = Variable {
    name: "PORTCULLIS_MAIL_FROM",
    meaning: "Whom mail comes from. Unset, it is `no-reply` at the host of `PORTCULLIS_PUBLIC_ORIGIN`.",
    allowed: Described("an address, or a name with an address in angle brackets"),
    default: Always(""),
    example: "Ticketing <no-reply@ticketing.dev>",
    mask: None,
};

pub(super) const CA_FILE: Variable = Variable {
    name: "PORTCULLIS_MAIL_CA_FILE",
    meaning: "Whose word is taken for who the mail server is, beside the authorities of this machine.",
    allowed: Described("a file in PEM form"),
    default: Always(""),
    example: "/etc/portcullis/mail-ca/ca.crt",
    mask: None,
};

pub(super) const LINKS: Variable = Variable {
    name: "PORTCULLIS_MAIL_LINKS",
    meaning: "Where the links in mails lead, at `PORTCULLIS_PUBLIC_ORIGIN`: pages of yours, which hand the token behind `#token=` to us. \
              `{page}` is `verify`, `reset` or `email`.",
    allowed: Described("a path that begins with a slash and has {page} in it"),
    default: Always("/account/{page}"),
    example: "/auth/{page}",
    mask: None,
};

pub(super) const TEMPLATES: Variable = Variable {
    name: "PORTCULLIS_MAIL_TEMPLATES",
    meaning: "A folder with words of your own for mails: `reset.txt`, `reset.html` and so on; `docs/mail.md` says which there are. \
              What is missing there is taken from those that come along.",
    allowed: Described("a directory"),
    default: Always(""),
    example: "/etc/portcullis/mail",
    mask: None,
};

pub(super) const LIMIT: Variable = Variable {
    name: "PORTCULLIS_MAIL_LIMIT",
    meaning: "How many mails one address gets within an hour of each kind that somebody can ask for, such as for a forgotten password. \
              What is beyond is not sent, and nobody is told. What tells of a change always goes.",
    allowed: Described("a whole number from 1 to 100"),
    default: Always("5"),
    example: "3",
    mask: None,
};
