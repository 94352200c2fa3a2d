//! How much stack a text needs. The parser, the walks over its tree and the tree's own drop are all recursive.

use crate::script::Range;

/// Brackets deeper than this are refused.
pub(crate) const MAX_BRACKETS: u32 = 500;
/// Texts that would need more stack than this are refused.
const MAX_STACK: usize = 512 << 20;
/// What every parse needs.
const BASE: usize = 256 << 10;
/// An opening bracket: about ten frames of the parser, then those of the walks.
const PER_BRACKET: usize = 8 << 10;
/// An operator or a keyword that takes an operand or a statement.
const PER_OPERATOR: usize = 2 << 10;

/// Words that nest what follows them without a bracket.
const NESTING_WORDS: [&str; 10] =
    ["new", "typeof", "void", "delete", "await", "yield", "else", "do", "async", "extends"];

/// The stack that is enough for any reading of `source`, or the place where it is nested too deeply.
///
/// Strings, comments and regular expressions are counted as if they were code: telling them apart needs the parser, and
/// counting too much costs only address space.
pub(crate) fn stack_size(source: &str) -> Result<usize, Range> {
    let bytes = source.as_bytes();
    let mut stack = BASE;
    let mut brackets = 0u32;
    let mut position = 0;
    while position < bytes.len() {
        let byte = bytes[position];
        let start = position;
        position += 1;
        match byte {
            b'(' | b'[' | b'{' => {
                brackets += 1;
                stack += PER_BRACKET;
            }
            b')' | b']' | b'}' => brackets = brackets.saturating_sub(1),
            b'!' | b'~' | b'+' | b'-' | b'*' | b'/' | b'%' | b'&' | b'|' | b'^' | b'<' | b'=' | b'>' | b'?' | b':'
            | b'.' | b'`' | b'@' => stack += PER_OPERATOR,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$' => {
                while position < bytes.len()
                    && (bytes[position].is_ascii_alphanumeric() || b"_$".contains(&bytes[position]))
                {
                    position += 1;
                }
                if NESTING_WORDS.contains(&&source[start..position]) {
                    stack += PER_OPERATOR;
                }
            }
            // `\u0065lse` is no keyword, and other letters only make names.
            _ => {}
        }
        if brackets > MAX_BRACKETS || stack > MAX_STACK {
            return Err(start as u32..start as u32 + 1);
        }
    }
    Ok(stack)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_handler_fits_a_thread() {
        let source = "async function query(config) { return await fetch(config.url); }";
        assert!(stack_size(source).expect("it is flat") < 1 << 20);
    }

    #[test]
    fn deep_brackets_are_refused_where_they_are_too_deep() {
        assert_eq!(stack_size(&"(".repeat(100_000)), Err(MAX_BRACKETS..MAX_BRACKETS + 1));
        assert!(stack_size(&"()".repeat(10_000)).is_ok());
    }

    #[test]
    fn long_chains_are_refused() {
        assert!(stack_size(&"!".repeat(1_000_000)).is_err());
        assert!(stack_size(&"new ".repeat(1_000)).expect("short enough") > 1_000 * PER_OPERATOR);
    }
}
