//! Indentation while text is typed, by the words before the line: the text is seldom whole.

use moltler_syntax::TextRange;

use crate::blocks::Blocks;
use crate::format::FormatEdit;
use crate::token::{Token, TokenKind, tokens};

const INDENT: &str = "    ";

/// What the line at an offset of a statement is to start with, behind a character that was just typed: a line break, the last
/// letter of a word that ends a branch (`END`, `ELSE`, `ELSEIF`, `CATCH`, `FINALLY`), a closing bracket.
pub fn on_type(text: &str, offset: u32, typed: char) -> Option<FormatEdit> {
    let at = (offset as usize).min(text.len());
    let line_start = text.get(..at)?.rfind('\n').map_or(0, |before| before + 1);
    if line_start == 0 {
        return None;
    }
    let line = &text[line_start..];
    let line = &line[..line.find(['\n', '\r']).unwrap_or(line.len())];
    let blanks = line.len() - line.trim_start_matches([' ', '\t']).len();
    let all = tokens(text);
    let around = all.iter().find(|token| token.holds(line_start as u32));
    let wanted = match (around, typed) {
        (Some(token), '\n' | '}' | ')' | ']') if token.kind == TokenKind::Raw => {
            in_script(text, token, line_start, line.trim(), typed)?
        }
        (Some(_), _) => return None,
        (None, '\n') => new_line(text, &all, line_start, line.trim())?,
        (None, '}' | ')' | ']') => closing(text, &all, at, line.trim())?,
        (None, _) => branch(text, &all, line_start, line.trim())?,
    };
    let range = TextRange::from(line_start..line_start + blanks);
    (range.of(text) != wanted).then_some(FormatEdit { range, text: wanted })
}

/// The blanks that the line of an offset starts with.
pub(crate) fn indentation(text: &str, at: usize) -> String {
    let start = text[..at].rfind('\n').map_or(0, |before| before + 1);
    text[start..].chars().take_while(|letter| matches!(letter, ' ' | '\t')).collect()
}

fn code<'a>(all: &[Token<'a>], end: usize) -> Vec<Token<'a>> {
    let before = all.iter().filter(|token| token.kind != TokenKind::Comment && (token.range.start() as usize) < end);
    before.copied().collect()
}

