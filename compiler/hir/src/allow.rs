//! `-- moltler: allow(code)`: what a writer does not want to be told.
//!
//! Before a statement the comment holds for all of it, inside of one for its own line and the next; `// moltler: allow(code)` does
//! the same in JavaScript. `-- moltler: allow-file(code)` holds for its whole file, wherever it stands. Behind the `;` of a
//! statement a comment belongs to no statement. Errors are told all the same.

use moltler_db::{Db, Statement};
use moltler_syntax::{SyntaxKind, TextRange};

use crate::diagnostics::{Code, LocalDiagnostic, lint};
use crate::syntax_tree::{parse, scripts};

/// What every such comment has.
const MARK: &str = "moltler:";

/// A code that a comment allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// What is not to be told; `None` for what is no lint.
    pub code: Option<Code>,
    /// As written.
    pub name: String,
    /// Where the name stands, in the statement.
    pub range: TextRange,
    /// The comment, when this is its only code, else the name with its comma: what is removed to be rid of it.
    pub removal: TextRange,
    /// Where it holds.
    pub holds: Holds,
}

/// Where an allowance holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// In the whole file.
    File,
    /// In a part of the statement, or in all of it.
    Statement(TextRange),
    /// Nowhere: it stands behind a statement.
    Nowhere,
}

impl Allowance {
    /// Whether it allows a diagnostic of its statement.
    pub(crate) fn covers(&self, diagnostic: &LocalDiagnostic) -> bool {
        self.code == Some(diagnostic.code)
            && matches!(self.holds, Holds::Statement(range) if range.touches(diagnostic.range.start()))
    }
}

/// The codes that the comments of a statement allow, in order.
#[salsa::tracked(returns(ref))]
pub fn allowances(db: &dyn Db, statement: Statement) -> Vec<Allowance> {
    let text = statement.text(db);
    let mut found = Vec::new();
    if !text.contains(MARK) {
        return found;
    }
    let parse = parse(db, statement);
    let root = parse.syntax();
    let first = root
        .descendants()
        .find(|node| node.kind() != SyntaxKind::Comment && node.children().next().is_none() && !node.range().is_empty())
        .map_or(text.len() as u32, |node| node.range().start());
    for node in root.descendants().filter(|node| node.kind() == SyntaxKind::Comment) {
        let range = node.range();
        let content = text.get(range.start() as usize + 2..range.end() as usize).unwrap_or_default();
        let holds = match range.start() {
            start if start < first && is_behind(text, start) => Holds::Nowhere,
            start if start < first => Holds::Statement(TextRange::new(0, text.len() as u32)),
            start => Holds::Statement(two_lines(text, start)),
        };
        comment(content, range, range.start() + 2, holds, &mut found);
    }
    for block in scripts(db, statement) {
        let mut start = block.range.start();
        for line in block.range.of(text).split_inclusive('\n') {
            if let Some((before, content)) = line.split_once("//")
                && content.trim_start().starts_with(MARK)
            {
                let at = start + before.len() as u32;
                let range = TextRange::new(at, start + line.trim_end().len() as u32);
                comment(content, range, at + 2, Holds::Statement(two_lines(text, at)), &mut found);
            }
            start += line.len() as u32;
        }
    }
    found
}

/// Whether what stands there stands on the line that the statement before ends on.
fn is_behind(text: &str, offset: u32) -> bool {
    let before = &text[..offset as usize];
    before.starts_with([' ', '\t']) && !before.contains('\n')
}

/// The line of an offset and the next.
fn two_lines(text: &str, offset: u32) -> TextRange {
    let at = offset as usize;
    let start = text[..at].rfind('\n').map_or(0, |start| start + 1);
    let end = text[at..].match_indices('\n').map(|(end, _)| at + end).nth(1);
    TextRange::from(start..end.unwrap_or(text.len()))
}

