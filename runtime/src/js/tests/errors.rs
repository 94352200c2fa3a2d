//! What a handler throws, and where it is shown.

use super::*;
use crate::error::ErrorKind;
use crate::secrets::vault::Origin;

/// Fails with the handler's text behind `»`, for each frame up to the end of its line.
fn fails(shared: Option<(&[&str], &str)>, handler: &str) -> (RuntimeError, Vec<String>) {
    run(async {
        let mut script = script("query", shared.map_or(&[][..], |(names, _)| names), handler);
        script.name = "myservice.items".to_owned();
        let entity = Entity { handler: script, ..entity(&[("x", DataType::String)], "function query() {}") };
        let mut bench = Bench::with("{}", |settings| {
            settings.shared = shared.map(|(names, source)| {
                let mut shared = super::script("", names, source);
                shared.span.file = 4;
                Rc::new(shared)
            });
        });
        let error = bench.query(&entity).await.expect_err("it fails");
        let shown = error
            .stack
            .iter()
            .map(|frame| {
                let text = if frame.span.file == 4 { shared.map_or("", |(_, source)| source) } else { handler };
                let rest = &text[frame.span.start as usize - 1000..];
                format!("{}»{}", frame.function, rest.lines().next().unwrap_or(""))
            })
            .collect();
        (error, shown)
    })
}

#[test]
fn stacks_point_into_the_file() {
    let (error, stack) = fails(None, "function inner() { return missing; }\nfunction query() {\n  return inner();\n}");
    assert_eq!(error.to_string(), "ReferenceError: missing is not defined");
    assert_eq!(stack, ["inner»missing; }", "query»inner();"]);
    assert_eq!(error.span, Some(error.stack[0].span));
}

#[test]
fn columns_count_bytes_of_the_text() {
    let (_, stack) = fails(None, "async function query() {\r\n  /* ééé 😀 */ null.x;\r\n}");
    assert_eq!(stack, ["query»null.x;"]);
    let (_, stack) = fails(None, "const query = async () => { const é = 'ü'; é.x.y; };");
    assert_eq!(stack, ["query»é.x.y; };"]);
}

#[test]
fn the_import_of_shared_names_moves_nothing() {
    let shared: (&[&str], &str) = (
        &["check", "limit"],
        "\nfunction check(x) {\n  if (x > limit) throw new RangeError('too large');\n}\nconst limit = 3;",
    );
    let (error, stack) = fails(Some(shared), "function query() { check(limit); check(9); }");
    assert_eq!(error.to_string(), "RangeError: too large");
    assert_eq!(stack, ["check»RangeError('too large');", "query»check(9); }"]);
}

#[test]
fn errors_while_scripts_are_evaluated() {
    let (error, stack) = fails(None, "const settings = null;\nconst x = settings.x;\nfunction query() {}");
    assert_eq!(error.class, "TypeError");
    assert_eq!(stack, ["»settings.x;"]);
    let shared: (&[&str], &str) = (&["a"], "const a = undefinedName;");
    let (error, stack) = fails(Some(shared), "function query() { return a; }");
    assert_eq!((error.class.as_str(), stack), ("ReferenceError", vec!["»undefinedName;".to_owned()]));
}

#[test]
fn syntax_errors_have_a_place() {
    let check = |entry: &str, source: &str, expected: &str| {
        let script = Script {
            name: "a.b".to_owned(),
            entry: entry.to_owned(),
            span: Span { file: 1, start: 10, end: 10 + source.len() as u32 },
            source: source.to_owned(),
            shared_names: vec!["s".to_owned()],
            ..Script::default()
        };
        let error = compile(&script).expect_err("it does not compile");
        let place = error.span.map(|span| &source[span.start as usize - 10..]);
        assert_eq!((error.class.as_str(), place), ("SyntaxError", Some(expected)), "{error}");
    };
    check("query", "function query() { let a = ; }", "; }");
    check("query", "function query() {}\nlet a b", "b");
    check("query", "function other() {}", "function other() {}");
    check("", "const s = (", "");
}

#[test]
fn classes_codes_and_causes_are_kept() {
    let (error, _) = fails(
        None,
        "function query() {
            try { JSON.parse('{'); } catch (cause) {
                throw new ConnectorRateLimitError('slow down', {retryAfter: 5, code: 'E7', cause});
            }
        }",
    );
    assert_eq!(error.to_string(), "ConnectorRateLimitError: slow down");
    assert_eq!(error.code.as_deref(), Some("E7"));
    let cause = error.cause.expect("it has a cause");
    assert_eq!(cause.class, "SyntaxError");
    assert!(cause.cause.is_none());

    let (error, _) =
        fails(None, "class QuotaError extends ConnectorError {} function query() { throw new QuotaError('x'); }");
    assert_eq!(error.class, "ConnectorError");
    let (error, _) = fails(
        None,
        "class QuotaError extends ConnectorError { name = 'QuotaError' } function query() { throw new QuotaError('x'); }",
    );
    assert_eq!(error.class, "QuotaError");
    let (error, _) = fails(
        None,
        "class Expired extends ConnectorAuthError { constructor(message) { super(message); this.name = 'TokenExpired'; } } function query() { throw new Expired('x'); }",
    );
    assert_eq!(error.class, "TokenExpired");
    for name in ["TokenExpired", "Expired", "connector_auth_error", "ConnectorError", "Error"] {
        assert!(error.is_a(name), "{name}");
    }
    assert!(!error.is_a("ConnectorRateLimitError"));
    let (error, _) = fails(
        None,
        "function query() { const e = new Error('odd'); Object.setPrototypeOf(e, new Proxy(Error.prototype, {getPrototypeOf() { throw 1; }, get(target, key) { if (key === 'constructor') throw 2; return target[key]; }})); throw e; }",
    );
    assert_eq!(error.message, "odd");
    let (error, _) = fails(None, "function query() { throw new AggregateError([new Error('a'), 'b'], 'both'); }");
    assert_eq!(
        (error.to_string().as_str(), error.notes),
        ("AggregateError: both", vec!["Error: a".to_owned(), "Error: b".to_owned()])
    );
}

