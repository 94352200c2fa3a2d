//! Calls into JavaScript, and the loop that waits for what a handler waits for.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use moltler_abi::manifest::{Entity, Script};
use rquickjs::function::Args;
use rquickjs::{Context, Ctx, Function, Object, Persistent, Promise, Runtime, Value as JsValue};

use super::bytecode::{Compiled, LineTable, Modules, OnlyShared, ScriptLoader};
use super::clock::Clock;
use super::convert::{Times, to_js};
use super::failure::{self, Thrown};
use super::globals;
use super::host::{ConsoleHook, Event, Host};
use super::rows::{RowReader, WalkError, read_value};
use super::scrub::Scrubber;
use crate::batch::{BatchBuilder, OwnedBatch};
use crate::error::RuntimeError;
use crate::http::{Transport, TransportError};
use crate::value::Value;

/// Of JavaScript frames; main threads and those of tests have at least twice as much.
const STACK_BYTES: usize = 512 * 1024;
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
    /// Values replaced by `***` in errors and on the console.
    pub secrets: Vec<String>,
    /// Takes each line of the console.
    pub console: ConsoleHook,
    /// Of the JavaScript heap.
    pub max_memory_mb: u32,
    /// Of JavaScript without waiting for anything outside.
    pub max_run_seconds: f64,
    /// Of one request.
    pub timeout_seconds: f64,
}

