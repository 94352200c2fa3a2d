//! `moltlerc test`

use moltler_abi::manifest::Test;
use moltler_runtime::test_run::{TestOutcome, TestResult};

use crate::args::TestArguments;
use crate::compile::{self, Goal};
use crate::output::{self, FAILED, Failure, SUCCESS};
use crate::session::{Session, select};
use crate::test_report::{self, Report, Sums};
use moltler_db::FileId;

/// Runs tests and reports them.
pub fn run(arguments: &TestArguments) -> Result<u8, Failure> {
    let mut report = test_report::new(arguments.format);
    let mut sums = Sums::default();
    for selection in select(&arguments.paths)? {
        let wanted = |test: &Test| is_wanted(arguments, test);
        sums.add(run_tests(&selection.session, selection.files, wanted, report.as_mut())?);
    }
    report.end(&sums)?;
    if sums.total() == 0 {
        output::note("no tests found");
        return Ok(if arguments.allow_empty { SUCCESS } else { FAILED });
    }
    Ok(if sums.failed > 0 { FAILED } else { SUCCESS })
}

/// Runs the wanted tests of these files.
pub fn run_tests(
    session: &Session,
    files: Vec<FileId>,
    wanted: impl Fn(&Test) -> bool,
    report: &mut dyn Report,
) -> Result<Sums, Failure> {
    let plan = compile::plan(session, &Goal::Tests(files));
    let tests: Vec<usize> =
        plan.manifest.tests.iter().enumerate().filter(|(_, test)| wanted(test)).map(|(index, _)| index).collect();
    if tests.is_empty() {
        return Ok(Sums::default());
    }
    let program = compile::load(&plan)?;
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut sums = Sums::default();
    let mut closed = Ok(());
    let on_done = |outcome: &TestOutcome| {
        match outcome.result {
            TestResult::Passed => sums.passed += 1,
            TestResult::Failed(_) => sums.failed += 1,
            TestResult::Skipped(_) => sums.skipped += 1,
        }
        if closed.is_ok() {
            closed = report.outcome(&plan.manifest, outcome);
        }
    };
    moltler_runtime::test_run::run_tests(&program, &tests, threads, on_done);
    closed.map(|()| sums)
}

fn is_wanted(arguments: &TestArguments, test: &Test) -> bool {
    let has = |tags: &[String]| tags.iter().any(|tag| test.tags.contains(tag));
    (arguments.tag.is_empty() || has(&arguments.tag))
        && !has(&arguments.skip_tag)
        && arguments.filter.as_ref().is_none_or(|text| test.name.contains(text))
}
