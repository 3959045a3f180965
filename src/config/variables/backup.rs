//! The variables of backups.

use super::{
    super::variable::{Allowed::Described, Unset::Always, Variable},
    masked,
};

pub(super) const TO: Variable = Variable {
    name: "PORTCULLIS_BACKUP_TO",
    meaning: "Where backups are kept: `portcullis backup` writes there and `portcullis restore` looks there, unless an option \
              names another place.",
    allowed: Described("a folder, or s3://BUCKET/PREFIX"),
    default: Always(""),
    example: "s3://backups/auth",
    mask: None,
};

pub(super) const RECIPIENTS: Variable = Variable {
    name: "PORTCULLIS_BACKUP_RECIPIENTS",
    meaning: "Who can read a backup, unless an option says otherwise: the public keys that `portcullis backup keygen` or `age-keygen` made. \
              Without any there is no backup.",
    allowed: Described("age recipients, separated by commas"),
    default: Always(""),
    example: "age1…,age1…",
    mask: None,
};

pub(super) const KEEP: Variable = Variable {
    name: "PORTCULLIS_BACKUP_KEEP",
    meaning: "How many backups are kept in one place: the oldest go once a new one is whole. 0 keeps all.",
    allowed: Described("a whole number up to 10000"),
    default: Always("14"),
    example: "30",
    mask: None,
};

pub(super) const IDENTITY: Variable = Variable {
    name: "PORTCULLIS_BACKUP_IDENTITY",
    meaning: "What opens a backup, for `portcullis restore`: the content of the file that `portcullis backup keygen` made. Nothing else \
              needs it, so it belongs where the service is not.",
    allowed: Described("age identities, one a line"),
    default: Always(""),
    example: "AGE-SECRET-KEY-1…",
    mask: Some(masked),
};

pub(super) const S3_ENDPOINT: Variable = Variable {
    name: "PORTCULLIS_BACKUP_S3_ENDPOINT",
    meaning: "Where the S3-compatible service is that backups are kept in, for `portcullis backup --to s3://BUCKET/PREFIX`. \
              Its buckets are addressed by path. Unset, it is Amazon's of the region.",
    allowed: Described("a URL that begins with http:// or https://"),
    default: Always(""),
    example: "https://minio.backups.svc:9000",
    mask: None,
};

pub(super) const S3_REGION: Variable = Variable {
    name: "PORTCULLIS_BACKUP_S3_REGION",
    meaning: "The region of the bucket; services of one's own have one by name only.",
    allowed: Described("lower-case letters, digits and hyphens"),
    default: Always("us-east-1"),
    example: "eu-central-1",
    mask: None,
};

pub(super) const S3_ACCESS_KEY: Variable = Variable {
    name: "PORTCULLIS_BACKUP_S3_ACCESS_KEY",
    meaning: "Who reads and writes backups in the bucket.",
    allowed: Described("an access key id"),
    default: Always(""),
    example: "AKIAIOSFODNN7EXAMPLE",
    mask: Some(masked),
};

pub(super) const S3_SECRET_KEY: Variable = Variable {
    name: "PORTCULLIS_BACKUP_S3_SECRET_KEY",
    meaning: "What belongs to the access key.",
    allowed: Described("a secret access key"),
    default: Always(""),
    example: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    mask: Some(masked),
};
