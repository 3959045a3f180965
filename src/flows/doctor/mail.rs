//! Whether mail would go: the mail server answers, shows the right certificate, and takes our login.

use crate::{
    domain::finding::Finding,
    mail::{Mailer, Undelivered},
};

pub const CHECK: &str = "mail";

/// Nothing is mailed by it.
pub async fn look(mailer: Option<&dyn Mailer>) -> Finding {
    let Some(mailer) = mailer else {
        return Finding::fine(CHECK, "nothing is mailed: PORTCULLIS_MAIL_URL is none:");
    };
    match mailer.check().await {
        Ok(()) => Finding::fine(CHECK, "it can be sent"),
        Err(Undelivered::NotNow(cause) | Undelivered::NotThisOne(cause) | Undelivered::Refused(cause)) => {
            Finding::wrong(
                CHECK,
                format!("it would wait: {cause}"),
                "see that PORTCULLIS_MAIL_URL names the server, and PORTCULLIS_MAIL_CA_FILE the authority of its certificate where that \
             is no public one; docs/mail.md",
            )
        }
    }
}
