//! Futures from threads that block.

use std::future::Future;

use tokio::runtime::{Builder, Handle, Runtime};

use crate::{Result, TargetError};

/// An event loop of a target's own. It turns only while somebody waits in [`Blocking::run`].
pub(crate) struct Blocking {
    runtime: Option<Runtime>,
}

impl Blocking {
    pub(crate) fn new() -> Result<Blocking> {
        let runtime = Builder::new_current_thread().enable_all().build();
        Ok(Blocking { runtime: Some(runtime.map_err(|error| TargetError::unavailable("the event loop", error))?) })
    }

    /// Waits for a future, also where the calling thread is inside of another event loop.
    pub(crate) fn run<T: Send>(&self, future: impl Future<Output = T> + Send) -> T {
        let runtime = self.runtime.as_ref().expect("Invariant: it is there until it is dropped");
        if Handle::try_current().is_err() {
            return runtime.block_on(future);
        }
        std::thread::scope(|scope| match scope.spawn(|| runtime.block_on(future)).join() {
            Ok(value) => value,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    }
}

impl Drop for Blocking {
    fn drop(&mut self) {
        // Waiting for it would be a panic inside of another event loop.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
