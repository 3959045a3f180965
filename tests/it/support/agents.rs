//! A replica set as the agents make it: a guarded mongod and the real agent beside it for each member, as in a pod.

mod asks;

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    os::unix::fs::PermissionsExt,
    process::{self, Output},
};

use serde_json::Value;

use super::{
    authority::Authority,
    folder::Folder,
    process::{Process, run},
    server::{Server, find, free_port, next, with_tls},
};

const USERS: [&str; 4] = ["agent", "app", "backup", "monitor"];

pub(crate) struct Set {
    mongod: String,
    pub(crate) folder: Folder,
    /// 127.X.ordinal.Y: every member has an address of its own, and all have one port.
    net: (u8, u8),
    port: u16,
    pub(crate) pods: Vec<Pod>,
    /// The authority's certificate, and what a server shows, where they speak TLS.
    tls: Option<[String; 2]>,
}

/// A mongod and its agent, each of which may be gone.
pub(crate) struct Pod {
    pub(crate) server: Server,
    pub(crate) agent: Option<Process>,
    /// Where the agent can be looked at.
    pub(crate) http: SocketAddr,
    /// Where it is told that the pod is about to go.
    pub(crate) hook: SocketAddr,
}

impl Set {
    /// All at once; `None` where there is no mongod.
    pub(crate) fn start(members: u8) -> Option<Self> {
        let mut set = Self::empty()?;
        for ordinal in 0..members {
            set.add_server(ordinal);
        }
        for ordinal in 0..members {
            set.start_agent(ordinal, members);
        }
        Some(set)
    }

    /// Without any pod yet.
    pub(crate) fn empty() -> Option<Self> {
        let number = |n: u32| u8::try_from(n % 250 + 1).unwrap();
        let mongod = find()?;
        let folder = Folder::new();
        fs::create_dir(folder.file("users")).unwrap();
        for user in USERS {
            fs::write(folder.file("users").join(user), format!("{user}-1\n")).unwrap();
        }
        let key = folder.file("keyfile");
        fs::write(&key, "c2hhcmVkIGJ5IGFsbCBtZW1iZXJz\n").unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o400)).unwrap();
        let port = free_port(Ipv4Addr::LOCALHOST.into());
        Some(Self {
            mongod,
            folder,
            net: (number(process::id()), number(next())),
            port,
            pods: Vec::new(),
            tls: None,
        })
    }

    /// From the first server on.
    pub(crate) fn speak_tls(&mut self) {
        let authority = Authority::new();
        let names: Vec<_> = (0..3).map(|ordinal| self.address(ordinal).ip().to_string()).collect();
        let signed = authority.sign_for(names);
        let [ca, pem] = ["ca.pem", "server.pem"].map(|name| self.folder.file(name));
        fs::write(&ca, authority.pem()).unwrap();
        fs::write(&pem, format!("{}{}", signed.certificate, signed.key)).unwrap();
        self.tls = Some([ca, pem].map(|path| path.display().to_string()));
    }

    /// What a URL has to say besides.
    fn url_options(&self) -> String {
        self.tls.as_ref().map_or_else(String::new, |[ca, _]| format!("&tls=true&tlsCAFile={ca}"))
    }

    /// A blank mongod of the next ordinal.
    pub(crate) fn add_server(&mut self, ordinal: u8) {
        assert_eq!(self.pods.len(), usize::from(ordinal));
        let key = self.folder.file("keyfile").display().to_string();
        let options = [
            "--auth",
            "--keyFile",
            &key,
            "--noscripting",
            "--setParameter",
            "authenticationMechanisms=SCRAM-SHA-256",
            // Whoever is told to end gives the others fifteen seconds to notice, unless told so.
            "--setParameter",
            "shutdownTimeoutMillisForSignaledShutdown=100",
        ];
        let mut options = options.map(str::to_owned).to_vec();
        options.extend(self.tls.iter().flat_map(|[ca, pem]| with_tls(ca, pem)));
        let server = Server::start(&self.mongod, self.address(ordinal), "rs0", &options, &self.url_options());
        let nowhere = self.address(ordinal);
        self.pods.push(Pod { server, agent: None, http: nowhere, hook: nowhere });
    }

    fn address(&self, ordinal: u8) -> SocketAddr {
        let ip: IpAddr = Ipv4Addr::new(127, self.net.0, ordinal, self.net.1).into();
        SocketAddr::new(ip, self.port)
    }

    /// The agent of this pod, in place of the one it has; it thinks of a set of so many.
    pub(crate) fn start_agent(&mut self, ordinal: u8, members: u8) {
        let settings = self.settings(ordinal, members);
        let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut agent = Process::start_as(&self.folder, &["mongo-agent"], &settings);
        let line = agent.hears(|line| line.contains("\"listening\""));
        let line: Value = serde_json::from_str(&line).unwrap();
        let pod = &mut self.pods[usize::from(ordinal)];
        let address = |name: &str| line[name].as_str().unwrap().parse().unwrap();
        (pod.http, pod.hook) = (address("address"), address("step_down"));
        pod.agent = Some(agent);
    }

    fn settings(&self, ordinal: u8, members: u8) -> Vec<(&'static str, String)> {
        let (net, port) = (self.net, self.port);
        let ca = self.tls.as_ref().map_or("", |[ca, _]| ca);
        vec![
            ("PORTCULLIS_AGENT_TLS_CA_FILE", ca.to_owned()),
            ("PORTCULLIS_AGENT_POD", format!("mongodb-{ordinal}")),
            ("PORTCULLIS_AGENT_MEMBERS", members.to_string()),
            ("PORTCULLIS_AGENT_HOSTS", format!("127.{}.{{ordinal}}.{}:{port}", net.0, net.1)),
            ("PORTCULLIS_AGENT_MONGOD", self.address(ordinal).to_string()),
            ("PORTCULLIS_AGENT_LISTEN", "127.0.0.1:0".to_owned()),
            ("PORTCULLIS_AGENT_STEP_DOWN_LISTEN", "127.0.0.1:0".to_owned()),
            ("PORTCULLIS_AGENT_USERS_DIR", self.folder.file("users").display().to_string()),
        ]
    }

    /// A command in the agent's container.
    pub(crate) fn command(&self, ordinal: u8, args: &[&str]) -> Output {
        let settings = self.settings(ordinal, 3);
        let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        run(&self.folder, &[&["mongo-agent"], args].concat(), &settings)
    }

    pub(crate) fn set_password(&self, file: &str, password: &str) {
        // As the kubelet does it, in one step.
        let draft = self.folder.file("draft");
        fs::write(&draft, password).unwrap();
        fs::rename(draft, self.folder.file("users").join(file)).unwrap();
    }

    pub(crate) fn host(&self, ordinal: u8) -> String {
        self.address(ordinal).to_string()
    }

    /// As the service has it.
    pub(crate) fn url(&self) -> String {
        let hosts: Vec<_> = (0..self.pods.len()).map(|n| self.host(u8::try_from(n).unwrap())).collect();
        format!("mongodb://portcullis-app:app-1@{}/auth?replicaSet=rs0&authSource=admin", hosts.join(","))
    }

    pub(crate) fn agent(&mut self, ordinal: u8) -> &mut Process {
        self.pods[usize::from(ordinal)].agent.as_mut().unwrap()
    }

    pub(crate) fn server(&self, ordinal: u8) -> &Server {
        &self.pods[usize::from(ordinal)].server
    }

    pub(crate) fn password(&self, user: &str) -> String {
        fs::read_to_string(self.folder.file("users").join(user)).unwrap().trim_end().to_owned()
    }
}
