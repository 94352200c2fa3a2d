//! Figures for people: `cargo test --lib js::tests::bench -- --ignored --nocapture`.

#![expect(clippy::print_stderr, reason = "figures for people")]

use std::time::Duration;

use super::*;

/// What the thread has spent on a processor: wall time says little on a busy machine. Zero where the system does not tell.
struct Instant(Duration);

impl Instant {
    fn now() -> Instant {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
        let nanoseconds = text.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0);
        Instant(Duration::from_nanos(nanoseconds))
    }

    fn elapsed(&self) -> Duration {
        Instant::now().0 - self.0
    }
}

#[test]
#[ignore = "prints times, asserts nothing"]
fn parts_of_a_start() {
    const COUNT: u32 = 100;
    let time = |name: &str, mut action: Box<dyn FnMut()>| {
        action();
        let start = Instant::now();
        (0..COUNT).for_each(|_| action());
        eprintln!("{name}: {:?}", start.elapsed() / COUNT);
    };
    time(
        "runtime and context",
        Box::new(|| {
            let runtime = rquickjs::Runtime::new().expect("a runtime");
            drop(rquickjs::Context::full(&runtime).expect("a context"));
        }),
    );
    let script = script("execute", &[], "function execute() { return 1 }");
    for clock in [Clock::real(), Clock::virtual_at(0)] {
        let script = script.clone();
        let virtual_time = clock.is_virtual();
        time(
            &format!("first call, virtual time {virtual_time}"),
            Box::new(move || {
                let clock = clock.clone();
                run(async {
                    let mut bench = Bench::with("{}", |settings| settings.clock = clock);
                    bench.execute(&script, &empty()).await.expect("it answers");
                });
            }),
        );
    }
}

#[test]
#[ignore = "prints times, asserts nothing"]
fn rows() {
    let handler = "const rows = []; for (let i = 0; i < 100000; i++) rows.push({id: 'id' + i, name: 'name ' + i, status: 'active', created_at: '2024-01-15T10:00:00Z', metadata: {a: i}, n: i, f: i / 3, b: true});
                   function query() { return rows; }";
    let field = |name, data_type| (name, data_type);
    let all = [
        field("id", DataType::String),
        field("name", DataType::String),
        field("status", DataType::String),
        field("n", DataType::Integer),
        field("f", DataType::Number),
        field("b", DataType::Boolean),
        field("created_at", DataType::Timestamp),
        field("metadata", DataType::Document),
    ];
    for columns in [0..1, 0..3, 3..6, 0..6, 6..7, 7..8, 0..8] {
        run(async {
            let entity = entity(&all[columns.clone()], handler);
            let mut bench = Bench::new("{}");
            bench.query(&entity).await.expect("it answers");
            let start = Instant::now();
            for _ in 0..5 {
                bench.query(&entity).await.expect("it answers");
            }
            eprintln!("columns {columns:?}: {:?} for 100,000 rows", start.elapsed() / 5);
        });
    }
}
