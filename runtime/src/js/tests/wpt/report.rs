//! The list of files with what is expected of them, as a Markdown table for each area.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What came of one file.
pub(super) struct Outcome {
    area: &'static str,
    path: String,
    pub(super) passed: u32,
    /// Subtests that measure something else.
    pub(super) left_out: u32,
    pub(super) failures: Vec<String>,
}

impl Outcome {
    pub(super) fn new(area: &'static str, path: &str) -> Outcome {
        Outcome { area, path: path.to_owned(), passed: 0, left_out: 0, failures: Vec::new() }
    }

    pub(super) fn fail(&mut self, name: &str, message: &str) {
        self.failures.push(format!("{name}: {message}"));
    }
}

struct Row {
    passed: String,
    failed: String,
    reason: String,
}

/// The list as it stands, by path.
pub(super) struct Expected {
    head: String,
    rows: BTreeMap<String, Row>,
}

const LEFT_OUT: &str = "left out";

impl Expected {
    pub(super) fn read(text: &str) -> Expected {
        let rows = text.lines().filter_map(|line| {
            let cells: Vec<&str> = line.strip_prefix("| ")?.trim_end().trim_end_matches('|').split(" | ").collect();
            let [path, passed, failed, reason] = cells[..] else { return None };
            let row = |text: &str| text.trim().to_owned();
            path.ends_with(".any.js").then(|| {
                (path.trim().to_owned(), Row { passed: row(passed), failed: row(failed), reason: row(reason) })
            })
        });
        let head = text.split("\n## ").next().unwrap_or_default();
        let head = head.split("\n| area").next().unwrap_or_default().trim_end().to_owned();
        Expected { head, rows: rows.collect() }
    }

    /// Why a file is not run.
    pub(super) fn left_out(&self, path: &str) -> Option<&str> {
        self.rows.get(path).filter(|row| row.passed == LEFT_OUT).map(|row| row.reason.as_str())
    }

    fn reason(&self, path: &str) -> &str {
        self.rows.get(path).map_or("", |row| row.reason.as_str())
    }
}

/// Files, subtests passed, failed and left out, by area.
pub(super) fn table(outcomes: &[Outcome], expected: &Expected) -> String {
    let mut areas: Vec<(&str, [u32; 5])> = Vec::new();
    for outcome in outcomes {
        if areas.last().is_none_or(|(area, _)| *area != outcome.area) {
            areas.push((outcome.area, [0; 5]));
        }
        let Some((_, [files, passed, failed, left_out, other])) = areas.last_mut() else { continue };
        if expected.left_out(&outcome.path).is_some() {
            *left_out += 1;
            continue;
        }
        *files += 1;
        *passed += outcome.passed;
        *failed += outcome.failures.len() as u32;
        *other += outcome.left_out;
    }
    let mut text = String::from(
        "| area | files | files left out | passed | failed | share | left out |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    let mut sum = [0; 5];
    for (area, counts) in &areas {
        line(&mut text, area, counts);
        sum.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    line(&mut text, "all", &sum);
    text
}

fn line(text: &mut String, area: &str, [files, passed, failed, left_out, other]: &[u32; 5]) {
    let all = passed + failed;
    let share = if all == 0 { 0.0 } else { f64::from(*passed) * 100.0 / f64::from(all) };
    let _ = writeln!(text, "| {area} | {files} | {left_out} | {passed} | {failed} | {share:.1} % | {other} |");
}

/// The list with these results; reasons stay.
pub(super) fn document(outcomes: &[Outcome], expected: &Expected) -> String {
    let mut text = format!("{}\n\n{}", expected.head, table(outcomes, expected));
    let mut area = "";
    for outcome in outcomes {
        if outcome.area != area {
            area = outcome.area;
            let _ = write!(text, "\n## {area}\n\n| file | passed | failed | why |\n| --- | ---: | ---: | --- |\n");
        }
        let reason = expected.reason(&outcome.path);
        let _ = match expected.left_out(&outcome.path) {
            Some(reason) => writeln!(text, "| {} | {LEFT_OUT} |  | {reason} |", outcome.path),
            None => writeln!(text, "| {} | {} | {} | {} |", outcome.path, outcome.passed, outcome.failures.len(), {
                if outcome.failures.is_empty() { "" } else { reason }
            }),
        };
    }
    text
}

/// Where the results are not what the list says.
pub(super) fn differences(outcomes: &[Outcome], expected: &Expected) -> Vec<String> {
    let mut differences = Vec::new();
    for outcome in outcomes {
        let Some(row) = expected.rows.get(&outcome.path) else {
            differences.push(format!("{}: not in the list", outcome.path));
            continue;
        };
        if row.passed == LEFT_OUT {
            continue;
        }
        let failed = outcome.failures.len();
        if row.passed != outcome.passed.to_string() || row.failed != failed.to_string() {
            differences.push(format!(
                "{}: {} passed, {failed} failed; the list says {} and {}",
                outcome.path, outcome.passed, row.passed, row.failed
            ));
        }
        if failed > 0 && row.reason.is_empty() {
            differences.push(format!("{}: no reason is given for what fails", outcome.path));
        }
    }
    differences
}
