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

/// More places than this, one inside the other, at which TypeScript can be read in two ways are refused: the parser tries both
/// ways at each of them, so its time doubles.
const MAX_AMBIGUITIES: u32 = 12;

/// The place where a text is too ambiguous to be read as TypeScript: conditions and parentheses nested with `) :`, which may be
/// the type of an arrow function, and `<` where an expression begins, which may be its type parameters.
pub(crate) fn ambiguity(source: &str) -> Option<Range> {
    let bytes = source.as_bytes();
    let next = |from: usize| bytes[from..].iter().copied().find(|byte| !byte.is_ascii_whitespace()).unwrap_or(b';');
    let (mut colons, mut conditions, mut open, mut generics) = (0u32, 0u32, 0u32, 0u32);
    let mut previous = b';';
    let mut at = 0;
    while at < bytes.len() {
        let rest = &source[at..];
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
            continue;
        }
        if rest.starts_with("/*") {
            at += rest.find("*/").map_or(rest.len(), |end| end + 2);
            continue;
        }
        let byte = bytes[at];
        let width = rest.chars().next().map_or(1, char::len_utf8);
        match byte {
            b';' | b'{' | b'}' => (colons, conditions, generics) = (0, 0, 0),
            b'(' => open += 1,
            b')' => open = open.saturating_sub(1),
            b'?' if !matches!(next(at + 1), b':' | b'.' | b'?' | b')' | b',' | b'=') => conditions += 1,
            b':' if previous == b')' => colons += 1,
            b'<' if !is_word(previous) && !matches!(previous, b')' | b']' | b'>' | b'<') => generics += 1,
            _ => {}
        }
        if colons.min(conditions + open) > MAX_AMBIGUITIES || generics > MAX_AMBIGUITIES {
            return Some(at as u32..at as u32 + 1);
        }
        if !byte.is_ascii_whitespace() {
            previous = byte;
        }
        at += width;
    }
    None
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
    fn ambiguous_texts_are_refused() {
        for part in ["(a = (b): ", "a ? (b) : c => ", "<T>("] {
            assert!(ambiguity(&part.repeat(20)).is_some(), "{part}");
            assert!(ambiguity(&part.repeat(5)).is_none(), "{part}");
        }
        for part in
            ["get(a?: b): c\n", "f<T>(a), ", "function f(a): b { return a ? (b) : c; }", "// (a ? (b): \n", "a < b, "]
        {
            assert!(ambiguity(&part.repeat(50)).is_none(), "{part}");
        }
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
