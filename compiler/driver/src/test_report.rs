//! Outcomes of tests: for people, as lines of JSON, as JUnit's XML. All on standard output.

use moltler_abi::manifest::{Manifest, Span, Test};
use moltler_runtime::report::render_error;
use moltler_runtime::test_run::{TestOutcome, TestResult};
use serde_json::json;

use crate::args::TestFormat;
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
    /// A test has ended.
    fn outcome(&mut self, manifest: &Manifest, outcome: &TestOutcome) -> Result<(), Failure>;
    /// What the tests of a package never ran.
    fn coverage(&mut self, report: &CoverageReport) -> Result<(), Failure>;
    /// All have.
    fn end(&mut self, sums: &Sums) -> Result<(), Failure>;
}

/// The report of this format.
pub fn new(format: TestFormat) -> Box<dyn Report> {
    match format {
        TestFormat::Human => Box::new(Human),
        TestFormat::Json => Box::new(Json),
        TestFormat::Junit => Box::new(Junit::default()),
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

struct Json;

impl Report for Json {
    fn outcome(&mut self, manifest: &Manifest, outcome: &TestOutcome) -> Result<(), Failure> {
        let (file, line) = place(manifest, outcome);
        let (result, reason) = match &outcome.result {
            TestResult::Passed => ("passed", None),
            TestResult::Failed(error) => ("failed", Some(render_error(manifest, error))),
            TestResult::Skipped(reason) => ("skipped", Some(reason.clone())),
        };
        output::line(json!({
            "test": outcome.name,
            "type": outcome.type_name,
            "tags": outcome.tags,
            "file": file,
            "line": line,
            "result": result,
            "reason": reason,
            "seconds": outcome.duration.as_secs_f64(),
            "output": outcome.output,
        }))
    }

    fn coverage(&mut self, report: &CoverageReport) -> Result<(), Failure> {
        output::line(report.to_json())
    }

    fn end(&mut self, sums: &Sums) -> Result<(), Failure> {
        output::line(json!({"passed": sums.passed, "failed": sums.failed, "skipped": sums.skipped}))
    }
}

/// The sums stand in the first element, so everything is written at the end.
#[derive(Default)]
struct Junit {
    cases: String,
}

impl Report for Junit {
    fn outcome(&mut self, manifest: &Manifest, outcome: &TestOutcome) -> Result<(), Failure> {
        use std::fmt::Write;
        let (file, line) = place(manifest, outcome);
        let _ = write!(
            self.cases,
            "    <testcase classname=\"{}\" name=\"{}\" file=\"{}\" line=\"{line}\" time=\"{:.6}\"",
            escape(&outcome.type_name),
            escape(&outcome.name),
            escape(file),
            outcome.duration.as_secs_f64()
        );
        let _ = match &outcome.result {
            TestResult::Passed => writeln!(self.cases, "/>"),
            TestResult::Skipped(reason) => {
                writeln!(self.cases, ">\n      <skipped message=\"{}\"/>\n    </testcase>", escape(reason))
            }
            TestResult::Failed(error) => writeln!(
                self.cases,
                ">\n      <failure message=\"{}\" type=\"{}\">{}</failure>\n      <system-err>{}</system-err>\n    </testcase>",
                escape(&error.message),
                escape(&error.class),
                escape(&render_error(manifest, error)),
                escape(&outcome.output)
            ),
        };
        Ok(())
    }

    fn coverage(&mut self, report: &CoverageReport) -> Result<(), Failure> {
        // JUnit's format has no place for it.
        output::note(report.to_text().trim_end());
        Ok(())
    }

    fn end(&mut self, sums: &Sums) -> Result<(), Failure> {
        let counts = format!("tests=\"{}\" failures=\"{}\" skipped=\"{}\"", sums.total(), sums.failed, sums.skipped);
        output::line(format_args!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {counts}>\n  <testsuite name=\"moltler\" {counts}>\n{}  </testsuite>\n</testsuites>",
            self.cases
        ))
    }
}

/// File and line of a test.
fn place<'a>(manifest: &'a Manifest, outcome: &TestOutcome) -> (&'a str, usize) {
    let span = manifest.tests.get(outcome.index).map(|test: &Test| test.span).unwrap_or_default();
    let Span { file, start, .. } = span;
    let Some(source) = manifest.files.get(file as usize) else { return ("", 0) };
    // A statement begins where the one before it ended: its own line is that of its first word.
    let start = source.text.floor_char_boundary(start as usize);
    let before = source.text.len() - source.text[start..].trim_start().len();
    (&source.path, source.text[..before].matches('\n').count() + 1)
}

/// Text inside XML: markup escaped, characters that XML has not replaced.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push('\t'),
            control if control < ' ' || matches!(control, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_takes_any_text() {
        assert_eq!(escape("a<b & \"c\"\u{1b}"), "a&lt;b &amp; &quot;c&quot;\u{fffd}");
    }

    #[test]
    fn sums_read_as_promised() {
        assert_eq!(Sums { passed: 1, skipped: 2, ..Sums::default() }.to_string(), "1 passed, 0 failed, 2 skipped");
    }
}
