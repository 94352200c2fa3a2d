//! fetch over mocks; the client itself is tested in `http`.

use super::*;

fn fetched(mock_api: &str, body: &str) -> String {
    evaluate_with(body, mock_api, |_| {}).0
}

#[test]
fn responses() {
    let mock = r#"{"GET /a": {"status": 201, "headers": {"X-Y": "z", "Set-Cookie": ["a=1", "b=2"]}, "body": {"n": 9007199254740993, "s": "é"}}}"#;
    assert_eq!(
        fetched(
            mock,
            "const r = await fetch('mock:///a?'); const c = r.clone(); const v = await r.json(); return [r.ok, r.status, r.statusText, r.headers.get('x-Y'), r.headers.get('nope'), r.headers.getSetCookie(), r.url, r.redirected, r.bodyUsed, c.bodyUsed, v.n === 9007199254740993n, v.s, await c.text(), r.headers.get('content-type')]"
        ),
        r#"[true,201,"Created","z",null,["a=1","b=2"],"mock:///a?",false,true,false,true,"é","{\"n\":9007199254740993,\"s\":\"é\"}","application/json"]"#
    );
    assert_eq!(
        fetched(mock, "const r = await fetch('mock:///a'); await r.text(); await r.json()"),
        "TypeError: the body has been read already; use clone() to read it twice"
    );
    assert_eq!(
        fetched(
            mock,
            "const r = await fetch('mock:///a'); return [(await r.clone().arrayBuffer()).byteLength, (await r.bytes()).length]"
        ),
        "[31,31]"
    );
    let empty = r#"{"DELETE /a": {"status": 204}}"#;
    assert_eq!(
        fetched(empty, "const r = await fetch('mock:///a', {method: 'delete'}); return [r.ok, await r.text()]"),
        r#"[true,""]"#
    );
    assert_eq!(
        fetched(empty, "return (await fetch('mock:///a', {method: 'delete'})).json()"),
        "SyntaxError: the body is empty, not JSON (status 204)"
    );
    let page = r#"{"GET /a": {"status": 502, "body": "<html>\n  <title>Bad Gateway</title>"}}"#;
    let error = fetched(page, "return (await fetch('mock:///a')).json()");
    assert!(error.starts_with("SyntaxError: the body is not JSON (status 502): "), "{error}");
    assert!(error.ends_with("; it starts with '<html> <title>Bad Gateway</title>'"), "{error}");
}

