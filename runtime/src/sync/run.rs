//! A run of one entity.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use moltler_abi::manifest::{Sync, SyncJob};
use moltler_targets::{Missing, Pass as How, Rejected, Request, Run};

use super::appended::Appended;
use super::pass::{Lookback, Pass};
use super::progress::{Progress, message};
use super::scrub::{is_secret, scrub};
use super::state::State;
use super::writer::Writer;
use super::{Action, failed, place, source};
use crate::batch::OwnedBatch;
use crate::coerce::write_json_string;
use crate::context::{ExecContext, internal_error};
use crate::error::RuntimeError;
use crate::operators;

/// How large a part of the rows may be deleted because they are missing, unless the user says otherwise.
const MOST_DELETED: f64 = 0.2;
/// Rows become durable when there are so many of them,
const COMMIT_ROWS: usize = 20_000;
/// or after so much time.
const COMMIT_TIME: Duration = Duration::from_secs(2);

/// Reads what is new and writes it, or changes the state.
pub(super) fn run(context: &ExecContext, sync: &Sync, job: &SyncJob, lookback: Lookback) -> Result<(), RuntimeError> {
    let settings = &context.setup().sync;
    let source = source(context, sync, job);
    let (location, table) = place::of(context, sync, job)?;
    let table = place::table(context, job, table);
    let shown = format!("`{source}` → {location} ({})", table.name);
    let mut target = moltler_targets::connect(&location).map_err(failed)?;
    let request = Request {
        table: table.clone(),
        source: source.clone(),
        evolve: !sync.freeze,
        take_over: settings.action == Action::Reset,
    };
    let opened = target.open(&request).map_err(failed)?;
    for note in &opened.notes {
        message(context, note);
    }
    let (mut state, afresh) = State::read(opened.state.as_deref(), State::of(sync));
    match &settings.action {
        Action::Run => {}
        Action::Reset => {
            target.set_state(None).map_err(failed)?;
            message(context, &format!("{shown}: the next run reads all rows"));
            return Ok(());
        }
        Action::RewindTo(_) if job.cursor.is_none() => {
            message(context, &format!("{shown}: a full refresh has no cursor that could be set"));
            return Ok(());
        }
        Action::RewindTo(text) => {
            let cursor = super::show::parse_cursor(context, job, text)?;
            state.rewind(&cursor);
            target.set_state(Some(&state.to_text())).map_err(failed)?;
            message(context, &format!("{shown}: the next run reads from {text} on"));
            return Ok(());
        }
    }
    if let Some(reason) = afresh {
        message(context, &format!("{shown}: starts afresh, {reason}"));
    }
    // Rows that are there without a state are shown anew together, so that those among them which are gone can be found.
    let how = match job.cursor {
        _ if sync.append => How::Append,
        Some(_) if !state.is_fresh() || !opened.has_rows => How::Merge,
        _ => How::Replace,
    };
    let is_full = state.is_fresh();
    // What a full pass gave last time is about what it gives this time.
    let expected = if is_full && context.output().is_terminal() {
        let status = moltler_targets::status(&location, &table.name).unwrap_or_default();
        let last = status.runs.iter().find(|run| run.status == "succeeded" && run.mode == "full");
        last.map(|run| run.rows_read.unsigned_abs()).filter(|rows| *rows > 0)
    } else {
        None
    };
    let run = Run {
        id: run_id(context),
        source,
        table_name: table.name.clone(),
        mode: if sync.append {
            "append"
        } else if is_full {
            "full"
        } else {
            "incremental"
        }
        .to_owned(),
        status: "running".to_owned(),
        started_at: moltler_targets::now(),
        ..Run::default()
    };
    let pass = Rc::new(RefCell::new({
        let query = &context.manifest().queries[job.query as usize];
        let field = job.cursor.map(|column| {
            let column = column as usize;
            (query.columns[column].name.clone(), query.columns[column].data_type, column)
        });
        Pass::new(context, query.span, field, state, lookback)
    }));
    context.sync().pass.replace(Some(Rc::clone(&pass)));
    let counters = Counted::now(context);
    context.counters().server_time.set(None);
    let mut reading = Reading {
        context,
        job,
        names: table.columns.iter().map(|column| column.name.as_str()).collect(),
        pass: &pass,
        writer: Writer::start(target, how, run.clone()),
        how,
        read: 0,
        pages: 0,
        uncommitted: 0,
        committed: Instant::now(),
        progress: Progress::start(context, &run.source, expected),
        counters: &counters,
        appended: Appended::new(sync, job, table.columns.len(), &pass.borrow()),
    };
    let outcome = reading.read();
    context.sync().pass.replace(None);
    let outcome = outcome.map(|()| {
        let failures = counters.failures(context);
        if failures > 0 && how == How::Replace && !sync.keep_missing {
            message(
                context,
                &format!(
                    "{shown}: {failures} of the answers {} no success, so rows that did not come are kept",
                    if failures == 1 { "was" } else { "were" }
                ),
            );
        }
        let complete = !pass.borrow().has_since && failures == 0;
        let may_delete = complete
            && !sync.keep_missing
            && context.manifest().entities[job.entity as usize].pushdown.complete != Some(false);
        reading.finish(match may_delete {
            false => Missing::Keep,
            true => Missing::Delete { at_most: if settings.allow_deletes { 1.0 } else { MOST_DELETED } },
        })
    });
    let Reading { writer, read, pages, progress, .. } = reading;
    let mut written = writer.join().ok_or_else(|| internal_error("the writer of a sync panicked"))?;
    drop(progress);
    let outcome = match (written.error.take(), outcome) {
        (Some(error), _) => Err(failed(error)),
        (None, outcome) => outcome,
    };
    let completed = written.completed.unwrap_or_default();
    let outcome = outcome.and_then(|()| {
        if completed.missing > completed.deleted { Err(too_many_missing(&shown, completed)) } else { Ok(()) }
    });
    let mut run = Run {
        rows_read: read as i64,
        rows_written: written.rows as i64,
        rows_deleted: completed.deleted as i64,
        rows_rejected: written.rejected as i64,
        ended_at: Some(moltler_targets::now()),
        ..run
    };
    counters.put(context, &mut run);
    run.status = if outcome.is_ok() { "succeeded" } else { "failed" }.to_owned();
    run.error = outcome.as_ref().err().map(|error| context.scrub(&error.message).into_owned());
    let ended = written.target.end(&run).map_err(failed);
    message(context, &closing_line(&shown, &run, pages));
    outcome.and(ended)
}

