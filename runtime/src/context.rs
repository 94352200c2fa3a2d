//! The state of one run: what generated code passes to every function of the runtime.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use moltler_abi::layout::{Context, Datum, FAILED};
use moltler_abi::manifest::{FunctionId, Manifest, Span};
use moltler_abi::runtime_calls::BinaryOperator;

use crate::arena::Arena;
use crate::assertion::Comparison;
use crate::coerce::excerpt;
use crate::connector::registry::Registry;
use crate::coverage::Coverage;
use crate::datum::Operand;
use crate::error::{ErrorKind, RuntimeError};
use crate::evaluate::binary;
use crate::exports;
use crate::http::{Counters, HttpClient, MockApi, Transport};
use crate::js::Clock;
use crate::loader::Program;
use crate::operators::UnderWay;
use crate::output::Output;
use crate::program::ProgramHost;
use crate::secrets::store::Store;
use crate::secrets::tokens::Tokens;
use crate::secrets::vault::{Origin, Vault};
use crate::sync::{self, SyncOptions};
use crate::trace::Trace;
use crate::value::Value;

/// Reads an environment variable; `None` where it is unset.
pub type Environment = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// The environment of the process.
pub fn process_environment() -> Environment {
    Arc::new(|name| std::env::var(name).ok())
}

/// What a run is given from outside.
pub struct Setup {
    /// Where results go.
    pub output: Output,
    /// For ENV and secrets.
    pub environment: Environment,
    /// What carries out PACKAGE and PUBLISH.
    pub host: Option<Rc<dyn ProgramHost>>,
    /// The time.
    pub clock: Clock,
    /// Answers all requests instead of the network.
    pub mock: Option<Rc<MockApi>>,
    /// Counts what runs of handlers that were compiled for it.
    pub coverage: Option<Arc<Coverage>>,
    /// Sends requests instead of the process's own client.
    pub transport: Option<Rc<dyn Transport>>,
    /// Whether a TEST runs: literals of its CONFIG are no secrets.
    pub is_test: bool,
    /// How many calls of handlers a query may make.
    pub max_calls: u64,
    /// How SYNC statements are carried out.
    pub sync: SyncOptions,
}

/// A test that carries out more statements than these has a loop without end.
const MAX_TEST_STATEMENTS: u64 = 1_000_000;

/// One run on one thread. All state has interior mutability, since a function of the runtime may enter generated code that calls
/// the runtime again. Invariant: nothing is borrowed while generated code runs.
pub struct ExecContext {
    // Before the event loop that their engines wait on.
    connectors: Registry,
    transport: RefCell<Option<Rc<dyn Transport>>>,
    /// Made when something first waits, or asks a virtual clock.
    tokio: OnceCell<tokio::runtime::Runtime>,
    counters: Rc<Counters>,
    program: Arc<Program>,
    setup: Setup,
    arena: RefCell<Arena>,
    variables: RefCell<Vec<Variable>>,
    pending: RefCell<Option<RuntimeError>>,
    held: RefCell<Vec<RuntimeError>>,
    statement: Cell<Option<u32>>,
    now: Cell<Option<i64>>,
    /// Statements carried out so far.
    statements_begun: Cell<u64>,
    parts: RefCell<Vec<Part>>,
    missed: RefCell<Vec<String>>,
    comparison: RefCell<Option<Comparison>>,
    vault: Rc<Vault>,
    tokens: Rc<Tokens>,
    /// What ENV gave while a CONFIG was evaluated.
    environment_read: RefCell<Vec<String>>,
    queries: UnderWay,
    sync: sync::UnderWay,
}

/// A variable: its value, and whether it was stored as a boxed one.
#[derive(Clone, Debug, Default)]
pub struct Variable {
    /// What it holds.
    pub value: Value,
    /// Whether a scalar in it is dynamic.
    pub boxed: bool,
}

