//! Text to tree.
//!
//! The generated parser reads a text that has been prepared by our own lexer: a string, raw block or comment that is never
//! closed ends where [`crate::split`] says, and what is open when a statement ends without its `;` is closed behind the end
//! of the text. So damage looks the same to both, and the tree of half a statement is the tree of a whole one.

use std::borrow::Cow;
use std::cell::RefCell;

use crate::ast::SourceFile;
use crate::error::SyntaxError;
use crate::fold::{Fold, folds};
use crate::node::SyntaxNode;
use crate::split::{Anatomy, Block, OpenKind, anatomy};
use crate::text::TextRange;

/// How deep brackets and blocks may be nested.
pub(crate) const MAX_NESTING: usize = 256;
/// How deep a tree may be: what walks over it calls itself at each level.
const MAX_DEPTH: usize = 512;
/// How deep it may be where chains of operators, `a OR b OR c …`, are as deep as they are long.
const MAX_CHAIN: usize = 4096;
/// A text with fewer tokens and brackets than this has no deeper tree.
const SHALLOW_TOKENS: u32 = 120;

/// The tree of a text and what is wrong with it. There is a tree for every text.
#[derive(Clone, Debug)]
pub struct Parse {
    text: Box<str>,
    tree: tree_sitter::Tree,
    /// Where the text is nested too deeply to be read; the tree is empty then.
    too_deep: Option<u32>,
    /// Constants whose insides are not in the tree, in the order of the text.
    folds: Vec<Fold>,
}

/// Parses the text of a statement, or of several.
pub fn parse(text: &str) -> Parse {
    parse_without(text, Vec::new())
}

/// Parses the text of a statement that has bodies of mocked responses which are plain JSON; `None` for others. The bodies stand in
/// the tree as `{}` or `[]`; what they are tells [`Parse::folded`]. There are the same errors as without.
pub fn parse_folded(text: &str) -> Option<Parse> {
    let folds = folds(text);
    if folds.is_empty() { None } else { Some(parse_without(text, folds)) }
}

fn parse_without(text: &str, mut folds: Vec<Fold>) -> Parse {
    let anatomy = anatomy(text, MAX_NESTING);
    let mut too_deep = anatomy.too_deep;
    let mut tree = match too_deep {
        None => match prepare(text, &anatomy) {
            Cow::Borrowed(text) => parse_prepared(text, &folds),
            // What is damaged is not read as it was scanned.
            Cow::Owned(prepared) => {
                folds.clear();
                parse_prepared(&prepared, &[])
            }
        },
        Some(_) => parse_prepared("", &[]),
    };
    if anatomy.tokens > SHALLOW_TOKENS
        && let Some(at) = deeper_than(&tree, MAX_DEPTH, MAX_CHAIN)
    {
        too_deep = Some(at.min(text.len() as u32));
        tree = parse_prepared("", &[]);
    }
    Parse { text: text.into(), tree, too_deep, folds }
}

impl Parse {
    /// The text that was parsed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The root of the tree.
    pub fn syntax(&self) -> SyntaxNode<'_> {
        SyntaxNode::new(self.tree.root_node(), &self.text)
    }

    /// The root of the tree as a typed view.
    pub fn source_file(&self) -> SourceFile<'_> {
        SourceFile::new(self.syntax())
    }

    /// The JSON, without blanks, of the document or array at this place, if its insides were left out of the tree.
    pub fn folded(&self, range: TextRange) -> Option<&str> {
        let found = self.folds.binary_search_by_key(&range.start(), |fold| fold.range.start()).ok()?;
        Some(&*self.folds[found].json).filter(|_| self.folds[found].range == range)
    }

    /// What is wrong with the text, in its order.
    pub fn errors(&self) -> Vec<SyntaxError> {
        crate::error::errors(self)
    }

    /// Where the text is nested too deeply to be read; the tree is empty then.
    pub(crate) fn too_deep(&self) -> Option<u32> {
        self.too_deep
    }
}

pub(crate) fn language() -> tree_sitter::Language {
    tree_sitter_moltler::LANGUAGE.into()
}

/// Runs something with this thread's parser.
pub(crate) fn with_parser<T>(run: impl FnOnce(&mut tree_sitter::Parser) -> T) -> T {
    thread_local! {
        static PARSER: RefCell<tree_sitter::Parser> = RefCell::new(new_parser());
    }
    PARSER.with_borrow_mut(run)
}

fn new_parser() -> tree_sitter::Parser {
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&language()).expect("the generated parser fits its library");
    parser
}

fn parse_prepared(text: &str, folds: &[Fold]) -> tree_sitter::Tree {
    with_parser(|parser| {
        parser.reset();
        // Rows and columns are not asked for anywhere: their places count in bytes of one row.
        let point = |offset: usize| tree_sitter::Point { row: 0, column: offset };
        let range = |start: usize, end: usize| tree_sitter::Range {
            start_byte: start,
            end_byte: end,
            start_point: point(start),
            end_point: point(end),
        };
        let mut ranges = Vec::with_capacity(folds.len() + 1);
        let mut start = 0;
        for fold in folds {
            ranges.push(range(start, fold.range.start() as usize + 1));
            start = fold.range.end() as usize - 1;
        }
        // Without folds the parser reads all there is.
        if !folds.is_empty() {
            ranges.push(range(start, text.len()));
        }
        parser.set_included_ranges(&ranges).expect("Invariant: folds come in order and do not touch");
        parser.parse(text, None).expect("a parser with a language and without a limit gives a tree")
    })
}

