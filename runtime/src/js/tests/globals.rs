//! The globals, by their standards.

use super::*;

/// `body` gives TRUE or is shown.
fn holds(body: &str) {
    let result = evaluate(body);
    assert_eq!(result, "true", "{body}");
}

#[test]
fn every_declared_global_is_there() {
    let names = moltler_abi::host::HOST_GLOBALS.iter().map(|global| global.name);
    for name in names.chain(moltler_abi::host::ECMASCRIPT_GLOBALS.iter().copied()) {
        holds(&format!("return '{name}' in globalThis"));
    }
    for (name, _) in moltler_abi::host::FOREIGN_GLOBALS {
        assert_eq!(evaluate(&format!("return typeof {name}")), r#""undefined""#, "{name}");
    }
    assert_eq!(
        evaluate("return [typeof native, typeof internal, typeof Body, typeof std, typeof os]"),
        r#"["undefined","undefined","undefined","undefined","undefined"]"#
    );
    assert_eq!(evaluate("return Object.keys(globalThis)"), "[]");
}

#[test]
fn no_declared_global_is_forgotten() {
    let declared: Vec<&str> = moltler_abi::host::HOST_GLOBALS
        .iter()
        .map(|global| global.name)
        .chain(moltler_abi::host::ECMASCRIPT_GLOBALS.iter().copied())
        .collect();
    let Value::Array(names) = json(&evaluate("return Object.getOwnPropertyNames(globalThis)")) else {
        panic!("an array")
    };
    let undeclared: Vec<String> = names
        .iter()
        .map(|name| crate::coerce::to_text(name).to_string())
        .filter(|name| !declared.contains(&name.as_str()))
        .collect();
    assert_eq!(undeclared, Vec::<String>::new());
}

#[test]
fn globals_that_are_defined_late() {
    holds(
        "globalThis.Headers = 'mine'; new URL('http://a/'); return Headers === 'mine' && typeof Response === 'function'",
    );
    holds(
        "const get = name => Object.getOwnPropertyDescriptor(globalThis, name); fetch; return !get('fetch').get && !get('fetch').enumerable && URL === URL && fetch === globalThis.fetch",
    );
    holds("delete globalThis.fetch; return typeof fetch === 'undefined' && typeof URL === 'function'");
    let (_, console) = evaluate_with("console.log({a: 1}); console.log(new URL('http://a/'))", "{}", |_| {});
    assert_eq!(console, ["Info { a: 1 }", "Info URL 'http://a/'"]);
    crate::js::use_host_bytecode(b"nonsense");
    crate::js::use_host_bytecode(&crate::js::host_bytecode());
    holds("return typeof structuredClone({}) === 'object'");
}

#[test]
fn error_classes() {
    holds(
        "const e = new ConnectorAuthError('m'); return e instanceof ConnectorError && e instanceof Error && e.name === 'ConnectorAuthError' && `${e}` === 'ConnectorAuthError: m' && Object.keys(e).length === 0",
    );
    holds(
        "const c = new Error('c'); const e = new ConnectorRateLimitError('m', {retryAfter: 5, cause: c, code: 'X'}); return e.retryAfter === 5 && e.cause === c && e.code === 'X' && !('retryAfter' in new ConnectorError('x'))",
    );
    holds(
        "class Mine extends ConnectorError {} const e = new Mine('m'); return e instanceof Mine && e.name === 'ConnectorError' && e.stack.length > 0",
    );
    holds("return new ConnectorConnectionError().message === ''");
}

#[test]
fn timers_run_in_order_on_virtual_time() {
    assert_eq!(
        evaluate(
            "const seen = []; const start = Date.now();
             setTimeout(x => seen.push(x), 20, 'b'); setTimeout(() => seen.push('a'), 10);
             setTimeout(() => seen.push('c'), 20); const t = setTimeout(() => seen.push('never'), 15); clearTimeout(t);
             queueMicrotask(() => seen.push('micro')); setTimeout(() => seen.push('zero'));
             let n = 0; const i = setInterval(() => { seen.push(n); if (++n === 3) clearInterval(i); }, 100);
             await new Promise(r => setTimeout(r, 1000));
             const waited = Date.now() - start;
             return [seen.join(), waited >= 1000 && waited < 1010];"
        ),
        r#"["micro,zero,a,b,c,0,1,2",true]"#
    );
    assert_eq!(
        evaluate(
            "const s = Date.now(); await new Promise(r => setTimeout(r, 3600e3)); return Math.round((Date.now() - s) / 60000)"
        ),
        "60"
    );
    assert_eq!(evaluate("setTimeout('code')"), "TypeError: setTimeout: the first argument is not a function");
    holds(
        "clearTimeout(undefined); clearTimeout(12345); clearInterval(null); return typeof setTimeout(() => {}, -5) === 'number'",
    );
    holds(
        "let n = 0; const i = setInterval(() => { if (++n > 5) clearInterval(i); }); await new Promise(r => setTimeout(r, 100)); return n === 6",
    );
}

#[test]
fn dates_follow_the_clock() {
    assert_eq!(
        evaluate("return [new Date().toISOString(), Date.now(), new Date(0).getTimezoneOffset()]"),
        r#"["2024-01-15T10:00:00.000Z",1705312800000,0]"#
    );
    assert_eq!(evaluate("return new Date('2024-01-15T10:00').toISOString()"), r#""2024-01-15T10:00:00.000Z""#);
    assert_eq!(evaluate("return new Date(2024, 0, 15, 10).toISOString()"), r#""2024-01-15T10:00:00.000Z""#);
    holds(
        "const d = new Date(5); return d instanceof Date && d.constructor === Date && +new Date(d) === 5 && Date.length === 7 && typeof Date() === 'string' && Date.UTC(1970) === 0",
    );
    holds(
        "class D extends Date { twice() { return this * 2; } } return new D(4).twice() === 8 && new D() instanceof D",
    );
    holds(
        "const p = performance.now(); await new Promise(r => setTimeout(r, 50)); const e = performance.now() - p; return e >= 50 && e < 55",
    );
}

#[test]
fn big_integers_write_their_digits() {
    assert_eq!(
        evaluate("return JSON.stringify({id: 2n ** 63n, n: [1n]})"),
        r#""{\"id\":9223372036854775808,\"n\":[1]}""#
    );
}

#[test]
fn text_and_bytes() {
    assert_eq!(evaluate("return [...new TextEncoder().encode('é😀')]"), "[195,169,240,159,152,128]");
    assert_eq!(evaluate(r"return [...new TextEncoder().encode('\ud800')]"), "[239,191,189]");
    holds("const r = new TextEncoder().encodeInto('aé😀', new Uint8Array(4)); return r.read === 2 && r.written === 3");
    holds("return new TextDecoder().decode(new Uint8Array([0xef, 0xbb, 0xbf, 0xc3, 0xa9])) === 'é'");
    holds(
        "return new TextDecoder('utf-8', {ignoreBOM: true}).decode(new Uint8Array([0xef, 0xbb, 0xbf, 65])) === '\\ufeffA'",
    );
    holds(
        "const d = new TextDecoder(); let t = ''; for (const b of new TextEncoder().encode('aé😀€')) t += d.decode(new Uint8Array([b]), {stream: true}); return t + d.decode() === 'aé😀€'",
    );
    assert_eq!(
        evaluate("return new TextDecoder('utf-8', {fatal: true}).decode(new Uint8Array([255]))"),
        "TypeError: the bytes are not valid utf-8"
    );
    holds("return new TextDecoder('latin1').decode(new Uint8Array([233]).buffer) === 'é'");
    assert_eq!(evaluate("new TextDecoder('utf-7')"), "RangeError: there is no encoding 'utf-7'");
    holds("return new TextDecoder('utf-16').decode(new Uint8Array([0xe9, 0, 0x3d, 0xd8, 0, 0xde])) === 'é😀'");
    holds("return new TextDecoder('shift_jis').decode(new Uint8Array([0x83, 0x65])) === 'テ'");
    holds("return btoa('user:pass') === 'dXNlcjpwYXNz' && atob('dXNlcjpwYXNz') === 'user:pass'");
    holds("try { btoa('€'); } catch (e) { return e.name === 'InvalidCharacterError'; }");
    holds("return /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID())");
    holds("const a = crypto.getRandomValues(new Uint32Array(16)); return a.length === 16 && a.some(x => x !== 0)");
}

#[test]
fn url_search_params() {
    assert_eq!(
        evaluate("return `${new URLSearchParams({a: 10, b: undefined, c: null, d: 'x y&z', e: 'é', f: 10.0})}`"),
        r#""a=10&b=undefined&c=null&d=x+y%26z&e=%C3%A9&f=10""#
    );
    assert_eq!(
        evaluate("return [...new URLSearchParams('?a=1&b=2&a=3+4&c')]"),
        r#"[["a","1"],["b","2"],["a","3 4"],["c",""]]"#
    );
    assert_eq!(evaluate("return new URLSearchParams([['a', 1], ['a', 2]]).toString()"), r#""a=1&a=2""#);
    assert_eq!(
        evaluate(
            "const p = new URLSearchParams('b=1&a=2&b=3'); p.set('b', 9); p.append('c', true); p.delete('a'); p.sort(); return [p.toString(), p.get('b'), p.get('x'), p.getAll('b'), p.has('c'), p.size]"
        ),
        r#"["b=9&c=true","9",null,["9"],true,2]"#
    );
    assert_eq!(
        evaluate("const seen = []; new URLSearchParams('a=1').forEach((v, k) => seen.push(k + v)); return seen"),
        r#"["a1"]"#
    );
    assert_eq!(
        evaluate("new URLSearchParams([['a']])"),
        "TypeError: URLSearchParams takes pairs of a name and a value"
    );
    holds(
        "const p = new URLSearchParams(new URLSearchParams('a=1')); return `${p}` === 'a=1' && Object.prototype.toString.call(p) === '[object URLSearchParams]'",
    );
}

#[test]
fn urls() {
    assert_eq!(
        evaluate(
            "const u = new URL('../c?x=1#h', 'https://user:pw@Example.com:8443/a/b'); return [u.href, u.origin, u.protocol, u.host, u.hostname, u.port, u.pathname, u.search, u.hash, u.username, u.password]"
        ),
        r##"["https://user:pw@example.com:8443/c?x=1#h","https://example.com:8443","https:","example.com:8443","example.com","8443","/c","?x=1","#h","user","pw"]"##
    );
    assert_eq!(
        evaluate(
            "const u = new URL('https://a.b/'); u.searchParams.append('q', 'x y'); u.pathname = '/p q'; u.port = 81; u.hash = 'z'; u.protocol = 'http'; return [u.href, JSON.stringify({u})]"
        ),
        r##"["http://a.b:81/p%20q?q=x+y#z","{\"u\":\"http://a.b:81/p%20q?q=x+y#z\"}"]"##
    );
    assert_eq!(
        evaluate(
            "const u = new URL('https://a.b/?a=1'); const p = u.searchParams; u.search = '?b=2'; u.host = 'c.d:9'; return [p.get('b'), p.has('a'), u.href, u.searchParams === p]"
        ),
        r#"["2",false,"https://c.d:9/?b=2",true]"#
    );
    assert_eq!(evaluate("return new URL('/items')"), "TypeError: Invalid URL: '/items'");
    assert_eq!(
        evaluate("return [URL.canParse('x'), URL.canParse('x', 'http://a'), URL.parse('x')]"),
        "[false,true,null]"
    );
}

#[test]
fn abort_signals() {
    holds(
        "const c = new AbortController(); let n = 0; c.signal.addEventListener('abort', () => n++, {once: true}); c.signal.onabort = e => { n += e.type === 'abort' ? 10 : 0; }; c.abort(); c.abort(); return n === 11 && c.signal.aborted && c.signal.reason.name === 'AbortError'",
    );
    holds(
        "const s = AbortSignal.timeout(50); await new Promise(r => setTimeout(r, 60)); return s.aborted && s.reason.name === 'TimeoutError'",
    );
    holds(
        "const a = new AbortController(); const s = AbortSignal.any([a.signal, AbortSignal.timeout(1000)]); a.abort('why'); return s.aborted && s.reason === 'why'",
    );
    assert_eq!(evaluate("AbortSignal.abort(new RangeError('r')).throwIfAborted()"), "RangeError: r");
    assert_eq!(evaluate("new AbortSignal()"), "TypeError: Illegal constructor: use AbortController");
}

#[test]
fn structured_clones() {
    holds(
        "const a = {d: new Date(5), m: new Map([[1, {x: 1}]]), s: new Set([1]), b: new Uint8Array([1, 2]), e: new RangeError('r'), r: /x/g, n: null, u: undefined}; a.self = a; const c = structuredClone(a); return c !== a && c.self === c && c.d.getTime() === 5 && c.m.get(1).x === 1 && c.s.has(1) && c.b[1] === 2 && c.e instanceof RangeError && c.r.flags === 'g' && 'u' in c && c.b.buffer !== a.b.buffer",
    );
    assert_eq!(evaluate("try { structuredClone({f() {}}); } catch (e) { return e.name }"), r#""DataCloneError""#);
}

#[test]
fn the_console_never_writes_results() {
    let (_, console) = evaluate_with(
        "console.log('a', 1, {b: [1, 'x', null], c: new Map([['k', 1n]])}, undefined);
         console.warn('%s is %d%%', 'x', 7, 'rest'); console.error(new RangeError('r').message); console.debug(Symbol('s'));
         const cycle = {}; cycle.self = cycle; console.info(cycle); console.log({get x() { throw 1; }});
         console.group('g'); console.log('in'); console.groupEnd(); console.assert(1 > 2, 'no'); console.count(); console.count();
         console.log(new Date(0), new URL('http://a/'), new Headers({A: 'b'}), class A {}, [,], new (class P { q = 1 }));",
        "{}",
        |_| {},
    );
    assert_eq!(
        console,
        [
            "Info a 1 { b: [ 1, 'x', null ], c: Map { 'k' => 1n } } undefined",
            "Warn x is 7% rest",
            "Error r",
            "Debug Symbol(s)",
            "Info { self: [Circular] }",
            "Info [unreadable]",
            "Info g",
            "Info   in",
            "Error Assertion failed: no",
            "Info default: 1",
            "Info default: 2",
            "Info 1970-01-01T00:00:00.000Z URL 'http://a/' Headers { a: 'b' } [Function A] [ undefined ] P { q: 1 }",
        ]
    );
}

/// The same test again in a process whose time zone is New York's.
#[test]
fn dates_are_utc_in_every_zone() {
    const MARK: &str = "MOLTLER_TEST_OTHER_ZONE";
    if std::env::var_os(MARK).is_none() {
        let program = std::env::current_exe().expect("the test has a path");
        let name = "js::tests::globals::dates_are_utc_in_every_zone";
        let output = std::process::Command::new(program)
            .args([name, "--exact", "--nocapture"])
            .env("TZ", "EST5EDT,M3.2.0,M11.1.0")
            .env(MARK, "1")
            .output()
            .expect("the test runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"), "it ran");
        return;
    }
    for clock in [Clock::virtual_at(START), Clock::real()] {
        let evaluate = |body: &str| evaluate_with(body, "{}", |settings| settings.clock = clock.clone()).0;
        let iso = |value: &str| evaluate(&format!("return new Date({value}).toISOString()"));
        let tenth = r#""2024-01-15T10:00:00.000Z""#;
        for value in [
            "2024, 0, 15, 10",
            "'2024-01-15T10:00'",
            "'2024-01-15T10:00Z'",
            "'2024-01-15T12:00+02:00'",
            "'Jan 15 2024 10:00:00'",
            "'Mon, 15 Jan 2024 10:00:00 GMT'",
            "1705312800000",
            "new Date(1705312800000)",
        ] {
            assert_eq!(iso(value), tenth, "{value}");
        }
        assert_eq!(iso("'2024-01-15'"), r#""2024-01-15T00:00:00.000Z""#);
        assert_eq!(
            evaluate(
                "const d = new Date(1705312800000); d.setHours(d.getHours() + 1); return [d.getHours(), d.getTimezoneOffset(), `${d}`, d.toISOString(), d.toDateString(), d.toTimeString(), `${new Date(NaN)}`]"
            ),
            r#"[11,0,"Mon Jan 15 2024 11:00:00 GMT+0000 (UTC)","2024-01-15T11:00:00.000Z","Mon Jan 15 2024","11:00:00 GMT+0000 (UTC)","Invalid Date"]"#
        );
        assert_eq!(evaluate("return Date.parse('2024-01-15T10:00')"), "1705312800000");
    }
}
