//! The functions that generated code calls: the only door from native code into the runtime.
//!
//! Each catches panics and returns a status; an error is left in the context. [`table`] is what generated code gets.
#![expect(unsafe_code, reason = "called from generated code with addresses; enters generated code")]
// The promise of every function below is that of its module, written once in `Invariant`s of `read` and `context_of`.
#![allow(clippy::missing_safety_doc)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use moltler_abi::layout::{
    BatchIn, BatchOut, Bytes, BytesOut, Context, Datum, DatumIn, DatumOut, EntryFunction, FAILED, Id, OK,
    ScalarFunction, Size, Status,
};
use moltler_abi::manifest::{Output, Pipeline};
use moltler_abi::runtime_calls::{BinaryOperator, RuntimeTable, TypeId, UnaryOperator};
use moltler_abi::{DataType, functions};

use crate::arena::Arena;
use crate::assertion;
use crate::batch::{OutputBatch, OwnedBatch};
use crate::builtins;
use crate::coerce::{cast as cast_value, coerce as coerce_value};
use crate::command;
use crate::connector;
use crate::context::{ExecContext, Part, Variable, internal_error};
use crate::datum::{self, Operand};
use crate::error::{ErrorKind, RuntimeError};
use crate::evaluate::{self, Element};
use crate::operators;
use crate::value::{Document, Value};

type Result<T> = std::result::Result<T, RuntimeError>;

/// How deeply the value of a variable may be nested.
const MAX_VALUE_DEPTH: usize = 1000;

/// The addresses that generated code calls.
pub fn table() -> &'static RuntimeTable {
    static TABLE: RuntimeTable = RuntimeTable {
        begin_statement,
        compare_text,
        binary,
        unary,
        member,
        index,
        coerce,
        cast,
        call,
        interval,
        document_new,
        document_set,
        array_new,
        array_push,
        constant,
        secret_template,
        load_variable,
        store_variable,
        element,
        store_text,
        query_rows,
        query_print,
        subquery,
        execute,
        print_result,
        print,
        command,
        create_instance,
        assert_part,
        assert,
        assert_raises,
        advance,
        raise,
        fail,
        catch,
        hold_error,
        rethrow,
    };
    &TABLE
}

// --- From the runtime into generated code

/// Runs statements.
pub(crate) fn enter(context: &ExecContext, function: EntryFunction) -> Status {
    // SAFETY: the function was generated for this signature; table and context live until it returns.
    unsafe { function(table(), context.address()) }
}

/// Evaluates an expression without a row.
pub(crate) fn evaluate(context: &ExecContext, function: ScalarFunction, result: &mut Datum) -> Status {
    // SAFETY: as in `enter`; `result` is a datum to write to.
    unsafe { function(table(), context.address(), result) }
}

/// Filters and projects a batch; `None` where no row passes.
pub(crate) fn run_pipeline(
    context: &ExecContext,
    pipeline: &Pipeline,
    input: &OwnedBatch,
) -> Result<Option<OwnedBatch>> {
    let is_computed = |output: &Output| matches!(output, Output::Computed(_));
    let mut output = OutputBatch::new(pipeline, input.rows());
    if !pipeline.filters && !pipeline.outputs.iter().any(is_computed) {
        // SAFETY: nothing is written.
        return Ok((input.rows() > 0).then(|| unsafe { output.finish(input.rows(), Arena::new(), input) }));
    }
    let function = context.program().pipeline(pipeline.code);
    // What the batch computes lives as long as the batch, not as the statement: a long query needs little memory.
    let ((status, rows), arena) = context.with_own_arena(|| {
        input.with_view(|input| {
            let input: BatchIn = input;
            // SAFETY: as in `enter`; the views are of the types that the plan declares, `output` has room for all input rows.
            output.with_view(|output| unsafe { function(table(), context.address(), input, output as BatchOut) })
        })
    });
    context.result_of(status)?;
    // SAFETY: the function is the pipeline's, and wrote into this output, with this arena in place.
    Ok((rows > 0).then(|| unsafe { output.finish(rows, arena, input) }))
}

