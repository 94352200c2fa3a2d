//! moltler.paginate, retry, graphql and form.

use super::{evaluate, evaluate_with};

fn with(body: &str, mock_api: &str) -> String {
    evaluate_with(body, mock_api, |_| {}).0
}

#[test]
fn pages_by_link() {
    let mock = r#"{
        "GET /items?page=1": {"headers": {"Link": "<https://x/y>; rel=\"prev\", </items?page=2>; rel=\"next last\""}, "body": [1, 2]},
        "GET /items?page=2": {"headers": {"Link": "</items?page=1>; rel=prev"}, "body": [3]}
    }"#;
    let body = "const all = []; for await (const page of moltler.paginate(config.api_url + '/items?page=1', {next: 'link'})) all.push(page); return all";
    assert_eq!(with(body, mock), "[[1,2],[3]]");
}

#[test]
fn pages_by_cursor() {
    let mock = r#"{
        "GET /a?limit=2": {"body": {"data": {"rows": [1, 2]}, "meta": {"cursor": "x y"}}},
        "GET /a?limit=2&after=x+y": {"body": {"data": {"rows": [3]}, "meta": {"cursor": ""}}},
        "GET /b": {"body": {"rows": [1], "next": "mock:///c"}},
        "GET /c": {"body": {"rows": [2], "next": null}}
    }"#;
    let collect = |options: &str, url: &str| {
        let body = format!(
            "const all = []; for await (const page of moltler.paginate('{url}', {options})) all.push(...page); return all"
        );
        with(&body, mock)
    };
    assert_eq!(
        collect("{next: {cursor: 'meta.cursor', param: 'after'}, items: 'data.rows'}", "mock:///a?limit=2"),
        "[1,2,3]"
    );
    assert_eq!(collect("{next: {cursor: 'next'}, items: body => body.rows}", "mock:///b"), "[1,2]");
    let error = collect("{next: 'link', items: 'items'}", "mock:///b");
    assert_eq!(
        error,
        "ConnectorError: moltler.paginate: 'items' in the body is no array; the body has the keys rows, next"
    );
}

#[test]
fn pages_by_number() {
    let mock = r#"{
        "GET /p?per_page=2": {"body": [1, 2]}, "GET /p?per_page=2&page=2": {"body": [3, 4]}, "GET /p?per_page=2&page=3": {"body": []},
        "GET /o?offset=10": {"body": [1, 2]}, "GET /o?offset=12": {"body": [3]}
    }"#;
    let collect = |options: &str, url: &str| {
        let body = format!(
            "const all = []; for await (const page of moltler.paginate('{url}', {options})) all.push(...page); return all"
        );
        with(&body, mock)
    };
    assert_eq!(collect("{next: {page: 'page', size: 'per_page'}}", "mock:///p?per_page=2"), "[1,2,3,4]");
    assert_eq!(collect("{next: {offset: 'offset', size: 2}}", "mock:///o?offset=10"), "[1,2,3]");
    assert!(collect("{next: {page: 'page'}}", "mock:///p?per_page=2").contains("size is a number"));
    assert!(collect("{}", "mock:///p").contains("next is 'link'"));
}

#[test]
fn pages_by_function_and_request() {
    let mock = r#"{"POST /search": [{"body": {"rows": [1], "token": "t"}}, {"body": {"rows": [2]}}]}"#;
    let body = "const ask = token => new Request('mock:///search', {method: 'POST', body: JSON.stringify({token})});
        const all = [];
        for await (const page of moltler.paginate(ask(null), {items: 'rows', next: body => body.token && ask(body.token)})) all.push(...page);
        return all";
    assert_eq!(with(body, mock), "[1,2]");
}

