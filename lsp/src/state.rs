//! The one thread that owns texts and data bases.

mod job;
mod packages;
mod workspace;

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::thread::JoinHandle;

use tokio::runtime::Handle;

use crate::capabilities::Editor;
use crate::from_proto::ContentChange;
use crate::system::SharedSystem;
use crate::transport::Outgoing;
pub(crate) use job::{Job, Moved, Scope, Token};
use packages::Packages;

/// Stack of the threads that analyse.
pub(crate) const STACK: usize = 16 << 20;

/// What the state is told, in the order of the messages.
pub(crate) enum Task {
    /// What the editor can do.
    Editor(Editor),
    /// Folders of the workspace, as URIs, that are open from now on, and those that are so no longer.
    Folders { opened: Vec<String>, closed: Vec<String> },
    /// Packages of the workspace that were read in the background.
    Loaded(workspace::Found),
    /// A document is open with this text.
    Open { uri: String, version: i32, text: String },
    /// A document changed.
    Change { uri: String, version: i32, changes: Vec<ContentChange> },
    /// A document is closed.
    Close { uri: String },
    /// Files on the disk were made, changed or removed.
    Files(Vec<String>),
    /// Something is asked about a document or all packages.
    Read(Job),
    /// Nothing comes after this.
    Stop,
}

/// The door to the state.
#[derive(Clone)]
pub(crate) struct Writer {
    tasks: Sender<Task>,
}

impl Writer {
    /// Starts the state's thread.
    pub(crate) fn start(
        system: Arc<SharedSystem>,
        outgoing: Outgoing,
        runtime: Handle,
    ) -> io::Result<(Writer, JoinHandle<()>)> {
        let (tasks, inbox) = mpsc::channel();
        let writer = Writer { tasks };
        let door = writer.clone();
        let run = move || {
            let packages = Packages::new(system, outgoing);
            State { packages, inbox, door, runtime }.run();
        };
        let thread = std::thread::Builder::new().name("state".to_owned()).stack_size(STACK).spawn(run)?;
        Ok((writer, thread))
    }

    /// Hands a task over, without waiting.
    pub(crate) fn send(&self, task: Task) {
        // After the end nothing is to be done.
        self.tasks.send(task).unwrap_or_default();
    }

    /// Ends the thread; reads that are under way are cancelled.
    pub(crate) fn stop(&self) {
        self.send(Task::Stop);
    }
}

struct State {
    packages: Packages,
    inbox: Receiver<Task>,
    door: Writer,
    runtime: Handle,
}

impl State {
    fn run(&mut self) {
        loop {
            let task = match self.inbox.try_recv() {
                Ok(task) => task,
                Err(TryRecvError::Disconnected) => return,
                Err(TryRecvError::Empty) => {
                    // Only when nothing is left to do: one publication for a burst of changes.
                    self.packages.publish(&self.door, &self.runtime);
                    match self.inbox.recv() {
                        Ok(task) => task,
                        Err(_) => return,
                    }
                }
            };
            match task {
                Task::Editor(editor) => self.packages.editor = editor,
                Task::Folders { opened, closed } => self.packages.folders(&opened, &closed),
                Task::Loaded(found) => {
                    for job in self.packages.loaded(found) {
                        job.start(self.packages.snapshots(), &self.door, &self.runtime);
                    }
                }
                Task::Open { uri, version, text } => self.packages.open(uri, version, text),
                Task::Change { uri, version, changes } => self.packages.change(&uri, version, changes),
                Task::Close { uri } => self.packages.close(&uri),
                Task::Files(uris) => self.packages.files(&uris),
                Task::Read(job) => self.read(job),
                Task::Stop => {
                    self.packages.cancel();
                    return;
                }
            }
        }
    }

    fn read(&mut self, job: Job) {
        let snapshots = match job.scope() {
            // It was cancelled by a change, and the change is told at the next pause.
            Scope::Document(uri) if job.is_publication() && self.packages.is_untold(uri) => return,
            Scope::Document(uri) => self.packages.snapshot(uri).into_iter().collect(),
            Scope::Workspace => match self.packages.when_loaded(job, &self.door) {
                Some(job) => return job.start(self.packages.snapshots(), &self.door, &self.runtime),
                None => return,
            },
        };
        job.start(snapshots, &self.door, &self.runtime);
    }
}
