//! LIKE, ILIKE and MATCHES.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use regex::Regex;

use super::{Result, boolean, text_of};
use crate::coerce::excerpt;
use crate::datum::Operand;
use crate::error::RuntimeError;
use crate::value::Value;

/// `left [NOT] [I]LIKE pattern`.
pub(super) fn like(left: Operand<'_>, pattern: Operand<'_>, any_case: bool, negated: bool) -> Result<Value> {
    let Some((text, pattern)) = texts(left, pattern) else { return Ok(Value::Null) };
    let matched = if any_case {
        like_matches(&text.to_lowercase(), &pattern.to_lowercase())?
    } else {
        like_matches(&text, &pattern)?
    };
    Ok(Value::Boolean(matched != negated))
}

/// Whether the whole text fits the pattern: `%` is any text, `_` any character, a backslash takes the next one as it is.
pub(super) fn like_matches(text: &str, pattern: &str) -> Result<bool> {
    enum Piece {
        Character(char),
        One,
        Any,
    }
    let mut pieces = Vec::with_capacity(pattern.len());
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        pieces.push(match character {
            '%' => Piece::Any,
            '_' => Piece::One,
            '\\' => Piece::Character(characters.next().ok_or_else(|| {
                RuntimeError::new("ValueError", "a LIKE pattern must not end with a single backslash")
            })?),
            other => Piece::Character(other),
        });
    }
    let text: Vec<char> = text.chars().collect();
    let (mut position, mut piece) = (0, 0);
    // Where to go on when a comparison fails: behind the last `%`, which then takes one character more.
    let mut retry = None;
    while position < text.len() {
        match pieces.get(piece) {
            Some(Piece::Any) => {
                piece += 1;
                retry = Some((piece, position));
            }
            Some(Piece::One) => (position, piece) = (position + 1, piece + 1),
            Some(Piece::Character(wanted)) if *wanted == text[position] => {
                (position, piece) = (position + 1, piece + 1);
            }
            _ => {
                let Some((retry_piece, retry_position)) = retry else { return Ok(false) };
                position = retry_position + 1;
                piece = retry_piece;
                retry = Some((piece, position));
            }
        }
    }
    Ok(pieces[piece..].iter().all(|piece| matches!(piece, Piece::Any)))
}

thread_local! {
    static COMPILED: RefCell<HashMap<String, Regex>> = RefCell::default();
}

/// `left MATCHES pattern`: searches anywhere in the text.
pub(super) fn matches(left: Operand<'_>, pattern: Operand<'_>) -> Result<Value> {
    let Some((text, pattern)) = texts(left, pattern) else { return Ok(Value::Null) };
    with_regex(&pattern, |regex| boolean(Some(regex.is_match(&text))))
}

/// Uses the compiled form of a pattern, which is kept for the next time.
pub fn with_regex<R>(pattern: &str, with: impl FnOnce(&Regex) -> R) -> Result<R> {
    const KEPT: usize = 256;
    COMPILED.with_borrow_mut(|compiled| {
        if let Some(regex) = compiled.get(pattern) {
            return Ok(with(regex));
        }
        let regex = Regex::new(pattern).map_err(|error| {
            let reason = error.to_string();
            let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ");
            RuntimeError::new(
                "ValueError",
                format!("{} is not a regular expression: {reason}", excerpt(&Value::String(pattern.into()))),
            )
        })?;
        if compiled.len() >= KEPT {
            compiled.clear();
        }
        let result = with(&regex);
        compiled.insert(pattern.to_owned(), regex);
        Ok(result)
    })
}

/// Both sides as text; `None` where one has none.
fn texts(left: Operand<'_>, right: Operand<'_>) -> Option<(Rc<str>, Rc<str>)> {
    if left.is_null() || right.is_null() {
        return None;
    }
    Some((text_of(left)?, text_of(right)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, pattern: &str, expected: bool) {
        assert_eq!(like_matches(text, pattern), Ok(expected), "{text} LIKE {pattern}");
    }

    #[test]
    fn like() {
        check("abc", "abc", true);
        check("abc", "a%", true);
        check("abc", "%b%", true);
        check("abc", "_b_", true);
        check("abc", "b", false);
        check("", "", true);
        check("", "%", true);
        check("", "_", false);
        check("50%", "50\\%", true);
        check("500", "50\\%", false);
        check("a\\b", "a\\\\b", true);
        check("aXbXc", "a%X%c", true);
        check("ééé", "_é_", true);
        check("mississippi", "m%iss%ip%i", true);
        check("mississippi", "m%iss%ipx%i", false);
        assert!(like_matches("a", "a\\").is_err());
    }

    #[test]
    fn a_hostile_pattern_takes_no_exponential_time() {
        check(&"a".repeat(2000), &format!("{}b", "%a".repeat(200)), false);
    }

    #[test]
    fn matches_searches() {
        let matched = |text, pattern| matches(Operand::Text(text), Operand::Text(pattern));
        assert_eq!(matched("issue 42", r"\d+"), Ok(Value::Boolean(true)));
        assert_eq!(matched("issue", r"^\d"), Ok(Value::Boolean(false)));
        assert!(matched("x", "(").is_err());
        assert_eq!(matches(Operand::Null, Operand::Text("(")), Ok(Value::Null));
        assert_eq!(matches(Operand::Boxed(&Value::Boolean(true)), Operand::Text("t")), Ok(Value::Null));
        assert_eq!(super::like(Operand::Boolean(true), Operand::Text("t"), false, false), Ok(Value::Null));
        assert_eq!(super::like(Operand::Text("ÄB"), Operand::Text("äb"), true, true), Ok(Value::Boolean(false)));
    }
}
