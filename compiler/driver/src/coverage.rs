//! Which entities, actions and lines of handlers the tests never ran.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use moltler_abi::host::COVERAGE_COUNTER;
use moltler_abi::manifest::{Manifest, Script, Span};
use moltler_runtime::coverage::Coverage;
use moltler_runtime::report::{Place, place};
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

/// A statement of a line: its column, and how often it ran.
type Runs = (usize, u64);

/// What ran and what did not.
#[derive(Debug, Default)]
pub struct CoverageReport {
    /// How many entities there are, and those that no test asked: name and place.
    entities: (usize, Vec<(String, String)>),
    /// How many actions there are, and those that no test called.
    actions: (usize, Vec<(String, String)>),
    /// By file, then by line: the statements that start there.
    lines: BTreeMap<String, BTreeMap<usize, Vec<Runs>>>,
    /// By file: the line in which a handler is declared, its name, and how often it was called.
    functions: BTreeMap<String, Vec<(usize, String, u64)>>,
}

impl CoverageReport {
    /// Of a program after its tests.
    pub fn new(manifest: &Manifest, counters: &Counters, coverage: &Coverage) -> CoverageReport {
        let type_name = |index: u32| manifest.types.get(index as usize).map_or("", |owner| owner.name.as_str());
        let at = |span| place(manifest, span).unwrap_or_default();
        let line = |span| Place::of(manifest, span).map_or(1, |place| place.line);
        let path =
            |span: Span| manifest.files.get(span.file as usize).map(|file| file.path.clone()).unwrap_or_default();
        let mut report = CoverageReport::default();
        for entity in &manifest.entities {
            report.entities.0 += 1;
            let name = format!("{}.{}", type_name(entity.connector_type), entity.name);
            let calls = coverage.calls(&entity.handler);
            let functions = report.functions.entry(path(entity.span)).or_default();
            functions.push((line(entity.span), name.clone(), calls));
            if calls == 0 {
                report.entities.1.push((name, at(entity.span)));
            }
        }
        for action in &manifest.actions {
            report.actions.0 += 1;
            let name = format!("{}.{}", type_name(action.connector_type), action.name);
            let calls = coverage.calls(&action.handler);
            let functions = report.functions.entry(path(action.span)).or_default();
            functions.push((line(action.span), name.clone(), calls));
            if calls == 0 {
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
            entry.push((before.chars().count() + 1, coverage.runs(number as u32)));
        }
        report
    }

    /// How many lines have a statement, and on how many of them one ran.
    fn line_counts(&self) -> (usize, usize) {
        let all = self.lines.values().flat_map(BTreeMap::values);
        (all.clone().count(), all.filter(|statements| hits(statements) > 0).count())
    }

    /// Of each file: lines of which nothing ran, as ranges of lines, and places on other lines that never ran.
    fn missed(lines: &BTreeMap<usize, Vec<Runs>>) -> Vec<String> {
        let mut missed: Vec<String> = Vec::new();
        // The range of lines under way.
        let mut open: Option<(usize, usize)> = None;
        let told = |(first, last): (usize, usize)| {
            if first == last { first.to_string() } else { format!("{first}-{last}") }
        };
        for (line, statements) in lines {
            if hits(statements) == 0 {
                // Lines without a statement between two such lines belong to them.
                open = Some((open.map_or(*line, |(first, _)| first), *line));
                continue;
            }
            missed.extend(open.take().map(told));
            let never = statements.iter().filter(|(_, runs)| *runs == 0);
            missed.extend(never.map(|(column, _)| format!("{line}:{column}")));
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

    /// For tools that show coverage, in the form of `lcov`: files with their whole paths, handlers as functions, and the lines of
    /// handlers. A line counts as often as that of its statements that ran most often.
    pub fn to_lcov(&self, root: &Path) -> String {
        let mut text = String::new();
        let files: BTreeSet<&String> = self.lines.keys().chain(self.functions.keys()).collect();
        for file in files {
            let _ = writeln!(text, "TN:\nSF:{}", root.join(file).display());
            let functions = self.functions.get(file).map_or(&[][..], Vec::as_slice);
            for (line, name, _) in functions {
                let _ = writeln!(text, "FN:{line},{name}");
            }
            for (_, name, calls) in functions {
                let _ = writeln!(text, "FNDA:{calls},{name}");
            }
            let called = functions.iter().filter(|(_, _, calls)| *calls > 0).count();
            let _ = writeln!(text, "FNF:{}\nFNH:{called}", functions.len());
            let lines = self.lines.get(file);
            let lines = || lines.into_iter().flatten();
            for (line, statements) in lines() {
                let _ = writeln!(text, "DA:{line},{}", hits(statements));
            }
            let hit = lines().filter(|(_, statements)| hits(statements) > 0).count();
            let _ = writeln!(text, "LF:{}\nLH:{hit}\nend_of_record", lines().count());
        }
        text
    }

    /// For programs. `root` is the folder of the package.
    pub fn to_json(&self, root: &Path) -> Value {
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
                "files": self.files_to_json(root),
            }
        })
    }

    /// Of each file its handlers and the statements of its lines, with how often they ran.
    fn files_to_json(&self, root: &Path) -> Vec<Value> {
        let files: BTreeSet<&String> = self.lines.keys().chain(self.functions.keys()).collect();
        let file = |file: &String| {
            let functions = self.functions.get(file).into_iter().flatten();
            let statements = self.lines.get(file).into_iter().flatten().flat_map(|(line, statements)| {
                statements.iter().map(move |(column, runs)| json!({"line": line, "column": column, "runs": runs}))
            });
            json!({
                "file": file,
                "path": root.join(file),
                "handlers": functions
                    .map(|(line, name, calls)| json!({"name": name, "line": line, "runs": calls}))
                    .collect::<Vec<_>>(),
                "statements": statements.collect::<Vec<_>>(),
            })
        };
        files.into_iter().map(file).collect()
    }
}

/// How often the line with these statements ran.
fn hits(statements: &[Runs]) -> u64 {
    statements.iter().map(|(_, runs)| *runs).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_as_ranges() {
        let lines = BTreeMap::from([
            (1, vec![(1, 4)]),
            (3, vec![(5, 0)]),
            (4, vec![(5, 0), (9, 0)]),
            (6, vec![(1, 0)]),
            (7, vec![(3, 1), (9, 0)]),
            (9, vec![(3, 0)]),
        ]);
        assert_eq!(CoverageReport::missed(&lines), ["3-6", "7:9", "9"]);
        let functions = BTreeMap::from([("a.molt".to_owned(), vec![(2, "shop.items".to_owned(), 4)])]);
        let report = CoverageReport {
            lines: BTreeMap::from([("a.molt".to_owned(), lines)]),
            functions,
            ..CoverageReport::default()
        };
        assert_eq!(
            report.to_lcov(Path::new("/p")),
            "TN:\nSF:/p/a.molt\nFN:2,shop.items\nFNDA:4,shop.items\nFNF:1\nFNH:1\nDA:1,4\nDA:3,0\nDA:4,0\nDA:6,0\nDA:7,1\n\
             DA:9,0\nLF:6\nLH:2\nend_of_record\n"
        );
    }
}
