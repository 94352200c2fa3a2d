//! Large constants that the generated parser need not look into: the bodies of responses in MOCK_API.
//!
//! They are most of the text of a package with many tests. One that is plain JSON, and means as an expression exactly what it
//! means as JSON, is read here, in one pass over its bytes; the parser sees `{}` or `[]` in its place. Whoever wants the nodes
//! inside parses without folding.

use crate::text::TextRange;

/// Shorter ones are not worth it.
const SHORTEST: usize = 48;
/// Deeper ones are left to the parser, which has limits of its own.
const MAX_DEPTH: usize = 32;

/// A constant that was left out of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fold {
    /// From its opening to its closing bracket.
    pub(crate) range: TextRange,
    /// It as JSON without blanks.
    pub(crate) json: Box<str>,
}

/// The constants of a statement's text that may be left out. Text that is damaged has none.
pub(crate) fn folds(text: &str) -> Vec<Fold> {
    let mut scanner = Scanner { text: text.as_bytes(), at: 0 };
    if text.len() < SHORTEST || !scanner.is_test_with_mocks() {
        return Vec::new();
    }
    scanner.bodies(text).unwrap_or_default()
}

struct Scanner<'text> {
    text: &'text [u8],
    at: usize,
}

impl<'text> Scanner<'text> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// Goes on to the next byte that is neither blank nor comment.
    fn skip(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.at += 1,
                Some(b'-') if self.text.get(self.at + 1) == Some(&b'-') => {
                    while !matches!(self.peek(), None | Some(b'\n' | b'\r')) {
                        self.at += 1;
                    }
                }
                Some(b'/') if self.text.get(self.at + 1) == Some(&b'*') => {
                    let rest = &self.text[self.at + 2..];
                    match rest.windows(2).position(|pair| pair == b"*/") {
                        Some(end) => self.at += end + 4,
                        None => self.at = self.text.len(),
                    }
                }
                _ => return,
            }
        }
    }

    fn word(&mut self) -> &'text [u8] {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80) {
            self.at += 1;
        }
        &self.text[start..self.at]
    }

    /// From an opening quote to behind its closing one; what stands between them.
    fn string(&mut self) -> Option<&'text [u8]> {
        let quote = self.peek()?;
        let start = self.at + 1;
        self.at = start;
        loop {
            match self.peek()? {
                b'\\' => self.at += 2,
                byte if byte == quote => {
                    self.at += 1;
                    if self.peek() != Some(quote) {
                        return self.text.get(start..self.at - 1);
                    }
                    self.at += 1;
                }
                _ => self.at += 1,
            }
        }
    }

    /// Whether the text is a TEST; goes on to the opening bracket of its MOCK_API.
    fn is_test_with_mocks(&mut self) -> bool {
        self.skip();
        if !self.word().eq_ignore_ascii_case(b"TEST") {
            return false;
        }
        loop {
            self.skip();
            match self.peek() {
                Some(b'\'' | b'"') => {
                    if self.string().is_none() {
                        return false;
                    }
                }
                Some(byte) if byte.is_ascii_alphabetic() || byte == b'_' => {
                    let word = self.word();
                    if word.eq_ignore_ascii_case(b"BEGIN") {
                        return false;
                    }
                    if word.eq_ignore_ascii_case(b"MOCK_API") {
                        self.skip();
                        return self.peek() == Some(b'{');
                    }
                }
                Some(b'`') | None => return false,
                Some(_) => self.at += 1,
            }
        }
    }

    /// What follows `"body":` in the document that the scanner is at. `None` where the document has no end.
    fn bodies(&mut self, text: &str) -> Option<Vec<Fold>> {
        let mut folds = Vec::new();
        let mut depth = 0;
        // Whether `"body"` came last, and whether `"body":` did.
        let (mut named, mut expected) = (false, false);
        loop {
            self.skip();
            let (was_named, was_expected) = (std::mem::take(&mut named), std::mem::take(&mut expected));
            match self.peek()? {
                b'\'' | b'"' => named = self.string()? == b"body" && depth >= 2,
                b':' => {
                    expected = was_named;
                    self.at += 1;
                }
                b'{' | b'[' => {
                    if was_expected && let Some(fold) = self.constant(text) {
                        folds.push(fold);
                        continue;
                    }
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth -= 1;
                    self.at += 1;
                    if depth == 0 {
                        return Some(folds);
                    }
                }
                b'`' => return None,
                _ => self.at += 1,
            }
        }
    }

    /// The constant at an opening bracket, unless it is better left to the parser; goes on behind it.
    fn constant(&mut self, text: &str) -> Option<Fold> {
        let start = self.at;
        let mut reader = Constant { text, bytes: self.text, at: start, json: String::new() };
        let is_plain = reader.value(0).is_some();
        let Constant { at: end, json, .. } = reader;
        // Behind it nothing may follow that goes on with the expression.
        let next = self.text[end..].iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
        if !is_plain || end - start < SHORTEST || !matches!(next, Some(b',' | b'}' | b']')) {
            return None;
        }
        self.at = end;
        Some(Fold { range: TextRange::from(start..end), json: json.into() })
    }
}

