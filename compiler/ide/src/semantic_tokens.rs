//! What each word of a statement is, for colours: from its text alone, so that the text of a statement tells whether an earlier
//! answer still holds. The JavaScript of handlers is told too.

mod script;

pub(crate) use script::tokens as script_tokens;

use moltler_syntax::ast::{AstNode, Clause, ClauseKind};
use moltler_syntax::{SyntaxKind, SyntaxNode, TextRange, parse};

/// What a word is. The order is that of the numbers in the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TokenKind {
    /// A word of the language.
    Keyword,
    /// Text.
    String,
    /// A number.
    Number,
    /// A comment.
    Comment,
    /// A regular expression.
    Regexp,
    /// An operator.
    Operator,
    /// A function.
    Function,
    /// An action, a method of an object.
    Method,
    /// An instance.
    Namespace,
    /// An entity.
    Class,
    /// A data type.
    Type,
    /// A column, a key, a member.
    Property,
    /// A parameter of a function.
    Parameter,
    /// Any other name.
    Variable,
}

/// The names of all kinds in the protocol, in their order.
pub const KINDS: &[&str] = &[
    "keyword",
    "string",
    "number",
    "comment",
    "regexp",
    "operator",
    "function",
    "method",
    "namespace",
    "class",
    "type",
    "property",
    "parameter",
    "variable",
];

/// A word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SemanticToken {
    /// In the statement; never over the end of a line.
    pub range: TextRange,
    /// What it is.
    pub kind: TokenKind,
}

/// The words of a statement, in order.
pub fn semantic_tokens(text: &str) -> Vec<SemanticToken> {
    let parse = parse(text);
    let mut found = Vec::new();
    let mut skip_to = 0;
    for node in parse.syntax().descendants() {
        let range = node.range();
        if range.start() < skip_to || range.is_empty() {
            continue;
        }
        let is_script = node.kind() == SyntaxKind::RawBlock;
        if !is_script && node.children().next().is_some() {
            continue;
        }
        skip_to = range.end();
        if is_script {
            raw_block(node, &mut found);
        } else if let Some(kind) = kind(node) {
            add_lines(text, range, kind, &mut found);
        }
    }
    found
}

/// One token for each line of a range.
fn add_lines(text: &str, range: TextRange, kind: TokenKind, found: &mut Vec<SemanticToken>) {
    let mut start = range.start();
    for line in range.of(text).split_inclusive(['\n', '\r']) {
        let length = line.trim_end_matches(['\n', '\r']).len() as u32;
        if length > 0 {
            found.push(SemanticToken { range: TextRange::new(start, start + length), kind });
        }
        start += line.len() as u32;
    }
}

/// JavaScript between fences that are strings; other long text is a string.
fn raw_block(node: SyntaxNode<'_>, found: &mut Vec<SemanticToken>) {
    let (text, range) = (node.source(), node.range());
    let is_script = node.parent().and_then(Clause::cast).is_some_and(|clause| {
        matches!(
            clause.kind(),
            ClauseKind::QueryHandler | ClauseKind::Handler | ClauseKind::CheckHandler | ClauseKind::Shared
        )
    });
    if !is_script {
        return add_lines(text, range, TokenKind::String, found);
    }
    let start = TextRange::new(range.start(), (range.start() + 3).min(range.end()));
    let is_closed = range.len() >= 6 && range.of(text).ends_with("'''");
    let end = if is_closed { range.end() - 3 } else { range.end() };
    found.push(SemanticToken { range: start, kind: TokenKind::String });
    let inner = TextRange::new(start.end(), end);
    for token in script::tokens(inner.of(text)) {
        add_lines(text, token.range.shift(inner.start()), token.kind, found);
    }
    if is_closed {
        found.push(SemanticToken { range: TextRange::new(end, range.end()), kind: TokenKind::String });
    }
}

fn kind(node: SyntaxNode<'_>) -> Option<TokenKind> {
    let parent = node.parent()?;
    Some(match node.kind() {
        SyntaxKind::Keyword => TokenKind::Keyword,
        SyntaxKind::Comment => TokenKind::Comment,
        SyntaxKind::Number => TokenKind::Number,
        SyntaxKind::String if parent.kind() == SyntaxKind::Pair && parent.field("key") == Some(node) => {
            TokenKind::Property
        }
        SyntaxKind::String | SyntaxKind::BareTarget => TokenKind::String,
        SyntaxKind::Punctuation => {
            let is_operator = matches!(
                parent.kind(),
                SyntaxKind::BinaryExpression
                    | SyntaxKind::UnaryExpression
                    | SyntaxKind::Arrow
                    | SyntaxKind::NamedArgument
            );
            return is_operator.then_some(TokenKind::Operator);
        }
        SyntaxKind::Identifier | SyntaxKind::QuotedIdentifier => name(node, parent),
        _ => return None,
    })
}

