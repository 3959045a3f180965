//! Programs of Debian that some tests need, and that a machine may not have.

use std::{
    collections::BTreeSet,
    env,
    io::{self, Write},
    path::Path,
    sync::Mutex,
};

/// On PATH, or where Debian puts what only root was meant to start. `None`, said once and aloud, where there is none.
pub(crate) fn find(name: &'static str) -> Option<String> {
    static SAID: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());
    let on_path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&on_path).chain([Path::new("/usr/sbin").to_owned()]);
    let found = folders.map(|folder| folder.join(name)).find(|path| path.is_file());
    if found.is_none() && SAID.lock().unwrap().insert(name) {
        // Not by a macro, whose output the test harness would keep to itself.
        let said = format!("\nskipped: no {name}; .ci/run installs one\n");
        io::stderr().write_all(said.as_bytes()).unwrap();
    }
    found.map(|path| path.display().to_string())
}
