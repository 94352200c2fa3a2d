//! The cases in `tests/cases/`: Markdown sections whose fences hold input and results. `UPDATE=1` rewrites the results.
//!
//! | fence | meaning |
//! | --- | --- |
//! | `sql` | input: statements beside the connector of `cases/shop.molt`, whose instance is `shop` |
//! | `molt` | input: a program without that connector |
//! | `api METHOD /path [STATUS]` | what the API answers; its address is `ENV('API_URL')` |
//! | `rows` | the results as CSV |
//! | `stdout` | the results as tables |
//! | `json` | the results as lines of JSON |
//! | `error` | standard error of a run that fails |
//! | `requests` | what the API was asked |
//! | `diagnostics` | what `check` says, as `line:column severity[code] message` |
//! | `test` | what `test` says |
//! | `verify` | what `test --verify-pushdown` says |
//! | `query` | input: a query of the connectors of `cases/explain.molt` |
//! | `explain` | what `explain` says of it |
//!
//! Results of a run are compared with those of plans that no rule has touched, unless the fence says `optimised`: the case
//! shows what a handler is asked, and that is what rules change.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use moltler_tests::command::{Command, Outcome};
use moltler_tests::markdown::{Fence, Section, sections};
use moltler_tests::server::{Reply, Server};
use moltler_tests::{scratch, test_file};
use serde_json::Value;

/// Fences that are results.
const RESULTS: [&str; 9] = ["rows", "stdout", "json", "error", "requests", "diagnostics", "test", "verify", "explain"];

#[test]
fn cases_give_what_they_say() {
    let mut pages = Vec::new();
    collect(&test_file("cases"), &mut pages);
    pages.sort();
    assert!(!pages.is_empty(), "there are no cases");
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(page) = pages.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = run_page(page);
                    failures.lock().expect("Invariant: no thread panics while it holds the lock").extend(found);
                }
            });
        }
    });
    let failures = failures.into_inner().expect("Invariant: all threads have ended");
    assert!(
        failures.is_empty(),
        "{} cases differ (UPDATE=1 rewrites them)\n\n{}",
        failures.len(),
        failures.join("\n\n")
    );
}

