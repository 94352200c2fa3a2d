//! Places that lead somewhere outside of the package's definitions.

use moltler_db::FileId;
use moltler_hir::{Database, Package};
use moltler_syntax::TextRange;

use crate::token::{TokenKind, tokens};

/// A place and where it leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentLink {
    /// In the file.
    pub range: TextRange,
    /// Where it leads.
    pub target: LinkTarget,
}

/// Where a link leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkTarget {
    /// A page of the web.
    Url(String),
    /// A file of the package.
    File(String),
    /// The explanation of a diagnostic with this code.
    Explanation(String),
}

/// The links of a range of a file: URLs in texts, comments and handlers, `moltler.toml`, codes in `moltler: allow(code)`.
pub fn document_links(db: &Database, package: &Package, file: FileId, range: TextRange) -> Vec<DocumentLink> {
    let mut found = Vec::new();
    for (statement, start) in package.statements_in(file, range) {
        let text = statement.text(db);
        for token in tokens(text) {
            if !matches!(token.kind, TokenKind::Comment | TokenKind::String | TokenKind::Raw) {
                continue;
            }
            let mut add = |from: usize, to: usize, target| {
                let range = TextRange::from(from..to).shift(token.range.start() + start);
                found.push(DocumentLink { range, target });
            };
            for (from, url) in urls(token.text) {
                add(from, from + url.len(), LinkTarget::Url(url.to_owned()));
            }
            if token.kind == TokenKind::Comment {
                for (from, name) in token.text.match_indices("moltler.toml") {
                    let path = format!("{}/moltler.toml", package.root().trim_end_matches('/'));
                    add(from, from + name.len(), LinkTarget::File(path));
                }
                for (from, code) in allowed(token.text) {
                    add(from, from + code.len(), LinkTarget::Explanation(code.to_owned()));
                }
            }
        }
    }
    found
}

/// The URLs in a text, with their places. What has a substitution in its host is none.
fn urls(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("http") {
        let rest = &text[at..];
        let Some(behind) = rest.strip_prefix("https://").or_else(|| rest.strip_prefix("http://")) else { continue };
        let scheme = rest.len() - behind.len();
        let length = behind
            .find(|letter: char| letter.is_whitespace() || "'\"`<>{}|\\^$".contains(letter))
            .unwrap_or(behind.len());
        let url = rest[..scheme + length].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '*']);
        if url.len() > scheme && url[scheme..].starts_with(|first: char| first.is_alphanumeric() || first == '[') {
            found.push((at, url));
        }
    }
    found
}

/// The codes in `moltler: allow(a, b)`.
fn allowed(comment: &str) -> Vec<(usize, &str)> {
    let Some(start) = comment.find("moltler: allow(").map(|at| at + "moltler: allow(".len()) else { return Vec::new() };
    let end = comment[start..].find(')').map_or(comment.len(), |length| start + length);
    let mut at = start;
    let mut found = Vec::new();
    for part in comment[start..end].split(',') {
        let code = part.trim();
        if !code.is_empty() {
            found.push((at + (part.len() - part.trim_start().len()), code));
        }
        at += part.len() + 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_that_lead_somewhere() {
        let text = "-- See https://a.example/docs(x). moltler: allow(unknown-entity, b)\nCREATE CONNECTOR c TYPE 's' CONFIG {\"u\": \"http://b.example\"};\n-- moltler.toml\nPRINT `https://${host}/` || 'https://';\n";
        let mut db = Database::default();
        let mut package = Package::new("/p");
        let file = package.open_file(&mut db, "/p/a.molt", text);
        let links = document_links(&db, &package, file, TextRange::new(0, text.len() as u32));
        let found: Vec<(&str, LinkTarget)> = links.into_iter().map(|link| (link.range.of(text), link.target)).collect();
        let url = |text: &'static str| (text, LinkTarget::Url(text.to_owned()));
        let explanation = |text: &'static str| (text, LinkTarget::Explanation(text.to_owned()));
        assert_eq!(
            found,
            [
                url("https://a.example/docs(x"),
                explanation("unknown-entity"),
                explanation("b"),
                url("http://b.example"),
                ("moltler.toml", LinkTarget::File("/p/moltler.toml".to_owned())),
            ]
        );
    }
}
