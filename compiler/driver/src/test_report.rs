//! Outcomes of tests: for people, as lines of JSON ([`json`]), as JUnit's XML ([`junit`]). All on standard output.

mod json;
mod junit;
mod lcov;

use std::path::{Path, PathBuf};

use moltler_abi::manifest::{Manifest, Span};
use moltler_runtime::report::{Place, render_error};
use moltler_runtime::test_run::{TestOutcome, TestResult};

use crate::args::{TestArguments, TestFormat};
use crate::coverage::CoverageReport;
use crate::output::{self, Failure};

/// How many tests ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Did what they say.
    pub passed: usize,
    /// Did not, or do not compile.
    pub failed: usize,
    /// Could not run here.
    pub skipped: usize,
    /// Claims of PUSHDOWN that handlers do not keep.
    pub refuted: usize,
}

impl Sums {
    /// Adds those of another package.
    pub fn add(&mut self, other: Sums) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.refuted += other.refuted;
    }

    /// All of them.
    pub fn total(&self) -> usize {
        self.passed + self.failed + self.skipped
    }
}

impl std::fmt::Display for Sums {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// Writes outcomes as they come.
pub trait Report {
    /// The tests of the package in this folder begin.
    fn package(&mut self, root: &Path) {
        let _ = root;
    }
    /// A test has ended.
    fn outcome(&mut self, manifest: &Manifest, outcome: &TestOutcome) -> Result<(), Failure>;
    /// What the tests of a package never ran.
    fn coverage(&mut self, report: &CoverageReport) -> Result<(), Failure>;
    /// All have.
    fn end(&mut self, sums: &Sums) -> Result<(), Failure>;
}

/// The report that the command asks for.
pub fn new(arguments: &TestArguments) -> Box<dyn Report> {
    let report: Box<dyn Report> = match arguments.format {
        TestFormat::Human => Box::new(Human),
        TestFormat::Json => Box::new(json::Json::default()),
        TestFormat::Junit => Box::new(junit::Junit::default()),
    };
    match &arguments.lcov {
        Some(file) => Box::new(lcov::Lcov {
            report,
            file: file.clone(),
            also_told: arguments.coverage,
            root: PathBuf::new(),
            text: String::new(),
        }),
        None => report,
    }
}

/// Nothing but failures, on standard error: what `publish` tells of the tests it runs.
pub struct Quiet;

impl Report for Quiet {
    fn outcome(&mut self, manifest: &Manifest, outcome: &TestOutcome) -> Result<(), Failure> {
        if let TestResult::Failed(error) = &outcome.result {
            let text = render_error(manifest, error);
            output::note(format_args!("{}: {} ... FAILED\n{text}", outcome.type_name, outcome.name));
        }
        Ok(())
    }

    fn coverage(&mut self, _: &CoverageReport) -> Result<(), Failure> {
        Ok(())
    }

    fn end(&mut self, _: &Sums) -> Result<(), Failure> {
        Ok(())
    }
}

struct Human;

impl Report for Human {
    fn outcome(&mut self, manifest: &Manifest, outcome: &TestOutcome) -> Result<(), Failure> {
        let title = format!("{}: {}", outcome.type_name, outcome.name);
        match &outcome.result {
            TestResult::Passed => output::line(format_args!("{title} ... ok")),
            TestResult::Skipped(reason) => output::line(format_args!("{title} ... skipped: {reason}")),
            TestResult::Failed(error) => {
                output::line(format_args!("{title} ... FAILED"))?;
                for line in render_error(manifest, error).trim_end().lines().chain(outcome.output.lines()) {
                    output::line(format_args!("  {line}").to_string().trim_end())?;
                }
                Ok(())
            }
        }
    }

    fn coverage(&mut self, report: &CoverageReport) -> Result<(), Failure> {
        output::line(report.to_text().trim_end())
    }

    fn end(&mut self, sums: &Sums) -> Result<(), Failure> {
        if sums.total() == 0 { Ok(()) } else { output::line(sums) }
    }
}

/// Where a test stands: the path of its file in the package, and its first line from 1.
fn place<'a>(manifest: &'a Manifest, outcome: &TestOutcome) -> (&'a str, usize) {
    let Some(test) = manifest.tests.get(outcome.index) else { return ("", 0) };
    match (manifest.files.get(test.span.file as usize), Place::of(manifest, first_word(manifest, test.span))) {
        (Some(source), Some(place)) => (&source.path, place.line),
        _ => ("", 0),
    }
}

/// A statement begins where the one before it ended: its own lines begin with its first word.
fn first_word(manifest: &Manifest, span: Span) -> Span {
    let blanks = manifest.files.get(span.file as usize).and_then(|source| {
        let rest = source.text.get(span.start as usize..)?;
        Some(rest.len() - rest.trim_start().len())
    });
    let start = span.start + blanks.unwrap_or_default() as u32;
    Span { start, end: span.end.max(start), ..span }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_read_as_promised() {
        assert_eq!(Sums { passed: 1, skipped: 2, ..Sums::default() }.to_string(), "1 passed, 0 failed, 2 skipped");
    }
}
