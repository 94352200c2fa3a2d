//! SELECTs inside expressions: scalar, EXISTS, IN.

use std::collections::HashSet;
use std::rc::Rc;

use moltler_abi::DataType;
use moltler_abi::manifest::{Query, Subquery, SubqueryKind};
use moltler_abi::runtime_calls::BinaryOperator;

use super::{Result, query, run_while};
use crate::batch::{write_exact_key, write_json_key, write_typed_key};
use crate::context::{ExecContext, Variable, internal_error};
use crate::datum::Operand;
use crate::error::RuntimeError;
use crate::evaluate;
use crate::value::Value;

/// What the rows of a subquery come to, for one combination of arguments.
#[derive(Debug)]
pub(super) enum Outcome {
    Value(Value),
    Members(Members),
}

/// The first column of a subquery behind IN.
#[derive(Debug)]
pub(super) struct Members {
    keys: HashSet<Box<[u8]>>,
    has_null: bool,
    /// The values themselves, where the column is dynamic: they are compared as what the needle is.
    dynamic: Option<Value>,
}

/// The value of a subquery, and its type.
pub fn subquery(
    context: &ExecContext,
    index: u32,
    arguments: Vec<Variable>,
    needle: Operand<'_>,
) -> Result<(Value, DataType)> {
    let subquery = context.manifest().subqueries.get(index as usize);
    let subquery = subquery.ok_or_else(|| internal_error("unknown subquery"))?;
    let query = query(context, subquery.query)?;
    let mut key = index.to_le_bytes().to_vec();
    for Variable { value, boxed } in &arguments {
        key.push(u8::from(*boxed));
        write_exact_key(value, &mut key);
    }
    let outcome = match context.queries().outcome(&key) {
        Some(outcome) => outcome,
        None => {
            // The subquery is a query of its own where none is under way.
            let _entered = context.queries().enter();
            for (slot, argument) in subquery.parameters.iter().zip(arguments) {
                context.set_variable(*slot, argument);
            }
            let outcome = Rc::new(compute(context, subquery, query)?);
            context.queries().keep_outcome(key, &outcome);
            outcome
        }
    };
    let data_type = match subquery.kind {
        SubqueryKind::Scalar => first_type(query),
        SubqueryKind::Exists | SubqueryKind::In => DataType::Boolean,
    };
    Ok(match &*outcome {
        Outcome::Value(value) => (value.clone(), data_type),
        Outcome::Members(members) => (members.find(needle)?, data_type),
    })
}

fn first_type(query: &Query) -> DataType {
    query.columns.first().map_or(DataType::Null, |column| column.data_type)
}

fn compute(context: &ExecContext, subquery: &Subquery, query: &Query) -> Result<Outcome> {
    match subquery.kind {
        SubqueryKind::Scalar => {
            let mut value = None;
            run_while(context, &query.plan, |batch| {
                for row in 0..batch.rows() {
                    if value.replace(batch.value(0, row)).is_some() {
                        let message = "a subquery that is used as a value gave more than one row";
                        return Err(RuntimeError::new("CardinalityError", message).at(subquery.span));
                    }
                }
                Ok(true)
            })?;
            Ok(Outcome::Value(value.unwrap_or_default()))
        }
        SubqueryKind::Exists => {
            let mut exists = false;
            run_while(context, &query.plan, |batch| {
                exists = batch.rows() > 0;
                Ok(!exists)
            })?;
            Ok(Outcome::Value(Value::Boolean(exists)))
        }
        SubqueryKind::In => {
            let (mut keys, mut has_null, mut dynamic) = (HashSet::new(), false, Vec::new());
            let is_dynamic = first_type(query).is_boxed();
            run_while(context, &query.plan, |batch| {
                for row in 0..batch.rows() {
                    let mut key = Vec::new();
                    if !batch.write_key(0, row, &mut key) {
                        has_null = true;
                    } else if keys.insert(key.into_boxed_slice()) && is_dynamic {
                        dynamic.push(batch.value(0, row));
                    }
                }
                Ok(true)
            })?;
            let dynamic = is_dynamic.then(|| Value::Array(Rc::new(dynamic)));
            Ok(Outcome::Members(Members { keys, has_null, dynamic }))
        }
    }
}

impl Members {
    /// Whether the needle is among them.
    fn find(&self, needle: Operand<'_>) -> Result<Value> {
        if self.keys.is_empty() && !self.has_null {
            return Ok(Value::Boolean(false));
        }
        let is_found = match (needle, &self.dynamic) {
            (Operand::Null, _) => return Ok(Value::Null),
            (Operand::Boxed(value), Some(_)) => self.has(|key| write_json_key(value, key)),
            (needle, Some(values)) => {
                let found = evaluate::binary(BinaryOperator::In, needle, Operand::Boxed(values))?;
                found == Value::Boolean(true)
            }
            (needle, None) => self.has(|key| write_typed_key(&needle.to_value(), key)),
        };
        Ok(if !is_found && self.has_null { Value::Null } else { Value::Boolean(is_found) })
    }

    fn has(&self, write: impl FnOnce(&mut Vec<u8>)) -> bool {
        let mut key = Vec::new();
        write(&mut key);
        self.keys.contains(&key[..])
    }
}
