//! Running tests: each alone in a fresh context, several at the same time.

pub mod verify_pushdown;

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use moltler_abi::manifest::{self, FunctionId, Span, Test};

use crate::assertion::Comparison;
use crate::coerce::{coerce, value_from_json};
use crate::context::{Environment, ExecContext, Setup, internal_error, process_environment};
use crate::coverage::Coverage;
use crate::error::{ErrorKind, RuntimeError};
use crate::http::{HttpClient, MockApi, Transport};
use crate::js::Clock;
use crate::loader::Program;
use crate::operators::MAX_CALLS;
use crate::output::{Format, Output};
use crate::program::guarded;
use crate::recording::{self, Recorder, Recording, Replay};
use crate::value::Value;
use verify_pushdown::Verification;

/// As large as that of a main thread.
const STACK: usize = 8 * 1024 * 1024;

/// How tests are run.
#[derive(Clone)]
pub struct TestOptions {
    /// How many run at the same time; at least one does.
    pub threads: usize,
    /// For ENV and secrets.
    pub environment: Environment,
    /// Whether tests without MOCK_API keep what they exchange with the world.
    pub record: bool,
    /// What tests without MOCK_API exchanged before, by the indices of the tests: they get the same answers, unless `record`.
    pub recordings: Arc<BTreeMap<usize, Recording>>,
    /// Counts what runs of handlers that were compiled for it.
    pub coverage: Option<Arc<Coverage>>,
    /// Whether tests that pass go on to try what PUSHDOWN claims of the handlers that they call.
    pub verify_pushdown: bool,
}

impl Default for TestOptions {
    fn default() -> TestOptions {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        TestOptions {
            threads,
            environment: process_environment(),
            record: false,
            recordings: Arc::default(),
            coverage: None,
            verify_pushdown: false,
        }
    }
}

/// How a test ended, as plain data.
#[derive(Clone, Debug)]
pub struct TestOutcome {
    /// Index into the manifest's tests.
    pub index: usize,
    /// NAME.
    pub name: String,
    /// The type under test.
    pub type_name: String,
    /// TAGS.
    pub tags: Vec<String>,
    /// What came of it.
    pub result: TestResult,
    /// How long it took.
    pub duration: Duration,
    /// What it printed and logged, without secrets.
    pub output: String,
    /// What it exchanged with the world, where that was to be kept and it passed.
    pub recording: Option<Recording>,
    /// What came of the claims of PUSHDOWN, where they were to be tried.
    pub verifications: Vec<Verification>,
    /// What the ASSERT that it failed at compared, where that was an equality.
    pub comparison: Option<Comparison>,
}

/// What came of a test.
#[derive(Clone, Debug, PartialEq)]
pub enum TestResult {
    /// It ran to its end.
    Passed,
    /// It did not compile, or a statement failed.
    Failed(Box<RuntimeError>),
    /// It cannot run here, for this reason.
    Skipped(String),
}

/// Runs the tests with these indices in parallel. `on_done` is called for each as soon as it and all before it are done; the
/// outcomes come back in the order of `tests`.
pub fn run_tests(
    program: &Arc<Program>,
    tests: &[usize],
    threads: usize,
    on_done: impl FnMut(&TestOutcome),
) -> Vec<TestOutcome> {
    run_tests_with(program, tests, &TestOptions { threads, ..TestOptions::default() }, on_done)
}

/// Like [`run_tests`], with more to choose.
pub fn run_tests_with(
    program: &Arc<Program>,
    tests: &[usize],
    options: &TestOptions,
    mut on_done: impl FnMut(&TestOutcome),
) -> Vec<TestOutcome> {
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    let mut outcomes = Vec::with_capacity(tests.len());
    std::thread::scope(|scope| {
        for _ in 0..options.threads.clamp(1, tests.len().max(1)) {
            let (sender, next) = (sender.clone(), &next);
            let work = move || {
                loop {
                    let position = next.fetch_add(1, Ordering::Relaxed);
                    let Some(index) = tests.get(position) else { break };
                    if sender.send((position, run_test(program, *index, options))).is_err() {
                        break;
                    }
                }
            };
            let started = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
            if started.is_err() {
                break;
            }
        }
        drop(sender);
        let mut waiting = BTreeMap::new();
        for (position, outcome) in receiver {
            waiting.insert(position, outcome);
            while let Some(outcome) = waiting.remove(&outcomes.len()) {
                on_done(&outcome);
                outcomes.push(outcome);
            }
        }
    });
    // Where no thread could be started.
    for index in &tests[outcomes.len()..] {
        let outcome = run_test(program, *index, options);
        on_done(&outcome);
        outcomes.push(outcome);
    }
    outcomes
}

