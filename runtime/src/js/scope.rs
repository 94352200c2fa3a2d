//! A JavaScript runtime with the scripts loaded into it, and the loop that waits for what they wait for.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use moltler_abi::host::COVERAGE_COUNTER;
use moltler_abi::manifest::{Script, Span};
use rquickjs::{Context, Ctx, Function, Object, Persistent, Promise, Runtime, TypedArray, Value as JsValue};
use tokio::time::Instant;

use super::bytecode::{Compiled, LineTable, Modules, OnlyShared, ScriptLoader};
use super::crypto::Exchanges;
use super::engine::Settings;
use super::failure::{self, Thrown};
use super::globals;
use super::host::{Event, Host, Waited};
use super::rows::WalkError;
use crate::error::RuntimeError;
use crate::http::TransportError;

/// Of JavaScript frames; main threads and those of tests have at least twice as much.
const STACK_BYTES: usize = 512 * 1024;

/// The code of the error for a promise that nothing will settle.
pub(super) const NEVER_SETTLES: &str = "never-settles";

/// A JavaScript runtime with what was loaded into it. The order of the fields is that of their drops: values go before
/// the runtime that they belong to.
pub(super) struct Scope {
    dispatch: Persistent<Object<'static>>,
    entries: HashMap<String, Persistent<Function<'static>>>,
    generators: HashMap<u64, Persistent<Object<'static>>>,
    last_generator: u64,
    lines: HashMap<String, LineTable>,
    modules: Modules,
    pub(super) host: Rc<Host>,
    context: Context,
    runtime: Runtime,
}

/// Why a call did not end well.
pub(super) enum Failure {
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

pub(super) type Outcome<T> = Result<T, Failure>;
pub(super) type Kept = Persistent<JsValue<'static>>;

pub(super) fn keep<'js>(ctx: &Ctx<'js>, value: JsValue<'js>) -> Kept {
    Persistent::save(ctx, value)
}

pub(super) fn restore<'js>(ctx: &Ctx<'js>, value: Kept) -> Outcome<JsValue<'js>> {
    value.restore(ctx).map_err(|error| Failure::Other(failure::engine_error(&error)))
}

/// What stands behind an error of the binding: mostly an exception of the script.
pub(super) fn thrown(ctx: &Ctx<'_>, error: rquickjs::Error) -> Failure {
    match error {
        rquickjs::Error::Exception => Failure::Thrown(Thrown::pending(ctx)),
        error => Failure::Other(failure::engine_error(&error)),
    }
}

impl Scope {
    pub(super) fn new(settings: &Settings) -> Outcome<Scope> {
        let failed = |error: rquickjs::Error| Failure::Other(failure::engine_error(&error));
        let mut host = Host::new(
            Rc::clone(&settings.transport),
            settings.clock.clone(),
            Rc::clone(&settings.seal),
            Exchanges::new(Rc::clone(&settings.tokens), settings.instance.clone()),
            Rc::clone(&settings.console),
            seconds(settings.max_run_seconds),
            seconds(settings.max_wait_seconds),
        );
        host.memory_limit = (settings.max_memory_mb as usize) << 20;
        host.base_url = settings.base_url.clone();
        let host = Rc::new(host);
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
            if let Some(coverage) = settings.coverage.clone() {
                let count = Function::new(ctx.clone(), move |statement: u32| coverage.count(statement));
                let counter = count.and_then(|count| ctx.globals().set(COVERAGE_COUNTER, count));
                counter.map_err(|error| thrown(&ctx, error))?;
            }
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

    pub(super) fn with<T>(&self, action: impl for<'js> FnOnce(&Ctx<'js>) -> Outcome<T>) -> Outcome<T> {
        self.context.with(|ctx| action(&ctx))
    }

