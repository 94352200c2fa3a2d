//! The words of a statement with the comments around them.

use std::borrow::Cow;

use moltler_syntax::{SyntaxKind, SyntaxNode};

/// A word, mark, string or raw block.
#[derive(Clone, Debug)]
pub(super) struct Leaf<'t> {
    /// As it is to be written.
    pub(super) text: Cow<'t, str>,
    pub(super) kind: SyntaxKind,
    /// Line breaks in the source before it, behind the comment before it if there is one.
    pub(super) breaks: usize,
    /// Whether the source breaks the line somewhere between the token before and it.
    pub(super) starts_line: bool,
    /// Whether a blank line is between the token before and what comes next: a comment, or it.
    pub(super) blank_before: bool,
    /// Never a blank between the token before and it.
    pub(super) joins_left: bool,
    /// Never a blank between it and the next token.
    pub(super) joins_right: bool,
    /// Comments on lines before it.
    pub(super) before: Vec<Comment<'t>>,
    /// Comments on its line behind it.
    pub(super) behind: Vec<Comment<'t>>,
}

/// A comment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Comment<'t> {
    /// Without blanks at its end.
    pub(super) text: &'t str,
    /// Line breaks in the source between what is before and it.
    pub(super) breaks: usize,
}

impl Comment<'_> {
    /// Whether it reaches to the end of its line.
    pub(super) fn is_line(&self) -> bool {
        self.text.starts_with("--")
    }
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Leaves<'t> {
    pub(super) tokens: Vec<Leaf<'t>>,
    /// Comments before the first token.
    pub(super) leading: Vec<Comment<'t>>,
    /// Whether the text begins with a byte order mark.
    pub(super) has_mark: bool,
}

impl<'t> Leaves<'t> {
    /// The comments behind the start of the statement.
    pub(super) fn inner_comments(&self) -> impl Iterator<Item = &'t str> {
        self.tokens.iter().flat_map(|leaf| leaf.before.iter().chain(&leaf.behind)).map(|comment| comment.text)
    }
}

/// The leaves of a tree without errors; `None` where the tree is not made of tokens alone.
pub(super) fn leaves<'t>(root: SyntaxNode<'t>) -> Option<Leaves<'t>> {
    let text = root.source();
    let mut found = Leaves { has_mark: text.starts_with('\u{feff}'), ..Leaves::default() };
    let mut end = 0;
    // Comments since the last token.
    let mut comments: Vec<Comment<'t>> = Vec::new();
    let mut skip_to = 0;
    for node in root.descendants() {
        let range = node.range();
        if range.start() < skip_to || !is_leaf(node) {
            continue;
        }
        if node.is_missing() {
            return None;
        }
        let breaks = breaks(text.get(end as usize..range.start() as usize)?);
        end = range.end();
        skip_to = range.end();
        if node.kind() == SyntaxKind::Comment {
            comments.push(Comment { text: node.text().trim_end(), breaks });
            continue;
        }
        let mut leaf = Leaf {
            text: written(node),
            kind: node.kind(),
            breaks,
            starts_line: breaks > 0 || comments.iter().any(|comment| comment.breaks > 0),
            blank_before: comments.first().map_or(breaks, |comment| comment.breaks) > 1,
            joins_left: joins_left(node, found.tokens.last()),
            joins_right: joins_right(node),
            before: Vec::new(),
            behind: Vec::new(),
        };
        match found.tokens.last_mut() {
            None => found.leading.append(&mut comments),
            Some(last) => {
                let own_line = comments.iter().position(|comment| comment.breaks > 0).unwrap_or(comments.len());
                leaf.before = comments.split_off(own_line);
                leaf.blank_before = leaf.before.first().map_or(breaks, |comment| comment.breaks) > 1;
                // `1 -- one` and a comma on the next line: the comma goes before the comment.
                if matches!(&*leaf.text, "," | ";") {
                    leaf.behind.append(&mut comments);
                } else {
                    last.behind.append(&mut comments);
                }
            }
        }
        // In `- -1` the marks would make a comment.
        if let Some(last) = found.tokens.last_mut()
            && last.joins_right
            && last.text.ends_with('-')
            && leaf.text.starts_with('-')
        {
            last.joins_right = false;
        }
        found.tokens.push(leaf);
    }
    match found.tokens.last_mut() {
        None => found.leading.append(&mut comments),
        Some(last) => last.behind.append(&mut comments),
    }
    Some(found)
}

fn breaks(gap: &str) -> usize {
    gap.matches('\n').count().max(gap.matches('\r').count())
}

fn is_leaf(node: SyntaxNode<'_>) -> bool {
    match node.kind() {
        SyntaxKind::RawBlock => true,
        // The kinds that have no children; keywords and marks among them.
        _ => node.children().next().is_none() && !node.range().is_empty(),
    }
}

fn written(node: SyntaxNode<'_>) -> Cow<'_, str> {
    let Some(token) = node.token() else { return Cow::Borrowed(node.text()) };
    if node.kind() != SyntaxKind::Keyword {
        return Cow::Borrowed(node.text());
    }
    let parent = node.parent();
    let is_literal = parent.is_some_and(|parent| matches!(parent.kind(), SyntaxKind::Boolean | SyntaxKind::Null));
    let around = parent.and_then(SyntaxNode::parent).map(SyntaxNode::kind);
    // `{"required": true}` is written as JSON is.
    if is_literal && matches!(around, Some(SyntaxKind::Pair | SyntaxKind::Array)) {
        return Cow::Owned(token.to_ascii_lowercase());
    }
    Cow::Borrowed(token)
}

fn joins_left(node: SyntaxNode<'_>, last: Option<&Leaf<'_>>) -> bool {
    let Some(mark) = node.token() else { return false };
    let parent = node.parent().map(SyntaxNode::kind);
    match mark {
        "," | ";" | ")" | "]" | "}" | "." | "?." | "::" | ".." => true,
        ":" => parent == Some(SyntaxKind::Pair),
        "[" => parent == Some(SyntaxKind::IndexExpression),
        "(" => match parent {
            Some(SyntaxKind::FunctionCall | SyntaxKind::ExecArguments | SyntaxKind::CastExpression) => true,
            // `WITH a(x) AS (SELECT …)`
            Some(SyntaxKind::CommonTable) => last.is_some_and(|last| last.kind != SyntaxKind::Keyword),
            _ => false,
        },
        _ => false,
    }
}

fn joins_right(node: SyntaxNode<'_>) -> bool {
    let Some(mark) = node.token() else { return false };
    let parent = node.parent().map(SyntaxNode::kind);
    match mark {
        "(" | "[" | "{" | "." | "?." | "::" | ".." => true,
        ":" => parent == Some(SyntaxKind::VariableReference),
        "-" | "+" => parent == Some(SyntaxKind::UnaryExpression),
        _ => false,
    }
}