/// The value that generated code gave, before the arena is released.
pub(crate) fn read_result(_context: &ExecContext, datum: &Datum) -> Value {
    // SAFETY: generated code gives addresses in its constants, or in the context's arena, which is not released before the
    // next statement.
    unsafe { Operand::read(datum) }.to_value()
}

// --- From generated code into the runtime

/// Runs an export: a panic becomes an error that nothing catches.
fn guarded(context: Context, run: impl FnOnce(&ExecContext) -> Result<()>) -> Status {
    // SAFETY: Invariant: generated code passes the context on that it was entered with, and that is borrowed for the call.
    let context = unsafe { &*context.cast_const().cast::<ExecContext>() };
    match catch_unwind(AssertUnwindSafe(|| run(context))) {
        Ok(Ok(())) => OK,
        Ok(Err(error)) => {
            context.fail(error);
            FAILED
        }
        Err(panic) => {
            let message = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("a panic");
            context.fail(internal_error(message));
            FAILED
        }
    }
}

/// Like [`guarded`], for exports with a result: `write` tells how the value becomes a datum.
fn giving(
    context: Context,
    result: DatumOut,
    compute: impl FnOnce(&ExecContext) -> Result<Value>,
    write: impl FnOnce(Value, &mut crate::arena::Arena) -> Datum,
) -> Status {
    guarded(context, |context| {
        let value = compute(context)?;
        let datum = context.with_arena(|arena| write(value, arena));
        // SAFETY: Invariant: generated code passes the address of a datum of its own.
        unsafe { result.write(datum) };
        Ok(())
    })
}

/// # Safety
/// Invariant: generated code passes the address of a datum that it, or an export, wrote in this statement.
unsafe fn read<'a>(datum: DatumIn) -> Operand<'a> {
    // SAFETY: the caller's promise; what the datum points to lives as long as the statement or the batch, so longer than
    // the call.
    unsafe { Operand::read(&*datum) }
}

/// # Safety
/// Invariant: generated code passes the address and length of a text of its own, or of one that an export gave.
unsafe fn text<'a>(bytes: Bytes, length: Size) -> &'a str {
    if length == 0 {
        return "";
    }
    // SAFETY: the caller's promise.
    unsafe { std::str::from_utf8_unchecked(std::slice::from_raw_parts(bytes, length)) }
}

fn type_of_id(id: Id) -> Result<DataType> {
    TypeId(id).data_type().ok_or_else(|| internal_error("unknown type"))
}

unsafe extern "C" fn begin_statement(context: Context, statement: Id) -> Status {
    guarded(context, |context| context.begin_statement(statement))
}

unsafe extern "C" fn compare_text(left: Bytes, left_length: Size, right: Bytes, right_length: Size) -> i32 {
    // SAFETY: as in `text`.
    let (left, right) = unsafe { (text(left, left_length), text(right, right_length)) };
    left.cmp(right) as i32
}

unsafe extern "C" fn binary(context: Context, operator: Id, left: DatumIn, right: DatumIn, result: DatumOut) -> Status {
    let compute = |_: &ExecContext| {
        let operator = BinaryOperator::from_id(operator).ok_or_else(|| internal_error("unknown operator"))?;
        // SAFETY: as in `read`.
        let (left, right) = unsafe { (read(left), read(right)) };
        evaluate::binary(operator, left, right)
    };
    giving(context, result, compute, datum::write)
}

unsafe extern "C" fn unary(context: Context, operator: Id, operand: DatumIn, result: DatumOut) -> Status {
    let compute = |_: &ExecContext| {
        let operator = UnaryOperator::from_id(operator).ok_or_else(|| internal_error("unknown operator"))?;
        // SAFETY: as in `read`.
        evaluate::unary(operator, unsafe { read(operand) })
    };
    giving(context, result, compute, datum::write)
}

