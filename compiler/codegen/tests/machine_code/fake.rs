//! A small runtime: it keeps variables, writes what it is asked to do into a log, and computes enough to check results.
//! What it hands out it never frees.

#![expect(unsafe_code, reason = "generated code is entered and calls back through raw pointers")]

use std::fmt::Debug;

use memmap2::Mmap;
use moltler_abi::layout::{
    Batch, BatchIn, BatchOut, Bytes, BytesOut, Context, Datum, DatumIn, DatumOut, FAILED, Id, OK, PipelineFunction,
    ScalarFunction, Size, Status, kind, view,
};
use moltler_abi::manifest::Output;
use moltler_abi::runtime_calls::{BinaryOperator, RuntimeTable};
use moltler_abi::{DataType, layout};
use moltler_plan::expr::Expr;
use moltler_plan::physical::Pipeline;
use moltler_plan::program::{Function, FunctionBody, Program, Statement};

/// A value as tests write it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Boolean(bool),
    Integer(i64),
    Number(f64),
    String(String),
    Timestamp(i64),
    Date(i64),
    Array(Vec<Value>),
    Document(Vec<(String, Value)>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::String(text.to_owned())
    }
}

#[derive(Default)]
pub(crate) struct Run {
    pub(crate) log: Vec<String>,
    pub(crate) variables: Vec<Value>,
    pub(crate) error: Option<String>,
    pub(crate) held: Vec<String>,
    /// Long texts of the batch that is written.
    pub(crate) texts: Vec<String>,
}

fn datum(kind: u32, low: u64, high: u64) -> Datum {
    Datum { kind, extra: 0, low, high }
}

impl Value {
    pub(crate) fn to_datum(&self) -> Datum {
        match self {
            Value::Null => Datum::default(),
            Value::Boolean(value) => datum(kind::BOOLEAN, u64::from(*value), 0),
            Value::Integer(value) => datum(kind::INTEGER, *value as u64, 0),
            Value::Number(value) => datum(kind::NUMBER, value.to_bits(), 0),
            Value::String(text) => {
                let text: &'static str = Box::leak(text.clone().into_boxed_str());
                datum(kind::STRING, text.as_ptr() as u64, text.len() as u64)
            }
            Value::Timestamp(value) => datum(kind::TIMESTAMP, *value as u64, 0),
            Value::Date(value) => datum(kind::DATE, *value as u64, 0),
            Value::Array(_) | Value::Document(_) => self.boxed(),
        }
    }

    fn boxed(&self) -> Datum {
        match self {
            Value::Null => Datum::default(),
            _ => datum(kind::BOXED, std::ptr::from_mut(Box::leak(Box::new(self.clone()))) as u64, 0),
        }
    }

    pub(crate) fn of(datum: &Datum) -> Value {
        match datum.kind {
            kind::NULL => Value::Null,
            kind::BOOLEAN => Value::Boolean(datum.low == 1),
            kind::INTEGER => Value::Integer(datum.low as i64),
            kind::NUMBER => Value::Number(f64::from_bits(datum.low)),
            kind::STRING => Value::String(text(datum.low as *const u8, datum.high as usize)),
            kind::TIMESTAMP => Value::Timestamp(datum.low as i64),
            kind::DATE => Value::Date(datum.low as i64),
            kind::BOXED => {
                // SAFETY: every boxed datum was made by `boxed`, which leaks its value.
                unsafe { (*(datum.low as *const Value)).clone() }
            }
            other => panic!("kind {other}"),
        }
    }
}

fn text(data: Bytes, length: Size) -> String {
    // SAFETY: generated code passes addresses and lengths of constants and of leaked texts.
    let bytes = unsafe { std::slice::from_raw_parts(data, length) };
    String::from_utf8(bytes.to_vec()).expect("texts are UTF-8")
}

