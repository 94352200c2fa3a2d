//! Outcomes as lines of JSON, for editors and scripts. Lines and columns count from 1, columns in characters; an end is behind the
//! last character.

use std::path::{Path, PathBuf};

use moltler_abi::manifest::{Manifest, Span};
use moltler_runtime::assertion::Comparison;
use moltler_runtime::error::RuntimeError;
use moltler_runtime::report::{Place, render_error};
use moltler_runtime::test_run::{TestOutcome, TestResult};
use serde_json::{Map, Value, json};

use super::{Report, Sums, first_word};
use crate::coverage::CoverageReport;
use crate::output::{self, Failure};

/// One line for each test as soon as it and those before it are done, one for the coverage of each package, one for the sums.
#[derive(Default)]
pub(super) struct Json {
    root: PathBuf,
}

impl Report for Json {
    fn package(&mut self, root: &Path) {
        self.root = root.to_owned();
    }

    fn outcome(&mut self, manifest: &Manifest, outcome: &TestOutcome) -> Result<(), Failure> {
        let (result, message, reason, error) = match &outcome.result {
            TestResult::Passed => ("passed", None, None, Value::Null),
            TestResult::Failed(error) => (
                "failed",
                Some(error.message.clone()),
                Some(render_error(manifest, error)),
                self.error(manifest, error, outcome.comparison.as_ref()),
            ),
            TestResult::Skipped(reason) => ("skipped", Some(reason.clone()), Some(reason.clone()), Value::Null),
        };
        let span = manifest.tests.get(outcome.index).map(|test| first_word(manifest, test.span));
        let mut line = Map::new();
        line.insert("test".to_owned(), json!(outcome.name));
        line.insert("type".to_owned(), json!(outcome.type_name));
        line.insert("tags".to_owned(), json!(outcome.tags));
        line.extend(span.map(|span| self.place(manifest, span)).unwrap_or_default());
        line.insert("result".to_owned(), json!(result));
        line.insert("seconds".to_owned(), json!(outcome.duration.as_secs_f64()));
        line.insert("message".to_owned(), json!(message));
        line.insert("error".to_owned(), error);
        line.insert("reason".to_owned(), json!(reason));
        line.insert("output".to_owned(), json!(outcome.output));
        output::line(Value::Object(line))
    }

    fn coverage(&mut self, report: &CoverageReport) -> Result<(), Failure> {
        output::line(report.to_json(&self.root))
    }

    fn end(&mut self, sums: &Sums) -> Result<(), Failure> {
        output::line(json!({"passed": sums.passed, "failed": sums.failed, "skipped": sums.skipped}))
    }
}

impl Json {
    /// `file` (in the package), `path` (from the root of the file system), `line`, `column`, `end_line`, `end_column`.
    fn place(&self, manifest: &Manifest, span: Span) -> Map<String, Value> {
        let mut place = Map::new();
        let Some(source) = manifest.files.get(span.file as usize) else { return place };
        place.insert("file".to_owned(), json!(source.path));
        place.insert("path".to_owned(), json!(self.root.join(&source.path)));
        let ends = [("line", "column", span.start), ("end_line", "end_column", span.end)];
        for (line, column, offset) in ends {
            if let Some(found) = Place::of(manifest, Span { start: offset, end: offset, ..span }) {
                place.insert(line.to_owned(), json!(found.line));
                place.insert(column.to_owned(), json!(found.column));
            }
        }
        place
    }

    fn error(&self, manifest: &Manifest, error: &RuntimeError, comparison: Option<&Comparison>) -> Value {
        let mut value = error.span.map(|span| self.place(manifest, span)).unwrap_or_default();
        let json_of = |text: &String| serde_json::from_str(text).unwrap_or_else(|_| json!(text));
        let stack: Vec<Value> = error
            .stack
            .iter()
            .map(|frame| {
                let mut place = self.place(manifest, frame.span);
                place.remove("end_line");
                place.remove("end_column");
                place.insert("function".to_owned(), json!(frame.function));
                Value::Object(place)
            })
            .collect();
        let request = error
            .request
            .as_ref()
            .map(|request| json!({"method": request.method, "url": request.url, "status": request.status}));
        value.insert("class".to_owned(), json!(error.class));
        value.insert("message".to_owned(), json!(error.message));
        value.insert("code".to_owned(), json!(error.code));
        value.insert("notes".to_owned(), json!(error.notes));
        value.insert("entity".to_owned(), json!(error.source));
        value.insert("request".to_owned(), json!(request));
        value.insert("stack".to_owned(), json!(stack));
        if let Some(comparison) = comparison {
            value.insert("expected".to_owned(), json_of(&comparison.expected));
            value.insert("actual".to_owned(), json_of(&comparison.actual));
        }
        if let Some(cause) = &error.cause {
            value.insert("cause".to_owned(), self.error(manifest, cause, None));
        }
        Value::Object(value)
    }
}