#[test]
fn a_page_is_asked_for_once() {
    let mock = r#"{"GET /a": {"body": {"rows": [1], "next": "/a"}}, "GET /b": {"status": 401, "body": "no"}, "GET /c": {"status": 429, "headers": {"Retry-After": "7"}}}"#;
    let body = "let seen = 0; try { for await (const page of moltler.paginate('mock:///a', {next: {cursor: 'next'}, items: 'rows'})) seen++; } catch (error) { return [seen, error.code, error.message] }";
    assert_eq!(
        with(body, mock),
        r#"[1,"repeated-request","moltler.paginate: GET mock:///a would be asked a second time"]"#
    );
    let first = |url: &str| with(&format!("await moltler.paginate('{url}', {{next: 'link'}}).next()"), mock);
    assert_eq!(first("mock:///b"), "ConnectorAuthError: GET mock:///b answered with status 401: no");
    let late = "try { await moltler.paginate('mock:///c', {next: 'link'}).next() } catch (error) { return [error.name, error.retryAfter] }";
    assert!(with(late, mock).starts_with(r#"["ConnectorRateLimitError""#));
}

#[test]
fn pages_are_fetched_by_the_connector_itself() {
    let mock = r#"{"GET /a": [{"status": 401}, {"body": {"ok": true, "rows": [1], "next": "b"}}], "GET /a?cursor=b": {"body": {"ok": false, "error": "late"}}}"#;
    let own = "let token = 'old'; const seen = [];
        const own = async request => {
            seen.push(request instanceof Request);
            let response = await fetch(request.clone());
            if (response.status === 401) { token = 'new'; response = await fetch(request); }
            const body = await response.clone().json();
            if (!body.ok) throw new ConnectorError('the API says ' + body.error);
            return response;
        };
        const pages = [];
        try { for await (const page of moltler.paginate('mock:///a', {next: {cursor: 'next', param: 'cursor'}, items: 'rows', fetch: own})) pages.push(page) }
        catch (error) { return [pages, error.message, seen] }";
    assert_eq!(with(own, mock), r#"[[[1]],"the API says late",[true,true]]"#);
    let wrong =
        |options: &str| with(&format!("await moltler.paginate('mock:///a', {{next: 'link', {options}}}).next()"), mock);
    assert_eq!(wrong("fetch: 1"), "TypeError: moltler.paginate: fetch is not a function");
    assert_eq!(wrong("fetch: () => 1"), "TypeError: moltler.paginate: fetch gave no Response");
    let function = "for await (const page of moltler.paginate('mock:///a?x=1', {items: 'rows', next: (body, response, items, url) => [items, url, response.status, body.ok]})) return page;";
    assert!(with(function, r#"{"GET /a": {"body": {"rows": [1]}}}"#).starts_with("[1]"));
}

#[test]
fn a_page_that_is_no_json_is_told() {
    let mock = r#"{"GET /a": {"body": "<html>maintenance</html>"}, "GET /e": {}, "POST /a": {"body": "oops"}}"#;
    let body = "const errors = [];
        for (const run of [() => moltler.paginate('mock:///a?key=k', {next: 'link'}).next(), () => moltler.paginate('mock:///e', {next: 'link'}).next(), () => moltler.graphql('mock:///a', '{a}')])
            try { await run() } catch (error) { errors.push([error.name, error.code, error.cause.name, error.message]) }
        return errors";
    let result = with(body, mock);
    assert!(
        result.starts_with(
            r#"[["ConnectorError","malformed","SyntaxError","GET mock:///a: the body is not JSON (status 200): "#
        ),
        "{result}"
    );
    assert!(
        result.contains(
            r#"["ConnectorError","malformed","SyntaxError","GET mock:///e: the body is empty, not JSON (status 200)"]"#
        ),
        "{result}"
    );
    assert!(result.contains(r#""POST mock:///a: the body is not JSON"#), "{result}");
}

/// Whatever a handler does to the prototype of all objects, the host goes on, or says what is wrong.
#[test]
fn prototypes_with_setters() {
    let mock = r#"{"GET /a": {"body": {"rows": [{"id": 1}], "value": 2}}}"#;
    for name in [
        "url",
        "status",
        "headers",
        "body",
        "kind",
        "code",
        "message",
        "get",
        "set",
        "value",
        "writable",
        "id",
        "bytes",
        "remote",
        "then",
        "type",
        "rows",
        "make",
        "ReadableStream",
        "use",
    ] {
        for pollution in [
            "{set(value) { throw new Error('caught ' + value) }, get() { return undefined }, configurable: true}",
            "{get() { return undefined }, configurable: true}",
            "{value: undefined, writable: false, configurable: true}",
        ] {
            let body = format!(
                "Object.defineProperty(Object.prototype, '{name}', {pollution});
                const response = await fetch('mock:///a');
                const text = JSON.stringify(await response.clone().json());
                const stream = await new Response(response.body).text();
                const key = await crypto.subtle.generateKey({{name: 'HMAC', hash: 'SHA-256'}}, true, ['sign']);
                const jwk = await crypto.subtle.exportKey('jwk', key);
                const again = await crypto.subtle.importKey('jwk', jwk, {{name: 'HMAC', hash: 'SHA-256'}}, true, ['sign']);
                const url = new URL('https://h/?a=b').searchParams.get('a');
                const blob = await new Blob(['x']).text();
                let page; for await (page of moltler.paginate('mock:///a', {{next: 'link', items: 'rows'}}));
                delete Object.prototype['{name}'];
                return [response.status, text === stream, jwk.kty, again.type, url, blob, page.length, structuredClone({{a: 1}}).a]"
            );
            assert_eq!(with(&body, mock), r#"[200,true,"oct","secret","b","x",1,1]"#, "{name} {pollution}");
        }
    }
}

#[test]
fn attempts() {
    let body = "const start = Date.now(); let calls = 0;
        const value = await moltler.retry(attempt => { calls++; if (attempt < 3) throw new ConnectorConnectionError('x'); return attempt; });
        return [value, calls, Date.now() - start]";
    assert_eq!(evaluate(body), "[3,3,3000]");
    let body = "let calls = 0; try { await moltler.retry(() => { calls++; throw new Error('no'); }) } catch (error) { return [calls, error.message] }";
    assert_eq!(evaluate(body), r#"[1,"no"]"#);
    let body = "const start = Date.now(); let calls = 0; try { await moltler.retry(() => { calls++; throw new ConnectorRateLimitError('no', {retryAfter: 5}); }, {times: 1}) } catch (error) { return [calls, Date.now() - start] }";
    assert_eq!(evaluate(body), "[2,5000]");
    let body = "let calls = 0; try { await moltler.retry(() => { calls++; throw 'x'; }, {times: 2, when: error => error === 'x'}) } catch (error) { return [calls, error] }";
    assert_eq!(evaluate(body), r#"[3,"x"]"#);
}

#[test]
fn graphql() {
    let mock = r#"{"POST /graphql": [
        {"headers": {"content-type": "application/json"}, "body": {"data": {"a": 1}}},
        {"headers": {"content-type": "application/json"}, "body": {"errors": [{"message": "no", "path": ["a", 0], "extensions": {"code": "BAD"}}, {"message": "more"}]}},
        {"status": 502, "body": "bad gateway"}
    ]}"#;
    let body = "const run = () => moltler.graphql('mock:///graphql', 'query ($n: Int) { a }', {n: 1}, {headers: {'X-A': 'b'}});
        const first = await run();
        const errors = [];
        for (let i = 0; i < 2; i++) try { await run() } catch (error) { errors.push([error.name, error.code, error.message]) }
        return [first, errors]";
    assert_eq!(
        with(body, mock),
        r#"[{"a":1},[["ConnectorError","BAD","GraphQL: no at a.0 (and 1 more)"],["ConnectorError",502,"POST mock:///graphql answered with status 502: bad gateway"]]]"#
    );
}

#[test]
fn forms() {
    assert_eq!(
        evaluate("return `${moltler.form({a: {b: [1, {c: 'x y'}]}, d: null, e: undefined, f: true, g: new Date(0)})}`"),
        r#""a%5Bb%5D%5B0%5D=1&a%5Bb%5D%5B1%5D%5Bc%5D=x+y&d=&f=true&g=1970-01-01T00%3A00%3A00.000Z""#
    );
    assert!(evaluate("const a = {}; a.a = a; moltler.form(a)").contains("more than 100 levels"));
    assert!(evaluate("return moltler.form({a: 1}) instanceof URLSearchParams").contains("true"));
}
