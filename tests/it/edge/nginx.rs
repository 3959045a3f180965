//! A real nginx with a folder of its own, which ends with the test.

use std::{
    fs,
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use crate::support::{folder::Folder, program};

const TEMPLATE: &str = include_str!("nginx.conf");

/// One server for each adapter.
pub(super) const ADAPTERS: [&str; 3] = ["nic", "ngf", "ingress-nginx"];

pub(super) struct Nginx {
    child: Child,
    sockets: [SocketAddr; 3],
    _folder: Folder,
}

impl Nginx {
    /// `None`, said once and aloud, where there is no nginx.
    pub(super) fn start(portcullis: SocketAddr, app: SocketAddr, rule: &str) -> Option<Self> {
        let program = program::find("nginx")?;
        // A port that was free a moment ago may be somebody else's now.
        let started = (0..5).find_map(|_| Self::try_start(&program, portcullis, app, rule));
        Some(started.expect("nginx starts"))
    }

    fn try_start(program: &str, portcullis: SocketAddr, app: SocketAddr, rule: &str) -> Option<Self> {
        let folder = Folder::new();
        let sockets = ADAPTERS.map(|_| TcpListener::bind("127.0.0.1:0").unwrap());
        let sockets = sockets.map(|socket| socket.local_addr().unwrap());
        let path = folder.path().display().to_string();
        let mut config = TEMPLATE.replace("{folder}", &path).replace("{rule}", rule);
        config = config.replace("{portcullis}", &portcullis.to_string()).replace("{app}", &app.to_string());
        for (adapter, socket) in ADAPTERS.iter().zip(sockets) {
            config = config.replace(&format!("{{{adapter}}}"), &socket.port().to_string());
        }
        fs::write(folder.file("nginx.conf"), config).unwrap();
        let mut child = Command::new(program)
            .args(["-p", &path, "-c", "nginx.conf", "-e", "error.log"])
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        for _ in 0..500 {
            if child.try_wait().unwrap().is_some() {
                return None;
            }
            if sockets.iter().all(|socket| TcpStream::connect(socket).is_ok()) {
                return Some(Self { child, sockets, _folder: folder });
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("nginx is not ready in time");
    }

    /// Where the server of each adapter listens.
    pub(super) fn servers(&self) -> impl Iterator<Item = (&'static str, SocketAddr)> {
        ADAPTERS.into_iter().zip(self.sockets)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
