//! The words that statements begin with.

use super::lexer::Lexer;

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
pub(super) const BLOCK_STATEMENTS: [&str; 23] = [
    "CREATE",
    "ALTER",
    "DROP",
    "SHOW",
    "DESCRIBE",
    "TEST",
    "SELECT",
    "CONNECTOR_EXEC",
    "SYNC",
    "DECLARE",
    "SET",
    "ASSERT",
    "ADVANCE",
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
    Lexer::new(text, true).definition_head(0)
}

/// Whether the text begins with the head of a definition or with a word that starts a statement.
pub fn is_statement_head(text: &str) -> bool {
    Lexer::new(text, true).statement_head(0)
}

impl Lexer<'_> {
    pub(super) fn definition_head(&mut self, at: usize) -> bool {
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

    pub(super) fn statement_head(&mut self, at: usize) -> bool {
        self.is_word(at, &STATEMENT_HEADS) || self.definition_head(at)
    }

    /// `CREATE|ALTER|DROP|SHOW|SYNC|TEST CONNECTOR…`, `SET name =`, or a word that starts a statement and can never go on
    /// with one.
    pub(super) fn starts_statement(&mut self, at: usize) -> bool {
        let end = self.word_end(at);
        let next = self.skip_blanks(end);
        if next == end {
            return false;
        }
        if self.is_word(at, &["DECLARE", "ASSERT", "PRINT", "DESCRIBE", "CONNECTOR_EXEC"]) {
            return self.word_end(next) > next;
        }
        if self.is_word(at, &["SET"]) {
            let name = self.word_end(next);
            let equal = self.skip_blanks(name);
            return name > next && self.byte(equal) == Some(b'=');
        }
        self.is_word(at, &["CREATE", "ALTER", "DROP", "SHOW", "SYNC", "TEST"])
            && self.is_word(next, &["CONNECTOR", "CONNECTORS"])
    }
}
