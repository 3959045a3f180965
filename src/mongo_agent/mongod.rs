//! One mongod, reached directly: as nobody, or as one of its users.

use std::{net::SocketAddr, path::Path, time::Duration};

use mongodb::{
    Client,
    bson::Document,
    options::{AuthMechanism, ClientOptions, Credential, ServerMonitoringMode, Tls, TlsOptions},
};
use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};

use super::{names::Host, passwords::Password, trouble::Trouble, users::User};

/// For whatever is answered from memory. What waits for others says how long it may take.
const DEADLINE: Duration = Duration::from_secs(5);

/// A server that is there is found at once.
const TO_FIND_IT: Duration = Duration::from_secs(2);

pub(super) struct Mongod {
    client: Client,
}

impl Mongod {
    /// As nobody. To a mongod without users a neighbour may give the first one, and make a set of it.
    pub(super) fn as_nobody(host: &Host, ca: Option<&Path>) -> Result<Self, Trouble> {
        Self::reach(host, ca, None)
    }

    pub(super) fn as_user(
        host: &Host,
        ca: Option<&Path>,
        user: User,
        password: &Password,
    ) -> Result<Self, Trouble> {
        let credential = Credential::builder()
            .username(user.name().to_owned())
            .password(password.reveal().to_owned())
            .source("admin".to_owned())
            .mechanism(AuthMechanism::ScramSha256);
        Self::reach(host, ca, Some(credential.build()))
    }

    fn reach(host: &Host, ca: Option<&Path>, credential: Option<Credential>) -> Result<Self, Trouble> {
        let mut options = ClientOptions::default();
        options.hosts = vec![host.address().map_err(|misnamed| Trouble::Odd(misnamed.to_string()))?];
        options.direct_connection = Some(true);
        options.credential = credential;
        options.app_name = Some("portcullis mongo-agent".to_owned());
        options.server_selection_timeout = Some(TO_FIND_IT);
        options.connect_timeout = Some(TO_FIND_IT);
        options.server_monitoring_mode = Some(ServerMonitoringMode::Poll);
        options.max_pool_size = Some(2);
        // Whoever asks looks again anyway, and at what has become of it.
        options.retry_reads = Some(false);
        options.retry_writes = Some(false);
        if let Some(ca) = ca {
            let tls = TlsOptions::builder().ca_file_path(ca.to_path_buf()).build();
            options.tls = Some(Tls::Enabled(tls));
        }
        Ok(Self { client: Client::with_options(options).map_err(|error| Trouble::of(&error))? })
    }

    /// As nobody, if anybody is there at all: the driver takes its time to say that nobody is.
    pub(super) async fn if_there(host: &Host, ca: Option<&Path>) -> Result<Self, Trouble> {
        let Ok(Ok(addresses)) = timeout(TO_FIND_IT, lookup_host(host.as_str())).await else {
            return Err(Trouble::Nameless);
        };
        let addresses: Vec<SocketAddr> = addresses.collect();
        match timeout(TO_FIND_IT, TcpStream::connect(addresses.as_slice())).await {
            Ok(Ok(_)) => Self::as_nobody(host, ca),
            Ok(Err(error)) => Err(Trouble::Silent(error.kind().to_string())),
            Err(_) => Err(Trouble::Silent("no answer in time".to_owned())),
        }
    }

    pub(super) async fn run(&self, command: Document) -> Result<Document, Trouble> {
        self.run_within(DEADLINE, command).await
    }

    /// A command to the server itself, which is what all of ours are.
    pub(super) async fn run_within(
        &self,
        deadline: Duration,
        command: Document,
    ) -> Result<Document, Trouble> {
        let admin = self.client.database("admin");
        match timeout(deadline, admin.run_command(command).into_future()).await {
            Ok(answer) => answer.map_err(|error| Trouble::of(&error)),
            Err(_) => Err(Trouble::Silent("no answer in time".to_owned())),
        }
    }
}
