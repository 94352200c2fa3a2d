#![expect(unsafe_code, reason = "stands in for generated code")]

use moltler_abi::DataType;
use moltler_abi::layout::{BatchIn, BatchOut, Context, DatumOut, OK, Runtime, Status};
use moltler_abi::manifest::{
    Condition, Filter, Operator as Plan, Output, OutputColumn, Pipeline, Query, Scan, SortKey, Span,
};

use crate::coerce::value_to_json;
use crate::output::Format;
use crate::testing::{TestProgram, constant, null, text};

mod calls;
mod groups;
mod joins;
mod subqueries;
mod tables;

const ROWS: &str = "function query(config, filters, options) {
    console.log(JSON.stringify(filters), JSON.stringify(options));
    return [{id: 3, name: 'c'}, {id: 1, name: null}, {id: 2, name: 'b'}, {id: 1, name: 'a'}];
}";

fn scan(columns: &[u32]) -> Scan {
    Scan {
        instance: "shop1".to_owned(),
        entity: 0,
        columns: columns.to_vec(),
        filters: Vec::new(),

        each: Vec::new(),
        conditions: Vec::new(),
        limit: None,
        order_by: Vec::new(),
        span: Span { file: 0, start: 14, end: 25 },
    }
}

fn shop(handler: &str) -> TestProgram {
    let mut program = TestProgram::default();
    program.shop(&[("id", DataType::Integer), ("name", DataType::String)], handler, None);
    program
}

/// Runs a plan with the columns `id` and `name`; gives its rows as JSON, and what handlers logged.
fn rows(mut program: TestProgram, plan: Plan) -> (String, String) {
    let column = |name: &str, data_type| OutputColumn { name: name.to_owned(), data_type };
    let columns = vec![column("id", DataType::Integer), column("name", DataType::String)];
    program.manifest.queries.push(Query { plan, columns, span: Span::default() });
    let context = program.context(Format::Json);
    let rows = match super::query_rows(&context, 0) {
        Ok(rows) => value_to_json(&rows),
        Err(error) => error.to_string(),
    };
    (rows, context.output().captured_text())
}

fn key(column: u32, descending: bool, nulls_first: bool) -> SortKey {
    SortKey { column, descending, nulls_first }
}

