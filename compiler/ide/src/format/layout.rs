//! From a tree to a layout: where lines may be broken, and what is indented.

use moltler_syntax::{SyntaxKind, SyntaxNode};

use super::leaves::Leaves;
use super::printer::Op;

/// The layout of a statement. `None` when the tree has other leaves than it should.
pub(super) fn layout(root: SyntaxNode<'_>, leaves: &Leaves<'_>) -> Option<Vec<Op>> {
    let mut layout = Layout { ops: Vec::with_capacity(leaves.tokens.len() * 2), leaves, next: 0 };
    for child in root.children() {
        layout.node(child);
    }
    (layout.next == leaves.tokens.len()).then_some(layout.ops)
}

struct Layout<'a, 't> {
    ops: Vec<Op>,
    leaves: &'a Leaves<'t>,
    /// The next leaf.
    next: usize,
}

/// A place where the line may be broken; a blank when it is not.
const LINE: Op = Op::Line { space: true, hard: false, blank: false };
/// The same without a blank.
const SOFT: Op = Op::Line { space: false, hard: false, blank: false };
/// A new line.
const HARD: Op = Op::Line { space: false, hard: true, blank: false };

impl Layout<'_, '_> {
    fn op(&mut self, op: Op) {
        self.ops.push(op);
    }

    fn token(&mut self) {
        self.op(Op::Token);
        self.next += 1;
    }

    fn closer(&mut self) {
        self.op(Op::Closer);
        self.next += 1;
    }

    /// Whether the source breaks the line before the next leaf.
    fn starts_line(&self) -> bool {
        self.leaves.tokens.get(self.next).is_some_and(|leaf| leaf.starts_line)
    }

    fn group(&mut self, forced: bool, content: impl FnOnce(&mut Self)) {
        self.op(Op::Open { forced });
        content(self);
        self.op(Op::Close);
    }

    fn indented(&mut self, content: impl FnOnce(&mut Self)) {
        self.op(Op::Indent);
        content(self);
        self.op(Op::Dedent);
    }

    fn children(&mut self, node: SyntaxNode<'_>) {
        for child in node.children() {
            self.node(child);
        }
    }

    fn node(&mut self, node: SyntaxNode<'_>) {
        match node.kind() {
            SyntaxKind::Comment => {}
            SyntaxKind::RawBlock => self.token(),
            SyntaxKind::CreateConnectorType
            | SyntaxKind::CreateConnectorEntity
            | SyntaxKind::CreateConnectorAction
            | SyntaxKind::PackageConnectorType
            | SyntaxKind::CreateConnector => self.definition(node),
            SyntaxKind::TestBlock => self.test(node),
            SyntaxKind::Block => self.block(node),
            SyntaxKind::If
            | SyntaxKind::For
            | SyntaxKind::While
            | SyntaxKind::Try
            | SyntaxKind::ElseifClause
            | SyntaxKind::ElseClause
            | SyntaxKind::CatchClause
            | SyntaxKind::FinallyClause => self.control(node),
            SyntaxKind::SyncConnector => self.sync(node),
            SyntaxKind::Declare | SyntaxKind::Set => self.assignment(node),
            SyntaxKind::Assert => self.comma_lines(node),
            SyntaxKind::AssertRaises => self.assert_raises(node),
            SyntaxKind::SelectStatement => {
                let forced = self.is_spread_select(node);
                self.group(forced, |layout| layout.select(node));
            }
            SyntaxKind::Select | SyntaxKind::SetOperation | SyntaxKind::FromClause | SyntaxKind::WithClause => {
                self.select(node);
            }
            SyntaxKind::Document | SyntaxKind::Array => self.literal(node),
            SyntaxKind::FunctionCall | SyntaxKind::ExecArguments | SyntaxKind::ExpressionList => self.list(node),
            SyntaxKind::ParenthesizedExpression | SyntaxKind::Subquery | SyntaxKind::CommonTable => {
                self.parenthesized(node);
            }
            SyntaxKind::BinaryExpression => match level(node) {
                // It has no lines of its own: what is broken in its operands is indented as theirs.
                COMPARISON => self.chain(node, COMPARISON),
                of => self.group(false, |layout| layout.indented(|layout| layout.chain(node, of))),
            },
            SyntaxKind::CaseExpression => self.case(node),
            _ => {
                let mut children = node.children().peekable();
                if children.peek().is_none() {
                    if !node.range().is_empty() {
                        self.token();
                    }
                    return;
                }
                for child in children {
                    self.node(child);
                }
            }
        }
    }

