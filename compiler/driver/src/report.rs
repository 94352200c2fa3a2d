//! A diagnostic as text for a terminal, or as one line of JSON.

pub mod formats;

use std::io::IsTerminal;
use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};
use moltler_db::{Diagnostic, Edit, FileId, FileRange, Severity};
use serde_json::{Value, json};

/// A place further away than so many lines gets an excerpt of its own.
const FAR: usize = 40;

/// Puts `*` in the place of what stands between the quotes, byte for byte.
fn hide(excerpt: &mut String, literal: Range<usize>) {
    let inside = literal.start + 1..literal.end.saturating_sub(1).max(literal.start + 1);
    if excerpt.is_char_boundary(inside.start) && excerpt.is_char_boundary(inside.end) {
        let hidden: String =
            excerpt[inside.clone()].bytes().map(|byte| if byte == b'\n' { '\n' } else { '*' }).collect();
        excerpt.replace_range(inside, &hidden);
    }
}

/// A file as reports show it.
#[derive(Debug)]
pub struct SourceText {
    /// The name that the user knows it by.
    pub path: String,
    /// Its text.
    pub text: String,
    /// Where lines start.
    lines: Vec<usize>,
}

/// A place in a text, from 1; columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Position {
    line: usize,
    column: usize,
}

impl SourceText {
    /// A file of this name and text.
    pub fn new(path: String, text: String) -> SourceText {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(index, _)| index + 1)).collect();
        SourceText { path, text, lines }
    }

    /// Index of the line that holds this byte.
    fn line(&self, offset: usize) -> usize {
        self.lines.partition_point(|start| *start <= offset) - 1
    }

    /// The nearest place at or before `offset` where a character starts.
    fn clamp(&self, offset: u32) -> usize {
        self.text.floor_char_boundary(offset as usize)
    }

    fn position(&self, offset: u32) -> Position {
        let offset = self.clamp(offset);
        let line = self.line(offset);
        Position { line: line + 1, column: self.text[self.lines[line]..offset].chars().count() + 1 }
    }

    fn range(&self, range: FileRange) -> Range<usize> {
        let start = self.clamp(range.range.start());
        start..self.clamp(range.range.end()).max(start)
    }

    /// The lines from the one with `first` to the one with `last`, as a byte range.
    fn whole_lines(&self, first: usize, last: usize) -> Range<usize> {
        let end = self.lines.get(self.line(last) + 1).copied().unwrap_or(self.text.len());
        self.lines[self.line(first)]..end
    }
}

/// Where reports find the text of a file.
pub trait Sources {
    /// The file with this number.
    fn source(&self, file: FileId) -> &SourceText;
}

/// How reports look on standard error: with colours on a terminal, unless the user minds.
pub fn renderer() -> Renderer {
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let renderer = if colours { Renderer::styled() } else { Renderer::plain() };
    renderer.decor_style(DecorStyle::Ascii)
}

/// A diagnostic for people: its place with an excerpt, labels, help and fixes.
pub fn render(renderer: &Renderer, sources: &dyn Sources, diagnostic: &Diagnostic) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Hint => Level::NOTE.with_name("hint"),
    };
    let title = level.primary_title(visible(&diagnostic.message)).id(diagnostic.code);
    let mut group = Group::with_title(title).elements(excerpts(sources, diagnostic));
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(visible(help)));
    }
    // A fix says in other words what the help says.
    if let (None, Some(fix)) = (&diagnostic.help, diagnostic.fixes.first()) {
        group = group.element(Level::HELP.message(visible(&fix.title)));
    }
    renderer.render(&[group])
}

/// One excerpt for the place itself and what lies near it, one for each place further away.
fn excerpts<'a>(sources: &'a dyn Sources, diagnostic: &'a Diagnostic) -> Vec<Snippet<'a, Annotation<'a>>> {
    let main = sources.source(diagnostic.range.file);
    let range = main.range(diagnostic.range);
    let (mut first, mut last) = (range.start, range.end);
    let mut near = Vec::new();
    let mut far = Vec::new();
    for label in &diagnostic.labels {
        let source = sources.source(label.range.file);
        let place = source.range(label.range);
        if label.range.file == diagnostic.range.file
            && source.line(place.start).abs_diff(source.line(range.start)) <= FAR
        {
            first = first.min(place.start);
            last = last.max(place.end);
            near.push((place, &label.message));
        } else {
            far.push((source, place, &label.message));
        }
    }
    let window = main.whole_lines(first, last);
    let mut excerpt = main.text[window.clone()].to_owned();
    if diagnostic.code == "hard-coded-secret" {
        hide(&mut excerpt, range.start - window.start..range.end - window.start);
    }
    let shifted = |place: Range<usize>, window: &Range<usize>| place.start - window.start..place.end - window.start;
    let mut snippet = Snippet::source(excerpt)
        .path(&main.path)
        .line_start(main.line(window.start) + 1)
        .annotation(AnnotationKind::Primary.span(shifted(range, &window)));
    for (place, message) in near {
        snippet = snippet.annotation(AnnotationKind::Context.span(shifted(place, &window)).label(visible(message)));
    }
    let mut excerpts = vec![snippet];
    for (source, place, message) in far {
        let window = source.whole_lines(place.start, place.end);
        excerpts.push(
            Snippet::source(&source.text[window.clone()])
                .path(&source.path)
                .line_start(source.line(window.start) + 1)
                .annotation(AnnotationKind::Context.span(shifted(place, &window)).label(visible(message))),
        );
    }
    excerpts
}

