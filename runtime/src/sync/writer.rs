//! The thread that writes, so that the next page is on its way meanwhile. At most [`AHEAD`] batches wait for it.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use arrow_array::RecordBatch;
use moltler_targets::{Completed, Missing, Pass, Rejected, Run, Target, TargetError};

/// How many batches may be read and not written.
const AHEAD: usize = 4;

enum Message {
    Rows(RecordBatch),
    Rejected(Vec<Rejected>),
    Commit(String),
    Complete(String, Missing),
}

/// A target that is being written.
pub(super) struct Writer {
    messages: Option<SyncSender<Message>>,
    thread: JoinHandle<Written>,
}

/// What became of a run.
pub(super) struct Written {
    /// The target, to end the run.
    pub(super) target: Box<dyn Target>,
    /// What [`Target::complete`] did; `None` where it did not come to it.
    pub(super) completed: Option<Completed>,
    /// How many rows were handed to the target.
    pub(super) rows: u64,
    /// How many were refused.
    pub(super) rejected: u64,
    /// What went wrong.
    pub(super) error: Option<TargetError>,
}

impl Writer {
    /// Starts a run of an open target.
    pub(super) fn start(target: Box<dyn Target>, pass: Pass, run: Run) -> Writer {
        let (messages, received) = sync_channel(AHEAD);
        let write = move || {
            let mut written = Written { target, completed: None, rows: 0, rejected: 0, error: None };
            // Whoever sends to a target that failed is told so by the closed channel.
            written.error = written.write(pass, &run, received).err();
            written
        };
        Writer { messages: Some(messages), thread: std::thread::spawn(write) }
    }

    /// Hands over a message; `false` where the target has failed, which [`Writer::join`] tells.
    fn send(&self, message: Message) -> bool {
        self.messages.as_ref().is_some_and(|messages| messages.send(message).is_ok())
    }

    pub(super) fn rows(&self, rows: RecordBatch) -> bool {
        self.send(Message::Rows(rows))
    }

    pub(super) fn reject(&self, rows: Vec<Rejected>) -> bool {
        self.send(Message::Rejected(rows))
    }

    pub(super) fn commit(&self, state: String) -> bool {
        self.send(Message::Commit(state))
    }

    pub(super) fn complete(&self, state: String, missing: Missing) -> bool {
        self.send(Message::Complete(state, missing))
    }

    /// Waits until everything is written.
    pub(super) fn join(mut self) -> Option<Written> {
        self.messages = None;
        self.thread.join().ok()
    }
}

impl Written {
    fn write(&mut self, pass: Pass, run: &Run, messages: Receiver<Message>) -> Result<(), TargetError> {
        self.target.begin(pass, run)?;
        for message in messages {
            match message {
                Message::Rows(rows) => {
                    self.rows += rows.num_rows() as u64;
                    let rejected = self.target.write(&rows)?;
                    self.rows -= rejected.len() as u64;
                    self.reject(run, &rejected)?;
                }
                Message::Rejected(rejected) => self.reject(run, &rejected)?,
                Message::Commit(state) => self.target.commit(&state)?,
                Message::Complete(state, missing) => self.completed = Some(self.target.complete(&state, missing)?),
            }
        }
        Ok(())
    }

    fn reject(&mut self, run: &Run, rejected: &[Rejected]) -> Result<(), TargetError> {
        if rejected.is_empty() {
            return Ok(());
        }
        self.rejected += rejected.len() as u64;
        self.target.reject(run, rejected)
    }
}