#[test]
fn a_scan_asks_for_what_is_needed() {
    let (rows, log) = rows(shop(ROWS), Plan::Scan(scan(&[0, 1])));
    assert_eq!(rows, r#"[{"id":3,"name":"c"},{"id":1,"name":null},{"id":2,"name":"b"},{"id":1,"name":"a"}]"#);
    assert_eq!(log, "{} {\"fields\":[\"id\",\"name\"]}\n");
}

unsafe extern "C" fn seven(_: Runtime, _: Context, result: DatumOut) -> Status {
    // SAFETY: callers of a scalar function give it a datum to write to.
    unsafe { result.write(text("7")) };
    OK
}

#[test]
fn pushed_values_have_the_types_of_their_fields() {
    let mut program = shop(ROWS);
    let (value, limit) = (program.scalar(seven), program.scalar(constant::<5>));
    let mut scan = scan(&[0, 1]);
    scan.filters.push(Filter { field: 0, value });
    scan.conditions.push(Condition { field: 0, operator: ">=".to_owned(), value: Some(value) });
    scan.conditions.push(Condition { field: 1, operator: "is null".to_owned(), value: None });
    scan.limit = Some(limit);
    scan.order_by.push((1, true));
    let (_, log) = rows(program, Plan::Scan(scan));
    assert_eq!(
        log,
        concat!(
            r#"{"id":7} {"limit":5,"orderBy":[{"field":"name","direction":"desc"}],"fields":["id","name"],"#,
            r#""where":[{"field":"id","op":">=","value":7},{"field":"name","op":"is null"}]}"#,
            "\n"
        )
    );
}

#[test]
fn what_cannot_hold_calls_nobody() {
    for other in [constant::<8>, null] {
        let mut program = shop(ROWS);
        let (value, other) = (program.scalar(seven), program.scalar(other));
        let mut scan = scan(&[0, 1]);
        scan.filters.push(Filter { field: 0, value });
        scan.filters.push(Filter { field: 0, value: other });
        assert_eq!(rows(program, Plan::Scan(scan)), ("[]".to_owned(), String::new()));
    }
}

#[test]
fn sorting_is_stable_with_nulls_where_they_belong() {
    let sort = |keys| rows(shop(ROWS), Plan::Sort { input: Box::new(Plan::Scan(scan(&[0, 1]))), keys }).0;
    assert_eq!(
        sort(vec![key(0, false, false)]),
        r#"[{"id":1,"name":null},{"id":1,"name":"a"},{"id":2,"name":"b"},{"id":3,"name":"c"}]"#
    );
    assert_eq!(
        sort(vec![key(1, true, true)]),
        r#"[{"id":1,"name":null},{"id":3,"name":"c"},{"id":2,"name":"b"},{"id":1,"name":"a"}]"#
    );
    assert_eq!(
        sort(vec![key(0, true, true), key(1, false, false)]),
        r#"[{"id":3,"name":"c"},{"id":2,"name":"b"},{"id":1,"name":"a"},{"id":1,"name":null}]"#
    );
}

#[test]
fn limit_and_offset() {
    let limit = |limit: Option<moltler_abi::layout::ScalarFunction>,
                 offset: Option<moltler_abi::layout::ScalarFunction>| {
        let mut program = shop(ROWS);
        let limit = limit.map(|function| program.scalar(function));
        let offset = offset.map(|function| program.scalar(function));
        rows(program, Plan::Limit { input: Box::new(Plan::Scan(scan(&[0, 1]))), limit, offset })
    };
    assert_eq!(limit(Some(constant::<1>), Some(constant::<1>)).0, r#"[{"id":1,"name":null}]"#);
    assert_eq!(limit(None, Some(constant::<3>)).0, r#"[{"id":1,"name":"a"}]"#);
    assert_eq!(limit(Some(null), Some(constant::<9>)).0, "[]");
    assert_eq!(limit(Some(constant::<0>), None), ("[]".to_owned(), String::new()));
    assert_eq!(limit(Some(constant::<-1>), None).0, "ValueError: LIMIT must not be negative");
}

/// `WHERE id = 1`.
unsafe extern "C" fn only_one(_: Runtime, _: Context, input: BatchIn, output: BatchOut) -> Status {
    // SAFETY: the first column is `id`; no more rows are selected than were read.
    unsafe {
        let (from, to) = (&*input, &mut *output);
        let ids = (*from.columns).data.cast::<i64>();
        for row in 0..from.rows {
            if ids.add(row).read() == 1 {
                to.selection.add(to.rows).write(row as u32);
                to.rows += 1;
            }
        }
    }
    OK
}

#[test]
fn a_pipeline_filters_every_page() {
    let mut program = shop(
        "async function* query() { try { yield [{id: 1, name: 'a'}, {id: 2}]; yield [{id: 3}]; yield [{id: 1, name: 'b'}]; }
         finally { console.log('closed'); } }",
    );
    let code = program.pipeline(only_one);
    let pipeline = Pipeline { code, filters: true, outputs: vec![Output::Column(0), Output::Column(1)] };
    let plan = Plan::Pipeline { input: Box::new(Plan::Scan(scan(&[0, 1]))), pipeline };
    let (rows, log) = rows(program, plan);
    assert_eq!((rows.as_str(), log.as_str()), (r#"[{"id":1,"name":"a"},{"id":1,"name":"b"}]"#, "closed\n"));
}

#[test]
fn enough_rows_stop_the_handler() {
    let mut program = shop(
        "async function* query() { try { for (let id = 0; ; id++) yield [{id}]; } finally { console.log('closed'); } }",
    );
    let limit = program.scalar(constant::<2>);
    let plan = Plan::Limit { input: Box::new(Plan::Scan(scan(&[0, 1]))), limit: Some(limit), offset: None };
    let (rows, log) = rows(program, plan);
    assert_eq!((rows.as_str(), log.as_str()), (r#"[{"id":0,"name":null},{"id":1,"name":null}]"#, "closed\n"));
}

#[test]
fn a_field_may_come_from_its_filter() {
    let mut program = shop("function query() { return [{name: 'a'}, {id: 8, name: 'b'}]; }");
    program.manifest.entities[0].fields[0].from_filter = true;
    let value = program.scalar(seven);
    let mut scan = scan(&[0, 1]);
    scan.filters.push(Filter { field: 0, value });
    assert_eq!(rows(program, Plan::Scan(scan)).0, r#"[{"id":7,"name":"a"},{"id":8,"name":"b"}]"#);
}

#[test]
fn results_are_printed_in_every_format() {
    for (format, expected) in [
        (Format::Table, "| id | name |\n|----|------|\n|  1 | a,\\n |\n|  2 | NULL |\n(2 rows)\n"),
        (Format::Json, "[{\"id\":1,\"name\":\"a,\\n\"},{\"id\":2,\"name\":null}]\n"),
        (Format::Ndjson, "{\"id\":1,\"name\":\"a,\\n\"}\n{\"id\":2,\"name\":null}\n"),
        (Format::Csv, "id,name\n1,\"a,\n\"\n2,\n"),
    ] {
        let mut program = shop("function query() { return [{id: 1, name: 'a,\\n'}, {id: 2}]; }");
        let column = |name: &str, data_type| OutputColumn { name: name.to_owned(), data_type };
        let columns = vec![column("id", DataType::Integer), column("name", DataType::String)];
        program.manifest.queries.push(Query { plan: Plan::Scan(scan(&[0, 1])), columns, span: Span::default() });
        let context = program.context(format);
        super::query_print(&context, 0).expect("no error");
        assert_eq!(context.output().captured_text(), expected);
    }
}

#[test]
fn a_select_that_fails_prints_no_part_of_a_table() {
    for (format, expected) in [(Format::Table, ""), (Format::Json, ""), (Format::Ndjson, "{\"id\":1,\"name\":null}\n")]
    {
        let mut program = shop("async function* query() { yield [{id: 1}]; throw new ConnectorError('no'); }");
        let column = |name: &str, data_type| OutputColumn { name: name.to_owned(), data_type };
        let columns = vec![column("id", DataType::Integer), column("name", DataType::String)];
        program.manifest.queries.push(Query { plan: Plan::Scan(scan(&[0, 1])), columns, span: Span::default() });
        let context = program.context(format);
        let error = super::query_print(&context, 0).expect_err("the handler throws");
        assert_eq!((error.class.as_str(), error.source.as_deref()), ("ConnectorError", Some("shop1.items")));
        assert_eq!(context.output().captured_text(), expected);
    }
}
