//! Control flow and the calls that statements make.

use moltler_abi::DataType;
use moltler_abi::runtime_calls::BinaryOperator as Op;
use moltler_plan::expr::{Expr, ExprKind, Literal};
use moltler_plan::program::{Catch, Function, FunctionBody, Program, Statement, StatementKind};

use crate::fake::{Run, Value, execute_statements};

fn statement(kind: StatementKind) -> Statement {
    Statement { kind, id: 0 }
}

fn statement_with(id: u32, kind: StatementKind) -> Statement {
    Statement { kind, id }
}

fn print(text: &str) -> Statement {
    statement(StatementKind::Print(Expr::string(text)))
}

fn raise(text: &str) -> Statement {
    statement(StatementKind::Raise { message: Expr::string(text), code: None })
}

fn variable(slot: u32) -> Expr {
    Expr::variable(slot, DataType::Integer)
}

fn catch(class: Option<&str>, body: Vec<Statement>) -> Vec<Catch> {
    vec![Catch { class: class.map(str::to_owned), slot: 9, body }]
}

fn try_(body: Vec<Statement>, catches: Vec<Catch>, finally: Vec<Statement>) -> Statement {
    statement(StatementKind::Try { body, catches, finally })
}

/// Runs statements: what was printed and done, and the error.
fn run(statements: Vec<Statement>) -> (Vec<String>, Result<(), String>) {
    let mut run = Run::default();
    let result = execute_statements(&mut run, statements);
    run.log.retain(|line| !line.starts_with('#'));
    (run.log, result)
}

#[track_caller]
fn check(statements: Vec<Statement>, expected: &[&str]) {
    assert_eq!(run(statements), (expected.iter().map(|line| (*line).to_owned()).collect(), Ok(())));
}

#[track_caller]
fn check_error(statements: Vec<Statement>, expected: &[&str], error: &str) {
    assert_eq!(run(statements), (expected.iter().map(|line| (*line).to_owned()).collect(), Err(error.to_owned())));
}

#[test]
fn an_expected_error_is_checked_after_its_statement() {
    let expecting = |class: &str, pattern, inner| {
        let (class, statement) = (class.to_owned(), Box::new(inner));
        statement_with(7, StatementKind::AssertRaises { class, pattern, statement })
    };
    check(vec![expecting("no", None, raise("no luck")), print("on")], &["raised Some(\"no luck\") like Null", "on"]);
    let pattern = Some((3, Expr::string("%luck")));
    check(vec![expecting("no", pattern, raise("no luck"))], &["raised Some(\"no luck\") like String(\"%luck\")"]);
    check_error(
        vec![expecting("no", None, print("fine")), print("never")],
        &["fine", "raised None like Null"],
        "not no",
    );
    // An error of another class goes to the CATCH around.
    let inner = expecting("no", None, raise("other"));
    check(
        vec![try_(vec![inner], catch(None, vec![print("caught")]), vec![])],
        &["raised Some(\"other\") like Null", "caught"],
    );
}

#[test]
fn each_statement_is_announced() {
    let mut run = Run::default();
    let statements = [4, 2].map(|id| Statement { kind: StatementKind::Print(Expr::null()), id });
    execute_statements(&mut run, statements.to_vec()).expect("no error");
    assert_eq!(run.log, ["#4", "Null", "#2", "Null"]);
}

#[test]
fn if_takes_one_branch() {
    let choose = |value: i64| {
        let is = |other| Expr::equal(Expr::integer(value), Expr::integer(other));
        statement(StatementKind::If {
            branches: vec![
                (Expr::null().condition(), vec![print("null")]),
                (is(1), vec![print("one")]),
                (is(2), vec![print("two")]),
            ],
            otherwise: vec![print("other")],
        })
    };
    check(vec![choose(1), choose(2), choose(3), print("end")], &["one", "two", "other", "end"]);
}

