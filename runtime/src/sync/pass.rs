//! What a run reads, and what each batch means for the state.

use std::rc::Rc;

use moltler_abi::DataType;
use moltler_abi::manifest::{Span, Sync};

use super::cursor::{Cursor, greater};
use super::state::State;
use crate::batch::OwnedBatch;
use crate::coerce::{coerce, excerpt, interval_order, value_to_json};
use crate::context::ExecContext;
use crate::error::RuntimeError;
use crate::value::{Document, Interval, Value};

/// How far before the cursor a run starts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Lookback {
    /// At it.
    #[default]
    None,
    /// For times and days.
    Interval(Interval),
    /// For numbers.
    Number(f64),
}

impl Lookback {
    /// LOOKBACK of a sync.
    pub(super) fn of(context: &ExecContext, sync: &Sync) -> Result<Lookback, RuntimeError> {
        let Some(lookback) = sync.lookback else { return Ok(Lookback::None) };
        let value = context.evaluate(lookback)?;
        match (&value, coerce(&value, DataType::Number, None)) {
            (Value::Null, _) => Ok(Lookback::None),
            (Value::Interval(interval), _) if interval_order(*interval) >= 0 => Ok(Lookback::Interval(*interval)),
            (_, Some(Value::Number(number))) if number >= 0.0 => Ok(Lookback::Number(number)),
            _ => {
                let message =
                    format!("LOOKBACK must be an interval or a number that is not negative, not {}", excerpt(&value));
                Err(RuntimeError::new("TypeError", message))
            }
        }
    }
}

/// A run while it reads.
pub(super) struct Pass {
    /// Where the scan of the job stands: subqueries of WHERE have others.
    span: Span,
    /// INCREMENTAL ON: name, type and column.
    field: Option<(String, DataType, usize)>,
    lookback: Lookback,
    state: State,
    /// When the run started, where the field has times.
    started: Option<Cursor>,
    call: Option<Call>,
    /// Whether a call was told where to start.
    pub(super) has_since: bool,
}

/// A call of the handler under way.
struct Call {
    /// `filters` as JSON.
    filters: String,
    /// The cursor of the last run.
    saved: Option<Cursor>,
    /// From where it reads.
    since: Option<Cursor>,
    /// The greatest value so far.
    greatest: Option<Cursor>,
    /// The last one.
    last: Option<Cursor>,
    /// Whether no row had a lesser value than the one before.
    ascends: bool,
    /// Of a field without time: what was known when the first batch had come.
    bound: Option<Cursor>,
    batches: u32,
}

impl Pass {
    /// `span` is where the scan stands; `field` is that of INCREMENTAL ON with its type and column.
    pub(super) fn new(
        context: &ExecContext,
        span: Span,
        field: Option<(String, DataType, usize)>,
        state: State,
        lookback: Lookback,
    ) -> Pass {
        let started = match field {
            Some((_, DataType::Timestamp, _)) => Some(Cursor::Timestamp(context.now())),
            Some((_, DataType::Date, _)) => Some(Cursor::Date(crate::coerce::timestamp_to_date(context.now()))),
            _ => None,
        };
        Pass { span, field, lookback, state, started, call: None, has_since: false }
    }

    /// A handler is called for these filters: the call before has ended.
    pub(super) fn prepare_call(&mut self, span: Span, filters: &Document, options: &mut Document) {
        if span != self.span {
            return;
        }
        self.end_call();
        let filters = value_to_json(&Value::Document(Rc::new(filters.clone())));
        let saved = self.field.as_ref().and_then(|(_, data_type, _)| self.state.cursor(&filters, *data_type));
        let since = saved.as_ref().map(|saved| saved.before(self.lookback));
        if let (Some(since), Some((name, ..))) = (&since, &self.field) {
            self.has_since = true;
            let since = since.to_value();
            options.insert("since".into(), since.clone());
            let condition = Document::from([
                ("field".into(), Value::String(name.as_str().into())),
                ("op".into(), Value::String(">=".into())),
                ("value".into(), since),
            ]);
            let mut conditions = match options.get("where") {
                Some(Value::Array(conditions)) => (**conditions).clone(),
                _ => Vec::new(),
            };
            conditions.push(Value::Document(Rc::new(condition)));
            options.insert("where".into(), Value::Array(Rc::new(conditions)));
        }
        self.call =
            Some(Call { filters, since, saved, greatest: None, last: None, ascends: true, bound: None, batches: 0 });
    }