fn name(node: SyntaxNode<'_>, parent: SyntaxNode<'_>) -> TokenKind {
    let is = |field: &str| parent.field(field) == Some(node);
    match parent.kind() {
        SyntaxKind::FunctionCall if is("function") => TokenKind::Function,
        SyntaxKind::DataType | SyntaxKind::TypedLiteral => TokenKind::Type,
        SyntaxKind::Pair => TokenKind::Property,
        SyntaxKind::NamedArgument | SyntaxKind::Arrow => TokenKind::Parameter,
        SyntaxKind::CreateConnector
        | SyntaxKind::AlterConnector
        | SyntaxKind::DropConnector
        | SyntaxKind::ShowConnector
        | SyntaxKind::TestConnector => TokenKind::Namespace,
        SyntaxKind::Path => {
            let segments = parent.fields("segment").count();
            let is_first = parent.field("segment") == Some(node);
            let is_last = parent.fields("segment").last() == Some(node);
            let is_call = parent.parent().is_some_and(|around| around.kind() == SyntaxKind::ConnectorExec);
            match (segments, is_first, is_last && is_call) {
                (1, ..) => TokenKind::Variable,
                (_, true, _) => TokenKind::Namespace,
                (_, _, true) => TokenKind::Method,
                _ => TokenKind::Class,
            }
        }
        SyntaxKind::MemberExpression if is("member") => TokenKind::Property,
        // A bare name in a SELECT is a column first.
        SyntaxKind::NameReference if !is_object(parent) => {
            let in_select = parent.ancestors().any(|around| around.kind() == SyntaxKind::Select);
            if in_select { TokenKind::Property } else { TokenKind::Variable }
        }
        _ => TokenKind::Variable,
    }
}

/// Whether a name is followed by a dot or an index.
fn is_object(name: SyntaxNode<'_>) -> bool {
    name.parent().is_some_and(|around| around.field("object") == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<(&str, TokenKind)> {
        semantic_tokens(text).into_iter().map(|token| (token.range.of(text), token.kind)).collect()
    }

    #[test]
    fn sql() {
        use TokenKind::*;
        assert_eq!(
            told("SELECT i.id, UPPER(status) -- c\nFROM c.items i WHERE x = 'a\nb';"),
            [
                ("SELECT", Keyword),
                ("i", Variable),
                ("id", Property),
                ("UPPER", Function),
                ("status", Property),
                ("-- c", Comment),
                ("FROM", Keyword),
                ("c", Namespace),
                ("items", Class),
                ("i", Variable),
                ("WHERE", Keyword),
                ("x", Property),
                ("=", Operator),
                ("'a", String),
                ("b'", String),
            ]
        );
        assert_eq!(
            told("CONNECTOR_EXEC c.items.make(a => 1);")[1..5],
            [("c", Namespace), ("items", Class), ("make", Method), ("a", Parameter)]
        );
    }

    #[test]
    fn javascript_in_a_handler() {
        use TokenKind::*;
        let text = "CREATE CONNECTOR ACTION 's.a' HANDLER '''\nasync function execute(config, params) {\n  return `a${config.url}` + x.map(/b/g); // c\n}\n''';";
        assert_eq!(
            told(text)[5..],
            [
                ("'''", String),
                ("async", Keyword),
                ("function", Keyword),
                ("execute", Function),
                ("config", Parameter),
                ("params", Parameter),
                ("return", Keyword),
                ("`a${", String),
                ("config", Parameter),
                ("url", Property),
                ("}`", String),
                ("x", Variable),
                ("map", Method),
                ("/b/g", Regexp),
                ("// c", Comment),
                ("'''", String),
            ]
        );
    }

    #[test]
    fn broken_text_and_places() {
        for text in ["HANDLER '''", "CREATE CONNECTOR ACTION 'a.b' HANDLER '''`${", "SELECT 'é\u{1F600}' FROM", "", "'"]
        {
            let found = semantic_tokens(text);
            assert!(found.windows(2).all(|pair| pair[0].range.end() <= pair[1].range.start()), "{text}: {found:?}");
        }
    }
}
