//! Diagnostics for other programs: SARIF for scanners, workflow commands for GitHub.

use std::collections::BTreeMap;

use moltler_db::{Diagnostic, Edit, FileRange, Fix, Severity};
use moltler_hir::diagnostics::Code;
use serde_json::{Value, json};

use super::{Sources, place};

/// Diagnostics as a SARIF 2.1.0 document with one run.
#[derive(Debug, Default)]
pub struct Sarif {
    results: Vec<Value>,
    /// Codes in the order of their first result: the rules.
    rules: Vec<&'static str>,
}

impl Sarif {
    /// Adds a result.
    pub fn add(&mut self, sources: &dyn Sources, diagnostic: &Diagnostic) {
        let index = self.rules.iter().position(|rule| *rule == diagnostic.code).unwrap_or_else(|| {
            self.rules.push(diagnostic.code);
            self.rules.len() - 1
        });
        let related: Vec<Value> = diagnostic
            .labels
            .iter()
            .map(|label| {
                let mut location = location(sources, label.range);
                location["message"] = json!({"text": label.message});
                location
            })
            .collect();
        let fixes: Vec<Value> = diagnostic.fixes.iter().map(|fix| sarif_fix(sources, fix)).collect();
        self.results.push(json!({
            "ruleId": diagnostic.code,
            "ruleIndex": index,
            "level": level(diagnostic.severity),
            "message": {"text": text(diagnostic)},
            "locations": [location(sources, diagnostic.range)],
            "relatedLocations": related,
            "fixes": fixes,
        }));
    }

    /// The document.
    pub fn finish(self) -> String {
        let rules: Vec<Value> = self.rules.iter().map(|rule| sarif_rule(rule)).collect();
        let driver = json!({"name": "moltlerc", "version": env!("CARGO_PKG_VERSION"), "rules": rules});
        let run = json!({"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": self.results});
        let schema = "https://json.schemastore.org/sarif-2.1.0.json";
        json!({"$schema": schema, "version": "2.1.0", "runs": [run]}).to_string()
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Hint => "note",
    }
}

fn text(diagnostic: &Diagnostic) -> String {
    match &diagnostic.help {
        Some(help) => format!("{}\n{help}", diagnostic.message),
        None => diagnostic.message.clone(),
    }
}

/// A code with its page.
fn sarif_rule(name: &str) -> Value {
    let Some(code) = Code::from_name(name) else { return json!({"id": name}) };
    json!({
        "id": name,
        "shortDescription": {"text": code.summary()},
        "help": {"text": code.page(), "markdown": code.page()},
        "defaultConfiguration": {"level": level(code.severity())},
    })
}

fn sarif_fix(sources: &dyn Sources, fix: &Fix) -> Value {
    let mut files: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for Edit { range, text } in &fix.edits {
        let place = place(sources, *range);
        let replacement = json!({"deletedRegion": region(&place), "insertedContent": {"text": text}});
        files.entry(uri(&place)).or_default().push(replacement);
    }
    let change = |(uri, replacements)| json!({"artifactLocation": {"uri": uri}, "replacements": replacements});
    let changes: Vec<Value> = files.into_iter().map(change).collect();
    json!({"description": {"text": fix.title}, "artifactChanges": changes})
}

fn location(sources: &dyn Sources, range: FileRange) -> Value {
    let place = place(sources, range);
    json!({"physicalLocation": {"artifactLocation": {"uri": uri(&place)}, "region": region(&place)}})
}

fn region(place: &Value) -> Value {
    json!({
        "startLine": place["line"],
        "startColumn": place["column"],
        "endLine": place["end_line"],
        "endColumn": place["end_column"],
    })
}

/// The path as a relative reference, or as a `file:` URI when it is absolute.
fn uri(place: &Value) -> String {
    let path = place["file"].as_str().unwrap_or_default().replace('\\', "/");
    let mut uri = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(byte as char),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    if uri.starts_with('/') { format!("file://{uri}") } else { uri }
}

/// A diagnostic as a workflow command, which GitHub shows beside the line.
pub fn to_github(sources: &dyn Sources, diagnostic: &Diagnostic) -> String {
    let command = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Hint => "notice",
    };
    let place = place(sources, diagnostic.range);
    // GitHub takes columns only where the place is on one line.
    let columns = match place["line"] == place["end_line"] {
        true => format!(",col={},endColumn={}", place["column"], place["end_column"]),
        false => String::new(),
    };
    format!(
        "::{command} file={},line={},endLine={}{columns},title={}::{}",
        property(place["file"].as_str().unwrap_or_default()),
        place["line"],
        place["end_line"],
        property(diagnostic.code),
        message(&text(diagnostic)),
    )
}

/// The text of a command: what would end it or begin an escape is written as one.
fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a command, which also ends at a comma and, in old runners, at a colon.
fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}
