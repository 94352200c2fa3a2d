//! The exports as generated code sees them: through the table.

use std::cell::RefCell;

use moltler_abi::layout::{Runtime, kind};
use moltler_abi::manifest::{Assertion, Command, Instance, SourceFile, Span};

use super::*;
use crate::coerce::value_to_json;
use crate::error::ErrorKind;
use crate::output::Format;
use crate::testing::{TestProgram, integer, text};

/// Calls with a context as generated code would.
struct Caller {
    context: ExecContext,
}

impl Caller {
    fn new(program: TestProgram) -> Caller {
        Caller { context: program.context(Format::Table) }
    }

    /// The result of an export that gives one, or its error.
    fn get(&self, call: impl FnOnce(&RuntimeTable, Context, DatumOut) -> Status) -> Result<Value> {
        let mut result = Datum::default();
        let status = call(table(), self.context.address(), &mut result);
        self.context.result_of(status)?;
        Ok(read_result(&self.context, &result))
    }

    #[track_caller]
    fn check(&self, expected: &str, call: impl FnOnce(&RuntimeTable, Context, DatumOut) -> Status) {
        let result = match self.get(call) {
            Ok(value) => value_to_json(&value),
            Err(error) => error.to_string(),
        };
        assert_eq!(result, expected);
    }
}

#[test]
fn values_go_in_and_out() {
    let caller = Caller::new(TestProgram::default());
    // SAFETY: in all tests of this module: addresses are of live datums and texts, the context is that of the caller.
    unsafe {
        caller.check("3", |table, context, result| {
            (table.binary)(context, BinaryOperator::Add as u32, &integer(1), &integer(2), result)
        });
        caller.check("OverflowError: the result is out of range", |table, context, result| {
            (table.binary)(context, BinaryOperator::Add as u32, &integer(i64::MAX), &integer(2), result)
        });
        caller.check("-1", |table, context, result| {
            (table.unary)(context, UnaryOperator::Negate as u32, &integer(1), result)
        });
        caller.check("\"P7D\"", |table, context, result| {
            (table.interval)(context, &integer(7), b"DAY".as_ptr(), 3, result)
        });
        caller
            .check("5", |table, context, result| (table.coerce)(context, &text("5"), DataType::Integer as u32, result));
        caller.check("null", |table, context, result| {
            (table.coerce)(context, &text("x"), DataType::Integer as u32, result)
        });
        caller.check("5.5", |table, context, result| (table.coerce)(context, &text("5.5"), TypeId::NUMERIC.0, result));
        caller.check("TypeError: 'x' cannot be cast to integer", |table, context, result| {
            (table.cast)(context, &text("x"), DataType::Integer as u32, result)
        });
        let template = caller.get(|table, context, result| {
            let template = "key {{ secrets.api_key }} {{x}}";
            (table.secret_template)(context, template.as_ptr(), template.len(), result)
        });
        let Ok(Value::String(template)) = template else { panic!("a text is expected: {template:?}") };
        assert!(!template.contains("s3cr3t-value"), "{template}");
        assert_eq!(caller.context.vault().reveal(&template), "key s3cr3t-value {{x}}");
        caller.check("ConfigError: the secret `other` is not known", |table, context, result| {
            let template = "{{secrets.other}}";
            (table.secret_template)(context, template.as_ptr(), template.len(), result)
        });
        assert_eq!((table().compare_text)(b"a".as_ptr(), 1, b"b".as_ptr(), 1), -1);
        assert_eq!((table().compare_text)(b"a".as_ptr(), 1, std::ptr::null(), 0), 1);
    }
}

#[test]
fn unknown_numbers_are_internal_errors() {
    let caller = Caller::new(TestProgram::default());
    let bug = "InternalError: unknown operator; this is a bug in Moltler";
    // SAFETY: as in `values_go_in_and_out`.
    unsafe {
        caller.check(bug, |table, context, result| (table.binary)(context, 99, &integer(1), &integer(2), result));
        caller.check(bug, |table, context, result| (table.unary)(context, 99, &integer(1), result));
    }
}

