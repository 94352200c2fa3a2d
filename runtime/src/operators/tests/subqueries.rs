//! Subqueries as generated code calls them, and what is kept of them.

use moltler_abi::DataType::{self, *};
use moltler_abi::manifest::{Operator as Plan, OutputColumn, Query, Span, Subquery, SubqueryKind};

use super::tables::table;
use super::{ROWS, scan, shop};
use crate::coerce::{value_from_json, value_to_json};
use crate::context::{ExecContext, Variable};
use crate::datum::Operand;
use crate::operators::subquery;
use crate::output::Format;
use crate::testing::TestProgram;
use crate::value::Value;

/// A subquery over `plan`, with its parameter in variable 0.
fn program(mut program: TestProgram, plan: Plan, data_type: DataType, kind: SubqueryKind) -> ExecContext {
    let columns = vec![OutputColumn { name: "x".to_owned(), data_type }];
    program.manifest.queries.push(Query { plan, columns, span: Span::default() });
    program.manifest.subqueries.push(Subquery { query: 0, kind, parameters: vec![0], span: Span::default() });
    program.context(Format::Json)
}

fn ask(context: &ExecContext, argument: Value, needle: Operand<'_>) -> String {
    match subquery(context, 0, vec![Variable { value: argument, boxed: false }], needle) {
        Ok((value, _)) => value_to_json(&value),
        Err(error) => error.to_string(),
    }
}

type String = std::string::String;

/// What the subquery makes of these rows.
#[track_caller]
fn check(data_type: DataType, rows: &str, kind: SubqueryKind, needle: Operand<'_>, expected: &str) {
    let context = program(TestProgram::default(), Plan::Shared(0), data_type, kind);
    let _entered = context.queries().enter();
    context.queries().keep_shared(0, &std::rc::Rc::new(table(&[data_type], rows)));
    assert_eq!(ask(&context, Value::Null, needle), expected);
}

#[test]
fn scalars() {
    let null = Operand::Null;
    check(Integer, "[]", SubqueryKind::Scalar, null, "null");
    check(Integer, "[[7]]", SubqueryKind::Scalar, null, "7");
    check(Integer, "[[null]]", SubqueryKind::Scalar, null, "null");
    let several = "CardinalityError: a subquery that is used as a value gave more than one row";
    check(Integer, "[[7],[7]]", SubqueryKind::Scalar, null, several);
    check(Integer, "[[1],[2],[3]]", SubqueryKind::Scalar, null, several);
}

#[test]
fn membership_has_three_values() {
    for (rows, needle, expected) in [
        ("[]", Operand::Integer(1), "false"),
        ("[]", Operand::Null, "false"),
        ("[[1],[2]]", Operand::Integer(2), "true"),
        ("[[1],[2]]", Operand::Number(2.0), "true"),
        ("[[1],[2]]", Operand::Number(2.5), "false"),
        ("[[1],[2]]", Operand::Null, "null"),
        ("[[null]]", Operand::Integer(1), "null"),
        ("[[null]]", Operand::Null, "null"),
        ("[[1],[null]]", Operand::Integer(1), "true"),
        ("[[1],[null]]", Operand::Integer(3), "null"),
    ] {
        check(Integer, rows, SubqueryKind::In, needle, expected);
    }
    check(DataType::String, r#"[["a"],["b"]]"#, SubqueryKind::In, Operand::Text("b"), "true");
    check(Timestamp, r#"[["1970-01-01T00:00:00Z"]]"#, SubqueryKind::In, Operand::Timestamp(0), "true");
    check(Boolean, "[[false]]", SubqueryKind::In, Operand::Boolean(true), "false");
}

#[test]
fn dynamic_members_take_the_type_of_a_typed_needle() {
    let rows = r#"[["1"],[{"a":1,"b":[2]}],[null]]"#;
    check(Dynamic, rows, SubqueryKind::In, Operand::Integer(1), "true");
    check(Dynamic, rows, SubqueryKind::In, Operand::Text("1"), "true");
    check(Dynamic, rows, SubqueryKind::In, Operand::Boxed(&Value::Integer(1)), "null");
    let document = value_from_json(r#"{"b":[2.0],"a":1}"#).expect("valid");
    check(Dynamic, rows, SubqueryKind::In, Operand::Boxed(&document), "true");
}

#[test]
fn existence_stops_at_the_first_row() {
    let handler = "async function* query() {
        try { for (let id = 0; ; id++) { console.log(id); yield [{id}]; } } finally { console.log('closed'); }
    }";
    let context = program(shop(handler), Plan::Scan(scan(&[0])), Integer, SubqueryKind::Exists);
    assert_eq!(ask(&context, Value::Null, Operand::Null), "true");
    assert_eq!(context.output().captured_text(), "0\nclosed\n");
    check(Integer, "[]", SubqueryKind::Exists, Operand::Null, "false");
    check(Integer, "[[null]]", SubqueryKind::Exists, Operand::Null, "true");
}

#[test]
fn a_result_is_kept_for_its_arguments_until_the_query_ends() {
    let context = program(shop(ROWS), Plan::Scan(scan(&[0])), Integer, SubqueryKind::In);
    let calls = || context.output().captured_text().lines().count();
    {
        let _entered = context.queries().enter();
        for _ in 0..3 {
            assert_eq!(ask(&context, Value::Integer(1), Operand::Integer(3)), "true");
            assert_eq!(ask(&context, Value::Integer(1), Operand::Integer(9)), "false");
        }
        assert_eq!(calls(), 1);
        // Another argument, and one that only an exact comparison tells apart.
        ask(&context, Value::Integer(2), Operand::Null);
        ask(&context, Value::Number(1.0), Operand::Null);
        assert_eq!(calls(), 3);
        assert_eq!(context.variable(0).value, Value::Number(1.0));
    }
    ask(&context, Value::Integer(1), Operand::Null);
    ask(&context, Value::Integer(1), Operand::Null);
    assert_eq!(calls(), 5);
}

#[test]
fn a_shared_query_runs_once() {
    let mut program = shop(ROWS);
    program.manifest.shared.push(Plan::Scan(scan(&[0, 1])));
    let context = program.context(Format::Json);
    let plan = Plan::Union(vec![Plan::Shared(0), Plan::Shared(0)]);
    let mut rows = 0;
    crate::operators::run(&context, &plan, |batch| {
        rows += batch.rows();
        Ok(())
    })
    .expect("no error");
    assert_eq!((rows, context.output().captured_text().lines().count()), (8, 1));
}
