//! Filter and projection of batches.

use moltler_abi::DataType;
use moltler_abi::runtime_calls::BinaryOperator as Op;
use moltler_plan::expr::{Expr, ExprKind};

use crate::fake::{Run, Value, pipe};

const TYPES: [DataType; 7] = [
    DataType::String,
    DataType::Integer,
    DataType::Number,
    DataType::Boolean,
    DataType::Timestamp,
    DataType::Date,
    DataType::Document,
];

fn rows() -> Vec<Vec<Value>> {
    let row = |index: i64| {
        vec![
            Value::from(format!("name {index}").as_str()),
            Value::Integer(index),
            Value::Number(index as f64 / 2.0),
            Value::Boolean(index % 2 == 0),
            Value::Timestamp(index * 1000),
            Value::Date(-index),
            Value::Document(vec![("n".to_owned(), Value::Integer(index))]),
        ]
    };
    let mut rows: Vec<Vec<Value>> = (0..100).map(row).collect();
    rows.insert(50, vec![Value::Null; TYPES.len()]);
    rows
}

fn column(index: usize) -> Expr {
    Expr::column(index as u32, TYPES[index])
}

fn all() -> Vec<Expr> {
    (0..TYPES.len()).map(column).collect()
}

#[test]
fn every_type_passes_through() {
    assert_eq!(pipe(&mut Run::default(), &TYPES, &rows(), None, all()), Ok(rows()));
    assert_eq!(pipe(&mut Run::default(), &TYPES, &[], None, all()), Ok(Vec::new()));
}

#[test]
fn rows_pass_where_the_filter_is_true() {
    let filter = Expr::and(
        Expr::binary(Op::Greater, column(1), Expr::integer(10)),
        Expr::binary(
            Op::Or,
            Expr::equal(column(0), Expr::string("name 42")),
            Expr::equal(column(3), Expr::boolean(false)),
        ),
    );
    let passed = pipe(&mut Run::default(), &TYPES, &rows(), Some(filter), vec![column(1)]).expect("no error");
    let expected: Vec<Vec<Value>> =
        (11..100).filter(|index| index % 2 == 1 || *index == 42).map(|index| vec![Value::Integer(index)]).collect();
    assert_eq!(passed, expected);
}

#[test]
fn null_rows_are_found_by_is_null() {
    let filter = Expr::is_null(column(2), false);
    let passed = pipe(&mut Run::default(), &TYPES, &rows(), Some(filter), all());
    assert_eq!(passed, Ok(vec![vec![Value::Null; TYPES.len()]]));
}

#[test]
fn expressions_are_computed_for_each_row() {
    let sum = Expr::binary(Op::Add, column(1), Expr::variable(0, DataType::Integer));
    let text = Expr::binary(Op::Concat, column(0), Expr::string("!"));
    let member = Expr::member(column(6), "n");
    let mut run = Run { variables: vec![Value::Integer(1000)], ..Run::default() };
    let filter = Expr::binary(Op::Less, column(1), Expr::integer(2));
    let passed = pipe(&mut run, &TYPES, &rows(), Some(filter), vec![sum, text, member]).expect("no error");
    let row = |index: i64| {
        vec![Value::Integer(1000 + index), Value::from(format!("name {index}!").as_str()), Value::Integer(index)]
    };
    assert_eq!(passed, vec![row(0), row(1)]);
}

#[test]
fn what_is_the_same_for_all_rows_is_computed_once() {
    let mut run = Run { variables: vec![Value::Integer(7)], ..Run::default() };
    let wanted = Expr::variable(0, DataType::Dynamic).coerce(DataType::String);
    let filter = Expr::equal(column(0), wanted);
    let passed = pipe(&mut run, &TYPES, &rows(), Some(filter), vec![column(0)]);
    assert_eq!(passed, Ok(Vec::new()));
    assert_eq!(run.log, ["coerce Integer(7) 0"]);
}

#[test]
fn an_error_ends_the_batch() {
    let filter = Expr::new(ExprKind::Fail(3), DataType::Dynamic).condition();
    let result = pipe(&mut Run::default(), &TYPES, &rows(), Some(filter), all());
    assert_eq!(result, Err("message 3".to_owned()));
}

#[test]
fn a_subquery_gets_columns_and_what_is_looked_for() {
    let mut run = Run::default();
    let subquery = |arguments: Vec<Expr>, needle: Option<Expr>, data_type| {
        let needle = needle.map(Box::new);
        Expr::new(ExprKind::Subquery { subquery: 3, arguments, needle }, data_type)
    };
    let scalar = subquery(vec![column(1), column(0)], None, DataType::Integer);
    let found = subquery(Vec::new(), Some(column(3)), DataType::Boolean);
    let rows = pipe(&mut run, &TYPES, &rows()[49..52], Some(found), vec![scalar]).expect("no error");
    assert_eq!(rows, [[Value::Integer(50)]]);
    assert_eq!(
        run.log,
        [
            "subquery 3 [] Boolean(false)",
            "subquery 3 [] Null",
            "subquery 3 [] Boolean(true)",
            "subquery 3 [Integer(50), String(\"name 50\")] Null",
        ]
    );
}
