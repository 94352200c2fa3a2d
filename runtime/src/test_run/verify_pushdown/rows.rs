//! Calls of a handler, their rows, and what Moltler makes of rows.

use std::cmp::Ordering;
use std::rc::Rc;

use moltler_abi::manifest::{Entity, Field};
use moltler_abi::runtime_calls::BinaryOperator;

use crate::coerce::value_to_json;
use crate::connector::instance::Instance;
use crate::connector::query;
use crate::context::ExecContext;
use crate::datum::Operand;
use crate::error::RuntimeError;
use crate::evaluate;
use crate::value::{Document, Value};

/// Values in the order of the entity's fields.
pub(super) type Row = Vec<Value>;

/// A condition that a handler may be told.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Condition {
    /// Index into the entity's fields.
    pub(super) field: usize,
    /// As in `options.where`.
    pub(super) operator: String,
    /// NULL for `is null`.
    pub(super) value: Value,
}

/// What a handler is told beside what it needs.
#[derive(Clone, Debug, Default)]
pub(super) struct Request {
    pub(super) conditions: Vec<Condition>,
    /// Fields and whether descending.
    pub(super) order: Vec<(usize, bool)>,
    pub(super) limit: Option<usize>,
}

/// What a call gave, and which answers of the mock it used.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) rows: Vec<Row>,
    /// Method and URL of each request.
    pub(super) requests: Vec<String>,
    /// Key and response of MOCK_API for each request.
    pub(super) used: Vec<(usize, usize)>,
}

