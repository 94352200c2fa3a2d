//! Which entities, actions and lines of handlers the tests never ran.

use std::collections::BTreeMap;

use moltler_abi::host::COVERAGE_COUNTER;
use moltler_abi::manifest::{Manifest, Script};
use moltler_runtime::coverage::Coverage;
use moltler_runtime::report::place;
use serde_json::{Value, json};

/// The statements of a program's scripts, by the numbers of their counters.
#[derive(Debug, Default)]
pub struct Counters {
    /// File and offset in the file of each statement.
    statements: Vec<(u32, u32)>,
}

impl Counters {
    /// Puts counters into the script, unless it cannot be read; gives what was inserted.
    pub fn instrument(&mut self, script: &mut Script) -> Vec<(u32, u32)> {
        let first = self.statements.len() as u32;
        let Some(instrumented) = moltler_js::instrument(&script.source, COVERAGE_COUNTER, first) else {
            return Vec::new();
        };
        let places = instrumented.statements.iter().map(|range| (script.span.file, script.span.start + range.start));
        self.statements.extend(places);
        script.source = instrumented.text;
        instrumented.insertions
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.statements.len()
    }
}

/// What ran and what did not.
#[derive(Debug, Default)]
pub struct CoverageReport {
    /// How many entities there are, and those that no test asked: name and place.
    entities: (usize, Vec<(String, String)>),
    /// How many actions there are, and those that no test called.
    actions: (usize, Vec<(String, String)>),
    /// By file, then by line: how many statements start there, and the columns of those that never ran.
    lines: BTreeMap<String, BTreeMap<usize, (usize, Vec<usize>)>>,
}

impl CoverageReport {
    /// Of a program after its tests.
    pub fn new(manifest: &Manifest, counters: &Counters, coverage: &Coverage) -> CoverageReport {
        let type_name = |index: u32| manifest.types.get(index as usize).map_or("", |owner| owner.name.as_str());
        let at = |span| place(manifest, span).unwrap_or_default();
        let mut report = CoverageReport::default();
        for entity in &manifest.entities {
            report.entities.0 += 1;
            if !coverage.was_called(&entity.handler) {
                let name = format!("{}.{}", type_name(entity.connector_type), entity.name);
                report.entities.1.push((name, at(entity.span)));
            }
        }
        for action in &manifest.actions {
            report.actions.0 += 1;
            if !coverage.was_called(&action.handler) {
                let name = format!("{}.{}", type_name(action.connector_type), action.name);
                report.actions.1.push((name, at(action.span)));
            }
        }
        let mut starts: Vec<Option<Vec<usize>>> = vec![None; manifest.files.len()];
        for (number, (file, offset)) in counters.statements.iter().enumerate() {
            let Some(source) = manifest.files.get(*file as usize) else { continue };
            let starts = starts[*file as usize].get_or_insert_with(|| {
                let behind = source.text.match_indices('\n').map(|(at, _)| at + 1);
                std::iter::once(0).chain(behind).collect()
            });
            let line = starts.partition_point(|start| *start <= *offset as usize);
            let before = source.text.get(starts[line - 1]..*offset as usize).unwrap_or_default();
            let entry = report.lines.entry(source.path.clone()).or_default().entry(line).or_default();
            entry.0 += 1;
            if !coverage.ran(number as u32) {
                entry.1.push(before.chars().count() + 1);
            }
        }
        report
    }

    /// How many lines have a statement, and on how many of them one ran.
    fn line_counts(&self) -> (usize, usize) {
        let all = self.lines.values().flat_map(BTreeMap::values);
        (all.clone().count(), all.filter(|(statements, missed)| missed.len() < *statements).count())
    }

    /// Of each file: lines of which nothing ran, as ranges of lines, and places on other lines that never ran.
    fn missed(lines: &BTreeMap<usize, (usize, Vec<usize>)>) -> Vec<String> {
        let mut missed: Vec<String> = Vec::new();
        // The range of lines under way.
        let mut open: Option<(usize, usize)> = None;
        let told = |(first, last): (usize, usize)| {
            if first == last { first.to_string() } else { format!("{first}-{last}") }
        };
        for (line, (statements, columns)) in lines {
            if columns.len() == *statements {
                // Lines without a statement between two such lines belong to them.
                open = Some((open.map_or(*line, |(first, _)| first), *line));
                continue;
            }
            missed.extend(open.take().map(told));
            missed.extend(columns.iter().map(|column| format!("{line}:{column}")));
        }
        missed.extend(open.map(told));
        missed
    }

    /// For people.
    pub fn to_text(&self) -> String {
        let mut text = String::from("coverage\n");
        for (what, (all, missed)) in [("entities", &self.entities), ("actions", &self.actions)] {
            text.push_str(&format!("  {what}: {} of {all}\n", all - missed.len()));
            for (name, place) in missed {
                text.push_str(&format!("    {name} never ran ({place})\n"));
            }
        }
        let (all, ran) = self.line_counts();
        text.push_str(&format!("  lines of handlers: {ran} of {all}\n"));
        for (file, lines) in &self.lines {
            let missed = CoverageReport::missed(lines);
            if !missed.is_empty() {
                text.push_str(&format!("    {file}: {} never ran\n", missed.join(", ")));
            }
        }
        text
    }

    /// For programs.
    pub fn to_json(&self) -> Value {
        let part = |(all, missed): &(usize, Vec<(String, String)>)| {
            json!({
                "all": all,
                "run": all - missed.len(),
                "never_run": missed.iter().map(|(name, place)| json!({"name": name, "place": place})).collect::<Vec<_>>(),
            })
        };
        let (all, ran) = self.line_counts();
        let files: serde_json::Map<String, Value> =
            self.lines.iter().map(|(file, lines)| (file.clone(), json!(CoverageReport::missed(lines)))).collect();
        json!({
            "coverage": {
                "entities": part(&self.entities),
                "actions": part(&self.actions),
                "lines": {"all": all, "run": ran, "never_run": files},
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_as_ranges() {
        let line = |statements, missed: &[usize]| (statements, missed.to_vec());
        let lines = BTreeMap::from([
            (1, line(1, &[])),
            (3, line(1, &[5])),
            (4, line(2, &[5, 9])),
            (6, line(1, &[1])),
            (7, line(2, &[9])),
            (9, line(1, &[3])),
        ]);
        assert_eq!(CoverageReport::missed(&lines), ["3-6", "7:9", "9"]);
    }
}
