//! Values as JSON text and back.

use std::rc::Rc;

use crate::coerce::{interval_to_text, number_to_text, write_date, write_timestamp};
use crate::value::{Document, Value};

/// How deeply arrays and documents may be nested in a JSON text.
pub const MAX_DEPTH: usize = 500;

/// The value as compact JSON text, keys in their order. Times are ISO 8601 texts; NaN and infinities are `null`.
pub fn value_to_json(value: &Value) -> String {
    let mut text = String::new();
    write_json(value, &mut text);
    text
}

/// The value as JSON text of several lines, two blanks for each level.
pub fn value_to_pretty_json(value: &Value) -> String {
    let mut text = String::new();
    write_pretty(value, 0, &mut text);
    text
}

/// Appends what [`value_to_json`] gives.
pub fn write_json(value: &Value, out: &mut String) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_json(item, out);
            }
            out.push(']');
        }
        Value::Document(document) => {
            out.push('{');
            for (index, (key, item)) in document.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_json_string(key, out);
                out.push(':');
                write_json(item, out);
            }
            out.push('}');
        }
        scalar => write_scalar(scalar, out),
    }
}

fn write_pretty(value: &Value, level: usize, out: &mut String) {
    let line = |level: usize, out: &mut String| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", level));
    };
    match value {
        Value::Array(items) if !items.is_empty() => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                line(level + 1, out);
                write_pretty(item, level + 1, out);
            }
            line(level, out);
            out.push(']');
        }
        Value::Document(document) if !document.is_empty() => {
            out.push('{');
            for (index, (key, item)) in document.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                line(level + 1, out);
                write_json_string(key, out);
                out.push_str(": ");
                write_pretty(item, level + 1, out);
            }
            line(level, out);
            out.push('}');
        }
        other => write_json(other, out),
    }
}

fn write_scalar(value: &Value, out: &mut String) {
    match value {
        Value::Boolean(boolean) => out.push_str(if *boolean { "true" } else { "false" }),
        Value::Integer(integer) => write_integer(*integer, out),
        Value::Number(number) if number.is_finite() => out.push_str(&number_to_text(*number)),
        Value::String(text) => write_json_string(text, out),
        Value::Timestamp(micros) => {
            out.push('"');
            write_timestamp(*micros, out);
            out.push('"');
        }
        Value::Date(days) => {
            out.push('"');
            write_date(i64::from(*days), out);
            out.push('"');
        }
        Value::Interval(interval) => write_json_string(&interval_to_text(*interval), out),
        Value::Null | Value::Number(_) | Value::Array(_) | Value::Document(_) => out.push_str("null"),
    }
}

fn write_integer(integer: i64, out: &mut String) {
    use std::fmt::Write;
    write!(out, "{integer}").expect("Invariant: a text takes all");
}

/// Appends a text in double quotes, escaped as JSON wants it.
pub fn write_json_string(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    while let Some(index) = first_escaped(rest.as_bytes()) {
        out.push_str(&rest[..index]);
        let byte = rest.as_bytes()[index];
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            0x08 => out.push_str("\\b"),
            0x0c => out.push_str("\\f"),
            control => out.push_str(&format!("\\u{control:04x}")),
        }
        rest = &rest[index + 1..];
    }
    out.push_str(rest);
    out.push('"');
}

/// Where the first byte is that JSON wants to be escaped, which is always an ASCII character.
fn first_escaped(bytes: &[u8]) -> Option<usize> {
    let is_escaped = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
    // Without a way out in the middle of a chunk, a chunk is looked at in one go.
    let any = |chunk: &[u8]| chunk.iter().fold(false, |found, byte| found | is_escaped(*byte));
    let chunk = bytes.chunks(16).position(any)? * 16;
    let position = bytes[chunk..].iter().position(|byte| is_escaped(*byte));
    position.map(|position| chunk + position)
}

/// The value that a JSON text is. Whole numbers of 64 bits are integers; a longer one is kept as the text of its digits, so
/// that none of them is lost. The error is a sentence with the byte where reading stopped.
pub fn value_from_json(text: &str) -> Result<Value, String> {
    let mut reader = Reader { text, position: 0 };
    reader.blanks();
    let value = reader.value(0)?;
    reader.blanks();
    if reader.position < text.len() {
        return Err(reader.unexpected("the end"));
    }
    Ok(value)
}