/// The value of a sub-expression of an ASSERT.
#[derive(Clone, Debug)]
pub struct Part {
    /// Index into the manifest's assertions.
    pub assertion: u32,
    /// Index into the assertion's parts.
    pub part: u32,
    /// Its value.
    pub value: Value,
}

impl ExecContext {
    /// A fresh state for `program` with so many variables.
    pub fn new(program: Arc<Program>, variables: u32, setup: Setup) -> Result<ExecContext, RuntimeError> {
        let connectors = Registry::new(program.manifest());
        // A test leaves nothing behind and finds nothing.
        let store = if setup.is_test { None } else { Store::of_user(&setup.environment) };
        Ok(ExecContext {
            connectors,
            tokio: OnceCell::new(),
            transport: RefCell::new(setup.transport.clone()),
            counters: Rc::default(),
            arena: RefCell::default(),
            variables: RefCell::new(vec![Variable::default(); variables as usize]),
            pending: RefCell::default(),
            held: RefCell::default(),
            statement: Cell::default(),
            now: Cell::default(),
            statements_begun: Cell::default(),
            parts: RefCell::default(),
            missed: RefCell::default(),
            comparison: RefCell::default(),
            vault: Rc::default(),
            tokens: Rc::new(Tokens::new(store)),
            environment_read: RefCell::default(),
            queries: UnderWay::default(),
            sync: sync::UnderWay::default(),
            program,
            setup,
        })
    }

    /// The program that runs.
    pub fn program(&self) -> &Arc<Program> {
        &self.program
    }

    /// Everything of the program that is not code.
    pub fn manifest(&self) -> &Manifest {
        self.program.manifest()
    }

    /// Where results go.
    pub fn output(&self) -> &Output {
        &self.setup.output
    }

    /// What the run was given.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// The instances of the run.
    pub fn connectors(&self) -> &Registry {
        &self.connectors
    }

    /// What the query under way keeps.
    pub fn queries(&self) -> &UnderWay {
        &self.queries
    }

    /// The sync under way.
    pub fn sync(&self) -> &sync::UnderWay {
        &self.sync
    }

    /// The address that generated code gets.
    pub fn address(&self) -> Context {
        std::ptr::from_ref(self).cast_mut().cast()
    }

    // --- Calls into generated code

    /// Runs statements: `main` or a test.
    pub fn enter(&self, function: FunctionId) -> Result<(), RuntimeError> {
        let status = exports::enter(self, self.program.entry(function));
        self.result_of(status)
    }

    /// The value of an expression without a row.
    pub fn evaluate(&self, function: FunctionId) -> Result<Value, RuntimeError> {
        let mut datum = Datum::default();
        let status = exports::evaluate(self, self.program.scalar(function), &mut datum);
        self.result_of(status)?;
        Ok(exports::read_result(self, &datum))
    }

    /// The error that generated code failed with.
    pub fn result_of(&self, status: i32) -> Result<(), RuntimeError> {
        if status == FAILED { Err(self.take_error()) } else { Ok(()) }
    }

    // --- Errors

    /// Makes an error the pending one; it gets the place of the statement unless it has one.
    pub fn fail(&self, error: RuntimeError) {
        let error = match self.statement_span() {
            Some(span) => error.at(span),
            None => error,
        };
        self.pending.replace(Some(error));
    }

    /// Takes the pending error.
    pub fn take_error(&self) -> RuntimeError {
        self.pending.take().unwrap_or_else(|| internal_error("a function failed without an error"))
    }

    /// Takes the pending error, if there is one.
    pub fn take_pending(&self) -> Option<RuntimeError> {
        self.pending.take()
    }

    /// Looks at the pending error.
    pub fn with_pending<R>(&self, see: impl FnOnce(Option<&RuntimeError>) -> R) -> R {
        see(self.pending.borrow().as_ref())
    }

    /// FINALLY begins.
    pub fn hold_error(&self) {
        let error = self.take_error();
        self.held.borrow_mut().push(error);
    }

