//! From our values to the protocol's.

use moltler_db::{Diagnostic, Edit, FileRange, Severity, Tag};
use moltler_hir::diagnostics::LocalDiagnostic;
use moltler_syntax::{Document, Encoding, TextRange};
use tower_lsp_server::gen_lsp_types as lsp;

use crate::snapshot::Snapshot;
use crate::uri;

/// A range of a document.
pub(crate) fn range(document: &Document, range: TextRange, encoding: Encoding) -> lsp::Range {
    let position = |offset| {
        let position = document.position(offset, encoding);
        lsp::Position { line: position.line, character: position.column }
    };
    lsp::Range { start: position(range.start()), end: position(range.end()) }
}

/// A range of any file of the snapshot's package; `None` when the file is gone.
pub(crate) fn location(snapshot: &Snapshot, place: FileRange) -> Option<lsp::Location> {
    let document = snapshot.package.document(place.file)?;
    let uri = uri_of(snapshot, place.file);
    Some(lsp::Location { uri: lsp::Uri(uri), range: range(document, place.range, snapshot.encoding) })
}

/// The URI of a file of the snapshot's package.
fn uri_of(snapshot: &Snapshot, file: moltler_db::FileId) -> String {
    if file == snapshot.file {
        return snapshot.uri.clone();
    }
    let path = snapshot.package.path(file);
    if path.starts_with('/') || path.as_bytes().get(1) == Some(&b':') { uri::from_path(path) } else { path.to_owned() }
}

/// Changes of files of the snapshot's package.
pub(crate) fn workspace_edit(snapshot: &Snapshot, edits: &[Edit]) -> serde_json::Value {
    let mut changes = serde_json::Map::new();
    for edit in edits {
        let Some(document) = snapshot.package.document(edit.range.file) else { continue };
        let range = range(document, edit.range.range, snapshot.encoding);
        let list = changes.entry(uri_of(snapshot, edit.range.file)).or_insert_with(|| serde_json::json!([]));
        if let Some(list) = list.as_array_mut() {
            list.push(serde_json::json!({"range": range, "newText": edit.text}));
        }
    }
    serde_json::json!({"changes": changes})
}

/// Markdown.
pub(crate) fn markdown(value: String) -> lsp::MarkupContent {
    lsp::MarkupContent { kind: lsp::MarkupKind::Markdown, value }
}

/// Markdown beside a suggestion.
pub(crate) fn documentation(value: String) -> lsp::Documentation {
    markdown(value).into()
}

/// A diagnostic of the snapshot's document.
pub(crate) fn diagnostic(snapshot: &Snapshot, diagnostic: &Diagnostic) -> Option<lsp::Diagnostic> {
    let related = snapshot.related_information.then(|| {
        diagnostic.labels.iter().filter_map(|label| {
            let location = location(snapshot, label.range)?;
            Some(lsp::DiagnosticRelatedInformation { location, message: label.message.clone() })
        })
    });
    let related: Vec<_> = related.into_iter().flatten().collect();
    let tags: Vec<_> = diagnostic
        .tags
        .iter()
        .map(|tag| match tag {
            Tag::Unused => lsp::DiagnosticTag::Unnecessary,
            Tag::Deprecated => lsp::DiagnosticTag::Deprecated,
        })
        .collect();
    Some(lsp::Diagnostic {
        range: range(snapshot.document()?, diagnostic.range.range, snapshot.encoding),
        severity: Some(severity(diagnostic.severity)),
        code: Some(lsp::Code::String(diagnostic.code.to_owned())),
        code_description: snapshot
            .pages
            .as_ref()
            .map(|pages| lsp::CodeDescription { href: lsp::Uri(format!("{pages}{}.md", diagnostic.code)) }),
        source: Some("moltler".to_owned()),
        message: message(&diagnostic.message, diagnostic.help.as_deref()).into(),
        tags: (!tags.is_empty()).then_some(tags),
        related_information: (!related.is_empty()).then_some(related),
        data: None,
    })
}

/// What is sent about a manifest.
pub(crate) fn manifest_diagnostics(
    uri: &str,
    document: &Document,
    problems: &[LocalDiagnostic],
    encoding: Encoding,
) -> lsp::PublishDiagnosticsParams {
    let diagnostics = problems.iter().map(|problem| lsp::Diagnostic {
        range: range(document, problem.range, encoding),
        severity: Some(severity(problem.severity)),
        code: Some(lsp::Code::String(problem.code.name().to_owned())),
        code_description: None,
        source: Some("moltler".to_owned()),
        message: message(&problem.message, problem.help.as_deref()).into(),
        tags: None,
        related_information: None,
        data: None,
    });
    lsp::PublishDiagnosticsParams { uri: lsp::Uri(uri.to_owned()), version: None, diagnostics: diagnostics.collect() }
}

fn severity(severity: Severity) -> lsp::DiagnosticSeverity {
    match severity {
        Severity::Error => lsp::DiagnosticSeverity::Error,
        Severity::Warning => lsp::DiagnosticSeverity::Warning,
        Severity::Hint => lsp::DiagnosticSeverity::Hint,
    }
}

fn message(message: &str, help: Option<&str>) -> String {
    match help {
        Some(help) => format!("{message}\n{help}"),
        None => message.to_owned(),
    }
}

/// What is sent when a document is closed.
pub(crate) fn no_diagnostics(uri: &str) -> lsp::PublishDiagnosticsParams {
    lsp::PublishDiagnosticsParams { uri: lsp::Uri(uri.to_owned()), version: None, diagnostics: Vec::new() }
}
