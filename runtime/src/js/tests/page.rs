//! The handlers of the users' page.

use super::*;

const SIMPLE: &str = r"
async function query(config, filters, options) {
    const response = await fetch(config.api_url + '/items', {
        headers: {'Authorization': 'Bearer ' + config.api_key}
    });
    return await response.json();
}
";

const FULL: &str = r"
async function query(config, filters, options) {
    const params = new URLSearchParams();
    
    // Apply filters
    if (filters.status) {
        params.append('status', filters.status);
    }
    
    // Apply pagination
    if (options.limit) {
        params.append('limit', options.limit);
    }
    
    const url = `${config.api_url}/items?${params}`;
    const response = await fetch(url, {
        headers: {
            'Authorization': `Bearer ${config.api_key}`,
            'Content-Type': 'application/json'
        }
    });
    
    if (!response.ok) {
        throw new Error(`API error: ${response.status}`);
    }
    
    const data = await response.json();
    
    // Transform to expected format
    return data.items.map(item => ({
        id: item.id,
        name: item.name,
        status: item.status,
        created_at: new Date(item.created_at),
        metadata: item.extra || {}
    }));
}
";

const MOCK: &str = r#"{"GET /items": {"status": 200, "body": {"items": [{"id": "1", "name": "Test"}]}}}"#;