    /// FINALLY ended.
    pub fn rethrow(&self) {
        let held = self.held.borrow_mut().pop();
        self.pending.replace(Some(held.unwrap_or_else(|| internal_error("no error was put aside"))));
    }

    // --- Statements

    /// A statement starts; what the one before it computed is released.
    ///
    /// # Errors
    ///
    /// A test that carries out more than a million statements will not end: nothing catches that error.
    pub fn begin_statement(&self, statement: u32) -> Result<(), RuntimeError> {
        self.statement.set(Some(statement));
        let begun = self.statements_begun.get() + 1;
        self.statements_begun.set(begun);
        if self.setup.is_test && begun > MAX_TEST_STATEMENTS {
            let message = format!("the test carried out {MAX_TEST_STATEMENTS} statements; does its loop end?");
            return Err(RuntimeError { kind: ErrorKind::Fatal, ..RuntimeError::new("TestError", message) });
        }
        self.now.set(None);
        self.parts.borrow_mut().clear();
        self.missed.borrow_mut().clear();
        self.arena.replace(Arena::new());
        Ok(())
    }

    /// Where the running statement stands.
    pub fn statement_span(&self) -> Option<Span> {
        self.manifest().statements.get(self.statement.get()? as usize).copied()
    }

    /// The time at which the statement started.
    pub fn now(&self) -> i64 {
        self.now.get().unwrap_or_else(|| {
            let _guard = self.setup.clock.is_virtual().then(|| self.tokio().enter());
            let now = self.setup.clock.now_micros();
            self.now.set(Some(now));
            now
        })
    }

    /// ADVANCE: the virtual clock goes on by the interval; timers of handlers that are due by then fire, in their order.
    ///
    /// # Errors
    ///
    /// The clock is the machine's, the interval is none or negative, or what a timer calls throws.
    pub fn advance(&self, interval: Operand<'_>) -> Result<(), RuntimeError> {
        if !self.setup.clock.is_virtual() {
            let message = "ADVANCE moves the virtual clock of a test with MOCK_API, and this test has the real time";
            return Err(RuntimeError { kind: ErrorKind::Fatal, ..RuntimeError::new("TestError", message) });
        }
        let now = self.now();
        let then = match binary(BinaryOperator::Add, Operand::Timestamp(now), interval)? {
            Value::Timestamp(then) if then >= now => then,
            _ => {
                let message =
                    format!("ADVANCE takes an interval that is not negative, not {}", excerpt(&interval.to_value()));
                return Err(RuntimeError::new("TypeError", message));
            }
        };
        self.connectors.advance(self, Duration::from_micros((then - now) as u64))
    }

    /// The arena of the statement, or of the batch that a pipeline is working on.
    pub fn with_arena<R>(&self, with: impl FnOnce(&mut Arena) -> R) -> R {
        with(&mut self.arena.borrow_mut())
    }

    /// Runs `call` with an empty arena; gives that arena back with the result, and puts the former one in its place again.
    pub fn with_own_arena<R>(&self, call: impl FnOnce() -> R) -> (R, Arena) {
        let outer = self.arena.replace(Arena::new());
        let result = call();
        (result, self.arena.replace(outer))
    }

    /// The variable in this slot.
    pub fn variable(&self, slot: u32) -> Variable {
        self.variables.borrow().get(slot as usize).cloned().unwrap_or_default()
    }

    /// Sets the variable in this slot.
    pub fn set_variable(&self, slot: u32, variable: Variable) {
        let mut variables = self.variables.borrow_mut();
        let slot = slot as usize;
        if slot >= variables.len() {
            variables.resize(slot + 1, Variable::default());
        }
        variables[slot] = variable;
    }

    // --- Assertions

    /// Keeps the value of a part of an ASSERT.
    pub fn push_part(&self, part: Part) {
        self.parts.borrow_mut().push(part);
    }

