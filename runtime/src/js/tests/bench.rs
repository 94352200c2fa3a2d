//! Figures for people: `cargo test --lib js::tests::bench -- --ignored --nocapture`.

use std::time::Instant;

use super::*;

#[test]
#[ignore = "prints times, asserts nothing"]
fn contexts_and_rows() {
    run(async {
        for _ in 0..3 {
            let start = Instant::now();
            let script = script("execute", &[], "function execute() { return 1 }");
            let compiled = start.elapsed();
            let mut bench = Bench::new("{}");
            let start = Instant::now();
            bench.execute(&script, &empty()).await.expect("it answers");
            let first = start.elapsed();
            let start = Instant::now();
            bench.execute(&script, &empty()).await.expect("it answers");
            let second = start.elapsed();
            let start = Instant::now();
            drop(bench);
            eprintln!("compile {compiled:?}, first call {first:?}, second {second:?}, drop {:?}", start.elapsed());
        }
        let entity = entity(
            PAGE_FIELDS,
            "const rows = []; for (let i = 0; i < 100000; i++) rows.push({id: 'id' + i, name: 'name ' + i, status: 'active', created_at: '2024-01-15T10:00:00Z', metadata: {a: i}});
             function query() { return rows; }",
        );
        let mut bench = Bench::new("{}");
        for _ in 0..3 {
            let start = Instant::now();
            let rows = bench.query(&entity).await.expect("it answers");
            eprintln!("{} rows in {:?}", rows.batch.rows(), start.elapsed());
        }
    });
}
