//! Functions on text.

use super::{Builtin, Result, integer_argument, text_argument};
use crate::context::ExecContext;
use crate::value::Value;

pub(super) const FUNCTIONS: &[(&str, Builtin)] = &[
    ("INSTR", instr),
    ("LENGTH", length),
    ("LOWER", |_, arguments| text(&text_argument(arguments, 0).to_lowercase())),
    ("LTRIM", |_, arguments| text(text_argument(arguments, 0).trim_start())),
    ("REPLACE", replace),
    ("RTRIM", |_, arguments| text(text_argument(arguments, 0).trim_end())),
    ("SPLIT", split),
    ("SUBSTR", substr),
    ("TRIM", |_, arguments| text(text_argument(arguments, 0).trim())),
    ("UPPER", |_, arguments| text(&text_argument(arguments, 0).to_uppercase())),
];

fn text(text: &str) -> Result<Value> {
    Ok(Value::String(text.into()))
}

fn length(_: &ExecContext, arguments: &[Value]) -> Result<Value> {
    let length = match &arguments[0] {
        Value::Array(items) => items.len(),
        _ => text_argument(arguments, 0).chars().count(),
    };
    Ok(Value::Integer(length as i64))
}

fn instr(_: &ExecContext, arguments: &[Value]) -> Result<Value> {
    let (text, part) = (text_argument(arguments, 0), text_argument(arguments, 1));
    let position = text.find(part).map_or(0, |byte| text[..byte].chars().count() + 1);
    Ok(Value::Integer(position as i64))
}

fn replace(_: &ExecContext, arguments: &[Value]) -> Result<Value> {
    let (whole, from) = (text_argument(arguments, 0), text_argument(arguments, 1));
    if from.is_empty() { text(whole) } else { text(&whole.replace(from, text_argument(arguments, 2))) }
}

fn split(_: &ExecContext, arguments: &[Value]) -> Result<Value> {
    let (whole, separator) = (text_argument(arguments, 0), text_argument(arguments, 1));
    let pieces: Vec<Value> = if separator.is_empty() {
        whole.chars().map(|character| Value::String(character.to_string().into())).collect()
    } else {
        whole.split(separator).map(|piece| Value::String(piece.into())).collect()
    };
    Ok(Value::Array(pieces.into()))
}

/// As PostgreSQL: positions before the first character count but are empty.
fn substr(_: &ExecContext, arguments: &[Value]) -> Result<Value> {
    let whole = text_argument(arguments, 0);
    let start = integer_argument(arguments, 1).unwrap_or(1);
    let end = match integer_argument(arguments, 2) {
        Some(length) if length < 0 => return Err(super::wrong("SUBSTR", "`length` must not be negative")),
        Some(length) => start.saturating_add(length),
        None => i64::MAX,
    };
    let skip = usize::try_from(start.saturating_sub(1)).unwrap_or(0);
    let take = usize::try_from(end.saturating_sub(start.max(1))).unwrap_or(0);
    text(&whole.chars().skip(skip).take(take).collect::<String>())
}

#[cfg(test)]
mod tests {
    use crate::builtins::tests::check;

    #[test]
    fn positions_count_characters_from_one() {
        check("LENGTH", r#"["héllo"]"#, "5");
        check("LENGTH", r#"[[1,2]]"#, "2");
        check("INSTR", r#"["héllo","l"]"#, "3");
        check("INSTR", r#"["héllo","x"]"#, "0");
        check("SUBSTR", r#"["héllo",2]"#, r#""éllo""#);
        check("SUBSTR", r#"["héllo",2,3]"#, r#""éll""#);
        check("SUBSTR", r#"["hello",-1,3]"#, r#""h""#);
        check("SUBSTR", r#"["hello",9,3]"#, r#""""#);
        check("SUBSTR", r#"["hello",1,-1]"#, "ValueError: SUBSTR: `length` must not be negative");
        check("SUBSTR", r#"["hello",-9223372036854775808,9223372036854775807]"#, r#""""#);
    }

    #[test]
    fn changes_and_pieces() {
        check("UPPER", r#"["straße"]"#, r#""STRASSE""#);
        check("TRIM", r#"["\t a \n"]"#, r#""a""#);
        check("LTRIM", r#"[" a "]"#, r#""a ""#);
        check("RTRIM", r#"[" a "]"#, r#"" a""#);
        check("REPLACE", r#"["aaa","","x"]"#, r#""aaa""#);
        check("SPLIT", r#"["a,b,",","]"#, r#"["a","b",""]"#);
        check("SPLIT", r#"["ab",""]"#, r#"["a","b"]"#);
        check("LOWER", r#"["Ä"]"#, r#""ä""#);
    }
}