fn run(context: Context) -> &'static mut Run {
    // SAFETY: the context of every call is the `Run` that `enter` was given.
    unsafe { &mut *context.cast::<Run>() }
}

fn value(datum: DatumIn) -> Value {
    // SAFETY: generated code passes addresses of data on its stack.
    Value::of(unsafe { &*datum })
}

fn give(result: DatumOut, value: &Value) -> Status {
    // SAFETY: as in `value`.
    unsafe { *result = value.to_datum() };
    OK
}

fn fail_with(context: Context, message: String) -> Status {
    run(context).error = Some(message);
    FAILED
}

extern "C" fn begin_statement(context: Context, statement: Id) -> Status {
    run(context).log.push(format!("#{statement}"));
    OK
}
extern "C" fn compare_text(left: Bytes, left_length: Size, right: Bytes, right_length: Size) -> i32 {
    text(left, left_length).cmp(&text(right, right_length)) as i32
}
extern "C" fn binary(context: Context, operator: Id, left: DatumIn, right: DatumIn, result: DatumOut) -> Status {
    let operator = BinaryOperator::from_id(operator).expect("an operator");
    let computed = match (operator, value(left), value(right)) {
        (_, Value::Null, _) | (_, _, Value::Null) => Value::Null,
        (BinaryOperator::Concat, left, right) => Value::String(format!("{}{}", plain(&left), plain(&right))),
        (BinaryOperator::Equal, left, right) => Value::Boolean(left == right),
        (BinaryOperator::Divide, Value::Integer(left), Value::Integer(-1)) if left != i64::MIN => Value::Integer(-left),
        (BinaryOperator::Remainder, Value::Integer(_), Value::Integer(-1)) => Value::Integer(0),
        (operator, left, right) => {
            return fail_with(context, format!("{left:?} {} {right:?}", operator.symbol()));
        }
    };
    give(result, &computed)
}
extern "C" fn unary(context: Context, operator: Id, operand: DatumIn, result: DatumOut) -> Status {
    run(context).log.push(format!("unary {operator} {:?}", value(operand)));
    give(result, &value(operand))
}
extern "C" fn member(_: Context, base: DatumIn, key: Bytes, key_length: Size, result: DatumOut) -> Status {
    let key = text(key, key_length);
    let found = match value(base) {
        Value::Document(members) => members.into_iter().find(|(name, _)| *name == key).map(|(_, value)| value),
        _ => None,
    };
    give(result, &found.unwrap_or(Value::Null))
}
extern "C" fn index(_: Context, base: DatumIn, index: DatumIn, result: DatumOut) -> Status {
    let found = match (value(base), value(index)) {
        (Value::Array(items), Value::Integer(index)) => items.get(index as usize).cloned(),
        _ => None,
    };
    give(result, &found.unwrap_or(Value::Null))
}
extern "C" fn coerce(context: Context, from: DatumIn, data_type: Id, result: DatumOut) -> Status {
    let from = value(from);
    run(context).log.push(format!("coerce {from:?} {data_type}"));
    let boxed = [DataType::Document, DataType::Array, DataType::Dynamic];
    if boxed.iter().any(|boxed| *boxed as u32 == data_type) {
        // SAFETY: as in `value`.
        unsafe { *result = from.boxed() };
        return OK;
    }
    let fitted = match from {
        Value::Integer(number) if data_type == DataType::String as u32 => Value::String(number.to_string()),
        Value::String(text) if data_type == DataType::Number as u32 => text.parse().map_or(Value::Null, Value::Number),
        other => other,
    };
    give(result, &fitted)
}
extern "C" fn cast(context: Context, from: DatumIn, data_type: Id, _: DatumOut) -> Status {
    fail_with(context, format!("cast {:?} {data_type}", value(from)))
}
extern "C" fn call(context: Context, function: Id, arguments: DatumIn, count: Size, result: DatumOut) -> Status {
    // SAFETY: generated code passes an array of that length.
    let arguments: Vec<Value> = (0..count).map(|index| value(unsafe { arguments.add(index) })).collect();
    run(context).log.push(format!("call {function} {arguments:?}"));
    let computed = match arguments.first() {
        Some(Value::Array(items)) => Value::Integer(items.len() as i64),
        Some(other) => other.clone(),
        None => Value::Timestamp(1_000_000),
    };
    give(result, &computed)
}
extern "C" fn interval(context: Context, from: DatumIn, unit: Bytes, unit_length: Size, result: DatumOut) -> Status {
    run(context).log.push(format!("interval {:?} {}", value(from), text(unit, unit_length)));
    give(result, &value(from))
}
extern "C" fn document_new(_: Context, result: DatumOut) -> Status {
    give(result, &Value::Document(Vec::new()))
}
extern "C" fn document_set(_: Context, document: DatumIn, key: Bytes, key_length: Size, member: DatumIn) -> Status {
    // SAFETY: the document was leaked by `document_new`.
    let document = unsafe { &mut *((*document).low as *mut Value) };
    if let Value::Document(members) = document {
        members.push((text(key, key_length), value(member)));
    }
    OK
}
extern "C" fn array_new(_: Context, result: DatumOut) -> Status {
    give(result, &Value::Array(Vec::new()))
}
extern "C" fn array_push(_: Context, array: DatumIn, item: DatumIn) -> Status {
    // SAFETY: the array was leaked by `array_new`.
    let array = unsafe { &mut *((*array).low as *mut Value) };
    if let Value::Array(items) = array {
        items.push(value(item));
    }
    OK
}
extern "C" fn constant(_: Context, json: Bytes, length: Size, result: DatumOut) -> Status {
    give(result, &Value::Document(vec![("json".to_owned(), Value::String(text(json, length)))]))
}
extern "C" fn secret_template(_: Context, template: Bytes, length: Size, result: DatumOut) -> Status {
    give(result, &Value::String(text(template, length).replace("{{secrets.x}}", "***")))
}
extern "C" fn load_variable(context: Context, slot: Id, result: DatumOut) -> Status {
    let value = run(context).variables.get(slot as usize).cloned();
    give(result, &value.unwrap_or(Value::Null))
}
extern "C" fn store_variable(context: Context, slot: Id, stored: DatumIn) -> Status {
    let run = run(context);
    let needed = run.variables.len().max(slot as usize + 1);
    run.variables.resize(needed, Value::Null);
    run.variables[slot as usize] = value(stored);
    OK
}
extern "C" fn element(_: Context, array: DatumIn, position: i64, result: DatumOut, more: DatumOut) -> Status {
    let found = match value(array) {
        Value::Array(items) => items.get(position as usize).cloned(),
        _ => None,
    };
    give(more, &Value::Boolean(found.is_some()));
    give(result, &found.unwrap_or(Value::Null))
}
extern "C" fn store_text(context: Context, stored: Bytes, length: Size, place: BytesOut) -> Status {
    let stored = text(stored, length);
    let texts = &mut run(context).texts;
    let view = view::inline(stored.as_bytes()).unwrap_or_else(|| {
        texts.push(stored.clone());
        view::long(stored.as_bytes(), texts.len() as u32 - 1, 0)
    });
    // SAFETY: generated code passes the address of an element of a string column.
    unsafe { place.cast::<u128>().write_unaligned(view) };
    OK
}
extern "C" fn query_rows(context: Context, query: Id, result: DatumOut) -> Status {
    run(context).log.push(format!("query {query}"));
    give(result, &Value::Array(vec![Value::Integer(1)]))
}
extern "C" fn query_print(context: Context, query: Id) -> Status {
    run(context).log.push(format!("print query {query}"));
    OK
}
/// Gives back what is looked for, else the first argument.
extern "C" fn subquery(
    context: Context,
    subquery: Id,
    arguments: DatumIn,
    count: Size,
    needle: DatumIn,
    result: DatumOut,
) -> Status {
    let arguments: Vec<Value> = (0..count).map(|position| value(arguments.wrapping_add(position))).collect();
    run(context).log.push(format!("subquery {subquery} {arguments:?} {:?}", value(needle)));
    match value(needle) {
        Value::Null => give(result, arguments.first().unwrap_or(&Value::Null)),
        needle => give(result, &needle),
    }
}
extern "C" fn execute(context: Context, execution: Id, argument: DatumIn, result: DatumOut) -> Status {
    run(context).log.push(format!("execute {execution} {:?}", value(argument)));
    give(result, &value(argument))
}
extern "C" fn print_result(context: Context, shown: DatumIn) -> Status {
    run(context).log.push(format!("result {:?}", value(shown)));
    OK
}
extern "C" fn print(context: Context, shown: DatumIn) -> Status {
    run(context).log.push(plain(&value(shown)));
    OK
}
extern "C" fn command(context: Context, command: Id) -> Status {
    run(context).log.push(format!("command {command}"));
    OK
}
extern "C" fn create_instance(context: Context, instance: Id) -> Status {
    run(context).log.push(format!("instance {instance}"));
    OK
}
extern "C" fn assert_part(context: Context, _: Id, part: Id, shown: DatumIn) -> Status {
    run(context).log.push(format!("part {part} {:?}", value(shown)));
    OK
}
extern "C" fn assert(context: Context, _: Id, passed: DatumIn, message: DatumIn) -> Status {
    if value(passed) == Value::Boolean(true) { OK } else { fail_with(context, format!("assert {:?}", value(message))) }
}
extern "C" fn assert_raises(context: Context, class: Bytes, length: Size, pattern: DatumIn) -> Status {
    let class = text(class, length);
    let raised = run(context).error.take();
    run(context).log.push(format!("raised {raised:?} like {:?}", value(pattern)));
    match raised {
        Some(error) if error.starts_with(&class) => OK,
        _ => fail_with(context, format!("not {class}")),
    }
}
extern "C" fn advance(context: Context, interval: DatumIn) -> Status {
    run(context).log.push(format!("advance {:?}", value(interval)));
    OK
}
extern "C" fn raise(context: Context, message: DatumIn, _: DatumIn) -> Status {
    fail_with(context, plain(&value(message)))
}
extern "C" fn fail(context: Context, message: Id) -> Status {
    fail_with(context, format!("message {message}"))
}
extern "C" fn catch(context: Context, class: Bytes, length: Size, result: DatumOut) -> Status {
    let class = text(class, length);
    let run = run(context);
    let matches = run.error.as_ref().is_some_and(|error| error.starts_with(&class));
    let caught = if matches { run.error.take().map_or(Value::Null, Value::String) } else { Value::Null };
    give(result, &caught)
}
extern "C" fn hold_error(context: Context) -> Status {
    let run = run(context);
    run.held.extend(run.error.take());
    OK
}
extern "C" fn rethrow(context: Context) -> Status {
    let run = run(context);
    run.error = run.held.pop();
    FAILED
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        other => format!("{other:?}"),
    }
}

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

