//! Handlers that lie: what they filter, order and limit, or not, changes no answer.
//!
//! The same random queries are run on handlers that return all their rows in one array, and on handlers that do with each call
//! what a seed leads to (`random/table.rs`): apply some filters, honour a limit or not, shuffle, return pages or rows one by one.
//! `MOLTLER_LYING_SEEDS=50` tries so many seeds.

use fastrand::Rng;
use moltler_tests::command::Command;
use moltler_tests::scratch;
use serde_json::Value;

use crate::random::query::{Order, Query, query};
use crate::random::table::tables;

/// Queries of one program.
const QUERIES: usize = 150;

#[test]
fn handlers_that_lie_change_no_answer() {
    let seeds = std::env::var("MOLTLER_LYING_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(3);
    let mut rng = Rng::with_seed(11);
    let (connector, _) = tables(&mut rng);
    let folder = scratch();
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("the scratch folder can be written");
    };
    write("tables.molt", &connector);
    let mut differences = Vec::new();
    for seed in 1..=seeds {
        let queries: Vec<Query> = std::iter::repeat_with(|| query(&mut rng)).take(QUERIES).collect();
        let statement = |query: &Query| format!("TRY {}; CATCH SELECT 'failed' AS failed; END TRY;\n", query.molt);
        write("queries.molt", &queries.iter().map(statement).collect::<String>());
        let answers = |lie: u32| {
            let command = Command::moltlerc(folder.path()).args(["run", "queries.molt", "--format", "json"]);
            command.env("LIE", lie.to_string()).run().expect_status(0).stdout
        };
        let (honest, lying) = (answers(0), answers(seed));
        assert_eq!(honest.lines().count(), QUERIES, "each query has one answer");
        assert_eq!(lying.lines().count(), QUERIES, "each query has one answer");
        for (query, (honest, lying)) in queries.iter().zip(honest.lines().zip(lying.lines())) {
            let (honest, lying) = (normal(query, honest), normal(query, lying));
            if honest != lying {
                let shown = format!("{}; -- LIE={seed}\n  honest {honest:?}\n  lying  {lying:?}", query.molt);
                differences.push(shown);
            }
        }
    }
    assert!(differences.is_empty(), "{} answers differ\n\n{}", differences.len(), differences.join("\n\n"));
}

/// The rows as text, sorted where they have no order.
fn normal(query: &Query, line: &str) -> Vec<String> {
    let Ok(Value::Array(rows)) = serde_json::from_str(line) else { panic!("not an array: {line}") };
    let text = |row: &Value| match row {
        // Sums of doubles depend on the order of rows.
        Value::Object(row) if query.approximate => {
            let text = |value: &Value| match value.as_f64() {
                Some(number) if value.is_f64() => format!("{number:.5} "),
                _ => format!("{value} "),
            };
            row.values().map(text).collect()
        }
        row => row.to_string(),
    };
    let mut rows: Vec<String> = rows.iter().map(text).collect();
    match query.order {
        Order::Total => {}
        Order::None => rows.sort(),
        Order::Any => rows.fill(String::new()),
    }
    rows
}