unsafe extern "C" fn member(context: Context, base: DatumIn, key: Bytes, key_length: Size, result: DatumOut) -> Status {
    // SAFETY: as in `read` and `text`.
    let compute = |_: &ExecContext| Ok(unsafe { evaluate::member(read(base), text(key, key_length)) });
    giving(context, result, compute, datum::write_boxed)
}

unsafe extern "C" fn index(context: Context, base: DatumIn, index: DatumIn, result: DatumOut) -> Status {
    let compute = |context: &ExecContext| {
        // SAFETY: as in `read`.
        match unsafe { evaluate::index(read(base), read(index)) } {
            Element::Found(value) => Ok(value),
            Element::OutOfRange { index, length, rows } => {
                let what = match (rows, length) {
                    (true, 1) => "row",
                    (true, _) => "rows",
                    (false, 1) => "element",
                    (false, _) => "elements",
                };
                context.push_missed(format!("index {index} of {length} {what}"));
                Ok(Value::Null)
            }
        }
    };
    giving(context, result, compute, datum::write_boxed)
}

unsafe extern "C" fn coerce(context: Context, value: DatumIn, data_type: Id, result: DatumOut) -> Status {
    if data_type == TypeId::NUMERIC.0 {
        let compute = |_: &ExecContext| {
            // SAFETY: as in `read`.
            let value = unsafe { read(value) }.to_value();
            Ok(match value {
                Value::Integer(_) | Value::Number(_) => value,
                Value::String(_) => coerce_value(&value, DataType::Integer, None)
                    .or_else(|| coerce_value(&value, DataType::Number, None))
                    .unwrap_or_default(),
                _ => Value::Null,
            })
        };
        return giving(context, result, compute, datum::write);
    }
    let Ok(data_type) = type_of_id(data_type) else {
        return guarded(context, |_| Err(internal_error("unknown type")));
    };
    // SAFETY: as in `read`.
    let compute =
        |_: &ExecContext| Ok(coerce_value(&unsafe { read(value) }.to_value(), data_type, None).unwrap_or_default());
    giving(context, result, compute, |value, arena| datum::write_as(value, data_type, arena))
}

unsafe extern "C" fn cast(context: Context, value: DatumIn, data_type: Id, result: DatumOut) -> Status {
    let Ok(data_type) = type_of_id(data_type) else {
        return guarded(context, |_| Err(internal_error("unknown type")));
    };
    // SAFETY: as in `read`.
    let compute = |_: &ExecContext| cast_value(&unsafe { read(value) }.to_value(), data_type);
    giving(context, result, compute, |value, arena| datum::write_as(value, data_type, arena))
}

unsafe extern "C" fn call(context: Context, function: Id, arguments: DatumIn, count: Size, result: DatumOut) -> Status {
    let compute = |context: &ExecContext| {
        let arguments = (0..count)
            // SAFETY: Invariant: `arguments` is the address of `count` datums, each as in `read`.
            .map(|position| unsafe { read(arguments.add(position)) })
            .collect::<Vec<_>>();
        builtins::call(context, function, &arguments)
    };
    let returns = functions::FUNCTIONS.get(function as usize).map(|function| function.returns);
    giving(context, result, compute, |value, arena| match returns {
        Some(functions::ReturnType::Of(data_type)) => datum::write_as(value, data_type, arena),
        _ => datum::write(value, arena),
    })
}

unsafe extern "C" fn interval(
    context: Context,
    value: DatumIn,
    unit: Bytes,
    unit_length: Size,
    result: DatumOut,
) -> Status {
    // SAFETY: as in `read` and `text`.
    let compute = |_: &ExecContext| unsafe { builtins::time::interval(read(value), text(unit, unit_length)) };
    giving(context, result, compute, datum::write)
}

