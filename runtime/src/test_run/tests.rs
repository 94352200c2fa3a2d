#![expect(unsafe_code, reason = "stands in for generated code")]

use moltler_abi::layout::{Context, Datum, DatumOut, FAILED, OK, Runtime, Status};
use moltler_abi::manifest::{MockApi, Span, Test};

use super::*;
use crate::testing::{TestProgram, integer, text};

unsafe extern "C" fn passes(runtime: Runtime, context: Context) -> Status {
    // SAFETY: the table and the context are those of the call.
    unsafe { ((*runtime).print)(context, &text("hello")) }
}

unsafe extern "C" fn fails(runtime: Runtime, context: Context) -> Status {
    // SAFETY: as in `passes`.
    unsafe { ((*runtime).raise)(context, &text("no"), &Datum::default()) }
}

/// `{}`
unsafe extern "C" fn no_mocks(runtime: Runtime, context: Context, result: DatumOut) -> Status {
    // SAFETY: as in `passes`; `result` is a datum to write to.
    unsafe { ((*runtime).document_new)(context, result) }
}

/// 2024-01-15
unsafe extern "C" fn start(_: Runtime, _: Context, result: DatumOut) -> Status {
    // SAFETY: `result` is a datum to write to.
    unsafe { result.write(text("2024-01-15")) };
    OK
}

/// Prints NOW().
unsafe extern "C" fn prints_time(runtime: Runtime, context: Context) -> Status {
    let (now, _) = moltler_abi::functions::find("NOW").expect("declared");
    let mut result = Datum::default();
    // SAFETY: as in `passes`.
    unsafe {
        if ((*runtime).call)(context, now, std::ptr::null(), 0, &mut result) == FAILED {
            return FAILED;
        }
        ((*runtime).print)(context, &result)
    }
}

/// Panics in the runtime: there is no such command.
unsafe extern "C" fn panics(runtime: Runtime, context: Context) -> Status {
    // SAFETY: as in `passes`.
    unsafe {
        ((*runtime).store_variable)(context, 0, &integer(1));
        ((*runtime).command)(context, 0)
    }
}

/// ENV('UNSET')
unsafe extern "C" fn reads_unset(runtime: Runtime, context: Context) -> Status {
    let (env, _) = moltler_abi::functions::find("ENV").expect("declared");
    // SAFETY: as in `passes`.
    unsafe { ((*runtime).call)(context, env, &text("UNSET"), 1, &mut Datum::default()) }
}

fn test(name: &str, code: Option<FunctionId>) -> Test {
    Test {
        name: name.to_owned(),
        type_name: "shop".to_owned(),
        tags: vec!["unit".to_owned()],
        at: None,
        mock_api: None,
        code,
        variables: 1,
        environment: Vec::new(),
        errors: Vec::new(),
        span: Span { file: 0, start: 3, end: 9 },
    }
}

fn options(threads: usize) -> TestOptions {
    TestOptions {
        threads,
        environment: Arc::new(|name| (name == "SET").then(|| "x".to_owned())),
        ..TestOptions::default()
    }
}

fn result_of(outcome: &TestOutcome) -> String {
    match &outcome.result {
        TestResult::Passed => format!("{} passed", outcome.name),
        TestResult::Failed(error) => format!("{} failed: {error}", outcome.name),
        TestResult::Skipped(reason) => format!("{} skipped: {reason}", outcome.name),
    }
}

#[test]
fn outcomes_come_in_the_order_of_the_tests() {
    let mut program = TestProgram::default();
    for number in 0..40 {
        let code = if number % 3 == 0 { program.entry(fails) } else { program.entry(passes) };
        program.manifest.tests.push(test(&number.to_string(), Some(code)));
    }
    let program = program.load();
    let tests: Vec<usize> = (0..40).rev().collect();
    for threads in [0, 1, 4, 100] {
        let mut seen = Vec::new();
        let outcomes = run_tests_with(&program, &tests, &options(threads), |outcome| seen.push(outcome.index));
        assert_eq!(seen, tests);
        for outcome in outcomes {
            assert_eq!(matches!(outcome.result, TestResult::Failed(_)), outcome.index % 3 == 0);
            assert_eq!(outcome.output, if outcome.index % 3 == 0 { "" } else { "hello\n" });
            assert_eq!(outcome.tags, ["unit"]);
        }
    }
    assert!(run_tests(&program, &[], 4, |_| {}).is_empty());
}

#[test]
fn what_cannot_run_is_skipped_or_failed() {
    let mut program = TestProgram::default();
    let code = program.entry(passes);
    let set = Test { environment: vec!["SET".to_owned()], ..test("set", Some(code)) };
    let unset = Test {
        environment: vec!["SET".to_owned(), "UNSET".to_owned()],
        errors: vec!["there is no action `delete`".to_owned()],
        ..test("unset", Some(code))
    };
    let late = program.entry(reads_unset);
    let broken = Test { errors: vec!["one".to_owned(), "two".to_owned()], ..test("broken", None) };
    program.manifest.tests.extend([set, unset, broken, test("late", Some(late))]);
    let program = program.load();
    let outcomes = run_tests_with(&program, &[0, 1, 2, 3, 9], &options(2), |_| {});
    assert_eq!(
        outcomes.iter().map(result_of).collect::<Vec<_>>(),
        [
            "set passed",
            "unset skipped: UNSET is not set; it also does not compile: there is no action `delete`",
            "broken failed: CompileError: the test does not compile: one",
            "late skipped: UNSET is not set",
            " failed: InternalError: unknown test; this is a bug in Moltler",
        ]
    );
    let TestResult::Failed(error) = &outcomes[2].result else { panic!("it failed") };
    assert_eq!(
        (error.notes.as_slice(), error.span),
        (&["two".to_owned()][..], Some(Span { file: 0, start: 3, end: 9 }))
    );
}

#[test]
fn time_stands_still_with_mocks() {
    let mut program = TestProgram::default();
    let at = Some(program.scalar(start));
    let mock_api = Some(MockApi::Computed(program.scalar(no_mocks)));
    let code = Some(program.entry(prints_time));
    program.manifest.tests.push(Test { at, mock_api, ..test("time", code) });
    let outcome = run_test(&program.load(), 0, &options(1));
    assert_eq!((result_of(&outcome).as_str(), outcome.output.as_str()), ("time passed", "2024-01-15T00:00:00Z\n"));
}

#[test]
fn a_panic_fails_its_test_only() {
    let mut program = TestProgram::default();
    program.shop(&[], "", None);
    let describe = moltler_abi::manifest::Command::Describe { instance: "shop1".to_owned(), entity: 99 };
    program.manifest.commands.push(describe);
    let (panicking, passing) = (program.entry(panics), program.entry(passes));
    program.manifest.tests.extend([test("panics", Some(panicking)), test("passes", Some(passing))]);
    let outcomes = run_tests_with(&program.load(), &[0, 1], &options(1), |_| {});
    assert!(result_of(&outcomes[0]).starts_with("panics failed: InternalError: "), "{}", result_of(&outcomes[0]));
    assert_eq!(result_of(&outcomes[1]), "passes passed");
}
