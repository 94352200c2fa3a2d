//! ASSERT: what is told about one that fails.

use moltler_abi::manifest::{Assertion, Manifest, Side, Span};
use moltler_abi::runtime_calls::BinaryOperator;

use crate::coerce::{excerpt, to_text, value_to_json};
use crate::context::{ExecContext, internal_error};
use crate::datum::Operand;
use crate::error::{ErrorKind, RuntimeError, StackFrame};
use crate::evaluate::{binary, is_true, json_equal};
use crate::value::Value;

/// How many differences between two documents are told.
const MAX_DIFFERENCES: usize = 10;

/// Two values that an ASSERT found to differ, as JSON without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// Of the expression.
    pub span: Span,
    /// What was found.
    pub actual: String,
    /// What was to be found.
    pub expected: String,
}

/// Fails unless `value` is TRUE. The error tells the source, the values of its parts, and how documents differ.
pub fn check(
    context: &ExecContext,
    assertion: u32,
    value: Operand<'_>,
    message: Operand<'_>,
) -> Result<(), RuntimeError> {
    let parts = context.take_parts(assertion);
    let missed = context.take_missed();
    if is_true(value) {
        return Ok(());
    }
    let manifest = context.manifest();
    let definition = manifest.assertions.get(assertion as usize).ok_or_else(|| internal_error("unknown assertion"))?;
    let comparison = definition.compared.as_ref().and_then(|compared| {
        let side = |side: &Side| {
            let value = match side {
                Side::Part(index) => parts.iter().rev().find(|part| part.part == *index)?.value.clone(),
                Side::Null => Value::Null,
                Side::Boolean(value) => Value::Boolean(*value),
                Side::Integer(value) => Value::Integer(*value),
                Side::Number(value) => Value::Number(*value),
                Side::Text(text) => Value::String(text.as_str().into()),
            };
            Some(context.scrub(&value_to_json(&value)).into_owned())
        };
        Some(Comparison { span: definition.span, actual: side(&compared.actual)?, expected: side(&compared.expected)? })
    });
    context.keep_comparison(comparison);
    let values: Vec<(&str, Value)> = parts
        .into_iter()
        .filter_map(|part| Some((part_source(manifest, definition, part.part)?, part.value)))
        .collect();
    let sentence = match message {
        Operand::Null => {
            let outcome = if value.is_null() { "is NULL" } else { "is not true" };
            format!("`{}` {outcome}", one_line(source_of(manifest, definition.span)))
        }
        message => to_text(&message.to_value()).to_string(),
    };
    let mut error = RuntimeError::new("AssertionError", sentence).at(definition.span);
    error.kind = ErrorKind::Assertion;
    for (source, value) in &values {
        let note = format!("`{}` is {}", one_line(source), excerpt(value));
        // A literal is what it says; it is there for the differences.
        let literal = source.starts_with(['[', '{']);
        if !literal && !error.notes.contains(&note) {
            error.notes.push(note);
        }
    }
    error.notes.extend(missed);
    error.notes.extend(differences(&values));
    Err(error)
}

/// Takes the pending error, and fails unless it is the expected one: of `class`, as CATCH takes it, with a message that is LIKE
/// `pattern` (NULL for any).
pub fn check_raised(context: &ExecContext, class: &str, pattern: Operand<'_>) -> Result<(), RuntimeError> {
    let failed = |message: String| {
        let mut error = RuntimeError::new("AssertionError", message);
        error.kind = ErrorKind::Assertion;
        error
    };
    let Some(mut raised) = context.take_pending() else {
        return Err(failed(format!("no error was raised; `{class}` was expected")));
    };
    if !raised.is_caught_by(Some(class)) {
        // A failed ASSERT and a fault of the test speak for themselves.
        if raised.kind != ErrorKind::Error {
            return Err(raised);
        }
        context.scrub_error(&mut raised);
        let mut error = failed(format!("`{class}` was expected, `{}` was raised", raised.class));
        error.source.clone_from(&raised.source);
        error.request.clone_from(&raised.request);
        error.stack = raised.span.map(|span| StackFrame { function: String::new(), span }).into_iter().collect();
        error.cause = Some(Box::new(raised));
        return Err(error);
    }
    context.scrub_error(&mut raised);
    let message = Operand::Text(&raised.message);
    let matches = match pattern {
        Operand::Null => true,
        pattern => is_true(Operand::of(&binary(BinaryOperator::Like, message, pattern)?)),
    };
    if matches {
        return Ok(());
    }
    let error = failed(format!("the message of the `{}` is not LIKE {}", raised.class, excerpt(&pattern.to_value())));
    Err(error.with_note(format!("the message is {}", excerpt(&message.to_value()))))
}