    /// The clock of the server was at this time when the run started, or later.
    pub(super) fn server_started(&mut self, micros: i64) {
        let server = match &self.started {
            Some(Cursor::Timestamp(_)) => Cursor::Timestamp(micros),
            Some(Cursor::Date(_)) => Cursor::Date(crate::coerce::timestamp_to_date(micros)),
            _ => return,
        };
        self.started = self.started.take().map(|started| started.min(Some(&server)));
    }

    /// Takes note of a batch; gives the rows of it that belong to the run, `None` for all of them.
    pub(super) fn see(&mut self, batch: &OwnedBatch) -> Option<Vec<u32>> {
        let (Some((.., column)), Some(call)) = (&self.field, &mut self.call) else { return None };
        let mut wanted = Vec::with_capacity(batch.rows());
        for row in 0..batch.rows() {
            // A row without a value is new as far as anybody can tell.
            if let Some(cursor) = Cursor::at(batch, *column, row) {
                if call.since.as_ref().is_some_and(|since| cursor < *since) {
                    continue;
                }
                if call.last.as_ref().is_some_and(|last| cursor < *last) {
                    call.ascends = false;
                }
                if call.greatest.as_ref().is_none_or(|greatest| cursor > *greatest) {
                    call.greatest = Some(cursor.clone());
                }
                call.last = Some(cursor);
            }
            wanted.push(row as u32);
        }
        call.batches += 1;
        if call.batches == 1 {
            call.bound = greater(call.saved.clone(), call.greatest.clone());
        }
        (wanted.len() < batch.rows()).then_some(wanted)
    }

    /// The state at which a run could go on now, with the rows so far.
    pub(super) fn checkpoint(&mut self) -> String {
        if let Some(call) = &self.call
            && call.ascends
            && let Some(last) = &call.last
        {
            let (filters, cursor) = (call.filters.clone(), self.bounded(call, last.clone()));
            self.state.set_cursor(&filters, &cursor);
        }
        self.state.to_text()
    }

    /// The call under way has given all its rows.
    fn end_call(&mut self) {
        if let Some(call) = self.call.take() {
            let cursor = call.greatest.clone().map(|greatest| self.bounded(&call, greatest));
            // It never goes back: with LOOKBACK all rows may be from before.
            if let Some(cursor) = greater(cursor, call.saved) {
                self.state.set_cursor(&call.filters, &cursor);
            }
        }
    }

    /// A cursor that no row which changed while the run was reading is before.
    fn bounded(&self, call: &Call, cursor: Cursor) -> Cursor {
        let cursor = cursor.min(self.started.as_ref());
        let cursor = if self.started.is_none() && !call.ascends { cursor.min(call.bound.as_ref()) } else { cursor };
        match &call.saved {
            Some(saved) if *saved > cursor => saved.clone(),
            _ => cursor,
        }
    }

    /// All rows have come.
    pub(super) fn finish(&mut self) {
        self.end_call();
    }

    /// The state for the next run.
    pub(super) fn state(&self) -> String {
        self.state.to_text()
    }

    /// From which value on the next run reads again what this one has read, going by the state so far.
    pub(super) fn resumes_from(&self) -> Option<Cursor> {
        let (_, data_type, _) = self.field.as_ref()?;
        let cursors = self.state.cursors(*data_type).map(|cursor| cursor.before(self.lookback));
        cursors.reduce(|least, cursor| least.min(Some(&cursor)))
    }

    /// Fingerprints of rows that an earlier run of APPEND added and that may come again.
    pub(super) fn seen(&self) -> &[String] {
        self.state.seen()
    }

    /// The same of this run.
    pub(super) fn keep_seen(&mut self, seen: Vec<String>) {
        self.state.keep_seen(seen);
    }
}