/// Runs one test on this thread.
pub fn run_test(program: &Arc<Program>, index: usize, options: &TestOptions) -> TestOutcome {
    let start = Instant::now();
    let output = Output::captured(Format::Table);
    let test = program.manifest().tests.get(index);
    let mut recording = None;
    let mut found = Found::default();
    let result = match test.map(|test| run(program, index, test, options, &output, &mut found)) {
        Some(Ok(kept)) => {
            recording = kept;
            TestResult::Passed
        }
        Some(Err(error)) if error.kind == ErrorKind::Skip => TestResult::Skipped(error.message),
        Some(Err(error)) => TestResult::Failed(Box::new(error)),
        None => TestResult::Failed(Box::new(internal_error("unknown test"))),
    };
    TestOutcome {
        index,
        name: test.map(|test| test.name.clone()).unwrap_or_default(),
        type_name: test.map(|test| test.type_name.clone()).unwrap_or_default(),
        tags: test.map(|test| test.tags.clone()).unwrap_or_default(),
        duration: start.elapsed(),
        output: output.captured_text(),
        recording,
        verifications: found.verifications,
        comparison: match &result {
            TestResult::Failed(error) if error.kind == ErrorKind::Assertion => {
                found.comparison.filter(|comparison| error.span == Some(comparison.span))
            }
            _ => None,
        },
        result,
    }
}

/// What a test leaves besides its result.
#[derive(Default)]
struct Found {
    verifications: Vec<Verification>,
    comparison: Option<Comparison>,
}

