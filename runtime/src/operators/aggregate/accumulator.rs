//! The aggregates: what is kept of the rows of each group, and what comes of it.

use std::rc::Rc;

use moltler_abi::DataType;
use moltler_abi::aggregates::AggregateFunction;
use moltler_abi::manifest::Aggregate;
use moltler_abi::runtime_calls::BinaryOperator;

use super::Result;
use crate::batch::{KeyTable, OwnedBatch};
use crate::coerce::{add_intervals, coerce, to_text};
use crate::datum::Operand;
use crate::error::RuntimeError;
use crate::evaluate::{self, compare_json};
use crate::value::{Interval, Value};

/// One aggregate over all groups.
pub(super) struct Accumulator {
    function: AggregateFunction,
    argument: Option<usize>,
    separator: Option<usize>,
    data_type: DataType,
    /// DISTINCT: group and key of every argument so far.
    seen: Option<KeyTable>,
    state: State,
}

/// An element for each group.
enum State {
    Counts(Vec<i64>),
    Sums(Vec<Sum>),
    /// The least or the greatest so far; NULL for none.
    Extremes(Vec<Value>),
    Arrays(Vec<Vec<Value>>),
    Texts(Vec<Option<String>>),
    Truths(Vec<Option<bool>>),
}

/// A sum under way. Integers are added exactly; with a number among them, the sum is a number.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    count: i64,
    whole: i128,
    number: f64,
    has_number: bool,
    interval: Option<Interval>,
}

impl Sum {
    fn add(&mut self, value: &Value) -> Result<()> {
        match value {
            Value::Integer(integer) => self.whole += i128::from(*integer),
            Value::Number(number) => {
                self.number += number;
                self.has_number = true;
            }
            Value::Interval(interval) => {
                let sum = add_intervals(self.interval.unwrap_or_default(), *interval).ok_or_else(out_of_range)?;
                self.interval = Some(sum);
            }
            // Dynamic: numeric text counts as the number it shows, anything else is left out.
            Value::String(_) => {
                let number = coerce(value, DataType::Integer, None).or_else(|| coerce(value, DataType::Number, None));
                return number.map_or(Ok(()), |number| self.add(&number));
            }
            _ => return Ok(()),
        }
        self.count += 1;
        Ok(())
    }

    fn total(&self, data_type: DataType) -> Result<Value> {
        if let Some(interval) = self.interval {
            return Ok(Value::Interval(interval));
        }
        if self.count == 0 {
            return Ok(Value::Null);
        }
        if self.has_number || data_type == DataType::Number {
            return finite(self.whole as f64 + self.number);
        }
        i64::try_from(self.whole).map(Value::Integer).map_err(|_| out_of_range())
    }

    fn mean(&self) -> Result<Value> {
        if let Some(interval) = self.interval {
            let (sum, count) = (Operand::Interval(interval), Operand::Integer(self.count));
            return evaluate::binary(BinaryOperator::Divide, sum, count);
        }
        if self.count == 0 {
            return Ok(Value::Null);
        }
        finite((self.whole as f64 + self.number) / self.count as f64)
    }
}

fn finite(number: f64) -> Result<Value> {
    if number.is_finite() { Ok(Value::Number(number)) } else { Err(out_of_range()) }
}

fn out_of_range() -> RuntimeError {
    RuntimeError::new("OverflowError", "the sum is out of range")
}

impl Accumulator {
    pub(super) fn new(aggregate: &Aggregate) -> Accumulator {
        let state = match aggregate.function {
            AggregateFunction::CountRows | AggregateFunction::Count => State::Counts(Vec::new()),
            AggregateFunction::Sum | AggregateFunction::Avg => State::Sums(Vec::new()),
            AggregateFunction::Min | AggregateFunction::Max => State::Extremes(Vec::new()),
            AggregateFunction::ArrayAgg => State::Arrays(Vec::new()),
            AggregateFunction::StringAgg => State::Texts(Vec::new()),
            AggregateFunction::BoolAnd | AggregateFunction::BoolOr => State::Truths(Vec::new()),
        };
        Accumulator {
            function: aggregate.function,
            argument: aggregate.argument.map(|column| column as usize),
            separator: aggregate.separator.map(|column| column as usize),
            data_type: aggregate.data_type,
            seen: aggregate.distinct.then(KeyTable::default),
            state,
        }
    }

    /// Room for so many groups.
    pub(super) fn resize(&mut self, groups: usize) {
        match &mut self.state {
            State::Counts(counts) => counts.resize(groups, 0),
            State::Sums(sums) => sums.resize(groups, Sum::default()),
            State::Extremes(values) => values.resize(groups, Value::Null),
            State::Arrays(arrays) => arrays.resize(groups, Vec::new()),
            State::Texts(texts) => texts.resize(groups, None),
            State::Truths(truths) => truths.resize(groups, None),
        }
    }