    /// One of the functions that `dispatch.js` gives.
    pub(super) fn dispatch<'js>(&self, ctx: &Ctx<'js>, name: &str) -> Outcome<Function<'js>> {
        let function = || self.dispatch.clone().restore(ctx)?.get(name);
        function().map_err(|error| thrown(ctx, error))
    }

    pub(super) fn call_dispatch(
        &self,
        ctx: &Ctx<'_>,
        name: &str,
        argument: Persistent<Object<'static>>,
    ) -> Outcome<Kept> {
        let result = self.dispatch(ctx, name)?.call((argument,));
        Ok(keep(ctx, result.map_err(|error| thrown(ctx, error))?))
    }

    /// Keeps a generator; gives its number.
    pub(super) fn add_generator(&mut self, generator: Persistent<Object<'static>>) -> u64 {
        self.last_generator += 1;
        self.generators.insert(self.last_generator, generator);
        self.last_generator
    }

    /// A generator that was not given up.
    pub(super) fn generator(&self, id: u64) -> Option<Persistent<Object<'static>>> {
        self.generators.get(&id).cloned()
    }

    /// Gives a generator up.
    pub(super) fn remove_generator(&mut self, id: u64) {
        self.generators.remove(&id);
    }

    /// The place of a line and column in a module; `None` in one that is not the user's.
    pub(super) fn place(&self, module: &str, line: u32, column: u32) -> Option<Span> {
        Some(self.lines.get(module)?.place(line, column))
    }

    /// The entry point of a script, which is loaded at its first call.
    pub(super) async fn entry(&mut self, script: &Script) -> Outcome<Persistent<Function<'static>>> {
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
    pub(super) async fn load(&mut self, script: &Script) -> Outcome<Kept> {
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
    pub(super) async fn settle(&self, value: Kept) -> Outcome<Kept> {
        self.host.start_waiting();
        loop {
            self.run_jobs()?;
            if let Some(result) = self.result(&value)? {
                return Ok(result);
            }
            let reason = match self.host.next_event().await {
                Waited::For(event) => {
                    self.host.start_running();
                    self.deliver(event)?;
                    continue;
                }
                Waited::Nothing => "no request and no timer is under way",
                Waited::TooLong => {
                    "for longer than `max_wait_seconds` nothing but repeated timers has happened, without any request"
                }
            };
            // Without memory the engine cannot even reject a promise: that is why nothing settles.
            let used = usize::try_from(self.runtime.memory_usage().malloc_size).unwrap_or(0);
            if used >= self.host.memory_limit / 10 * 9 {
                return Err(Failure::Other(RuntimeError {
                    code: Some("memory-limit".to_owned()),
                    ..RuntimeError::new("ConnectorError", "out of memory".to_owned())
                }));
            }
            return Err(Failure::Other(RuntimeError {
                code: Some(NEVER_SETTLES.to_owned()),
                ..RuntimeError::new(
                    "ConnectorError",
                    format!("the handler waits for a promise that nothing will settle: {reason}"),
                )
            }));
        }
    }

    /// Delivers what comes until then.
    pub(super) async fn idle_until(&self, deadline: Instant) -> Outcome<()> {
        self.host.start_waiting();
        loop {
            self.run_jobs()?;
            match tokio::time::timeout_at(deadline, self.host.next_event()).await {
                Ok(Waited::For(event)) => {
                    self.host.start_running();
                    self.deliver(event)?;
                }
                // Nobody waits for what the timers do.
                Ok(Waited::TooLong) => self.host.start_waiting(),
                Ok(Waited::Nothing) | Err(_) => return Ok(()),
            }
        }
    }

    /// Runs microtasks until none is left.
    fn run_jobs(&self) -> Outcome<()> {
        for count in 1_u64.. {
            let ran = match self.runtime.execute_pending_job() {
                Ok(ran) => ran,
                Err(exception) => {
                    // The callback of queueMicrotask threw.
                    let thrown = exception.0.with(|ctx| Thrown::pending(&ctx));
                    return Err(Failure::Thrown(thrown));
                }
            };
            // The engine asks only every few thousand steps, and jobs of a few steps each can go on for ever.
            if self.host.has_overrun() || (count % 256 == 0 && self.host.must_stop()) {
                return Err(Failure::Thrown(self.with(|ctx| Ok(Thrown::pending(ctx)))?));
            }
            if !ran {
                break;
            }
        }
        Ok(())
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
                Event::Failed(_, TransportError::Fatal(error))
                | Event::Body(_, Err(TransportError::Fatal(error)))
                | Event::Chunk(_, Err(TransportError::Fatal(error))) => return Err(Failure::Other(*error)),
                Event::Response(id, response) => {
                    globals::response_to_js(ctx, &self.host, id, *response).and_then(|parts| {
                        self.dispatch.clone().restore(ctx)?.get::<_, Function<'_>>("response")?.call((id, parts))
                    })
                }
                Event::Body(id, Ok(())) => self.dispatch(ctx, "body")?.call((id,)),
                Event::Chunk(id, Ok(chunk)) => {
                    let chunk = chunk.map(|chunk| TypedArray::<u8>::new_copy(ctx.clone(), chunk)).transpose();
                    chunk.and_then(|chunk| {
                        self.dispatch.clone().restore(ctx)?.get::<_, Function<'_>>("chunk")?.call((id, chunk))
                    })
                }
                Event::Body(id, Err(error)) | Event::Chunk(id, Err(error)) => globals::failure_to_js(ctx, &error)
                    .and_then(|parts| {
                        self.dispatch.clone().restore(ctx)?.get::<_, Function<'_>>("broken")?.call((id, parts))
                    }),
                Event::Failed(id, error) => globals::failure_to_js(ctx, &error).and_then(|parts| {
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
