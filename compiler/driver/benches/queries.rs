//! How fast queries run over rows that are there already, and how fast rows leave JavaScript: `cargo bench -p moltlerc`.
//!
//! `filter` compares generated code with the same loop in Rust over the same memory. The loop is written twice: row by row, and
//! by blocks of 64 rows as generated code does it, which gives the optimiser all that it needs for vectors. All of them write
//! which rows pass; `project` also gathers two columns of these.

#![allow(missing_docs, reason = "made by a macro")]

use std::hint::black_box;
use std::rc::Rc;
use std::sync::Arc;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use moltler_abi::DataType;
use moltler_abi::aggregates::AggregateFunction;
use moltler_abi::layout::view;
use moltler_abi::manifest::{
    Aggregate, ConnectorType, Entity, Field, Instance, Join, JoinKind, Operator, Scan, Script, SortKey, Span,
};
use moltler_abi::runtime_calls::BinaryOperator;
use moltler_plan::expr::{Expr, Literal};
use moltler_plan::physical::Pipeline;
use moltler_plan::program::{Function, FunctionBody, Program};
use moltler_runtime::batch::{BatchBuilder, OwnedBatch};
use moltler_runtime::context::{ExecContext, Setup};
use moltler_runtime::js::{self, Clock};
use moltler_runtime::loader;
use moltler_runtime::operators;
use moltler_runtime::output::{Format, Output};

type Table = Vec<Rc<OwnedBatch>>;

const ROWS: usize = 1_000_000;
const STATES: [&str; 4] = ["active", "closed", "pending", "archived"];

/// The columns of [`table`].
const ID: u32 = 0;
const STATUS: u32 = 1;
const SCORE: u32 = 2;
const NAME: u32 = 3;
const TYPES: [DataType; 4] = [DataType::Integer, DataType::String, DataType::Number, DataType::String];

/// Numbers that are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }
}

/// Rows in batches of so many: `id` is random, `status` one of four, `score` between 0 and 1, `name` of twenty letters.
fn table(rows: usize, size: usize) -> Table {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut batches = Vec::new();
    let mut batch = BatchBuilder::new(&TYPES);
    for row in 0..rows {
        let id = random.below(1 << 40);
        batch.push_integer(0, id as i64);
        batch.push_text(1, STATES[random.below(4) as usize]);
        batch.push_number(2, random.below(1 << 20) as f64 / f64::from(1 << 20));
        batch.push_text(3, &format!("{:020}", id % 100_000));
        batch.finish_row();
        if batch.rows() == size || row + 1 == rows {
            let full = std::mem::replace(&mut batch, BatchBuilder::new(&TYPES));
            batches.push(Rc::new(full.finish()));
        }
    }
    batches
}

fn column(index: u32) -> Expr {
    Expr::column(index, TYPES[index as usize])
}

fn number(value: f64) -> Expr {
    Expr::literal(Literal::Number(value))
}

/// A program that is nothing but one plan, which reads tables by [`Operator::Shared`].
struct Bench {
    context: ExecContext,
    plan: Operator,
}

impl Bench {
    fn new(program: Program, plan: Operator) -> Bench {
        let mut image = moltler_codegen::image(&program);
        image.engine = js::engine_version().to_owned();
        let setup = Setup {
            output: Output::captured(Format::Ndjson),
            environment: Arc::new(|_| None),
            host: None,
            clock: Clock::real(),
            mock: None,
            transport: None,
            coverage: None,
            is_test: false,
            max_calls: u64::MAX,
            sync: moltler_runtime::sync::SyncOptions::default(),
        };
        let program = loader::Program::from_image(&image).expect("a program for this machine");
        Bench { context: ExecContext::new(Arc::new(program), 0, setup).expect("an event loop"), plan }
    }

    fn plan(plan: Operator) -> Bench {
        Bench::new(Program::default(), plan)
    }

    /// Filter and projection of the first table.
    fn pipeline(filter: Option<Expr>, outputs: Vec<Expr>) -> Bench {
        let pipeline = Pipeline { input: TYPES.to_vec(), filter, outputs };
        let code = moltler_abi::manifest::Pipeline {
            code: moltler_abi::manifest::FunctionId(0),
            filters: pipeline.filter.is_some(),
            outputs: pipeline.outputs(),
        };
        let functions = vec![Function { name: "rows".to_owned(), body: FunctionBody::Pipeline(pipeline) }];
        let plan = Operator::Pipeline { input: Box::new(Operator::Shared(0)), pipeline: code };
        Bench::new(Program { functions, ..Program::default() }, plan)
    }