#[test]
fn kinds_follow_the_declared_type() {
    let caller = Caller::new(TestProgram::default());
    let kind_of = |call: &dyn Fn(&RuntimeTable, Context, DatumOut) -> Status| {
        let mut result = Datum::default();
        assert_eq!(call(table(), caller.context.address(), &mut result), OK);
        result.kind
    };
    let (from_json, _) = functions::find("FROM_JSON").expect("declared");
    // SAFETY: as in `values_go_in_and_out`.
    unsafe {
        assert_eq!(
            kind_of(&|table, context, result| (table.call)(context, from_json, &text("1"), 1, result)),
            kind::BOXED
        );
        for (data_type, expected) in [(DataType::Dynamic, kind::BOXED), (DataType::Integer, kind::INTEGER)] {
            let kind =
                kind_of(&|table, context, result| (table.coerce)(context, &integer(1), data_type as u32, result));
            assert_eq!(kind, expected);
        }
    }
}

#[test]
fn documents_and_arrays_are_built_and_read() {
    let caller = Caller::new(TestProgram::default());
    let context = caller.context.address();
    let (mut document, mut array) = (Datum::default(), Datum::default());
    // SAFETY: as in `values_go_in_and_out`.
    unsafe {
        assert_eq!((table().document_new)(context, &mut document), OK);
        assert_eq!((table().array_new)(context, &mut array), OK);
        for number in 0..100 {
            assert_eq!((table().array_push)(context, &array, &integer(number)), OK);
        }
        assert_eq!((table().document_set)(context, &document, b"list".as_ptr(), 4, &array), OK);
        // What was set is a copy.
        assert_eq!((table().array_push)(context, &array, &integer(7)), OK);
        assert_eq!((table().document_set)(context, &document, b"n".as_ptr(), 1, &Datum::default()), OK);
        caller.check("[0,100,101]", |table, context, result| {
            let mut list = Datum::default();
            (table.member)(context, &document, b"list".as_ptr(), 4, &mut list);
            let (length, _) = functions::find("ARRAY_LENGTH").expect("declared");
            let (mut first, mut inner, mut outer) = (Datum::default(), Datum::default(), Datum::default());
            (table.index)(context, &list, &integer(0), &mut first);
            (table.call)(context, length, &list, 1, &mut inner);
            (table.call)(context, length, &array, 1, &mut outer);
            (table.array_new)(context, result);
            (table.array_push)(context, result, &first);
            (table.array_push)(context, result, &inner);
            (table.array_push)(context, result, &outer)
        });
        caller.check(
            "InternalError: a key was set of what is no document; this is a bug in Moltler",
            |table, context, _| (table.document_set)(context, &array, b"n".as_ptr(), 1, &integer(1)),
        );
    }
}

#[test]
fn variables_keep_what_they_were_given() {
    let caller = Caller::new(TestProgram::default());
    let context = caller.context.address();
    let dynamic = Value::Integer(5);
    let boxed = Datum { kind: kind::BOXED, extra: 0, low: (&raw const dynamic) as u64, high: 0 };
    // SAFETY: as in `values_go_in_and_out`.
    unsafe {
        let mut loaded = Datum::default();
        for (stored, expected) in [(integer(5), kind::INTEGER), (boxed, kind::BOXED), (Datum::default(), kind::NULL)] {
            assert_eq!((table().store_variable)(context, 1, &stored), OK);
            assert_eq!((table().begin_statement)(context, 0), OK);
            assert_eq!((table().load_variable)(context, 1, &mut loaded), OK);
            assert_eq!(loaded.kind, expected);
        }
        assert_eq!((table().store_variable)(context, 1000, &integer(1)), OK);
        assert_eq!((table().load_variable)(context, 2000, &mut loaded), OK);
        assert_eq!(loaded.kind, kind::NULL);
    }
}

#[test]
fn elements_end() {
    let caller = Caller::new(TestProgram::default());
    let context = caller.context.address();
    let list = Value::Array(Rc::new(vec![Value::Integer(4)]));
    let list = Datum { kind: kind::BOXED, extra: 0, low: (&raw const list) as u64, high: 0 };
    let (mut found, mut more) = (Datum::default(), Datum::default());
    // SAFETY: as in `values_go_in_and_out`.
    unsafe {
        for (position, is_more) in [(0, 1), (1, 0), (-1, 0)] {
            assert_eq!((table().element)(context, &list, position, &mut found, &mut more), OK);
            assert_eq!((more.kind, more.low), (kind::BOOLEAN, is_more));
        }
        assert_eq!((table().element)(context, &Datum::default(), 0, &mut found, &mut more), OK);
        assert_eq!(more.low, 0);
        caller.check("TypeError: FOR goes through an array, not an integer", |table, context, result| {
            (table.element)(context, &integer(1), 0, result, &mut more)
        });
    }
}