/// The filters without which the handler can't be called, or whose values its rows take.
pub(super) fn needed(entity: &Entity, filters: &Document) -> Document {
    let is_needed = |name: &str| {
        entity.fields.iter().enumerate().any(|(index, field)| {
            let required = entity.pushdown.required.iter().any(|set| set.contains(&(index as u32)));
            field.name == name && (required || field.required || field.filter_only || field.from_filter)
        })
    };
    filters.iter().filter(|(name, _)| is_needed(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Calls the handler for all of its rows.
pub(super) fn call(
    context: &ExecContext,
    instance: &Rc<Instance>,
    entity: u32,
    needed: &Document,
    request: &Request,
) -> Result<Answer, RuntimeError> {
    let definition = &context.manifest().entities[entity as usize];
    let columns: Vec<u32> = columns(definition).collect();
    let text = |text: &str| Value::String(text.into());
    let name = |field: usize| text(&definition.fields[field].name);
    let mut filters = needed.clone();
    let mut told: Vec<Value> = Vec::new();
    for (field, value) in needed.iter() {
        let condition = [("field", text(field)), ("op", text("=")), ("value", value.clone())];
        told.push(document(condition));
    }
    for condition in &request.conditions {
        if condition.operator == "=" {
            filters.insert(definition.fields[condition.field].name.as_str().into(), condition.value.clone());
        }
        let head = [("field", name(condition.field)), ("op", text(&condition.operator))];
        told.push(if condition.operator.starts_with("is ") {
            document(head)
        } else {
            document(head.into_iter().chain([("value", condition.value.clone())]))
        });
    }
    let mut options = Document::new();
    if let Some(limit) = request.limit {
        options.insert("limit".into(), Value::Integer(limit as i64));
    }
    if !request.order.is_empty() {
        let keys = request.order.iter().map(|(field, descending)| {
            document([("field", name(*field)), ("direction", text(if *descending { "desc" } else { "asc" }))])
        });
        options.insert("orderBy".into(), Value::Array(Rc::new(keys.collect())));
    }
    let fields = columns.iter().map(|field| name(*field as usize));
    options.insert("fields".into(), Value::Array(Rc::new(fields.collect())));
    if !told.is_empty() {
        options.insert("where".into(), Value::Array(Rc::new(told)));
    }
    let mock = context.setup().mock.clone();
    if let Some(mock) = &mock {
        mock.rewind();
    }
    let mut rows = Vec::new();
    let mut scan = query::start(context, Rc::clone(instance), entity, columns.clone(), filters, options, None)?;
    let outcome = loop {
        match scan.next(context) {
            Ok(Some(batch)) => rows.extend((0..batch.rows()).map(|row| {
                let mut values = vec![Value::Null; definition.fields.len()];
                for (column, field) in columns.iter().enumerate() {
                    values[*field as usize] = batch.value(column, row);
                }
                values
            })),
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    scan.close(context)?;
    outcome?;
    let (requests, used) = mock.map(|mock| mock.answered()).unwrap_or_default();
    Ok(Answer { rows, requests, used })
}

/// The fields that rows carry.
pub(super) fn columns(entity: &Entity) -> impl Iterator<Item = u32> {
    let fields = entity.fields.iter().enumerate();
    fields.filter(|(_, field)| !field.filter_only).map(|(index, _)| index as u32)
}

fn document<'a>(members: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    Value::Document(Rc::new(members.into_iter().map(|(key, value)| (Rc::from(key), value)).collect()))
}

impl Condition {
    /// Whether it is TRUE for the row.
    pub(super) fn holds(&self, row: &Row, field: &Field) -> bool {
        use BinaryOperator::*;
        let value = &row[self.field];
        let operator = match self.operator.as_str() {
            "=" => Equal,
            "!=" => NotEqual,
            "<" => Less,
            "<=" => LessEqual,
            ">" => Greater,
            ">=" => GreaterEqual,
            "in" => In,
            "not in" => NotIn,
            "like" => Like,
            "contains" => Contains,
            "is null" => return *value == Value::Null,
            _ => return *value != Value::Null,
        };
        let operand = if field.data_type.is_boxed() && *value != Value::Null {
            Operand::Boxed(value)
        } else {
            Operand::of(value)
        };
        evaluate::binary(operator, operand, Operand::of(&self.value)) == Ok(Value::Boolean(true))
    }

    /// As it would be written: `status = 'open'`.
    pub(super) fn text(&self, entity: &Entity) -> String {
        let field = &entity.fields[self.field].name;
        let operator = self.operator.to_uppercase();
        if self.operator.starts_with("is ") {
            return format!("{field} {operator}");
        }
        let literal = |value: &Value| match value {
            Value::String(_) | Value::Timestamp(_) | Value::Date(_) => {
                format!("'{}'", crate::coerce::to_text(value).replace('\'', "''"))
            }
            other => value_to_json(other),
        };
        match &self.value {
            Value::Array(items) if operator.ends_with("IN") => {
                let items: Vec<String> = items.iter().map(literal).collect();
                format!("{field} {operator} ({})", items.join(", "))
            }
            value => format!("{field} {operator} {}", literal(value)),
        }
    }
}

impl Request {
    /// As it would be written: `WHERE status = 'open' ORDER BY id LIMIT 2`.
    pub(super) fn text(&self, entity: &Entity) -> String {
        let mut parts = Vec::new();
        if !self.conditions.is_empty() {
            let conditions: Vec<String> = self.conditions.iter().map(|condition| condition.text(entity)).collect();
            parts.push(format!("WHERE {}", conditions.join(" AND ")));
        }
        if !self.order.is_empty() {
            let keys = self.order.iter().map(|(field, descending)| {
                format!("{}{}", entity.fields[*field].name, if *descending { " DESC" } else { "" })
            });
            parts.push(format!("ORDER BY {}", keys.collect::<Vec<_>>().join(", ")));
        }
        if let Some(limit) = self.limit {
            parts.push(format!("LIMIT {limit}"));
        }
        parts.join(" ")
    }
}

/// Order of two rows; NULLs last where ascending, first where descending.
pub(super) fn compare(left: &Row, right: &Row, order: &[(usize, bool)]) -> Ordering {
    for (field, descending) in order {
        let ordering = compare_values(&left[*field], &right[*field]);
        let ordering = if *descending { ordering.reverse() } else { ordering };
        if ordering.is_ne() {
            return ordering;
        }
    }
    Ordering::Equal
}

fn compare_values(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Greater,
        (_, Value::Null) => Ordering::Less,
        _ => {
            let is = |operator| evaluate::binary(operator, Operand::of(left), Operand::of(right));
            if is(BinaryOperator::Less) == Ok(Value::Boolean(true)) {
                Ordering::Less
            } else if is(BinaryOperator::Greater) == Ok(Value::Boolean(true)) {
                Ordering::Greater
            } else {
                Ordering::Equal
            }
        }
    }
}

/// A row for people.
pub(super) fn show(context: &ExecContext, entity: &Entity, row: &Row) -> String {
    let members = columns(entity).map(|field| (&*entity.fields[field as usize].name, row[field as usize].clone()));
    context.scrub(&value_to_json(&document(members))).into_owned()
}
