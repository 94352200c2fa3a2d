//! Handlers that must not bring the process down.

use super::*;

/// With little time and memory.
fn limited(body: &str) -> String {
    let limits = |settings: &mut Settings| {
        settings.max_run_seconds = 0.2;
        settings.max_memory_mb = 32;
    };
    evaluate_with(body, "{}", limits).0
}

/// With little memory, and more time than a busy machine needs.
fn bounded(body: &str) -> String {
    evaluate_with(body, "{}", |settings| settings.max_memory_mb = 32).0
}

const TIME: &str = "ConnectorError: the handler ran for 0.2 s without waiting for anything (`max_run_seconds`)";
const MEMORY: &str = "ConnectorError: the handler used more than 32 MB of memory (`max_memory_mb`)";

#[test]
fn endless_loops_end() {
    for body in [
        "while (true) {}",
        "for (;;) { try { while (true) {} } catch {} finally { while (true) {} } }",
        "await null; while (true) {}",
        "while (true) await null;",
        "const spin = () => Promise.resolve().then(spin); await spin();",
        "const spin = () => queueMicrotask(spin); spin(); await new Promise(r => setTimeout(r, 1e6));",
        "setTimeout(() => { while (true) {} }, 1); await new Promise(() => {});",
        "(async () => { while (true) {} })().catch(() => {}); return 1;",
        "/^(a+)+$/.test('a'.repeat(40) + 'b');",
        "[3, 1, 2].sort(() => { while (true) {} });",
        "return {get x() { while (true) {} }};",
        "return new Proxy({}, {ownKeys() { while (true) {} }});",
        "throw {get message() { while (true) {} }};",
        "class E extends Error { get name() { for (;;) {} } } throw new E();",
    ] {
        // A fast machine makes many promises in that time: they must fit into the memory.
        let result = evaluate_with(body, "{}", |settings| {
            settings.max_memory_mb = 1024;
            settings.max_run_seconds = 0.2;
        });
        assert_eq!(result.0, TIME, "{body}");
    }
}

#[test]
fn too_much_memory_ends_the_call() {
    for body in [
        "const a = []; while (true) a.push(new Array(1000).fill(1.5));",
        "let s = 'x'; while (true) s += s;",
        "let s = 'x'.repeat(1000); const a = []; for (;;) a.push(s + a.length);",
        "const a = []; while (true) a.push(new Uint8Array(1 << 20));",
        "const m = new Map(); for (let i = 0; ; i++) m.set(i, {i});",
    ] {
        let result = bounded(body);
        assert!(
            result == MEMORY
                || result == TIME
                || result.starts_with("Error: null was thrown")
                || result.contains("string too long")
                || result.contains("invalid string length"),
            "{body}: {result}"
        );
    }
    // An out-of-memory exception can be caught; the loop then runs into the other limit.
    let result = limited("const a = []; while (true) { try { a.push(new Uint8Array(1 << 20)); } catch {} }");
    assert!(result == TIME || result == MEMORY, "{result}");
}

#[test]
fn results_are_bounded_outside_of_javascript_too() {
    let wide = "let a = []; for (let i = 0; i < 12; i++) a = new Array(100).fill(a); return a;";
    assert_eq!(bounded(wide), "TypeError: the result of test_conn.items.create takes too much memory");
    let text = "const x = 'x'.repeat(1 << 20); return new Array(1000).fill(x);";
    assert_eq!(bounded(text), "TypeError: the result of test_conn.items.create takes too much memory");
    let result = run(async {
        let entity = entity(
            &[("x", DataType::String)],
            "function query() { const x = 'x'.repeat(1 << 20); return new Array(1000).fill({x}); }",
        );
        Bench::with("{}", |settings| settings.max_memory_mb = 32).query(&entity).await.map(|rows| shown(&rows))
    });
    let error = result.expect_err("too large");
    assert_eq!(error.message, "test_conn.items: the rows take too much memory; yield them page by page");
    assert!(bounded("return new Array(2 ** 32 - 1)").contains("takes too much memory"));
}

#[test]
fn deep_recursion_is_an_exception() {
    let overflow = |body: &str| {
        let result = bounded(body);
        assert!(
            result.starts_with("RangeError: ")
                || result.starts_with("SyntaxError: ")
                || result.starts_with("InternalError: "),
            "{body}: {result}"
        );
    };
    overflow("const f = () => f() + 1; f();");
    overflow("const f = async () => { await f(); }; await f();");
    overflow("JSON.parse('['.repeat(1e6));");
    overflow("await new Response('['.repeat(1e6)).json();");
    overflow("await new Response('['.repeat(1e6) + '1234567890123456789').json();");
    overflow("let a = []; for (let i = 0; i < 1e4; i++) a = [a]; JSON.stringify(a);");
    overflow("eval('('.repeat(1e5));");
    overflow("new Function('return ' + '['.repeat(1e5))()");
    overflow("structuredClone((() => { let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return a; })())");
    assert_eq!(
        bounded("try { (function f() { f(); })(); } catch (e) { return e instanceof RangeError || e.name; }"),
        "true"
    );
}