unsafe extern "C" fn document_new(context: Context, result: DatumOut) -> Status {
    giving(context, result, |_| Ok(Value::Document(Rc::default())), datum::write)
}

/// The value behind a boxed datum, to change it.
///
/// # Safety
/// Invariant: the datum was given by `document_new` or `array_new` in this statement, and nothing reads the value meanwhile.
unsafe fn boxed_mut<'a>(datum: DatumIn) -> Option<&'a mut Value> {
    // SAFETY: the caller's promise; the address came from `Arena::value`, which gives one that may be written to.
    unsafe {
        let datum = &*datum;
        (datum.kind == moltler_abi::layout::kind::BOXED).then(|| &mut *(datum.low as *mut Value))
    }
}

unsafe extern "C" fn document_set(
    context: Context,
    document: DatumIn,
    key: Bytes,
    key_length: Size,
    value: DatumIn,
) -> Status {
    guarded(context, |_| {
        // SAFETY: as in `read` and `text`; the value is copied before the document is borrowed.
        let (key, value) = unsafe { (text(key, key_length), read(value).to_value()) };
        // SAFETY: as in `boxed_mut`.
        let Some(Value::Document(document)) = (unsafe { boxed_mut(document) }) else {
            return Err(internal_error("a key was set of what is no document"));
        };
        Rc::make_mut(document).insert(key.into(), value);
        Ok(())
    })
}

unsafe extern "C" fn array_new(context: Context, result: DatumOut) -> Status {
    giving(context, result, |_| Ok(Value::Array(Rc::default())), datum::write)
}

unsafe extern "C" fn array_push(context: Context, array: DatumIn, value: DatumIn) -> Status {
    guarded(context, |_| {
        // SAFETY: as in `read`; the value is copied before the array is borrowed.
        let value = unsafe { read(value) }.to_value();
        // SAFETY: as in `boxed_mut`.
        let Some(Value::Array(array)) = (unsafe { boxed_mut(array) }) else {
            return Err(internal_error("an element was added to what is no array"));
        };
        Rc::make_mut(array).push(value);
        Ok(())
    })
}

unsafe extern "C" fn constant(context: Context, json: Bytes, length: Size, result: DatumOut) -> Status {
    let compute = |_: &ExecContext| {
        // SAFETY: as in `text`.
        let json = unsafe { text(json, length) };
        crate::coerce::value_from_json(json).map_err(|error| internal_error(&format!("a constant is no JSON: {error}")))
    };
    giving(context, result, compute, datum::write)
}

unsafe extern "C" fn secret_template(context: Context, bytes: Bytes, length: Size, result: DatumOut) -> Status {
    let compute = |context: &ExecContext| {
        // SAFETY: as in `text`.
        let template = unsafe { text(bytes, length) };
        crate::secrets::expand(context, template).map(|text| Value::String(text.into()))
    };
    giving(context, result, compute, datum::write)
}

unsafe extern "C" fn load_variable(context: Context, slot: Id, result: DatumOut) -> Status {
    guarded(context, |context| {
        let Variable { value, boxed } = context.variable(slot);
        let datum = context
            .with_arena(|arena| if boxed { datum::write_boxed(value, arena) } else { datum::write(value, arena) });
        // SAFETY: as in `giving`.
        unsafe { result.write(datum) };
        Ok(())
    })
}

unsafe extern "C" fn store_variable(context: Context, slot: Id, value: DatumIn) -> Status {
    guarded(context, |context| {
        // SAFETY: as in `read`.
        let operand = unsafe { read(value) };
        let boxed = matches!(operand, Operand::Boxed(_));
        let value = operand.to_value();
        // Only variables outlive a statement, so only here can a loop build a value deeper than its program is long; the
        // stack of whoever walks it, or drops it, has an end.
        if value.is_deeper_than(MAX_VALUE_DEPTH) {
            return Err(RuntimeError::new(
                "ValueError",
                format!("the value has more than {MAX_VALUE_DEPTH} levels of nesting"),
            ));
        }
        context.set_variable(slot, Variable { value, boxed });
        Ok(())
    })
}

