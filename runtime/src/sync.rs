//! SYNC CONNECTOR: every row of an entity into a table, once, whatever happens.
//!
//! A run of one entity (`run`): `place` says which target of `moltler_targets` it is; its last state (`state`)
//! says from where to read; the query of the job gives rows batch by batch, `pass` says what each batch means for the
//! state; a thread of its own (`writer`) writes the batches, so that the next page is on its way meanwhile.
//!
//! What makes it come out right:
//!
//! - The state is a cursor, the greatest value of the field of INCREMENTAL ON that is surely behind us, one for each call of a
//!   handler that is called for several values. The next run reads `field >= cursor - LOOKBACK`: rows that are equal to the cursor
//!   come again, and are the same rows by their key.
//! - Inside a run the cursor advances only as long as rows come in ascending order: then all before the last row are there.
//! - The cursor never passes the upper bound that was frozen when the run started, where rows did not come in order: a row that
//!   changed on a page that was read already has a value behind that bound. For times the bound is when the run started, by
//!   the server's clock or ours, whichever is earlier; for other fields the greatest value that was known when the first
//!   batch had come.
//! - A run without a cursor is a full pass: its rows are shown together in the end. Rows that did not come are deleted when the
//!   pass is proven: nothing was left out by request, and every response of the server was a success.
//! - Another field or another WHERE is another sync: it starts afresh, and says so.

mod appended;
mod cursor;
mod daemon;
mod parallel;
mod pass;
mod place;
mod progress;
mod run;
mod scratch;
mod scrub;
mod show;
mod state;
pub mod stream;
mod writer;

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

use moltler_abi::manifest::{Span, Sync, SyncJob};

use crate::context::{ExecContext, internal_error};
use crate::error::RuntimeError;
use crate::value::Document;

pub use daemon::daemon;
pub use place::DEFAULT_DESTINATION;
pub use show::{last_runs, last_sync, show_state};

use pass::{Lookback, Pass};

/// How SYNC statements are carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncOptions {
    /// The target that bare names are tables of: `sqlite:path`.
    pub destination: String,
    /// What is done.
    pub action: Action,
    /// Missing rows are deleted however many they are.
    pub allow_deletes: bool,
    /// Only the SYNC with this index in the manifest; others are passed over.
    pub only: Option<u32>,
}

/// What SYNC does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Action {
    /// A run.
    #[default]
    Run,
    /// Forgets the state, so that the next run reads all.
    Reset,
    /// Sets all cursors to this value.
    RewindTo(String),
}

impl Default for SyncOptions {
    fn default() -> SyncOptions {
        let destination = DEFAULT_DESTINATION.to_owned();
        SyncOptions { destination, action: Action::default(), allow_deletes: false, only: None }
    }
}

/// The sync under way in a run, for the calls of handlers.
#[derive(Default)]
pub struct UnderWay {
    pass: RefCell<Option<Rc<RefCell<Pass>>>>,
    /// In a TEST: where its tables are.
    scratch: OnceCell<scratch::Scratch>,
    /// Runs so far, which tell apart those of one microsecond.
    runs: Cell<u32>,
}

impl UnderWay {
    /// Whether a sync reads: what is kept of earlier calls is not for it.
    pub fn is_running(&self) -> bool {
        self.pass.borrow().is_some()
    }

    /// A handler is about to be called by the scan at `span`: adds what the sync wants of it to `options`.
    pub fn prepare_call(&self, span: Span, filters: &Document, options: &mut Document) {
        if let Some(pass) = &*self.pass.borrow() {
            pass.borrow_mut().prepare_call(span, filters, options);
        }
    }
}

/// Carries out the SYNC with this index in the manifest.
///
/// # Errors
///
/// The first one of its entities; the others are synced all the same.
pub fn run(context: &ExecContext, index: u32) -> Result<(), RuntimeError> {
    let sync = context.manifest().syncs.get(index as usize).ok_or_else(|| internal_error("unknown sync"))?;
    if context.setup().sync.only.is_some_and(|only| only != index) {
        return Ok(());
    }
    context.connectors().get(&sync.instance)?.check_enabled()?;
    for (entity, reason) in &sync.skipped {
        context.output().message(&format!("`{}.{entity}` is skipped: {reason}", sync.instance));
    }
    let lookback = Lookback::of(context, sync)?;
    let outcomes = if parallel::is_possible(context, sync) {
        parallel::run_all(context, sync, lookback)
    } else {
        sync.jobs.iter().map(|job| run::run(context, sync, job, lookback)).collect()
    };
    let mut failed = None;
    for (job, outcome) in sync.jobs.iter().zip(outcomes) {
        if let Err(error) = outcome {
            if failed.is_some() {
                context.output().message(&format!("`{}`: {}", source(context, sync, job), error.message));
            }
            failed.get_or_insert(error);
        }
    }
    failed.map_or(Ok(()), Err)
}

/// `shop.items`
fn source(context: &ExecContext, sync: &Sync, job: &SyncJob) -> String {
    format!("{}.{}", sync.instance, context.manifest().entities[job.entity as usize].name)
}

/// A failure of a target as an error of the run.
fn failed(error: moltler_targets::TargetError) -> RuntimeError {
    let mut told = RuntimeError::new("SyncError", error.message);
    told.notes.extend(error.help);
    told
}
