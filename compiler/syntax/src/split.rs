//! Where statements end: a small lexer that finds its way again after damage.
//!
//! A statement's text runs from the end of the one before to its `;`, blanks and comments in front included. A TEST or an
//! IF, FOR, WHILE, TRY with all it holds is one statement. What follows the last `;` is a statement of its own.
//!
//! The rules, which the grammar shares:
//!
//! - Strings are `'…'` and `"…"`, with `\` before any character and a doubled quote inside. A line that begins in column 1
//!   with a [statement head](is_statement_head) ends an open string.
//! - `'''` opens a raw block only behind `HANDLER QUERY_HANDLER CHECK_HANDLER SHARED DESCRIPTION DOCUMENTATION`; it ends with
//!   the next `'''`. When a [definition head](definition_head) in column 1, or the end of the file, comes first, the block ends
//!   before the first line that begins in column 1 with a statement head.
//! - Comments are `-- …` and `/* … */`, which do not nest; a `/*` without `*/` ends with its line.
//! - `` `…` `` quotes a name within a line.
//! - A definition head in column 1, or where a statement of a block starts, ends whatever is open.
//! - Any other statement head in column 1 ends a statement that misses its `;`, where it cannot belong to it.

use crate::text::TextRange;

/// The ranges of all statements of a text, in order; together they are the whole text.
pub fn split(text: &str) -> Vec<TextRange> {
    let mut ranges = Vec::new();
    let mut memo = Memo::default();
    let mut start = 0;
    while start < text.len() {
        let scan = scan_statement(text, start, true, &mut memo);
        ranges.push(TextRange::from(start..start + scan.end));
        start += scan.end;
    }
    ranges
}

/// A statement found at the start of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scan {
    /// Behind its last byte.
    pub(crate) end: usize,
    /// Behind the last byte that decided about `end`.
    pub(crate) examined: usize,
}

/// The statement of a text that starts at `start`, where the text is not at its end; `end` and `examined` count from there.
/// With `whole` false the text may go on behind its end; a result with `examined` beyond it then says that more is needed.
pub(crate) fn scan_statement(text: &str, start: usize, whole: bool, memo: &mut Memo) -> Scan {
    let mut scanner = Scanner::new(&text[start..], whole);
    scanner.comment_end = memo.comment_end.map(|end| end.saturating_sub(start)).filter(|end| *end > 0);
    scanner.statement();
    memo.comment_end = scanner.comment_end.map(|end| end.saturating_add(start));
    Scan { end: scanner.at, examined: scanner.examined.max(scanner.at) }
}

/// What is remembered from one statement of a text to the next, so that a search to the end of the text is made once.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Memo {
    /// The first `*/` behind the last one that was looked for; beyond the text where there is none.
    comment_end: Option<usize>,
}

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

/// How a text is built, as far as it can be told without its grammar.
#[derive(Clone, Debug, Default)]
pub(crate) struct Anatomy {
    /// What is never closed, in the order of the ends; what ends with the statement has the order of the text.
    pub(crate) open: Vec<Open>,
    /// Where brackets or blocks are nested deeper than allowed.
    pub(crate) too_deep: Option<u32>,
    /// Whether the last statement has no `;`.
    pub(crate) unterminated: bool,
    /// Whether the last statement is one of a block that is not closed, and has begun.
    pub(crate) inside_statement: bool,
    /// Whether the text ends inside a comment that ends with its line.
    pub(crate) ends_in_line_comment: bool,
    /// Behind the last token.
    pub(crate) token_end: u32,
    /// How many tokens there are.
    pub(crate) tokens: u32,
    brackets: Vec<(u8, u32)>,
    blocks: Vec<TextRange>,
    limit: usize,
}