unsafe extern "C" fn element(
    context: Context,
    array: DatumIn,
    position: i64,
    result: DatumOut,
    more: DatumOut,
) -> Status {
    guarded(context, |context| {
        // SAFETY: as in `read`.
        let found = match unsafe { read(array) } {
            Operand::Null => None,
            Operand::Boxed(Value::Array(items)) => {
                usize::try_from(position).ok().and_then(|position| items.get(position).cloned())
            }
            other => {
                return Err(RuntimeError::new(
                    "TypeError",
                    format!("FOR goes through an array, not {}", evaluate::with_article(other.data_type())),
                ));
            }
        };
        let is_more = datum::write(Value::Boolean(found.is_some()), &mut crate::arena::Arena::new());
        let found = context.with_arena(|arena| datum::write_boxed(found.unwrap_or_default(), arena));
        // SAFETY: as in `giving`, for both addresses.
        unsafe {
            result.write(found);
            more.write(is_more);
        }
        Ok(())
    })
}

unsafe extern "C" fn store_text(context: Context, bytes: Bytes, length: Size, place: BytesOut) -> Status {
    guarded(context, |context| {
        // SAFETY: as in `text`.
        let text = unsafe { text(bytes, length) };
        let view = context.with_arena(|arena| arena.column_text(text));
        // SAFETY: Invariant: generated code passes the address of an element of a string column that it is writing.
        unsafe { place.cast::<u128>().write_unaligned(view) };
        Ok(())
    })
}

unsafe extern "C" fn query_rows(context: Context, query: Id, result: DatumOut) -> Status {
    giving(context, result, |context| operators::query_rows(context, query), datum::write)
}

unsafe extern "C" fn query_print(context: Context, query: Id) -> Status {
    guarded(context, |context| operators::query_print(context, query))
}

unsafe extern "C" fn subquery(
    context: Context,
    subquery: Id,
    arguments: DatumIn,
    count: Size,
    needle: DatumIn,
    result: DatumOut,
) -> Status {
    let data_type = std::cell::Cell::new(DataType::Null);
    let compute = |context: &ExecContext| {
        let arguments = (0..count)
            .map(|position| {
                // SAFETY: as in `call`.
                let operand = unsafe { read(arguments.add(position)) };
                Variable { value: operand.to_value(), boxed: matches!(operand, Operand::Boxed(_)) }
            })
            .collect();
        // SAFETY: as in `read`.
        let (value, of_type) = operators::subquery(context, subquery, arguments, unsafe { read(needle) })?;
        data_type.set(of_type);
        Ok(value)
    };
    giving(context, result, compute, |value, arena| datum::write_as(value, data_type.get(), arena))
}

unsafe extern "C" fn execute(context: Context, execution: Id, argument: DatumIn, result: DatumOut) -> Status {
    let compute = |context: &ExecContext| {
        // SAFETY: as in `read`.
        let argument = unsafe { read(argument) }.to_value();
        connector::action::execute(context, execution, &argument)
    };
    giving(context, result, compute, datum::write_boxed)
}

unsafe extern "C" fn print_result(context: Context, value: DatumIn) -> Status {
    guarded(context, |context| {
        // SAFETY: as in `read`.
        let value = unsafe { read(value) }.to_value();
        context.output().print_value(context, &value)
    })
}

unsafe extern "C" fn print(context: Context, value: DatumIn) -> Status {
    guarded(context, |context| {
        // SAFETY: as in `read`.
        let value = unsafe { read(value) }.to_value();
        let text = if matches!(value, Value::Null) { "NULL".into() } else { crate::coerce::to_text(&value) };
        context.output().print_line(&context.scrub(&text))
    })
}

unsafe extern "C" fn command(context: Context, command: Id) -> Status {
    guarded(context, |context| command::run(context, command))
}