/// Runs a test; gives what it exchanged with the world where that is to be kept.
fn run(
    program: &Arc<Program>,
    index: usize,
    test: &Test,
    options: &TestOptions,
    output: &Output,
    found: &mut Found,
) -> Result<Option<Recording>, RuntimeError> {
    let is_mocked = test.mock_api.is_some();
    let recorded = options.recordings.get(&index).filter(|_| !is_mocked && !options.record);
    let mut environment = Arc::clone(&options.environment);
    let mut read = None;
    if let Some(recorded) = recorded {
        environment = recording::environment(recorded, &environment);
    } else if options.record && !is_mocked {
        let (watched, kept) = recording::watched(&environment);
        (environment, read) = (watched, Some(kept));
    }
    check_environment(test, &environment)?;
    let code = match (test.code, test.errors.split_first()) {
        (Some(code), None) => code,
        (_, errors) => {
            let (first, others) = errors.map_or(("it was not compiled", &[][..]), |(first, others)| (first, others));
            let mut error =
                RuntimeError::new("CompileError", format!("the test does not compile: {first}")).at(test.span);
            error.kind = ErrorKind::Fatal;
            error.notes = others.to_vec();
            return Err(error);
        }
    };
    let setup = |clock: Clock, mock: Option<Rc<MockApi>>, transport: Option<Rc<dyn Transport>>| Setup {
        output: output.clone(),
        environment: Arc::clone(&environment),
        host: None,
        clock,
        mock,
        transport,
        coverage: options.coverage.clone(),
        is_test: true,
        max_calls: MAX_CALLS,
        sync: crate::sync::SyncOptions::default(),
    };
    let setup = if let Some(mock_api) = &test.mock_api {
        // MOCK_API and AT may be expressions: evaluated before there are mocks and a virtual clock.
        let evaluate = |function: FunctionId| {
            let before = ExecContext::new(Arc::clone(program), 0, setup(Clock::real(), None, None))?;
            guarded(&before, |context| context.evaluate(function)).map_err(|error| error.at(test.span))
        };
        let at = test.at.map(evaluate).transpose()?;
        let mocks = match mock_api {
            manifest::MockApi::Constant(json) => value_from_json(json).map_err(|error| internal_error(&error))?,
            manifest::MockApi::Computed(function) => evaluate(*function)?,
        };
        let mock = MockApi::new(&mocks, test.span)?;
        setup(Clock::virtual_at(start_of(at, test.span)?), Some(Rc::new(mock)), None)
    } else if let Some(recorded) = recorded {
        let start = start_of(Some(Value::String(recorded.started_at.as_str().into())), test.span)?;
        let again = format!("moltlerc test --record --filter '{}'", test.name);
        setup(Clock::virtual_at(start), None, Some(Rc::new(Replay::new(recorded.clone(), again))))
    } else {
        setup(Clock::real(), None, None)
    };
    let Some(read) = read else {
        let context = ExecContext::new(Arc::clone(program), test.variables, setup)?;
        if options.verify_pushdown {
            context.queries().observe();
        }
        let ended = guarded(&context, |context| context.enter(code)).map_err(|error| error.at(test.span));
        found.comparison = context.take_comparison();
        ended?;
        found.verifications = guarded(&context, |context| Ok(verify_pushdown::verify(context)))?;
        if is_mocked {
            abandon(context);
        }
        return Ok(None);
    };
    let recorder = Recorder::new(Rc::new(HttpClient::new()));
    let start = setup.clock.now_micros();
    let setup = Setup { transport: Some(Rc::new(recorder.clone())), ..setup };
    let context = ExecContext::new(Arc::clone(program), test.variables, setup)?;
    let ended = guarded(&context, |context| context.enter(code)).map_err(|error| error.at(test.span));
    found.comparison = context.take_comparison();
    ended?;
    // Literals of a test are no secrets, but a file that is kept has none of them in a field for secrets.
    for secret in context.connectors().all().iter().flat_map(|instance| instance.secret_texts(program.manifest())) {
        context.add_secret(&secret);
    }
    let environment = read.lock().map(|read| read.clone()).unwrap_or_default();
    Ok(Some(recorder.finish(start, &environment, context.vault())).filter(|recording| !recording.exchanges.is_empty()))
}

/// How many contexts of a process may be left as they are.
const ABANDONED: usize = 128;

/// Taking a JavaScript engine apart object by object takes as long as making it. The process of a short run ends anyway, and gives
/// its memory back as a whole; what a long one may keep so is bounded.
fn abandon(context: ExecContext) {
    static SO_FAR: AtomicUsize = AtomicUsize::new(0);
    if SO_FAR.fetch_add(1, Ordering::Relaxed) < ABANDONED {
        std::mem::forget(context);
    }
}

/// Where a virtual clock starts, in microseconds since 1970: now without a value.
fn start_of(at: Option<Value>, span: Span) -> Result<i64, RuntimeError> {
    match at {
        None | Some(Value::Null) => Ok(Clock::real().now_micros()),
        Some(value) => match coerce(&value, moltler_abi::DataType::Timestamp, None) {
            Some(Value::Timestamp(micros)) => Ok(micros),
            _ => {
                let message = format!("AT must be a timestamp, not {}", crate::coerce::excerpt(&value));
                Err(RuntimeError::new("TypeError", message).at(span))
            }
        },
    }
}

/// A test that reads an environment variable without default runs only where it is set.
fn check_environment(test: &Test, environment: &Environment) -> Result<(), RuntimeError> {
    let is_unset = |name: &&String| environment(name).is_none_or(|value| value.is_empty());
    let unset: Vec<&str> = test.environment.iter().filter(is_unset).map(String::as_str).collect();
    if unset.is_empty() {
        return Ok(());
    }
    let verb = if unset.len() == 1 { "is" } else { "are" };
    let mut reason = format!("{} {verb} not set", unset.join(", "));
    for error in &test.errors {
        reason.push_str(&format!("; it also does not compile: {error}"));
    }
    let mut error = RuntimeError::new("Skip", reason);
    error.kind = ErrorKind::Skip;
    Err(error)
}

#[cfg(test)]
mod tests;
