//! From the start of a statement to its end.

use super::anatomy::Block;
use super::heads::{BLOCK_STATEMENTS, RAW_BLOCK_CLAUSES};
use super::lexer::Lexer;

/// What the word before makes of the next one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// An operator, an opening bracket, a keyword that an operand follows: the next word is a name.
    Operator,
    /// Something that has a value, or ends a clause.
    Operand,
    /// A word behind which `SELECT` belongs to the statement: `UNION`, `IN`, `AS`, …
    Linking,
}

/// What the head of the statement under way waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Waits {
    Nothing,
    Begin,
    Then,
    Loop,
}

/// Where in a statement one is.
struct State {
    /// The blocks that are open, from outside in.
    blocks: Vec<Block>,
    waits: Waits,
    /// How many brackets are open.
    depth: usize,
    /// How many CASE are open.
    cases: usize,
    /// At the start of a statement, where words of structure stand.
    fresh: bool,
    raw_may_follow: bool,
    before: Before,
    /// A SELECT on a line of its own may belong to this statement.
    may_hold_select: bool,
    /// So may any statement: `ASSERT RAISES 'x' …`.
    may_hold_statement: bool,
}

impl State {
    /// At the start of the next statement of a block.
    fn start(&mut self, lexer: &mut Lexer<'_>) {
        lexer.note_start();
        (self.fresh, self.waits, self.depth, self.cases) = (true, Waits::Nothing, 0, 0);
        (self.raw_may_follow, self.before) = (false, Before::Operator);
        (self.may_hold_select, self.may_hold_statement) = (false, false);
    }
}