/// The code of a program, mapped.
struct Mapped {
    code: Mmap,
    offsets: Vec<usize>,
}

fn map(bodies: Vec<FunctionBody>) -> Mapped {
    let functions = bodies.into_iter().enumerate();
    let functions = functions.map(|(index, body)| Function { name: format!("function_{index}"), body }).collect();
    let image = moltler_codegen::image(&Program { functions, ..Program::default() });
    let mut memory = memmap2::MmapMut::map_anon(image.code.len()).expect("memory");
    memory.copy_from_slice(&image.code);
    let offsets = image.manifest.functions.iter().map(|function| function.offset as usize).collect();
    Mapped { code: memory.make_exec().expect("executable memory"), offsets }
}

impl Mapped {
    fn address(&self, function: usize) -> *const u8 {
        &raw const self.code[self.offsets[function]]
    }
}

/// The value of an expression, or the error, with what it did.
pub(crate) fn evaluate_in(run: &mut Run, expr: Expr) -> Result<Value, String> {
    let mapped = map(vec![FunctionBody::Scalar(expr)]);
    let mut result = datum(99, 99, 99);
    // SAFETY: the function was generated with this signature, and `run` is what the table's functions expect.
    let status = unsafe {
        let function: ScalarFunction = std::mem::transmute(mapped.address(0));
        function(&raw const TABLE, std::ptr::from_mut(run).cast(), &raw mut result)
    };
    outcome(run, status).map(|()| Value::of(&result))
}

