//! Which calls of a handler a scan makes: one, or one for each combination of values.

use std::collections::HashSet;
use std::rc::Rc;

use moltler_abi::manifest::{Entity, Scan, Span};

use super::instance::Instance;
use super::query::{EntityScan, fit, options, start};
use crate::batch::{write_json_key, write_typed_key};
use crate::context::ExecContext;
use crate::error::RuntimeError;
use crate::evaluate::json_equal;
use crate::operators::ObservedCall;
use crate::value::{Document, Value};

/// Calls that are still to be made.
pub struct Calls {
    instance: Rc<Instance>,
    entity: u32,
    columns: Vec<u32>,
    options: Document,
    span: Span,
    source: String,
    /// `filters` of each call, the next one last.
    filters: Vec<Document>,
    /// With several calls: the columns of the fields that tell them apart, by name.
    told_apart: Vec<(usize, String)>,
    /// The keys in these columns that rows of the call under way have.
    expected: Vec<(usize, Vec<u8>)>,
}

/// Evaluates what is pushed. `None` where its conditions cannot hold: no row, and no call. `bound` are further filters.
pub fn prepare(context: &ExecContext, scan: &Scan, bound: &[(u32, Value)]) -> Result<Option<Calls>, RuntimeError> {
    let entity = &context.manifest().entities[scan.entity as usize];
    let prepare = || {
        let instance = context.connectors().get(&scan.instance)?;
        let Some(filters) = filters(context, scan, entity, bound)? else { return Ok(None) };
        let Some(mut filters) = combinations(context, scan, entity, filters)? else { return Ok(None) };
        let Some(options) = options(context, scan, entity)? else { return Ok(None) };
        let mut told_apart = Vec::new();
        if filters.len() > 1 {
            for each in &scan.each {
                if let Some(column) = scan.columns.iter().position(|column| *column == each.field) {
                    told_apart.push((column, entity.fields[each.field as usize].name.clone()));
                }
            }
        }
        filters.reverse();
        Ok(Some(Calls {
            source: format!("{}.{}", scan.instance, entity.name),
            instance,
            entity: scan.entity,
            columns: scan.columns.clone(),
            options,
            span: scan.span,
            filters,
            told_apart,
            expected: Vec::new(),
        }))
    };
    prepare().map_err(|error: RuntimeError| error.at(scan.span))
}

impl Calls {
    /// Starts the next call; `None` behind the last.
    pub fn start(&mut self, context: &ExecContext) -> Result<Option<EntityScan>, RuntimeError> {
        let Some(filters) = self.filters.pop() else { return Ok(None) };
        let entity = &context.manifest().entities[self.entity as usize];
        self.expected = self
            .told_apart
            .iter()
            .map(|(column, name)| {
                let mut key = Vec::new();
                let value = filters.get(name.as_str()).unwrap_or(&Value::Null);
                if entity.fields[self.columns[*column] as usize].data_type.is_boxed() {
                    write_json_key(value, &mut key);
                } else {
                    write_typed_key(value, &mut key);
                }
                (*column, key)
            })
            .collect();
        let (instance, mut options) = (Rc::clone(&self.instance), self.options.clone());
        context.sync().prepare_call(self.span, &filters, &mut options);
        let begin = || {
            context.queries().count_call(&self.source, context.setup().max_calls)?;
            context.queries().keep_call(|| ObservedCall {
                instance: Rc::clone(&instance),
                entity: self.entity,
                filters: filters.clone(),
                options: options.clone(),
            });
            start(context, instance, self.entity, self.columns.clone(), filters, options, Some(self.span))
        };
        begin().map(Some).map_err(|error: RuntimeError| error.at(self.span))
    }

    /// Columns and the keys in them that rows of the call under way have; rows with others belong to another call.
    pub fn expected(&self) -> &[(usize, Vec<u8>)] {
        &self.expected
    }
}

/// `filters`; `None` where an equality cannot hold: with NULL, with what does not fit the field, or with two different values.
fn filters(
    context: &ExecContext,
    scan: &Scan,
    entity: &Entity,
    bound: &[(u32, Value)],
) -> Result<Option<Document>, RuntimeError> {
    let mut filters = Document::new();
    for filter in &scan.filters {
        let value = context.evaluate(filter.value)?;
        if !insert(&mut filters, entity, filter.field, &value) {
            return Ok(None);
        }
    }
    Ok(bound.iter().all(|(field, value)| insert(&mut filters, entity, *field, value)).then_some(filters))
}

/// Adds an equality; `false` where it cannot hold.
fn insert(filters: &mut Document, entity: &Entity, field: u32, value: &Value) -> bool {
    let field = &entity.fields[field as usize];
    let value = fit(value, field);
    if matches!(value, Value::Null) {
        return false;
    }
    if let Some(other) = filters.get(field.name.as_str()) {
        return json_equal(other, &value);
    }
    filters.insert(field.name.as_str().into(), value);
    true
}

/// `filters` with each combination of the values of `field IN (…)`; `None` for no combination. More than the query may make
/// calls are an error before the first call.
fn combinations(
    context: &ExecContext,
    scan: &Scan,
    entity: &Entity,
    filters: Document,
) -> Result<Option<Vec<Document>>, RuntimeError> {
    let mut combinations = vec![filters];
    for each in &scan.each {
        let Value::Array(items) = context.evaluate(each.value)? else { return Ok(None) };
        let mut known = HashSet::new();
        let field = &entity.fields[each.field as usize];
        let values: Vec<Value> = items
            .iter()
            .map(|item| fit(item, field))
            .filter(|value| {
                let mut key = Vec::new();
                write_json_key(value, &mut key);
                !matches!(value, Value::Null) && known.insert(key)
            })
            .collect();
        let count = (combinations.len() as u64).saturating_mul(values.len() as u64);
        let source = format!("{}.{}", scan.instance, entity.name);
        context.queries().check_calls(&source, count, context.setup().max_calls)?;
        combinations = combinations
            .iter()
            .flat_map(|filters| {
                values.iter().filter_map(|value| {
                    let mut filters = filters.clone();
                    insert(&mut filters, entity, each.field, value).then_some(filters)
                })
            })
            .collect();
    }
    Ok((!combinations.is_empty()).then_some(combinations))
}
