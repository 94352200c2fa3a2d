//! Calls of handlers: arguments in, rows and values out, errors told.

use std::rc::Rc;
use std::sync::Arc;

use moltler_abi::manifest::{Entity, Script};
use rquickjs::function::Args;
use rquickjs::{Persistent, Value as JsValue};

use super::clock::Clock;
use super::convert::{Times, to_js};
use super::failure::{self, Thrown};
use super::host::ConsoleHook;
use super::rows::{RowReader, WalkError, read_value};
use super::scope::{Failure, Kept, NEVER_SETTLES, Outcome, Scope, keep, restore, thrown};
use crate::batch::{BatchBuilder, OwnedBatch};
use crate::coverage::Coverage;
use crate::error::RuntimeError;
use crate::http::Transport;
use crate::secrets::grants::Grants;
use crate::secrets::seal::Seal;
use crate::secrets::tokens::Tokens;
use crate::value::Value;

/// Rows may take this many times as much memory outside of JavaScript as they may inside.
const RESULT_FACTOR: u64 = 4;

/// What an engine is made with.
#[derive(Clone)]
pub struct Settings {
    /// Where requests go.
    pub transport: Rc<dyn Transport>,
    /// The SHARED block of the connector type.
    pub shared: Option<Rc<Script>>,
    /// What `Date` and timers go by.
    pub clock: Clock,
    /// The secrets of the run, and where the instance may send them.
    pub seal: Rc<Seal>,
    /// Where `moltler.oauth2` keeps what servers hand out.
    pub tokens: Rc<Tokens>,
    /// The name of the instance.
    pub instance: String,
    /// Takes each line of the console.
    pub console: ConsoleHook,
    /// Of the JavaScript heap.
    pub max_memory_mb: u32,
    /// Of JavaScript without waiting for anything outside.
    pub max_run_seconds: f64,
    /// What relative URLs belong to; without it they are errors.
    pub base_url: Option<String>,
    /// How long a handler may do nothing but wait for timers that never settle its promise.
    pub max_wait_seconds: f64,
    /// Counts what runs, of scripts that were compiled with counters.
    pub coverage: Option<Arc<Coverage>>,
}

impl Settings {
    /// The limits that connectors have by default; the console writes to standard error.
    pub fn new(transport: Rc<dyn Transport>) -> Settings {
        Settings {
            transport,
            shared: None,
            clock: Clock::real(),
            seal: Rc::new(Seal::new(Rc::default(), Grants::default())),
            tokens: Rc::default(),
            instance: String::new(),
            console: Rc::new(|_, text| {
                use std::io::Write;
                // Nobody is left to be told when standard error is closed.
                let _ = writeln!(std::io::stderr().lock(), "{text}");
            }),
            max_memory_mb: 256,
            max_run_seconds: 30.0,
            base_url: None,
            max_wait_seconds: 120.0,
            coverage: None,
        }
    }
}

/// A call of an entity's handler.
#[derive(Clone, Copy)]
pub struct QueryCall<'a> {
    /// `my_service_prod.items`, for messages.
    pub source: &'a str,
    /// Its handler is called.
    pub entity: &'a Entity,
    /// The wanted fields, in the order of the columns.
    pub columns: &'a [u32],
    /// A document.
    pub config: &'a Value,
    /// A document; times are given as ISO 8601 text.
    pub filters: &'a Value,
    /// A document; times are given as ISO 8601 text.
    pub options: &'a Value,
    /// A value that does not fit its field's type is NULL instead of an error.
    pub null_on_type_error: bool,
}

/// A call of an action's handler, or of a CHECK_HANDLER.
#[derive(Clone, Copy)]
pub struct ActionCall<'a> {
    /// `my_service_prod.items.create`, for messages.
    pub source: &'a str,
    /// The handler.
    pub script: &'a Script,
    /// A document.
    pub config: &'a Value,
    /// A document, whose times are given as `Date`; `None` for a handler without a second parameter.
    pub params: Option<&'a Value>,
}

/// Rows of a handler.
#[derive(Debug)]
pub struct Rows {
    /// In the columns that the call asked for.
    pub batch: OwnedBatch,
    /// How many values were made NULL because they do not fit.
    pub nulled: u64,
}

