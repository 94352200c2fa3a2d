//! From thrown values to errors that people can read.

use moltler_abi::manifest::Span;
use rquickjs::{Ctx, Object, Value};

use super::raw;
use crate::error::{RuntimeError, StackFrame};

/// How far a chain of causes is followed.
const MAX_CAUSES: usize = 8;
/// How far a chain of classes is followed.
const MAX_SUPERCLASSES: usize = 16;
/// The code of an error that was thrown as null.
pub(super) const NULL_CODE: &str = "threw-null";
const MAX_FRAMES: usize = 50;
const MAX_MESSAGE: usize = 10_000;

/// What JavaScript threw, read out of the engine.
#[derive(Clone, Debug, Default)]
pub(super) struct Thrown {
    class: String,
    message: String,
    code: Option<String>,
    frames: Vec<Frame>,
    causes: Vec<String>,
    /// The classes that its own one extends, with that one.
    superclasses: Vec<String>,
    cause: Option<Box<Thrown>>,
    /// The engine throws null where it has no memory left for an error.
    pub(super) is_null: bool,
}

/// A line of a stack.
#[derive(Clone, Debug, PartialEq)]
struct Frame {
    function: String,
    file: String,
    line: u32,
    column: u32,
}

impl Thrown {
    /// Reads a thrown value. Getters may run and fail; what they hide is left out.
    pub(super) fn read(value: &Value<'_>) -> Thrown {
        Thrown::read_deep(value, 0)
    }

    /// Takes the exception that is pending in the context.
    pub(super) fn pending(ctx: &Ctx<'_>) -> Thrown {
        Thrown::read(&ctx.catch())
    }

    fn read_deep(value: &Value<'_>, depth: usize) -> Thrown {
        let Some(object) = value.as_object() else {
            let message = describe(value);
            return Thrown { class: "Error".to_owned(), message, is_null: value.is_null(), ..Thrown::default() };
        };
        let class = member_text(object, "name").filter(|name| is_class_name(name));
        let message = member_text(object, "message");
        let (class, message) = match (class, message) {
            (class, Some(message)) => (class.unwrap_or_else(|| "Error".to_owned()), message),
            (Some(class), None) => (class, String::new()),
            (None, None) => ("Error".to_owned(), describe(value)),
        };
        let code = member(object, "code").and_then(|code| match code.as_number() {
            Some(number) => Some(crate::coerce::number_to_text(number)),
            None => raw::text(&code),
        });
        let frames = member_text(object, "stack").map(|stack| frames(&stack)).unwrap_or_default();
        let cause = member(object, "cause").filter(|cause| !cause.is_undefined() && !cause.is_null());
        let cause = cause.filter(|_| depth < MAX_CAUSES).map(|cause| Box::new(Thrown::read_deep(&cause, depth + 1)));
        let causes = member(object, "errors")
            .and_then(|errors| errors.into_array())
            .map(|errors| {
                let errors = errors.iter::<Value<'_>>().take(10).filter_map(Result::ok);
                errors.map(|error| Thrown::read_deep(&error, MAX_CAUSES)).map(|error| error.title()).collect()
            })
            .unwrap_or_default();
        let superclasses = superclasses(object);
        // What an exception of a getter left behind is none of ours.
        drop(value.ctx().catch());
        Thrown { class, message: cut(message), code, frames, causes, superclasses, cause, is_null: false }
    }

    fn title(&self) -> String {
        format!("{}: {}", self.class, self.message)
    }

    /// The error; `place` gives the place of a line and column in a module, `None` in one that is not the user's.
    pub(super) fn into_error(self, place: impl Fn(&str, u32, u32) -> Option<Span>) -> RuntimeError {
        self.into_error_by(&place)
    }

