//! What a run does, for people and programs that look on: lines of JSON on standard error, and a line at its end.
//!
//! Each line is an object that begins with `trace`, which says what has ended there:
//!
//! | `trace` | what | members besides `name`, `start_ms`, `ms` |
//! | --- | --- | --- |
//! | `request` | an exchange, until its answer begins; `name` is `GET https://host/path`, without secrets | `parent`, `attempt` from 1, `status` or `error`, `bytes` of a body that has come as a whole |
//! | `wait` | a pause before a request: a rate limit, or before it is sent again | `parent` |
//! | `rows` | a handler gave rows; `name` is `instance.entity` | `parent`, `rows` |
//! | `node` | a node of a query's plan; `ms` is the time in it and in those below it | `id`, `parent` (the node that asks it for rows), `rows`, `batches` |
//! | `end` | the run; always the last line | `requests`, `retries`, `pages`, `rows`, `waited_ms` |
//!
//! Times are milliseconds, `start_ms` since the start of the run. `parent` is 0 where no node of a plan is at work.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use moltler_abi::manifest;

use crate::batch::OwnedBatch;
use crate::coerce::value_to_json;
use crate::context::ExecContext;
use crate::error::RuntimeError;
use crate::http::{Counters, Request, Response, TransportError};
use crate::operators::{Operator, scan_source};
use crate::output::Output;
use crate::value::{Document, Value};

/// Tells events.
pub struct Trace {
    output: Output,
    start: Instant,
    /// The node that is at work, and the last one that began.
    current: Cell<u32>,
    last: Cell<u32>,
}

impl std::fmt::Debug for Trace {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Trace").finish_non_exhaustive()
    }
}

impl Trace {
    /// Events as messages of this output.
    pub fn new(output: Output) -> Trace {
        Trace { output, start: Instant::now(), current: Cell::default(), last: Cell::default() }
    }

    /// Something that took so long has ended just now.
    fn tell<const N: usize>(&self, what: &str, name: &str, took: Duration, members: [(&str, Value); N]) {
        let start = self.start.elapsed().saturating_sub(took);
        let first = [("trace", text(what)), ("name", text(name)), ("start_ms", millis(start)), ("ms", millis(took))];
        let line: Document = first.into_iter().chain(members).map(|(key, value)| (key.into(), value)).collect();
        self.output.message(&value_to_json(&Value::Document(Rc::new(line))));
    }

    fn parent(&self) -> Value {
        Value::Integer(i64::from(self.current.get()))
    }

    /// An exchange has ended.
    pub(crate) fn request(&self, request: &Request, outcome: &Result<Response, TransportError>, took: Duration) {
        let url = request.url.to_string();
        let url = request.seal.as_ref().map_or_else(|| url.clone(), |seal| seal.vault().scrub(&url).into_owned());
        let (status, bytes, error) = match outcome {
            Ok(response) => {
                let bytes = if response.body.is_whole() { count(response.body.held() as u64) } else { Value::Null };
                (Value::Integer(i64::from(response.status)), bytes, Value::Null)
            }
            Err(error) => (Value::Null, Value::Null, text(&error_of(error))),
        };
        self.tell(
            "request",
            &format!("{} {url}", request.method),
            took,
            [
                ("parent", self.parent()),
                ("attempt", Value::Integer(i64::from(request.terms.attempt))),
                ("status", status),
                ("error", error),
                ("bytes", bytes),
            ],
        );
    }

    /// A request has waited.
    pub(crate) fn wait(&self, time: Duration) {
        if !time.is_zero() {
            self.tell("wait", "wait", time, [("parent", self.parent())]);
        }
    }

    /// A handler has given rows.
    pub(crate) fn rows(&self, source: &str, rows: usize) {
        self.tell("rows", source, Duration::ZERO, [("parent", self.parent()), ("rows", count(rows as u64))]);
    }

    fn node(&self, name: &str, measured: &Measured) {
        let line: Document = [
            ("trace", text("node")),
            ("name", text(name)),
            ("start_ms", millis(measured.start)),
            ("ms", millis(measured.time)),
            ("id", Value::Integer(i64::from(measured.id))),
            ("parent", Value::Integer(i64::from(measured.parent))),
            ("rows", count(measured.rows)),
            ("batches", count(measured.batches)),
        ]
        .into_iter()
        .map(|(key, value)| (key.into(), value))
        .collect();
        self.output.message(&value_to_json(&Value::Document(Rc::new(line))));
    }

    fn end(&self, counters: &Counters) {
        self.tell(
            "end",
            "end",
            self.start.elapsed(),
            [
                ("requests", count(counters.requests.get())),
                ("retries", count(counters.retries.get())),
                ("pages", count(counters.pages.get())),
                ("rows", count(counters.rows.get())),
                ("waited_ms", millis(Duration::from_micros(counters.waited_micros.get()))),
            ],
        );
    }
}

fn error_of(error: &TransportError) -> String {
    match error {
        TransportError::Failed { code, message, .. } => format!("{code}: {message}"),
        TransportError::RateLimited { message, .. } => message.clone(),
        TransportError::Fatal(error) => error.message.clone(),
    }
}

fn text(text: &str) -> Value {
    Value::String(text.into())
}