    /// Takes the parts of this assertion.
    pub fn take_parts(&self, assertion: u32) -> Vec<Part> {
        let mut parts = self.parts.take();
        parts.retain(|part| part.assertion == assertion);
        parts
    }

    /// Keeps a sentence about an index that found nothing, for the ASSERT that fails because of it.
    pub fn push_missed(&self, sentence: String) {
        let mut missed = self.missed.borrow_mut();
        if missed.len() < 8 && !missed.contains(&sentence) {
            missed.push(sentence);
        }
    }

    /// Takes the sentences about indices that found nothing.
    pub fn take_missed(&self) -> Vec<String> {
        self.missed.take()
    }

    /// Keeps what the ASSERT that fails compared.
    pub fn keep_comparison(&self, comparison: Option<Comparison>) {
        self.comparison.replace(comparison);
    }

    /// Takes what the last ASSERT that failed compared.
    pub fn take_comparison(&self) -> Option<Comparison> {
        self.comparison.take()
    }

    // --- The world outside

    /// Waits for a future on the run's event loop.
    pub fn block_on<R>(&self, future: impl Future<Output = R>) -> R {
        self.tokio().block_on(future)
    }

    fn tokio(&self) -> &tokio::runtime::Runtime {
        self.tokio.get_or_init(|| {
            let mut builder = tokio::runtime::Builder::new_current_thread();
            // Time is virtual where nothing comes from outside.
            if self.setup.clock.is_virtual() {
                builder.enable_time().start_paused(true);
            } else {
                builder.enable_all();
            }
            builder.build().expect("Invariant: the system lets a program wait for time and sockets")
        })
    }

    /// What sends requests.
    pub fn transport(&self) -> Rc<dyn Transport> {
        if let Some(mock) = &self.setup.mock {
            return Rc::clone(mock) as Rc<dyn Transport>;
        }
        let mut transport = self.transport.borrow_mut();
        Rc::clone(transport.get_or_insert_with(|| Rc::new(HttpClient::new())))
    }

    /// What the requests of the run cost so far.
    pub fn counters(&self) -> &Rc<Counters> {
        &self.counters
    }

    /// What is told of what the run does, where that was asked for.
    pub fn trace(&self) -> Option<&Trace> {
        self.counters.trace.get()
    }

    /// An environment variable; empty counts as unset.
    pub fn environment(&self, name: &str) -> Option<String> {
        (self.setup.environment)(name).filter(|value| !value.is_empty())
    }

    /// The values that ENV has given since this was last asked: a literal of a test is no secret, these are.
    pub fn take_environment_read(&self) -> Vec<String> {
        self.environment_read.take()
    }

    /// ENV gave this value.
    pub fn note_environment_read(&self, value: &str) {
        let mut read = self.environment_read.borrow_mut();
        if !read.iter().any(|known| known == value) {
            read.push(value.to_owned());
        }
    }

    /// The secrets of the run.
    pub fn vault(&self) -> &Rc<Vault> {
        &self.vault
    }

    /// What servers handed out to `moltler.oauth2`.
    pub fn tokens(&self) -> &Rc<Tokens> {
        &self.tokens
    }

    /// Keeps the value of a secret out of everything that is shown. One below 8 bytes occurs everywhere: masking it would tell
    /// more than it hides.
    pub fn add_secret(&self, secret: &str) {
        self.vault.add(Origin::Config, "a secret", secret);
    }

    /// A text without the values of secrets.
    pub fn scrub<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.vault.scrub(text)
    }

    /// An error without the values of secrets.
    pub fn scrub_error(&self, error: &mut RuntimeError) {
        error.scrub(&self.vault);
    }
}

/// A fault of Moltler itself, told as an error that nothing catches.
pub fn internal_error(message: &str) -> RuntimeError {
    let mut error = RuntimeError::new("InternalError", format!("{message}; this is a bug in Moltler"));
    error.kind = ErrorKind::Fatal;
    error
}
