//! The real program, started as a stranger would start it, on free ports and in a directory of its own.

use std::{
    env,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{self, Child, Stdio},
    thread,
    time::Duration,
};

use crate::support::{folder::Folder, process::ended};

const BINARY: &str = env!("CARGO_BIN_EXE_portcullis");

/// Killed when it is dropped, and its directory removed.
pub(super) struct Program {
    child: Child,
    folder: Folder,
    public: SocketAddr,
    internal: SocketAddr,
}

impl Program {
    pub(super) fn start() -> Self {
        let folder = Folder::new();
        let [public, internal] = free();
        let child = bare(BINARY)
            .current_dir(folder.path())
            .env("PORTCULLIS_PUBLIC_LISTEN", public.to_string())
            .env("PORTCULLIS_PUBLIC_ORIGIN", format!("http://{public}"))
            .env("PORTCULLIS_INTERNAL_LISTEN", internal.to_string())
            .env("PORTCULLIS_PASSWORD_COST", "node")
            .spawn()
            .expect("the program starts");
        let mut program = Self { child, folder, public, internal };
        program.await_readiness();
        program
    }

    /// What a shell says to the line, and that the line went well.
    pub(super) fn run(&self, line: &str) -> String {
        let line = line
            .replace("localhost:3000", &self.public.to_string())
            .replace("localhost:9000", &self.internal.to_string())
            .replace("cargo run --", BINARY);
        let output =
            ended(bare("bash").current_dir(self.folder.path()).args(["-c", &line]).stdin(Stdio::null()));
        let (said, complaint) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "$ {line}\n{said}{complaint}");
        said.into_owned()
    }

    fn await_readiness(&mut self) {
        for _ in 0..100 {
            let ended = self.child.try_wait().expect("the program is ours");
            assert!(ended.is_none(), "the program ended before it was ready: {ended:?}");
            if is_ready(self.internal) {
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
        panic!("the program was not ready within ten seconds");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// With nothing of our environment but the way to other programs.
fn bare(program: &str) -> process::Command {
    let mut command = process::Command::new(program);
    command.env_clear().env("PATH", env::var_os("PATH").unwrap_or_default());
    command
}

/// Held together for a moment, so that they differ.
fn free() -> [SocketAddr; 2] {
    let sockets = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("there is a free port"));
    sockets.map(|socket| socket.local_addr().expect("it is bound"))
}

fn is_ready(internal: SocketAddr) -> bool {
    let mut answer = String::new();
    let asked = TcpStream::connect(internal).and_then(|mut socket| {
        socket.set_read_timeout(Some(Duration::from_secs(5)))?;
        socket.write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
        socket.read_to_string(&mut answer)
    });
    asked.is_ok() && answer.starts_with("HTTP/1.1 200 ")
}