fn count(count: u64) -> Value {
    Value::Integer(i64::try_from(count).unwrap_or(i64::MAX))
}

/// To microseconds.
fn millis(time: Duration) -> Value {
    Value::Number(time.as_micros() as f64 / 1e3)
}

/// Shorter runs need no closing line.
const LONG_RUN: Duration = Duration::from_secs(2);

/// A run has ended: the line `end`, or a line for people at a terminal where it took some seconds and sent requests.
pub(crate) fn end(context: &ExecContext, start: Instant) {
    let (counters, took) = (context.counters(), start.elapsed());
    if let Some(trace) = context.trace() {
        trace.end(counters);
    } else if context.output().is_terminal() && took >= LONG_RUN && counters.requests.get() > 0 {
        context.output().message(&closing_line(counters, took));
    }
}

/// `12 requests, 11 pages, 1100 rows, 1 retry, waited 2.5 s, took 4.1 s`
fn closing_line(counters: &Counters, took: Duration) -> String {
    let number = |number: u64, one: &str, many: &str| format!("{number} {}", if number == 1 { one } else { many });
    let mut parts = vec![
        number(counters.requests.get(), "request", "requests"),
        number(counters.pages.get(), "page", "pages"),
        number(counters.rows.get(), "row", "rows"),
    ];
    if counters.retries.get() > 0 {
        parts.push(number(counters.retries.get(), "retry", "retries"));
    }
    let waited = Duration::from_micros(counters.waited_micros.get());
    if waited >= Duration::from_millis(50) {
        parts.push(format!("waited {:.1} s", waited.as_secs_f64()));
    }
    parts.push(format!("took {:.1} s", took.as_secs_f64()));
    parts.join(", ")
}

/// A node that tells how many rows it gave and how long that took, where a run is traced.
pub(crate) struct Traced<'m> {
    plan: &'m manifest::Operator,
    inner: Box<dyn Operator + 'm>,
    measured: Option<Measured>,
}

struct Measured {
    id: u32,
    parent: u32,
    start: Duration,
    rows: u64,
    batches: u64,
    time: Duration,
}

impl<'m> Traced<'m> {
    pub(crate) fn new(plan: &'m manifest::Operator, inner: Box<dyn Operator + 'm>) -> Traced<'m> {
        Traced { plan, inner, measured: None }
    }
}

impl Operator for Traced<'_> {
    fn next(&mut self, context: &ExecContext) -> Result<Option<Rc<OwnedBatch>>, RuntimeError> {
        let Some(trace) = context.trace() else { return self.inner.next(context) };
        let parent = trace.current.get();
        let measured = self.measured.get_or_insert_with(|| {
            trace.last.set(trace.last.get() + 1);
            let (id, start) = (trace.last.get(), trace.start.elapsed());
            Measured { id, parent, start, rows: 0, batches: 0, time: Duration::ZERO }
        });
        trace.current.set(measured.id);
        let start = Instant::now();
        let batch = self.inner.next(context);
        measured.time += start.elapsed();
        trace.current.set(parent);
        if let Ok(Some(batch)) = &batch {
            measured.rows += batch.rows() as u64;
            measured.batches += 1;
        }
        batch
    }

    fn close(&mut self, context: &ExecContext) -> Result<(), RuntimeError> {
        if let (Some(trace), Some(measured)) = (context.trace(), self.measured.take()) {
            trace.node(&name(context, self.plan), &measured);
        }
        self.inner.close(context)
    }
}

/// What a node is called.
fn name(context: &ExecContext, plan: &manifest::Operator) -> String {
    let name = match plan {
        manifest::Operator::Scan(scan) => return format!("Scan {}", scan_source(context, scan)),
        manifest::Operator::SingleRow => "SingleRow",
        manifest::Operator::Elements(_) => "Elements",
        manifest::Operator::Nothing(_) => "Nothing",
        manifest::Operator::Pipeline { pipeline, .. } if pipeline.filters => "Filter",
        manifest::Operator::Pipeline { .. } => "Project",
        manifest::Operator::Sort { .. } => "Sort",
        manifest::Operator::Limit { .. } => "Limit",
        manifest::Operator::Aggregate { .. } => "Aggregate",
        manifest::Operator::Distinct(_) => "Distinct",
        manifest::Operator::HashJoin(_) => "HashJoin",
        manifest::Operator::NestedLoop(_) => "NestedLoop",
        manifest::Operator::DependentJoin { .. } => "DependentJoin",
        manifest::Operator::Union(_) => "Union",
        manifest::Operator::Shared(_) => "Shared",
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_line_tells_what_there_was() {
        let counters = Counters::default();
        counters.requests.set(1);
        counters.pages.set(1);
        counters.rows.set(100);
        assert_eq!(closing_line(&counters, Duration::from_millis(2340)), "1 request, 1 page, 100 rows, took 2.3 s");
        counters.requests.set(3);
        counters.retries.set(1);
        counters.waited_micros.set(1_250_000);
        let line = closing_line(&counters, Duration::from_secs(4));
        assert_eq!(line, "3 requests, 1 page, 100 rows, 1 retry, waited 1.2 s, took 4.0 s");
    }
}
