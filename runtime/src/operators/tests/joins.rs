//! Joins of hand-made and random rows.

use moltler_abi::DataType::{self, *};
use moltler_abi::layout::{BatchIn, BatchOut, Context, OK, PipelineFunction, Runtime, Status};
use moltler_abi::manifest::{Join, JoinKind, Operator as Plan, Output, Pipeline};

use super::tables::{Random, run_in, show, table, table_of};
use crate::evaluate::json_equal;
use crate::output::Format;
use crate::testing::TestProgram;
use crate::value::Value;

const LEFT: [DataType; 3] = [Integer, String, Dynamic];
const RIGHT: [DataType; 3] = [Integer, Number, Dynamic];

fn join(kind: JoinKind, keys: &[(u32, u32)]) -> Join {
    Join {
        left: Box::new(Plan::Shared(0)),
        right: Box::new(Plan::Shared(1)),
        kind,
        keys: keys.to_vec(),
        condition: None,
        left_columns: LEFT.to_vec(),
        right_columns: RIGHT.to_vec(),
    }
}

fn plan(join: Join) -> Plan {
    if join.keys.is_empty() { Plan::NestedLoop(join) } else { Plan::HashJoin(join) }
}

/// `left.0 < right.0`: columns 0 and 3 of the pairs.
unsafe extern "C" fn less(_: Runtime, _: Context, input: BatchIn, output: BatchOut) -> Status {
    // SAFETY: both columns are integers; the output is a boolean column with room for all rows.
    unsafe {
        let (from, to) = (&*input, &mut *output);
        let (left, right, result) = (*from.columns, *from.columns.add(3), *to.columns);
        for row in 0..from.rows {
            let bit = |bits: *mut u8| bits.add(row >> 3).read() >> (row & 7) & 1;
            let known = bit(left.validity) & bit(right.validity);
            let holds = left.data.cast::<i64>().add(row).read() < right.data.cast::<i64>().add(row).read();
            *result.data.add(row >> 3) |= (u8::from(holds) & known) << (row & 7);
            *result.validity.add(row >> 3) |= known << (row & 7);
        }
        to.rows = from.rows;
    }
    OK
}

/// A condition in machine code.
fn on(program: &mut TestProgram, condition: PipelineFunction) -> Pipeline {
    let code = program.pipeline(condition);
    Pipeline { code, filters: false, outputs: vec![Output::Computed(DataType::Boolean)] }
}

fn run(
    mut join: Join,
    condition: Option<PipelineFunction>,
    left: super::tables::Table,
    right: super::tables::Table,
) -> std::string::String {
    let mut program = TestProgram::default();
    join.condition = condition.map(|condition| on(&mut program, condition));
    show(run_in(&program.context(Format::Json), vec![left, right], &plan(join)))
}

const LEFT_ROWS: &str = r#"[[1,"a",null],[2,"b",1],[null,"c",2],[2,"d",null],[4,"e",5]]"#;
const RIGHT_ROWS: &str = r#"[[2,0.5,null],[1,2,1],[2,1,2],[null,4,5],[2,1.5,null]]"#;

#[track_caller]
fn check(kind: JoinKind, keys: &[(u32, u32)], condition: Option<PipelineFunction>, expected: &[&str]) {
    let found = run(join(kind, keys), condition, table(&LEFT, LEFT_ROWS), table(&RIGHT, RIGHT_ROWS));
    assert_eq!(found, expected.join(" "));
}