#[test]
fn both_query_handlers_satisfy_the_unit_test() {
    for handler in [SIMPLE, FULL] {
        run(async {
            let mut bench = Bench::new(MOCK);
            let rows = bench.query(&entity(PAGE_FIELDS, handler)).await.expect("it answers");
            let metadata = if handler == FULL { "{}" } else { "null" };
            assert_eq!(shown(&rows), format!(r#"[["1","Test",null,null,{metadata}]]"#));
        });
    }
}

#[test]
fn filters_and_limit_become_the_request() {
    run(async {
        let mut bench = Bench::new(MOCK);
        let entity = entity(PAGE_FIELDS, FULL);
        bench.query_with(&entity, r#"{"status": "a b"}"#, r#"{"limit": 10}"#).await.expect("it answers");
        bench.query(&entity).await.expect("it answers");
        let calls = value_to_json(&bench.mock.calls("GET /items").expect("a valid key"));
        assert!(calls.contains(r#""url":"mock:///items?status=a+b&limit=10""#), "{calls}");
        assert!(calls.contains(r#""url":"mock:///items?""#), "{calls}");
        assert!(calls.contains(r#""authorization":"Bearer test","content-type":"application/json""#), "{calls}");
    });
}

#[test]
fn the_handler_reports_an_http_error() {
    run(async {
        let mut bench = Bench::new(r#"{"GET /items": {"status": 500}}"#);
        let error = bench.query(&entity(PAGE_FIELDS, FULL)).await.expect_err("it fails");
        assert_eq!((error.class.as_str(), error.message.as_str()), ("Error", "API error: 500"));
        let request = error.request.expect("there was a request");
        assert_eq!(
            (request.method.as_str(), request.url.as_str(), request.status),
            ("GET", "mock:///items?", Some(500))
        );
        assert_eq!(error.source.as_deref(), Some("test_conn.items"));
        let span = error.span.expect("it has a place");
        let line = FULL[..span.start as usize - 1000].lines().count();
        assert_eq!(
            (span.file, FULL.lines().nth(line - 1).map(str::trim)),
            (3, Some("throw new Error(`API error: ${response.status}`);"))
        );
    });
}

#[test]
fn the_action_posts_its_params() {
    run(async {
        let mut bench = Bench::new(r#"{"POST /items": {"status": 201, "body": {"id": 7, "name": "New Item"}}}"#);
        let script = script(
            "execute",
            &[],
            r"
async function execute(config, params) {
    const response = await fetch(config.api_url + '/items', {
        method: 'POST',
        headers: {
            'Authorization': 'Bearer ' + config.api_key,
            'Content-Type': 'application/json'
        },
        body: JSON.stringify(params)
    });
    return await response.json();
}
",
        );
        let params = Value::Document(Rc::new(Document::from_iter([
            (Rc::from("name"), Value::String(Rc::from("New Item"))),
            (Rc::from("at"), Value::Timestamp(START)),
            (Rc::from("big"), Value::Integer(9_007_199_254_740_993)),
        ])));
        let result = bench.execute(&script, &params).await.expect("it answers");
        assert_eq!(value_to_json(&result), r#"{"id":7,"name":"New Item"}"#);
        let calls = value_to_json(&bench.mock.calls("POST /items").expect("a valid key"));
        let body = r#""body":{"name":"New Item","at":"2024-01-15T10:00:00.000Z","big":9007199254740993}"#;
        assert!(calls.contains(body), "{calls}");
    });
}

#[test]
fn pagination_follows_the_cursor() {
    run(async {
        let mut bench = Bench::new(
            r#"{
                "GET /items": {"body": {"items": [{"id": "1"}, {"id": "2"}], "next_cursor": "b"}},
                "GET /items?cursor=b": {"body": {"items": [{"id": "3"}], "next_cursor": null}}
            }"#,
        );
        let entity = entity(
            &PAGE_FIELDS[..1],
            r"
async function query(config, filters, options) {
    let allResults = [];
    let cursor = null;
    
    do {
        const params = new URLSearchParams();
        if (cursor) params.append('cursor', cursor);
        params.append('limit', 100);
        
        const response = await fetch(
            `${config.api_url}/items?${params}`,
            {headers: {'Authorization': `Bearer ${config.api_key}`}}
        );
        const data = await response.json();
        
        allResults = allResults.concat(data.items);
        cursor = data.next_cursor;
        
        if (options.limit && allResults.length >= options.limit) {
            break;
        }
    } while (cursor);
    
    return allResults.slice(0, options.limit);
}
",
        );
        assert_eq!(shown(&bench.query(&entity).await.expect("it answers")), r#"[["1"],["2"],["3"]]"#);
        let rows = bench.query_with(&entity, "{}", r#"{"limit": 1}"#).await.expect("it answers");
        assert_eq!(shown(&rows), r#"[["1"]]"#);
    });
}

#[test]
fn the_rate_limiter_waits_between_calls() {
    run(async {
        let mut bench = Bench::new("{}");
        let entity = entity(
            &[("at", DataType::Integer)],
            r"
const rateLimiter = {
    lastCall: 0,
    minInterval: 100, // 10 requests per second
    
    async wait() {
        const now = Date.now();
        const elapsed = now - this.lastCall;
        if (elapsed < this.minInterval) {
            await new Promise(r => setTimeout(r, this.minInterval - elapsed));
        }
        this.lastCall = Date.now();
    }
};

async function query(config, filters, options) {
    await rateLimiter.wait();
    return [{at: Date.now() - 1705312800000}];
}
",
        );
        let mut times = Vec::new();
        for _ in 0..3 {
            let rows = bench.query(&entity).await.expect("it answers");
            let Value::Integer(at) = rows.batch.value(0, 0) else { panic!("a number is expected") };
            times.push(at);
        }
        assert_eq!(times[0], 0);
        assert!((100..=102).contains(&(times[1] - times[0])), "{times:?}");
        assert!((100..=102).contains(&(times[2] - times[1])), "{times:?}");
    });
}

#[test]
fn the_cache_lives_between_calls() {
    run(async {
        let mut bench = Bench::new(r#"{"GET /items": {"body": [{"id": "1"}]}}"#);
        let entity = entity(
            &PAGE_FIELDS[..1],
            r"
const cache = new Map();
const CACHE_TTL = 60000; // 1 minute

async function fetchFromAPI(config) {
    return (await fetch(config.api_url + '/items')).json();
}

async function query(config, filters, options) {
    const cacheKey = JSON.stringify({config, filters, options});
    const cached = cache.get(cacheKey);
    
    if (cached && Date.now() - cached.time < CACHE_TTL) {
        return cached.data;
    }
    
    const data = await fetchFromAPI(config, filters, options);
    cache.set(cacheKey, {data, time: Date.now()});
    return data;
}
",
        );
        let count = |bench: &Bench| match bench.mock.calls("GET /items").expect("a valid key") {
            Value::Array(calls) => calls.len(),
            _ => 0,
        };
        for _ in 0..3 {
            assert_eq!(shown(&bench.query(&entity).await.expect("it answers")), r#"[["1"]]"#);
        }
        assert_eq!(count(&bench), 1);
        bench.query_with(&entity, r#"{"id": "1"}"#, "{}").await.expect("it answers");
        assert_eq!(count(&bench), 2);
        tokio::time::sleep(std::time::Duration::from_secs(61)).await;
        bench.query(&entity).await.expect("it answers");
        assert_eq!(count(&bench), 3);
    });
}

const ERROR_HANDLING: &str = r"
async function query(config, filters, options) {
    const url = config.api_url + '/items', headers = {};
    try {
        const response = await fetch(url, {headers});
        
        if (response.status === 401) {
            throw new ConnectorAuthError('Invalid API key');
        }
        
        if (response.status === 429) {
            const retryAfter = response.headers.get('Retry-After') || 60;
            throw new ConnectorRateLimitError(
                `Rate limited. Retry after ${retryAfter}s`
            );
        }
        
        if (!response.ok) {
            throw new ConnectorError(
                `API error: ${response.status} ${response.statusText}`
            );
        }
        
        return await response.json();
    } catch (error) {
        if (error.name === 'FetchError') {
            throw new ConnectorConnectionError(
                `Cannot connect to ${config.api_url}`
            );
        }
        throw error;
    }
}
";

#[test]
fn errors_keep_their_classes() {
    let check = |mock: &str, class: &str, message: &str| {
        let error = run(async {
            let mut bench = Bench::new(mock);
            bench.query(&entity(PAGE_FIELDS, ERROR_HANDLING)).await.expect_err("it fails")
        });
        assert_eq!((error.class.as_str(), error.message.as_str()), (class, message));
        assert!(error.span.is_some());
    };
    check(r#"{"GET /items": {"status": 401}}"#, "ConnectorAuthError", "Invalid API key");
    check(r#"{"GET /items": {"status": 429}}"#, "ConnectorRateLimitError", "Rate limited. Retry after 60s");
    check(
        r#"{"GET /items": {"status": 429, "headers": {"Retry-After": 7}}}"#,
        "ConnectorRateLimitError",
        "Rate limited. Retry after 7s",
    );
    check(r#"{"GET /items": {"status": 404}}"#, "ConnectorError", "API error: 404 Not Found");
    for error in ["refused", "timeout", "reset", "dns"] {
        check(
            &format!(r#"{{"GET /items": {{"error": "{error}"}}}}"#),
            "ConnectorConnectionError",
            "Cannot connect to mock://",
        );
    }
}

#[test]
fn a_request_without_a_mock_is_never_caught() {
    let error = run(async {
        let mut bench = Bench::new(r#"{"GET /things": {}}"#);
        bench.query(&entity(PAGE_FIELDS, ERROR_HANDLING)).await.expect_err("it fails")
    });
    assert_eq!(error.kind, crate::error::ErrorKind::Fatal);
    assert_eq!(error.message, "MOCK_API has no answer for GET mock:///items (path `/items`). Its keys: `GET /things`");
}

#[test]
fn undefined_names_of_the_snippets_are_reference_errors() {
    let error = run(async {
        let handler = "async function query(config, filters, options) {\n    return await fetchFromAPI(config);\n}";
        Bench::new("{}").query(&entity(PAGE_FIELDS, handler)).await.expect_err("it fails")
    });
    assert_eq!(error.to_string(), "ReferenceError: fetchFromAPI is not defined");
}
