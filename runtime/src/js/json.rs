//! JSON texts into JavaScript, with integers beyond 2^53 as BigInt.

use rquickjs::{Array, Ctx, Exception, IntoJs, Object, Value};

use super::convert::define;

/// From so many digits on a number may be one that a double cannot hold.
const SUSPECT_DIGITS: usize = 16;

/// Parses JSON in UTF-8, with or without a byte order mark.
pub(super) fn parse_bytes<'js>(ctx: &Ctx<'js>, bytes: &[u8]) -> rquickjs::Result<Value<'js>> {
    let text = String::from_utf8_lossy(bytes);
    parse(ctx, text.strip_prefix('\u{feff}').unwrap_or(&text))
}

/// Parses a JSON text. What is no JSON throws the engine's SyntaxError.
pub(super) fn parse<'js>(ctx: &Ctx<'js>, text: &str) -> rquickjs::Result<Value<'js>> {
    if text.contains('\0') {
        return Err(Exception::throw_syntax(ctx, "unexpected NUL character"));
    }
    let value = ctx.json_parse(text)?;
    if !has_long_number(text.as_bytes()) {
        return Ok(value);
    }
    drop(value);
    // The text is valid JSON, as just found; only its numbers need more care.
    Reader { ctx, bytes: text.as_bytes(), position: 0, text }.value()
}

/// Whether a number outside of strings has many digits.
fn has_long_number(bytes: &[u8]) -> bool {
    let mut digits = 0;
    let mut index = 0;
    while index < bytes.len() {
        match bytes[index] {
            b'"' => {
                digits = 0;
                index += 1;
                while index < bytes.len() && bytes[index] != b'"' {
                    index += if bytes[index] == b'\\' { 2 } else { 1 };
                }
            }
            byte if byte.is_ascii_digit() => {
                digits += 1;
                if digits >= SUSPECT_DIGITS {
                    return true;
                }
            }
            _ => digits = 0,
        }
        index += 1;
    }
    false
}

/// Reads a text that is known to be JSON.
struct Reader<'a, 'js> {
    ctx: &'a Ctx<'js>,
    text: &'a str,
    bytes: &'a [u8],
    position: usize,
}

impl<'a, 'js> Reader<'a, 'js> {
    fn peek(&mut self) -> u8 {
        while let Some(byte) = self.bytes.get(self.position) {
            if !byte.is_ascii_whitespace() {
                return *byte;
            }
            self.position += 1;
        }
        0
    }

    /// The engine's own parser has bounded the depth by its stack before.
    fn value(&mut self) -> rquickjs::Result<Value<'js>> {
        match self.peek() {
            b'{' => self.object(),
            b'[' => self.array(),
            b'"' => Ok(self.ctx.json_parse(self.string())?),
            b't' => {
                self.position += 4;
                Ok(Value::new_bool(self.ctx.clone(), true))
            }
            b'f' => {
                self.position += 5;
                Ok(Value::new_bool(self.ctx.clone(), false))
            }
            b'n' => {
                self.position += 4;
                Ok(Value::new_null(self.ctx.clone()))
            }
            _ => self.number(),
        }
    }

    fn object(&mut self) -> rquickjs::Result<Value<'js>> {
        let object = Object::new(self.ctx.clone())?;
        self.position += 1;
        while self.peek() == b'"' {
            let key = self.string();
            let key = match key.contains('\\') {
                true => self.ctx.json_parse(key)?.get::<rquickjs::String<'js>>()?.to_string()?,
                false => key[1..key.len() - 1].to_owned(),
            };
            self.peek();
            self.position += 1;
            let value = self.value()?;
            define(&object, &key, value)?;
            if self.peek() == b',' {
                self.position += 1;
            }
        }
        self.position += 1;
        Ok(object.into_value())
    }

    fn array(&mut self) -> rquickjs::Result<Value<'js>> {
        let array = Array::new(self.ctx.clone())?;
        self.position += 1;
        let mut index = 0;
        while !matches!(self.peek(), b']' | 0) {
            let value = self.value()?;
            array.set(index, value)?;
            index += 1;
            if self.peek() == b',' {
                self.position += 1;
            }
        }
        self.position += 1;
        Ok(array.into_value())
    }

    /// The string at the position, with its quotes.
    fn string(&mut self) -> &'a str {
        let start = self.position;
        self.position += 1;
        while self.position < self.bytes.len() && self.bytes[self.position] != b'"' {
            self.position += if self.bytes[self.position] == b'\\' { 2 } else { 1 };
        }
        self.position += 1;
        &self.text[start..self.position.min(self.text.len())]
    }

    fn number(&mut self) -> rquickjs::Result<Value<'js>> {
        let start = self.position;
        while matches!(self.bytes.get(self.position), Some(b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')) {
            self.position += 1;
        }
        if self.position == start {
            self.position += 1;
            return Err(Exception::throw_syntax(self.ctx, "unexpected character"));
        }
        let digits = &self.text[start..self.position];
        let number: f64 = digits.parse().unwrap_or(f64::NAN);
        let is_integer = !digits.contains(['.', 'e', 'E']);
        if is_integer && number.abs() > 9_007_199_254_740_991.0 {
            return match digits.parse::<i64>() {
                Ok(integer) => Value::new_big_int(self.ctx.clone(), integer),
                Err(_) => self.ctx.globals().get::<_, rquickjs::Function<'js>>("BigInt")?.call((digits,)),
            };
        }
        number.into_js(self.ctx)
    }
}
