//! Mail that is printed, for whoever runs the service on their own machine and has no mail server.

use std::{
    io::{self, Write},
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;

use super::{Mail, Mailer, Undelivered};

/// Prints the text to standard output. One at a time, so that two do not mix.
#[derive(Default)]
pub struct Terminal(Mutex<()>);

#[async_trait]
impl Mailer for Terminal {
    async fn send(&self, mail: &Mail) -> Result<(), Undelivered> {
        let _alone = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        print(mail).map_err(|error| Undelivered::NotNow(error.to_string()))
    }

    async fn check(&self) -> Result<(), Undelivered> {
        Ok(())
    }
}

fn print(mail: &Mail) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "---- mail to {}: {}", mail.to.original(), mail.words.subject)?;
    for line in mail.words.text.trim_end().lines() {
        writeln!(out, "| {line}")?;
    }
    writeln!(out, "----")?;
    out.flush()
}
