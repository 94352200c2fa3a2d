//! `moltlerc test`

mod pushdown;
mod recordings;
mod watch;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use moltler_abi::manifest::Test;
use moltler_runtime::coverage::Coverage;
use moltler_runtime::test_run::{self, TestOptions, TestOutcome, TestResult};

use crate::args::{TestArguments, TestFormat};
use crate::compile::{self, Goal};
use crate::coverage::{Counters, CoverageReport};
use crate::output::{self, FAILED, Failure, SUCCESS};
use crate::session::{Session, select};
use crate::test_report::{self, Report, Sums};
use moltler_db::FileId;

/// Runs tests and reports them.
pub fn run(arguments: &TestArguments) -> Result<u8, Failure> {
    if arguments.watch {
        return watch::run(&arguments.paths, || run_once(arguments));
    }
    run_once(arguments)
}

fn run_once(arguments: &TestArguments) -> Result<u8, Failure> {
    let mut report = test_report::new(arguments);
    let mut sums = Sums::default();
    for selection in select(&arguments.paths)? {
        let wanted = |test: &Test| is_wanted(arguments, test);
        let mode = Mode {
            record: arguments.record,
            coverage: arguments.coverage || arguments.lcov.is_some(),
            verify_pushdown: arguments.verify_pushdown.then_some(arguments.format),
        };
        sums.add(run_tests(&selection.session, selection.files, wanted, mode, report.as_mut())?);
    }
    report.end(&sums)?;
    if sums.total() == 0 {
        output::note("no tests found");
        return Ok(if arguments.allow_empty { SUCCESS } else { FAILED });
    }
    Ok(if sums.failed > 0 || sums.refuted > 0 { FAILED } else { SUCCESS })
}

/// What else happens while tests run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mode {
    /// What tests without MOCK_API exchange with the world is kept. Otherwise those that were recorded get the same answers again.
    pub record: bool,
    /// What the tests never ran is told.
    pub coverage: bool,
    /// What PUSHDOWN claims is tried, and told in this format.
    pub verify_pushdown: Option<TestFormat>,
}

/// Runs the wanted tests of these files.
pub fn run_tests(
    session: &Session,
    files: Vec<FileId>,
    wanted: impl Fn(&Test) -> bool,
    mode: Mode,
    report: &mut dyn Report,
) -> Result<Sums, Failure> {
    let plan = compile::plan(session, &Goal::Tests(files));
    let tests: Vec<usize> =
        plan.manifest.tests.iter().enumerate().filter(|(_, test)| wanted(test)).map(|(index, _)| index).collect();
    if tests.is_empty() {
        return Ok(Sums::default());
    }
    let root = Path::new(session.package.root());
    report.package(root);
    let mut counters = mode.coverage.then(Counters::default);
    let program = compile::load_with(&plan, counters.as_mut())?;
    let coverage = counters.as_ref().map(|counters| Arc::new(Coverage::new(counters.count())));
    let recordings = if mode.record { BTreeMap::new() } else { recordings::load(root, &plan.manifest, &tests)? };
    let options = TestOptions {
        record: mode.record,
        recordings: Arc::new(recordings),
        coverage: coverage.clone(),
        verify_pushdown: mode.verify_pushdown.is_some(),
        ..TestOptions::default()
    };
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
    let outcomes = test_run::run_tests_with(&program, &tests, &options, on_done);
    if let Some(format) = mode.verify_pushdown {
        sums.refuted += pushdown::report(&plan.manifest, &outcomes, format)?;
    }
    if mode.record {
        let recorded = outcomes.into_iter().filter_map(|outcome| Some((outcome.index, outcome.recording?)));
        recordings::save(root, &plan.manifest, recorded.collect())?;
    }
    closed?;
    if let (Some(counters), Some(coverage)) = (counters, coverage) {
        report.coverage(&CoverageReport::new(&plan.manifest, &counters, &coverage))?;
    }
    Ok(sums)
}

fn is_wanted(arguments: &TestArguments, test: &Test) -> bool {
    let has = |tags: &[String]| tags.iter().any(|tag| test.tags.contains(tag));
    (arguments.tag.is_empty() || has(&arguments.tag))
        && !has(&arguments.skip_tag)
        && arguments
            .filter
            .as_ref()
            .is_none_or(|text| if arguments.exact { test.name == *text } else { test.name.contains(text) })
}
