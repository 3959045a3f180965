//! The servers behind the URL, once they have answered.

use std::sync::Arc;

use mongodb::{Client, Collection, Database};

use crate::{
    domain::clock::Entropy,
    store::{MigrateError, Traffic},
};

use super::{
    calls::Calls,
    connect::{self, Audience},
    connections::Connections,
    documents::{
        attempt::AttemptDocument, event::EventDocument, one_time::OneTimeDocument, outlet::OutletDocument,
        session::SessionDocument, settings::SettingsDocument, signing_key::SigningKeyDocument,
        user::UserDocument,
    },
    errors::Cause,
    lag::Lag,
    migrations,
};

/// The store once its servers have answered; whether one does later is seen by each call.
pub(super) struct Connected {
    pub(super) database: Database,
    pub(super) users: Collection<UserDocument>,
    pub(super) sessions: Collection<SessionDocument>,
    pub(super) one_time: Collection<OneTimeDocument>,
    pub(super) attempts: Collection<AttemptDocument>,
    pub(super) settings: Collection<SettingsDocument>,
    pub(super) signing_keys: Collection<SigningKeyDocument>,
    pub(super) events: Collection<EventDocument>,
    pub(super) outlets: Collection<OutletDocument>,
    pub(super) calls: Calls,
    pub(super) connections: Arc<Connections>,
    pub(super) lag: Arc<Lag>,
    pub(super) most_connections: u32,
    pub(super) entropy: Arc<dyn Entropy>,
}

impl Connected {
    /// A set that does not answer, or is not what the URL asks for, is met anew with the next try: the driver forgets a
    /// server that is not of the set it was told, and would never look again.
    pub(super) async fn to(
        url: &str,
        entropy: Arc<dyn Entropy>,
        traffic: &Arc<Traffic>,
    ) -> Result<Self, MigrateError> {
        let audience = Audience::of(traffic);
        let (options, name) = connect::options(url, &audience).await?;
        let Audience { connections, members, lag, .. } = audience;
        let wanted = options.repl_set_name.clone();
        let most_connections = options.max_pool_size.unwrap_or(connect::MOST_CONNECTIONS);
        let client = Client::with_options(options)
            .map_err(|_| MigrateError::Refused("the store's URL asks for what cannot be had".to_owned()))?;
        let database = client.database(&name);
        let store = Self {
            users: database.collection("users"),
            sessions: database.collection("sessions"),
            one_time: database.collection("one_time"),
            attempts: database.collection("attempts"),
            settings: database.collection("settings"),
            signing_keys: database.collection("signing_keys"),
            events: database.collection("events"),
            outlets: database.collection("outlets"),
            database,
            calls: Calls::new(Arc::clone(traffic)),
            connections,
            lag,
            most_connections,
            entropy,
        };
        match migrations::must_be_a_replica_set(&store).await {
            Ok(()) => Ok(store),
            Err(MigrateError::Unavailable(cause)) => Err(match members.misfit(wanted.as_deref()) {
                Some(sentence) => MigrateError::Unavailable(Box::new(Cause::Misfit(sentence))),
                None => MigrateError::Unavailable(cause),
            }),
            Err(refused) => Err(refused),
        }
    }
}
