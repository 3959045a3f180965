//! Work of others that blocks for as long as it likes, on a thread that is made for it and that nobody waits for in the end.

use std::thread;

use tokio::{runtime::Handle, sync::oneshot};

/// `None` if it never gave an answer.
pub async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (runtime, (to, done)) = (Handle::current(), oneshot::channel());
    let begun = thread::Builder::new().name("aside".to_owned()).spawn(move || {
        // What is made there may start tasks of its own.
        let _inside = runtime.enter();
        // Whoever does not wait any more does not care.
        _ = to.send(work());
    });
    begun.ok()?;
    done.await.ok()
}