fn new_line(text: &str, all: &[Token<'_>], line_start: usize, line: &str) -> Option<String> {
    let before = code(all, line_start);
    let last = before.last()?;
    let own = indentation(text, last.range.start() as usize);
    let blocks = Blocks::of(&before);
    // Behind a statement or the opener of a block.
    let mut wanted = if blocks.start == before.len() {
        match blocks.open.last() {
            Some(block) => indentation(text, before[block.head].range.start() as usize) + INDENT,
            None => return Some(String::new()),
        }
    } else if matches!(last.text, "{" | "[" | "(") && last.kind == TokenKind::Mark {
        own + INDENT
    } else {
        own
    };
    // `{|}`: the bracket goes to the line of its partner.
    if line.starts_with(['}', ']', ')']) || is_branch(line) {
        wanted.truncate(wanted.len().saturating_sub(INDENT.len()));
    }
    Some(wanted)
}

fn branch(text: &str, all: &[Token<'_>], line_start: usize, line: &str) -> Option<String> {
    if !is_branch(line) {
        return None;
    }
    let before = code(all, line_start);
    let blocks = Blocks::of(&before);
    let block = blocks.open.last().filter(|_| blocks.start == before.len())?;
    Some(indentation(text, before[block.head].range.start() as usize))
}

fn is_branch(line: &str) -> bool {
    let word = line.split([' ', ';']).next().unwrap_or_default();
    ["END", "ELSE", "ELSEIF", "CATCH", "FINALLY"].iter().any(|branch| word.eq_ignore_ascii_case(branch))
}

/// A bracket that is alone on its line goes below the line of its partner.
fn closing(text: &str, all: &[Token<'_>], at: usize, line: &str) -> Option<String> {
    if !line.starts_with(['}', ']', ')']) {
        return None;
    }
    let mut open: Vec<usize> = Vec::new();
    for token in all.iter().filter(|token| token.kind == TokenKind::Mark && (token.range.end() as usize) < at) {
        match token.text {
            "{" | "[" | "(" => open.push(token.range.start() as usize),
            "}" | "]" | ")" => drop(open.pop()),
            _ => {}
        }
    }
    Some(indentation(text, open.pop()?))
}

/// JavaScript: one step further in behind an opening bracket, one out before a closing one.
fn in_script(text: &str, block: &Token<'_>, line_start: usize, line: &str, typed: char) -> Option<String> {
    let inner = block.inner();
    let before = text.get(inner.start() as usize..line_start)?;
    let is_closing = line.starts_with(['}', ')', ']']);
    if typed != '\n' && !is_closing {
        return None;
    }
    let last = before.lines().rev().find(|line| !line.trim().is_empty());
    let Some(last) = last else { return Some(String::new()) };
    let mut wanted: String = last.chars().take_while(|letter| matches!(letter, ' ' | '\t')).collect();
    if last.trim_end().ends_with(['{', '(', '[']) {
        wanted.push_str(INDENT);
    }
    if is_closing {
        wanted.truncate(wanted.len().saturating_sub(INDENT.len()));
    }
    Some(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text after a character was typed before the mark.
    fn typed(marked: &str) -> String {
        let at = marked.find('|').expect("a mark");
        let mut text = marked.replacen('|', "", 1);
        let letter = text[..at].chars().next_back().expect("a character");
        let letter = if letter == ' ' { '\n' } else { letter };
        if let Some(edit) = on_type(&text, at as u32, letter) {
            text.replace_range(std::ops::Range::<usize>::from(edit.range), &edit.text);
        }
        text
    }

    #[test]
    fn new_lines() {
        for (marked, expected) in [
            ("TEST CONNECTOR TYPE 'a' NAME 'b'\nBEGIN\n|", "TEST CONNECTOR TYPE 'a' NAME 'b'\nBEGIN\n    "),
            ("IF a THEN\n    PRINT 1;\n|\nEND IF;", "IF a THEN\n    PRINT 1;\n    \nEND IF;"),
            ("IF a THEN\n|END IF;", "IF a THEN\nEND IF;"),
            ("CREATE CONNECTOR a TYPE 'b' CONFIG {\n|", "CREATE CONNECTOR a TYPE 'b' CONFIG {\n    "),
            ("CREATE CONNECTOR a TYPE 'b' CONFIG {\n|}", "CREATE CONNECTOR a TYPE 'b' CONFIG {\n}"),
            ("DECLARE x =\n    SELECT a\n|", "DECLARE x =\n    SELECT a\n    "),
            (
                "FOR r IN x LOOP\n    DECLARE y =\n        SELECT 1;\n|",
                "FOR r IN x LOOP\n    DECLARE y =\n        SELECT 1;\n    ",
            ),
            ("HANDLER '''\nfunction f() {\n|\n}'''", "HANDLER '''\nfunction f() {\n    \n}'''"),
            ("HANDLER '''\n  a;\n|", "HANDLER '''\n  a;\n  "),
            ("PRINT 'a\n|", "PRINT 'a\n"),
        ] {
            assert_eq!(typed(marked), expected, "{marked}");
        }
    }

    #[test]
    fn words_and_brackets() {
        for (marked, expected) in [
            ("IF a THEN\n    PRINT 1;\n    END|", "IF a THEN\n    PRINT 1;\nEND"),
            ("IF a THEN\n    PRINT 1;\n    else|", "IF a THEN\n    PRINT 1;\nelse"),
            ("IF a THEN\n    PRINT CASE\n    END|", "IF a THEN\n    PRINT CASE\n    END"),
            ("SELECT\n    end|", "SELECT\n    end"),
            (
                "CREATE CONNECTOR a TYPE 'b' CONFIG {\n    \"a\": 1\n    }|",
                "CREATE CONNECTOR a TYPE 'b' CONFIG {\n    \"a\": 1\n}",
            ),
            ("HANDLER '''\nf(() => {\n    a;\n    }|", "HANDLER '''\nf(() => {\n    a;\n}"),
        ] {
            assert_eq!(typed(marked), expected, "{marked}");
        }
    }
}
