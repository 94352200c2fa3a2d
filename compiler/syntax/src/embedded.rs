//! The JavaScript inside statements.

use crate::Parse;
use crate::ast::{AstNode, Clause, ClauseKind};
use crate::text::TextRange;

/// The JavaScript of one clause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Embedded {
    /// SHARED, CHECK_HANDLER, QUERY_HANDLER or HANDLER.
    pub clause: ClauseKind,
    /// Where the text between the fences stands in the text that was parsed.
    pub range: TextRange,
}

/// All JavaScript of a text, in order. A handler that is written as a string has none.
pub fn embedded(parse: &Parse) -> Vec<Embedded> {
    let root = parse.source_file();
    root.statements()
        .flat_map(|statement| statement.syntax().fields("clause").filter_map(Clause::cast))
        .filter(|clause| {
            matches!(
                clause.kind(),
                ClauseKind::Shared | ClauseKind::CheckHandler | ClauseKind::QueryHandler | ClauseKind::Handler
            )
        })
        .filter_map(|clause| {
            clause.raw_block().map(|raw| Embedded { clause: clause.kind(), range: raw.content_range() })
        })
        .collect()
}