/// Control characters of the user's text must not reach a terminal.
fn visible(text: &str) -> String {
    text.chars()
        .map(|character| if character.is_control() && character != '\n' { '\u{fffd}' } else { character })
        .collect()
}

/// A diagnostic as one line of JSON: lines and columns from 1, columns in characters.
pub fn to_json(sources: &dyn Sources, diagnostic: &Diagnostic) -> String {
    let mut value = place(sources, diagnostic.range);
    let edit = |edit: &Edit| {
        let mut value = place(sources, edit.range);
        value["text"] = json!(edit.text);
        value
    };
    let fixes: Vec<Value> = diagnostic
        .fixes
        .iter()
        .map(|fix| json!({"title": fix.title, "edits": fix.edits.iter().map(edit).collect::<Vec<_>>()}))
        .collect();
    let related: Vec<Value> = diagnostic
        .labels
        .iter()
        .map(|label| {
            let mut value = place(sources, label.range);
            value["message"] = json!(label.message);
            value
        })
        .collect();
    let mut line = json!({
        "severity": diagnostic.severity.name(),
        "code": diagnostic.code,
        "message": diagnostic.message,
    });
    if let (Value::Object(line), Value::Object(place)) = (&mut line, &mut value) {
        line.append(place);
        line.insert("help".to_owned(), json!(diagnostic.help));
        line.insert("fixes".to_owned(), Value::Array(fixes));
        line.insert("related".to_owned(), Value::Array(related));
    }
    line.to_string()
}

fn place(sources: &dyn Sources, range: FileRange) -> Value {
    let source = sources.source(range.file);
    let (start, end) = (source.position(range.range.start()), source.position(range.range.end()));
    json!({
        "file": source.path,
        "line": start.line,
        "column": start.column,
        "end_line": end.line,
        "end_column": end.column,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use moltler_db::{Fix, Label};
    use moltler_syntax::TextRange;

    impl Sources for Vec<SourceText> {
        fn source(&self, file: FileId) -> &SourceText {
            &self[file.index()]
        }
    }

    fn range(start: u32, end: u32) -> FileRange {
        FileRange { file: FileId(0), range: TextRange::new(start, end) }
    }

    fn diagnostic(range: FileRange) -> Diagnostic {
        Diagnostic {
            code: "unknown-entity",
            severity: Severity::Error,
            range,
            message: "`shop` has no entity `itmes`".to_owned(),
            labels: Vec::new(),
            help: None,
            fixes: Vec::new(),
            tags: Vec::new(),
        }
    }

    fn sources(text: &str) -> Vec<SourceText> {
        vec![SourceText::new("shop.molt".to_owned(), text.to_owned())]
    }

    #[test]
    fn an_error_shows_its_line_and_help() {
        let sources = sources("-- Äpfel\nSELECT * FROM shop.itmes;\n");
        let mut diagnostic = diagnostic(range(24, 34));
        diagnostic.help = Some("did you mean `items`?".to_owned());
        diagnostic.labels.push(Label { range: range(0, 2), message: "a comment".to_owned() });
        let text = render(&Renderer::plain(), &sources, &diagnostic);
        for part in
            ["error[unknown-entity]: `shop` has no entity `itmes`", "shop.molt:2:15", "did you mean", "a comment"]
        {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
    }

    #[test]
    fn a_secret_in_the_text_is_not_shown() {
        let sources = sources("CONFIG {\"key\": \"s3cr3t é\"};\n");
        let found = Diagnostic { code: "hard-coded-secret", ..diagnostic(range(15, 26)) };
        let shown = render(&Renderer::plain(), &sources, &found);
        assert!(shown.contains("CONFIG {\"key\": \"*********\"};") && !shown.contains("s3cr3t"), "{shown}");
    }

    #[test]
    fn json_counts_characters_from_one() {
        let sources = sources("ä SELECT;\nab");
        let mut diagnostic = diagnostic(range(3, 12));
        diagnostic.fixes.push(Fix {
            title: "Replace".to_owned(),
            edits: vec![Edit { range: range(0, 2), text: "a".to_owned() }],
            is_automatic: true,
        });
        let line: Value = serde_json::from_str(&to_json(&sources, &diagnostic)).expect("a line of JSON");
        let keys: Vec<&String> = line.as_object().expect("an object").keys().collect();
        assert_eq!(
            keys,
            [
                "severity",
                "code",
                "message",
                "file",
                "line",
                "column",
                "end_line",
                "end_column",
                "help",
                "fixes",
                "related"
            ]
        );
        assert_eq!((&line["line"], &line["column"]), (&json!(1), &json!(3)));
        assert_eq!((&line["end_line"], &line["end_column"]), (&json!(2), &json!(2)));
        assert_eq!(line["fixes"][0]["edits"][0]["end_column"], json!(2));
    }

    #[test]
    fn no_range_can_break_a_report() {
        for text in ["", "\n", "a", "äöü\r\n\tb\u{7}\n", "x\n\n\ny"] {
            let sources = sources(text);
            for start in 0..12 {
                for end in 0..12 {
                    let mut diagnostic = diagnostic(range(start, end));
                    diagnostic.labels.push(Label { range: range(end, start), message: "there\u{1b}[31m".to_owned() });
                    render(&Renderer::plain(), &sources, &diagnostic);
                    to_json(&sources, &diagnostic);
                }
            }
        }
    }
}