/// The text as the generated parser reads it. All offsets stay; what is closed at the end is added behind it.
pub(crate) fn prepare<'text>(text: &'text str, anatomy: &Anatomy) -> Cow<'text, str> {
    /// Ends a string or a raw block, see the grammar.
    const END: char = '\u{1}';
    // A NUL looks like the end of the text to the generated parser.
    let forged = text.contains([END, '\0']);
    if anatomy.open.is_empty() && anatomy.unterminated_inside.is_empty() && !anatomy.unterminated && !forged {
        return Cow::Borrowed(text);
    }
    let mut prepared = if forged { text.replace([END, '\0'], "\u{2}") } else { text.to_owned() };
    let mut closing = String::new();
    for open in &anatomy.open {
        let (start, end) = (open.range.start() as usize, open.end as usize);
        match open.kind {
            OpenKind::String | OpenKind::RawBlock => {
                // It ends before a line, which leaves a place for the mark, or with the text.
                let last = end - 1;
                if last >= open.range.end() as usize && matches!(prepared.as_bytes()[last], b'\n' | b'\r') {
                    prepared.replace_range(last..end, "\u{1}");
                    // A statement follows: a mark one character earlier leaves a place for its `;`.
                    let before = crate::floor_char_boundary(text, last - 1);
                    let ends_statement = anatomy.unterminated_inside.iter().any(|inside| inside.next == open.end);
                    if ends_statement
                        && before >= open.range.end() as usize
                        && !matches!(text.as_bytes()[before], b'\'' | b'"')
                    {
                        prepared.replace_range(before..end, &format!("{END}{:>width$}", "", width = end - before - 1));
                    }
                } else if end == text.len() {
                    closing.push(END);
                }
            }
            OpenKind::Comment => prepared.replace_range(start..start + 2, "--"),
            OpenKind::Name | OpenKind::Bracket(_) | OpenKind::Block(_) => {}
        }
    }
    for inside in &anatomy.unterminated_inside {
        let next = inside.next as usize;
        if next > 0 && matches!(prepared.as_bytes()[next - 1], b' ' | b'\t' | b'\n' | b'\r') {
            prepared.replace_range(next - 1..next, ";");
        }
    }
    // What the last statement leaves open; statements before it have ended at a place where nothing can be added.
    let length = text.len() as u32;
    if anatomy.unterminated && closing.is_empty() && anatomy.ends_in_line_comment {
        closing.push('\n');
    }
    let last = || anatomy.open.iter().filter(move |open| open.end == length).rev();
    for open in last() {
        if let OpenKind::Bracket(bracket) = open.kind {
            closing.push(match bracket {
                b'(' => ')',
                b'[' => ']',
                _ => '}',
            });
        }
    }
    let mut blocks = last().filter_map(|open| match open.kind {
        OpenKind::Block(block) => Some(block),
        _ => None,
    });
    if let Some(block) = blocks.next() {
        closing.push_str(if anatomy.inside_statement { ";" } else { " " });
        closing.push_str(end_of(block));
        for block in blocks {
            closing.push_str(end_of(block));
        }
    }
    prepared.push_str(&closing);
    Cow::Owned(prepared)
}

fn end_of(block: Block) -> &'static str {
    match block {
        Block::Test => "END TEST;",
        Block::If => "END IF;",
        Block::Loop => "END LOOP;",
        Block::Try => "END TRY;",
    }
}

/// The offset of the first node that is deeper in the tree than the limit, where the left side of an operator is not deeper than
/// the operation if it is one too, or than `chain` in any case.
fn deeper_than(tree: &tree_sitter::Tree, limit: usize, chain: usize) -> Option<u32> {
    let mut cursor = tree.walk();
    // Of each node around: how deep it counts.
    let mut depths = vec![0];
    loop {
        let around = cursor.node().kind_id();
        if cursor.goto_first_child() {
            let node = cursor.node();
            let goes_on = node.kind_id() == around && node.kind() == "binary_expression";
            let depth = depths[depths.len() - 1] + usize::from(!goes_on);
            depths.push(depth);
            if depth > limit || depths.len() > chain {
                return Some(node.start_byte() as u32);
            }
            continue;
        }
        loop {
            // Only the first child goes on a chain.
            if cursor.goto_next_sibling() {
                let last = depths.len() - 1;
                depths[last] = depths[last - 1] + 1;
                if depths[last] > limit {
                    return Some(cursor.node().start_byte() as u32);
                }
                break;
            }
            if !cursor.goto_parent() {
                return None;
            }
            depths.pop();
        }
    }
}
