//! Documents and arrays without anything to compute: one text instead of a call for each value.

use std::fmt::Write;

use super::{Expr, ExprKind, Literal};

impl Expr {
    /// The JSON text of the value, where it is a constant that JSON can tell apart from every other.
    pub fn to_json(&self) -> Option<String> {
        let mut text = String::new();
        write(self, &mut text).then_some(text)
    }
}

fn write(expr: &Expr, text: &mut String) -> bool {
    match &expr.kind {
        ExprKind::Literal(literal) => write_literal(literal, text),
        ExprKind::Json(json) => {
            text.push_str(json);
            true
        }
        ExprKind::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                separate(index, text);
                if !write(item, text) {
                    return false;
                }
            }
            text.push(']');
            true
        }
        ExprKind::Document(members) => {
            text.push('{');
            for (index, (key, value)) in members.iter().enumerate() {
                separate(index, text);
                write_string(key, text);
                text.push(':');
                if !write(value, text) {
                    return false;
                }
            }
            text.push('}');
            true
        }
        _ => false,
    }
}

fn separate(index: usize, text: &mut String) {
    if index > 0 {
        text.push(',');
    }
}

fn write_literal(literal: &Literal, text: &mut String) -> bool {
    let _ = match literal {
        Literal::Null => write!(text, "null"),
        Literal::Boolean(value) => write!(text, "{value}"),
        Literal::Integer(value) => write!(text, "{value}"),
        // With a point or an exponent, so that it is not read as an integer.
        Literal::Number(value) if value.is_finite() => write!(text, "{value:?}"),
        Literal::String(value) => {
            write_string(value, text);
            Ok(())
        }
        Literal::Number(_) | Literal::Timestamp(_) | Literal::Date(_) => return false,
    };
    true
}

fn write_string(value: &str, text: &mut String) {
    text.push('"');
    for character in value.chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            '\0'..='\x1f' => {
                let _ = write!(text, "\\u{:04x}", character as u32);
            }
            other => text.push(other),
        }
    }
    text.push('"');
}
