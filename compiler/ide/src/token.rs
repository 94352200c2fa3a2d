//! The tokens of a statement, for places where its tree is too broken to tell.

use moltler_syntax::TextRange;
use moltler_syntax::split::RAW_BLOCK_CLAUSES;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A keyword or a name.
    Word,
    /// A name in back-ticks.
    Quoted,
    /// `'…'` or `"…"`.
    String,
    /// `'''…'''`.
    Raw,
    /// A number.
    Number,
    /// `-- …` or `/* … */`.
    Comment,
    /// One character of anything else.
    Mark,
}

/// A piece of a statement that is not blank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) kind: TokenKind,
    /// In the statement.
    pub(crate) range: TextRange,
    pub(crate) text: &'a str,
    /// Whether it ends where the text ends it and not by itself.
    pub(crate) is_open: bool,
}

impl<'a> Token<'a> {
    /// Whether it is this keyword, in any case.
    pub(crate) fn is(&self, keyword: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(keyword)
    }

    /// Whether it is this character.
    pub(crate) fn is_mark(&self, mark: char) -> bool {
        self.kind == TokenKind::Mark && self.text.starts_with(mark)
    }

    /// The range between quotes or fences.
    pub(crate) fn inner(&self) -> TextRange {
        let fence = match self.kind {
            TokenKind::Raw => 3,
            TokenKind::String | TokenKind::Quoted => 1,
            _ => 0,
        };
        let end = if self.is_open { self.range.end() } else { self.range.end() - fence };
        TextRange::new((self.range.start() + fence).min(end), end)
    }

    /// The text between quotes; a word as it is.
    pub(crate) fn name(&self) -> &'a str {
        let inner = self.inner();
        let start = (inner.start() - self.range.start()) as usize;
        self.text.get(start..start + inner.len() as usize).unwrap_or_default()
    }

    /// Whether a cursor at this offset is inside of it: between its quotes, in the comment.
    pub(crate) fn holds(&self, offset: u32) -> bool {
        let reaches = self.range.start() < offset && (offset < self.range.end() || self.is_open);
        match self.kind {
            TokenKind::Comment => {
                reaches || self.text.starts_with("--") && self.range.start() < offset && offset <= self.range.end()
            }
            TokenKind::String | TokenKind::Quoted => reaches,
            TokenKind::Raw => self.range.start() + 3 <= offset && (offset <= self.inner().end() || self.is_open),
            TokenKind::Word | TokenKind::Number | TokenKind::Mark => false,
        }
    }
}

/// All tokens of a text.
pub(crate) fn tokens(text: &str) -> Vec<Token<'_>> {
    let bytes = text.as_bytes();
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        let (kind, end, is_open) = match bytes[at] {
            b' ' | b'\t' | b'\r' | b'\n' => {
                at += 1;
                continue;
            }
            b'-' if bytes.get(at + 1) == Some(&b'-') => (TokenKind::Comment, line_end(text, at), false),
            b'/' if bytes.get(at + 1) == Some(&b'*') => match text[at + 2..].find("*/") {
                Some(length) => (TokenKind::Comment, at + length + 4, false),
                None => (TokenKind::Comment, line_end(text, at), false),
            },
            b'\'' if text[at..].starts_with("'''") && follows_raw_clause(&tokens) => match text[at + 3..].find("'''") {
                Some(length) => (TokenKind::Raw, at + length + 6, false),
                None => (TokenKind::Raw, text.len(), true),
            },
            quote @ (b'\'' | b'"') => {
                let (end, is_open) = string_end(bytes, at, quote);
                (TokenKind::String, end, is_open)
            }
            b'`' => match text[at + 1..line_end(text, at)].find('`') {
                Some(length) => (TokenKind::Quoted, at + length + 2, false),
                None => (TokenKind::Quoted, line_end(text, at), true),
            },
            b'0'..=b'9' => {
                (TokenKind::Number, run(bytes, at, |byte| byte.is_ascii_alphanumeric() || byte == b'_'), false)
            }
            byte if is_word(byte) => (TokenKind::Word, run(bytes, at, is_word), false),
            _ => (TokenKind::Mark, at + 1, false),
        };
        at = end;
        let range = TextRange::from(start..end);
        tokens.push(Token { kind, range, text: &text[start..end], is_open });
    }
    tokens
}

/// Whether a byte can stand in a name.
pub(crate) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

fn run(bytes: &[u8], start: usize, belongs: impl Fn(u8) -> bool) -> usize {
    start + bytes[start..].iter().take_while(|byte| belongs(**byte)).count()
}

fn line_end(text: &str, start: usize) -> usize {
    text[start..].find(['\n', '\r']).map_or(text.len(), |length| start + length)
}

fn follows_raw_clause(tokens: &[Token<'_>]) -> bool {
    let last = tokens.iter().rev().find(|token| token.kind != TokenKind::Comment);
    last.is_some_and(|token| RAW_BLOCK_CLAUSES.iter().any(|clause| token.is(clause)))
}

/// The end of a string. An open one ends with its line: while one is being typed, what follows is not part of it.
fn string_end(bytes: &[u8], start: usize, quote: u8) -> (usize, bool) {
    let mut at = start + 1;
    let mut first_line = None;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            byte if byte == quote && bytes.get(at + 1) == Some(&quote) => at += 2,
            byte if byte == quote => return (at + 1, false),
            b'\n' | b'\r' => {
                first_line.get_or_insert(at);
                at += 1;
            }
            _ => at += 1,
        }
    }
    (first_line.unwrap_or(bytes.len()), true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(TokenKind, &str)> {
        tokens(text).into_iter().map(|token| (token.kind, token.text)).collect()
    }

    #[test]
    fn a_statement() {
        use TokenKind::{Comment, Mark, Number, Quoted, Raw, String, Word};
        assert_eq!(
            kinds("SELECT a1, 'it''s' -- c\nFROM `x y`.é /* d */ 2;"),
            [
                (Word, "SELECT"),
                (Word, "a1"),
                (Mark, ","),
                (String, "'it''s'"),
                (Comment, "-- c"),
                (Word, "FROM"),
                (Quoted, "`x y`"),
                (Mark, "."),
                (Word, "é"),
                (Comment, "/* d */"),
                (Number, "2"),
                (Mark, ";"),
            ]
        );
        assert_eq!(kinds("HANDLER '''a'b''' x"), [(Word, "HANDLER"), (Raw, "'''a'b'''"), (Word, "x")]);
        assert_eq!(kinds("x '''a'''"), [(Word, "x"), (String, "'''a'''")]);
    }

    #[test]
    fn open_tokens() {
        let text = "TYPE 'my\nCONFIG";
        let found = tokens(text);
        assert_eq!((found[1].text, found[1].is_open, found[1].name()), ("'my", true, "my"));
        assert!(found[1].holds(8) && !found[1].holds(5));
        assert!(tokens("SHARED '''a\nb")[1].holds(13));
        for text in ["'", "\"", "`", "'''", "HANDLER '''", "HANDLER ''''", "/*", "--", "'\\"] {
            for token in tokens(text) {
                assert!(token.range.end() as usize <= text.len().max(token.range.end() as usize), "{text}");
                token.name();
            }
        }
    }
}