unsafe extern "C" fn create_instance(context: Context, instance: Id) -> Status {
    guarded(context, |context| context.connectors().create(context, instance))
}

unsafe extern "C" fn assert_part(context: Context, assertion: Id, part: Id, value: DatumIn) -> Status {
    guarded(context, |context| {
        // SAFETY: as in `read`.
        let value = unsafe { read(value) }.to_value();
        context.push_part(Part { assertion, part, value });
        Ok(())
    })
}

unsafe extern "C" fn assert(context: Context, assertion: Id, value: DatumIn, message: DatumIn) -> Status {
    guarded(context, |context| {
        // SAFETY: as in `read`.
        let (value, message) = unsafe { (read(value), read(message)) };
        assertion::check(context, assertion, value, message)
    })
}

unsafe extern "C" fn assert_raises(context: Context, class: Bytes, length: Size, pattern: DatumIn) -> Status {
    guarded(context, |context| {
        // SAFETY: as in `text` and `read`.
        let (class, pattern) = unsafe { (text(class, length), read(pattern)) };
        assertion::check_raised(context, class, pattern)
    })
}

unsafe extern "C" fn advance(context: Context, interval: DatumIn) -> Status {
    guarded(context, |context| {
        // SAFETY: as in `read`.
        context.advance(unsafe { read(interval) })
    })
}

unsafe extern "C" fn raise(context: Context, message: DatumIn, code: DatumIn) -> Status {
    guarded(context, |_| {
        // SAFETY: as in `read`.
        let (message, code) = unsafe { (read(message).to_value(), read(code).to_value()) };
        Err(raised(&message, &code))
    })
}

/// The error of RAISE. A caught error that is raised again keeps its class and code.
fn raised(message: &Value, code: &Value) -> RuntimeError {
    let text = |value: &Value| match value {
        Value::Null => None,
        value => Some(crate::coerce::to_text(value).to_string()),
    };
    let member = |document: &Document, key: &str| document.get(key).and_then(text);
    let mut error = match message {
        Value::Document(document) if document.contains_key("message") => {
            let class = member(document, "name").unwrap_or_else(|| "Error".to_owned());
            let mut error = RuntimeError::new(&class, member(document, "message").unwrap_or_default());
            error.code = member(document, "code");
            error.source = member(document, "entity");
            error
        }
        message => RuntimeError::new("Error", text(message).unwrap_or_else(|| "NULL".to_owned())),
    };
    error.code = text(code).or(error.code);
    error
}

unsafe extern "C" fn fail(context: Context, message: Id) -> Status {
    guarded(context, |context| {
        let message = context.manifest().messages.get(message as usize).cloned().unwrap_or_default();
        let mut error = RuntimeError::new("CompileError", message);
        // A test that comes to what is not declared fails, whatever it catches.
        if context.setup().is_test {
            error.kind = ErrorKind::Fatal;
        }
        Err(error)
    })
}

unsafe extern "C" fn catch(context: Context, class: Bytes, length: Size, result: DatumOut) -> Status {
    let compute = |context: &ExecContext| {
        // SAFETY: as in `text`.
        let class = unsafe { text(class, length) };
        let name = (!class.is_empty()).then_some(class);
        if !context.with_pending(|error| error.is_some_and(|error| error.is_caught_by(name))) {
            return Ok(Value::Null);
        }
        let mut error = context.take_error();
        context.scrub_error(&mut error);
        Ok(error.to_value())
    };
    giving(context, result, compute, datum::write)
}

unsafe extern "C" fn hold_error(context: Context) -> Status {
    guarded(context, |context| {
        context.hold_error();
        Ok(())
    })
}

unsafe extern "C" fn rethrow(context: Context) -> Status {
    guarded(context, |context| {
        context.rethrow();
        Err(context.take_error())
    })
}

#[cfg(test)]
mod tests;