/// Reads a constant that is JSON and an expression of the same value, and writes it without blanks.
struct Constant<'text> {
    text: &'text str,
    bytes: &'text [u8],
    at: usize,
    json: String,
}

impl<'text> Constant<'text> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        self.blanks();
        let found = self.peek() == Some(byte);
        if found {
            self.at += 1;
            self.json.push(char::from(byte));
        }
        found
    }

    fn value(&mut self, depth: usize) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        self.blanks();
        match self.peek()? {
            b'{' => self.document(depth),
            b'[' => self.array(depth),
            b'"' => self.string().map(drop),
            b'-' | b'0'..=b'9' => self.number(),
            _ => ["null", "true", "false"].into_iter().find(|word| self.word(word)).map(drop),
        }
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self.bytes[self.at..].starts_with(word.as_bytes());
        if found {
            self.at += word.len();
            self.json.push_str(word);
        }
        found && !self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80)
    }

    fn array(&mut self, depth: usize) -> Option<()> {
        self.take(b'[');
        if self.take(b']') {
            return Some(());
        }
        loop {
            self.value(depth + 1)?;
            if self.take(b']') {
                return Some(());
            }
            self.take(b',').then_some(())?;
        }
    }

    fn document(&mut self, depth: usize) -> Option<()> {
        self.take(b'{');
        if self.take(b'}') {
            return Some(());
        }
        let mut keys: Vec<&str> = Vec::new();
        loop {
            self.blanks();
            let key = self.string()?;
            // One that is given twice is told by whoever lowers the document.
            if keys.contains(&key) {
                return None;
            }
            keys.push(key);
            self.take(b':').then_some(())?;
            self.value(depth + 1)?;
            if self.take(b'}') {
                return Some(());
            }
            self.take(b',').then_some(())?;
        }
    }

    /// A text in which no escape means more or less than in JSON; what stands between its quotes.
    fn string(&mut self) -> Option<&'text str> {
        let start = self.at;
        (self.peek() == Some(b'"')).then_some(())?;
        self.at += 1;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => {
                    matches!(self.bytes.get(self.at + 1), Some(b'n' | b't' | b'r' | b'"' | b'\\')).then_some(())?;
                    self.at += 2;
                }
                // In a CONFIG it would be a secret.
                b'{' if self.bytes.get(self.at + 1) == Some(&b'{') => return None,
                0..0x20 | 0x7f => return None,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        self.json.push_str(&self.text[start..self.at]);
        Some(&self.text[start + 1..self.at - 1])
    }

    fn number(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E'))
        {
            self.at += 1;
        }
        let text = &self.text[start..self.at];
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, rest)| (whole, Some(rest)));
        let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let is_plain = is_number(whole) && (whole.len() == 1 || !whole.starts_with('0')) && whole.len() < 18;
        match fraction {
            None if is_plain && text != "-0" => self.json.push_str(text),
            Some(fraction) if is_plain && is_number(fraction) => {
                let value: f64 = text.parse().ok()?;
                self.json.push_str(&format!("{value:?}"));
            }
            _ => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::folds;

    const BEFORE: &str = "-- one\nTEST CONNECTOR TYPE 'a' NAME 'MOCK_API {' MOCK_API /* {\"body\" */ {\"GET /a\": ";
    const AFTER: &str = "} BEGIN ASSERT TRUE; END TEST;";
    const LONG: &str = "\"0123456789012345678901234567890123456789\"";

    fn found(value: &str) -> Vec<String> {
        let text = format!("{BEFORE}{value}{AFTER}");
        let inside = |found: super::Fold| {
            let written = found.range.of(&text);
            assert!(written.starts_with(['{', '[']) && written.ends_with(['}', ']']), "{written}");
            String::from(found.json)
        };
        folds(&text).into_iter().map(inside).collect()
    }

    fn of(body: &str) -> Vec<String> {
        found(&format!("{{\"status\": 200, \"body\": {body}}}"))
    }

    #[test]
    fn plain_bodies_are_folded() {
        let body =
            format!("{{ \"a\" : [1, -2 ,0.50, 10.0, true,false , null],\n \"b\\n\": {LONG}, \"c\": {{}}, \"d\": []}}");
        let json = format!("{{\"a\":[1,-2,0.5,10.0,true,false,null],\"b\\n\":{LONG},\"c\":{{}},\"d\":[]}}");
        assert_eq!(of(&body), [json.as_str()]);
        let two = format!("[{{\"body\": {body}}}, {{'body': {body}, \"when\": {{\"body\": {body}}}}},]");
        assert_eq!(found(&two), [json.as_str(), &json, &json]);
    }

    #[test]
    fn whatever_is_not_the_same_as_json_is_left() {
        for odd in [
            "1, \"b\": 2}",
            "{\"k\": 'x'}",
            "{k: 1}",
            "{\"k\": 1,}",
            "{\"k\": 1 /* c */}",
            "{\"k\": \"\\d\"}",
            "{\"k\": \"\\u0041\"}",
            "{\"k\": \"a\"\"b\"}",
            "{\"k\": \"{{secrets.a}}\"}",
            "{\"k\": \"a\nb\"}",
            "{\"k\": 1, \"k\": 2}",
            "{\"k\": 1 + 1}",
            "{\"k\": 01}",
            "{\"k\": 1e3}",
            "{\"k\": -0}",
            "{\"k\": 123456789012345678901234567890}",
            "{\"k\": ENV('X')}",
            "{\"k\": nullable}",
            "{\"k\": [}",
        ] {
            assert_eq!(of(&format!("[{LONG}, {odd}]")), [] as [String; 0], "{odd}");
        }
        assert_eq!(of(&format!("[{LONG}][0]")), [] as [String; 0]);
        assert_eq!(of(&format!("[{LONG}] -- c\n")), [] as [String; 0]);
        assert_eq!(of(&format!("{}{LONG}{}", "[".repeat(100), "]".repeat(100))), [] as [String; 0]);
        assert_eq!(of("{\"short\": 1}"), [] as [String; 0]);
    }

    #[test]
    fn other_text_has_none() {
        let body = format!("{{\"body\": [{LONG}]}}");
        for text in [
            format!("SELECT {body};"),
            format!("TEST CONNECTOR TYPE 'a' BEGIN DECLARE MOCK_API = {{\"a\": {body}}};"),
            format!("TEST CONNECTOR TYPE 'a' MOCK_API {body} BEGIN"),
            format!("TEST CONNECTOR TYPE 'a' MOCK_API {{\"GET /a\": {body}"),
            format!("TEST CONNECTOR TYPE 'a MOCK_API {{\"GET /a\": {body}}}"),
        ] {
            assert_eq!(folds(&text), [], "{text}");
        }
    }
}