    /// A head, and each clause on a line of its own.
    fn definition(&mut self, node: SyntaxNode<'_>) {
        let is_instance = node.kind() == SyntaxKind::CreateConnector;
        for child in node.children() {
            // `CREATE CONNECTOR shop` and `TYPE 'shop'` stand on one line or on two, as they are written.
            let is_type = is_instance && child.token() == Some("TYPE") && self.starts_line();
            if is_clause(child) || is_type {
                self.op(HARD);
            }
            self.node(child);
        }
    }

    fn test(&mut self, node: SyntaxNode<'_>) {
        for child in node.children() {
            match child.token() {
                Some("BEGIN") => {
                    self.op(HARD);
                    self.token();
                }
                Some("END") => {
                    self.op(HARD);
                    self.closer();
                }
                _ => {
                    if is_clause(child) {
                        self.op(HARD);
                    }
                    self.node(child);
                }
            }
        }
    }

    fn block(&mut self, node: SyntaxNode<'_>) {
        self.op(Op::Indent);
        let mut is_first = true;
        for child in node.children() {
            let is_statement = !matches!(child.kind(), SyntaxKind::Comment | SyntaxKind::Punctuation);
            if is_statement || is_first && child.kind() != SyntaxKind::Comment {
                self.op(Op::Line { space: false, hard: true, blank: !is_first });
                is_first = false;
            }
            self.node(child);
        }
        self.op(Op::Dedent);
    }

    /// IF, FOR, WHILE, TRY and their branches.
    fn control(&mut self, node: SyntaxNode<'_>) {
        // `FOR r IN SELECT … LOOP` is a head that may need several lines.
        let mut in_head = node.field("source").is_some_and(|source| source.kind() == SyntaxKind::SelectStatement);
        if in_head {
            self.op(Op::Open { forced: false });
        }
        let mut is_first = true;
        for child in node.children() {
            match child.token() {
                Some("END") => {
                    self.op(HARD);
                    self.closer();
                }
                Some("LOOP") if in_head => {
                    in_head = false;
                    self.op(LINE);
                    self.token();
                    self.op(Op::Close);
                }
                Some("ELSEIF" | "ELSE" | "CATCH" | "FINALLY") if is_first => {
                    self.op(HARD);
                    self.closer();
                }
                _ if child.kind() == SyntaxKind::SelectStatement => {
                    self.indented(|layout| {
                        layout.op(LINE);
                        layout.node(child);
                    });
                }
                _ => self.node(child),
            }
            is_first &= child.kind() == SyntaxKind::Comment;
        }
    }

    fn sync(&mut self, node: SyntaxNode<'_>) {
        let forced = self.is_spread(node, |child| is_clause(child) || child.token() == Some("TO"));
        self.group(forced, |layout| {
            layout.indented(|layout| {
                for child in node.children() {
                    if is_clause(child) {
                        layout.op(LINE);
                    }
                    layout.node(child);
                }
            });
        });
    }

    /// DECLARE and SET.
    fn assignment(&mut self, node: SyntaxNode<'_>) {
        self.group(false, |layout| {
            for child in node.children() {
                if child.kind() == SyntaxKind::SelectStatement {
                    layout.indented(|layout| {
                        layout.op(LINE);
                        layout.node(child);
                    });
                } else {
                    layout.node(child);
                }
            }
        });
    }

    fn assert_raises(&mut self, node: SyntaxNode<'_>) {
        let statement = node.field("statement");
        self.indented(|layout| {
            for child in node.children() {
                if Some(child) == statement {
                    // A comment in the head does not break the line before the statement.
                    layout.group(false, |layout| {
                        layout.op(LINE);
                        layout.node(child);
                    });
                } else {
                    layout.node(child);
                }
            }
        });
    }