/// Where a query stands; its rows come from [`Engine::next`].
#[derive(Debug)]
pub struct Cursor {
    state: CursorState,
    source: String,
}

#[derive(Debug)]
enum CursorState {
    Rows(Option<Rows>),
    Generator(u64),
}

/// Runs the handlers of one connector instance.
///
/// Module state of the handlers lives as long as the engine, but not over a runaway: after too much time or memory the
/// next call starts with fresh modules. Calls need the run's tokio runtime around them and do not overlap.
pub struct Engine {
    settings: Settings,
    scope: Option<Scope>,
}

impl Engine {
    /// An engine; JavaScript starts with the first call.
    pub fn new(settings: Settings) -> Engine {
        Engine { settings, scope: None }
    }

    /// All rows of an entity's handler.
    pub async fn query(&mut self, call: &QueryCall<'_>) -> Result<Rows, RuntimeError> {
        let result = self.query_all(call).await;
        self.finish(call.source, result)
    }

    /// Calls an entity's handler; its rows come from [`Engine::next`].
    pub async fn open(&mut self, call: &QueryCall<'_>) -> Result<Cursor, RuntimeError> {
        let result = self.start_query(call).await;
        self.finish(call.source, result)
    }

    /// The next rows: all of an array, or those of a generator's next page. `None` behind the last.
    pub async fn next(&mut self, cursor: &mut Cursor, call: &QueryCall<'_>) -> Result<Option<Rows>, RuntimeError> {
        let id = match &mut cursor.state {
            CursorState::Rows(rows) => return Ok(rows.take()),
            CursorState::Generator(id) => *id,
        };
        let mut reader = self.reader(call);
        let mut builder = BatchBuilder::new(&reader.types());
        let result = self.step(id, &mut reader, &mut builder).await;
        let more = self.finish(call.source, result)?;
        let rows = Rows { batch: builder.finish(), nulled: reader.nulled };
        Ok(if more { Some(rows) } else { None })
    }

    /// Ends a query early: a generator's `finally` blocks run.
    pub async fn close(&mut self, cursor: Cursor) -> Result<(), RuntimeError> {
        let CursorState::Generator(id) = cursor.state else { return Ok(()) };
        let result = self.stop(id).await;
        self.finish(&cursor.source, result)
    }

    /// Calls an action's handler, or a CHECK_HANDLER.
    pub async fn execute(&mut self, call: &ActionCall<'_>) -> Result<Value, RuntimeError> {
        let result = self.run_action(call).await;
        self.finish(call.source, result)
    }

    /// Lets time go by between calls: timers that earlier calls left behind fire when they are due.
    pub async fn idle_until(&mut self, deadline: tokio::time::Instant) -> Result<(), RuntimeError> {
        let Some(scope) = &self.scope else { return Ok(()) };
        let result = scope.idle_until(deadline).await;
        self.finish("a timer", result)
    }

    async fn run_action(&mut self, call: &ActionCall<'_>) -> Outcome<Value> {
        let result = self.invoke(call.script, &[call.config], call.params).await?;
        let budget = self.result_budget();
        let scope = self.scope();
        scope.host.start_running();
        scope.with(|ctx| Ok(read_value(&restore(ctx, result)?, call.source, budget)?))
    }

    async fn query_all(&mut self, call: &QueryCall<'_>) -> Outcome<Rows> {
        let cursor = self.start_query(call).await?;
        let id = match cursor.state {
            CursorState::Rows(rows) => return Ok(rows.expect("Invariant: a fresh cursor has its rows")),
            CursorState::Generator(id) => id,
        };
        let mut reader = self.reader(call);
        let mut builder = BatchBuilder::new(&reader.types());
        while self.step(id, &mut reader, &mut builder).await? {}
        Ok(Rows { batch: builder.finish(), nulled: reader.nulled })
    }

