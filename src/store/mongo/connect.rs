//! How the store is reached: what the URL says, and what it may not change.

use std::{sync::Arc, time::Duration};

use mongodb::{
    error::{Error, ErrorKind},
    event::{EventHandler, command::CommandEvent},
    options::{
        Acknowledgment, ClientOptions, ConnectionString, ReadConcern, ReadPreference, SelectionCriteria,
        WriteConcern,
    },
};

use crate::store::{MigrateError, Traffic};

use super::{connections::Connections, errors::Cause, lag::Lag, members::Members};

/// The name of the database where the URL has none.
const DATABASE: &str = "auth";

/// A password check takes far longer than a write, so sign-ins come in at the pace of the hashing queue (about 30);
/// the rest is for reads, of which one takes a millisecond.
pub(super) const MOST_CONNECTIONS: u32 = 48;
const KEPT_CONNECTIONS: u32 = 2;

/// Shorter than [`DEADLINE`](crate::store::DEADLINE), so that a store that is away is told from one that is slow.
const TO_FIND_A_SERVER: Duration = Duration::from_secs(3);
const TO_CONNECT: Duration = Duration::from_secs(2);
const TO_REACH_A_MAJORITY: Duration = Duration::from_secs(3);
/// A server that has fallen silent is noticed within this and the time to connect.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// Refuses what is no URL, without asking anybody for the servers it leads to.
pub(super) fn check(url: &str) -> Result<(), MigrateError> {
    ConnectionString::parse(url).map(|_| ()).map_err(|error| refuse("the store's URL", url, &error))
}

/// Those who hear what the driver tells.
pub(super) struct Audience {
    pub(super) connections: Arc<Connections>,
    pub(super) members: Arc<Members>,
    pub(super) lag: Arc<Lag>,
    pub(super) traffic: Arc<Traffic>,
}

impl Audience {
    pub(super) fn of(traffic: &Arc<Traffic>) -> Self {
        let (connections, members, lag) = Default::default();
        Self { connections, members, lag, traffic: Arc::clone(traffic) }
    }

    fn listen(&self, options: &mut ClientOptions) {
        let connections = Arc::clone(&self.connections);
        options.cmap_event_handler = Some(EventHandler::callback(move |event| connections.note(event)));
        let (members, lag) = (Arc::clone(&self.members), Arc::clone(&self.lag));
        options.sdam_event_handler = Some(EventHandler::callback(move |event| {
            lag.note(&event);
            members.note(event);
        }));
        let traffic = Arc::clone(&self.traffic);
        options.command_event_handler = Some(EventHandler::callback(move |event| note(&traffic, &event)));
    }
}

/// The options of the driver and the name of the database.
pub(super) async fn options(url: &str, audience: &Audience) -> Result<(ClientOptions, String), MigrateError> {
    let parsed = ClientOptions::parse(url).await;
    let mut options = parsed.map_err(|error| refuse("the store's URL", url, &error))?;
    let database = options.default_database.clone().unwrap_or_else(|| DATABASE.to_owned());
    hold_to_our_promises(&mut options);
    bound(&mut options);
    audience.listen(&mut options);
    options.app_name = Some("portcullis".to_owned());
    Ok((options, database))
}

/// Whoever listens for changes waits for them on purpose.
fn note(traffic: &Traffic, event: &CommandEvent) {
    let (name, took) = match event {
        CommandEvent::Succeeded(done) => (&done.command_name, done.duration),
        CommandEvent::Failed(failed) => (&failed.command_name, failed.duration),
        _ => return,
    };
    if name != "getMore" {
        traffic.slow.note(name, took);
    }
}

/// What is acknowledged is on the disks of a majority, and what is read cannot be rolled back, whatever the URL says.
fn hold_to_our_promises(options: &mut ClientOptions) {
    let concern = WriteConcern::builder().w(Acknowledgment::Majority).journal(true);
    options.write_concern = Some(concern.w_timeout(TO_REACH_A_MAJORITY).build());
    options.read_concern = Some(ReadConcern::majority());
    options.selection_criteria = Some(SelectionCriteria::ReadPreference(ReadPreference::Primary));
    options.retry_writes = Some(true);
    options.retry_reads = Some(true);
}