#[test]
fn json_bodies_keep_their_integers() {
    let parsed = |text: &str| evaluate(&format!("return new Response({text:?}).json()"));
    assert_eq!(
        parsed(
            "[9007199254740991, 9007199254740993, -9007199254740993, 12345678901234567890123, 1e400, 0.1234567890123456789]"
        ),
        r#"[9007199254740991,9007199254740993,-9007199254740993,"12345678901234567890123",null,0.12345678901234568]"#
    );
    assert_eq!(
        parsed(
            r#"{"a\n\u00e9": [true, false, null, "x\"y", {}, [] ], "__proto__": 12345678901234567, "b": " 1234567890123456789 "}"#
        ),
        r#"{"a\né":[true,false,null,"x\"y",{},[]],"__proto__":12345678901234567,"b":" 1234567890123456789 "}"#
    );
    assert_eq!(evaluate("return typeof (await new Response('9007199254740993').json())"), r#""bigint""#);
    assert_eq!(evaluate("return typeof (await new Response('[1234567890123456]').json())[0]"), r#""number""#);
}

#[test]
fn requests() {
    run(async {
        let mut bench = Bench::new(r#"{"POST /a": {}, "GET /a": {}, "PATCH /a": {}}"#);
        let script = script(
            "execute",
            &[],
            "async function execute() {
                await fetch('mock:///a', {method: 'post', body: JSON.stringify({a: [1]}), headers: [['X-A', ' 1 '], ['x-a', '2']]});
                await fetch('mock:///a', {method: 'POST', body: new URLSearchParams({a: 'b c'})});
                await fetch(new URL('mock:///a'), {method: 'PATCH', body: new Uint8Array([104, 105])});
                await fetch(new Request('mock:///a', {method: 'PATCH', body: 'text', headers: new Headers({Accept: 'x', Host: 'evil', 'Content-Length': 999})}));
                await fetch('mock:///a#frag', {method: 'other'});
            }",
        );
        let error = bench.execute(&script, &empty()).await.expect_err("no key has this method");
        assert!(error.message.contains("other mock:///a (path"), "{error}");
        let calls = value_to_json(&bench.mock.calls("POST /a").expect("a valid key"));
        assert!(calls.contains(r#""headers":{"x-a":"2","content-type":"text/plain;charset=UTF-8","accept":"*/*"},"body":{"a":[1]},"attempt":1"#), "{calls}");
        assert!(
            calls.contains(
                r#""content-type":"application/x-www-form-urlencoded;charset=UTF-8","accept":"*/*"},"body":{"a":"b c"}"#
            ),
            "{calls}"
        );
    });
    assert_eq!(evaluate("await fetch('/items')"), "TypeError: fetch: '/items' is not an absolute URL");
    assert_eq!(
        evaluate("await fetch('https://user:secret@h/')"),
        "TypeError: fetch: the URL has a user name or password; send an Authorization header instead"
    );
    assert_eq!(evaluate("await fetch('mock:///a', {body: 'x'})"), "TypeError: a GET request has no body");
    assert_eq!(evaluate("await fetch('mock:///a', {method: 'a b'})"), "TypeError: 'a b' is not an HTTP method");
    assert_eq!(evaluate("await fetch('mock:///a', {headers: {'a b': 'x'}})"), "TypeError: 'a b' is not a header name");
    let error = evaluate("await fetch('mock:///a', {headers: {a: 'secret\\nx'}})");
    assert_eq!(error, "TypeError: the value of the header 'a' has a character that headers cannot have");
    assert_eq!(
        evaluate("try { fetch('/x').catch(() => {}); return 'a promise'; } catch { return 'thrown' }"),
        r#""a promise""#
    );
}

#[test]
fn network_failures_reject() {
    let mock = r#"{"GET /a": {"error": "refused"}}"#;
    assert_eq!(
        fetched(
            mock,
            "try { await fetch('mock:///a'); } catch (e) { return [e.name, e instanceof TypeError, e.code, e.cause instanceof Error, e.cause.code, e.message, Object.keys(e).length] }"
        ),
        r#"["FetchError",true,"refused",true,"ECONNREFUSED","GET mock:///a failed: connection refused",0]"#
    );
    let error = run(async {
        let mut bench = Bench::new(mock);
        let script = script("execute", &[], "async function execute() { await fetch('mock:///a'); }");
        bench.execute(&script, &empty()).await.expect_err("it fails")
    });
    assert_eq!((error.class.as_str(), error.code.as_deref()), ("FetchError", Some("refused")));
    assert!(error.cause.is_some());
}

#[test]
fn time_limits_and_aborts() {
    let slow = r#"{"GET /slow": {"delay_ms": 40000, "body": "late"}, "GET /fast": {"delay_ms": 100, "body": "ok"}}"#;
    assert_eq!(
        fetched(
            slow,
            "const s = Date.now(); try { await fetch('mock:///slow') } catch (e) { return [e.name, e.code, Math.round((Date.now() - s) / 1000)] }"
        ),
        r#"["FetchError","timeout",30]"#
    );
    assert_eq!(
        fetched(
            slow,
            "try { await fetch('mock:///slow', {signal: AbortSignal.timeout(1000)}) } catch (e) { return e.name }"
        ),
        r#""TimeoutError""#
    );
    assert_eq!(
        fetched(
            slow,
            "const c = new AbortController(); setTimeout(() => c.abort(), 5); try { await fetch('mock:///slow', {signal: c.signal}) } catch (e) { return [e.name, Date.now() < 1705312801000] }"
        ),
        r#"["AbortError",true]"#
    );
    assert_eq!(
        fetched(slow, "try { await fetch('mock:///slow', {signal: AbortSignal.abort('r')}) } catch (e) { return e }"),
        r#""r""#
    );
    assert_eq!(
        fetched(
            slow,
            "const s = Date.now(); const r = await Promise.all([1, 2, 3].map(() => fetch('mock:///fast').then(r => r.text()))); return [r, Date.now() - s < 150]"
        ),
        r#"[["ok","ok","ok"],true]"#
    );
}

#[test]
fn redirects() {
    let mock = r#"{
        "POST https://a.test/x": {"status": 302, "headers": {"Location": "https://b.test/y?z=1#f"}},
        "GET https://b.test/y": {"body": "there"},
        "GET https://a.test/loop": {"status": 307, "headers": {"Location": "/loop"}}
    }"#;
    run(async {
        let mut bench = Bench::new(mock);
        let script = script(
            "execute",
            &[],
            "async function execute() {
                const r = await fetch('https://a.test/x', {method: 'POST', body: 'b', headers: {Authorization: 'Bearer k', 'X-Api-Key': 'k'}});
                return [r.redirected, r.url, await r.text()];
            }",
        );
        let result = bench.execute(&script, &empty()).await.expect("it follows");
        assert_eq!(value_to_json(&result), r#"[true,"https://b.test/y?z=1","there"]"#);
        let calls = value_to_json(&bench.mock.calls("GET /y").expect("a valid key"));
        assert!(calls.contains(r#""headers":{"accept":"*/*"},"body":null"#), "{calls}");
    });
    assert_eq!(
        fetched(
            mock,
            "const r = await fetch('https://a.test/x', {method: 'POST', redirect: 'manual'}); return r.status"
        ),
        "302"
    );
    assert!(
        fetched(mock, "await fetch('https://a.test/x', {method: 'POST', redirect: 'error'})")
            .contains("answered with a redirect")
    );
    assert!(fetched(mock, "await fetch('https://a.test/loop')").contains("redirects more than 20 times"));
}

#[test]
fn headers() {
    assert_eq!(
        evaluate(
            "const h = new Headers({B: '1', a: '2'}); h.append('b', '3'); h.set('C', 4); h.delete('x'); return [[...h], h.get('B'), h.has('c')]"
        ),
        r#"[[["a","2"],["b","1, 3"],["c","4"]],"1, 3",true]"#
    );
    assert_eq!(
        evaluate(
            "const seen = []; new Headers([['a', 'b']]).forEach((v, k) => seen.push(k + v)); return [seen, [...new Headers(new Headers({q: 'r'})).keys()]]"
        ),
        r#"[["ab"],["q"]]"#
    );
}

#[test]
fn own_responses() {
    assert_eq!(
        evaluate(
            "const r = Response.json({a: 1n}, {status: 201}); return [r.status, r.headers.get('content-type'), await r.text()]"
        ),
        r#"[201,"application/json","{\"a\":1}"]"#
    );
    assert_eq!(
        evaluate(
            "const r = new Response('x', {statusText: 'Fine', headers: {a: 'b'}}); return [r.ok, r.statusText, r.headers.get('a'), r.url, await r.text()]"
        ),
        r#"[true,"Fine","b","","x"]"#
    );
    assert_eq!(evaluate("new Response('', {status: 99})"), "RangeError: status is a number from 200 to 599");
}