    fn reader<'a>(&self, call: &QueryCall<'a>) -> RowReader<'a> {
        RowReader::new(call.source, call.entity, call.columns, call.null_on_type_error, self.result_budget())
    }

    fn result_budget(&self) -> u64 {
        (u64::from(self.settings.max_memory_mb) * RESULT_FACTOR) << 20
    }

    async fn start_query(&mut self, call: &QueryCall<'_>) -> Outcome<Cursor> {
        let arguments = [call.config, call.filters, call.options];
        let result = self.invoke(&call.entity.handler, &arguments, None).await?;
        let mut reader = self.reader(call);
        let mut builder = BatchBuilder::new(&reader.types());
        let scope = self.scope();
        scope.host.start_running();
        let generator = scope.with(|ctx| {
            let result = restore(ctx, result)?;
            let iterator: JsValue<'_> =
                scope.dispatch(ctx, "iterator")?.call((result.clone(),)).map_err(|error| thrown(ctx, error))?;
            match iterator.into_object() {
                Some(iterator) => Ok(Some(Persistent::save(ctx, iterator))),
                None => {
                    reader.read_result(&result, &mut builder)?;
                    Ok(None)
                }
            }
        })?;
        let state = match generator {
            Some(generator) => CursorState::Generator(self.scope_mut().add_generator(generator)),
            None => CursorState::Rows(Some(Rows { batch: builder.finish(), nulled: reader.nulled })),
        };
        Ok(Cursor { state, source: call.source.to_owned() })
    }

    /// Resumes a generator and reads what it yields; `false` when it is done.
    async fn step(&mut self, id: u64, reader: &mut RowReader<'_>, builder: &mut BatchBuilder) -> Outcome<bool> {
        let Some(generator) = self.scope.as_ref().and_then(|scope| scope.generator(id)) else {
            return Ok(false);
        };
        let scope = self.scope();
        scope.host.start_running();
        let promise = scope.with(|ctx| scope.call_dispatch(ctx, "step", generator))?;
        let step = scope.settle(promise).await;
        let more = step.and_then(|step| {
            scope.host.start_running();
            scope.with(|ctx| {
                let step = restore(ctx, step)?;
                let step = step.as_object().ok_or_else(|| Failure::Other(broken_step()))?;
                let done: bool = step.get("done").map_err(|error| thrown(ctx, error))?;
                if !done {
                    let value: JsValue<'_> = step.get("value").map_err(|error| thrown(ctx, error))?;
                    reader.read_yielded(&value, builder)?;
                }
                Ok(!done)
            })
        });
        match more {
            Ok(true) => {}
            // The generator does not know that its rows are refused: its `finally` blocks run, and what they throw does not
            // hide why.
            Err(Failure::Walk(_)) => drop(self.stop(id).await),
            _ => self.scope_mut().remove_generator(id),
        }
        more
    }

    async fn stop(&mut self, id: u64) -> Outcome<()> {
        let Some(generator) = self.scope.as_ref().and_then(|scope| scope.generator(id)) else { return Ok(()) };
        self.scope_mut().remove_generator(id);
        let scope = self.scope();
        scope.host.start_running();
        let promise = scope.with(|ctx| scope.call_dispatch(ctx, "stop", generator))?;
        scope.settle(promise).await.map(drop)
    }

    /// Calls a script's entry point and waits for its result. `params`, the last argument, has its times as `Date`.
    async fn invoke(&mut self, script: &Script, arguments: &[&Value], params: Option<&Value>) -> Outcome<Kept> {
        self.prepare().await?;
        let entry = self.scope_mut().entry(script).await?;
        if let Some(coverage) = &self.settings.coverage {
            coverage.call(script);
        }
        let scope = self.scope();
        scope.host.start_running();
        scope.host.last_request.borrow_mut().take();
        let result = scope.with(|ctx| {
            let date = scope.dispatch(ctx, "date")?;
            let call = || -> rquickjs::Result<Kept> {
                let mut all = Args::new(ctx.clone(), arguments.len() + 1);
                for argument in arguments {
                    all.push_arg(to_js(ctx, argument, &Times::Text)?)?;
                }
                if let Some(params) = params {
                    all.push_arg(to_js(ctx, params, &Times::Date(date))?)?;
                }
                Ok(keep(ctx, entry.restore(ctx)?.call_arg(all)?))
            };
            call().map_err(|error| thrown(ctx, error))
        })?;
        scope.settle(result).await
    }

    /// Makes the scope and evaluates SHARED in it, where that has not happened yet.
    async fn prepare(&mut self) -> Outcome<()> {
        if self.scope.is_some() {
            return Ok(());
        }
        self.scope = Some(Scope::new(&self.settings)?);
        if let Some(shared) = self.settings.shared.clone() {
            let loaded = self.scope_mut().load(&shared).await;
            if let Err(failure) = loaded {
                // The error needs the lines of SHARED; the scope itself is of no use without it.
                let error = self.to_error(failure);
                self.scope = None;
                return Err(error.into());
            }
        }
        Ok(())
    }

    fn scope(&self) -> &Scope {
        self.scope.as_ref().expect("Invariant: a call prepares the scope first")
    }

    fn scope_mut(&mut self) -> &mut Scope {
        self.scope.as_mut().expect("Invariant: a call prepares the scope first")
    }

    /// Turns the outcome of a call into what the caller sees; after a runaway the scope is given up.
    fn finish<T>(&mut self, source: &str, outcome: Outcome<T>) -> Result<T, RuntimeError> {
        let failure = match outcome {
            Ok(value) => return Ok(value),
            Err(failure) => failure,
        };
        let mut error = self.to_error(failure);
        if let Some(scope) = &self.scope {
            if error.request.is_none() {
                error.request = scope.host.last_request.borrow().clone();
            }
            if scope.host.has_overrun() || is_out_of_memory(&error) || is_runaway(&error) {
                self.scope = None;
            }
        }
        error.source = Some(source.to_owned());
        error.scrub(self.settings.seal.vault());
        Err(error)
    }

    fn to_error(&self, failure: Failure) -> RuntimeError {
        let Some(scope) = &self.scope else {
            return match failure {
                Failure::Other(error) => error,
                Failure::Thrown(thrown) => thrown.into_error(|_, _, _| None),
                Failure::Walk(error) => walk_error(error, |thrown| thrown.into_error(|_, _, _| None)),
            };
        };
        let place = |module: &str, line, column| scope.place(module, line, column);
        let mut error = match failure {
            Failure::Other(error) => error,
            Failure::Thrown(thrown) => thrown.into_error(place),
            Failure::Walk(error) => walk_error(error, |thrown| thrown.into_error(place)),
        };
        if scope.host.has_overrun() {
            let seconds = self.settings.max_run_seconds;
            error = RuntimeError {
                code: Some("time-limit".to_owned()),
                message: format!("the handler ran for {seconds} s without waiting for anything (`max_run_seconds`)"),
                class: "ConnectorError".to_owned(),
                ..error
            };
        } else if error.code.as_deref() == Some(failure::NULL_CODE) {
            let limit = self.settings.max_memory_mb;
            error.message = format!(
                "null was thrown: by the handler, or because it used more than {limit} MB of memory (`max_memory_mb`)"
            );
        } else if is_out_of_memory(&error) {
            let limit = self.settings.max_memory_mb;
            error = RuntimeError {
                code: Some("memory-limit".to_owned()),
                message: format!("the handler used more than {limit} MB of memory (`max_memory_mb`)"),
                class: "ConnectorError".to_owned(),
                ..error
            };
        }
        error
    }
}

fn is_out_of_memory(error: &RuntimeError) -> bool {
    matches!(error.code.as_deref(), Some("memory-limit" | failure::NULL_CODE))
        // Sometimes there is no memory for the message either.
        || (error.class == "InternalError" && matches!(error.message.as_str(), "out of memory" | ""))
}

/// A promise that nothing settles, or recursion without end.
fn is_runaway(error: &RuntimeError) -> bool {
    error.code.as_deref() == Some(NEVER_SETTLES)
        || (error.class == "RangeError" && error.message.starts_with("Maximum call stack size"))
}

fn walk_error(error: WalkError, convert: impl FnOnce(Thrown) -> RuntimeError) -> RuntimeError {
    match error {
        WalkError::Wrong(message) => RuntimeError::new("TypeError", message),
        WalkError::Thrown(thrown, place) => {
            let cause = convert(*thrown);
            RuntimeError {
                message: format!("{place}: {}", cause.message),
                class: cause.class.clone(),
                span: cause.span,
                stack: cause.stack.clone(),
                code: cause.code.clone(),
                cause: cause.cause,
                ..RuntimeError::default()
            }
        }
    }
}

fn broken_step() -> RuntimeError {
    RuntimeError::new("TypeError", "the generator's `next` gave no object")
}
