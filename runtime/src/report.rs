//! Errors of a run as text for people.

use moltler_abi::manifest::{Manifest, Span};

use crate::error::RuntimeError;

/// How wide an excerpt may be, in characters.
const MAX_WIDTH: usize = 160;

/// The error with its place in the source, request, stack and notes; ends with a line end.
pub fn render_error(manifest: &Manifest, error: &RuntimeError) -> String {
    let mut text = format!("error: {}: {}\n", error.class, error.message);
    if let Some(excerpt) = error.span.and_then(|span| excerpt(manifest, span)) {
        text.push_str(&excerpt);
    }
    let mut note = |label: &str, sentence: &str| {
        let mut lines = sentence.lines();
        text.push_str(&format!("  = {label}{}\n", lines.next().unwrap_or_default()));
        for line in lines {
            text.push_str(&format!("    {line}\n"));
        }
    };
    if let Some(source) = &error.source {
        note("in ", source);
    }
    if let Some(request) = &error.request {
        let status = request.status.map_or(String::new(), |status| format!(", answered {status}"));
        note("request: ", &format!("{} {}{status}", request.method, request.url));
    }
    if let Some(code) = &error.code {
        note("code: ", code);
    }
    for frame in &error.stack {
        let place = place(manifest, frame.span).unwrap_or_else(|| "an unknown place".to_owned());
        match frame.function.as_str() {
            "" => note("at ", &place),
            function => note("at ", &format!("{function} ({place})")),
        }
    }
    let mut cause = error.cause.as_deref();
    while let Some(error) = cause {
        note("caused by ", &error.to_string());
        cause = error.cause.as_deref();
    }
    for sentence in &error.notes {
        note("note: ", sentence);
    }
    text
}

/// `shop.molt:12:5`: line and column from 1, the column in characters.
pub fn place(manifest: &Manifest, span: Span) -> Option<String> {
    let file = manifest.files.get(span.file as usize)?;
    let position = Position::of(&file.text, span.start as usize)?;
    Some(format!("{}:{}:{}", file.path, position.line, position.column))
}

/// A place in a source file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
}

impl Place {
    /// Where a span starts; `None` where it lies outside of its file.
    pub fn of(manifest: &Manifest, span: Span) -> Option<Place> {
        let file = manifest.files.get(span.file as usize)?;
        let position = Position::of(&file.text, span.start as usize)?;
        Some(Place { line: position.line, column: position.column })
    }
}

struct Position<'t> {
    line: usize,
    column: usize,
    /// Where the line starts.
    start: usize,
    text: &'t str,
}

impl<'t> Position<'t> {
    fn of(text: &'t str, offset: usize) -> Option<Position<'t>> {
        let before = text.get(..offset)?;
        let start = before.rfind('\n').map_or(0, |line_end| line_end + 1);
        let end = text[offset..].find('\n').map_or(text.len(), |line_end| offset + line_end);
        Some(Position {
            line: before.matches('\n').count() + 1,
            column: text[start..offset].chars().count() + 1,
            start,
            text: text[start..end].trim_end_matches('\r'),
        })
    }
}

/// The line that a span starts in, with carets below the span.
fn excerpt(manifest: &Manifest, span: Span) -> Option<String> {
    let file = manifest.files.get(span.file as usize)?;
    let position = Position::of(&file.text, span.start as usize)?;
    let place = format!("{}:{}:{}", file.path, position.line, position.column);
    let number = position.line.to_string();
    let margin = " ".repeat(number.len());
    let characters: Vec<char> =
        position.text.chars().map(|character| if character == '\t' { ' ' } else { character }).collect();
    // A long line is cut so that the place is still in it.
    let from = (position.column - 1).saturating_sub(MAX_WIDTH / 2).min(characters.len());
    let from = if characters.len() <= MAX_WIDTH { 0 } else { from };
    let shown: String = characters.iter().skip(from).take(MAX_WIDTH).collect();
    let line_end = position.start + position.text.len();
    let span_end = (span.end as usize).clamp(span.start as usize, line_end.max(span.start as usize));
    let length = file.text.get(span.start as usize..span_end).map_or(1, |text| text.chars().count());
    let column = position.column - 1 - from;
    let carets = "^".repeat(length.min(MAX_WIDTH.saturating_sub(column)).max(1));
    Some(format!(
        "{margin}--> {place}\n{margin} |\n{number} | {}\n{margin} | {}{carets}\n",
        shown.trim_end(),
        " ".repeat(column)
    ))
}

#[cfg(test)]
mod tests {
    use moltler_abi::manifest::SourceFile;

    use super::*;
    use crate::error::{RequestInfo, StackFrame};

    fn manifest(text: &str) -> Manifest {
        let mut manifest = Manifest::default();
        manifest.files.push(SourceFile { path: "shop.molt".to_owned(), text: text.to_owned() });
        manifest
    }

    #[test]
    fn an_error_shows_its_place() {
        let text = "-- é\r\nSELECT\té FROM shop.items;\r\n";
        let start = text.find("shop").expect("in the text") as u32;
        let span = Span { file: 0, start, end: start + 10 };
        let mut error = RuntimeError::new("ConnectorAuthError", "Invalid API key").at(span).with_note("one\ntwo");
        error.source = Some("shop.items".to_owned());
        error.request = Some(RequestInfo { method: "GET".to_owned(), url: "https://a/".to_owned(), status: Some(401) });
        error.stack.push(StackFrame { function: "query".to_owned(), span: Span { file: 0, start: 0, end: 0 } });
        assert_eq!(
            render_error(&manifest(text), &error),
            "error: ConnectorAuthError: Invalid API key\n \
             --> shop.molt:2:15\n  |\n\
             2 | SELECT é FROM shop.items;\n  |               ^^^^^^^^^^\n  \
             = in shop.items\n  = request: GET https://a/, answered 401\n  = at query (shop.molt:1:1)\n  = note: one\n    two\n"
        );
    }

    #[test]
    fn every_span_can_be_shown() {
        let text = format!("a\n{}\n\nend", "é".repeat(400));
        let manifest = manifest(&text);
        for start in 0..=text.len() as u32 + 2 {
            for end in [start, start + 1, start + 500] {
                let _ = excerpt(&manifest, Span { file: 0, start, end });
            }
        }
        assert_eq!(excerpt(&manifest, Span { file: 7, start: 0, end: 0 }), None);
    }
}
