//! Scalars: three-valued logic, comparisons, arithmetic, what is evaluated and what is not.

use moltler_abi::DataType;
use moltler_abi::functions::find;
use moltler_abi::runtime_calls::{BinaryOperator as Op, UnaryOperator};
use moltler_plan::expr::{Expr, ExprKind, Literal};

use crate::fake::{Run, Value, evaluate, evaluate_in};

fn boolean(value: Option<bool>) -> Expr {
    match value {
        // A variable, so that nothing is known when the code is made.
        None => Expr::variable(7, DataType::Boolean),
        Some(value) => Expr::boolean(value),
    }
}

fn number(value: f64) -> Expr {
    Expr::literal(Literal::Number(value))
}

fn fails() -> Expr {
    Expr::new(ExprKind::Fail(5), DataType::Dynamic)
}

#[test]
fn literals() {
    assert_eq!(evaluate(Expr::null()), Value::Null);
    assert_eq!(evaluate(Expr::integer(-3)), Value::Integer(-3));
    assert_eq!(evaluate(number(0.5)), Value::Number(0.5));
    assert_eq!(evaluate(Expr::string("grüße")), Value::from("grüße"));
    assert_eq!(evaluate(Expr::string("")), Value::from(""));
    assert_eq!(evaluate(Expr::boolean(true)), Value::Boolean(true));
    assert_eq!(evaluate(Expr::literal(Literal::Date(-1))), Value::Date(-1));
    assert_eq!(evaluate(Expr::null().coerce(DataType::String)), Value::Null);
}

#[test]
fn and_or_not_follow_three_valued_logic() {
    let all = [Some(false), Some(true), None];
    let shown = |value: Option<bool>| value.map_or(Value::Null, Value::Boolean);
    for left in all {
        let not = Expr::unary(UnaryOperator::Not, boolean(left));
        assert_eq!(evaluate(not), shown(left.map(|left| !left)), "NOT {left:?}");
        for right in all {
            let and = match (left, right) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            };
            let or = match (left, right) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            };
            let connect = |operator| Expr::binary(operator, boolean(left), boolean(right));
            assert_eq!(evaluate(connect(Op::And)), shown(and), "{left:?} AND {right:?}");
            assert_eq!(evaluate(connect(Op::Or)), shown(or), "{left:?} OR {right:?}");
        }
    }
}

#[test]
fn what_decides_is_enough() {
    assert_eq!(evaluate(Expr::binary(Op::And, Expr::boolean(false), fails())), Value::Boolean(false));
    assert_eq!(evaluate(Expr::binary(Op::Or, Expr::boolean(true), fails())), Value::Boolean(true));
    assert_eq!(evaluate(Expr::coalesce(vec![Expr::null(), Expr::integer(1), fails()])), Value::Integer(1));
    let case = Expr::case(
        vec![(boolean(None), fails()), (Expr::boolean(true), Expr::integer(2)), (fails(), Expr::integer(3))],
        None,
    );
    assert_eq!(evaluate(case), Value::Integer(2));
    let case = Expr::case(vec![(Expr::boolean(false), Expr::string("x"))], None);
    assert_eq!(evaluate(case), Value::Null);
    let error = evaluate_in(&mut Run::default(), Expr::binary(Op::And, Expr::boolean(true), fails()));
    assert_eq!(error, Err("message 5".to_owned()));
}

#[test]
fn comparisons() {
    let all = [Op::Equal, Op::NotEqual, Op::Less, Op::LessEqual, Op::Greater, Op::GreaterEqual];
    let pairs = [
        (Expr::integer(1), Expr::integer(2)),
        (number(1.5), number(2.5)),
        (Expr::integer(1), number(1.5)),
        (Expr::string("abc"), Expr::string("abd")),
        (Expr::string("ab"), Expr::string("abc")),
        (Expr::string(""), Expr::string("x")),
        (Expr::boolean(false), Expr::boolean(true)),
        (Expr::literal(Literal::Date(0)), Expr::literal(Literal::Timestamp(86_400_000_001))),
    ];
    for (small, large) in pairs {
        let results = |left: &Expr, right: &Expr| {
            all.map(|operator| evaluate(Expr::binary(operator, left.clone(), right.clone())))
        };
        let expected = |values: [bool; 6]| values.map(Value::Boolean);
        assert_eq!(results(&small, &large), expected([false, true, true, true, false, false]), "{small:?} {large:?}");
        assert_eq!(results(&large, &small), expected([false, true, false, false, true, true]), "{small:?} {large:?}");
        assert_eq!(results(&small, &small), expected([true, false, false, true, false, true]), "{small:?}");
        for operator in all {
            let null = Expr::variable(9, small.data_type);
            assert_eq!(evaluate(Expr::binary(operator, null.clone(), small.clone())), Value::Null);
            assert_eq!(evaluate(Expr::binary(operator, small.clone(), null.clone())), Value::Null);
            assert_eq!(evaluate(Expr::binary(operator, small.clone(), Expr::null())), Value::Null);
        }
    }
}