#[test]
fn pairs_come_in_the_order_of_both_sides() {
    let pairs = [
        r#"[1,"a",null,1,2,1]"#,
        r#"[2,"b",1,2,0.5,null]"#,
        r#"[2,"b",1,2,1,2]"#,
        r#"[2,"b",1,2,1.5,null]"#,
        r#"[2,"d",null,2,0.5,null]"#,
        r#"[2,"d",null,2,1,2]"#,
        r#"[2,"d",null,2,1.5,null]"#,
    ];
    check(JoinKind::Inner, &[(0, 0)], None, &pairs);
    let mut left = pairs.to_vec();
    left.insert(4, r#"[null,"c",2,null,null,null]"#);
    left.push(r#"[4,"e",5,null,null,null]"#);
    check(JoinKind::Left, &[(0, 0)], None, &left);
}

#[test]
fn an_integer_meets_the_number_of_its_value() {
    check(
        JoinKind::Inner,
        &[(0, 1)],
        None,
        &[r#"[1,"a",null,2,1,2]"#, r#"[2,"b",1,1,2,1]"#, r#"[2,"d",null,1,2,1]"#, r#"[4,"e",5,null,4,5]"#],
    );
    check(JoinKind::Inner, &[(0, 0), (2, 2)], None, &[]);
    check(JoinKind::Inner, &[(2, 2)], None, &[r#"[2,"b",1,1,2,1]"#, r#"[null,"c",2,2,1,2]"#, r#"[4,"e",5,null,4,5]"#]);
}

#[test]
fn the_rest_of_on_decides_who_is_alone() {
    check(JoinKind::Inner, &[(0, 0)], Some(less), &[]);
    check(
        JoinKind::Left,
        &[(0, 0)],
        Some(less),
        &[
            r#"[1,"a",null,null,null,null]"#,
            r#"[2,"b",1,null,null,null]"#,
            r#"[null,"c",2,null,null,null]"#,
            r#"[2,"d",null,null,null,null]"#,
            r#"[4,"e",5,null,null,null]"#,
        ],
    );
    check(
        JoinKind::Left,
        &[],
        Some(less),
        &[
            r#"[1,"a",null,2,0.5,null]"#,
            r#"[1,"a",null,2,1,2]"#,
            r#"[1,"a",null,2,1.5,null]"#,
            r#"[2,"b",1,null,null,null]"#,
            r#"[null,"c",2,null,null,null]"#,
            r#"[2,"d",null,null,null,null]"#,
            r#"[4,"e",5,null,null,null]"#,
        ],
    );
}

#[test]
fn empty_sides() {
    let (left, right) = (|| table(&LEFT, LEFT_ROWS), || table(&RIGHT, RIGHT_ROWS));
    for keys in [&[][..], &[(0, 0)][..]] {
        for condition in [None, Some(less as PipelineFunction)] {
            assert_eq!(run(join(JoinKind::Inner, keys), condition, left(), vec![]), "");
            assert_eq!(run(join(JoinKind::Inner, keys), condition, vec![], right()), "");
            assert_eq!(run(join(JoinKind::Left, keys), condition, vec![], right()), "");
            let alone = run(join(JoinKind::Left, keys), condition, left(), vec![]);
            assert_eq!(alone.matches("null,null,null]").count(), 5, "{alone}");
        }
    }
}

#[test]
fn random_joins_are_those_of_the_definition() {
    let equal = |left: &Value, right: &Value| *left != Value::Null && *right != Value::Null && json_equal(left, right);
    let is_less = |left: &Value, right: &Value| matches!((left, right), (Value::Integer(left), Value::Integer(right)) if left < right);
    for seed in 0..48 {
        let mut random = Random::new(seed);
        let (left_count, right_count) =
            ([0, 1, 40, 1500][random.below(4) as usize], [0, 1, 30, 300][random.below(4) as usize]);
        let (left, right) = (random.rows(&LEFT, left_count), random.rows(&RIGHT, right_count));
        let keys: &[(u32, u32)] =
            [&[][..], &[(0, 0)], &[(0, 1)], &[(2, 2)], &[(0, 0), (2, 2)], &[(0, 1), (2, 2)]][random.below(6) as usize];
        let kind = if random.below(2) == 0 { JoinKind::Inner } else { JoinKind::Left };
        let has_condition = random.below(2) == 0;
        let mut expected = Vec::new();
        for left_row in &left {
            let before = expected.len();
            for right_row in &right {
                let holds =
                    keys.iter().all(|(left, right)| equal(&left_row[*left as usize], &right_row[*right as usize]))
                        && (!has_condition || is_less(&left_row[0], &right_row[0]));
                if holds {
                    expected.push([left_row.as_slice(), right_row].concat());
                }
            }
            if kind == JoinKind::Left && expected.len() == before {
                expected.push([left_row.as_slice(), &[Value::Null, Value::Null, Value::Null]].concat());
            }
        }
        let mut program = TestProgram::default();
        let mut join = join(kind, keys);
        join.condition = has_condition.then(|| on(&mut program, less));
        let inputs = vec![table_of(&LEFT, &left, 1 + seed as usize * 20), table_of(&RIGHT, &right, 100)];
        let found = run_in(&program.context(Format::Json), inputs, &plan(join)).expect("no error");
        assert!(found == expected, "seed {seed}: {} rows, not {}", found.len(), expected.len());
    }
}