/// How many rows a commit waits for; tests want a few only.
fn commit_rows() -> usize {
    moltler_targets::failpoint::setting("MOLTLER_SYNC_COMMIT_ROWS").unwrap_or(COMMIT_ROWS)
}

fn too_many_missing(shown: &str, completed: moltler_targets::Completed) -> RuntimeError {
    let message = format!(
        "{shown}: {} of {} rows are not there any more, which is more than {} %: none is deleted",
        completed.missing,
        completed.before,
        MOST_DELETED * 100.0
    );
    RuntimeError::new("SyncError", message)
        .with_note("`moltlerc sync --allow-deletes` deletes them; KEEP MISSING keeps such rows always")
}

fn closing_line(shown: &str, run: &Run, pages: u64) -> String {
    let count = |number: i64, one: &str| format!("{number} {one}{}", if number == 1 { "" } else { "s" });
    let mut line = format!(
        "{shown}: {} ({}), {} in {}",
        run.status,
        run.mode,
        count(run.rows_written, "row"),
        count(pages as i64, "page"),
    );
    if run.rows_deleted > 0 {
        line.push_str(&format!(", {} deleted", run.rows_deleted));
    }
    if run.rows_rejected > 0 {
        line.push_str(&format!(", {} rejected", run.rows_rejected));
    }
    line.push_str(&format!(
        "; {}, {}, waited {:.1} s",
        count(run.requests, "request"),
        match run.retries {
            1 => "1 retry".to_owned(),
            retries => format!("{retries} retries"),
        },
        run.waited_seconds
    ));
    line
}

/// Unlike that of any other run; later ones are greater.
fn run_id(context: &ExecContext) -> String {
    let runs = &context.sync().runs;
    runs.set(runs.get() + 1);
    format!("{}-{:x}-{}", moltler_targets::now(), std::process::id(), runs.get())
}

/// What requests had cost when the run started.
struct Counted {
    requests: u64,
    retries: u64,
    waited_micros: u64,
    failures: u64,
}

impl Counted {
    fn now(context: &ExecContext) -> Counted {
        let counters = context.counters();
        Counted {
            requests: counters.requests.get(),
            retries: counters.retries.get(),
            waited_micros: counters.waited_micros.get(),
            failures: counters.failures.get(),
        }
    }

    fn failures(&self, context: &ExecContext) -> u64 {
        context.counters().failures.get() - self.failures
    }

    fn put(&self, context: &ExecContext, run: &mut Run) {
        let now = Counted::now(context);
        run.requests = (now.requests - self.requests) as i64;
        run.retries = (now.retries - self.retries) as i64;
        run.waited_seconds = self.waited_seconds(context);
    }

