//! Filter and projection of batches.

use moltler_abi::DataType;
use moltler_abi::runtime_calls::{BinaryOperator as Op, UnaryOperator};
use moltler_plan::expr::{Expr, ExprKind, Literal};

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

/// Columns as expressions that have to be computed.
fn computed() -> Vec<Expr> {
    (0..TYPES.len()).map(|index| Expr::new(ExprKind::Coalesce(vec![column(index)]), TYPES[index])).collect()
}

#[test]
fn every_type_is_written() {
    assert_eq!(pipe(&mut Run::default(), &TYPES, &rows(), None, computed()), Ok(rows()));
    let filter = Expr::binary(Op::Greater, column(1), Expr::integer(97));
    let written = pipe(&mut Run::default(), &TYPES, &rows(), Some(filter), computed());
    assert_eq!(written, Ok(rows()[99..].to_vec()));
}

fn number(value: f64) -> Expr {
    Expr::literal(Literal::Number(value))
}

/// All rows that pass, found by vectors where they can, and by the expression itself, row by row.
#[track_caller]
fn check_rows(rows: &[Vec<Value>], filter: &Expr) {
    let all: Vec<Expr> = (0..TYPES.len()).map(column).collect();
    let found = pipe(&mut Run::default(), &TYPES, rows, Some(filter.clone()), all);
    // A value that is computed is asked for row by row.
    let truth = Expr::new(ExprKind::Coalesce(vec![filter.clone(), Expr::boolean(false)]), DataType::Boolean);
    let truths = pipe(&mut Run::default(), &TYPES, rows, None, vec![truth]).expect("no error");
    let expected = rows.iter().zip(truths).filter(|(_, truth)| truth[0] == Value::Boolean(true));
    assert_eq!(found, Ok(expected.map(|(row, _)| row.clone()).collect()), "{filter:?}");
}

#[test]
fn vectors_answer_as_rows_do() {
    let mut rows: Vec<Vec<Value>> = Vec::new();
    for row in 0_i64..331 {
        let known = |index: i64, value: Value| if (row + index) % 5 == 0 { Value::Null } else { value };
        let texts = ["", "active", "activf", "twelve bytes", "more than twelve bytes", "more than other bytes"];
        rows.push(vec![
            known(0, Value::from(texts[row as usize % texts.len()])),
            known(1, Value::Integer([i64::MIN, -1, 0, 1, 7, 1 << 33, i64::MAX][row as usize % 7])),
            known(2, Value::Number([-1.5, -0.0, 0.0, 0.5, 1e300][row as usize % 5])),
            known(3, Value::Boolean(row % 3 == 0)),
            known(4, Value::Timestamp(row % 11)),
            known(5, Value::Date(row % 11 - 5)),
            Value::Null,
        ]);
    }
    let date = |days| Expr::new(ExprKind::Literal(Literal::Date(days)), DataType::Date);
    let time = |micros| Expr::new(ExprKind::Literal(Literal::Timestamp(micros)), DataType::Timestamp);
    let mut tests = vec![column(3), Expr::boolean(true), Expr::null().condition()];
    for operator in [Op::Equal, Op::NotEqual, Op::Less, Op::LessEqual, Op::Greater, Op::GreaterEqual] {
        for (index, values) in [
            (
                0,
                vec![
                    Expr::string("active"),
                    Expr::string(""),
                    Expr::string("twelve bytes"),
                    Expr::string("more than twelve bytes"),
                ],
            ),
            (1, vec![Expr::integer(0), Expr::integer(1 << 33), Expr::integer(i64::MIN), column(1)]),
            (2, vec![number(0.0), number(0.5), column(2)]),
            (3, vec![Expr::boolean(true), Expr::boolean(false)]),
            (4, vec![time(5)]),
            (5, vec![date(0), date(-3), column(5)]),
        ] {
            for value in values {
                tests.push(Expr::binary(operator, column(index), value.clone()));
                tests.push(Expr::binary(operator, value, column(index)));
            }
        }
    }
    for index in 0..TYPES.len() {
        tests.push(Expr::is_null(column(index), false));
        tests.push(Expr::is_null(column(index), true));
    }
    let list = |operand: Expr, items: Vec<Expr>, negated| {
        Expr::new(ExprKind::InList { operand: Box::new(operand), items, negated }, DataType::Boolean)
    };
    let between = |operand: Expr, low: Expr, high: Expr, negated| {
        let [operand, low, high] = [operand, low, high].map(Box::new);
        Expr::new(ExprKind::Between { operand, low, high, negated }, DataType::Boolean)
    };
    for negated in [false, true] {
        tests.push(list(column(0), vec![Expr::string("active"), Expr::string("")], negated));
        tests.push(list(column(1), vec![Expr::integer(1), Expr::integer(7)], negated));
        tests.push(between(column(5), date(-2), date(2), negated));
        tests.push(between(column(2), number(-0.5), number(0.5), negated));
    }
    for (position, test) in tests.iter().enumerate() {
        check_rows(&rows, test);
        check_rows(&rows[..[64, 63, 65, 0, 1][position % 5]], test);
    }
    let mut random = 7_u64;
    let mut pick = |limit: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % limit
    };
    for _ in 0..60 {
        let mut filter = tests[pick(tests.len())].clone();
        for _ in 0..pick(6) {
            let other = tests[pick(tests.len())].clone();
            let operator = if pick(2) == 0 { Op::And } else { Op::Or };
            filter = Expr::binary(operator, filter, other);
            if pick(3) == 0 {
                filter = Expr::unary(UnaryOperator::Not, filter);
            }
        }
        check_rows(&rows[..300], &filter);
    }
}

#[test]
fn a_variable_is_compared_in_vectors() {
    let rows: Vec<Vec<Value>> = rows();
    for (value, count) in [(Value::Integer(90), 9), (Value::Null, 0)] {
        let mut run = Run { variables: vec![value], ..Run::default() };
        let filter = Expr::binary(Op::Greater, column(1), Expr::variable(0, DataType::Integer));
        let passed = pipe(&mut run, &TYPES, &rows, Some(filter), vec![column(1)]).expect("no error");
        assert_eq!(passed.len(), count);
    }
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
