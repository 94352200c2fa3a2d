//! The words of JavaScript, sound or broken.

use moltler_syntax::TextRange;

use super::{SemanticToken, TokenKind};
use crate::completion::SCRIPT_KEYWORDS;

/// Names of what the host calls handlers with.
const PARAMETERS: &[&str] = &["config", "filters", "options", "params"];

/// The words of a text, in order; marks are left out.
pub(crate) fn tokens(text: &str) -> Vec<SemanticToken> {
    let mut lexer =
        Lexer { text, bytes: text.as_bytes(), at: 0, found: Vec::new(), templates: Vec::new(), ends_operand: false };
    while lexer.at < lexer.bytes.len() {
        lexer.token();
    }
    lexer.found
}

struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    found: Vec<SemanticToken>,
    /// Braces that are open inside each `${` that is.
    templates: Vec<u32>,
    /// Whether the last token ends an operand, so that `/` divides.
    ends_operand: bool,
}

impl Lexer<'_> {
    fn token(&mut self) {
        let start = self.at;
        match self.bytes[start] {
            byte if byte.is_ascii_whitespace() => self.at += 1,
            b'/' if self.bytes.get(start + 1) == Some(&b'/') => {
                self.at = self.find(start, "\n").map_or(self.bytes.len(), |end| end - 1);
                self.add(start, TokenKind::Comment);
            }
            b'/' if self.bytes.get(start + 1) == Some(&b'*') => {
                self.at = self.find(start + 2, "*/").unwrap_or(self.bytes.len());
                self.add(start, TokenKind::Comment);
            }
            b'/' if !self.ends_operand => self.regexp(start),
            quote @ (b'\'' | b'"') => {
                self.at += 1;
                while self.at < self.bytes.len() && self.bytes[self.at] != quote && self.bytes[self.at] != b'\n' {
                    self.at += if self.bytes[self.at] == b'\\' { 2 } else { 1 };
                }
                self.at += usize::from(self.bytes.get(self.at) == Some(&quote));
                self.operand(start, TokenKind::String);
            }
            b'`' => self.template(start, start + 1),
            b'}' if self.templates.last() == Some(&0) => {
                self.templates.pop();
                self.template(start, start + 1);
            }
            byte if byte.is_ascii_digit() => {
                self.run(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.');
                self.operand(start, TokenKind::Number);
            }
            byte if is_word(byte) => self.word(start),
            mark => {
                self.at += 1;
                match (mark, self.templates.last_mut()) {
                    (b'{', Some(open)) => *open += 1,
                    (b'}', Some(open)) => *open = open.saturating_sub(1),
                    _ => {}
                }
                self.ends_operand = matches!(mark, b')' | b']' | b'}');
            }
        }
    }

    fn word(&mut self, start: usize) {
        self.run(is_word);
        let word = &self.text[start..self.at];
        let before = self.text[..start].trim_end();
        let is_member = before.ends_with('.') && !before.ends_with("...");
        let rest = self.text[self.at..].trim_start();
        let is_call = rest.starts_with('(');
        let is_key = rest.starts_with(':') && before.ends_with(['{', ',']);
        let kind = match (is_member, is_call) {
            (true, true) => TokenKind::Method,
            (true, false) => TokenKind::Property,
            _ if SCRIPT_KEYWORDS.contains(&word) && !is_key => {
                self.ends_operand = matches!(word, "this" | "super" | "true" | "false" | "null");
                self.add(start, TokenKind::Keyword);
                return;
            }
            (false, true) => TokenKind::Function,
            _ if is_key => TokenKind::Property,
            _ if PARAMETERS.contains(&word) => TokenKind::Parameter,
            _ => TokenKind::Variable,
        };
        self.operand(start, kind);
    }

    /// Text of a template, up to its end or the next `${`.
    fn template(&mut self, start: usize, from: usize) {
        self.at = from;
        while self.at < self.bytes.len() {
            match self.bytes[self.at] {
                b'\\' => self.at += 2,
                b'`' => {
                    self.at += 1;
                    return self.operand(start, TokenKind::String);
                }
                b'$' if self.bytes.get(self.at + 1) == Some(&b'{') => {
                    self.at += 2;
                    self.templates.push(0);
                    self.add(start, TokenKind::String);
                    self.ends_operand = false;
                    return;
                }
                _ => self.at += 1,
            }
        }
        self.operand(start, TokenKind::String);
    }

    fn regexp(&mut self, start: usize) {
        let mut in_class = false;
        self.at += 1;
        while self.at < self.bytes.len() && self.bytes[self.at] != b'\n' {
            match self.bytes[self.at] {
                b'\\' => self.at += 1,
                b'[' => in_class = true,
                b']' => in_class = false,
                b'/' if !in_class => {
                    self.at += 1;
                    self.run(|byte| byte.is_ascii_alphabetic());
                    break;
                }
                _ => {}
            }
            self.at += 1;
        }
        self.operand(start, TokenKind::Regexp);
    }

    fn run(&mut self, belongs: impl Fn(u8) -> bool) {
        while self.bytes.get(self.at).is_some_and(|byte| belongs(*byte)) {
            self.at += 1;
        }
    }

    fn operand(&mut self, start: usize, kind: TokenKind) {
        self.add(start, kind);
        self.ends_operand = true;
    }

    fn add(&mut self, start: usize, kind: TokenKind) {
        self.at = moltler_syntax::floor_char_boundary(self.text, self.at.min(self.bytes.len())).max(start + 1);
        while !self.text.is_char_boundary(self.at) {
            self.at += 1;
        }
        self.found.push(SemanticToken { range: TextRange::from(start..self.at), kind });
    }

    /// Behind the next place of a text.
    fn find(&self, from: usize, wanted: &str) -> Option<usize> {
        Some(from + self.text.get(from..)?.find(wanted)? + wanted.len())
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || !byte.is_ascii()
}
