//! Words, blanks, strings, raw blocks and comments of a text.

use super::anatomy::{Anatomy, OpenKind};

/// A place in a text that starts with a statement.
pub(super) struct Lexer<'text> {
    pub(super) text: &'text [u8],
    pub(super) at: usize,
    /// Behind the last byte that was looked at; beyond the text where more of it was wanted.
    pub(super) examined: usize,
    /// Whether the text ends where the file ends.
    pub(super) whole: bool,
    /// See [`super::Memo`].
    pub(super) comment_end: Option<usize>,
    /// What is written down for [`super::anatomy`], and where this text starts in its own.
    pub(super) notes: Option<Anatomy>,
    pub(super) base: u32,
}

impl<'text> Lexer<'text> {
    pub(super) fn new(text: &'text str, whole: bool) -> Lexer<'text> {
        Lexer { text: text.as_bytes(), at: 0, examined: 0, whole, comment_end: None, notes: None, base: 0 }
    }

    pub(super) fn byte(&mut self, at: usize) -> Option<u8> {
        let byte = self.text.get(at).copied();
        self.examined = self.examined.max(match byte {
            Some(_) => at + 1,
            None if self.whole => self.text.len(),
            None => self.text.len() + 1,
        });
        byte
    }

    /// Whether a line starts here, in column 1.
    pub(super) fn is_line_start(&mut self, at: usize) -> bool {
        match at.checked_sub(1).map(|before| self.text[before]) {
            // The text starts behind the `;` of another statement, or at the start of the file: nothing is open there.
            None => false,
            Some(b'\n') => true,
            Some(b'\r') => self.byte(at) != Some(b'\n'),
            Some(_) => false,
        }
    }

    /// Whether only blanks stand between the start of a line and here.
    pub(super) fn is_first_in_line(&mut self, at: usize) -> bool {
        let blanks = self.text[..at].iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        self.is_line_start(at - blanks)
    }

    /// How many bytes the blank at `at` has; 0 when there is none.
    pub(super) fn blank(&mut self, at: usize) -> usize {
        match self.byte(at) {
            Some(b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c) => 1,
            Some(0xc2) if self.byte(at + 1) == Some(0xa0) => 2,
            Some(0xe2 | 0xef) => {
                self.byte(at + 2);
                // U+200B, U+2028, U+2029, U+2060, U+FEFF
                const BLANKS: [[u8; 3]; 5] = [
                    [0xe2, 0x80, 0x8b],
                    [0xe2, 0x80, 0xa8],
                    [0xe2, 0x80, 0xa9],
                    [0xe2, 0x81, 0xa0],
                    [0xef, 0xbb, 0xbf],
                ];
                if BLANKS.iter().any(|blank| self.text[at..].starts_with(blank)) { 3 } else { 0 }
            }
            _ => 0,
        }
    }

    pub(super) fn skip_blanks(&mut self, mut at: usize) -> usize {
        loop {
            match self.blank(at) {
                0 => return at,
                length => at += length,
            }
        }
    }

    /// The end of the word at `at`; `at` itself when there is none.
    pub(super) fn word_end(&mut self, at: usize) -> usize {
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

    pub(super) fn is_word(&mut self, at: usize, words: &[&str]) -> bool {
        let end = self.word_end(at);
        words.iter().any(|word| self.text[at..end].eq_ignore_ascii_case(word.as_bytes()))
    }

    /// From an opening quote to behind its closing one, or to the line that ends it.
    pub(super) fn string(&mut self) {
        let start = self.at;
        let Some(quote) = self.byte(start) else { return };
        self.at += 1;
        while let Some(byte) = self.byte(self.at) {
            match byte {
                b'\\' if self.byte(self.at + 1).is_some_and(|byte| !matches!(byte, b'\n' | b'\r')) => self.at += 2,
                _ if byte == quote => {
                    self.at += 1;
                    if self.byte(self.at) != Some(quote) {
                        return;
                    }
                    self.at += 1;
                }
                _ => {
                    self.at += 1;
                    if self.is_line_start(self.at) && self.statement_head(self.at) {
                        break;
                    }
                }
            }
        }
        self.note(OpenKind::String, start, 1);
    }

    pub(super) fn is_raw_fence(&mut self) -> bool {
        (0..3).all(|offset| self.byte(self.at + offset) == Some(b'\''))
    }

    /// From an opening `'''` to behind the closing one, or to the line that ends it.
    pub(super) fn raw_block(&mut self) {
        let start = self.at;
        let mut first_head = None;
        let mut at = start + 3;
        while let Some(byte) = self.byte(at) {
            if byte == b'\'' && self.byte(at + 1) == Some(b'\'') && self.byte(at + 2) == Some(b'\'') {
                self.at = at + 3;
                return;
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
        self.note(OpenKind::RawBlock, start, 3);
    }

    /// From a back-tick to behind the next one in its line.
    pub(super) fn quoted_name(&mut self) {
        let start = self.at;
        self.at += 1;
        while !matches!(self.byte(self.at), None | Some(b'`' | b'\n' | b'\r')) {
            self.at += 1;
        }
        if self.byte(self.at) == Some(b'`') {
            self.at += 1;
        } else {
            self.note(OpenKind::Name, start, 1);
        }
    }

    /// From `--` to the end of its line.
    pub(super) fn line_comment(&mut self) {
        while !matches!(self.byte(self.at), None | Some(b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// From `/*` to behind `*/`, or to the end of its line when there is none.
    pub(super) fn block_comment(&mut self) {
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
}