#[test]
fn texts_of_all_lengths_are_equal_only_to_themselves() {
    let mut run = Run::default();
    for length in (0..18).chain([31, 32, 33, 63, 64, 65, 66]) {
        let text: String = ('a'..='z').cycle().take(length).collect();
        run.variables = vec![Value::from(text.as_str())];
        let equal = |run: &mut Run, other: &str| {
            evaluate_in(run, Expr::equal(Expr::variable(0, DataType::String), Expr::string(other)))
        };
        assert_eq!(equal(&mut run, &text), Ok(Value::Boolean(true)), "{length}");
        assert_eq!(equal(&mut run, &format!("{text}x")), Ok(Value::Boolean(false)), "{length}");
        for position in (0..length).step_by(3).chain(length.checked_sub(1)) {
            let mut other = text.clone().into_bytes();
            other[position] ^= 0x20;
            let other = String::from_utf8(other).expect("upper case");
            assert_eq!(equal(&mut run, &other), Ok(Value::Boolean(false)), "{length} {position}");
        }
    }
}

#[test]
fn arithmetic() {
    let compute = |operator, left: i64, right: i64| {
        evaluate_in(&mut Run::default(), Expr::binary(operator, Expr::integer(left), Expr::integer(right)))
    };
    assert_eq!(compute(Op::Add, 2, 3), Ok(Value::Integer(5)));
    assert_eq!(compute(Op::Subtract, 2, 3), Ok(Value::Integer(-1)));
    assert_eq!(compute(Op::Multiply, -4, 3), Ok(Value::Integer(-12)));
    assert_eq!(compute(Op::Divide, -7, 2), Ok(Value::Integer(-3)));
    assert_eq!(compute(Op::Remainder, -7, 2), Ok(Value::Integer(-1)));
    assert_eq!(compute(Op::Divide, 7, -1), Ok(Value::Integer(-7)));
    assert_eq!(compute(Op::Divide, 7, 0), Err("Integer(7) / Integer(0)".to_owned()));
    assert!(compute(Op::Add, i64::MAX, 1).is_err());
    assert!(compute(Op::Subtract, i64::MIN, 1).is_err());
    assert!(compute(Op::Multiply, i64::MAX, 2).is_err());
    assert!(compute(Op::Divide, i64::MIN, -1).is_err());
    assert!(compute(Op::Remainder, 1, 0).is_err());

    let compute =
        |operator, left, right| evaluate_in(&mut Run::default(), Expr::binary(operator, number(left), number(right)));
    assert_eq!(compute(Op::Add, 0.5, 0.25), Ok(Value::Number(0.75)));
    assert_eq!(compute(Op::Divide, 1.0, 4.0), Ok(Value::Number(0.25)));
    assert!(compute(Op::Divide, 1.0, 0.0).is_err());
    assert!(compute(Op::Multiply, 1e300, 1e300).is_err());
}

#[test]
fn arithmetic_with_null_is_null() {
    for operator in [Op::Add, Op::Subtract, Op::Multiply, Op::Divide, Op::Remainder] {
        for data_type in [DataType::Integer, DataType::Number] {
            let null = Expr::variable(9, data_type);
            let some = Expr::integer(1).coerce(data_type);
            assert_eq!(evaluate(Expr::binary(operator, some.clone(), null.clone())), Value::Null);
            assert_eq!(evaluate(Expr::binary(operator, null, some)), Value::Null);
        }
    }
}

#[test]
fn negation() {
    let negate = |expr| evaluate(Expr::unary(UnaryOperator::Negate, expr));
    let mut run = Run { variables: vec![Value::Integer(4), Value::Number(1.5)], ..Run::default() };
    assert_eq!(negate(Expr::integer(3)), Value::Integer(-3));
    let negated = Expr::unary(UnaryOperator::Negate, Expr::variable(0, DataType::Integer));
    assert_eq!(evaluate_in(&mut run, negated), Ok(Value::Integer(-4)));
    let negated = Expr::unary(UnaryOperator::Negate, Expr::variable(1, DataType::Number));
    assert_eq!(evaluate_in(&mut run, negated), Ok(Value::Number(-1.5)));
}

#[test]
fn in_lists_and_ranges() {
    let items = || vec![Expr::integer(1), Expr::integer(3)];
    let with_null = || vec![Expr::integer(1), Expr::variable(9, DataType::Integer)];
    let in_list = |operand, items, negated| evaluate(Expr::in_list(Expr::integer(operand), items, negated));
    assert_eq!(in_list(3, items(), false), Value::Boolean(true));
    assert_eq!(in_list(2, items(), false), Value::Boolean(false));
    assert_eq!(in_list(3, items(), true), Value::Boolean(false));
    assert_eq!(in_list(2, items(), true), Value::Boolean(true));
    assert_eq!(in_list(1, with_null(), false), Value::Boolean(true));
    assert_eq!(in_list(2, with_null(), false), Value::Null);
    assert_eq!(in_list(2, with_null(), true), Value::Null);

    let between = |operand, low, high, negated| evaluate(Expr::between(operand, low, high, negated));
    let int = Expr::integer;
    assert_eq!(between(int(2), int(1), int(2), false), Value::Boolean(true));
    assert_eq!(between(int(3), int(1), int(2), false), Value::Boolean(false));
    assert_eq!(between(int(3), int(1), int(2), true), Value::Boolean(true));
    assert_eq!(between(int(0), int(1), Expr::variable(9, DataType::Integer), false), Value::Boolean(false));
    assert_eq!(between(int(2), int(1), Expr::variable(9, DataType::Integer), false), Value::Null);
}