    /// Whether the source breaks the line before one of the parts that `begins_line` chooses.
    fn is_spread(&self, node: SyntaxNode<'_>, begins_line: impl Fn(SyntaxNode<'_>) -> bool) -> bool {
        let text = node.source();
        node.children().filter(|child| begins_line(*child)).any(|child| {
            let before = &text[..child.range().start() as usize];
            let blanks = before.len() - before.trim_end().len();
            before[before.len() - blanks..].contains(['\n', '\r'])
        })
    }

    /// The same of the clauses of a SELECT, wherever the tree keeps them.
    fn is_spread_select(&self, node: SyntaxNode<'_>) -> bool {
        self.is_spread(node, begins_select_line)
            || node
                .children()
                .filter(|child| {
                    matches!(
                        child.kind(),
                        SyntaxKind::Select | SyntaxKind::SetOperation | SyntaxKind::FromClause | SyntaxKind::Subquery
                    )
                })
                .any(|child| child.kind() != SyntaxKind::Subquery && self.is_spread_select(child))
    }

    /// A SELECT or a part of one, in the group around it.
    fn select(&mut self, node: SyntaxNode<'_>) {
        let mut is_first = true;
        let mut list: Vec<SyntaxNode<'_>> = Vec::new();
        let mut children = node.children().peekable();
        while let Some(child) = children.next() {
            if child.kind() == SyntaxKind::Comment {
                continue;
            }
            if child.kind() == SyntaxKind::SelectItem {
                list.push(child);
                while let Some(next) = children.next_if(|next| {
                    matches!(next.kind(), SyntaxKind::SelectItem | SyntaxKind::Comment) || next.token() == Some(",")
                }) {
                    list.push(next);
                }
                self.items(&list);
                list.clear();
                continue;
            }
            if begins_select_line(child) && !is_first {
                self.op(LINE);
            }
            is_first = false;
            match child.kind() {
                SyntaxKind::WithClause => {
                    self.node(child);
                    // Behind WITH the SELECT has a line of its own.
                    self.op(LINE);
                    is_first = true;
                }
                SyntaxKind::GroupBy | SyntaxKind::OrderBy => self.comma_lines(child),
                _ => self.node(child),
            }
        }
    }

    /// The list of a SELECT.
    fn items(&mut self, list: &[SyntaxNode<'_>]) {
        self.group(false, |layout| {
            layout.indented(|layout| {
                if list.len() > 1 {
                    layout.op(LINE);
                }
                for (index, item) in list.iter().enumerate() {
                    layout.node(*item);
                    if item.token() == Some(",") && index + 1 < list.len() {
                        layout.op(LINE);
                    }
                }
            });
        });
    }

    /// What is written behind a word, with a line for each piece behind a comma where it is long: GROUP BY, ORDER BY, ASSERT.
    fn comma_lines(&mut self, node: SyntaxNode<'_>) {
        self.group(false, |layout| {
            let mut is_indented = false;
            for child in node.children() {
                // What is on the first line indents its own lines.
                if child.token() == Some(",") && !is_indented {
                    is_indented = true;
                    layout.token();
                    layout.op(Op::Indent);
                    layout.op(LINE);
                    continue;
                }
                layout.node(child);
                if child.token() == Some(",") {
                    layout.op(LINE);
                }
            }
            if is_indented {
                layout.op(Op::Dedent);
            }
        });
    }

    /// A document or an array: it stays on several lines when its first element has a line of its own in the source.
    fn literal(&mut self, node: SyntaxNode<'_>) {
        let is_empty = node.children().filter(|child| child.kind() != SyntaxKind::Comment).count() == 2;
        if is_empty {
            // Comments in it are those of the closing bracket.
            let comments = self.leaves.tokens.get(self.next + 1).is_some_and(|leaf| !leaf.before.is_empty());
            self.token();
            if comments {
                self.op(HARD);
            }
            self.closer();
            return;
        }
        let forced = self.leaves.tokens.get(self.next + 1).is_some_and(|leaf| leaf.starts_line);
        let mut elements = node.fields("element");
        let only = elements.next().filter(|_| elements.next().is_none());
        if !forced && only.is_some_and(|only| only.kind() == SyntaxKind::Document) {
            // `[{` and `}]` are indented once.
            self.children(node);
            return;
        }
        self.group(forced, |layout| layout.bracketed(node, true));
    }

    /// A call or a list in parentheses. A document alone in them is not indented twice.
    fn list(&mut self, node: SyntaxNode<'_>) {
        let elements = |child: &SyntaxNode<'_>| !matches!(child.kind(), SyntaxKind::Comment | SyntaxKind::Punctuation);
        let name = usize::from(node.kind() == SyntaxKind::FunctionCall);
        let count = node.children().filter(elements).count() - name.min(node.children().filter(elements).count());
        let only = node.children().filter(elements).last();
        let hugs = count == 0
            || count == 1 && only.is_some_and(|only| matches!(only.kind(), SyntaxKind::Document | SyntaxKind::Array));
        if hugs {
            self.children(node);
        } else {
            self.group(false, |layout| layout.bracketed(node, false));
        }
    }

    /// What stands between brackets is indented and separated by lines.
    fn bracketed(&mut self, node: SyntaxNode<'_>, keeps_blank_lines: bool) {
        let mut is_open = false;
        for child in node.children() {
            match child.token() {
                Some("(" | "[" | "{") if !is_open => {
                    is_open = true;
                    self.token();
                    self.op(Op::Indent);
                    self.op(SOFT);
                }
                Some(")" | "]" | "}") if is_open => {
                    is_open = false;
                    // A comma behind the last element is followed by the line of the bracket.
                    if let Some(Op::Line { .. }) = self.ops.last() {
                        self.ops.pop();
                    }
                    self.op(Op::Dedent);
                    self.op(SOFT);
                    self.closer();
                }
                Some(",") if is_open => {
                    self.token();
                    self.op(Op::Line { space: true, hard: false, blank: keeps_blank_lines });
                }
                _ if child.kind() == SyntaxKind::OrderBy => {
                    self.op(LINE);
                    self.node(child);
                }
                _ => self.node(child),
            }
        }
    }

    /// `(…)` around one thing.
    fn parenthesized(&mut self, node: SyntaxNode<'_>) {
        let inner = node.field("expression").or_else(|| node.field("query"));
        self.group(false, |layout| {
            for child in node.children() {
                if Some(child) == inner {
                    layout.indented(|layout| {
                        layout.op(SOFT);
                        if child.kind() == SyntaxKind::BinaryExpression {
                            layout.chain(child, level(child));
                        } else {
                            layout.node(child);
                        }
                    });
                    layout.op(SOFT);
                } else if child.token() == Some(")") {
                    layout.closer();
                } else {
                    layout.node(child);
                }
            }
        });
    }

    /// Operators of one level, each before its operand at the start of a line.
    fn chain(&mut self, node: SyntaxNode<'_>, of: u8) {
        let left = node.field("left");
        let operator = node.field("operator");
        for child in node.children() {
            if Some(child) == left && child.kind() == SyntaxKind::BinaryExpression && level(child) == of {
                self.chain(child, of);
            } else if Some(child) == operator {
                if of != COMPARISON {
                    self.op(LINE);
                }
                self.token();
            } else {
                self.node(child);
            }
        }
    }

    fn case(&mut self, node: SyntaxNode<'_>) {
        self.group(false, |layout| {
            layout.op(Op::Indent);
            for child in node.children() {
                match child.token() {
                    Some("END") => {
                        layout.op(Op::Dedent);
                        layout.op(LINE);
                        layout.closer();
                    }
                    Some("ELSE") => {
                        layout.op(LINE);
                        layout.token();
                    }
                    _ => {
                        if child.kind() == SyntaxKind::WhenClause {
                            layout.op(LINE);
                        }
                        layout.node(child);
                    }
                }
            }
        });
    }
}

