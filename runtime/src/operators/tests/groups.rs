//! GROUP BY, aggregates, DISTINCT, UNION.

use std::rc::{Rc, Weak};

use moltler_abi::DataType::{self, *};
use moltler_abi::aggregates::AggregateFunction;
use moltler_abi::manifest::{Aggregate, Operator as Plan, SortKey};

use super::tables::{Random, Table, run, run_in, show, table, table_of};
use crate::batch::OwnedBatch;
use crate::coerce::to_text;
use crate::context::ExecContext;
use crate::evaluate::{compare_json, json_equal};
use crate::operators::{Operator, Result, aggregate, distinct, drain, finish};
use crate::output::Format;
use crate::testing::{TestProgram, constant};
use crate::value::Value;

const ALL: [AggregateFunction; 10] = [
    AggregateFunction::CountRows,
    AggregateFunction::Count,
    AggregateFunction::Sum,
    AggregateFunction::Avg,
    AggregateFunction::Min,
    AggregateFunction::Max,
    AggregateFunction::ArrayAgg,
    AggregateFunction::StringAgg,
    AggregateFunction::BoolAnd,
    AggregateFunction::BoolOr,
];

fn aggregate(function: AggregateFunction, argument: u32, of: DataType) -> Aggregate {
    let data_type = match function {
        AggregateFunction::CountRows | AggregateFunction::Count => Integer,
        AggregateFunction::Avg if of != Interval => Number,
        AggregateFunction::Sum | AggregateFunction::Avg | AggregateFunction::Min | AggregateFunction::Max => of,
        AggregateFunction::ArrayAgg => Array,
        AggregateFunction::StringAgg => String,
        AggregateFunction::BoolAnd | AggregateFunction::BoolOr => Boolean,
    };
    let argument = (function != AggregateFunction::CountRows).then_some(argument);
    Aggregate { function, distinct: false, argument, separator: None, data_type }
}

fn group(types: &[DataType], keys: u32, aggregates: Vec<Aggregate>) -> Plan {
    let output = types[..keys as usize].iter().copied().chain(aggregates.iter().map(|aggregate| aggregate.data_type));
    Plan::Aggregate { output: output.collect(), input: Box::new(Plan::Shared(0)), keys, aggregates }
}

#[track_caller]
fn check(types: &[DataType], rows: &str, keys: u32, aggregates: Vec<Aggregate>, expected: &str) {
    assert_eq!(show(run(vec![table(types, rows)], &group(types, keys, aggregates))), expected);
}

#[test]
fn without_rows() {
    let of_integers = |function| aggregate(function, 0, Integer);
    let all: Vec<Aggregate> = ALL.into_iter().map(of_integers).collect();
    check(&[Integer], "[]", 0, all.clone(), "[0,0,null,null,null,null,null,null,null,null]");
    check(&[Integer], "[]", 1, all, "");
    check(&[Integer], "[]", 0, vec![], "[]");
    check(&[Integer], "[]", 1, vec![], "");
}

#[test]
fn only_nulls() {
    let all: Vec<Aggregate> = ALL.into_iter().map(|function| aggregate(function, 0, Integer)).collect();
    check(&[Integer], "[[null],[null],[null]]", 0, all, "[3,0,null,null,null,null,[null,null,null],null,null,null]");
}

#[test]
fn groups_come_in_the_order_of_their_first_rows() {
    let count = vec![aggregate(AggregateFunction::CountRows, 0, Integer)];
    check(
        &[String],
        r#"[["b"],["a"],[null],["b"],[""],[null],["b"]]"#,
        1,
        count.clone(),
        r#"["b",3] ["a",1] [null,2] ["",1]"#,
    );
    check(
        &[Integer, String],
        r#"[[1,"a"],[1,null],[null,"a"],[1,"a"]]"#,
        2,
        count.clone(),
        r#"[1,"a",2] [1,null,1] [null,"a",1]"#,
    );
    check(
        &[Dynamic],
        r#"[[1],[1.0],["1"],[{"a":1,"b":2}],[{"b":2,"a":1}],[[1]]]"#,
        1,
        count,
        r#"[1,2] ["1",1] [{"a":1,"b":2},2] [[1],1]"#,
    );
}