#[test]
fn deep_results_are_refused() {
    let deep = "let a = {}; for (let i = 0; i < 1e5; i++) a = {a}; return a;";
    assert_eq!(
        bounded(deep),
        "TypeError: the result of test_conn.items.create: it is nested more than 500 levels deep, or contains itself"
    );
    assert!(bounded("let a = 1; for (let i = 0; i < 499; i++) a = [a]; return a;").starts_with("[[["));
    let _ = bounded("let p = {}; for (let i = 0; i < 2e4; i++) p = new Proxy(p, {}); return p.x ?? 'fine';");
    let endless = bounded("class A { toJSON() { return new A(); } } return new A();");
    assert!(endless.contains("500 levels") || endless.contains("stack size"), "{endless}");
}

#[test]
fn dangerous_globals_do_no_harm() {
    assert!(bounded("Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)").starts_with("TypeError"));
    for body in [
        "Promise.prototype.then = null; await null; return 1;",
        "Object.prototype.get = () => { throw 1; }; Object.prototype.value = 7; return {a: 1};",
        "Array.prototype[Symbol.iterator] = null; await fetch('mock:///x').catch(e => 1); return 1;",
        "globalThis.Map = globalThis.Error = globalThis.JSON = undefined; return 1;",
        "Map.prototype.get = () => { throw new Error('mine'); }; setTimeout(() => {}, 1); await new Promise(r => setTimeout(r, 5)); return 1;",
        "Object.freeze(globalThis); return 1;",
        "Function.prototype.call = null; Date.prototype.valueOf = () => { throw 1; }; return new Date(0);",
        "Error.prepareStackTrace = () => { throw 1; }; null.x;",
        "Error.prepareStackTrace = () => ({}); null.x;",
        "Error.stackTraceLimit = Infinity; (function f(n) { if (n) f(n - 1); else null.x; })(300);",
    ] {
        // What comes is the handler's own doing; it must only come.
        let _ = bounded(body);
    }
}

#[test]
fn a_runaway_starts_over_with_fresh_modules() {
    run(async {
        let mut bench = Bench::with("{}", |settings| settings.max_run_seconds = 0.2);
        let script = script(
            "execute",
            &[],
            "let n = 0; function execute(config, params) { n++; while (params.loop) {} return n; }",
        );
        let (go, spin) = (json("{}"), json(r#"{"loop": true}"#));
        assert_eq!(bench.execute(&script, &go).await, Ok(Value::Integer(1)));
        assert_eq!(bench.execute(&script, &go).await, Ok(Value::Integer(2)));
        let error = bench.execute(&script, &spin).await.expect_err("it runs away");
        assert_eq!(error.code.as_deref(), Some("time-limit"));
        assert!(error.span.is_some());
        assert_eq!(bench.execute(&script, &go).await, Ok(Value::Integer(1)));
    });
}

#[test]
fn a_test_with_endless_pages_ends() {
    let body = "let n = 0; while (true) { await fetch('mock:///items?cursor=' + n++); }";
    let (result, _) = evaluate_with(body, r#"{"GET /items": {"body": {}}}"#, |_| {});
    assert_eq!(result, "MockError: the handler sent 10000 requests in one test; does its loop end?");
}

#[test]
fn an_early_end_leaves_nothing_behind() {
    run(async {
        let mut bench = Bench::new(r#"{"GET /slow": {"delay_ms": 100000, "body": "x"}}"#);
        let script = script(
            "execute",
            &[],
            "function execute() { fetch('mock:///slow').catch(() => {}); setInterval(() => {}, 10); return 1; }",
        );
        assert_eq!(bench.execute(&script, &empty()).await, Ok(Value::Integer(1)));
        assert_eq!(bench.execute(&script, &empty()).await, Ok(Value::Integer(1)));
    });
}

#[test]
fn texts_with_nul_and_lone_surrogates() {
    assert_eq!(bounded(r"return ['a\0b', '\udc00', {'\ud800': 1}]"), "[\"a\\u0000b\",\"\u{fffd}\",{\"\u{fffd}\":1}]");
    assert!(bounded(r"await new Response('[\0]').json()").starts_with("SyntaxError"));
    assert_eq!(bounded(r"return new URL('http://a/\ud800').href"), r#""http://a/%EF%BF%BD""#);
    assert_eq!(bounded(r"return `${new URLSearchParams({a: '\ud800'})}`"), r#""a=%EF%BF%BD""#);
    assert_eq!(bounded(r"throw new Error('\ud800\0')"), "Error: \u{fffd}\0");
    assert_eq!(bounded(r"console.log('\ud800\0'); return 1"), "1");
}

#[test]
fn arbitrary_bytes_are_no_bytecode() {
    run(async {
        for bytes in [&b""[..], b"MJS1", b"MJS1\xff\xff\xff\xff", b"nonsense"] {
            let script = Script { bytecode: bytes.to_vec(), entry: "execute".to_owned(), ..Script::default() };
            assert!(Bench::new("{}").execute(&script, &empty()).await.is_err());
        }
    });
}
