//! Joins and conditions that call a handler once for each value, and how many calls there may be.

use moltler_abi::DataType::{self, *};
use moltler_abi::layout::{Context, DatumOut, OK, Runtime, ScalarFunction, Status, kind};
use moltler_abi::manifest::{Binding, Filter, Join, JoinKind, Operator as Plan};

use super::tables::{run_in, show, table};
use super::{scan, shop};
use crate::output::Format;
use crate::testing::{TestProgram, constant};
use crate::value::Value;

/// Answers with the rows of the id that was asked for, and with others that nobody asked for.
const LIAR: &str = "function query(config, filters) {
    console.log(JSON.stringify(filters));
    return [{id: filters.id, name: 'x' + filters.id}, {id: 1, name: 'extra'}, {id: filters.id, name: 'y' + filters.id}];
}";

fn dependent(kind: JoinKind, keys: &[(u32, u32)]) -> Plan {
    let join = Join {
        left: Box::new(Plan::Shared(0)),
        right: Box::new(Plan::Scan(scan(&[0, 1]))),
        kind,
        keys: keys.to_vec(),
        condition: None,
        left_columns: vec![Dynamic, String],
        right_columns: vec![Integer, String],
    };
    Plan::DependentJoin { join, bindings: vec![Binding { column: 0, field: 0 }] }
}

fn run(program: TestProgram, rows: &str, plan: &Plan) -> (std::string::String, std::string::String) {
    let context = program.context(Format::Json);
    let rows = show(run_in(&context, vec![table(&[Dynamic, String], rows)], plan));
    (rows, context.output().captured_text())
}

