//! Calls of an entity's handler.

use std::rc::Rc;
use std::sync::Arc;

use moltler_abi::DataType;
use moltler_abi::manifest::{Condition, Entity, Field, Scan, Span};

use super::action::called_from;
use super::cache::{Key, Pages, ResultCache};
use super::instance::{Instance, Opened};
use crate::batch::OwnedBatch;
use crate::coerce::{EpochUnit, coerce};
use crate::context::ExecContext;
use crate::error::RuntimeError;
use crate::js::{Cursor, QueryCall};
use crate::loader::Program;
use crate::value::{Document, Value};

/// A call of a handler that is under way: rows come page by page.
pub struct EntityScan {
    program: Arc<Program>,
    instance: Rc<Instance>,
    opened: Rc<Opened>,
    source: String,
    /// Index into the manifest's entities.
    entity: u32,
    columns: Vec<u32>,
    filters: Value,
    options: Value,
    span: Option<Span>,
    cursor: Option<Cursor>,
    nulled: u64,
    cached: Cached,
}

/// How a call stands to the results that are kept.
enum Cached {
    /// `cache_ttl` is not set, or the call has ended.
    Off,
    /// Nobody has looked yet.
    Unknown(Key),
    /// An earlier call has its rows: these, from there on.
    Hit(Pages, usize),
    /// The rows are collected.
    Miss(Key, Vec<OwnedBatch>),
}

impl std::fmt::Debug for EntityScan {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("EntityScan").field("source", &self.source).finish_non_exhaustive()
    }
}

/// TEST CONNECTOR: asks for one row and drops it.
pub fn probe(context: &ExecContext, instance: &Rc<Instance>, entity: u32) -> Result<(), RuntimeError> {
    let mut options = Document::new();
    options.insert("limit".into(), Value::Integer(1));
    let columns = (0..context.manifest().entities[entity as usize].fields.len() as u32).collect();
    let mut scan = start(context, Rc::clone(instance), entity, columns, Document::new(), options, None)?;
    let outcome = scan.next(context).map(|_| ());
    scan.close(context)?;
    outcome
}

/// Starts a call with these filters and options.
pub fn start(
    context: &ExecContext,
    instance: Rc<Instance>,
    entity: u32,
    columns: Vec<u32>,
    filters: Document,
    mut options: Document,
    span: Option<Span>,
) -> Result<EntityScan, RuntimeError> {
    let program = Arc::clone(context.program());
    let definition = &program.manifest().entities[entity as usize];
    if instance.definition(context.manifest()).connector_type != definition.connector_type {
        return Err(RuntimeError::new(
            "UnknownEntity",
            format!("`{}` has no entity `{}`", instance.name(), definition.name),
        ));
    }
    instance.check_enabled()?;
    let opened = instance.open(context)?;
    let source = format!("{}.{}", instance.name(), definition.name);
    if let Some(size) = opened.options().batch_size {
        options.insert("batchSize".into(), Value::Integer(i64::from(size)));
    }
    let (filters, options) = (Value::Document(Rc::new(filters)), Value::Document(Rc::new(options)));
    let cached = match opened.options().cache_ttl {
        Some(_) if !context.sync().is_running() => {
            Cached::Unknown(ResultCache::key(entity, &columns, &filters, &options))
        }
        _ => Cached::Off,
    };
    Ok(EntityScan {
        program,
        opened,
        source,
        entity,
        columns,
        filters,
        options,
        span,
        cursor: None,
        nulled: 0,
        cached,
        instance,
    })
}

impl EntityScan {
    /// The next page; `None` behind the last. The handler is called at the first.
    pub fn next(&mut self, context: &ExecContext) -> Result<Option<OwnedBatch>, RuntimeError> {
        let outcome = self.next_page(context);
        self.instance.record(&outcome);
        outcome.map_err(|error| match self.span {
            Some(span) => called_from(error, span),
            None => error,
        })
    }

    fn next_page(&mut self, context: &ExecContext) -> Result<Option<OwnedBatch>, RuntimeError> {
        self.cached = match (std::mem::replace(&mut self.cached, Cached::Off), self.opened.options().cache_ttl) {
            (Cached::Unknown(key), Some(ttl)) => match self.opened.cache().borrow_mut().get(&key, context.now(), ttl) {
                Some(pages) => Cached::Hit(pages, 0),
                None => Cached::Miss(key, Vec::new()),
            },
            (cached, _) => cached,
        };
        if let Cached::Hit(pages, next) = &mut self.cached {
            let page = pages.get(*next).map(|page| page.slice(0, page.rows()));
            *next += 1;
            return Ok(page);
        }
        let page = self.called_page(context);
        match (&page, std::mem::replace(&mut self.cached, Cached::Off)) {
            (Ok(Some(page)), Cached::Miss(key, mut pages)) => {
                pages.push(page.slice(0, page.rows()));
                self.cached = Cached::Miss(key, pages);
            }
            (Ok(None), Cached::Miss(key, pages)) => self.opened.cache().borrow_mut().put(key, context.now(), pages),
            _ => {}
        }
        page
    }

