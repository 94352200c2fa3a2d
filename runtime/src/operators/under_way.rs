//! What a query keeps until it ends, for itself and the queries inside it: results of subqueries, rows of WITH, the number of calls.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use super::Result;
use super::subquery::Outcome;
use crate::batch::OwnedBatch;
use crate::connector::instance::Instance;
use crate::error::RuntimeError;
use crate::value::Document;

/// How many calls of handlers a query may make, unless told otherwise.
pub const MAX_CALLS: u64 = 1000;

/// State of the outermost query under way; empty while none is.
#[derive(Default)]
pub struct UnderWay {
    depth: Cell<u32>,
    calls: Cell<u64>,
    outcomes: RefCell<HashMap<Box<[u8]>, Rc<Outcome>>>,
    shared: RefCell<HashMap<u32, Rc<Vec<Rc<OwnedBatch>>>>>,
    /// The calls of handlers so far, where somebody asked for them.
    observed: RefCell<Option<Vec<ObservedCall>>>,
}

/// A call of an entity's handler, with what it was told.
#[derive(Clone)]
pub struct ObservedCall {
    /// Whose.
    pub instance: Rc<Instance>,
    /// Index into the manifest's entities.
    pub entity: u32,
    /// `filters`
    pub filters: Document,
    /// `options`
    pub options: Document,
}

/// A query runs as long as this lives.
pub struct Entered<'c>(&'c UnderWay);

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        let state = self.0;
        state.depth.set(state.depth.get() - 1);
        if state.depth.get() == 0 {
            state.calls.set(0);
            state.outcomes.take();
            state.shared.take();
        }
    }
}

impl UnderWay {
    /// A query starts.
    pub fn enter(&self) -> Entered<'_> {
        self.depth.set(self.depth.get() + 1);
        Entered(self)
    }

    /// Counts a call of the handler of `source` that is about to be made; an error where that is one too many.
    pub fn count_call(&self, source: &str, limit: u64) -> Result<()> {
        self.check_calls(source, 1, limit)?;
        self.calls.set(self.calls.get() + 1);
        Ok(())
    }

    /// Whether so many more calls may be made; an error where they are too many.
    pub fn check_calls(&self, source: &str, calls: u64, limit: u64) -> Result<()> {
        if self.calls.get().saturating_add(calls) > limit {
            return Err(RuntimeError::new(
                "CallLimitError",
                format!("`{source}` would be called too often: the query needs more than {limit} calls of handlers"),
            )
            .with_note("`--max-calls NUMBER` allows more; a condition that leaves fewer values needs fewer"));
        }
        Ok(())
    }

    /// From now on calls are kept, beyond the end of queries.
    pub fn observe(&self) {
        self.observed.borrow_mut().get_or_insert_default();
    }

    /// The calls that were kept; no more are.
    pub fn take_observed(&self) -> Vec<ObservedCall> {
        self.observed.take().unwrap_or_default()
    }

    /// Keeps a call where somebody asked for it.
    pub fn keep_call(&self, call: impl FnOnce() -> ObservedCall) {
        if let Some(calls) = &mut *self.observed.borrow_mut() {
            calls.push(call());
        }
    }

    pub(super) fn outcome(&self, key: &[u8]) -> Option<Rc<Outcome>> {
        self.outcomes.borrow().get(key).cloned()
    }

    pub(super) fn keep_outcome(&self, key: Vec<u8>, outcome: &Rc<Outcome>) {
        self.outcomes.borrow_mut().insert(key.into(), Rc::clone(outcome));
    }

    pub(super) fn shared(&self, index: u32) -> Option<Rc<Vec<Rc<OwnedBatch>>>> {
        self.shared.borrow().get(&index).cloned()
    }

    pub(super) fn keep_shared(&self, index: u32, batches: &Rc<Vec<Rc<OwnedBatch>>>) {
        self.shared.borrow_mut().insert(index, Rc::clone(batches));
    }
}