#[test]
fn while_repeats_until_the_condition_is_not_true() {
    let add = Expr::binary(Op::Add, variable(0), Expr::integer(1));
    let body =
        vec![statement(StatementKind::Print(variable(0))), statement(StatementKind::Store { slot: 0, value: add })];
    let condition = Expr::binary(Op::Less, variable(0), Expr::integer(3));
    check(
        vec![
            statement(StatementKind::Store { slot: 0, value: Expr::integer(0) }),
            statement(StatementKind::While { condition, body }),
        ],
        &["0", "1", "2"],
    );
}

#[test]
fn for_each_with_break_and_continue() {
    let one = Expr::coalesce(vec![Expr::variable(7, DataType::Integer), Expr::integer(1)]);
    let mut items = vec![one];
    items.extend([2, 3, 4, 5].map(Expr::integer));
    let is = |value| Expr::equal(variable(0), Expr::integer(value));
    let when = |condition, kind| {
        statement(StatementKind::If { branches: vec![(condition, vec![statement(kind)])], otherwise: Vec::new() })
    };
    let body = vec![
        when(is(2), StatementKind::Continue),
        when(is(4), StatementKind::Break),
        statement(StatementKind::Print(variable(0))),
    ];
    let array = Expr::array(items);
    check(
        vec![statement(StatementKind::ForEach { slot: 0, array_slot: 1, array, body }), print("end")],
        &["1", "3", "end"],
    );
}

#[test]
fn for_range_includes_both_ends() {
    let range = |from: i64, to: i64| {
        statement(StatementKind::ForRange {
            slot: 0,
            from: Expr::integer(from),
            to: Expr::integer(to),
            body: vec![statement(StatementKind::Print(variable(0)))],
        })
    };
    let last = i64::MAX.to_string();
    check(vec![range(1, 3), range(2, 1), range(i64::MAX, i64::MAX)], &["1", "2", "3", &last]);
}

#[test]
fn an_error_ends_the_program() {
    check_error(vec![print("a"), raise("boom"), print("b")], &["a"], "boom");
}

#[test]
fn catch_takes_errors_of_its_class() {
    let caught = || statement(StatementKind::Print(Expr::variable(9, DataType::Dynamic)));
    check(vec![try_(vec![raise("AuthError")], catch(Some("Auth"), vec![caught()]), Vec::new())], &["AuthError"]);
    check(vec![try_(vec![raise("x")], catch(None, vec![caught()]), Vec::new()), print("end")], &["x", "end"]);
    check_error(
        vec![try_(vec![raise("RateError")], catch(Some("Auth"), vec![caught()]), Vec::new()), print("end")],
        &[],
        "RateError",
    );
    let mut two = catch(Some("Rate"), vec![print("rate")]);
    two.extend(catch(Some("Auth"), vec![print("auth")]));
    check(vec![try_(vec![raise("AuthError")], two, Vec::new())], &["auth"]);
}

#[test]
fn an_error_in_catch_goes_out() {
    let inner = try_(vec![raise("a")], catch(None, vec![raise("b")]), Vec::new());
    check(vec![try_(vec![inner], catch(Some("b"), vec![print("outer")]), Vec::new())], &["outer"]);
}

#[test]
fn finally_runs_on_every_way() {
    let finally = || vec![print("finally")];
    check(vec![try_(vec![print("body")], Vec::new(), finally()), print("end")], &["body", "finally", "end"]);
    check(
        vec![try_(vec![raise("x")], catch(None, vec![print("caught")]), finally()), print("end")],
        &["caught", "finally", "end"],
    );
    check_error(vec![try_(vec![raise("x")], Vec::new(), finally()), print("end")], &["finally"], "x");
    check_error(vec![try_(vec![raise("x")], catch(None, vec![raise("y")]), finally())], &["finally"], "y");
    check_error(vec![try_(vec![raise("x")], Vec::new(), vec![raise("z")])], &[], "z");
}

#[test]
fn errors_caught_inside_finally_do_not_hide_the_first() {
    let inner = try_(vec![raise("inner")], catch(None, vec![print("caught inner")]), Vec::new());
    check_error(vec![try_(vec![raise("outer")], Vec::new(), vec![inner])], &["caught inner"], "outer");
}

