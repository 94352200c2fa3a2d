//! Nodes of a syntax tree.

use std::fmt;
use std::num::NonZeroU16;
use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use crate::kind::SyntaxKind;
use crate::text::TextRange;

/// A node of the tree of a [`Parse`](crate::Parse), with the text it was made from. As cheap to copy as a few pointers.
#[derive(Clone, Copy)]
pub struct SyntaxNode<'tree> {
    node: tree_sitter::Node<'tree>,
    text: &'tree str,
}

impl<'tree> SyntaxNode<'tree> {
    pub(crate) fn new(node: tree_sitter::Node<'tree>, text: &'tree str) -> Self {
        SyntaxNode { node, text }
    }

    pub(crate) fn raw(self) -> tree_sitter::Node<'tree> {
        self.node
    }

    /// What it is.
    pub fn kind(self) -> SyntaxKind {
        SyntaxKind::of(self.node)
    }

    /// Where it stands in the text that was parsed, without blanks around it.
    pub fn range(self) -> TextRange {
        let length = self.text.len();
        TextRange::from(self.node.start_byte().min(length)..self.node.end_byte().min(length))
    }

    /// Its text.
    pub fn text(self) -> &'tree str {
        self.range().of(self.text)
    }

    /// All of the text that was parsed.
    pub fn source(self) -> &'tree str {
        self.text
    }

    /// Whether it is a keyword or a mark.
    pub fn is_token(self) -> bool {
        !self.node.is_named()
    }

    /// The keyword in upper case, or the mark; `None` for other nodes.
    pub fn token(self) -> Option<&'tree str> {
        self.is_token().then(|| self.node.kind())
    }

    /// Whether the parser made it up because it has to be there.
    pub fn is_missing(self) -> bool {
        is_made_up(self.node, self.text)
    }

    /// Whether there is an error in it.
    pub fn has_error(self) -> bool {
        self.node.has_error()
    }

    /// The node around it.
    pub fn parent(self) -> Option<SyntaxNode<'tree>> {
        self.node.parent().map(|node| self.with(node))
    }

    /// Its children, keywords and marks among them.
    pub fn children(self) -> impl Iterator<Item = SyntaxNode<'tree>> {
        let mut cursor = self.node.walk();
        let mut more = cursor.goto_first_child();
        std::iter::from_fn(move || {
            let node = more.then(|| cursor.node())?;
            more = cursor.goto_next_sibling();
            Some(self.with(node))
        })
    }

    /// The first child in this field, unless the parser made it up.
    pub fn field(self, name: &str) -> Option<SyntaxNode<'tree>> {
        self.node
            .child_by_field_id(field_id(name)?)
            .filter(|node| !is_made_up(*node, self.text))
            .map(|node| self.with(node))
    }

    /// All children in this field, but those that the parser made up.
    pub fn fields(self, name: &'static str) -> impl Iterator<Item = SyntaxNode<'tree>> {
        let id = field_id(name).and_then(NonZeroU16::new);
        let mut cursor = self.node.walk();
        let mut more = id.is_some() && cursor.goto_first_child();
        std::iter::from_fn(move || {
            while more {
                let found = (cursor.field_id() == id).then(|| cursor.node());
                more = cursor.goto_next_sibling();
                if let Some(node) = found.filter(|node| !is_made_up(*node, self.text)) {
                    return Some(self.with(node));
                }
            }
            None
        })
    }

    /// Its first keyword or mark that is written so, in upper case.
    pub fn child_token(self, token: &str) -> Option<SyntaxNode<'tree>> {
        self.children().find(|child| child.token() == Some(token))
    }

    /// The smallest node that covers the range; a keyword or a mark too.
    pub fn covering(self, range: TextRange) -> SyntaxNode<'tree> {
        match self.node.descendant_for_byte_range(range.start() as usize, range.end() as usize) {
            Some(node) => self.with(node),
            None => self,
        }
    }

    /// It and the nodes around it, from inside out.
    pub fn ancestors(self) -> impl Iterator<Item = SyntaxNode<'tree>> {
        std::iter::successors(Some(self), |node| node.parent())
    }

    /// It and all nodes below it, each before its children, in the order of the text.
    pub fn descendants(self) -> impl Iterator<Item = SyntaxNode<'tree>> {
        let mut cursor = self.node.walk();
        let mut started = false;
        let mut done = false;
        std::iter::from_fn(move || {
            if done {
                return None;
            }
            if !started {
                started = true;
                return Some(self.with(cursor.node()));
            }
            if cursor.goto_first_child() {
                return Some(self.with(cursor.node()));
            }
            loop {
                if cursor.goto_next_sibling() {
                    return Some(self.with(cursor.node()));
                }
                if !cursor.goto_parent() {
                    done = true;
                    return None;
                }
            }
        })
    }

    /// The tree below it as an S-expression with fields, indented; keywords and marks are left out.
    pub fn to_sexp(self) -> String {
        let mut written = String::new();
        let mut cursor = self.node.walk();
        let mut depth = 0;
        loop {
            let node = cursor.node();
            let shown = node.is_named() || node.is_missing();
            if shown {
                if !written.is_empty() {
                    written.push('\n');
                }
                written.extend(std::iter::repeat_n("  ", depth));
                if let Some(field) = cursor.field_name().filter(|_| depth > 0) {
                    written.push_str(field);
                    written.push_str(": ");
                }
                written.push('(');
                if node.is_missing() {
                    written.push_str("MISSING ");
                }
                written.push_str(node.kind());
            }
            if cursor.goto_first_child() {
                depth += 1;
                continue;
            }
            loop {
                if cursor.node().is_named() || cursor.node().is_missing() {
                    written.push(')');
                }
                if depth == 0 {
                    return written;
                }
                if cursor.goto_next_sibling() {
                    break;
                }
                cursor.goto_parent();
                depth -= 1;
            }
        }
    }

    pub(crate) fn with(self, node: tree_sitter::Node<'tree>) -> SyntaxNode<'tree> {
        SyntaxNode { node, text: self.text }
    }
}

/// The number of a field: the library itself looks through all names each time.
fn field_id(name: &str) -> Option<u16> {
    static IDS: OnceLock<FxHashMap<String, u16>> = OnceLock::new();
    let ids = IDS.get_or_init(|| {
        let language = crate::parse::language();
        let name = |id: u16| Some((language.field_name_for_id(id)?.to_owned(), id));
        (1..=language.field_count() as u16).filter_map(name).collect()
    });
    ids.get(name).copied()
}

/// Made up by the generated parser, or read from what was added behind the end of the text.
fn is_made_up(node: tree_sitter::Node<'_>, text: &str) -> bool {
    node.is_missing() || node.start_byte() >= text.len() && node.end_byte() > node.start_byte()
}

impl PartialEq for SyntaxNode<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node
    }
}

impl Eq for SyntaxNode<'_> {}

impl fmt::Debug for SyntaxNode<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}@{}..{}", self.node.kind(), self.range().start(), self.range().end())
    }
}