    /// The next page of the handler itself.
    fn called_page(&mut self, context: &ExecContext) -> Result<Option<OwnedBatch>, RuntimeError> {
        let mut cursor = self.cursor.take();
        let call = self.call();
        let mut engine = self.opened.engine().borrow_mut();
        let rows = context.block_on(async {
            if cursor.is_none() {
                cursor = Some(engine.open(&call).await?);
            }
            match &mut cursor {
                Some(cursor) => engine.next(cursor, &call).await,
                None => Ok(None),
            }
        });
        drop(engine);
        self.cursor = cursor;
        let Some(rows) = rows? else { return Ok(None) };
        self.nulled += rows.nulled;
        let mut batch = rows.batch;
        if let Value::Document(filters) = &self.filters {
            for (position, field) in self.columns.iter().enumerate() {
                let field = &self.entity().fields[*field as usize];
                if let (true, Some(value)) = (field.from_filter, filters.get(field.name.as_str())) {
                    batch.fill_nulls(position, value);
                }
            }
        }
        Ok(Some(batch))
    }

    fn entity(&self) -> &Entity {
        &self.program.manifest().entities[self.entity as usize]
    }

    fn call(&self) -> QueryCall<'_> {
        QueryCall {
            source: &self.source,
            entity: self.entity(),
            columns: &self.columns,
            config: self.opened.config(),
            filters: &self.filters,
            options: &self.options,
            null_on_type_error: self.opened.options().null_on_type_error,
        }
    }

    /// Ends the call: a handler that has more rows is told to stop. Says how many values did not fit.
    pub fn close(&mut self, context: &ExecContext) -> Result<(), RuntimeError> {
        if self.nulled > 0 {
            let (count, noun) = (self.nulled, if self.nulled == 1 { "value" } else { "values" });
            context.output().message(&format!("`{}`: {count} {noun} did not fit and became NULL", self.source));
            self.nulled = 0;
        }
        match self.cursor.take() {
            Some(cursor) => context.block_on(self.opened.engine().borrow_mut().close(cursor)),
            None => Ok(()),
        }
    }
}

/// The value as the field's type, NULL where it does not fit.
pub(super) fn fit(value: &Value, field: &Field) -> Value {
    let unit = field.unit.as_deref().and_then(EpochUnit::from_name);
    coerce(value, field.data_type, unit).unwrap_or_default()
}

/// `options`; `None` where a condition cannot hold.
pub(super) fn options(context: &ExecContext, scan: &Scan, entity: &Entity) -> Result<Option<Document>, RuntimeError> {
    let mut options = Document::new();
    let text = |text: &str| Value::String(text.into());
    if let Some(limit) = scan.limit {
        // The plan's LIMIT tells what is wrong with any other value.
        if let Some(Value::Integer(limit @ 0..)) = coerce(&context.evaluate(limit)?, DataType::Integer, None) {
            options.insert("limit".into(), Value::Integer(limit));
        }
    }
    if !scan.order_by.is_empty() {
        let keys = scan.order_by.iter().map(|(field, descending)| {
            let field = &entity.fields[*field as usize];
            Value::Document(Rc::new(Document::from([
                ("field".into(), text(&field.name)),
                ("direction".into(), text(if *descending { "desc" } else { "asc" })),
            ])))
        });
        options.insert("orderBy".into(), Value::Array(Rc::new(keys.collect())));
    }
    if !scan.columns.is_empty() {
        let fields = scan.columns.iter().map(|field| text(&entity.fields[*field as usize].name));
        options.insert("fields".into(), Value::Array(Rc::new(fields.collect())));
    }
    let mut conditions = Vec::new();
    for condition in &scan.conditions {
        let field = &entity.fields[condition.field as usize];
        let mut document =
            Document::from([("field".into(), text(&field.name)), ("op".into(), text(&condition.operator))]);
        if let Some(value) = condition.value {
            let value = condition_value(&context.evaluate(value)?, condition, field);
            if matches!(value, Value::Null) {
                return Ok(None);
            }
            document.insert("value".into(), value);
        }
        conditions.push(Value::Document(Rc::new(document)));
    }
    if !conditions.is_empty() {
        options.insert("where".into(), Value::Array(Rc::new(conditions)));
    }
    Ok(Some(options))
}

/// The value of a condition as its field's type; NULL where the condition cannot hold.
fn condition_value(value: &Value, condition: &Condition, field: &Field) -> Value {
    match (condition.operator.as_str(), value) {
        ("in" | "not in", Value::Array(items)) => {
            let items = items.iter().map(|item| fit(item, field)).filter(|item| !matches!(item, Value::Null));
            Value::Array(Rc::new(items.collect()))
        }
        ("like", value) => coerce(value, DataType::String, None).unwrap_or_default(),
        ("contains", value) => value.clone(),
        (_, value) => fit(value, field),
    }
}

/// A number of rows from LIMIT or OFFSET: `None` for NULL, an error for a negative one.
pub fn row_count(value: &Value, clause: &str) -> Result<Option<i64>, RuntimeError> {
    match coerce(value, DataType::Integer, None) {
        Some(Value::Null) => Ok(None),
        Some(Value::Integer(count)) if count >= 0 => Ok(Some(count)),
        Some(Value::Integer(_)) => Err(RuntimeError::new("ValueError", format!("{clause} must not be negative"))),
        _ => Err(RuntimeError::new(
            "TypeError",
            format!("{clause} must be an integer, not {}", crate::coerce::excerpt(value)),
        )),
    }
}