    fn into_error_by(self, place: &dyn Fn(&str, u32, u32) -> Option<Span>) -> RuntimeError {
        let stack: Vec<StackFrame> = self
            .frames
            .into_iter()
            .filter_map(|frame| {
                let span = place(&frame.file, frame.line, frame.column)?;
                Some(StackFrame { function: frame.function, span })
            })
            .collect();
        RuntimeError {
            span: stack.first().map(|frame| frame.span),
            stack,
            code: if self.is_null { Some(NULL_CODE.to_owned()) } else { self.code },
            notes: self.causes,
            superclasses: self.superclasses.into(),
            cause: self.cause.map(|cause| Box::new(cause.into_error_by(place))),
            ..RuntimeError::new(&self.class, self.message)
        }
    }
}

/// The names of the constructors along the chain of prototypes, nearest first, without `Object`.
fn superclasses(object: &Object<'_>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut next = raw::prototype(object);
    for _ in 0..MAX_SUPERCLASSES {
        let Some(prototype) = next else { break };
        let constructor = member(&prototype, "constructor").and_then(rquickjs::Value::into_object);
        match constructor.and_then(|constructor| member_text(&constructor, "name")) {
            Some(name) if name == "Object" => break,
            Some(name) if is_class_name(&name) && !names.contains(&name) => names.push(name),
            _ => {}
        }
        next = raw::prototype(&prototype);
    }
    names
}

/// An error of the engine itself: out of memory while it is set up, text that it does not take.
pub(super) fn engine_error(error: &rquickjs::Error) -> RuntimeError {
    RuntimeError::new("Error", format!("the JavaScript engine failed: {error}"))
}

fn member<'js>(object: &Object<'js>, name: &str) -> Option<Value<'js>> {
    match object.get::<_, Value<'js>>(name) {
        Ok(value) => Some(value),
        Err(_) => {
            drop(object.ctx().catch());
            None
        }
    }
}

fn member_text(object: &Object<'_>, name: &str) -> Option<String> {
    raw::text(&member(object, name)?)
}

/// A thrown value that is no error: as text, or as JSON.
fn describe(value: &Value<'_>) -> String {
    if let Some(text) = raw::text(value) {
        return cut(text);
    }
    let ctx = value.ctx();
    let json = ctx.json_stringify(value.clone()).ok().flatten();
    let text = json.and_then(|text| raw::text(text.as_value()));
    drop(ctx.catch());
    cut(text.unwrap_or_else(|| if value.is_undefined() { "undefined" } else { value.type_name() }.to_owned()))
}

fn cut(mut text: String) -> String {
    if text.len() > MAX_MESSAGE {
        text.truncate(text.floor_char_boundary(MAX_MESSAGE));
        text.push('…');
    }
    text
}

fn is_class_name(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|first| first.is_alphabetic() || first == '_' || first == '$')
        && name.len() <= 100
        && characters.all(|character| character.is_alphanumeric() || character == '_' || character == '$')
}

/// Reads lines such as `    at wait (myservice.items#query:7:23)` or `    at myservice.items#query:7:23`.
fn frames(stack: &str) -> Vec<Frame> {
    stack.lines().filter_map(frame).take(MAX_FRAMES).collect()
}

fn frame(line: &str) -> Option<Frame> {
    let line = line.trim_start().strip_prefix("at ")?;
    let (function, place) = match line.strip_suffix(')').and_then(|line| line.rsplit_once(" (")) {
        Some((function, place)) => (function, place),
        None => ("", line),
    };
    let (rest, column) = place.rsplit_once(':')?;
    let (file, line) = rest.rsplit_once(':')?;
    let function = if function == "<anonymous>" { "" } else { function };
    Some(Frame {
        function: function.to_owned(),
        file: file.to_owned(),
        line: line.parse().ok()?,
        column: column.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacks_are_read() {
        let stack = "    at wait (a.b#query:7:23)\n    at <anonymous> (a.b#query:1:2)\n    at a.b#query:3:4\n    at f (native)\nx\n";
        let places: Vec<_> = frames(stack)
            .into_iter()
            .map(|frame| format!("{}|{}|{}|{}", frame.function, frame.file, frame.line, frame.column))
            .collect();
        assert_eq!(places, ["wait|a.b#query|7|23", "|a.b#query|1|2", "|a.b#query|3|4"]);
    }
}