#[test]
fn a_handler_is_called_for_each_value_of_the_other_side() {
    let rows = r#"[[2,"a"],[null,"b"],[3,"c"],[2,"d"],[1,"e"],["x","f"]]"#;
    let (found, log) = run(shop(LIAR), rows, &dependent(JoinKind::Left, &[(0, 0)]));
    let expected = [
        r#"[2,"a",2,"x2"]"#,
        r#"[2,"a",2,"y2"]"#,
        r#"[null,"b",null,null]"#,
        r#"[3,"c",3,"x3"]"#,
        r#"[3,"c",3,"y3"]"#,
        r#"[2,"d",2,"x2"]"#,
        r#"[2,"d",2,"y2"]"#,
        r#"[1,"e",1,"x1"]"#,
        r#"[1,"e",1,"extra"]"#,
        r#"[1,"e",1,"y1"]"#,
        r#"["x","f",null,null]"#,
    ];
    assert_eq!(found, expected.join(" "));
    assert_eq!(log, "{\"id\":2}\n{\"id\":3}\n{\"id\":1}\n");
    // Without a key to check, the rows of a call are those of its value.
    let (found, _) = run(shop(LIAR), r#"[[2,"a"],[3,"b"]]"#, &dependent(JoinKind::Inner, &[]));
    assert_eq!(found.matches("[2,\"a\"").count(), 3, "{found}");
}

#[test]
fn no_call_is_made_before_its_rows_are_wanted() {
    let mut program = shop(LIAR);
    let limit = Some(program.scalar(constant::<3>));
    let plan = Plan::Limit { input: Box::new(dependent(JoinKind::Inner, &[(0, 0)])), limit, offset: None };
    let (found, log) = run(program, r#"[[2,"a"],[3,"b"],[4,"c"],[5,"d"]]"#, &plan);
    assert_eq!(found, r#"[2,"a",2,"x2"] [2,"a",2,"y2"] [3,"b",3,"x3"]"#);
    assert_eq!(log, "{\"id\":2}\n{\"id\":3}\n");
}

#[test]
fn too_many_calls_are_an_error() {
    let rows = |count: i64| {
        let rows: Vec<_> = (0..count).map(|id| format!("[{id}, \"a\"]")).collect();
        format!("[{}]", rows.join(","))
    };
    let plan = dependent(JoinKind::Inner, &[(0, 0)]);
    let (found, log) = run(shop(LIAR), &rows(10), &plan);
    assert_eq!((found.matches("],").count(), log.lines().count()), (0, 10));
    let (found, log) = run(shop(LIAR), &rows(11), &plan);
    assert_eq!(
        found,
        "CallLimitError: `shop1.items` would be called too often: the query needs more than 10 calls of handlers"
    );
    assert_eq!(log.lines().count(), 10);
}

/// An array of what a JSON text says.
unsafe fn array(json: &str, context: Context, result: DatumOut) -> Status {
    let value = crate::coerce::value_from_json(json).expect("valid");
    // SAFETY: callers of a scalar function give it the context and a datum to write to.
    unsafe {
        let context = &*context.cast::<crate::context::ExecContext>();
        let address = context.with_arena(|arena| arena.value(value));
        result.write(moltler_abi::layout::Datum { kind: kind::BOXED, extra: 0, low: address as u64, high: 0 });
    }
    OK
}

unsafe extern "C" fn some_ids(_: Runtime, context: Context, result: DatumOut) -> Status {
    // SAFETY: as in `array`.
    unsafe { array(r#"[2, null, 1, "2", 2.0, "x"]"#, context, result) }
}

unsafe extern "C" fn some_names(_: Runtime, context: Context, result: DatumOut) -> Status {
    // SAFETY: as in `array`.
    unsafe { array(r#"["x2", "x1"]"#, context, result) }
}

unsafe extern "C" fn eleven(_: Runtime, context: Context, result: DatumOut) -> Status {
    // SAFETY: as in `array`.
    unsafe { array("[1,2,3,4,5,6,7,8,9,10,11]", context, result) }
}

unsafe extern "C" fn none(_: Runtime, context: Context, result: DatumOut) -> Status {
    // SAFETY: as in `array`.
    unsafe { array("[null]", context, result) }
}

#[track_caller]
fn check_each(each: &[(u32, ScalarFunction)], filter: Option<ScalarFunction>, rows: &str, calls: &str) {
    let mut program = shop(LIAR);
    let mut scan = scan(&[0, 1]);
    for (field, value) in each {
        scan.each.push(Filter { field: *field, value: program.scalar(*value) });
    }
    if let Some(value) = filter {
        scan.filters.push(Filter { field: 0, value: program.scalar(value) });
    }
    let context = program.context(Format::Json);
    assert_eq!(show(run_in(&context, vec![], &Plan::Scan(scan))), rows);
    assert_eq!(context.output().captured_text().replace('\n', ""), calls);
}

#[test]
fn a_list_of_values_is_asked_for_one_by_one() {
    check_each(&[(0, some_ids)], None, r#"[2,"x2"] [2,"y2"] [1,"x1"] [1,"extra"] [1,"y1"]"#, r#"{"id":2}{"id":1}"#);
    check_each(
        &[(0, some_ids), (1, some_names)],
        None,
        r#"[2,"x2"] [1,"x1"]"#,
        r#"{"id":2,"name":"x2"}{"id":2,"name":"x1"}{"id":1,"name":"x2"}{"id":1,"name":"x1"}"#,
    );
    check_each(&[(0, some_ids)], Some(constant::<7>), "", "");
    check_each(&[(0, none)], None, "", "");
    check_each(&[(0, crate::testing::null)], None, "", "");
    check_each(
        &[(0, eleven)],
        None,
        "CallLimitError: `shop1.items` would be called too often: the query needs more than 10 calls of handlers",
        "",
    );
}

#[test]
fn the_number_of_calls_is_that_of_one_query() {
    let context = shop(LIAR).context(Format::Json);
    let rows: Vec<_> = (0..10).map(|id| format!("[{id}, \"a\"]")).collect();
    let types: [DataType; 2] = [Dynamic, String];
    for _ in 0..3 {
        let input = table(&types, &format!("[{}]", rows.join(",")));
        let rows = run_in(&context, vec![input], &dependent(JoinKind::Inner, &[(0, 0)])).expect("no error");
        assert!(rows.iter().all(|row| row[0] != Value::Null));
    }
}