    /// Takes the rows of a batch in, each into its group, of which there are `count`.
    pub(super) fn add(&mut self, batch: &OwnedBatch, groups: &[u32], count: usize) -> Result<()> {
        self.resize(count);
        let Some(argument) = self.argument else {
            if let State::Counts(counts) = &mut self.state {
                groups.iter().for_each(|group| counts[*group as usize] += 1);
            }
            return Ok(());
        };
        if self.seen.is_none() && self.add_column(batch, argument, groups) {
            return Ok(());
        }
        let mut key = Vec::new();
        for (row, group) in groups.iter().enumerate() {
            if batch.is_null(argument, row) && self.function != AggregateFunction::ArrayAgg {
                continue;
            }
            if let Some(seen) = &mut self.seen {
                key.clear();
                key.extend(group.to_le_bytes());
                batch.write_key(argument, row, &mut key);
                if !seen.insert(&key).1 {
                    continue;
                }
            }
            self.add_row(batch, argument, row, *group as usize)?;
        }
        Ok(())
    }

    /// Whole columns of numbers, without a value for each.
    fn add_column(&mut self, batch: &OwnedBatch, argument: usize, groups: &[u32]) -> bool {
        match &mut self.state {
            State::Counts(counts) => {
                for (row, group) in groups.iter().enumerate() {
                    counts[*group as usize] += i64::from(!batch.is_null(argument, row));
                }
                true
            }
            State::Sums(sums) => {
                if let Some(numbers) = batch.numbers(argument) {
                    for (row, group) in groups.iter().enumerate().filter(|(row, _)| !batch.is_null(argument, *row)) {
                        let sum = &mut sums[*group as usize];
                        sum.number += numbers[row];
                        sum.has_number = true;
                        sum.count += 1;
                    }
                    return true;
                }
                if let Some(integers) = batch.integers(argument) {
                    for (row, group) in groups.iter().enumerate().filter(|(row, _)| !batch.is_null(argument, *row)) {
                        let sum = &mut sums[*group as usize];
                        sum.whole += i128::from(integers[row]);
                        sum.count += 1;
                    }
                    return true;
                }
                false
            }
            _ => false,
        }
    }

    fn add_row(&mut self, batch: &OwnedBatch, argument: usize, row: usize, group: usize) -> Result<()> {
        match &mut self.state {
            State::Counts(counts) => counts[group] += 1,
            State::Sums(sums) => sums[group].add(&batch.value(argument, row))?,
            State::Extremes(values) => {
                let extreme = &mut values[group];
                // A text is copied only where it is kept.
                let ordering = match (batch.text(argument, row), &*extreme) {
                    (_, Value::Null) => None,
                    (Some(text), Value::String(extreme)) => Some(text.cmp(extreme)),
                    (_, extreme) => Some(compare_json(&batch.value(argument, row), extreme)),
                };
                let replaces = ordering.is_none_or(|ordering| match self.function {
                    AggregateFunction::Min => ordering.is_lt(),
                    _ => ordering.is_gt(),
                });
                if replaces {
                    *extreme = batch.value(argument, row);
                }
            }
            State::Arrays(arrays) => arrays[group].push(batch.value(argument, row)),
            State::Texts(texts) => {
                let value = batch.value(argument, row);
                match &mut texts[group] {
                    Some(text) => {
                        if let Some(separator) = self.separator {
                            text.push_str(&to_text(&batch.value(separator, row)));
                        }
                        text.push_str(&to_text(&value));
                    }
                    none => *none = Some(to_text(&value).to_string()),
                }
            }
            State::Truths(truths) => {
                if let Value::Boolean(boolean) = batch.value(argument, row) {
                    let truth = &mut truths[group];
                    *truth = Some(match (self.function, *truth) {
                        (_, None) => boolean,
                        (AggregateFunction::BoolAnd, Some(truth)) => truth && boolean,
                        (_, Some(truth)) => truth || boolean,
                    });
                }
            }
        }
        Ok(())
    }

    /// The value of a group; asked for once.
    pub(super) fn finish(&mut self, group: usize) -> Result<Value> {
        Ok(match &mut self.state {
            State::Counts(counts) => Value::Integer(counts[group]),
            State::Sums(sums) if self.function == AggregateFunction::Avg => sums[group].mean()?,
            State::Sums(sums) => sums[group].total(self.data_type)?,
            State::Extremes(values) => std::mem::take(&mut values[group]),
            State::Arrays(arrays) => {
                let items = std::mem::take(&mut arrays[group]);
                if items.is_empty() { Value::Null } else { Value::Array(Rc::new(items)) }
            }
            State::Texts(texts) => texts[group].take().map_or(Value::Null, |text| Value::String(text.into())),
            State::Truths(truths) => truths[group].map_or(Value::Null, Value::Boolean),
        })
    }
}
