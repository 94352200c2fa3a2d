//! Rows of an entity.

use std::rc::Rc;

use moltler_abi::manifest;

use super::{Operator, Result};
use crate::batch::OwnedBatch;
use crate::connector::calls::{self, Calls};
use crate::connector::query::EntityScan;
use crate::context::ExecContext;
use crate::value::Value;

/// Calls the handler at the first row that is asked for; where one value at a time is passed, once for each.
pub(super) struct Scan<'m> {
    scan: &'m manifest::Scan,
    /// Fields whose values a join knows.
    bound: Vec<(u32, Value)>,
    state: State,
}

enum State {
    NotStarted,
    Running(Box<Running>),
    Done,
}

struct Running {
    calls: Calls,
    current: Option<EntityScan>,
    /// `my_service_prod.items`
    source: String,
}

impl<'m> Scan<'m> {
    pub(super) fn new(scan: &'m manifest::Scan) -> Scan<'m> {
        Scan::bound(scan, Vec::new())
    }

    /// With further filters.
    pub(super) fn bound(scan: &'m manifest::Scan, bound: Vec<(u32, Value)>) -> Scan<'m> {
        Scan { scan, bound, state: State::NotStarted }
    }
}

impl Running {
    fn next(&mut self, context: &ExecContext) -> Result<Option<Rc<OwnedBatch>>> {
        loop {
            let Some(current) = &mut self.current else {
                self.current = self.calls.start(context)?;
                if self.current.is_none() {
                    return Ok(None);
                }
                continue;
            };
            match current.next(context)? {
                Some(batch) => {
                    self.count(context, batch.rows());
                    if let Some(batch) = self.of_this_call(batch) {
                        return Ok(Some(batch));
                    }
                }
                None => {
                    current.close(context)?;
                    self.current = None;
                }
            }
        }
    }

    fn count(&self, context: &ExecContext, rows: usize) {
        let counters = context.counters();
        counters.pages.set(counters.pages.get() + 1);
        counters.rows.set(counters.rows.get() + rows as u64);
        if let Some(trace) = context.trace() {
            trace.rows(&self.source, rows);
        }
    }

    /// The rows without those that another call is about: a handler may give more than it was asked for.
    fn of_this_call(&self, batch: OwnedBatch) -> Option<Rc<OwnedBatch>> {
        let expected = self.calls.expected();
        if expected.is_empty() {
            return (batch.rows() > 0).then(|| Rc::new(batch));
        }
        let mut key = Vec::new();
        let mut agrees = |row: usize| {
            expected.iter().all(|(column, expected)| {
                key.clear();
                batch.write_key(*column, row, &mut key);
                key == *expected
            })
        };
        let places: Vec<u32> = (0..batch.rows()).filter(|row| agrees(*row)).map(|row| row as u32).collect();
        match places.len() {
            0 => None,
            rows if rows == batch.rows() => Some(Rc::new(batch)),
            _ => Some(Rc::new(batch.select(&places))),
        }
    }
}

impl Operator for Scan<'_> {
    fn next(&mut self, context: &ExecContext) -> Result<Option<Rc<OwnedBatch>>> {
        if matches!(self.state, State::NotStarted) {
            self.state = match calls::prepare(context, self.scan, &self.bound)? {
                Some(calls) => {
                    State::Running(Box::new(Running { calls, current: None, source: source(context, self.scan) }))
                }
                None => State::Done,
            };
        }
        match &mut self.state {
            State::Running(running) => running.next(context),
            State::NotStarted | State::Done => Ok(None),
        }
    }

    fn close(&mut self, context: &ExecContext) -> Result<()> {
        match std::mem::replace(&mut self.state, State::Done) {
            State::Running(running) => match running.current {
                Some(mut current) => current.close(context),
                None => Ok(()),
            },
            State::NotStarted | State::Done => Ok(()),
        }
    }
}

/// `my_service_prod.items`
pub(crate) fn source(context: &ExecContext, scan: &manifest::Scan) -> String {
    let entity = context.manifest().entities.get(scan.entity as usize);
    format!("{}.{}", scan.instance, entity.map_or("", |entity| &entity.name))
}
