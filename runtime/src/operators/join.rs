//! Joins: the left side flows by, the right side is found by its keys.
//!
//! One operator does all of them. Without keys, every row of the right side has the same, empty key. A dependent join reads
//! the right side in parts, a call for each combination of values that the left side has; the number of the call is then part
//! of the key, so that rows of one call are never partners of another's, whatever a handler returns.

use std::rc::Rc;

use indexmap::IndexSet;
use moltler_abi::manifest::{self, Binding, JoinKind};

use super::{Operator, Result, build, build_bound, drain};
use crate::batch::{BATCH_ROWS, NO_ROW, OwnedBatch, Place};
use crate::context::{ExecContext, internal_error};
use crate::exports;
use crate::value::Value;

mod table;

use table::Table;

/// Pairs of rows in the order of the left side.
pub(super) struct Join<'m> {
    plan: &'m manifest::Join,
    left: Box<dyn Operator + 'm>,
    right: Right<'m>,
    /// What was read of the right side.
    batches: Vec<Rc<OwnedBatch>>,
    table: Table,
    probe: Option<Probe>,
}

/// Where rows of the right side come from.
enum Right<'m> {
    /// All at once; `None` when they are read.
    Whole(Option<Box<dyn Operator + 'm>>),
    /// By values of the left side: the keys of the calls made so far.
    Calls { bindings: &'m [Binding], made: IndexSet<Box<[u8]>> },
}

/// A left batch under way.
struct Probe {
    batch: Rc<OwnedBatch>,
    row: usize,
    /// Whether `candidate` is about `row` already.
    entered: bool,
    candidate: Option<u32>,
    /// Whether a partner of `row` was found.
    matched: bool,
}

/// Rows that may be partners, and behind which of them each left row ends.
#[derive(Default)]
struct Candidates {
    left: Vec<Place>,
    right: Vec<Place>,
    ends: Vec<(u32, usize)>,
}

impl<'m> Join<'m> {
    /// A join that reads its right side first.
    pub(super) fn new(plan: &'m manifest::Join) -> Join<'m> {
        Join::with(plan, Right::Whole(Some(build(&plan.right))))
    }

    /// A join that calls its right side for values of the left side.
    pub(super) fn dependent(plan: &'m manifest::Join, bindings: &'m [Binding]) -> Join<'m> {
        Join::with(plan, Right::Calls { bindings, made: IndexSet::new() })
    }

    fn with(plan: &'m manifest::Join, right: Right<'m>) -> Join<'m> {
        let left = build(&plan.left);
        Join { plan, left, right, batches: Vec::new(), table: Table::default(), probe: None }
    }

    /// Reads the right side, unless it is read by calls.
    fn read_right(&mut self, context: &ExecContext) -> Result<()> {
        let Right::Whole(right) = &mut self.right else { return Ok(()) };
        let Some(operator) = right else { return Ok(()) };
        let mut batches = Vec::new();
        while let Some(batch) = operator.next(context)? {
            batches.push(batch);
        }
        operator.close(context)?;
        *right = None;
        let batch = match batches.len() {
            1 => batches.remove(0),
            _ => Rc::new(OwnedBatch::concat(&self.plan.right_columns, &batches)),
        };
        self.keep(&batch, &[]);
        Ok(())
    }

    /// Puts rows of the right side into the table; those without partners for all times are left out.
    fn keep(&mut self, batch: &Rc<OwnedBatch>, prefix: &[u8]) {
        let index = self.batches.len() as u32;
        let mut key = Vec::new();
        for row in 0..batch.rows() {
            key.clear();
            key.extend_from_slice(prefix);
            if self.plan.keys.iter().all(|(_, column)| batch.write_key(*column as usize, row, &mut key)) {
                self.table.insert(&key, (index, row as u32));
            }
        }
        self.batches.push(Rc::clone(batch));
    }

    /// The number of the call that a left row belongs to; `None` where a bound value is NULL. Makes the call, unless it was
    /// made or `may_call` is false: then gives `Err(None)`.
    fn call(&mut self, context: &ExecContext, batch: &OwnedBatch, row: usize, may_call: bool) -> Result<Called> {
        let Right::Calls { bindings, made } = &mut self.right else { return Ok(Called::Not) };
        let mut key = Vec::new();
        if !bindings.iter().all(|binding| batch.write_key(binding.column as usize, row, &mut key)) {
            return Ok(Called::Never);
        }
        if let Some(call) = made.get_index_of(&key[..]) {
            return Ok(Called::Number(call as u32));
        }
        if !may_call {
            return Ok(Called::Later);
        }
        let number = made.insert_full(key.into()).0 as u32;
        let bound: Vec<(u32, Value)> =
            bindings.iter().map(|binding| (binding.field, batch.value(binding.column as usize, row))).collect();
        let mut operator = build_bound(&self.plan.right, bound)?;
        for batch in drain(context, operator.as_mut())? {
            self.keep(&batch, &number.to_le_bytes());
        }
        Ok(Called::Number(number))
    }

    /// The first candidate of a left row. `Err` where a call is needed for it that may not be made now.
    fn candidate(
        &mut self,
        context: &ExecContext,
        batch: &OwnedBatch,
        row: usize,
        may_call: bool,
    ) -> Result<Option<Option<u32>>> {
        let mut key = Vec::new();
        match self.call(context, batch, row, may_call)? {
            Called::Not => {}
            Called::Never => return Ok(Some(None)),
            Called::Later => return Ok(None),
            Called::Number(call) => key.extend(call.to_le_bytes()),
        }
        let has_key = self.plan.keys.iter().all(|(column, _)| batch.write_key(*column as usize, row, &mut key));
        Ok(Some(if has_key { self.table.first(&key) } else { None }))
    }

    /// Some more candidates of the batch under way.
    fn candidates(&mut self, context: &ExecContext, probe: &mut Probe) -> Result<Candidates> {
        let mut candidates = Candidates::default();
        while candidates.left.len() < BATCH_ROWS && probe.row < probe.batch.rows() {
            if !probe.entered {
                // What was found is passed on before a handler is called again: perhaps it is enough.
                let nothing_yet = candidates.ends.is_empty();
                let Some(candidate) = self.candidate(context, &probe.batch, probe.row, nothing_yet)? else { break };
                probe.candidate = candidate;
                probe.entered = true;
            }
            while let Some(candidate) = probe.candidate
                && candidates.left.len() < BATCH_ROWS
            {
                let (place, next) = self.table.row(candidate);
                candidates.left.push((0, probe.row as u32));
                candidates.right.push(place);
                probe.candidate = next;
            }
            if probe.candidate.is_none() {
                candidates.ends.push((probe.row as u32, candidates.left.len()));
                probe.row += 1;
                probe.entered = false;
            }
        }
        Ok(candidates)
    }

    fn pairs(&self, left: &Rc<OwnedBatch>, left_places: &[Place], right_places: &[Place]) -> OwnedBatch {
        let left = OwnedBatch::take(&self.plan.left_columns, std::slice::from_ref(left), left_places);
        OwnedBatch::beside(left, OwnedBatch::take(&self.plan.right_columns, &self.batches, right_places))
    }

    /// Which of the candidates the rest of ON holds for.
    fn partners(&self, context: &ExecContext, left: &Rc<OwnedBatch>, candidates: &Candidates) -> Result<Vec<bool>> {
        let count = candidates.left.len();
        let Some(condition) = &self.plan.condition else { return Ok(vec![true; count]) };
        if count == 0 {
            return Ok(Vec::new());
        }
        let input = self.pairs(left, &candidates.left, &candidates.right);
        match exports::run_pipeline(context, condition, &input)? {
            Some(output) if output.rows() == count => Ok((0..count).map(|row| output.is_true(0, row)).collect()),
            _ => Err(internal_error("the condition of a join left out pairs")),
        }
    }

    /// The rows that come of these candidates.
    fn join(&self, context: &ExecContext, probe: &mut Probe, candidates: &Candidates) -> Result<Option<OwnedBatch>> {
        let partners = self.partners(context, &probe.batch, candidates)?;
        let (mut left, mut right) = (Vec::new(), Vec::new());
        let mut start = 0;
        let mut pass = |range: std::ops::Range<usize>, matched: &mut bool| {
            for pair in range.filter(|pair| partners[*pair]) {
                left.push(candidates.left[pair]);
                right.push(candidates.right[pair]);
                *matched = true;
            }
        };
        let mut alone = Vec::new();
        for (row, end) in &candidates.ends {
            pass(start..*end, &mut probe.matched);
            if !std::mem::take(&mut probe.matched) {
                alone.push(*row);
            }
            start = *end;
        }
        pass(start..candidates.left.len(), &mut probe.matched);
        if self.plan.kind == JoinKind::Left && !alone.is_empty() {
            (left, right) = with_rows_alone(left, right, &alone);
        }
        Ok((!left.is_empty()).then(|| self.pairs(&probe.batch, &left, &right)))
    }
}

