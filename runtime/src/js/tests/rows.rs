//! From what a handler returns to rows.

use super::*;

fn ok(data_type: DataType, value: &str) -> String {
    match one_field(data_type, &format!("return [{{x: {value}}}]")) {
        Ok(rows) => rows[2..rows.len() - 2].to_owned(),
        Err(error) => panic!("{value}: {error}"),
    }
}

fn wrong(data_type: DataType, value: &str) -> String {
    match one_field(data_type, &format!("return [{{x: {value}}}]")) {
        Ok(rows) => panic!("{value}: {rows}"),
        Err(error) => error.replace("TypeError: test_conn.items, row 0, field `x`: ", ""),
    }
}

#[test]
fn missing_values_are_null() {
    for data_type in DataType::NAMED {
        for value in ["undefined", "null", "NaN", "Infinity", "-Infinity"] {
            assert_eq!(ok(data_type, value), "null", "{data_type} {value}");
        }
    }
    for data_type in [DataType::Timestamp, DataType::Date, DataType::Document] {
        assert_eq!(ok(data_type, "new Date('x')"), "null");
    }
    assert_eq!(one_field(DataType::String, "return [{}, {y: 1}]"), Ok("[[null],[null]]".to_owned()));
}

#[test]
fn strings() {
    assert_eq!(ok(DataType::String, "'é'"), r#""é""#);
    assert_eq!(ok(DataType::String, "'a' + 'b'.repeat(3) + ['c'].join()"), r#""abbbc""#);
    assert_eq!(ok(DataType::String, r"'\ud800x'"), "\"\u{fffd}x\"");
    assert_eq!(ok(DataType::String, "7"), r#""7""#);
    assert_eq!(ok(DataType::String, "40.0"), r#""40""#);
    assert_eq!(ok(DataType::String, "1.5"), r#""1.5""#);
    assert_eq!(ok(DataType::String, "2 ** 53"), r#""9007199254740992""#);
    assert_eq!(ok(DataType::String, "12345678901234567890123n"), r#""12345678901234567890123""#);
    assert_eq!(ok(DataType::String, "new Date(0)"), r#""1970-01-01T00:00:00Z""#);
    assert_eq!(wrong(DataType::String, "true"), "true is not a string".replace("true", "TRUE"));
    assert_eq!(wrong(DataType::String, "{a: 1}"), r#"{"a":1} is not a string"#);
    assert_eq!(wrong(DataType::String, "['a']"), r#"["a"] is not a string"#);
}

#[test]
fn numbers_and_integers() {
    assert_eq!(ok(DataType::Number, "1"), "1");
    assert_eq!(ok(DataType::Number, "1.5"), "1.5");
    assert_eq!(ok(DataType::Number, "' 2.5 '"), "2.5");
    assert_eq!(ok(DataType::Number, "7n"), "7");
    assert_eq!(wrong(DataType::Number, "'x'"), "'x' is not a number");
    assert_eq!(wrong(DataType::Number, "9007199254740993n"), "9007199254740993 is not a number");
    assert_eq!(ok(DataType::Integer, "-1"), "-1");
    assert_eq!(ok(DataType::Integer, "4e9"), "4000000000");
    assert_eq!(ok(DataType::Integer, "-0"), "0");
    assert_eq!(ok(DataType::Integer, "'12'"), "12");
    assert_eq!(ok(DataType::Integer, "9223372036854775807n"), "9223372036854775807");
    assert_eq!(wrong(DataType::Integer, "1.5"), "1.5 is not an integer");
    assert_eq!(wrong(DataType::Integer, "9223372036854775808n"), "'9223372036854775808' is not an integer");
    assert_eq!(wrong(DataType::Integer, "true"), "TRUE is not an integer");
    assert_eq!(ok(DataType::Boolean, "false"), "false");
    assert_eq!(wrong(DataType::Boolean, "1"), "1 is not a boolean");
    assert_eq!(wrong(DataType::Boolean, "'true'"), "'true' is not a boolean");
}

#[test]
fn times() {
    let tenth = r#""2024-01-15T10:00:00Z""#;
    for value in [
        "new Date('2024-01-15T10:00:00Z')",
        "new Date(2024, 0, 15, 10)",
        "'2024-01-15T10:00:00Z'",
        "'2024-01-15T12:00:00.000+0200'",
        "'2024-01-15 10:00'",
        "1705312800",
        "1705312800000",
        "1705312800000000",
        "1705312800n",
    ] {
        assert_eq!(ok(DataType::Timestamp, value), tenth, "{value}");
    }
    assert_eq!(ok(DataType::Timestamp, "1705312800.25"), r#""2024-01-15T10:00:00.250Z""#);
    assert_eq!(ok(DataType::Timestamp, "'2024-01-15'"), r#""2024-01-15T00:00:00Z""#);
    assert_eq!(wrong(DataType::Timestamp, "'yesterday'"), "'yesterday' is not a timestamp");
    assert_eq!(wrong(DataType::Timestamp, "true"), "TRUE is not a timestamp");
    assert_eq!(ok(DataType::Date, "'2024-01-15'"), r#""2024-01-15""#);
    assert_eq!(ok(DataType::Date, "new Date('2024-01-15')"), r#""2024-01-15""#);
    assert_eq!(wrong(DataType::Date, "'2024-01-15T10:00:00Z'"), "'2024-01-15T10:00:00Z' is not a date");
}

#[test]
fn a_unit_fixes_epoch_numbers() {
    run(async {
        let mut entity =
            entity(&[("at", DataType::Timestamp)], "function query() { return [{at: 1000}, {at: '1500'}] }");
        entity.fields[0].unit = Some("ms".to_owned());
        let rows = Bench::new("{}").query(&entity).await.expect("they fit");
        assert_eq!(shown(&rows), r#"[["1970-01-01T00:00:01Z"],["1970-01-01T00:00:01.500Z"]]"#);
    });
}

#[test]
fn documents_and_arrays() {
    assert_eq!(
        ok(
            DataType::Document,
            "{b: [1, 'x', null, undefined, , true], a: {c: 1.5, d: undefined}, when: new Date(0), n: NaN, big: 2n ** 60n}"
        ),
        r#"{"b":[1,"x",null,null,null,true],"a":{"c":1.5},"when":"1970-01-01T00:00:00Z","n":null,"big":1152921504606846976}"#
    );
    assert_eq!(ok(DataType::Document, "'any'"), r#""any""#);
    assert_eq!(
        ok(DataType::Document, "JSON.parse('{\"__proto__\": 1, \"2\": 0, \"1\": 0}')"),
        r#"{"1":0,"2":0,"__proto__":1}"#
    );
    assert_eq!(ok(DataType::Document, "Object.create(null)"), "{}");
    assert_eq!(ok(DataType::Document, "new (class P { a = 1; #b = 2; get c() { return 3; } })"), r#"{"a":1}"#);
    assert_eq!(ok(DataType::Document, "{u: new URL('http://a/b')}"), r#"{"u":"http://a/b"}"#);
    assert_eq!(ok(DataType::Document, "new Proxy({a: new Proxy([1, 2], {})}, {})"), r#"{"a":[1,2]}"#);
    assert_eq!(ok(DataType::Array, "[1, [2]]"), "[1,[2]]");
    assert_eq!(wrong(DataType::Array, "{length: 1}"), r#"{"length":1} is not an array"#);
}

#[test]
fn what_is_no_data_is_named() {
    assert_eq!(wrong(DataType::Document, "{a: {b: [0, () => 1]}}"), "`a.b[1]` in it is a function");
    assert_eq!(wrong(DataType::Document, "{a: new Map()}"), "`a` in it is a Map");
    assert_eq!(wrong(DataType::Document, "new Set()"), "it is a Set");
    assert_eq!(wrong(DataType::String, "Promise.resolve('x')"), "it is a promise (`await` is missing)");
    assert_eq!(wrong(DataType::String, "Symbol('x')"), "it is a symbol");
    assert_eq!(wrong(DataType::Document, "[/x/]"), "`[0]` in it is a RegExp");
    assert_eq!(wrong(DataType::Document, "new Uint8Array(2)"), "it is an array of bytes");
    assert_eq!(wrong(DataType::Document, "new WeakMap()"), "it is a weak reference");
    assert_eq!(wrong(DataType::Document, "new Number(1)"), "it is an object that holds no data");
    assert_eq!(wrong(DataType::Document, "new Error('x')"), "it is an Error");
    let cycle = "(() => { const a = {}; a.a = [a]; return a; })()";
    assert_eq!(wrong(DataType::Document, cycle), "it is nested more than 500 levels deep, or contains itself");
}

#[test]
fn getters_and_proxies_run_and_may_fail() {
    assert_eq!(ok(DataType::Integer, "1, get y() { throw 1; }"), "1");
    let error = one_field(DataType::String, "return [{x: 'a'}, {get x() { throw new RangeError('no'); }}]");
    assert_eq!(error, Err("RangeError: test_conn.items, row 1, field `x`: no".to_owned()));
    let error = one_field(DataType::String, "return [new Proxy({}, {get() { throw new Error('trap'); }})]");
    assert_eq!(error, Err("Error: test_conn.items, row 0, field `x`: trap".to_owned()));
    let error = one_field(DataType::Document, "return [{x: {a: {get b() { throw new Error('deep'); }}}}]");
    assert_eq!(error, Err("Error: test_conn.items, row 0, field `x`: deep".to_owned()));
    assert_eq!(one_field(DataType::String, "return new Proxy([{x: 1}], {})"), Ok(r#"[["1"]]"#.to_owned()));
    assert_eq!(
        one_field(DataType::String, "class R { get x() { return 'g'; } } return [new R()]"),
        Ok(r#"[["g"]]"#.to_owned())
    );
    let shrinks = "const a = [{get x() { a.length = 1; return 'a'; }}, {x: 'b'}]; return a;";
    assert_eq!(
        one_field(DataType::String, shrinks),
        Err("TypeError: test_conn.items: row 1 is undefined, not an object".to_owned())
    );
}

#[test]
fn inherited_names_are_no_fields() {
    run(async {
        let fields =
            [("constructor", DataType::String), ("toString", DataType::String), ("__proto__", DataType::String)];
        let handler = "function query() { return [{}, {constructor: 'c', toString: 't', ['__proto__']: 'p'}] }";
        let rows = Bench::new("{}").query(&entity(&fields, handler)).await.expect("they fit");
        assert_eq!(shown(&rows), r#"[[null,null,null],["c","t","p"]]"#);
    });
}

#[test]
fn only_wanted_columns_are_read() {
    run(async {
        let entity = entity(
            &[("a", DataType::Integer), ("b", DataType::Integer), ("c", DataType::Integer)],
            "function query() { return [{a: 1, get b() { throw 1; }, c: 3}] }",
        );
        let empty = empty();
        let call = QueryCall {
            source: "s.items",
            entity: &entity,
            columns: &[2, 0],
            config: &empty,
            filters: &empty,
            options: &empty,
            null_on_type_error: false,
        };
        let mut bench = Bench::new("{}");
        assert_eq!(shown(&bench.engine.query(&call).await.expect("b is not asked for")), "[[3,1]]");
        let rows = bench.engine.query(&QueryCall { columns: &[], ..call }).await.expect("rows without columns");
        assert_eq!(rows.batch.rows(), 1);
    });
}

#[test]
fn type_errors_may_become_null() {
    run(async {
        let entity = entity(
            &[("x", DataType::Integer)],
            "function query() { return [{x: 1}, {x: 'a'}, {x: new Map()}, {x: 2}] }",
        );
        let empty = empty();
        let call = QueryCall {
            source: "s.items",
            entity: &entity,
            columns: &[0],
            config: &empty,
            filters: &empty,
            options: &empty,
            null_on_type_error: true,
        };
        let rows = Bench::new("{}").engine.query(&call).await.expect("misfits are NULL");
        assert_eq!((shown(&rows), rows.nulled), ("[[1],[null],[null],[2]]".to_owned(), 2));
    });
}

#[test]
fn the_array_contract() {
    let result = |body: &str| one_field(DataType::Integer, body);
    assert_eq!(result("return []"), Ok("[]".to_owned()));
    assert_eq!(result("return {items: [{x: 1}], total: 1}"), Ok("[[1]]".to_owned()));
    let wrong = |body: &str| result(body).expect_err("no rows");
    let start = "TypeError: test_conn.items returned";
    assert_eq!(wrong(""), format!("{start} undefined, not an array of rows"));
    assert_eq!(wrong("return null"), format!("{start} null, not an array of rows"));
    assert_eq!(wrong("return 'x'"), format!("{start} a string, not an array of rows"));
    assert_eq!(wrong("return new Map()"), format!("{start} a Map, not an array of rows"));
    assert_eq!(
        wrong("return {data: [], total: 0}"),
        format!(
            "{start} an object with the keys `data`, `total`, not an array of rows; end the handler with `return data.data;` for the array in it"
        )
    );
    assert_eq!(
        wrong("return {items: null}"),
        format!(
            "{start} an object with the key `items`, not an array of rows; end the handler with `return data.items;` for the array in it"
        )
    );
    assert!(wrong("return {}").contains("an object with no keys"));
    assert!(wrong("return {x: 1}").contains("an object with the key `x`, not an array of rows"));
    let row = |body: &str| wrong(&format!("return [{{x: 1}}, {body}]"));
    assert_eq!(row("null"), "TypeError: test_conn.items: row 1 is null, not an object");
    assert_eq!(row("[1]"), "TypeError: test_conn.items: row 1 is an array, not an object");
    assert_eq!(row("undefined"), "TypeError: test_conn.items: row 1 is undefined, not an object");
    assert_eq!(row("7"), "TypeError: test_conn.items: row 1 is a number, not an object");
    assert_eq!(
        row("Promise.resolve({})"),
        "TypeError: test_conn.items: row 1 is a promise (`await` is missing), not an object"
    );
    assert!(wrong("return {items: new Array(2 ** 32 - 1)}").contains("row 0 is undefined"));
}

fn generated(handler: &str) -> Result<String, String> {
    run(async {
        let result = Bench::new("{}").query(&entity(&[("x", DataType::Integer)], handler)).await;
        result.map(|rows| shown(&rows)).map_err(|error| error.to_string())
    })
}

#[test]
fn generators_are_drained() {
    let pages = "async function* query() { yield {x: 1}; await null; yield [{x: 2}, {x: 3}]; yield []; yield {items: [{x: 4}]}; }";
    assert_eq!(generated(pages), Ok("[[1],[2],[3],[4]]".to_owned()));
    assert_eq!(
        generated("function* query() { yield {x: 1}; yield Promise.resolve({x: 2}); }"),
        Ok("[[1],[2]]".to_owned())
    );
    assert_eq!(generated("async function* query() { yield* [[{x: 1}], [{x: 2}]]; }"), Ok("[[1],[2]]".to_owned()));
    assert_eq!(generated("const query = async function* () { };"), Ok("[]".to_owned()));
    let timer = "async function* query() { for (let x = 0; x < 3; x++) { await new Promise(r => setTimeout(r, 100)); yield {x}; } }";
    assert_eq!(generated(timer), Ok("[[0],[1],[2]]".to_owned()));
    assert_eq!(
        generated("async function* query() { yield {x: 1}; throw new RangeError('end'); }"),
        Err("RangeError: end".to_owned())
    );
    let wrong = generated("async function* query() { yield {data: []}; }").expect_err("no row");
    assert!(wrong.starts_with("TypeError: test_conn.items yielded an object with the key `data`"), "{wrong}");
    assert!(generated("async function* query() { yield; }").expect_err("no row").contains("yielded undefined"));
}

#[test]
fn a_cursor_takes_pages_and_stops_early() {
    run(async {
        let handler = "async function* query() { try { for (let x = 0; ; x++) yield [{x}, {x: -x}]; } finally { console.log('stopped'); } }";
        let entity = entity(&[("x", DataType::Integer)], handler);
        let empty = empty();
        let call = QueryCall {
            source: "s.items",
            entity: &entity,
            columns: &[0],
            config: &empty,
            filters: &empty,
            options: &empty,
            null_on_type_error: false,
        };
        let mut bench = Bench::new("{}");
        let mut cursor = bench.engine.open(&call).await.expect("it opens");
        for expected in ["[[0],[0]]", "[[1],[-1]]"] {
            let rows = bench.engine.next(&mut cursor, &call).await.expect("it goes on").expect("a page");
            assert_eq!(shown(&rows), expected);
        }
        bench.engine.close(cursor).await.expect("it stops");
        assert_eq!(*bench.console.borrow(), ["Info stopped"]);
    });
}

#[test]
fn a_cursor_over_an_array_has_one_page() {
    run(async {
        let entity = entity(&[("x", DataType::Integer)], "function query() { return [{x: 1}] }");
        let empty = empty();
        let call = QueryCall {
            source: "s.items",
            entity: &entity,
            columns: &[0],
            config: &empty,
            filters: &empty,
            options: &empty,
            null_on_type_error: false,
        };
        let mut bench = Bench::new("{}");
        let mut cursor = bench.engine.open(&call).await.expect("it opens");
        assert!(bench.engine.next(&mut cursor, &call).await.expect("a page").is_some());
        assert!(bench.engine.next(&mut cursor, &call).await.expect("the end").is_none());
    });
}

#[test]
fn arguments_are_plain_and_fresh() {
    run(async {
        let mut bench = Bench::new("{}");
        let entity = entity(
            &[("x", DataType::String)],
            "let first; function query(config, filters, options) {
                const same = first === filters; first = filters; filters.extra = 1; delete config.api_key;
                return [{x: JSON.stringify([config, filters, options, same, Object.getPrototypeOf(filters) === Object.prototype, arguments.length])}];
            }",
        );
        let filters = Value::Document(Rc::new(Document::from_iter([
            (Rc::from("at"), Value::Timestamp(START)),
            (Rc::from("day"), Value::Date(19_737)),
            (Rc::from("big"), Value::Integer(-9_007_199_254_740_993)),
            (Rc::from("__proto__"), Value::Null),
        ])));
        let config = bench.config.clone();
        let options = json(r#"{"limit": 3}"#);
        let call = QueryCall {
            source: "s.items",
            entity: &entity,
            columns: &[0],
            config: &config,
            filters: &filters,
            options: &options,
            null_on_type_error: false,
        };
        for _ in 0..2 {
            let rows = bench.engine.query(&call).await.expect("it answers");
            assert_eq!(
                rows.batch.text(0, 0),
                Some(
                    r#"[{"api_url":"mock://"},{"at":"2024-01-15T10:00:00Z","day":"2024-01-15","big":-9007199254740993,"__proto__":null,"extra":1},{"limit":3},false,true,3]"#
                )
            );
        }
    });
}

#[test]
fn results_of_actions() {
    assert_eq!(evaluate(""), "null");
    assert_eq!(
        evaluate("return [1, {a: new Date(0), b: undefined}, 'x', 2n ** 70n]"),
        r#"[1,{"a":"1970-01-01T00:00:00Z"},"x","1180591620717411303424"]"#
    );
    assert_eq!(
        evaluate("return {f: {g() {}}}"),
        "TypeError: the result of test_conn.items.create: `f.g` in it is a function"
    );
    assert_eq!(evaluate("return async () => 1"), "TypeError: the result of test_conn.items.create: it is a function");
    run(async {
        let mut bench = Bench::new("{}");
        let script = script(
            "execute",
            &[],
            "const execute = (config, params) => params.at instanceof Date && params.at.getTime() + ':' + params.day + ':' + ('x' in params)",
        );
        let params = Document::from_iter([(Rc::from("at"), Value::Timestamp(-1)), (Rc::from("day"), Value::Date(0))]);
        let result = bench.execute(&script, &Value::Document(Rc::new(params))).await;
        assert_eq!(result, Ok(Value::String(Rc::from("-1:1970-01-01:false"))));
    });
}

#[test]
fn a_generator_ends_well_when_its_rows_do_not_fit() {
    run(async {
        let entity = entity(
            &[("x", DataType::Number)],
            "async function* query() { try { yield [{x: 1}]; yield [{x: 'no number'}]; } finally { console.log('ended'); throw 'hidden'; } }",
        );
        let mut bench = Bench::new("{}");
        let error = bench.query(&entity).await.expect_err("the second row does not fit");
        assert!(error.message.contains("field `x`"), "{error}");
        assert_eq!(*bench.console.borrow(), ["Info ended"]);
    });
}