struct Reader<'t> {
    text: &'t str,
    position: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.position += 1;
        }
    }

    fn unexpected(&self, expected: &str) -> String {
        match self.text[self.position..].chars().next() {
            Some(found) => format!("expected {expected} at byte {}, found `{found}`", self.position),
            None => format!("expected {expected} at byte {}, where the text ends", self.position),
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.position += usize::from(found);
        found
    }

    fn value(&mut self, depth: usize) -> Result<Value, String> {
        if depth > MAX_DEPTH {
            return Err(format!("more than {MAX_DEPTH} levels of nesting at byte {}", self.position));
        }
        match self.peek() {
            Some(b'{') => self.document(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => Ok(Value::String(self.string()?.into())),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => {
                for (word, value) in
                    [("null", Value::Null), ("true", Value::Boolean(true)), ("false", Value::Boolean(false))]
                {
                    if self.text[self.position..].starts_with(word) {
                        self.position += word.len();
                        return Ok(value);
                    }
                }
                Err(self.unexpected("a value"))
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, String> {
        self.position += 1;
        let mut items = Vec::new();
        self.blanks();
        if !self.take(b']') {
            loop {
                self.blanks();
                items.push(self.value(depth + 1)?);
                self.blanks();
                if self.take(b']') {
                    break;
                }
                if !self.take(b',') {
                    return Err(self.unexpected("`,` or `]`"));
                }
            }
        }
        Ok(Value::Array(Rc::new(items)))
    }

    fn document(&mut self, depth: usize) -> Result<Value, String> {
        self.position += 1;
        let mut document = Document::new();
        self.blanks();
        if !self.take(b'}') {
            loop {
                self.blanks();
                if self.peek() != Some(b'"') {
                    return Err(self.unexpected("a key"));
                }
                let key = self.string()?;
                self.blanks();
                if !self.take(b':') {
                    return Err(self.unexpected("`:`"));
                }
                self.blanks();
                let value = self.value(depth + 1)?;
                document.insert(key.into(), value);
                self.blanks();
                if self.take(b'}') {
                    break;
                }
                if !self.take(b',') {
                    return Err(self.unexpected("`,` or `}`"));
                }
            }
        }
        Ok(Value::Document(Rc::new(document)))
    }

    fn digits(&mut self) -> bool {
        let start = self.position;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.position += 1;
        }
        self.position > start
    }

    fn number(&mut self) -> Result<Value, String> {
        let start = self.position;
        self.take(b'-');
        if !self.take(b'0') && !self.digits() {
            return Err(self.unexpected("a digit"));
        }
        let mut whole = true;
        if self.take(b'.') {
            whole = false;
            if !self.digits() {
                return Err(self.unexpected("a digit"));
            }
        }
        if self.take(b'e') || self.take(b'E') {
            whole = false;
            let _ = self.take(b'+') || self.take(b'-');
            if !self.digits() {
                return Err(self.unexpected("a digit"));
            }
        }
        let text = &self.text[start..self.position];
        if whole {
            return Ok(text.parse().map_or_else(|_| Value::String(text.into()), Value::Integer));
        }
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Value::Number(number)),
            _ => Err(format!("the number at byte {start} is too large")),
        }
    }

    fn string(&mut self) -> Result<String, String> {
        let start = self.position;
        self.position += 1;
        let mut string = String::new();
        loop {
            let rest = &self.text.as_bytes()[self.position..];
            let Some(length) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)) else {
                return Err(format!("the string that starts at byte {start} has no end"));
            };
            string.push_str(&self.text[self.position..self.position + length]);
            self.position += length;
            if self.take(b'"') {
                return Ok(string);
            }
            if !self.take(b'\\') {
                return Err(format!("a control character stands unescaped at byte {}", self.position));
            }
            string.push(self.escape()?);
        }
    }

    fn escape(&mut self) -> Result<char, String> {
        let escape = self.peek().ok_or_else(|| self.unexpected("an escape"))?;
        let character = match escape {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                self.position += 1;
                return self.unicode_escape();
            }
            _ => return Err(self.unexpected("an escape")),
        };
        self.position += 1;
        Ok(character)
    }

    /// A lone surrogate becomes U+FFFD.
    fn unicode_escape(&mut self) -> Result<char, String> {
        let unit = self.hexadecimal()?;
        if (0xd800..0xdc00).contains(&unit) && self.text[self.position..].starts_with("\\u") {
            let back = self.position;
            self.position += 2;
            let low = self.hexadecimal()?;
            if (0xdc00..0xe000).contains(&low) {
                let code = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.position = back;
        }
        Ok(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hexadecimal(&mut self) -> Result<u32, String> {
        let digits = self.text.as_bytes().get(self.position..self.position + 4);
        let digits = digits.filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let Some(digits) = digits else { return Err(self.unexpected("four hexadecimal digits")) };
        self.position += 4;
        Ok(digits.iter().fold(0, |code, digit| code * 16 + (*digit as char).to_digit(16).unwrap_or(0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn round_trip(text: &str) {
        assert_eq!(value_from_json(text).map(|value| value_to_json(&value)).as_deref(), Ok(text));
    }

    #[test]
    fn text_comes_back_with_keys_in_order() {
        round_trip(r#"{"z":1,"a":[true,false,null],"m":{"k":"v"},"f":1.5}"#);
        round_trip("[]");
        round_trip("{}");
        round_trip("9223372036854775807");
        round_trip(r#""a\"b\\c\n\u0001é""#);
    }

    #[test]
    fn digits_of_a_long_integer_are_kept() {
        assert_eq!(
            value_from_json("123456789012345678901234567890"),
            Ok(Value::String("123456789012345678901234567890".into()))
        );
    }

    #[test]
    fn escapes_are_decoded() {
        assert_eq!(value_from_json(r#""\u00e9\ud83d\ude00\ud800""#), Ok(Value::String("é😀\u{fffd}".into())));
    }

    #[test]
    fn wrong_texts_are_refused() {
        for text in
            ["", "{", "[1,]", "{\"a\"}", "01", "1.", "1e", "nul", "\"a", "\"\n\"", "[1] 2", "'a'", "1e999", "\"\\u12\""]
        {
            assert!(value_from_json(text).is_err(), "{text}");
        }
        assert_eq!(value_from_json("[1,").unwrap_err(), "expected a value at byte 3, where the text ends");
    }

    #[test]
    fn deep_nesting_is_an_error() {
        assert!(value_from_json(&"[".repeat(1_000_000)).is_err());
        let deep = format!("{}1{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
        round_trip(&deep);
    }

    #[test]
    fn pretty_text_has_a_line_for_each_member() {
        let value = value_from_json(r#"{"a":[1,{"b":2}],"c":{}}"#).expect("valid");
        assert_eq!(
            value_to_pretty_json(&value),
            "{\n  \"a\": [\n    1,\n    {\n      \"b\": 2\n    }\n  ],\n  \"c\": {}\n}"
        );
    }
}
