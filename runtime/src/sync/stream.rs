//! Rows for those who keep the state themselves: the protocols of Airbyte and Singer.

use std::cell::RefCell;
use std::rc::Rc;

use moltler_abi::manifest::{Operator, OutputColumn, Scan};

use super::pass::{Lookback, Pass};
use super::state::State;
use crate::batch::OwnedBatch;
use crate::context::ExecContext;
use crate::error::RuntimeError;
use crate::operators;

/// A state is told after so many rows, where rows come in order.
const ROWS: usize = 10_000;

/// What an entity is read for.
pub struct Stream<'s> {
    /// The instance.
    pub instance: &'s str,
    /// Index into the manifest's entities.
    pub entity: u32,
    /// Only what has a later value of this field; all rows without.
    pub field: Option<&'s str>,
    /// The state that an earlier read told.
    pub state: Option<&'s str>,
}

/// What a read gives, in this order.
pub enum Event<'e> {
    /// Rows, in the columns of [`columns`].
    Rows(&'e OwnedBatch),
    /// A state, as JSON: what came before it need not come again.
    State(String),
}

/// The fields that rows of an entity have.
pub fn columns(context: &ExecContext, entity: u32) -> Vec<OutputColumn> {
    let fields = context.manifest().entities[entity as usize].fields.iter().filter(|field| !field.filter_only);
    fields.map(|field| OutputColumn { name: field.name.clone(), data_type: field.data_type }).collect()
}

/// Reads an entity.
pub fn read(
    context: &ExecContext,
    stream: &Stream<'_>,
    each: &mut dyn FnMut(Event<'_>) -> Result<(), RuntimeError>,
) -> Result<(), RuntimeError> {
    let entity = &context.manifest().entities[stream.entity as usize];
    let columns = columns(context, stream.entity);
    let cursor = stream.field.map(|name| {
        columns.iter().position(|column| column.name == name).ok_or_else(|| {
            let message = format!("`{}` has no field `{name}` that it could be read by", entity.name);
            RuntimeError::new("ConfigError", message)
        })
    });
    let cursor = cursor.transpose()?;
    let fresh = State::new(stream.field.map(str::to_owned), String::new());
    let (state, afresh) = State::read(stream.state, fresh);
    if let Some(reason) = afresh {
        context.output().message(&format!("`{}` starts afresh: {reason}", entity.name));
    }
    let field = cursor.map(|column| (columns[column].name.clone(), columns[column].data_type, column));
    let pass = Rc::new(RefCell::new(Pass::new(context, entity.span, field, state, Lookback::None)));
    let fields = (0..entity.fields.len() as u32).filter(|field| !entity.fields[*field as usize].filter_only);
    let plan = Operator::Scan(Scan {
        instance: stream.instance.to_owned(),
        entity: stream.entity,
        columns: fields.collect(),
        filters: Vec::new(),
        each: Vec::new(),
        conditions: Vec::new(),
        limit: None,
        order_by: Vec::new(),
        span: entity.span,
    });
    context.sync().pass.replace(Some(Rc::clone(&pass)));
    context.counters().server_time.set(None);
    let mut untold = 0;
    let outcome = operators::run(context, &plan, |batch| {
        if let Some(time) = context.counters().server_time.get() {
            pass.borrow_mut().server_started(time);
        }
        let wanted = pass.borrow_mut().see(batch);
        match wanted {
            None => each(Event::Rows(batch))?,
            Some(rows) => each(Event::Rows(&batch.select(&rows)))?,
        }
        untold += batch.rows();
        if untold >= ROWS && cursor.is_some() {
            untold = 0;
            let state = pass.borrow_mut().checkpoint();
            each(Event::State(state))?;
        }
        Ok(())
    });
    context.sync().pass.replace(None);
    outcome?;
    let mut pass = pass.borrow_mut();
    pass.finish();
    each(Event::State(pass.state()))
}