fn with_source(source: &str) -> TestProgram {
    let mut program = TestProgram::default();
    program.manifest.files.push(SourceFile { path: "a.molt".to_owned(), text: source.to_owned() });
    program.manifest.statements.push(Span { file: 0, start: 0, end: source.len() as u32 });
    program
}

#[test]
fn a_failed_assertion_tells_its_parts() {
    let mut program = with_source("ASSERT rows[0].n = 5;");
    let span = |start, end| Span { file: 0, start, end };
    program.manifest.assertions.push(Assertion {
        span: span(7, 20),
        parts: vec![span(7, 16), span(7, 14)],
        compared: None,
    });
    let caller = Caller::new(program);
    let empty = Value::Array(Rc::default());
    let rows = Datum { kind: kind::BOXED, extra: 0, low: (&raw const empty) as u64, high: 0 };
    // SAFETY: as in `values_go_in_and_out`.
    let error = unsafe {
        let evaluate = |table: &RuntimeTable, context, result: DatumOut| {
            (table.begin_statement)(context, 0);
            (table.index)(context, &rows, &integer(0), result);
            (table.assert_part)(context, 0, 1, result);
            (table.assert_part)(context, 0, 0, result);
            (table.assert)(context, 0, result, &Datum::default())
        };
        caller.get(evaluate).expect_err("it fails")
    };
    assert_eq!((error.kind, error.span), (ErrorKind::Assertion, Some(span(7, 20))));
    assert_eq!(error.message, "`rows[0].n = 5` is NULL");
    assert_eq!(error.notes, ["`rows[0]` is NULL", "`rows[0].n` is NULL", "index 0 of 0 rows"]);
    let truth = Datum { kind: kind::BOOLEAN, extra: 0, low: 1, high: 0 };
    // SAFETY: as in `values_go_in_and_out`.
    unsafe {
        caller.check("null", |table, context, _| (table.assert)(context, 0, &truth, &Datum::default()));
        caller.check("AssertionError: it must be so", |table, context, _| {
            (table.assert)(context, 0, &integer(1), &text("it must be so"))
        });
    }
}

#[test]
fn errors_are_caught_put_aside_and_raised_again() {
    let caller = Caller::new(with_source("RAISE 'no';"));
    // SAFETY: as in `values_go_in_and_out`.
    unsafe {
        let raised = "{\"name\":\"Error\",\"message\":\"no\",\"code\":\"not_found\",\"type\":\"error\",\
                      \"entity\":null,\"request\":null,\"cause\":null}";
        caller.check(raised, |table, context, result| {
            (table.begin_statement)(context, 0);
            assert_eq!((table.raise)(context, &text("no"), &text("not_found")), FAILED);
            assert_eq!((table.hold_error)(context), OK);
            assert_eq!((table.raise)(context, &text("other"), &Datum::default()), FAILED);
            assert_eq!((table.catch)(context, std::ptr::null(), 0, result), OK);
            assert_eq!((table.rethrow)(context), FAILED);
            let class = "type_error";
            assert_eq!((table.catch)(context, class.as_ptr(), class.len(), result), OK);
            assert_eq!((*result).kind, kind::NULL);
            let code = "NotFound";
            (table.catch)(context, code.as_ptr(), code.len(), result)
        });
        // A caught error that is raised again keeps its class.
        let error = RuntimeError::new("ConnectorAuthError", "no").to_value();
        let error = Datum { kind: kind::BOXED, extra: 0, low: (&raw const error) as u64, high: 0 };
        caller.check("ConnectorAuthError: no", |table, context, _| (table.raise)(context, &error, &Datum::default()));
    }
    let mut program = with_source("x");
    program.manifest.messages.push("there is no action `delete`".to_owned());
    // SAFETY: as in `values_go_in_and_out`.
    Caller::new(program)
        .check("CompileError: there is no action `delete`", |table, context, _| unsafe { (table.fail)(context, 0) });
}