/// The URL may ask for less, never for more.
fn bound(options: &mut ClientOptions) {
    let at_most = |asked: Option<Duration>, most: Duration| Some(asked.unwrap_or(most).min(most));
    options.server_selection_timeout = at_most(options.server_selection_timeout, TO_FIND_A_SERVER);
    options.connect_timeout = at_most(options.connect_timeout, TO_CONNECT);
    options.heartbeat_freq = at_most(options.heartbeat_freq, HEARTBEAT);
    let most = options.max_pool_size.unwrap_or(MOST_CONNECTIONS).min(MOST_CONNECTIONS);
    options.max_pool_size = Some(most);
    options.min_pool_size = Some(options.min_pool_size.unwrap_or(KEPT_CONNECTIONS).min(most));
}

/// The driver's own text may quote a part of the URL, so it is shown only where the URL holds no secret.
pub(super) fn refuse(whose: &str, url: &str, error: &Error) -> MigrateError {
    if let ErrorKind::DnsResolve { .. } = &*error.kind {
        return MigrateError::Unavailable(Box::new(Cause::of(error)));
    }
    let secretive = url.contains('@') || url.to_ascii_lowercase().contains("password");
    let detail = match &*error.kind {
        ErrorKind::InvalidArgument { message, .. } if !secretive => message,
        _ => {
            "it begins with mongodb:// or mongodb+srv://, and /, :, @ and % in a name or password are written %2F, %3A, %40 and %25"
        }
    };
    MigrateError::Refused(format!("{whose} cannot be understood: {detail}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn parsed(url: &str) -> Result<(ClientOptions, String), MigrateError> {
        options(url, &Audience::of(&Arc::new(Traffic::of("mongodb")))).await
    }

    #[tokio::test]
    async fn a_url_cannot_weaken_what_a_write_promises() {
        let url = "mongodb://h/people?w=1&journal=false&readPreference=secondary&readConcernLevel=local&retryWrites=false\
                   &serverSelectionTimeoutMS=60000&maxPoolSize=5000";
        let (options, database) = parsed(url).await.unwrap();
        let concern = options.write_concern.unwrap();
        assert_eq!((concern.w, concern.journal), (Some(Acknowledgment::Majority), Some(true)));
        assert_eq!(options.read_concern, Some(ReadConcern::majority()));
        assert_eq!(
            options.selection_criteria,
            Some(SelectionCriteria::ReadPreference(ReadPreference::Primary))
        );
        assert_eq!(options.retry_writes, Some(true));
        assert_eq!(options.server_selection_timeout, Some(TO_FIND_A_SERVER));
        assert_eq!(options.max_pool_size, Some(MOST_CONNECTIONS));
        assert_eq!(database, "people");
    }

    #[tokio::test]
    async fn the_database_is_auth_unless_the_url_names_another() {
        assert_eq!(parsed("mongodb://h").await.unwrap().1, "auth");
    }

    #[tokio::test]
    async fn a_wrong_url_is_refused_without_showing_its_password() {
        for url in [
            "postgres://ada:hunter2@h/auth",
            "mongodb://ada:hun:ter2@h/auth",
            "mongodb://ada:hunter2%@h/auth",
            "mongodb://ada:hunter2/3@h/auth",
            "mongodb://ada:hunter2@h/auth?w=-3",
            "mongodb://h/auth?tls=true&tlsCertificateKeyFilePassword=hunter2&tlsInsecure=perhaps",
            "hunter2",
        ] {
            let Err(MigrateError::Refused(sentence)) = parsed(url).await else { panic!("{url} was taken") };
            let shown = url.contains('@') || url.contains("Password");
            assert!(!(shown && sentence.contains("ter2")), "{sentence}");
        }
    }
}