fn collect(folder: &Path, pages: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the cases can be read") {
        let path = entry.expect("the cases can be read").path();
        if path.is_dir() {
            collect(&path, pages);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
}

/// The differences of one page.
fn run_page(path: &Path) -> Vec<String> {
    let page = std::fs::read_to_string(path).expect("the cases can be read");
    let mut changes: Vec<(Range<usize>, String)> = Vec::new();
    let mut failures = Vec::new();
    for section in sections(&page) {
        if section.fences.is_empty() {
            continue;
        }
        let mut case = Case::new(&section);
        for fence in section.fences.iter().filter(|fence| RESULTS.contains(&fence.kind())) {
            case.optimised_only = fence.info.ends_with(" optimised");
            let actual = with_line_end(case.result(fence.kind()));
            if actual != fence.text {
                failures.push(format!(
                    "{}:{} {} ({})\n--- expected\n{}--- actual\n{actual}",
                    path.display(),
                    fence.line,
                    section.title,
                    fence.kind(),
                    fence.text
                ));
                changes.push((fence.range.clone(), actual));
            }
        }
    }
    if std::env::var_os("UPDATE").is_none_or(|value| value != "1") {
        return failures;
    }
    let mut page = page;
    for (range, text) in changes.into_iter().rev() {
        page.replace_range(range, &text);
    }
    std::fs::write(path, page).expect("the cases can be written");
    Vec::new()
}

fn with_line_end(mut text: String) -> String {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// A case with its folder and its API.
struct Case {
    folder: tempfile::TempDir,
    api: Server,
    query: String,
    optimised_only: bool,
}

impl Case {
    fn new(section: &Section) -> Case {
        let folder = scratch();
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).expect("the scratch folder can be written");
        };
        match (section.fence("sql"), section.fence("molt")) {
            (Some(input), None) => {
                write("case.molt", &input.text);
                write("shop.molt", include_str!("../cases/shop.molt"));
            }
            (None, Some(input)) => write("case.molt", &input.text),
            _ => assert!(
                section.fence("query").is_some(),
                "`{}` needs one fence `sql`, `molt` or `query`",
                section.title
            ),
        }
        if section.fence("query").is_some() {
            write("connectors.molt", include_str!("../cases/explain.molt"));
        }
        let query = section.fence("query").map(|query| query.text.trim_end().to_owned()).unwrap_or_default();
        let answers: Vec<(String, Reply)> = section.fences.iter().filter_map(answer).collect();
        let api = Server::start(move |call| {
            let asked = format!("{} {}", call.method, call.path);
            let found = answers.iter().find(|(known, _)| *known == asked);
            found.map_or_else(|| Reply::new(404, "{}"), |(_, reply)| reply.clone())
        });
        Case { folder, api: api.expect("a port is free"), query, optimised_only: false }
    }

    fn result(&mut self, kind: &str) -> String {
        match kind {
            "rows" => self.run("csv", 0).stdout,
            "stdout" => self.run("table", 0).stdout,
            "json" => self.run("json", 0).stdout,
            "error" => self.run("table", 1).stderr,
            "requests" => {
                let before = self.api.requests().len();
                self.command(&["run", "case.molt"]);
                self.api.requests()[before..].join("\n")
            }
            "diagnostics" => self.diagnostics(),
            "test" => {
                let outcome = self.command(&["test", "case.molt"]);
                if outcome.stdout.is_empty() { outcome.stderr } else { outcome.stdout }
            }
            "verify" => {
                let outcome = self.command(&["test", "--verify-pushdown", "case.molt"]);
                outcome.stdout + &outcome.stderr
            }
            "explain" => {
                let outcome = self.command(&["explain", &self.query]);
                outcome.stdout + &outcome.stderr
            }
            other => unreachable!("Invariant: `{other}` is in RESULTS"),
        }
    }

    /// Runs the case, once as it is and once with plans that no rule has touched: the results must be the same.
    fn run(&self, format: &str, status: i32) -> Outcome {
        let outcome = self.command(&["run", "case.molt", "--format", format]);
        let plain = match self.optimised_only {
            true => outcome.clone(),
            false => self.command(&["run", "--unoptimized", "case.molt", "--format", format]),
        };
        let same = (&outcome.stdout, outcome.status) == (&plain.stdout, plain.status);
        if outcome.status == Some(status) && same {
            return outcome;
        }
        if !same {
            let text = format!("without optimisation\n{}{}", plain.stdout, plain.stderr);
            return Outcome { stdout: text.clone(), stderr: text, status: plain.status };
        }
        let text = format!("exit status {:?}\n{}{}", outcome.status, outcome.stdout, outcome.stderr);
        Outcome { stdout: text.clone(), stderr: text, status: outcome.status }
    }

    fn diagnostics(&self) -> String {
        let outcome = self.command(&["check", "case.molt", "--format", "json"]);
        let mut text = String::new();
        for line in outcome.stdout.lines() {
            let Ok(diagnostic) = serde_json::from_str::<Value>(line) else { return outcome.stdout };
            let field = |name: &str| diagnostic[name].as_str().unwrap_or_default().to_owned();
            text.push_str(&format!(
                "{}:{} {}[{}] {}\n",
                diagnostic["line"],
                diagnostic["column"],
                field("severity"),
                field("code"),
                field("message")
            ));
            if let Some(help) = diagnostic["help"].as_str() {
                text.push_str(&format!("    help: {help}\n"));
            }
        }
        if !outcome.stderr.is_empty() {
            text.push_str(&outcome.stderr);
        }
        text
    }

    fn command(&self, arguments: &[&str]) -> Outcome {
        let mut outcome = Command::moltlerc(self.folder.path()).args(arguments).env("API_URL", self.api.url()).run();
        // The port is another one each time.
        outcome.stdout = outcome.stdout.replace(&self.api.url(), "http://api");
        outcome.stderr = outcome.stderr.replace(&self.api.url(), "http://api");
        outcome
    }
}

/// `api METHOD /path [STATUS]` and the answer.
fn answer(fence: &Fence) -> Option<(String, Reply)> {
    let mut words = fence.info.split_whitespace();
    let (Some("api"), Some(method), Some(path)) = (words.next(), words.next(), words.next()) else { return None };
    let status = words.next().map_or(200, |status| status.parse().expect("a status is a number"));
    Some((format!("{method} {path}"), Reply::new(status, fence.text.trim_end())))
}