fn part_source<'m>(manifest: &'m Manifest, assertion: &Assertion, part: u32) -> Option<&'m str> {
    assertion.parts.get(part as usize).map(|span| source_of(manifest, *span))
}

/// The text of a span; empty where it lies outside of its file.
pub fn source_of(manifest: &Manifest, span: Span) -> &str {
    let text = manifest.files.get(span.file as usize).map_or("", |file| &file.text);
    text.get(span.start as usize..span.end as usize).unwrap_or("")
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How the first two documents or arrays among the parts differ.
fn differences(values: &[(&str, Value)]) -> Vec<String> {
    let mut documents = values.iter().filter(|(_, value)| matches!(value, Value::Document(_) | Value::Array(_)));
    let (Some((left_source, left)), Some((right_source, right))) = (documents.next(), documents.next()) else {
        return Vec::new();
    };
    // `results` beside `results[0]` is a value and a piece of it, not two sides.
    if right_source.starts_with(left_source) || left_source.starts_with(right_source) {
        return Vec::new();
    }
    differences_of(left, right)
}

/// How two values differ, by path; the first few differences.
pub(crate) fn differences_of(left: &Value, right: &Value) -> Vec<String> {
    let mut found = Vec::new();
    differ(left, right, &mut String::new(), &mut found);
    let more = found.len().saturating_sub(MAX_DIFFERENCES);
    found.truncate(MAX_DIFFERENCES);
    if more > 0 {
        found.push(format!("and {more} more differences"));
    }
    found
}

fn differ(left: &Value, right: &Value, path: &mut String, found: &mut Vec<String>) {
    let place = |path: &str| if path.is_empty() { "at the top".to_owned() } else { format!("at `{path}`") };
    let mut inside = |path: &mut String, step: &str, left: Option<&Value>, right: Option<&Value>| {
        let length = path.len();
        path.push_str(step);
        match (left, right) {
            (Some(left), Some(right)) => differ(left, right, path, found),
            (Some(left), None) => found.push(format!("{}: {} is only on the left", place(path), excerpt(left))),
            (None, Some(right)) => found.push(format!("{}: {} is only on the right", place(path), excerpt(right))),
            (None, None) => {}
        }
        path.truncate(length);
    };
    match (left, right) {
        _ if json_equal(left, right) => {}
        (Value::Document(left), Value::Document(right)) => {
            for (key, value) in left.iter() {
                inside(path, &format!(".{key}"), Some(value), right.get(key));
            }
            for (key, value) in right.iter().filter(|(key, _)| !left.contains_key(*key)) {
                inside(path, &format!(".{key}"), None, Some(value));
            }
        }
        (Value::Array(left), Value::Array(right)) => {
            for position in 0..left.len().max(right.len()) {
                inside(path, &format!("[{position}]"), left.get(position), right.get(position));
            }
        }
        _ => found.push(format!("{}: {} is not {}", place(path), excerpt(left), excerpt(right))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coerce::value_from_json;

    #[track_caller]
    fn check_differences(left: &str, right: &str, expected: &[&str]) {
        let (left, right) = (value_from_json(left).expect("valid"), value_from_json(right).expect("valid"));
        assert_eq!(differences(&[("a", left), ("b", right)]), expected);
    }

    #[test]
    fn documents_differ_by_path() {
        check_differences(r#"{"a":1,"b":[1,2]}"#, r#"{"b":[1,2],"a":1.0}"#, &[]);
        check_differences(
            r#"[{"name":"x","n":1}]"#,
            r#"[{"name":"y","m":1},2]"#,
            &[
                "at `[0].name`: 'x' is not 'y'",
                "at `[0].n`: 1 is only on the left",
                "at `[0].m`: 1 is only on the right",
                "at `[1]`: 2 is only on the right",
            ],
        );
        check_differences("[]", "{}", &["at the top: [] is not {}"]);
    }

    #[test]
    fn many_differences_are_counted() {
        let many = format!("[{}0]", "1,".repeat(50));
        let (left, right) = (value_from_json(&many).expect("valid"), value_from_json("[]").expect("valid"));
        let told = differences(&[("a", left), ("b", right)]);
        assert_eq!((told.len(), told[10].as_str()), (11, "and 41 more differences"));
    }
}