    fn waited_seconds(&self, context: &ExecContext) -> f64 {
        (context.counters().waited_micros.get() - self.waited_micros) as f64 / 1e6
    }
}

struct Reading<'r> {
    context: &'r ExecContext,
    job: &'r SyncJob,
    names: Vec<&'r str>,
    pass: &'r RefCell<Pass>,
    writer: Writer,
    how: How,
    read: u64,
    pages: u64,
    uncommitted: usize,
    committed: Instant,
    progress: Progress,
    counters: &'r Counted,
    appended: Option<Appended>,
}

impl Reading<'_> {
    /// All rows of the query, to the writer.
    fn read(&mut self) -> Result<(), RuntimeError> {
        let query = &self.context.manifest().queries[self.job.query as usize];
        let context = self.context;
        let mut is_writing = true;
        let outcome = operators::run_while(context, &query.plan, |batch| {
            is_writing = self.batch(batch);
            Ok(is_writing)
        });
        // The writer tells what is wrong.
        if !is_writing {
            return Ok(());
        }
        if outcome.is_err() && self.how == How::Merge {
            // What came before the error need not come again.
            let state = self.pass.borrow_mut().checkpoint();
            self.writer.commit(state);
        }
        outcome
    }

    /// `false` where the target has failed.
    fn batch(&mut self, batch: &Rc<OwnedBatch>) -> bool {
        moltler_targets::failpoint::pass("a page");
        if let Some(time) = self.context.counters().server_time.get() {
            self.pass.borrow_mut().server_started(time);
        }
        self.pages += 1;
        self.progress.page(self.context, batch.rows(), self.counters.waited_seconds(self.context));
        let wanted = self.pass.borrow_mut().see(batch);
        let batch = match wanted {
            None => Rc::clone(batch),
            Some(rows) => Rc::new(batch.select(&rows)),
        };
        self.read += batch.rows() as u64;
        let Some(batch) = self.without_rejected(batch) else { return false };
        let batch = match &mut self.appended {
            Some(appended) => appended.without_seen(batch, &mut self.pass.borrow_mut()),
            None => batch,
        };
        if batch.rows() > 0 && !self.writer.rows(scrub(self.context, batch.to_arrow(&self.names))) {
            return false;
        }
        self.uncommitted += batch.rows();
        if self.how == How::Merge && (self.uncommitted >= commit_rows() || self.committed.elapsed() >= COMMIT_TIME) {
            self.uncommitted = 0;
            self.committed = Instant::now();
            let state = self.pass.borrow_mut().checkpoint();
            return self.writer.commit(state);
        }
        true
    }

    /// The rows whose key is whole; `None` where the target has failed.
    fn without_rejected(&self, batch: Rc<OwnedBatch>) -> Option<Rc<OwnedBatch>> {
        let wrong = |row: usize| {
            self.job.key.iter().map(|column| *column as usize).find_map(|column| {
                let name = self.names[column];
                if batch.is_null(column, row) {
                    return Some(format!("`{name}` is NULL, and the primary key has it"));
                }
                is_secret(self.context, &batch, column, row)
                    .then(|| format!("`{name}` holds a secret, and the primary key has it"))
            })
        };
        let (mut kept, mut rejected) = (Vec::new(), Vec::new());
        for row in 0..batch.rows() {
            match wrong(row) {
                None => kept.push(row as u32),
                Some(reason) => {
                    let row = self.context.scrub(&self.json(&batch, row)).into_owned();
                    rejected.push(Rejected { row, reason });
                }
            }
        }
        if rejected.is_empty() {
            return Some(batch);
        }
        self.writer.reject(rejected).then(|| Rc::new(batch.select(&kept)))
    }

    fn json(&self, batch: &OwnedBatch, row: usize) -> String {
        let mut text = String::from("{");
        for (column, name) in self.names.iter().enumerate() {
            if column > 0 {
                text.push(',');
            }
            write_json_string(name, &mut text);
            text.push(':');
            batch.write_json(column, row, &mut text);
        }
        text.push('}');
        text
    }

    /// All rows have come.
    fn finish(&mut self, missing: Missing) {
        let mut pass = self.pass.borrow_mut();
        pass.finish();
        if let Some(appended) = self.appended.take() {
            let seen = appended.seen(&pass);
            pass.keep_seen(seen);
        }
        let missing = if self.how == How::Replace { missing } else { Missing::Keep };
        // A target that failed tells so in the end.
        self.writer.complete(pass.state(), missing);
    }
}