#[test]
fn break_and_continue_pass_through_finally() {
    let is = |value| Expr::equal(variable(0), Expr::integer(value));
    let when = |condition, kind| {
        statement(StatementKind::If { branches: vec![(condition, vec![statement(kind)])], otherwise: Vec::new() })
    };
    let inner = try_(
        vec![when(is(2), StatementKind::Continue), when(is(3), StatementKind::Break), print("body")],
        Vec::new(),
        vec![print("inner")],
    );
    let body = vec![try_(vec![inner], Vec::new(), vec![print("outer")]), print("after")];
    check(
        vec![
            statement(StatementKind::ForRange { slot: 0, from: Expr::integer(1), to: Expr::integer(9), body }),
            print("end"),
        ],
        &["body", "inner", "outer", "after", "inner", "outer", "inner", "outer", "end"],
    );
}

#[test]
fn asserts_tell_their_parts() {
    let part = |part, operand: Expr| {
        let data_type = operand.data_type;
        Expr::new(ExprKind::Part { assertion: 0, part, operand: Box::new(operand) }, data_type)
    };
    let value = Expr::equal(part(0, Expr::integer(1)), part(1, Expr::integer(2)));
    let assert = |message| statement(StatementKind::Assert { assertion: 0, value: value.clone(), message });
    check_error(
        vec![assert(Some(Expr::string("no")))],
        &["part 0 Integer(1)", "part 1 Integer(2)"],
        "assert String(\"no\")",
    );
    check_error(vec![assert(None)], &["part 0 Integer(1)", "part 1 Integer(2)"], "assert Null");
    let message = Some(Expr::new(ExprKind::Fail(1), DataType::Dynamic));
    check(vec![statement(StatementKind::Assert { assertion: 0, value: Expr::boolean(true), message })], &[]);
    let unknown = Expr::null().condition();
    check_error(
        vec![statement(StatementKind::Assert { assertion: 0, value: unknown, message: None })],
        &[],
        "assert Null",
    );
}

#[test]
fn connector_statements_are_calls() {
    let execute = |argument: Option<Expr>| {
        Expr::new(ExprKind::Execute { execution: 3, argument: argument.map(Box::new) }, DataType::Dynamic)
    };
    check(
        vec![
            statement(StatementKind::CreateInstance(1)),
            statement(StatementKind::PrintQuery(2)),
            statement(StatementKind::PrintResult(execute(Some(Expr::integer(1))))),
            statement(StatementKind::Evaluate(execute(None))),
            statement(StatementKind::Command(4)),
        ],
        &["instance 1", "print query 2", "execute 3 Integer(1)", "result Integer(1)", "execute 3 Null", "command 4"],
    );
    check_error(vec![statement(StatementKind::Fail(8)), print("x")], &[], "message 8");
}

#[test]
fn a_query_is_a_value() {
    let mut run = Run::default();
    let query = Expr::new(ExprKind::Query(2), DataType::Array);
    execute_statements(&mut run, vec![statement(StatementKind::Store { slot: 0, value: query })]).expect("no error");
    assert_eq!(run.variables, [Value::Array(vec![Value::Integer(1)])]);
}

#[test]
fn the_same_program_gives_the_same_bytes() {
    let program = || {
        let text = |text: &str| FunctionBody::Scalar(Expr::string(text));
        let bodies = vec![
            text("a"),
            text("b"),
            FunctionBody::Entry(vec![print("a"), raise("c")]),
            FunctionBody::Scalar(Expr::literal(Literal::Number(1.5))),
        ];
        let functions = bodies.into_iter().enumerate();
        Program {
            functions: functions.map(|(index, body)| Function { name: format!("f{index}"), body }).collect(),
            ..Program::default()
        }
    };
    let images = [moltler_codegen::image(&program()), moltler_codegen::image(&program())];
    assert_eq!(images[0].to_bytes(), images[1].to_bytes());
    assert!(images[0].manifest.functions.iter().all(|function| function.offset % 16 == 0));
    assert!(moltler_codegen::emit_clif(&program()).contains("; f2\nfunction"));
    let object = moltler_codegen::emit_object(&program());
    assert!(object.windows(13).any(|window| window == b"moltler_image"));
}