/// Reads `moltler: allow(a, b)`; `start` is where `content` stands.
fn comment(content: &str, whole: TextRange, start: u32, holds: Holds, found: &mut Vec<Allowance>) {
    let Some(rest) = content.trim_start().strip_prefix(MARK).map(str::trim_start) else { return };
    let (rest, holds) = match (rest.strip_prefix("allow("), rest.strip_prefix("allow-file(")) {
        (Some(rest), _) => (rest, holds),
        (_, Some(rest)) => (rest, Holds::File),
        _ => return,
    };
    let Some((names, _)) = rest.split_once(')') else { return };
    let mut at = start + (content.len() - rest.len()) as u32;
    let is_alone = !names.contains(',');
    for part in names.split(',') {
        let name = part.trim();
        let begin = at + (part.len() - part.trim_start().len()) as u32;
        let range = TextRange::new(begin, begin + name.len() as u32);
        let is_last = at as usize + part.len() == start as usize + content.len() - rest.len() + names.len();
        let with_comma = match is_last {
            true => TextRange::new(at - 1, at + part.len() as u32),
            false => TextRange::new(begin, at + part.len() as u32 + 1),
        };
        found.push(Allowance {
            code: Code::from_name(name).filter(|code| code.is_lint()),
            name: name.to_owned(),
            range,
            removal: if is_alone { whole } else { with_comma },
            holds,
        });
        at += part.len() as u32 + 1;
    }
}

/// What is wrong with an allowance itself; `is_used` tells whether it kept something from being told.
pub(crate) fn check(allowance: &Allowance, is_used: bool) -> Option<LocalDiagnostic> {
    match allowance.code {
        None => Some(lint::unknown(&allowance.name, allowance.range)),
        Some(_) if is_used => None,
        Some(code) => Some(lint::unused_allow(code, allowance)),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{check_alone, diagnostics};

    #[track_caller]
    fn check(text: &str, warnings: usize) {
        let found = diagnostics(text);
        assert_eq!(found.matches("warning[null-comparison]").count(), warnings, "{found}");
    }

    #[test]
    fn comments_allow_what_they_name() {
        check("SELECT 1 = NULL;", 1);
        check("-- moltler: allow(null-comparison)\nSELECT 1 = NULL,\n\n\n2 = NULL;", 0);
        check("/* moltler: allow(null-comparison) */ SELECT 1 = NULL;", 0);
        check("SELECT\n-- moltler: allow(unused-variable, null-comparison)\n1 = NULL,\n2 = NULL;", 1);
        check("SELECT 1 = NULL -- moltler: allow(null-comparison)\n;", 0);
        check("PRINT 1;\nSELECT 1 = NULL;\n-- moltler: allow-file(null-comparison)\nSELECT 2 = NULL;", 0);
        check("-- moltler: allow-file(null-comparison)\nPRINT 1;\n-- file: b.molt\nSELECT 2 = NULL;", 1);
    }

    #[test]
    fn a_comment_belongs_to_the_statement_that_follows() {
        check("PRINT 1; -- moltler: allow(null-comparison)\nSELECT 1 = NULL;", 1);
        check("PRINT 1;\n-- moltler: allow(null-comparison)\nSELECT 1 = NULL;", 0);
        check("SELECT 'moltler: allow(null-comparison)', 1 = NULL;", 1);
        check("SELECT '\n-- moltler: allow(null-comparison)\n', 1 = NULL;", 1);
    }

    #[test]
    fn in_javascript() {
        let found = diagnostics(
            "CREATE CONNECTOR TYPE 'a';\nCREATE CONNECTOR ACTION 'a.b' HANDLER '''\nasync function execute() {\n  // moltler: \
             allow(null-date)\n  return {a: new Date(null)};\n}\n''';",
        );
        assert_eq!(found, "");
    }

    #[test]
    fn errors_are_told_all_the_same() {
        let found = diagnostics("-- moltler: allow(unknown-entity)\nSELECT id FROM nobody.items;");
        assert!(found.contains("error[unknown-instance]"), "{found}");
    }

    #[test]
    fn an_allowance_has_to_be_needed() {
        check_alone(
            "-- moltler: allow(null-comparison, null-date)\nSELECT 1 = NULL;\n-- moltler: allow-file(null-date)\n-- moltler: allow(nul-date, syntax-error)\nPRINT 1; -- moltler: allow(null-date)\n",
            r#"
                warning[unused-allow] at `null-date`: there is no `null-date` here to be allowed | fix: Remove it
                warning[unused-allow] at `null-date`: there is no `null-date` here to be allowed | fix: Remove it
                warning[unknown-lint] at `nul-date`: there is no lint `nul-date` | help: did you mean `null-date`? | fix: Replace with `null-date`
                warning[unknown-lint] at `syntax-error`: `syntax-error` is always an error, its level can't be changed
                warning[unused-allow] at `null-date`: a comment behind a statement allows nothing | help: put it before the statement | fix: Remove it
            "#,
        );
    }
}
