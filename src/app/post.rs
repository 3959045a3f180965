//! How mail goes out, as the configuration says it.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::{
    config::{Config, MailServer, MailTls, MailUrl},
    flows::{
        delivery::Delivery,
        post::{Links, Post},
    },
    mail::{
        Mailer,
        smtp::{NoWay, Relay, Security, Smtp},
        stationery::Stationery,
        terminal::Terminal,
    },
};

use super::{CannotRun, authorities::bundle};

pub(super) fn post(config: &Config) -> Result<Post, CannotRun> {
    let folder = config.mail.templates.as_deref();
    let unusable = |error| CannotRun::Setting { variable: "PORTCULLIS_MAIL_TEMPLATES", source: error };
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        return Err(unusable(format!("{} is no directory", folder.display()).into()));
    }
    let stationery = Stationery::read(folder).map_err(|error| unusable(error.into()))?;
    let links = Links { origin: config.public.origin.clone(), path: config.mail.links.clone() };
    let mailer: Option<Arc<dyn Mailer>> = match &config.mail.url {
        MailUrl::None => None,
        MailUrl::Terminal => Some(Arc::new(Terminal::default())),
        MailUrl::Server(server) => Some(Arc::new(smtp(config, server)?)),
    };
    Ok(Post {
        mailer,
        stationery,
        links,
        limit: config.mail.limit,
        delivery: Delivery::default(),
        bell: Notify::new(),
    })
}

fn smtp(config: &Config, server: &MailServer) -> Result<Smtp, CannotRun> {
    let host = config.public.origin.host();
    let authorities = config.mail.ca_file.as_deref().map(|path| bundle(CA_FILE, path)).transpose()?;
    let relay = Relay {
        host: server.host.clone(),
        port: server.port,
        security: match server.tls {
            MailTls::Implicit => Security::Implicit,
            MailTls::StartTls => Security::StartTls,
            MailTls::None => Security::None,
        },
        login: server.login.clone(),
        authorities,
    };
    let from = match config.mail.from.as_str() {
        "" => format!("no-reply@{host}"),
        given => given.to_owned(),
    };
    Smtp::new(relay, &from, host).map_err(|error| match error {
        NoWay::From(_) => CannotRun::Setting { variable: "PORTCULLIS_MAIL_FROM", source: error.into() },
        NoWay::Authorities(_) => CannotRun::Setting { variable: CA_FILE, source: error.into() },
    })
}

const CA_FILE: &str = "PORTCULLIS_MAIL_CA_FILE";