#[test]
fn sums_and_means() {
    let of = |data_type| {
        vec![aggregate(AggregateFunction::Sum, 0, data_type), aggregate(AggregateFunction::Avg, 0, data_type)]
    };
    check(&[Integer], "[[1],[null],[2]]", 0, of(Integer), "[3,1.5]");
    check(&[Number], "[[0.5],[null],[1]]", 0, of(Number), "[1.5,0.75]");
    // Exact on the way, whatever the order; only the result must fit.
    check(
        &[Integer],
        "[[9223372036854775807],[1],[-1]]",
        0,
        of(Integer),
        "[9223372036854775807,3.0744573456182584e+18]",
    );
    check(&[Integer], "[[9223372036854775807],[1]]", 0, of(Integer), "OverflowError: the sum is out of range");
    check(&[Number], "[[1e308],[1e308]]", 0, of(Number), "OverflowError: the sum is out of range");
    check(&[Dynamic], r#"[[1],["2"],[null],[{}]]"#, 0, of(Dynamic)[..1].to_vec(), "[3]");
    check(&[Dynamic], r#"[[1],[0.5]]"#, 0, of(Dynamic)[..1].to_vec(), "[1.5]");
    check(&[Interval], r#"[["1d"],[null],["2h"]]"#, 0, of(Interval), r#"["P1DT2H","PT13H"]"#);
}

#[test]
fn the_least_and_the_greatest() {
    let of = |data_type| {
        vec![aggregate(AggregateFunction::Min, 0, data_type), aggregate(AggregateFunction::Max, 0, data_type)]
    };
    check(&[String], r#"[["a"],["Z"],[null],["é"]]"#, 0, of(String), r#"["Z","é"]"#);
    check(
        &[Timestamp],
        r#"[["2024-01-02T00:00:00Z"],["2024-01-01T00:00:00Z"]]"#,
        0,
        of(Timestamp),
        r#"["2024-01-01T00:00:00Z","2024-01-02T00:00:00Z"]"#,
    );
    check(&[Date], r#"[["2024-01-02"],["2023-12-31"]]"#, 0, of(Date), r#"["2023-12-31","2024-01-02"]"#);
    check(&[Number], "[[1.5],[-2]]", 0, of(Number), "[-2,1.5]");
    check(&[Dynamic], r#"[["b"],[1],[true],[0]]"#, 0, of(Dynamic), r#"["b",true]"#);
}

#[test]
fn values_of_a_group_together() {
    let mut text = aggregate(AggregateFunction::StringAgg, 0, String);
    text.separator = Some(1);
    check(&[String, String], r#"[["a","-"],[null,"?"],["b",", "],["c",null]]"#, 0, vec![text], r#"["a, bc"]"#);
    let truth =
        vec![aggregate(AggregateFunction::BoolAnd, 1, Boolean), aggregate(AggregateFunction::BoolOr, 1, Boolean)];
    check(
        &[Integer, Boolean],
        "[[1,true],[1,null],[2,true],[2,false],[3,null]]",
        1,
        truth,
        "[1,true,true] [2,false,true] [3,null,null]",
    );
}

#[test]
fn distinct_arguments_count_once_in_each_group() {
    let distinct = |function| Aggregate { distinct: true, ..aggregate(function, 1, Integer) };
    check(
        &[String, Integer],
        r#"[["a",1],["a",1],["b",1],["a",2],["a",null],["a",null],["b",1]]"#,
        1,
        vec![
            distinct(AggregateFunction::Count),
            distinct(AggregateFunction::Sum),
            distinct(AggregateFunction::ArrayAgg),
            distinct(AggregateFunction::Avg),
        ],
        r#"["a",2,3,[1,2,null],1.5] ["b",1,1,[1],1]"#,
    );
}

#[test]
fn distinct_rows_and_unions() {
    let types = [Integer, String];
    let first = || table(&types, r#"[[1,"a"],[1,"a"],[null,null],[1,null],[null,null]]"#);
    let second = || table(&types, r#"[[2,"b"],[1,"a"]]"#);
    let union = || Plan::Union(vec![Plan::Shared(0), Plan::Nothing(types.to_vec()), Plan::Shared(1)]);
    let all = r#"[1,"a"] [1,"a"] [null,null] [1,null] [null,null] [2,"b"] [1,"a"]"#;
    assert_eq!(show(run(vec![first(), second()], &union())), all);
    let distinct = Plan::Distinct(Box::new(union()));
    assert_eq!(show(run(vec![first(), second()], &distinct)), r#"[1,"a"] [null,null] [1,null] [2,"b"]"#);
    assert_eq!(show(run(vec![], &Plan::Union(vec![]))), "");
}

/// Gives a batch again and again, each time a copy, and finds out who keeps one.
struct Watched {
    batch: Rc<OwnedBatch>,
    given: Vec<Weak<OwnedBatch>>,
}

impl Operator for Watched {
    fn next(&mut self, _context: &ExecContext) -> Result<Option<Rc<OwnedBatch>>> {
        assert!(self.given.iter().all(|batch| batch.upgrade().is_none()), "a batch is kept");
        let copy = Rc::new(OwnedBatch::concat(&self.batch.types(), &[Rc::clone(&self.batch)]));
        self.given.push(Rc::downgrade(&copy));
        Ok((self.given.len() < 100).then_some(copy))
    }

    fn close(&mut self, _context: &ExecContext) -> Result<()> {
        Ok(())
    }
}

#[test]
fn rows_are_not_kept_when_only_groups_are() {
    let types = [String, Integer];
    let watched = || -> Box<dyn Operator> {
        let batch = table(&types, r#"[["a",1],["b",2]]"#).remove(0);
        Box::new(Watched { batch, given: Vec::new() })
    };
    let context = TestProgram::default().context(Format::Json);
    for keys in [0, 1] {
        let aggregates: Vec<_> = [AggregateFunction::CountRows, AggregateFunction::Min, AggregateFunction::Sum]
            .map(|function| aggregate(function, 1, Integer))
            .to_vec();
        let output = [String, Integer, Integer, Integer];
        let mut groups =
            aggregate::Aggregate::new(watched(), keys, &aggregates, &output[if keys == 0 { 1 } else { 0 }..]);
        let rows = super::tables::rows_of(&drain(&context, &mut groups).expect("no error"));
        assert_eq!(rows.len(), [1, 2][keys as usize]);
        assert_eq!(rows[0][keys as usize], Value::Integer([198, 99][keys as usize]));
    }
    let mut rows = 0;
    finish(&context, &mut distinct::Distinct::new(watched()), |batch| {
        rows += batch.rows();
        Ok(true)
    })
    .expect("no error");
    assert_eq!(rows, 2);
}

const TYPES: [DataType; 7] = [Integer, Number, String, Boolean, Timestamp, Date, Dynamic];

fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Null, Value::Null) => true,
        (Value::Null, _) | (_, Value::Null) => false,
        (left, right) => json_equal(left, right),
    }
}

/// The aggregate of some values, by its definition.
fn naive(aggregate: &Aggregate, rows: &[&Vec<Value>]) -> Value {
    let Some(argument) = aggregate.argument else { return Value::Integer(rows.len() as i64) };
    let mut values: Vec<Value> = rows.iter().map(|row| row[argument as usize].clone()).collect();
    if aggregate.function != AggregateFunction::ArrayAgg {
        values.retain(|value| *value != Value::Null);
    }
    if aggregate.distinct {
        let mut distinct: Vec<Value> = Vec::new();
        for value in values {
            if !distinct.iter().any(|known| equal(known, &value)) {
                distinct.push(value);
            }
        }
        values = distinct;
    }
    let number = |value: &Value| match value {
        Value::Integer(integer) => *integer as f64,
        Value::Number(number) => *number,
        _ => panic!("a number"),
    };
    match aggregate.function {
        AggregateFunction::CountRows | AggregateFunction::Count => Value::Integer(values.len() as i64),
        _ if values.is_empty() => Value::Null,
        AggregateFunction::Sum if aggregate.data_type == Integer => {
            Value::Integer(values.iter().map(|value| number(value) as i64).sum())
        }
        AggregateFunction::Sum => Value::Number(values.iter().map(number).sum()),
        AggregateFunction::Avg => Value::Number(values.iter().map(number).sum::<f64>() / values.len() as f64),
        // The first of equal ones.
        AggregateFunction::Min => {
            values.into_iter().reduce(|a, b| if compare_json(&b, &a).is_lt() { b } else { a }).expect("some")
        }
        AggregateFunction::Max => {
            values.into_iter().reduce(|a, b| if compare_json(&b, &a).is_gt() { b } else { a }).expect("some")
        }
        AggregateFunction::ArrayAgg => Value::Array(values.into()),
        AggregateFunction::StringAgg => {
            Value::String(values.iter().map(|value| to_text(value).to_string()).collect::<std::string::String>().into())
        }
        AggregateFunction::BoolAnd => Value::Boolean(values.iter().all(|value| *value == Value::Boolean(true))),
        AggregateFunction::BoolOr => Value::Boolean(values.contains(&Value::Boolean(true))),
    }
}

#[test]
fn random_groups_are_those_of_the_definition() {
    for seed in 0..60 {
        let mut random = Random::new(seed);
        let keys = random.below(3) as u32;
        let mut types: Vec<DataType> = (0..keys).map(|_| TYPES[random.below(7) as usize]).collect();
        types.extend(TYPES);
        let count = [0, 1, 5, 400, 3000][seed as usize % 5];
        let rows = random.rows(&types, count);
        let mut aggregates = Vec::new();
        for _ in 0..6 {
            let function = ALL[random.below(10) as usize];
            let fits: &[u32] = match function {
                AggregateFunction::Sum | AggregateFunction::Avg => &[0, 1],
                AggregateFunction::BoolAnd | AggregateFunction::BoolOr => &[3],
                AggregateFunction::StringAgg => &[2],
                _ => &[0, 1, 2, 3, 4, 5, 6],
            };
            let argument = keys + fits[random.below(fits.len() as u64) as usize];
            let distinct = function != AggregateFunction::CountRows && random.below(3) == 0;
            aggregates.push(Aggregate { distinct, ..aggregate(function, argument, types[argument as usize]) });
        }
        let mut groups: Vec<(&[Value], Vec<&Vec<Value>>)> = Vec::new();
        if keys == 0 {
            groups.push((&[], rows.iter().collect()));
        } else {
            for row in &rows {
                let key = &row[..keys as usize];
                match groups
                    .iter_mut()
                    .find(|(other, _)| key.iter().zip(*other).all(|(left, right)| equal(left, right)))
                {
                    Some((_, members)) => members.push(row),
                    None => groups.push((key, vec![row])),
                }
            }
        }
        let expected: Vec<Vec<Value>> = groups
            .iter()
            .map(|(key, members)| {
                key.iter().cloned().chain(aggregates.iter().map(|aggregate| naive(aggregate, members))).collect()
            })
            .collect();
        let size = 1 + random.below(1500) as usize;
        let found = run(vec![table_of(&types, &rows, size)], &group(&types, keys, aggregates)).expect("no error");
        assert_eq!(found, expected, "seed {seed}");
    }
}

#[test]
fn random_distinct_rows() {
    for seed in 0..20 {
        let mut random = Random::new(seed);
        let types = [TYPES[random.below(7) as usize], TYPES[random.below(7) as usize]];
        let count = random.below(3000);
        let rows = random.rows(&types, count);
        let mut expected: Vec<Vec<Value>> = Vec::new();
        for row in &rows {
            if !expected.iter().any(|known| known.iter().zip(row).all(|(left, right)| equal(left, right))) {
                expected.push(row.clone());
            }
        }
        let found = run(vec![table_of(&types, &rows, 700)], &Plan::Distinct(Box::new(Plan::Shared(0))));
        assert_eq!(found.expect("no error"), expected, "seed {seed}");
    }
}

#[test]
fn the_first_rows_of_a_sort_are_those_of_the_whole_sort() {
    let types = [Integer, String, Dynamic, Integer];
    for seed in 0..8 {
        let mut random = Random::new(seed);
        let mut rows = random.rows(&types, 9000);
        for (index, row) in rows.iter_mut().enumerate() {
            row[3] = Value::Integer(index as i64);
        }
        let sort = |first: usize| Plan::Sort {
            input: Box::new(Plan::Shared(0)),
            keys: [first, 1]
                .map(|column| SortKey { column: column as u32, descending: seed % 2 == 0, nulls_first: seed % 3 == 0 })
                .to_vec(),
        };
        let first = (seed % 3) as usize;
        let input = || -> Table { table_of(&types, &rows, 500) };
        let all = run(vec![input()], &sort(first)).expect("no error");
        let mut program = TestProgram::default();
        let (limit, offset) = (Some(program.scalar(constant::<30>)), Some(program.scalar(constant::<7>)));
        let plan = Plan::Limit { input: Box::new(sort(first)), limit, offset };
        let some = run_in(&program.context(Format::Json), vec![input()], &plan).expect("no error");
        assert_eq!(some, all[7..37], "seed {seed}");
    }
}
