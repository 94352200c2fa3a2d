//! JUnit's XML, as continuous integration takes it: elements and attributes of Jenkins' schema, in its order.

use std::fmt::Write;
use std::time::Duration;

use moltler_abi::manifest::Manifest;
use moltler_runtime::report::render_error;
use moltler_runtime::test_run::{TestOutcome, TestResult};

use super::{Report, Sums, place};
use crate::coverage::CoverageReport;
use crate::output::{self, Failure};

/// A suite for each file. The sums stand in the first elements, so everything is written at the end.
#[derive(Default)]
pub(super) struct Junit {
    suites: Vec<Suite>,
}

/// The tests of a file.
#[derive(Default)]
struct Suite {
    file: String,
    sums: Sums,
    time: Duration,
    cases: String,
}

impl Report for Junit {
    fn outcome(&mut self, manifest: &Manifest, outcome: &TestOutcome) -> Result<(), Failure> {
        let (file, line) = place(manifest, outcome);
        if self.suites.last().is_none_or(|suite| suite.file != file) {
            self.suites.push(Suite { file: file.to_owned(), ..Suite::default() });
        }
        let suite = self.suites.last_mut().expect("Invariant: one was added where there was none");
        suite.time += outcome.duration;
        let _ = write!(
            suite.cases,
            "    <testcase classname=\"{}\" name=\"{}\" time=\"{}\"",
            escape(&outcome.type_name),
            escape(&outcome.name),
            seconds(outcome.duration)
        );
        let _ = match &outcome.result {
            TestResult::Passed => {
                suite.sums.passed += 1;
                writeln!(suite.cases, "/>")
            }
            TestResult::Skipped(reason) => {
                suite.sums.skipped += 1;
                writeln!(suite.cases, ">\n      <skipped message=\"{}\"/>\n    </testcase>", escape(reason))
            }
            TestResult::Failed(error) => {
                suite.sums.failed += 1;
                let text = format!("{}test: {file}:{line}\n", render_error(manifest, error));
                writeln!(
                    suite.cases,
                    ">\n      <failure message=\"{}\" type=\"{}\">{}</failure>\n      <system-err>{}</system-err>\n    </testcase>",
                    escape(&error.message),
                    escape(&error.class),
                    escape(&text),
                    escape(&outcome.output)
                )
            }
        };
        Ok(())
    }

    fn coverage(&mut self, report: &CoverageReport) -> Result<(), Failure> {
        // JUnit's format has no place for it.
        output::note(report.to_text().trim_end());
        Ok(())
    }

    fn end(&mut self, sums: &Sums) -> Result<(), Failure> {
        let time = self.suites.iter().map(|suite| suite.time).sum();
        let mut text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"moltler\" {}>\n",
            counts(sums, time)
        );
        for suite in &self.suites {
            let file = escape(&suite.file);
            let _ = write!(
                text,
                "  <testsuite name=\"{file}\" file=\"{file}\" {} skipped=\"{}\">\n{}  </testsuite>\n",
                counts(&suite.sums, suite.time),
                suite.sums.skipped,
                suite.cases
            );
        }
        text.push_str("</testsuites>");
        output::line(text)
    }
}

/// What suites and the whole say alike. A test that could not be carried out at all has failed here too: there are no errors besides.
fn counts(sums: &Sums, time: Duration) -> String {
    format!("tests=\"{}\" failures=\"{}\" errors=\"0\" time=\"{}\"", sums.total(), sums.failed, seconds(time))
}

/// More than three digits behind the point are not accepted everywhere.
fn seconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
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
}