impl Settings {
    /// The limits that connectors have by default; the console writes to standard error.
    pub fn new(transport: Rc<dyn Transport>) -> Settings {
        Settings {
            transport,
            shared: None,
            clock: Clock::real(),
            secrets: Vec::new(),
            console: Rc::new(|_, text| {
                use std::io::Write;
                // Nobody is left to be told when standard error is closed.
                let _ = writeln!(std::io::stderr().lock(), "{text}");
            }),
            max_memory_mb: 256,
            max_run_seconds: 30.0,
            timeout_seconds: 30.0,
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
    scrubber: Scrubber,
    scope: Option<Scope>,
}

/// A JavaScript runtime with what was loaded into it. The order of the fields is that of their drops: values go before
/// the runtime that they belong to.
struct Scope {
    dispatch: Persistent<Object<'static>>,
    entries: HashMap<String, Persistent<Function<'static>>>,
    generators: HashMap<u64, Persistent<Object<'static>>>,
    last_generator: u64,
    lines: HashMap<String, LineTable>,
    modules: Modules,
    host: Rc<Host>,
    context: Context,
    runtime: Runtime,
}

/// Why a call did not end well.
enum Failure {
    /// The script threw.
    Thrown(Thrown),
    /// Reading the result failed.
    Walk(WalkError),
    /// Not the script's doing.
    Other(RuntimeError),
}

impl From<WalkError> for Failure {
    fn from(error: WalkError) -> Failure {
        Failure::Walk(error)
    }
}

impl From<RuntimeError> for Failure {
    fn from(error: RuntimeError) -> Failure {
        Failure::Other(error)
    }
}

type Outcome<T> = Result<T, Failure>;
type Kept = Persistent<JsValue<'static>>;

impl Engine {
    /// An engine; JavaScript starts with the first call.
    pub fn new(settings: Settings) -> Engine {
        let scrubber = Scrubber::new(settings.secrets.iter().map(String::as_str));
        Engine { settings, scrubber, scope: None }
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
            Some(generator) => {
                let scope = self.scope_mut();
                scope.last_generator += 1;
                scope.generators.insert(scope.last_generator, generator);
                CursorState::Generator(scope.last_generator)
            }
            None => CursorState::Rows(Some(Rows { batch: builder.finish(), nulled: reader.nulled })),
        };
        Ok(Cursor { state, source: call.source.to_owned() })
    }

    /// Resumes a generator and reads what it yields; `false` when it is done.
    async fn step(&mut self, id: u64, reader: &mut RowReader<'_>, builder: &mut BatchBuilder) -> Outcome<bool> {
        let Some(generator) = self.scope.as_ref().and_then(|scope| scope.generators.get(&id).cloned()) else {
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
        if !matches!(more, Ok(true)) {
            self.scope_mut().generators.remove(&id);
        }
        more
    }

    async fn stop(&mut self, id: u64) -> Outcome<()> {
        let Some(generator) = self.scope.as_mut().and_then(|scope| scope.generators.remove(&id)) else { return Ok(()) };
        let scope = self.scope();
        scope.host.start_running();
        let promise = scope.with(|ctx| scope.call_dispatch(ctx, "stop", generator))?;
        scope.settle(promise).await.map(drop)
    }

    /// Calls a script's entry point and waits for its result. `params`, the last argument, has its times as `Date`.
    async fn invoke(&mut self, script: &Script, arguments: &[&Value], params: Option<&Value>) -> Outcome<Kept> {
        self.prepare().await?;
        let entry = self.scope_mut().entry(script).await?;
        let scope = self.scope();
        scope.host.start_running();
        scope.host.last_request.borrow_mut().take();
        let result = scope.with(|ctx| {
            let call = || -> rquickjs::Result<Kept> {
                let mut all = Args::new(ctx.clone(), arguments.len() + 1);
                for argument in arguments {
                    all.push_arg(to_js(ctx, argument, &Times::Text)?)?;
                }
                if let Some(params) = params {
                    let date = scope.dispatch.clone().restore(ctx)?.get("date")?;
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
        self.scope = Some(Scope::new(&self.settings, &self.scrubber)?);
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
            if scope.host.has_overrun() || is_out_of_memory(&error) {
                self.scope = None;
            }
        }
        error.source = Some(source.to_owned());
        self.scrub(&mut error);
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
        let place = |file: &str, line, column| Some(scope.lines.get(file)?.place(line, column));
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

    fn scrub(&self, error: &mut RuntimeError) {
        error.message = self.scrubber.scrub(&error.message);
        error.code = error.code.as_deref().map(|code| self.scrubber.scrub(code));
        error.notes.iter_mut().for_each(|note| *note = self.scrubber.scrub(note));
        if let Some(request) = &mut error.request {
            request.url = self.scrubber.scrub(&request.url);
        }
        if let Some(cause) = &mut error.cause {
            self.scrub(cause);
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.scope = None;
    }
}

fn is_out_of_memory(error: &RuntimeError) -> bool {
    matches!(error.code.as_deref(), Some("memory-limit" | failure::NULL_CODE))
        || (error.class == "InternalError" && error.message == "out of memory")
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

fn keep<'js>(ctx: &Ctx<'js>, value: JsValue<'js>) -> Kept {
    Persistent::save(ctx, value)
}

fn restore<'js>(ctx: &Ctx<'js>, value: Kept) -> Outcome<JsValue<'js>> {
    value.restore(ctx).map_err(|error| Failure::Other(failure::engine_error(&error)))
}

/// What stands behind an error of the binding: mostly an exception of the script.
fn thrown(ctx: &Ctx<'_>, error: rquickjs::Error) -> Failure {
    match error {
        rquickjs::Error::Exception => Failure::Thrown(Thrown::pending(ctx)),
        error => Failure::Other(failure::engine_error(&error)),
    }
}

impl Scope {
    fn new(settings: &Settings, scrubber: &Scrubber) -> Outcome<Scope> {
        let failed = |error: rquickjs::Error| Failure::Other(failure::engine_error(&error));
        let host = Rc::new(Host::new(
            Rc::clone(&settings.transport),
            settings.clock.clone(),
            scrubber.clone(),
            Rc::clone(&settings.console),
            seconds(settings.timeout_seconds),
            seconds(settings.max_run_seconds),
        ));
        let runtime = Runtime::new().map_err(failed)?;
        runtime.set_memory_limit((settings.max_memory_mb as usize) << 20);
        runtime.set_max_stack_size(STACK_BYTES);
        let watched = Rc::clone(&host);
        runtime.set_interrupt_handler(Some(Box::new(move || watched.must_stop())));
        let modules = Modules::default();
        runtime.set_loader(OnlyShared, ScriptLoader { modules: Rc::clone(&modules) });
        let context = Context::full(&runtime).map_err(failed)?;
        let dispatch = context.with(|ctx| {
            let dispatch = globals::install(&ctx, &host).map_err(|error| thrown(&ctx, error))?;
            Ok::<_, Failure>(Persistent::save(&ctx, dispatch))
        })?;
        Ok(Scope {
            dispatch,
            entries: HashMap::new(),
            generators: HashMap::new(),
            last_generator: 0,
            lines: HashMap::new(),
            modules,
            host,
            context,
            runtime,
        })
    }

    fn with<T>(&self, action: impl for<'js> FnOnce(&Ctx<'js>) -> Outcome<T>) -> Outcome<T> {
        self.context.with(|ctx| action(&ctx))
    }

    fn dispatch<'js>(&self, ctx: &Ctx<'js>, name: &str) -> Outcome<Function<'js>> {
        let function = || self.dispatch.clone().restore(ctx)?.get(name);
        function().map_err(|error| thrown(ctx, error))
    }

    fn call_dispatch(&self, ctx: &Ctx<'_>, name: &str, argument: Persistent<Object<'static>>) -> Outcome<Kept> {
        let result = self.dispatch(ctx, name)?.call((argument,));
        Ok(keep(ctx, result.map_err(|error| thrown(ctx, error))?))
    }

    /// The entry point of a script, which is loaded at its first call.
    async fn entry(&mut self, script: &Script) -> Outcome<Persistent<Function<'static>>> {
        // A script's place is its name: an action and an entity may have the same one.
        let key = format!("{}#{}", script.name, script.entry);
        if let Some(entry) = self.entries.get(&key) {
            return Ok(entry.clone());
        }
        let namespace = self.load(script).await?;
        let entry = self.with(|ctx| {
            let namespace = restore(ctx, namespace)?;
            let entry = namespace.as_object().and_then(|namespace| namespace.get::<_, Function<'_>>("default").ok());
            drop(ctx.catch());
            let entry = entry.ok_or_else(|| {
                RuntimeError::new("TypeError", format!("`{}` of {} is not a function", script.entry, script.name))
            })?;
            Ok(Persistent::save(ctx, entry))
        })?;
        self.entries.insert(key, entry.clone());
        Ok(entry)
    }

    /// Evaluates a script as a module; gives its namespace.
    async fn load(&mut self, script: &Script) -> Outcome<Kept> {
        let compiled = Compiled::of(script)?;
        self.modules.borrow_mut().insert(compiled.name.clone(), compiled.code);
        self.lines.insert(compiled.name.clone(), compiled.lines);
        self.host.start_running();
        let promise = self.with(|ctx| {
            let promise = rquickjs::Module::import(ctx, compiled.name.as_str()).map_err(|error| thrown(ctx, error))?;
            Ok(keep(ctx, promise.into_value()))
        })?;
        self.settle(promise).await
    }

    /// Waits until a promise is settled, running whatever JavaScript has to run; any other value is its own result.
    async fn settle(&self, value: Kept) -> Outcome<Kept> {
        loop {
            self.run_jobs()?;
            if let Some(result) = self.result(&value)? {
                return Ok(result);
            }
            let Some(event) = self.host.next_event().await else {
                return Err(Failure::Other(RuntimeError {
                    code: Some("never-settles".to_owned()),
                    ..RuntimeError::new(
                        "ConnectorError",
                        "the handler waits for a promise that nothing will settle: no request and no timer is under way",
                    )
                }));
            };
            self.host.start_running();
            self.deliver(event)?;
        }
    }

    /// Runs microtasks until none is left.
    fn run_jobs(&self) -> Outcome<()> {
        loop {
            let ran = match self.runtime.execute_pending_job() {
                Ok(ran) => ran,
                Err(exception) => {
                    // The callback of queueMicrotask threw.
                    let thrown = exception.0.with(|ctx| Thrown::pending(&ctx));
                    return Err(Failure::Thrown(thrown));
                }
            };
            if self.host.has_overrun() {
                return Err(Failure::Thrown(self.with(|ctx| Ok(Thrown::pending(ctx)))?));
            }
            if !ran {
                return Ok(());
            }
        }
    }

    /// The result of a promise; `None` while it is pending.
    fn result(&self, value: &Kept) -> Outcome<Option<Kept>> {
        self.with(|ctx| {
            if self.host.has_overrun() {
                return Err(Failure::Thrown(Thrown::pending(ctx)));
            }
            let value = restore(ctx, value.clone())?;
            let Some(promise) = value.as_promise() else { return Ok(Some(keep(ctx, value))) };
            let result = Promise::result::<JsValue<'_>>(promise);
            result.transpose().map(|value| value.map(|value| keep(ctx, value))).map_err(|error| thrown(ctx, error))
        })
    }

    fn deliver(&self, event: Event) -> Outcome<()> {
        self.with(|ctx| {
            let delivered = match event {
                Event::Timer(id) => self.dispatch(ctx, "timer")?.call::<_, ()>((id,)),
                Event::Response(_, Err(TransportError::Fatal(error))) => return Err(Failure::Other(*error)),
                Event::Response(id, Ok(response)) => globals::response_to_js(ctx, response).and_then(|parts| {
                    self.dispatch.clone().restore(ctx)?.get::<_, Function<'_>>("response")?.call((id, parts))
                }),
                Event::Response(id, Err(error)) => globals::failure_to_js(ctx, &error).and_then(|parts| {
                    self.dispatch.clone().restore(ctx)?.get::<_, Function<'_>>("failure")?.call((id, parts))
                }),
            };
            delivered.map_err(|error| thrown(ctx, error))
        })
    }
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX / 4)
}