    /// How many rows come out.
    fn run(&self, tables: &[&Table]) -> usize {
        let mut rows = 0;
        let tables = tables.iter().map(|table| Rc::new((*table).clone())).collect();
        operators::run_over(&self.context, tables, &self.plan, |batch| {
            rows += black_box(batch).rows();
            Ok(())
        })
        .expect("no error");
        rows
    }
}

/// What a loop in Rust reads: the memory of the columns.
struct Columns<'a> {
    ids: &'a [i64],
    status: &'a [u128],
    score: &'a [f64],
    validity: [&'a [u8]; 3],
}

fn with_columns<R>(batch: &OwnedBatch, see: impl FnOnce(&Columns<'_>) -> R) -> R {
    let arrow = batch.to_arrow(&["id", "status", "score", "name"]);
    // Columns without NULLs leave as columns without bits; generated code looks at bits anyway, and so does the loop.
    let bits = |column: usize| match arrow.column(column).nulls() {
        Some(nulls) => nulls.validity().to_vec(),
        None => vec![0xff; batch.rows().div_ceil(8)],
    };
    let validity = [bits(0), bits(1), bits(2)];
    see(&Columns {
        ids: arrow.column(0).as_primitive::<Int64Type>().values(),
        status: arrow.column(1).as_string_view().views(),
        score: arrow.column(2).as_primitive::<Float64Type>().values(),
        validity: [&validity[0], &validity[1], &validity[2]],
    })
}

const ACTIVE: u128 = match view::inline(b"active") {
    Some(view) => view,
    None => unreachable!(),
};

fn bit(bits: &[u8], row: usize) -> bool {
    bits[row >> 3] >> (row & 7) & 1 != 0
}

fn word(bits: &[u8], row: usize) -> u64 {
    bits[row >> 3..][..8].try_into().map_or(0, u64::from_le_bytes)
}

/// Row by row.
#[inline(never)]
fn by_rows(rows: usize, mut passes: impl FnMut(usize) -> bool) -> Vec<u32> {
    let mut selection = vec![0; rows];
    let mut written = 0;
    for row in 0..rows {
        if passes(row) {
            selection[written] = row as u32;
            written += 1;
        }
    }
    selection.truncate(written);
    selection
}

/// 64 rows at a time: `mask` tells which pass.
#[inline(never)]
fn by_blocks(rows: usize, mut mask: impl FnMut(usize) -> u64) -> Vec<u32> {
    assert!(rows.is_multiple_of(64));
    let mut selection = vec![0; rows];
    let mut written = 0;
    for start in (0..rows).step_by(64) {
        let mut passed = mask(start);
        while passed != 0 {
            selection[written] = start as u32 + passed.trailing_zeros();
            written += 1;
            passed &= passed - 1;
        }
    }
    selection.truncate(written);
    selection
}

/// A bit for each of 64 rows.
#[inline(always)]
fn block<T: Copy>(elements: &[T], start: usize, test: impl Fn(T) -> bool) -> u64 {
    let elements: &[T; 64] = elements[start..][..64].try_into().expect("64 elements");
    let mut mask = 0;
    for (position, element) in elements.iter().enumerate() {
        mask |= u64::from(test(*element)) << position;
    }
    mask
}

fn gather(columns: &Columns<'_>, selection: &[u32]) -> usize {
    let ids: Vec<i64> = selection.iter().map(|row| columns.ids[*row as usize]).collect();
    let scores: Vec<f64> = selection.iter().map(|row| columns.score[*row as usize]).collect();
    let validity: Vec<u8> = selection
        .chunks(8)
        .map(|rows| {
            rows.iter()
                .enumerate()
                .map(|(bit_of, row)| u8::from(bit(columns.validity[0], *row as usize)) << bit_of)
                .sum()
        })
        .collect();
    black_box(&validity);
    black_box(ids).len().min(black_box(scores).len())
}

fn filters(criterion: &mut Criterion) {
    let whole = table(ROWS, ROWS);
    let pages = table(ROWS, 1024);
    let mut group = criterion.benchmark_group("filter");
    group.throughput(Throughput::Elements(ROWS as u64));
    group.sample_size(40);
    let active = || Expr::equal(column(STATUS), Expr::string("active"));
    let high = || Expr::binary(BinaryOperator::Greater, column(SCORE), number(0.5));
    let text_and_number = || Expr::and(active(), high());
    let number_only = || Expr::binary(BinaryOperator::Greater, column(SCORE), number(0.9));
    let integers = || Expr::between(column(ID), Expr::integer(1 << 38), Expr::integer(1 << 39), false);

    let mut both = |name: &str, filter: Expr, rows: &dyn Fn(&Columns<'_>, usize) -> bool| {
        let compiled = Bench::pipeline(Some(filter), Vec::new());
        let count = with_columns(&whole[0], |columns| (0..ROWS).filter(|row| rows(columns, *row)).count());
        assert_eq!((compiled.run(&[&whole]), compiled.run(&[&pages])), (count, count), "{name}");
        group.bench_function(format!("{name}, compiled"), |bencher| bencher.iter(|| compiled.run(&[&whole])));
        group.bench_function(format!("{name}, compiled, batches of 1024"), |bencher| {
            bencher.iter(|| compiled.run(&[&pages]))
        });
    };
    both("status and score", text_and_number(), &|columns, row| {
        columns.status[row] == ACTIVE && columns.score[row] > 0.5
    });
    both("score", number_only(), &|columns, row| columns.score[row] > 0.9);
    both("id between", integers(), &|columns, row| (1 << 38..=1 << 39).contains(&columns.ids[row]));
    with_columns(&whole[0], |columns| {
        let Columns { ids, status, score, validity: [id_bits, status_bits, score_bits] } = *columns;
        group.bench_function("status and score, Rust by rows", |bencher| {
            bencher.iter(|| {
                by_rows(ROWS, |row| {
                    bit(status_bits, row) && status[row] == ACTIVE && bit(score_bits, row) && score[row] > 0.5
                })
            });
        });
        group.bench_function("status and score, Rust by blocks", |bencher| {
            bencher.iter(|| {
                by_blocks(ROWS, |start| {
                    word(status_bits, start)
                        & word(score_bits, start)
                        & block(status, start, |status| status == ACTIVE)
                        & block(score, start, |score| score > 0.5)
                })
            });
        });
        group.bench_function("score, Rust by rows", |bencher| {
            bencher.iter(|| by_rows(ROWS, |row| bit(score_bits, row) && score[row] > 0.9));
        });
        group.bench_function("score, Rust by blocks", |bencher| {
            bencher
                .iter(|| by_blocks(ROWS, |start| word(score_bits, start) & block(score, start, |score| score > 0.9)));
        });
        let between = |id: i64| (1 << 38..=1 << 39).contains(&id);
        group.bench_function("id between, Rust by rows", |bencher| {
            bencher.iter(|| by_rows(ROWS, |row| bit(id_bits, row) && between(ids[row])));
        });
        group.bench_function("id between, Rust by blocks", |bencher| {
            bencher.iter(|| by_blocks(ROWS, |start| word(id_bits, start) & block(ids, start, between)));
        });
    });
    let compiled = Bench::pipeline(Some(text_and_number()), vec![column(ID), column(SCORE)]);
    group.bench_function("project, compiled", |bencher| bencher.iter(|| compiled.run(&[&whole])));
    with_columns(&whole[0], |columns| {
        let Columns { status, score, validity: [_, status_bits, score_bits], .. } = *columns;
        group.bench_function("project, Rust by blocks", |bencher| {
            bencher.iter(|| {
                let selection = by_blocks(ROWS, |start| {
                    word(status_bits, start)
                        & word(score_bits, start)
                        & block(status, start, |status| status == ACTIVE)
                        & block(score, start, |score| score > 0.5)
                });
                gather(columns, &selection)
            });
        });
    });
    let half = Expr::binary(BinaryOperator::Multiply, column(SCORE), number(0.5));
    let computed = Bench::pipeline(Some(number_only()), vec![half]);
    group.bench_function("score, computed, compiled", |bencher| bencher.iter(|| computed.run(&[&whole])));
    group.finish();
}

fn plan_over(
    group: &mut BenchmarkGroup<'_, criterion::measurement::WallTime>,
    name: &str,
    plan: Operator,
    tables: &[&Table],
) {
    let bench = Bench::plan(plan);
    group.throughput(Throughput::Elements(tables[0].iter().map(|batch| batch.rows() as u64).sum()));
    group.bench_function(name, |bencher| bencher.iter(|| bench.run(tables)));
}

fn plans(criterion: &mut Criterion) {
    let rows = table(200_000, 1024);
    let few = table(10_000, 1024);
    let mut group = criterion.benchmark_group("operators");
    group.sample_size(10);
    let input = || Box::new(Operator::Shared(0));
    let key = |column| SortKey { column, descending: false, nulls_first: false };
    let sort = |keys: &[u32]| Operator::Sort { input: input(), keys: keys.iter().map(|column| key(*column)).collect() };
    plan_over(&mut group, "sort by a number", sort(&[SCORE]), &[&rows]);
    plan_over(&mut group, "sort by a text and an integer", sort(&[NAME, ID]), &[&rows]);

    let limit = FunctionBody::Scalar(Expr::integer(100));
    let program = Program { functions: vec![Function { name: "limit".to_owned(), body: limit }], ..Program::default() };
    let limit = Some(moltler_abi::manifest::FunctionId(0));
    let top = Bench::new(program, Operator::Limit { input: Box::new(sort(&[SCORE])), limit, offset: None });
    group.bench_function("top 100 by a number", |bencher| bencher.iter(|| top.run(&[&rows])));

    // The keys of groups come first, so that other columns have to be put in front.
    let groups = |keys: Vec<u32>| {
        let types: Vec<DataType> = keys.iter().map(|column| TYPES[*column as usize]).collect();
        let mut outputs: Vec<_> = keys.iter().map(|column| moltler_abi::manifest::Output::Column(*column)).collect();
        outputs.push(moltler_abi::manifest::Output::Column(SCORE));
        let pipeline =
            moltler_abi::manifest::Pipeline { code: moltler_abi::manifest::FunctionId(0), filters: false, outputs };
        let aggregate = |function, argument, data_type| Aggregate {
            function,
            distinct: false,
            argument,
            separator: None,
            data_type,
        };
        let score = keys.len() as u32;
        Operator::Aggregate {
            input: Box::new(Operator::Pipeline { input: input(), pipeline }),
            keys: keys.len() as u32,
            aggregates: vec![
                aggregate(AggregateFunction::CountRows, None, DataType::Integer),
                aggregate(AggregateFunction::Sum, Some(score), DataType::Number),
            ],
            output: types.into_iter().chain([DataType::Integer, DataType::Number]).collect(),
        }
    };
    plan_over(&mut group, "four groups by a short text", groups(vec![STATUS]), &[&rows]);
    plan_over(&mut group, "100,000 groups by a long text", groups(vec![NAME]), &[&rows]);
    plan_over(&mut group, "200,000 groups by an integer", groups(vec![ID]), &[&rows]);
    plan_over(&mut group, "distinct rows", Operator::Distinct(input()), &[&rows]);
    let join = Operator::HashJoin(Join {
        left: input(),
        right: Box::new(Operator::Shared(1)),
        kind: JoinKind::Inner,
        keys: vec![(NAME, NAME)],
        condition: None,
        left_columns: TYPES.to_vec(),
        right_columns: TYPES.to_vec(),
    });
    plan_over(&mut group, "join with 10,000 rows by a long text", join, &[&rows, &few]);
    group.finish();
}

/// Rows of four fields from an array that a handler keeps.
fn rows_of_a_handler(criterion: &mut Criterion) {
    const HANDLER: &str = "const rows = [];
        for (let id = 0; id < 100000; id++)
            rows.push({id, status: ['active', 'closed'][id % 2], score: id / 7, name: 'the name of row ' + id});
        function query() { return rows; }";
    let mut program = Program::default();
    let manifest = &mut program.manifest;
    manifest.types.push(ConnectorType { name: "shop".to_owned(), ..ConnectorType::default() });
    let fields = [("id", TYPES[0]), ("status", TYPES[1]), ("score", TYPES[2]), ("name", TYPES[3])];
    let field = |(name, data_type): (&str, DataType)| Field { name: name.to_owned(), data_type, ..Field::default() };
    let handler = Script {
        name: "shop.items".to_owned(),
        entry: "query".to_owned(),
        source: HANDLER.to_owned(),
        ..Script::default()
    };
    manifest.entities.push(Entity {
        name: "items".to_owned(),
        fields: fields.map(field).into(),
        handler,
        ..Entity::default()
    });
    manifest.instances.push(Instance { name: "shop1".to_owned(), ..Instance::default() });
    manifest.global_instances.push(0);
    let scan = |columns: &[u32]| {
        Operator::Scan(Scan {
            instance: "shop1".to_owned(),
            entity: 0,
            columns: columns.to_vec(),
            filters: Vec::new(),
            each: Vec::new(),
            conditions: Vec::new(),
            limit: None,
            order_by: Vec::new(),
            span: Span::default(),
        })
    };
    let mut group = criterion.benchmark_group("rows out of JavaScript");
    group.sample_size(10);
    group.throughput(Throughput::Elements(100_000));
    let all = Bench::new(program.clone(), scan(&[0, 1, 2, 3]));
    assert_eq!(all.run(&[]), 100_000);
    group.bench_function("four fields", |bencher| bencher.iter(|| all.run(&[])));
    let one = Bench::new(program, scan(&[0]));
    group.bench_function("one field", |bencher| bencher.iter(|| one.run(&[])));
    group.finish();
}

criterion_group!(benches, filters, plans, rows_of_a_handler);
criterion_main!(benches);