/// A clause of a statement: `NAME value`.
fn is_clause(node: SyntaxNode<'_>) -> bool {
    node.kind().name().ends_with("_clause")
}

/// What starts a line of a SELECT that has several.
fn begins_select_line(node: SyntaxNode<'_>) -> bool {
    match node.kind() {
        SyntaxKind::FromClause
        | SyntaxKind::WhereClause
        | SyntaxKind::GroupBy
        | SyntaxKind::HavingClause
        | SyntaxKind::OrderBy
        | SyntaxKind::LimitClause
        | SyntaxKind::OffsetClause => true,
        SyntaxKind::Join => node.field("kind").is_none_or(|kind| kind.token() != Some(",")),
        // Both sides of UNION.
        SyntaxKind::Keyword => matches!(node.token(), Some("UNION" | "INTERSECT" | "EXCEPT")),
        SyntaxKind::Select | SyntaxKind::Subquery => node
            .parent()
            .is_some_and(|parent| parent.kind() == SyntaxKind::SetOperation && parent.field("right") == Some(node)),
        _ => false,
    }
}

const COMPARISON: u8 = 4;

/// How tightly an operator binds: operators of one level make one chain.
fn level(node: SyntaxNode<'_>) -> u8 {
    match node.field("operator").and_then(SyntaxNode::token) {
        Some("OR") => 1,
        Some("AND") => 2,
        Some("??") => 5,
        Some("||") => 6,
        Some("+" | "-") => 7,
        Some("*" | "/" | "%") => 8,
        _ => COMPARISON,
    }
}
