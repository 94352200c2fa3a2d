//! How much stack a text needs. The parser, the walks over its tree and the tree's own drop are all recursive.

use crate::script::Range;

/// Brackets deeper than this are refused.
pub(crate) const MAX_BRACKETS: u32 = 500;
/// Texts that would need more stack than this are refused.
const MAX_STACK: usize = 512 << 20;
/// What every parse needs.
const BASE: usize = 256 << 10;
/// An opening bracket: about ten frames of the parser. Measured with optimisation, which the parser is never built without: up to
/// 4 KiB.
const PER_BRACKET: usize = 8 << 10;
/// An operator or a keyword that takes an operand or a statement. Measured: up to 1.6 KiB.
const PER_OPERATOR: usize = 2 << 10;

/// Labels inside labels beyond this are refused: the parser copies all of them for each.
const MAX_LABELS: u32 = 100;

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
    let mut labels = 0u32;
    // The last byte that is not blank, and the one before the last word.
    let (mut previous, mut before_word) = (b';', b';');
    // Whether the last word, or the one before it, takes a statement.
    let (mut last_word_takes_statement, mut is_after_statement_word) = (false, false);
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
                before_word = previous;
                let word = &source[start..position];
                is_after_statement_word = is_word(previous) && last_word_takes_statement;
                last_word_takes_statement = matches!(word, "do" | "else");
                if NESTING_WORDS.contains(&word) {
                    stack += PER_OPERATOR;
                }
            }
            b' ' | b'\t' | b'\n' | b'\r' => continue,
            // `\u0065lse` is no keyword, and other letters only make names.
            _ => {}
        }
        // `a: b: …`, `if (x) a: …`, but no key, which follows `{` or `,`.
        if byte == b':' && is_word(previous) && (matches!(before_word, b':' | b')') || is_after_statement_word) {
            labels += 1;
        }
        previous = byte;
        if brackets > MAX_BRACKETS || stack > MAX_STACK || labels > MAX_LABELS {
            return Err(start as u32..start as u32 + 1);
        }
    }
    Ok(stack)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_$".contains(&byte) || !byte.is_ascii()
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
    fn labels_are_counted_and_cases_are_not() {
        for labels in ["a:", "if (x) a: ", "do a: ", "else a:"] {
            assert!(stack_size(&labels.repeat(200)).is_err(), "{labels}");
        }
        for fine in ["case A: ", "case 'a': ", "x = a ? b : c;", "{a: 1, b: 2};", "default: x; "] {
            assert!(stack_size(&fine.repeat(200)).is_ok(), "{fine}");
        }
    }

    #[test]
    fn long_chains_are_refused() {
        assert!(stack_size(&"!".repeat(1_000_000)).is_err());
        assert!(stack_size(&"new ".repeat(1_000)).expect("short enough") > 1_000 * PER_OPERATOR);
    }
}