#[test]
fn anything_may_be_thrown() {
    let message = |thrown: &str| fails(None, &format!("function query() {{ throw {thrown}; }}")).0.to_string();
    assert_eq!(message("'text'"), "Error: text");
    assert_eq!(message("42"), "Error: 42");
    assert_eq!(message("undefined"), "Error: undefined");
    assert_eq!(
        message("null"),
        "Error: null was thrown: by the handler, or because it used more than 256 MB of memory (`max_memory_mb`)"
    );
    assert_eq!(message("{a: 1}"), r#"Error: {"a":1}"#);
    assert_eq!(message("{message: 'm', name: 'not a name', code: 7}"), "Error: m");
    assert_eq!(message("Symbol('s')"), "Error: symbol");
    assert_eq!(message("() => 1"), "Error: function");
    assert_eq!(
        message("{get message() { throw 1; }, get name() { throw 2; }, toJSON() { throw 3; }}"),
        "Error: object"
    );
    assert_eq!(message("new Proxy({}, {get() { throw 1; }, ownKeys() { throw 2; }})"), "Error: proxy");
    assert_eq!(message(r"'\ud800'"), "Error: \u{fffd}");
}

#[test]
fn cycles_of_causes_end() {
    let (error, _) = fails(None, "function query() { const e = new Error('a'); e.cause = e; throw e; }");
    let mut depth = 0;
    let mut next = error.cause.as_deref();
    while let Some(cause) = next {
        depth += 1;
        next = cause.cause.as_deref();
    }
    assert!((1..20).contains(&depth));
}

#[test]
fn rejections_and_callbacks_fail_the_call() {
    assert_eq!(evaluate("return Promise.reject(new RangeError('r'))"), "RangeError: r");
    assert_eq!(
        evaluate("setTimeout(() => { throw new Error('late'); }, 5); await new Promise(r => setTimeout(r, 10));"),
        "Error: late"
    );
    assert_eq!(
        evaluate("queueMicrotask(() => { throw new Error('soon'); }); await new Promise(r => setTimeout(r, 10));"),
        "Error: soon"
    );
    assert_eq!(evaluate("await null; throw new TypeError('t')"), "TypeError: t");
}

#[test]
fn a_promise_that_nothing_settles() {
    let message = "ConnectorError: the handler waits for a promise that nothing will settle: no request and no timer is under way";
    assert_eq!(evaluate("await new Promise(() => {})"), message);
    assert_eq!(evaluate("setTimeout(() => {}, 100); await new Promise(() => {})"), message);
}

#[test]
fn secrets_are_scrubbed() {
    let (result, console) = evaluate_with(
        "console.log('key', 'hunter2-hunter2'); throw new Error('refused: hunter2-hunter2', {cause: 'hunter2-hunter2'});",
        "{}",
        |settings| {
            settings.seal.vault().add(Origin::Config, "key", "hunter2-hunter2");
        },
    );
    assert_eq!(result, "Error: refused: ***");
    assert_eq!(console, ["Info key ***"]);
    let error = run(async {
        let mut bench = Bench::with(r#"{"GET /x": {"error": "reset"}}"#, |settings| {
            settings.seal.vault().add(Origin::Config, "key", "hunter2/hunter2");
        });
        let script = script(
            "execute",
            &[],
            "async function execute() { await fetch('mock:///x?' + new URLSearchParams({k: 'hunter2/hunter2'})); }",
        );
        bench.execute(&script, &empty()).await.expect_err("it fails")
    });
    assert_eq!(error.to_string(), "FetchError: GET mock:///x?k=*** failed: connection reset");
    assert_eq!(error.request.expect("there was a request").url, "mock:///x?k=***");
}

#[test]
fn the_engine_goes_on_after_an_error() {
    run(async {
        let mut bench = Bench::new("{}");
        let script = script(
            "execute",
            &[],
            "let n = 0; function execute() { n++; if (n === 2) throw new Error('two'); return n; }",
        );
        assert_eq!(bench.execute(&script, &empty()).await, Ok(Value::Integer(1)));
        let error = bench.execute(&script, &empty()).await.expect_err("it fails");
        assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Error, "two"));
        assert_eq!(bench.execute(&script, &empty()).await, Ok(Value::Integer(3)));
    });
}

#[test]
fn modules_are_refused() {
    let error = evaluate("return await import('fs')");
    assert!(error.contains("a handler has no modules"), "{error}");
    assert!(evaluate("return await import('myservice.items#execute')").contains("a handler has no modules"));
}