/// The value of an expression.
#[track_caller]
pub(crate) fn evaluate(expr: Expr) -> Value {
    evaluate_in(&mut Run::default(), expr).expect("no error")
}

/// Runs statements.
pub(crate) fn execute_statements(run: &mut Run, statements: Vec<Statement>) -> Result<(), String> {
    let mapped = map(vec![FunctionBody::Entry(statements)]);
    // SAFETY: as in `evaluate_in`.
    let status = unsafe {
        let function: layout::EntryFunction = std::mem::transmute(mapped.address(0));
        function(&raw const TABLE, std::ptr::from_mut(run).cast())
    };
    outcome(run, status)
}

fn outcome(run: &mut Run, status: Status) -> Result<(), String> {
    match status {
        OK => Ok(()),
        FAILED => Err(run.error.take().expect("a failed run has an error")),
        other => panic!("status {other}"),
    }
}

/// A column of values, laid out as batches are.
struct ColumnData {
    data: Vec<u128>,
    validity: Vec<u8>,
    /// A buffer for each long text.
    buffers: Vec<Bytes>,
}

impl ColumnData {
    /// Room for so many rows of any type.
    fn empty(rows: usize) -> ColumnData {
        ColumnData { data: vec![0; rows], validity: vec![0; rows.div_ceil(8)], buffers: Vec::new() }
    }