/// Puts the rows without a partner in between, in the order of the left side. Both lists are in that order.
fn with_rows_alone(left: Vec<Place>, right: Vec<Place>, alone: &[u32]) -> (Vec<Place>, Vec<Place>) {
    let mut pairs = left.into_iter().zip(right).peekable();
    let mut all = Vec::new();
    for row in alone {
        while let Some(pair) = pairs.next_if(|((_, partnered), _)| partnered < row) {
            all.push(pair);
        }
        all.push(((0, *row), NO_ROW));
    }
    all.extend(pairs);
    all.into_iter().unzip()
}

/// Which call a left row belongs to.
enum Called {
    /// The right side is not read by calls.
    Not,
    /// None: a bound value is NULL.
    Never,
    /// One that was not made, and may not be made now.
    Later,
    /// This one.
    Number(u32),
}

impl Operator for Join<'_> {
    fn next(&mut self, context: &ExecContext) -> Result<Option<Rc<OwnedBatch>>> {
        self.read_right(context)?;
        if matches!(self.right, Right::Whole(_)) && self.table.is_empty() && self.plan.kind == JoinKind::Inner {
            return Ok(None);
        }
        loop {
            let mut probe = match self.probe.take() {
                Some(probe) => probe,
                None => {
                    let Some(batch) = self.left.next(context)? else { return Ok(None) };
                    Probe { batch, row: 0, entered: false, candidate: None, matched: false }
                }
            };
            let candidates = self.candidates(context, &mut probe)?;
            let rows = self.join(context, &mut probe, &candidates)?;
            if probe.row < probe.batch.rows() {
                self.probe = Some(probe);
            }
            if let Some(rows) = rows {
                return Ok(Some(Rc::new(rows)));
            }
        }
    }

    fn close(&mut self, context: &ExecContext) -> Result<()> {
        let left = self.left.close(context);
        let right = match &mut self.right {
            Right::Whole(Some(right)) => right.close(context),
            Right::Whole(None) | Right::Calls { .. } => Ok(()),
        };
        left.and(right)
    }
}