impl Lexer<'_> {
    /// Goes to the end of the statement that starts here.
    pub(super) fn statement(&mut self) {
        let start = self.base + self.at as u32;
        self.note_start();
        let mut state = State {
            blocks: Vec::new(),
            waits: Waits::Nothing,
            depth: 0,
            cases: 0,
            fresh: true,
            raw_may_follow: false,
            before: Before::Operator,
            may_hold_select: false,
            may_hold_statement: false,
        };
        while let Some(byte) = self.byte(self.at) {
            let at = self.at;
            let blank = self.blank(at);
            if blank > 0 {
                self.at += blank;
                continue;
            }
            if byte == b'-' && self.byte(at + 1) == Some(b'-') {
                self.line_comment();
                self.note_line_comment();
                continue;
            }
            if byte == b'/' && self.byte(at + 1) == Some(b'*') {
                self.block_comment();
                continue;
            }
            let outermost = state.fresh && state.blocks.is_empty();
            if !outermost && (state.fresh || self.is_line_start(at)) && self.definition_head(at) {
                return self.note_unfinished(&state.blocks, state.fresh);
            }
            if byte == b';' {
                self.at += 1;
                self.note_token(b';');
                if state.blocks.is_empty() {
                    return;
                }
                state.start(self);
                continue;
            }
            if std::mem::take(&mut state.raw_may_follow) && self.is_raw_fence() {
                self.raw_block();
                self.note_token(b'\'');
                (state.fresh, state.before) = (false, Before::Operand);
                continue;
            }
            let end = self.word_end(at);
            if end == at {
                self.mark(&mut state, byte);
                continue;
            }
            if !state.fresh && self.statement_starts_without_semicolon(&state, at) {
                if state.blocks.is_empty() {
                    return self.note_unfinished(&state.blocks, false);
                }
                self.note_unterminated(at);
                state.start(self);
            }
            self.at = end;
            self.note_token(byte);
            state.raw_may_follow = self.is_word(at, &RAW_BLOCK_CLAUSES);
            if std::mem::replace(&mut state.fresh, false) {
                self.first_word(&mut state, at, end);
            } else {
                self.later_word(&mut state, at, end);
            }
        }
        if self.notes.as_ref().is_some_and(|notes| notes.token_end > start) {
            self.note_unfinished(&state.blocks, state.fresh);
        }
    }

    /// Anything that is neither word nor blank nor comment.
    fn mark(&mut self, state: &mut State, byte: u8) {
        let at = self.at;
        state.fresh = false;
        let before = match byte {
            b'\'' | b'"' => {
                self.string();
                // A line has ended it: what follows in a block is a statement.
                if !state.blocks.is_empty() && self.is_line_start(self.at) && self.statement_head(self.at) {
                    self.note_token(byte);
                    self.note_unterminated(self.at);
                    return state.start(self);
                }
                Before::Operand
            }
            b'`' => {
                self.quoted_name();
                Before::Operand
            }
            b'0'..=b'9' => {
                self.at += 1;
                while self.byte(self.at).is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                    self.at += 1;
                }
                Before::Operand
            }
            b'(' | b'[' | b'{' => {
                (self.at, state.depth) = (at + 1, state.depth + 1);
                Before::Operator
            }
            b')' | b']' | b'}' => {
                (self.at, state.depth) = (at + 1, state.depth.saturating_sub(1));
                Before::Operand
            }
            _ => {
                self.at = at + 1;
                Before::Operator
            }
        };
        state.before = before;
        self.note_token(byte);
    }

    /// Whether the word at `at`, inside a statement, can only be the start of another one.
    fn statement_starts_without_semicolon(&mut self, state: &State, at: usize) -> bool {
        let inside = !state.blocks.is_empty();
        if inside && self.is_word(at, &["END"]) {
            // `END IF;` on a line of its own.
            return self.is_first_in_line(at)
                && self.closes(state, at).is_some_and(|(end, _)| {
                    let next = self.skip_blanks(end);
                    self.byte(next) == Some(b';')
                });
        }
        if state.before != Before::Operand || state.may_hold_statement {
            return false;
        }
        let first = if inside { self.is_first_in_line(at) } else { self.is_line_start(at) };
        if !first {
            return false;
        }
        if self.is_word(at, &["SELECT"]) {
            return !state.may_hold_select;
        }
        state.depth == 0 && state.waits == Waits::Nothing && self.starts_statement(at)
    }

    /// For `END IF|LOOP|TRY|TEST`: where it ends, and how many blocks it leaves open.
    fn closes(&mut self, state: &State, at: usize) -> Option<(usize, usize)> {
        let end = self.word_end(at);
        let kind = self.skip_blanks(end);
        let (_, block) = [("IF", Block::If), ("LOOP", Block::Loop), ("TRY", Block::Try), ("TEST", Block::Test)]
            .into_iter()
            .find(|(word, _)| self.is_word(kind, &[word]))?;
        let left = state.blocks.iter().rposition(|open| *open == block)?;
        Some((self.word_end(kind), left))
    }

    /// The first word of a statement, which may be one of structure.
    fn first_word(&mut self, state: &mut State, at: usize, end: usize) {
        state.before = Before::Operator;
        state.may_hold_select = self.is_word(at, &["WITH", "ASSERT", "FOR", "EXPLAIN"]);
        if self.is_word(at, &["ASSERT"]) {
            let next = self.skip_blanks(end);
            state.may_hold_statement = self.is_word(next, &["RAISES"]);
        } else if self.is_word(at, &["IF"]) {
            state.waits = Waits::Then;
        } else if self.is_word(at, &["FOR", "WHILE"]) {
            state.waits = Waits::Loop;
        } else if self.is_word(at, &["TRY"]) {
            state.blocks.push(Block::Try);
            self.note_block(at, end);
            state.fresh = true;
        } else if self.is_word(at, &["TEST"]) {
            if self.definition_head(at) {
                state.waits = Waits::Begin;
            }
        } else if !state.blocks.is_empty() {
            self.word_of_structure(state, at, end);
        }
    }

    /// ELSEIF, ELSE, CATCH, FINALLY, END.
    fn word_of_structure(&mut self, state: &mut State, at: usize, end: usize) {
        if self.is_word(at, &["ELSEIF"]) {
            state.waits = Waits::Then;
            if state.blocks.last() == Some(&Block::If) {
                state.blocks.pop();
                self.note_blocks_closed(state.blocks.len());
            }
        } else if self.is_word(at, &["ELSE", "FINALLY"]) {
            state.fresh = true;
        } else if self.is_word(at, &["CATCH"]) {
            state.fresh = true;
            let name = self.skip_blanks(end);
            let name_end = self.word_end(name);
            if name_end > name && !self.is_word(name, &BLOCK_STATEMENTS) {
                self.at = name_end;
                self.note_token(b'a');
            }
        } else if self.is_word(at, &["END"])
            && let Some((end, left)) = self.closes(state, at)
        {
            state.blocks.truncate(left);
            self.note_blocks_closed(left);
            self.at = end;
            self.note_token(b'a');
            state.before = Before::Operand;
        }
    }

    fn later_word(&mut self, state: &mut State, at: usize, end: usize) {
        if state.before == Before::Operand {
            // Behind an operand a word in brackets is an operator: BEGIN and THEN show that a bracket was never closed.
            let opened = match state.waits {
                Waits::Begin if self.is_word(at, &["BEGIN"]) => Some(Block::Test),
                Waits::Then if self.is_word(at, &["THEN"]) && state.cases == 0 => Some(Block::If),
                Waits::Loop if self.is_word(at, &["LOOP"]) && state.cases == 0 && state.depth == 0 => Some(Block::Loop),
                _ => None,
            };
            if let Some(block) = opened {
                state.blocks.push(block);
                self.note_block(at, end);
                return state.start(self);
            }
        }
        if self.is_word(at, &["CASE"]) && state.before == Before::Operator {
            state.cases += 1;
        } else if state.cases > 0 && self.is_word(at, &["END"]) {
            state.cases -= 1;
            state.before = Before::Operand;
            return;
        }
        const BEFORE_OPERAND: [&str; 17] = [
            "AND", "OR", "NOT", "IN", "LIKE", "ILIKE", "MATCHES", "CONTAINS", "BETWEEN", "IS", "WHEN", "THEN", "ELSE",
            "CASE", "BY", "WHERE", "INTERVAL",
        ];
        const LINKING: [&str; 6] = ["UNION", "ALL", "EXCEPT", "INTERSECT", "EXISTS", "AS"];
        state.before = if self.is_word(at, &LINKING) {
            Before::Linking
        } else if state.before == Before::Operand && self.is_word(at, &BEFORE_OPERAND) {
            Before::Operator
        } else {
            Before::Operand
        };
    }
}
