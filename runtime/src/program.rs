//! Running a program's statements.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use moltler_abi::manifest::{Package, Span};

use crate::context::{Environment, ExecContext, Setup, Variable, internal_error, process_environment};
use crate::error::{ErrorKind, RuntimeError};
use crate::js::Clock;
use crate::operators::MAX_CALLS;
use crate::output::{Format, Output};
use crate::parameters::Assignment;
use crate::sync::SyncOptions;
use crate::trace::{self, Trace};

pub use crate::loader::{LoadError, Program};

/// Carries out what only the tool can do. Each gives a line for people.
pub trait ProgramHost {
    /// PACKAGE CONNECTOR TYPE.
    fn package(&self, package: &Package, span: Option<Span>) -> Result<String, RuntimeError>;
    /// PUBLISH CONNECTOR TYPE.
    fn publish(&self, type_name: &str, registry: &str, span: Option<Span>) -> Result<String, RuntimeError>;
}

/// How a program is run.
#[derive(Clone)]
pub struct RunOptions {
    /// How results are printed.
    pub format: Format,
    /// For ENV and secrets.
    pub environment: Environment,
    /// Values for PARAM, from [`crate::parameters::parse`].
    pub parameters: Vec<Assignment>,
    /// Carries out PACKAGE and PUBLISH; without it, they are passed over with a line on standard error.
    pub host: Option<Rc<dyn ProgramHost>>,
    /// How many calls of handlers a query may make: `--max-calls`.
    pub max_calls: u64,
    /// How SYNC statements are carried out.
    pub sync: SyncOptions,
    /// Whether it is told on standard error what the run does: [`crate::trace`].
    pub trace: bool,
}

impl Default for RunOptions {
    fn default() -> RunOptions {
        RunOptions {
            format: Format::default(),
            environment: process_environment(),
            parameters: Vec::new(),
            host: None,
            max_calls: MAX_CALLS,
            sync: SyncOptions::default(),
            trace: false,
        }
    }
}

/// Runs the program's statements on this thread: results go to standard output, all else to standard error. A closed standard
/// output ends it quietly. The error is for [`crate::report::render_error`].
pub fn run(program: &Arc<Program>, options: RunOptions) -> Result<(), RuntimeError> {
    let output = Output::standard(options.format);
    run_to(program, options, output)
}

/// Like [`run`], with results and messages going to `output`.
pub fn run_to(program: &Arc<Program>, options: RunOptions, output: Output) -> Result<(), RuntimeError> {
    let Some(main) = program.manifest().main else { return Ok(()) };
    with_context(program, options, output, |context| context.enter(main))
}

/// Carries out the SYNCs of the program, and nothing else of it that prints or acts.
pub fn sync(program: &Arc<Program>, options: RunOptions) -> Result<(), RuntimeError> {
    let output = Output::standard(options.format);
    sync_to(program, options, output)
}

/// Like [`sync`], with messages going to `output`.
pub fn sync_to(program: &Arc<Program>, options: RunOptions, output: Output) -> Result<(), RuntimeError> {
    let Some(syncs) = program.manifest().main_syncs else {
        return Err(RuntimeError::new("SyncError", "the program has no SYNC CONNECTOR"));
    };
    with_context(program, options, output, |context| context.enter(syncs))
}

/// Calls `act` with a fresh context of the program; its errors come back without secrets, panics as errors.
pub fn with_context(
    program: &Arc<Program>,
    options: RunOptions,
    output: Output,
    act: impl FnOnce(&ExecContext) -> Result<(), RuntimeError>,
) -> Result<(), RuntimeError> {
    let start = Instant::now();
    let trace = options.trace.then(|| Trace::new(output.clone()));
    let setup = Setup {
        output,
        environment: options.environment,
        host: options.host,
        clock: Clock::real(),
        mock: None,
        transport: None,
        coverage: None,
        is_test: false,
        max_calls: options.max_calls,
        sync: options.sync,
    };
    let variables = program.manifest().main_variables;
    let context = ExecContext::new(Arc::clone(program), variables, setup)?;
    if let Some(trace) = trace {
        // Nothing was told yet, so that there is none.
        let _ = context.counters().trace.set(trace);
    }
    for Assignment { slot, value } in options.parameters {
        context.set_variable(slot, Variable { value, boxed: false });
    }
    let outcome = guarded(&context, act);
    trace::end(&context, start);
    match outcome {
        Err(error) if error.kind == ErrorKind::ClosedPipe => Ok(()),
        result => result,
    }
}

/// Runs `act`; its errors come back without secrets, panics as errors.
pub(crate) fn guarded<R>(
    context: &ExecContext,
    act: impl FnOnce(&ExecContext) -> Result<R, RuntimeError>,
) -> Result<R, RuntimeError> {
    let result = catch_unwind(AssertUnwindSafe(|| act(context)));
    result.unwrap_or_else(|_| Err(internal_error("the runtime panicked"))).map_err(|mut error| {
        context.scrub_error(&mut error);
        error
    })
}