    fn new(data_type: DataType, values: &[Value]) -> ColumnData {
        let mut column = ColumnData { buffers: vec![std::ptr::null()], ..ColumnData::empty(values.len()) };
        let mut bytes = Vec::new();
        for (row, value) in values.iter().enumerate() {
            column.validity[row / 8] |= u8::from(*value != Value::Null) << (row % 8);
            let datum = if data_type.is_boxed() { value.boxed() } else { value.to_datum() };
            match (data_type, value) {
                (DataType::Boolean, _) => {
                    bytes.resize(row / 8 + 1, 0);
                    bytes[row / 8] |= (datum.low as u8) << (row % 8);
                }
                (DataType::Date, _) => bytes.extend((datum.low as i32).to_ne_bytes()),
                (DataType::String, Value::String(text)) => {
                    let view = view::inline(text.as_bytes()).unwrap_or_else(|| {
                        column.buffers.push(datum.low as Bytes);
                        view::long(text.as_bytes(), column.buffers.len() as u32 - 1, 0)
                    });
                    bytes.extend(view.to_ne_bytes());
                }
                (DataType::String, _) => bytes.extend([0; 16]),
                _ => bytes.extend(datum.low.to_ne_bytes()),
            }
        }
        bytes.resize(bytes.len().next_multiple_of(16), 0);
        let words = bytes.chunks(16).map(|chunk| u128::from_ne_bytes(chunk.try_into().expect("sixteen bytes")));
        column.data = words.collect();
        column
    }

    fn columns(columns: &mut [ColumnData]) -> Vec<layout::Column> {
        let raw = columns.iter_mut().map(|column| layout::Column {
            data: column.data.as_mut_ptr().cast(),
            validity: column.validity.as_mut_ptr(),
            buffers: column.buffers.as_ptr(),
        });
        raw.collect()
    }