#[test]
fn a_panic_is_an_error_that_nothing_catches() {
    let mut program = with_source("DESCRIBE a.b;");
    program.shop(&[], "", None);
    program.manifest.commands.push(Command::Describe { instance: "shop1".to_owned(), entity: 99 });
    let caller = Caller::new(program);
    // SAFETY: as in `values_go_in_and_out`.
    let status = unsafe { (table().command)(caller.context.address(), 0) };
    assert_eq!(status, FAILED);
    assert!(caller.context.with_pending(|error| error.is_some_and(|error| !error.is_caught_by(None))));
    let error = caller.context.take_error();
    assert_eq!((error.kind, error.class.as_str()), (ErrorKind::Fatal, "InternalError"));
    assert_eq!(error.span, None);
}

#[test]
fn print_goes_to_the_results() {
    let caller = Caller::new(TestProgram::default());
    // SAFETY: as in `values_go_in_and_out`.
    unsafe {
        caller.check("null", |table, context, _| (table.print)(context, &text("a")));
        caller.check("null", |table, context, _| (table.print)(context, &Datum::default()));
        caller.check("null", |table, context, _| (table.print_result)(context, &integer(5)));
    }
    assert_eq!(caller.context.output().captured_text(), "a\nNULL\n| result |\n|--------|\n|      5 |\n(1 row)\n");
}

#[test]
fn commands_show_and_change_instances() {
    let mut program = with_source("x");
    program.shop(&[("id", DataType::Integer)], "function query() { return []; }", None);
    let options = program.scalar(rate_limit);
    let name = || "shop1".to_owned();
    program.manifest.commands.extend([
        Command::ShowConnectors,
        Command::SetEnabled { name: name(), enabled: false },
        Command::TestConnector { name: name() },
        Command::SetEnabled { name: name(), enabled: true },
        Command::TestConnector { name: name() },
        Command::AlterOptions { name: name(), options },
        Command::ShowConnector { name: name(), status: false },
        Command::ShowConnector { name: name(), status: true },
        Command::Describe { instance: name(), entity: 0 },
        Command::Publish { type_name: "shop".to_owned(), registry: "marketplace".to_owned() },
        Command::DropConnector { name: name() },
        Command::ShowConnector { name: "shop_1".to_owned(), status: false },
    ]);
    let count = program.manifest.commands.len();
    let context = program.context(Format::Ndjson);
    let outcomes = RefCell::new(Vec::new());
    for index in 0..count {
        if let Err(error) = crate::command::run(&context, index as u32) {
            outcomes.borrow_mut().push(error.to_string());
        }
    }
    assert_eq!(
        outcomes.into_inner(),
        ["ConnectorDisabled: the connector `shop1` is disabled", "UnknownConnector: there is no connector `shop_1`"]
    );
    assert_eq!(
        context.output().captured_text(),
        concat!(
            "{\"name\":\"shop1\",\"type\":\"shop\",\"status\":\"enabled\"}\n",
            "{\"connector\":\"shop1\",\"status\":\"connected\",\"detail\":{\"entity\":\"items\"}}\n",
            "{\"name\":\"shop1\",\"type\":\"shop\",\"status\":\"connected\",\"config\":{},\"options\":{\"rate_limit\":5}}\n",
            "{\"name\":\"shop1\",\"type\":\"shop\",\"status\":\"connected\",\"error\":null,\"last_sync\":null}\n",
            "{\"field\":\"id\",\"type\":\"integer\",\"attributes\":\"\",\"description\":null}\n",
            "PUBLISH is passed over: it is carried out by `moltlerc run` only\n",
        )
    );
}

/// `{"rate_limit": 5}`
unsafe extern "C" fn rate_limit(runtime: Runtime, context: Context, result: DatumOut) -> Status {
    // SAFETY: generated code is given the table and a datum to write to.
    unsafe {
        ((*runtime).document_new)(context, result);
        ((*runtime).document_set)(context, result, b"rate_limit".as_ptr(), 10, &integer(5))
    }
}

#[test]
fn an_instance_in_a_test_goes_before_that_of_the_package() {
    let mut program = with_source("x");
    program.shop(&[("id", DataType::Integer)], "function query() { return []; }", None);
    program.manifest.instances.push(Instance { name: "shop1".to_owned(), ..Instance::default() });
    let context = program.context(Format::Json);
    let global = context.connectors().get("shop1").expect("global");
    // SAFETY: as in `values_go_in_and_out`.
    assert_eq!(unsafe { (table().create_instance)(context.address(), 1) }, OK);
    assert!(!Rc::ptr_eq(&global, &context.connectors().get("shop1").expect("of the test")));
}