/// The anatomy of a text of one or more statements.
pub(crate) fn anatomy(text: &str, limit: usize) -> Anatomy {
    let mut anatomy = Anatomy { limit, ..Anatomy::default() };
    let mut memo = Memo::default();
    let mut start = 0;
    while start < text.len() {
        let mut scanner = Scanner::new(&text[start..], true);
        scanner.comment_end = memo.comment_end.map(|end| end.saturating_sub(start)).filter(|end| *end > 0);
        scanner.base = start as u32;
        (anatomy.unterminated, anatomy.inside_statement, anatomy.ends_in_line_comment) = (false, false, false);
        scanner.notes = Some(anatomy);
        scanner.statement();
        memo.comment_end = scanner.comment_end.map(|end| end.saturating_add(start));
        start += scanner.at;
        anatomy = scanner.notes.take().expect("it was put there");
    }
    anatomy
}

/// Words behind which `'''` opens a raw block.
pub const RAW_BLOCK_CLAUSES: [&str; 6] =
    ["HANDLER", "QUERY_HANDLER", "CHECK_HANDLER", "SHARED", "DESCRIPTION", "DOCUMENTATION"];

const STATEMENT_HEADS: [&str; 12] = [
    "SELECT",
    "CREATE",
    "ALTER",
    "DROP",
    "SHOW",
    "DESCRIBE",
    "TEST",
    "SYNC",
    "CONNECTOR_EXEC",
    "DECLARE",
    "ASSERT",
    "PRINT",
];

/// Words that start a statement of a block, to tell `CATCH name` from `CATCH` and a statement.
const BLOCK_STATEMENTS: [&str; 21] = [
    "CREATE",
    "ALTER",
    "DROP",
    "SHOW",
    "TEST",
    "SELECT",
    "CONNECTOR_EXEC",
    "SYNC",
    "DECLARE",
    "SET",
    "ASSERT",
    "IF",
    "FOR",
    "WHILE",
    "BREAK",
    "CONTINUE",
    "TRY",
    "RAISE",
    "PRINT",
    "FINALLY",
    "END",
];

/// Whether the text begins with the head of a definition (`CREATE CONNECTOR TYPE|ENTITY|ACTION`, `REGISTER|PACKAGE|PUBLISH|INSTALL
/// CONNECTOR`, `TEST CONNECTOR TYPE`). An instance may be named `type`: `CREATE CONNECTOR type TYPE …` is no definition.
pub fn is_definition_head(text: &str) -> bool {
    Scanner::new(text, true).definition_head(0)
}

/// Whether the text begins with the head of a definition or with a word that starts a statement.
pub fn is_statement_head(text: &str) -> bool {
    Scanner::new(text, true).statement_head(0)
}

struct Scanner<'text> {
    text: &'text [u8],
    at: usize,
    examined: usize,
    whole: bool,
    /// See [`Memo::comment_end`].
    comment_end: Option<usize>,
    /// What is written down for [`anatomy`], and where this statement starts in its text.
    notes: Option<Anatomy>,
    base: u32,
}

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

/// A block that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Block {
    Test,
    If,
    Loop,
    Try,
}

/// What the head of the statement under way waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Waits {
    Nothing,
    Begin,
    Then,
    Loop,
}

