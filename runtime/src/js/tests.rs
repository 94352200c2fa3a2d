//! Handlers run as a program runs them: compiled to bytecode, called with mocks on a paused clock.

mod bench;
mod bodies;
mod declarations;
mod errors;
mod fetch;
mod globals;
mod helpers;
mod hostile;
mod page;
mod rows;
mod secrets;
mod waiting;
mod wpt;

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;

use moltler_abi::DataType;
use moltler_abi::manifest::{Entity, Script, Span};

use super::{ActionCall, Clock, Engine, QueryCall, Rows, Settings, compile};
use crate::coerce::{value_from_json, value_to_json};
use crate::error::RuntimeError;
use crate::http::{Gateway, Limiter, Limits, MockApi, Policy};
use crate::testing::field;
use crate::value::{Document, Value};

/// The test's engine, its mocks, and what was written to the console.
struct Bench {
    engine: Engine,
    mock: MockApi,
    console: Rc<RefCell<Vec<String>>>,
    config: Value,
}

/// A script as the compiler hands it over: bytecode without source, 1000 bytes into its file.
fn script(entry: &str, shared_names: &[&str], source: &str) -> Script {
    let mut script = Script {
        name: "myservice.items".to_owned(),
        span: Span { file: 3, start: 1000, end: 1000 + source.len() as u32 },
        entry: entry.to_owned(),
        shared_names: shared_names.iter().map(|name| (*name).to_owned()).collect(),
        source: source.to_owned(),
        bytecode: Vec::new(),
    };
    script.bytecode = compile(&script).unwrap_or_else(|error| panic!("{error}\n{source}"));
    script.source.clear();
    script
}

/// `items` with these fields and a QUERY_HANDLER.
fn entity(fields: &[(&str, DataType)], handler: &str) -> Entity {
    Entity {
        name: "items".to_owned(),
        fields: fields.iter().map(|(name, data_type)| field(name, *data_type)).collect(),
        handler: script("query", &[], handler),
        ..Entity::default()
    }
}

/// The fields of the users' page.
const PAGE_FIELDS: &[(&str, DataType)] = &[
    ("id", DataType::String),
    ("name", DataType::String),
    ("status", DataType::String),
    ("created_at", DataType::Timestamp),
    ("metadata", DataType::Document),
];

fn json(text: &str) -> Value {
    value_from_json(text).expect("the test's JSON is valid")
}

fn empty() -> Value {
    Value::Document(Rc::new(Document::new()))
}

/// Runs on a thread's tokio runtime whose clock is paused.
fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime")
        .block_on(future)
}

/// 2024-01-15T10:00:00Z
const START: i64 = 1_705_312_800_000_000;

impl Bench {
    fn new(mock_api: &str) -> Bench {
        Bench::with(mock_api, |_| {})
    }

    fn with(mock_api: &str, change: impl FnOnce(&mut Settings)) -> Bench {
        let mock = MockApi::new(&json(mock_api), Span::default()).expect("the mocks are valid");
        let console = Rc::new(RefCell::new(Vec::new()));
        let lines = Rc::clone(&console);
        let clock = Clock::virtual_at(START);
        let gateway = Gateway::new(
            Rc::new(mock.clone()),
            Policy::open(),
            Arc::new(Limiter::new(None)),
            // Each request is sent once.
            Limits { retries: 0, ..Limits::default() },
            clock.clone(),
            Rc::default(),
        );
        let mut settings = Settings::new(Rc::new(gateway));
        settings.clock = clock;
        settings.console = Rc::new(move |level, text: &str| lines.borrow_mut().push(format!("{level:?} {text}")));
        change(&mut settings);
        let config = json(r#"{"api_url": "mock://", "api_key": "test"}"#);
        Bench { engine: Engine::new(settings), mock, console, config }
    }

    async fn query_with(&mut self, entity: &Entity, filters: &str, options: &str) -> Result<Rows, RuntimeError> {
        let columns: Vec<u32> = (0..entity.fields.len() as u32).collect();
        let (filters, options) = (json(filters), json(options));
        let call = QueryCall {
            source: "test_conn.items",
            entity,
            columns: &columns,
            config: &self.config,
            filters: &filters,
            options: &options,
            null_on_type_error: false,
        };
        self.engine.query(&call).await
    }

    async fn query(&mut self, entity: &Entity) -> Result<Rows, RuntimeError> {
        self.query_with(entity, "{}", "{}").await
    }

    async fn execute(&mut self, script: &Script, params: &Value) -> Result<Value, RuntimeError> {
        let call = ActionCall { source: "test_conn.items.create", script, config: &self.config, params: Some(params) };
        self.engine.execute(&call).await
    }
}

/// Rows as JSON: an array of arrays.
fn shown(rows: &Rows) -> String {
    let columns = rows.batch.types().len();
    let rows = (0..rows.batch.rows())
        .map(|row| Value::Array(Rc::new((0..columns).map(|column| rows.batch.value(column, row)).collect())));
    value_to_json(&Value::Array(Rc::new(rows.collect())))
}

/// What an `execute` body gives, as JSON; errors as `Class: message`.
fn evaluate(body: &str) -> String {
    evaluate_with(body, "{}", |_| {}).0
}

/// What an `execute` body gives, and the console's lines.
fn evaluate_with(body: &str, mock_api: &str, change: impl FnOnce(&mut Settings)) -> (String, Vec<String>) {
    run(async {
        let mut bench = Bench::with(mock_api, change);
        let script = script("execute", &[], &format!("async function execute(config, params) {{\n{body}\n}}"));
        let result = match bench.execute(&script, &empty()).await {
            Ok(value) => value_to_json(&value),
            Err(error) => error.to_string(),
        };
        let console = bench.console.borrow().clone();
        (result, console)
    })
}

/// What a query's handler body gives for one field `x` of this type.
fn one_field(data_type: DataType, body: &str) -> Result<String, String> {
    run(async {
        let entity = entity(&[("x", data_type)], &format!("async function query() {{ {body} }}"));
        let result = Bench::new("{}").query(&entity).await;
        result.map(|rows| shown(&rows)).map_err(|error| error.to_string())
    })
}