    fn read(&self, run: &Run, data_type: DataType, row: usize) -> Value {
        let bit = |bits: *const u8| {
            // SAFETY: the column has that many bits, or more.
            unsafe { *bits.add(row / 8) >> (row % 8) & 1 == 1 }
        };
        if !bit(self.validity.as_ptr()) {
            return Value::Null;
        }
        let data = self.data.as_ptr().cast::<u8>();
        // SAFETY: the column has that many elements of that type, or more.
        unsafe {
            match data_type {
                DataType::Boolean => Value::Boolean(bit(data)),
                DataType::Date => Value::Date(i64::from(*data.cast::<i32>().add(row))),
                DataType::Integer => Value::Integer(*data.cast::<i64>().add(row)),
                DataType::Timestamp => Value::Timestamp(*data.cast::<i64>().add(row)),
                DataType::Number => Value::Number(*data.cast::<f64>().add(row)),
                DataType::String => {
                    let found = self.data[row];
                    let length = view::length(found);
                    if length > view::INLINE {
                        return Value::String(run.texts[view::place(found).0 as usize].clone());
                    }
                    let bytes = found.to_le_bytes()[4..4 + length].to_vec();
                    Value::String(String::from_utf8(bytes).expect("texts are UTF-8"))
                }
                _ => (**data.cast::<*const Value>().add(row)).clone(),
            }
        }
    }
}

/// Runs a pipeline over rows.
pub(crate) fn pipe(
    run: &mut Run,
    input: &[DataType],
    rows: &[Vec<Value>],
    filter: Option<Expr>,
    outputs: Vec<Expr>,
) -> Result<Vec<Vec<Value>>, String> {
    let pipeline = Pipeline { input: input.to_vec(), filter, outputs };
    let (has_filter, outputs) = (pipeline.filter.is_some(), pipeline.outputs());
    let mapped = map(vec![FunctionBody::Pipeline(pipeline)]);
    let column = |index: usize| -> Vec<Value> { rows.iter().map(|row| row[index].clone()).collect() };
    let mut input_data: Vec<ColumnData> =
        input.iter().enumerate().map(|(index, data_type)| ColumnData::new(*data_type, &column(index))).collect();
    let is_computed = |output: &&Output| matches!(output, Output::Computed(_));
    let computed = outputs.iter().filter(is_computed).count();
    let mut output_data: Vec<ColumnData> = (0..computed).map(|_| ColumnData::empty(rows.len())).collect();
    let input_columns = ColumnData::columns(&mut input_data);
    let output_columns = ColumnData::columns(&mut output_data);
    let mut selection: Vec<u32> =
        if has_filter { vec![u32::MAX; rows.len()] } else { (0..rows.len() as u32).collect() };
    let none = std::ptr::null_mut();
    let batch = Batch { rows: rows.len(), columns: input_columns.as_ptr(), selection: none };
    let written = if has_filter { selection.as_mut_ptr() } else { none };
    let mut output = Batch { rows: 99, columns: output_columns.as_ptr(), selection: written };
    // SAFETY: as in `evaluate_in`; the batches live until the call returns, and the output has room for every row.
    let status = unsafe {
        let function: PipelineFunction = std::mem::transmute(mapped.address(0));
        let (batch, output): (BatchIn, BatchOut) = (&raw const batch, &raw mut output);
        function(&raw const TABLE, std::ptr::from_mut(run).cast(), batch, output)
    };
    outcome(run, status)?;
    let read = |row: usize| {
        let mut computed = output_data.iter();
        let value = |output: &Output| match output {
            Output::Column(column) => rows[selection[row] as usize][*column as usize].clone(),
            Output::Computed(data_type) => computed.next().expect("a column").read(run, *data_type, row),
        };
        outputs.iter().map(value).collect()
    };
    Ok((0..output.rows).map(read).collect())
}