impl<'text> Scanner<'text> {
    fn new(text: &'text str, whole: bool) -> Scanner<'text> {
        Scanner { text: text.as_bytes(), at: 0, examined: 0, whole, comment_end: None, notes: None, base: 0 }
    }

    fn note(&mut self, kind: OpenKind, start: usize, length: usize) {
        let (base, end) = (self.base, self.base + self.at as u32);
        if let Some(notes) = &mut self.notes {
            let start = base + start as u32;
            notes.open.push(Open { kind, range: TextRange::new(start, start + length as u32), end });
        }
    }

    /// How many bytes the blank at `at` has; 0 when there is none.
    fn blank(&mut self, at: usize) -> usize {
        match self.byte(at) {
            Some(b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c) => 1,
            Some(0xc2) if self.byte(at + 1) == Some(0xa0) => 2,
            Some(0xe2 | 0xef) => {
                self.byte(at + 2);
                // U+200B, U+2028, U+2029, U+2060, U+FEFF
                let blanks: [&[u8]; 5] = [
                    &[0xe2, 0x80, 0x8b],
                    &[0xe2, 0x80, 0xa8],
                    &[0xe2, 0x80, 0xa9],
                    &[0xe2, 0x81, 0xa0],
                    &[0xef, 0xbb, 0xbf],
                ];
                if blanks.iter().any(|blank| self.text[at..].starts_with(blank)) { 3 } else { 0 }
            }
            _ => 0,
        }
    }

    fn byte(&mut self, at: usize) -> Option<u8> {
        let byte = self.text.get(at).copied();
        self.examined = self.examined.max(match byte {
            Some(_) => at + 1,
            None if self.whole => self.text.len(),
            None => self.text.len() + 1,
        });
        byte
    }

    fn is_line_start(&mut self, at: usize) -> bool {
        match at.checked_sub(1).map(|before| self.text[before]) {
            // The text starts behind the `;` of another statement, or at the start of the file: nothing is open there.
            None => false,
            Some(b'\n') => true,
            Some(b'\r') => self.byte(at) != Some(b'\n'),
            Some(_) => false,
        }
    }

    /// The end of the word at `at`; `at` itself when there is none.
    fn word_end(&mut self, at: usize) -> usize {
        let mut end = at;
        while let Some(byte) = self.byte(end) {
            let part = byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80 && self.blank(end) == 0;
            if !(part || end > at && (byte.is_ascii_digit() || byte == b'$')) {
                break;
            }
            end += 1;
        }
        end
    }

    fn is_word(&mut self, at: usize, words: &[&str]) -> bool {
        let end = self.word_end(at);
        words.iter().any(|word| self.text[at..end].eq_ignore_ascii_case(word.as_bytes()))
    }

    fn skip_blanks(&mut self, mut at: usize) -> usize {
        loop {
            match self.blank(at) {
                0 => return at,
                length => at += length,
            }
        }
    }

    fn definition_head(&mut self, at: usize) -> bool {
        let end = self.word_end(at);
        let word = &self.text[at..end];
        let is = |word: &[u8], other: &str| word.eq_ignore_ascii_case(other.as_bytes());
        let always = ["REGISTER", "PACKAGE", "PUBLISH", "INSTALL"].iter().any(|other| is(word, other));
        let (create, test) = (is(word, "CREATE"), is(word, "TEST"));
        if !(always || create || test) {
            return false;
        }
        let second = self.skip_blanks(end);
        if second == end || !self.is_word(second, &["CONNECTOR"]) {
            return false;
        }
        if always {
            return true;
        }
        let end = self.word_end(second);
        let third = self.skip_blanks(end);
        if third == end {
            return false;
        }
        if create && self.is_word(third, &["ENTITY", "ACTION"]) || self.is_word(third, &["TYPE"]) {
            // `CREATE CONNECTOR entity TYPE 'x'` and `TEST CONNECTOR type;` name an instance.
            let end = self.word_end(third);
            let fourth = self.skip_blanks(end);
            return !(create && self.is_word(fourth, &["TYPE"]) || test && self.byte(fourth) == Some(b';'));
        }
        false
    }

    fn statement_head(&mut self, at: usize) -> bool {
        self.is_word(at, &STATEMENT_HEADS) || self.definition_head(at)
    }

    /// From an opening quote to behind its closing one, or to the line that ends it.
    fn string(&mut self) -> bool {
        let Some(quote) = self.byte(self.at) else { return false };
        self.at += 1;
        while let Some(byte) = self.byte(self.at) {
            match byte {
                b'\\' if self.byte(self.at + 1).is_some() && !matches!(self.text[self.at + 1], b'\n' | b'\r') => {
                    self.at += 2
                }
                _ if byte == quote => {
                    self.at += 1;
                    if self.byte(self.at) != Some(quote) {
                        return true;
                    }
                    self.at += 1;
                }
                _ => {
                    self.at += 1;
                    if self.is_line_start(self.at) && self.statement_head(self.at) {
                        return false;
                    }
                }
            }
        }
        false
    }

    /// From an opening `'''` to behind the closing one, or to the line that ends it.
    fn raw_block(&mut self) -> bool {
        self.at += 3;
        let mut first_head = None;
        let mut at = self.at;
        while let Some(byte) = self.byte(at) {
            if byte == b'\'' && self.byte(at + 1) == Some(b'\'') && self.byte(at + 2) == Some(b'\'') {
                self.at = at + 3;
                return true;
            }
            at += 1;
            if self.is_line_start(at) && self.statement_head(at) {
                first_head.get_or_insert(at);
                if self.definition_head(at) {
                    break;
                }
            }
        }
        self.at = first_head.unwrap_or(at);
        false
    }

    /// From `--` to the end of its line.
    fn line_comment(&mut self) {
        while !matches!(self.byte(self.at), None | Some(b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn block_comment(&mut self) {
        let start = self.at;
        let end = match self.comment_end.filter(|end| *end > start + 3) {
            Some(end) => end,
            None => {
                let mut at = start + 2;
                loop {
                    match self.byte(at) {
                        Some(b'*') if self.byte(at + 1) == Some(b'/') => break at + 2,
                        Some(_) => at += 1,
                        None => break usize::MAX,
                    }
                }
            }
        };
        self.comment_end = Some(end);
        if end <= self.text.len() {
            self.byte(end - 1);
            self.at = end;
        } else {
            self.byte(self.text.len());
            self.line_comment();
            self.note(OpenKind::Comment, start, 2);
        }
    }

    fn is_raw_fence(&mut self) -> bool {
        self.byte(self.at) == Some(b'\'')
            && self.byte(self.at + 1) == Some(b'\'')
            && self.byte(self.at + 2) == Some(b'\'')
    }

    fn statement(&mut self) {
        let mut blocks: Vec<Block> = Vec::new();
        let mut waits = Waits::Nothing;
        let mut depth = 0usize;
        let mut cases = 0usize;
        // At the start of a statement, where words of structure stand.
        let mut fresh = true;
        let mut raw_may_follow = false;
        let mut before = Before::Operator;
        let mut may_hold_select = false;
        let statement_start = self.at;
        while let Some(byte) = self.byte(self.at) {
            let at = self.at;
            let blank = self.blank(at);
            if blank > 0 {
                self.at += blank;
                continue;
            }
            match byte {
                b'-' if self.byte(at + 1) == Some(b'-') => {
                    self.line_comment();
                    let at_end = self.at == self.text.len();
                    if let Some(notes) = &mut self.notes {
                        notes.ends_in_line_comment = at_end;
                    }
                    continue;
                }
                b'/' if self.byte(at + 1) == Some(b'*') => {
                    self.block_comment();
                    continue;
                }
                _ => {}
            }
            let outermost = fresh && blocks.is_empty();
            if !outermost && (fresh || self.is_line_start(at)) && self.definition_head(at) {
                return self.unfinished(&blocks, fresh);
            }
            if byte == b';' {
                self.at += 1;
                self.note_token(b';');
                if blocks.is_empty() {
                    return;
                }
                (fresh, waits, depth, cases) = (true, Waits::Nothing, 0, 0);
                (raw_may_follow, before, may_hold_select) = (false, Before::Operator, false);
                continue;
            }
            if std::mem::take(&mut raw_may_follow) && self.is_raw_fence() {
                if !self.raw_block() {
                    self.note(OpenKind::RawBlock, at, 3);
                }
                self.note_token(b'\'');
                (fresh, before) = (false, Before::Operand);
                continue;
            }
            let was_fresh = std::mem::replace(&mut fresh, false);
            let end = self.word_end(at);
            if end == at {
                match byte {
                    b'\'' | b'"' => {
                        if !self.string() {
                            self.note(OpenKind::String, at, 1);
                        }
                        before = Before::Operand;
                    }
                    b'`' => {
                        self.at += 1;
                        while !matches!(self.byte(self.at), None | Some(b'`' | b'\n' | b'\r')) {
                            self.at += 1;
                        }
                        if self.byte(self.at) == Some(b'`') {
                            self.at += 1;
                        } else {
                            self.note(OpenKind::Name, at, 1);
                        }
                        before = Before::Operand;
                    }
                    b'0'..=b'9' => {
                        self.at += 1;
                        while self.byte(self.at).is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                            self.at += 1;
                        }
                        before = Before::Operand;
                    }
                    b'(' | b'[' | b'{' => {
                        (self.at, depth, before) = (at + 1, depth + 1, Before::Operator);
                    }
                    b')' | b']' | b'}' => {
                        (self.at, depth, before) = (at + 1, depth.saturating_sub(1), Before::Operand);
                    }
                    _ => (self.at, before) = (at + 1, Before::Operator),
                }
                self.note_token(byte);
                continue;
            }
            let is = |scanner: &Self, word: &str| scanner.text[at..end].eq_ignore_ascii_case(word.as_bytes());
            if !was_fresh && blocks.is_empty() && self.is_line_start(at) && before == Before::Operand {
                let ends = if is(self, "SELECT") {
                    !may_hold_select
                } else {
                    depth == 0 && waits == Waits::Nothing && self.starts_connector_statement(at)
                };
                if ends {
                    return self.unfinished(&blocks, fresh);
                }
            }
            self.at = end;
            self.note_token(byte);
            if was_fresh {
                may_hold_select = ["WITH", "ASSERT", "FOR", "EXPLAIN"].iter().any(|word| is(self, word));
                before = Before::Operator;
                if is(self, "IF") {
                    waits = Waits::Then;
                } else if is(self, "FOR") || is(self, "WHILE") {
                    waits = Waits::Loop;
                } else if is(self, "TRY") {
                    blocks.push(Block::Try);
                    self.note_block(at, end);
                    fresh = true;
                } else if is(self, "TEST") {
                    if self.definition_head(at) {
                        waits = Waits::Begin;
                    }
                } else if !blocks.is_empty() {
                    if is(self, "ELSEIF") {
                        waits = Waits::Then;
                        if blocks.last() == Some(&Block::If) {
                            blocks.pop();
                            self.note_blocks_closed(blocks.len());
                        }
                    } else if is(self, "ELSE") || is(self, "FINALLY") {
                        fresh = true;
                    } else if is(self, "CATCH") {
                        fresh = true;
                        let name = self.skip_blanks(end);
                        let name_end = self.word_end(name);
                        if name_end > name && !self.is_word(name, &BLOCK_STATEMENTS) {
                            self.at = name_end;
                        }
                    } else if is(self, "END") {
                        let kind = self.skip_blanks(end);
                        let closes =
                            [("IF", Block::If), ("LOOP", Block::Loop), ("TRY", Block::Try), ("TEST", Block::Test)]
                                .into_iter()
                                .find(|(word, _)| self.is_word(kind, &[word]))
                                .and_then(|(_, block)| blocks.iter().rposition(|open| *open == block));
                        if let Some(position) = closes {
                            blocks.truncate(position);
                            self.note_blocks_closed(position);
                            self.at = self.word_end(kind);
                            before = Before::Operand;
                        }
                    }
                }
                raw_may_follow = RAW_BLOCK_CLAUSES.iter().any(|word| is(self, word));
                continue;
            }
            raw_may_follow = RAW_BLOCK_CLAUSES.iter().any(|word| is(self, word));
            if depth == 0 && before == Before::Operand {
                let opened = match waits {
                    Waits::Begin if is(self, "BEGIN") => Some(Block::Test),
                    Waits::Then if is(self, "THEN") && cases == 0 => Some(Block::If),
                    Waits::Loop if is(self, "LOOP") && cases == 0 => Some(Block::Loop),
                    _ => None,
                };
                if let Some(block) = opened {
                    blocks.push(block);
                    self.note_block(at, end);
                    (fresh, waits) = (true, Waits::Nothing);
                    continue;
                }
            }
            if is(self, "CASE") && before == Before::Operator {
                cases += 1;
            } else if is(self, "END") && cases > 0 {
                cases -= 1;
                before = Before::Operand;
                continue;
            }
            const BEFORE_OPERAND: [&str; 17] = [
                "AND", "OR", "NOT", "IN", "LIKE", "ILIKE", "MATCHES", "CONTAINS", "BETWEEN", "IS", "WHEN", "THEN",
                "ELSE", "CASE", "BY", "WHERE", "INTERVAL",
            ];
            const LINKING: [&str; 6] = ["UNION", "ALL", "EXCEPT", "INTERSECT", "EXISTS", "AS"];
            before = if LINKING.iter().any(|word| is(self, word)) {
                Before::Linking
            } else if before == Before::Operand && BEFORE_OPERAND.iter().any(|word| is(self, word)) {
                Before::Operator
            } else {
                Before::Operand
            };
        }
        if self.notes.as_ref().is_some_and(|notes| notes.token_end > self.base + statement_start as u32) {
            self.unfinished(&blocks, fresh);
        }
    }

    /// Notes a token that ends here and begins with this byte.
    fn note_token(&mut self, first: u8) {
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

    fn note_block(&mut self, at: usize, end: usize) {
        let range = TextRange::from(at..end).shift(self.base);
        let Some(notes) = &mut self.notes else { return };
        notes.brackets.clear();
        notes.blocks.push(range);
        if notes.blocks.len() > notes.limit {
            notes.too_deep.get_or_insert(range.start());
        }
    }

    fn note_blocks_closed(&mut self, left: usize) {
        if let Some(notes) = &mut self.notes {
            notes.blocks.truncate(left);
        }
    }

    /// The statement ends here without its `;`.
    fn unfinished(&mut self, blocks: &[Block], fresh: bool) {
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

    /// `CREATE|ALTER|DROP|SHOW|SYNC|TEST CONNECTOR…`, or a word that starts a statement and can never go on with one.
    fn starts_connector_statement(&mut self, at: usize) -> bool {
        if self.is_word(at, &["DECLARE", "ASSERT", "PRINT", "DESCRIBE", "CONNECTOR_EXEC"]) {
            let end = self.word_end(at);
            let next = self.skip_blanks(end);
            return next > end && self.word_end(next) > next;
        }
        if !self.is_word(at, &["CREATE", "ALTER", "DROP", "SHOW", "SYNC", "TEST"]) {
            return false;
        }
        let end = self.word_end(at);
        let next = self.skip_blanks(end);
        next > end && self.is_word(next, &["CONNECTOR", "CONNECTORS"])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let pieces: Vec<&str> = split(text).into_iter().map(|range| range.of(text)).collect();
        assert_eq!(pieces, expected, "of {text:?}");
    }

    #[test]
    fn statements_end_at_semicolons() {
        check("SELECT 1; SELECT ';' ; -- a;\nSELECT 2", &["SELECT 1;", " SELECT ';' ;", " -- a;\nSELECT 2"]);
        check("", &[]);
        check("  \n", &["  \n"]);
        check("SELECT 'it''s; \\' ok;' /* ; */ ;x", &["SELECT 'it''s; \\' ok;' /* ; */ ;", "x"]);
    }

    #[test]
    fn raw_blocks_hold_everything() {
        check(
            "CREATE CONNECTOR ACTION 'a' HANDLER '''x; ' -- '' ;''' ; y;",
            &["CREATE CONNECTOR ACTION 'a' HANDLER '''x; ' -- '' ;''' ;", " y;"],
        );
        check("SELECT '''; ''' ; x", &["SELECT '''; ''' ;", " x"]);
    }

    #[test]
    fn a_test_is_one_statement() {
        let test = "TEST CONNECTOR TYPE 'x' NAME 'n' BEGIN SELECT 1; IF a THEN b; ELSE c; END IF; SELECT end FROM a.b; END TEST;";
        check(&format!("{test} z;"), &[test, " z;"]);
        let test = "TEST CONNECTOR TYPE 'x' BEGIN TRY SELECT 1; CATCH e PRINT e; FINALLY PRINT 2; END TRY; END TEST;";
        check(&format!("{test}z"), &[test, "z"]);
    }

    #[test]
    fn words_of_structure_are_names_elsewhere() {
        check("FOR r IN loop LOOP PRINT loop; END LOOP; x;", &["FOR r IN loop LOOP PRINT loop; END LOOP;", " x;"]);
        check(
            "IF CASE WHEN a THEN b ELSE c END = then THEN PRINT 1; END IF; x;",
            &["IF CASE WHEN a THEN b ELSE c END = then THEN PRINT 1; END IF;", " x;"],
        );
        check("SELECT if, for, begin FROM a.b; x;", &["SELECT if, for, begin FROM a.b;", " x;"]);
        check("TEST CONNECTOR type; x;", &["TEST CONNECTOR type;", " x;"]);
    }

    #[test]
    fn an_open_string_ends_at_a_head() {
        check("SELECT 'a\nSELECT 2;", &["SELECT 'a\n", "SELECT 2;"]);
        check("SELECT 'a\n SELECT 2;", &["SELECT 'a\n SELECT 2;"]);
    }

    #[test]
    fn an_open_raw_block_ends_at_a_head() {
        check(
            "CREATE CONNECTOR ACTION 'a' HANDLER '''\nx\nSELECT 1;\nREGISTER CONNECTOR TYPE 'a';",
            &["CREATE CONNECTOR ACTION 'a' HANDLER '''\nx\n", "SELECT 1;", "\nREGISTER CONNECTOR TYPE 'a';"],
        );
        check(
            "CREATE CONNECTOR ACTION 'a' HANDLER '''\nSELECT 1;\n''';z",
            &["CREATE CONNECTOR ACTION 'a' HANDLER '''\nSELECT 1;\n''';", "z"],
        );
    }

    #[test]
    fn an_open_comment_ends_with_its_line() {
        check("SELECT 1 /* a\n; SELECT 2;", &["SELECT 1 /* a\n;", " SELECT 2;"]);
    }

    #[test]
    fn a_definition_closes_open_blocks() {
        check(
            "TEST CONNECTOR TYPE 'x' BEGIN SELECT 1; CREATE CONNECTOR TYPE 'y'; z;",
            &["TEST CONNECTOR TYPE 'x' BEGIN SELECT 1; ", "CREATE CONNECTOR TYPE 'y';", " z;"],
        );
        check(
            "TEST CONNECTOR TYPE 'x' BEGIN SELECT (\nREGISTER CONNECTOR TYPE 'y';",
            &["TEST CONNECTOR TYPE 'x' BEGIN SELECT (\n", "REGISTER CONNECTOR TYPE 'y';"],
        );
    }

    #[test]
    fn a_missing_semicolon_costs_one_statement() {
        check("SELECT a FROM b.c\nSELECT 2;", &["SELECT a FROM b.c\n", "SELECT 2;"]);
        check("SELECT a FROM b.c UNION\nSELECT 2;", &["SELECT a FROM b.c UNION\nSELECT 2;"]);
        check("DECLARE x =\nSELECT 2;", &["DECLARE x =\nSELECT 2;"]);
        check(
            "SELECT a FROM b.c\nCREATE CONNECTOR d TYPE 'x';",
            &["SELECT a FROM b.c\n", "CREATE CONNECTOR d TYPE 'x';"],
        );
    }

    #[test]
    fn instances_named_like_keywords_are_no_definitions() {
        assert!(!is_definition_head("CREATE CONNECTOR type TYPE 'x'"));
        assert!(!is_definition_head("create connector entity type 'x'"));
        assert!(is_definition_head("create connector type 'x'"));
        assert!(is_definition_head("TEST CONNECTOR TYPE 'x'"));
        assert!(!is_definition_head("TEST CONNECTOR TYPE;"));
    }
}
