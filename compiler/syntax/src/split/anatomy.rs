//! What the splitter finds out about a text besides the ends of statements: what is never closed in it.

use super::Memo;
use super::lexer::Lexer;
use crate::text::TextRange;

/// Something that is opened in a text and never closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Open {
    pub(crate) kind: OpenKind,
    /// What opens it.
    pub(crate) range: TextRange,
    /// Where it ends all the same.
    pub(crate) end: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OpenKind {
    String,
    RawBlock,
    Comment,
    /// A name in back-ticks.
    Name,
    /// `(`, `[` or `{`, in a statement without `;`.
    Bracket(u8),
    Block(Block),
}

/// A block of statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Block {
    Test,
    If,
    Loop,
    Try,
}

/// A statement of a block that ends without its `;`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unterminated {
    /// Where it starts, or blanks before it.
    pub(crate) start: u32,
    /// Behind its last token.
    pub(crate) token_end: u32,
    /// Where the next word of structure or statement starts: the first in its line.
    pub(crate) next: u32,
}

/// How a text is built, as far as it can be told without its grammar.
#[derive(Clone, Debug, Default)]
pub(crate) struct Anatomy {
    /// What is never closed, in the order of the ends; what ends with the statement has the order of the text.
    pub(crate) open: Vec<Open>,
    /// Statements inside blocks that miss their `;`, in order.
    pub(crate) unterminated_inside: Vec<Unterminated>,
    /// Where brackets or blocks are nested deeper than allowed.
    pub(crate) too_deep: Option<u32>,
    /// Whether the last statement has no `;`.
    pub(crate) unterminated: bool,
    /// Whether the last statement is one of a block that is not closed, and has begun.
    pub(crate) inside_statement: bool,
    /// Whether the text ends inside a comment that ends with its line.
    pub(crate) ends_in_line_comment: bool,
    /// Where the last statement starts, one of a block perhaps, or blanks before it.
    pub(crate) statement_start: u32,
    /// Behind the last token.
    pub(crate) token_end: u32,
    /// How many tokens there are.
    pub(crate) tokens: u32,
    brackets: Vec<(u8, u32)>,
    blocks: Vec<TextRange>,
    limit: usize,
}

/// The anatomy of a text of one or more statements. Brackets and blocks may be nested so deep.
pub(crate) fn anatomy(text: &str, limit: usize) -> Anatomy {
    let mut anatomy = Anatomy { limit, ..Anatomy::default() };
    let mut memo = Memo::default();
    let mut start = 0;
    while start < text.len() {
        let mut lexer = Lexer::new(&text[start..], true);
        lexer.comment_end = memo.before(start);
        lexer.base = start as u32;
        (anatomy.unterminated, anatomy.inside_statement, anatomy.ends_in_line_comment) = (false, false, false);
        lexer.notes = Some(anatomy);
        lexer.statement();
        memo = Memo::behind(&lexer, start);
        start += lexer.at;
        anatomy = lexer.notes.take().expect("it was put there");
    }
    anatomy
}

impl Lexer<'_> {
    /// Notes something that starts at `start`, with so many bytes, and ends here without having been closed.
    pub(super) fn note(&mut self, kind: OpenKind, start: usize, length: usize) {
        let (base, end) = (self.base, self.base + self.at as u32);
        if let Some(notes) = &mut self.notes {
            notes.open.push(Open { kind, range: TextRange::from(start..start + length).shift(base), end });
        }
    }

    /// Notes a token that ends here and begins with this byte.
    pub(super) fn note_token(&mut self, first: u8) {
        let end = self.base + self.at as u32;
        let Some(notes) = &mut self.notes else { return };
        notes.tokens += 1;
        notes.token_end = end;
        match first {
            b'(' | b'[' | b'{' => {
                notes.brackets.push((first, end - 1));
                if notes.brackets.len() + notes.blocks.len() > notes.limit {
                    notes.too_deep.get_or_insert(end - 1);
                }
            }
            // A closing bracket closes the nearest one of its kind, with all that is open inside.
            b')' | b']' | b'}' => {
                let opening = if first == b')' { b'(' } else { first - 2 };
                if let Some(index) = notes.brackets.iter().rposition(|(open, _)| *open == opening) {
                    notes.brackets.truncate(index);
                }
            }
            b';' => notes.brackets.clear(),
            _ => {}
        }
    }

    pub(super) fn note_line_comment(&mut self) {
        let at_end = self.at == self.text.len();
        if let Some(notes) = &mut self.notes {
            notes.ends_in_line_comment = at_end;
        }
    }

    pub(super) fn note_block(&mut self, at: usize, end: usize) {
        let range = TextRange::from(at..end).shift(self.base);
        let Some(notes) = &mut self.notes else { return };
        notes.brackets.clear();
        notes.blocks.push(range);
        if notes.blocks.len() > notes.limit {
            notes.too_deep.get_or_insert(range.start());
        }
    }

    pub(super) fn note_blocks_closed(&mut self, left: usize) {
        if let Some(notes) = &mut self.notes {
            notes.blocks.truncate(left);
        }
    }

    /// A statement of a block ends before `next` without its `;`.
    pub(super) fn note_unterminated(&mut self, next: usize) {
        let next = self.base + next as u32;
        let Some(notes) = &mut self.notes else { return };
        notes.brackets.clear();
        notes.unterminated_inside.push(Unterminated { start: notes.statement_start, token_end: notes.token_end, next });
    }

    /// A statement starts here.
    pub(super) fn note_start(&mut self) {
        let start = self.base + self.at as u32;
        if let Some(notes) = &mut self.notes {
            notes.statement_start = start;
        }
    }

    /// The statement ends here without its `;`.
    pub(super) fn note_unfinished(&mut self, blocks: &[Block], fresh: bool) {
        let end = self.base + self.at as u32;
        let Some(notes) = &mut self.notes else { return };
        notes.unterminated = true;
        notes.inside_statement = !fresh;
        let opened = std::mem::take(&mut notes.blocks);
        for (block, range) in blocks.iter().zip(opened) {
            notes.open.push(Open { kind: OpenKind::Block(*block), range, end });
        }
        for (bracket, at) in std::mem::take(&mut notes.brackets) {
            notes.open.push(Open { kind: OpenKind::Bracket(bracket), range: TextRange::new(at, at + 1), end });
        }
    }
}