#[test]
fn documents_and_members() {
    let document = Expr::document(vec![
        ("a".to_owned(), Expr::variable(0, DataType::Integer)),
        ("b".to_owned(), Expr::array(vec![Expr::variable(1, DataType::String), Expr::null()])),
    ]);
    let expected = Value::Document(vec![
        ("a".to_owned(), Value::Integer(1)),
        ("b".to_owned(), Value::Array(vec![Value::from("x"), Value::Null])),
    ]);
    let mut run = Run { variables: vec![Value::Integer(1), Value::from("x")], ..Run::default() };
    assert_eq!(evaluate_in(&mut run, document.clone()), Ok(expected));
    let item = Expr::index(Expr::member(document.clone(), "b"), Expr::integer(0));
    assert_eq!(evaluate_in(&mut run, item.clone()), Ok(Value::from("x")));
    assert_eq!(evaluate_in(&mut run, Expr::equal(item, Expr::string("x"))), Ok(Value::Boolean(true)));
    let absent = Expr::is_null(Expr::member(document, "c"), false);
    assert_eq!(evaluate_in(&mut run, absent), Ok(Value::Boolean(true)));
}

#[test]
fn what_needs_no_computing_is_one_constant() {
    let document = Expr::document(vec![
        ("a \"b\"".to_owned(), Expr::array(vec![Expr::integer(-1), number(1.5), Expr::null(), Expr::boolean(true)])),
        ("c".to_owned(), Expr::string("x\n\u{1}\\é")),
    ]);
    let json = r#"{"a \"b\"":[-1,1.5,null,true],"c":"x\u000a\u0001\\é"}"#;
    assert_eq!(evaluate(document), Value::Document(vec![("json".to_owned(), Value::from(json))]));
}

#[test]
fn a_strict_function_is_not_called_with_null() {
    let (length, _) = find("ARRAY_LENGTH").expect("a function");
    let (env, _) = find("ENV").expect("a function");
    let mut run = Run::default();
    let call = Expr::call(length, vec![Expr::variable(9, DataType::Array)]);
    assert_eq!(evaluate_in(&mut run, call), Ok(Value::Null));
    assert!(run.log.is_empty(), "{:?}", run.log);
    let call = Expr::call(length, vec![Expr::array(vec![Expr::variable(9, DataType::Dynamic)])]);
    assert_eq!(evaluate_in(&mut run, call), Ok(Value::Integer(1)));
    let call = Expr::call(env, vec![Expr::string("X"), Expr::null()]);
    assert_eq!(evaluate_in(&mut run, call), Ok(Value::from("X")));
    assert_eq!(run.log, [format!("call {length} [Array([Null])]"), format!("call {env} [String(\"X\"), Null]")]);
}

#[test]
fn a_value_of_an_unexpected_kind_is_null() {
    let mut run = Run { variables: vec![Value::from("text")], ..Run::default() };
    assert_eq!(evaluate_in(&mut run, Expr::variable(0, DataType::Integer)), Ok(Value::Null));
}

#[test]
fn coercions_in_place() {
    let mut run = Run { variables: vec![Value::Integer(3), Value::Date(2)], ..Run::default() };
    let number = Expr::variable(0, DataType::Integer).coerce(DataType::Number);
    assert_eq!(evaluate_in(&mut run, number), Ok(Value::Number(3.0)));
    let time = Expr::variable(1, DataType::Date).coerce(DataType::Timestamp);
    assert_eq!(evaluate_in(&mut run, time), Ok(Value::Timestamp(2 * 86_400_000_000)));
    assert!(run.log.is_empty());
    let text = Expr::variable(0, DataType::Integer).coerce(DataType::String);
    assert_eq!(evaluate_in(&mut run, text), Ok(Value::from("3")));
}

#[test]
fn deep_nesting_is_no_trouble() {
    let mut expr = Expr::variable(0, DataType::Integer);
    for _ in 0..1000 {
        expr = Expr::binary(Op::Add, expr, Expr::integer(1));
    }
    let mut run = Run { variables: vec![Value::Integer(1)], ..Run::default() };
    assert_eq!(evaluate_in(&mut run, expr), Ok(Value::Integer(1001)));
}

#[test]
fn a_large_document_needs_little_stack() {
    let item = |index| Expr::array(vec![Expr::string(format!("v{index}")), Expr::variable(0, DataType::String)]);
    let members = (0..2000).map(|index| (format!("k{index}"), item(index)));
    let Value::Document(members) = evaluate(Expr::document(members.collect())) else { panic!("a document") };
    assert_eq!(members.len(), 2000);
    assert_eq!(members[1999], ("k1999".to_owned(), Value::Array(vec![Value::from("v1999"), Value::Null])));
}
