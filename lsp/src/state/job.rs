use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use salsa::{Cancelled, Database};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tower_lsp_server::jsonrpc::{Error, Result};

use super::{Task, Writer};
use crate::snapshot::Snapshot;

/// What becomes of a read when a change of the text comes while it is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moved {
    /// It starts again on the new text.
    Again,
    /// It answers "content modified", because it is about a position in the old text.
    Refuse,
}

/// Cancels one read.
#[derive(Default)]
pub(crate) struct Token {
    cancelled: AtomicBool,
    running: Mutex<Vec<salsa::CancellationToken>>,
}

impl Token {
    /// Ends the read, if it is under way, without an answer.
    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
        for running in &*self.running.lock().unwrap_or_else(PoisonError::into_inner) {
            running.cancel();
        }
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    fn runs(&self, tokens: Vec<salsa::CancellationToken>) {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = tokens;
    }
}

/// Cancels the read when the request's future is dropped, which is how the router tells of `$/cancelRequest`.
struct CancelOnDrop(Arc<Token>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// How a read ended.
enum Outcome<'a> {
    /// There is such a document; or one snapshot for each package.
    Found(&'a [Snapshot]),
    /// There is none.
    NoDocument,
    /// The text moved on.
    Modified,
}

/// Sends the answer.
type Reply = Box<dyn FnOnce() + Send>;

/// What a read is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The document with this URI.
    Document(String),
    /// All packages of the workspace.
    Workspace,
}

/// A read that waits for its turn or runs.
pub(crate) struct Job {
    scope: Scope,
    token: Arc<Token>,
    moved: Moved,
    is_publication: bool,
    run: Box<dyn FnMut(Outcome<'_>) -> Reply + Send>,
}

impl Writer {
    /// Runs `read` on the document as the messages before have left it, then `reply`: with nothing when there is no such
    /// document. The job is queued when this returns, so that calling it before the first wait of a handler keeps the order
    /// of messages.
    pub(crate) fn ask<T: Send + 'static>(
        &self,
        uri: String,
        moved: Moved,
        read: impl Fn(&Snapshot) -> T + Send + 'static,
        reply: impl FnOnce(Result<Option<T>>) + Send + 'static,
    ) -> Arc<Token> {
        let read = move |snapshots: &[Snapshot]| snapshots.first().map(&read);
        self.queue(Scope::Document(uri), moved, read, reply)
    }

    fn queue<T: Send + 'static>(
        &self,
        scope: Scope,
        moved: Moved,
        read: impl Fn(&[Snapshot]) -> Option<T> + Send + 'static,
        reply: impl FnOnce(Result<Option<T>>) + Send + 'static,
    ) -> Arc<Token> {
        let token = Arc::new(Token::default());
        let mut reply = Some(reply);
        let run = move |outcome: Outcome<'_>| -> Reply {
            let result = match outcome {
                Outcome::Found(snapshots) => Ok(read(snapshots)),
                Outcome::NoDocument => Ok(None),
                Outcome::Modified => Err(Error::content_modified()),
            };
            let reply = reply.take();
            Box::new(move || {
                if let Some(reply) = reply {
                    reply(result);
                }
            })
        };
        let job = Job { scope, token: token.clone(), moved, is_publication: false, run: Box::new(run) };
        self.send(Task::Read(job));
        token
    }

    /// The same as a future, which cancels the work when it is dropped.
    pub(crate) fn read<T: Send + 'static, R: Fn(&Snapshot) -> Option<T> + Send + 'static>(
        &self,
        uri: String,
        moved: Moved,
        read: R,
    ) -> impl Future<Output = Result<Option<T>>> + Send + use<T, R> {
        let read = move |snapshots: &[Snapshot]| snapshots.first().and_then(&read);
        self.wait_for(Scope::Document(uri), moved, read)
    }

    /// Runs `read` on all packages of the workspace, in the order of their folders, as a future, which cancels the work when it
    /// is dropped. It starts again when one of them changes.
    pub(crate) fn read_workspace<T: Send + 'static, R: Fn(&[Snapshot]) -> Option<T> + Send + 'static>(
        &self,
        read: R,
    ) -> impl Future<Output = Result<Option<T>>> + Send + use<T, R> {
        self.wait_for(Scope::Workspace, Moved::Again, read)
    }

    fn wait_for<T: Send + 'static, R: Fn(&[Snapshot]) -> Option<T> + Send + 'static>(
        &self,
        scope: Scope,
        moved: Moved,
        read: R,
    ) -> impl Future<Output = Result<Option<T>>> + Send + use<T, R> {
        let (sender, receiver) = oneshot::channel();
        // Nobody waits any more for what was cancelled.
        let token = self.queue(scope, moved, read, move |result| drop(sender.send(result)));
        let guard = CancelOnDrop(token);
        async move {
            let _guard = guard;
            receiver.await.unwrap_or_else(|_| Err(Error::internal_error()))
        }
    }
}

impl Job {
    /// Runs `publish` on a document, which tells the editor by itself; it starts again after changes until it is through.
    pub(crate) fn publication(uri: String, publish: impl Fn(&Snapshot) + Send + 'static) -> Job {
        let run = move |outcome: Outcome<'_>| -> Reply {
            if let Outcome::Found(snapshots) = outcome {
                snapshots.iter().for_each(&publish);
            }
            Box::new(|| ())
        };
        Job {
            scope: Scope::Document(uri),
            token: Arc::default(),
            moved: Moved::Again,
            is_publication: true,
            run: Box::new(run),
        }
    }

    /// Whether it tells diagnostics unasked.
    pub(crate) fn is_publication(&self) -> bool {
        self.is_publication
    }

    pub(crate) fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Runs it on a thread for such work; without a snapshot it is answered at once.
    pub(crate) fn start(mut self, snapshots: Vec<Snapshot>, writer: &Writer, runtime: &Handle) {
        if self.token.is_cancelled() {
            return;
        }
        if snapshots.is_empty() {
            (self.run)(Outcome::NoDocument)();
            return;
        }
        let writer = writer.clone();
        runtime.spawn_blocking(move || self.work(snapshots, &writer));
    }

    fn work(mut self, snapshots: Vec<Snapshot>, writer: &Writer) {
        self.token.runs(snapshots.iter().map(|snapshot| snapshot.db.cancellation_token()).collect());
        let run = AssertUnwindSafe(|| (self.run)(Outcome::Found(&snapshots)));
        let result = catch_unwind(AssertUnwindSafe(|| Cancelled::catch(run)));
        self.token.runs(Vec::new());
        // The state may be waiting for this: before the answer, so that what the editor sends next is not held up.
        drop(snapshots);
        match result {
            Ok(Ok(reply)) => reply(),
            Ok(Err(_)) if self.token.is_cancelled() => {}
            // Another handle was cancelled while it computed what this one waits for: not this read's business.
            Ok(Err(Cancelled::PropagatedPanic)) => writer.send(Task::Read(self)),
            Ok(Err(_)) if self.moved == Moved::Again => writer.send(Task::Read(self)),
            Ok(Err(_)) => (self.run)(Outcome::Modified)(),
            // A defect: dropping the job tells the one who waits.
            Err(_) => {}
        }
    }
}
