//! Rows of an entity.

use std::rc::Rc;

use moltler_abi::manifest;

use super::{Operator, Result};
use crate::batch::OwnedBatch;
use crate::connector::query::{self, EntityScan};
use crate::context::ExecContext;

/// Calls the handler at the first row that is asked for.
pub(super) struct Scan<'m> {
    scan: &'m manifest::Scan,
    state: State,
}

enum State {
    NotStarted,
    Running(Box<EntityScan>),
    Done,
}

impl<'m> Scan<'m> {
    pub(super) fn new(scan: &'m manifest::Scan) -> Scan<'m> {
        Scan { scan, state: State::NotStarted }
    }
}

impl Operator for Scan<'_> {
    fn next(&mut self, context: &ExecContext) -> Result<Option<Rc<OwnedBatch>>> {
        if matches!(self.state, State::NotStarted) {
            self.state = match query::open(context, self.scan)? {
                Some(scan) => State::Running(Box::new(scan)),
                None => State::Done,
            };
        }
        let State::Running(running) = &mut self.state else { return Ok(None) };
        loop {
            match running.next(context)? {
                Some(batch) if batch.rows() == 0 => {}
                Some(batch) => return Ok(Some(Rc::new(batch))),
                None => return Ok(None),
            }
        }
    }

    fn close(&mut self, context: &ExecContext) -> Result<()> {
        match std::mem::replace(&mut self.state, State::Done) {
            State::Running(mut running) => running.close(context),
            State::NotStarted | State::Done => Ok(()),
        }
    }
}
