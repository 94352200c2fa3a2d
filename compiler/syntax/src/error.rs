//! Syntax errors: what the parser met and what it waited for, as sentences.

use crate::Parse;
use crate::expected::{Expected, first_stop};
use crate::kind::SyntaxKind;
use crate::node::SyntaxNode;
use crate::parse::MAX_NESTING;
use crate::split::{Block, Open, OpenKind, anatomy};
use crate::text::TextRange;

/// Something wrong with the text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SyntaxError {
    /// Its stable name, in kebab case.
    pub code: &'static str,
    /// One sentence without a full stop, names and words of the language in back-ticks.
    pub message: String,
    /// Where; as small as it can be told, and empty only in an empty text.
    pub range: TextRange,
    /// What would mend it: text to put in place of a range.
    pub fix: Option<(TextRange, String)>,
}

/// So many leaves of an ERROR node are looked at.
const MANY_LEAVES: usize = 1000;

/// The codes of all syntax errors.
pub const SYNTAX_ERROR_CODES: [&str; 10] = [
    "syntax-error",
    "not-supported",
    "misspelt-keyword",
    "missing-semicolon",
    "unclosed-string",
    "unclosed-raw-block",
    "unclosed-comment",
    "unclosed-name",
    "unclosed-bracket",
    "unclosed-block",
];

/// The code of the error that stands for a text that is nested too deeply.
pub const NESTING_TOO_DEEP: &str = "nesting-too-deep";

pub(crate) fn errors(parse: &Parse) -> Vec<SyntaxError> {
    let text = parse.text();
    if let Some(at) = parse.too_deep() {
        return vec![SyntaxError {
            code: NESTING_TOO_DEEP,
            message: "this is nested too deeply to be read".to_owned(),
            range: character(text, at),
            fix: None,
        }];
    }
    let root = parse.syntax();
    let anatomy = anatomy(text, MAX_NESTING);
    let mut errors: Vec<SyntaxError> = anatomy.open.iter().filter_map(|open| unclosed(open, text)).collect();
    // A string that is never closed explains whatever follows it in its statement.
    let excused: Vec<TextRange> = anatomy
        .open
        .iter()
        .filter(|open| !matches!(open.kind, OpenKind::Bracket(_) | OpenKind::Block(_)))
        .map(|open| TextRange::new(open.range.start(), open.end + 1))
        .collect();
    let mut syntax = if root.has_error() { Walk::new(root).errors() } else { Vec::new() };
    syntax.extend(empty_select_lists(root));
    syntax.retain(|error| !excused.iter().any(|range| range.touches(error.range.start())));
    // A bracket that is open at the end is news only where nothing else is wrong with that statement.
    let last_start = anatomy.open.iter().map(|open| open.range.start()).min().unwrap_or(anatomy.token_end);
    let mut missing = Vec::new();
    if syntax.iter().any(|error| error.range.end() > last_start) {
        errors.retain(|error| error.code != "unclosed-bracket");
    }
    // A statement with another error may well go on.
    let mut starts: Vec<u32> = errors.iter().chain(&syntax).map(|error| error.range.start()).collect();
    starts.sort_unstable();
    let is_sound = |from: u32, to: u32| {
        let next = starts.partition_point(|start| *start < from);
        starts.get(next).is_none_or(|start| *start > to)
    };
    for inside in &anatomy.unterminated_inside {
        if is_sound(inside.start, inside.next) {
            missing.push(missing_semicolon(text, inside.token_end));
        }
    }
    if anatomy.unterminated && errors.is_empty() && is_sound(anatomy.statement_start, anatomy.token_end) {
        missing.push(missing_semicolon(text, anatomy.token_end));
    }
    errors.append(&mut missing);
    errors.append(&mut syntax);
    errors.sort_by_key(|error| (error.range.start(), error.range.end()));
    errors.dedup();
    errors
}

/// The character at the offset, or the last one of the text.
fn character(text: &str, offset: u32) -> TextRange {
    let start = crate::floor_char_boundary(text, (offset as usize).min(text.len().saturating_sub(1)));
    let length = text[start..].chars().next().map_or(0, char::len_utf8);
    TextRange::from(start..start + length)
}

/// Behind the token that ends at `end`.
fn missing_semicolon(text: &str, end: u32) -> SyntaxError {
    SyntaxError {
        code: "missing-semicolon",
        message: "a statement ends with `;`".to_owned(),
        range: character(text, end.saturating_sub(1)),
        fix: Some((TextRange::empty(end), ";".to_owned())),
    }
}

fn unclosed(open: &Open, text: &str) -> Option<SyntaxError> {
    let (code, message) = match open.kind {
        OpenKind::String => ("unclosed-string", "this string is never closed".to_owned()),
        OpenKind::RawBlock => ("unclosed-raw-block", "this raw block is never closed by `'''`".to_owned()),
        OpenKind::Comment => ("unclosed-comment", "this comment is never closed by `*/`".to_owned()),
        OpenKind::Name => ("unclosed-name", "this name is never closed by a back-tick".to_owned()),
        OpenKind::Bracket(bracket) => ("unclosed-bracket", format!("this `{}` is never closed", char::from(bracket))),
        OpenKind::Block(block) => {
            let end = match block {
                Block::Test => "END TEST",
                Block::If => "END IF",
                Block::Loop => "END LOOP",
                Block::Try => "END TRY",
            };
            (
                "unclosed-block",
                format!("this `{}` is never closed by `{end}`", open.range.of(text).to_ascii_uppercase()),
            )
        }
    };
    Some(SyntaxError { code, message, range: open.range, fix: None })
}

/// `SELECT FROM t` and `SELECT a, FROM t` are read for the sake of the editor.
fn empty_select_lists(root: SyntaxNode<'_>) -> Vec<SyntaxError> {
    let mut found = Vec::new();
    for select in root.descendants().filter(|node| node.kind() == SyntaxKind::Select) {
        let mut last: Option<SyntaxNode<'_>> = None;
        let mut clause = None;
        for child in select.children() {
            match child.kind() {
                SyntaxKind::Keyword | SyntaxKind::Punctuation | SyntaxKind::SelectItem => last = Some(child),
                SyntaxKind::Comment => {}
                _ => {
                    clause = Some(child);
                    break;
                }
            }
        }
        let Some(last) = last.filter(|last| last.kind() != SyntaxKind::SelectItem && !last.is_missing()) else {
            continue;
        };
        if clause.is_some_and(|clause| clause.kind() == SyntaxKind::Error) {
            continue;
        }
        let (message, fix) = match last.token() {
            Some(",") => ("expected an expression after this comma", Some((last.range(), String::new()))),
            _ => ("expected what to select, an expression or `*`", None),
        };
        found.push(SyntaxError { code: "syntax-error", message: message.to_owned(), range: last.range(), fix });
    }
    found
}

/// A walk over the leaves of a tree with errors, in the order of the text.
struct Walk<'tree> {
    leaves: Vec<Leaf<'tree>>,
    text: &'tree str,
}

#[derive(Clone, Copy)]
struct Leaf<'tree> {
    node: SyntaxNode<'tree>,
    /// The number of the outermost ERROR node around it, from 1; 0 outside of all.
    error: u32,
    /// Something that the parser made up stands directly before it.
    behind_missing: Option<&'tree str>,
    /// It is no leaf but the end of the text.
    at_end: bool,
}

impl<'tree> Walk<'tree> {
    fn new(root: SyntaxNode<'tree>) -> Walk<'tree> {
        let mut leaves: Vec<Leaf<'tree>> = Vec::new();
        let mut cursor = root.raw().walk();
        let mut errors = 0;
        // Depth of the ERROR node that is open.
        let mut inside: Option<u32> = None;
        let mut depth = 0;
        let mut missing = None;
        'walk: loop {
            let node = root.with(cursor.node());
            if node.raw().is_error() && inside.is_none() {
                errors += 1;
                inside = Some(depth);
                if node.raw().child_count() == 0 && node.range().is_empty() {
                    // Nothing was skipped: what follows is what did not fit.
                    missing = Some("");
                }
            }
            if cursor.goto_first_child() {
                depth += 1;
                continue;
            }
            if node.raw().is_missing() {
                missing = Some(node.raw().kind());
            } else if !node.raw().is_extra() || node.raw().is_error() {
                let error = if inside.is_some() { errors } else { 0 };
                if !node.is_missing() && !node.range().is_empty() {
                    leaves.push(Leaf { node, error, behind_missing: missing.take(), at_end: false });
                }
            }
            loop {
                if inside == Some(depth) {
                    inside = None;
                }
                if cursor.goto_next_sibling() {
                    break;
                }
                if !cursor.goto_parent() {
                    break 'walk;
                }
                depth -= 1;
            }
        }
        if let Some(missing) = missing {
            // What is missing at the very end.
            leaves.push(Leaf { node: root, error: 0, behind_missing: Some(missing), at_end: true });
        }
        Walk { leaves, text: root.source() }
    }

    /// One error for each statement: the parser's guesses behind the first one only confuse.
    fn errors(&self) -> Vec<SyntaxError> {
        let mut found = Vec::new();
        let mut told = false;
        let mut last = None;
        // All is read from the start of the text, as long as it can be read; behind an error a statement is read alone.
        let mut start = 0;
        for (index, leaf) in self.leaves.iter().enumerate() {
            if !told && (leaf.behind_missing.is_some() || leaf.error > 0) {
                let (culprit, expected) = self.culprit(index, start);
                if last < Some(culprit) {
                    found.push(self.tell(culprit, expected));
                    last = Some(culprit);
                }
                told = true;
            }
            if leaf.node.token() == Some(";") {
                if told {
                    start = index + 1;
                }
                told = false;
            }
        }
        found
    }

    /// The leaf that does not fit, and what would; `first` begins an ERROR node or stands behind something made up.
    fn culprit(&self, first: usize, start: usize) -> (usize, Expected) {
        let leaf = &self.leaves[first];
        // It is one of the node's own, which may have been read before the parser stumbled, or the next one.
        let inside =
            self.leaves[first..].iter().take(MANY_LEAVES).take_while(|other| other.error == leaf.error).count();
        let last = if leaf.behind_missing.is_some() { first } else { first + inside };
        let (line, ends) = self.line(start, last);
        let stop = first_stop(&line);
        let culprit = stop.as_ref().map(|stop| start + ends.partition_point(|end| *end <= stop.offset));
        let Some((culprit, stop)) = culprit.zip(stop).filter(|(culprit, _)| *culprit <= last) else {
            return (first, Expected::behind(&self.line(start, first.saturating_sub(1)).0));
        };
        // `SELECT a FROM b. WHERE c`: the parser read WHERE as a name and stumbled later.
        for back in (culprit.saturating_sub(3).max(start)..culprit).rev() {
            let before = self.leaves[back].node;
            if before.kind() == SyntaxKind::Identifier && is_clause_word(before.text()) && back > start {
                return (back, Expected::behind(&self.line(start, back - 1).0));
            }
        }
        (culprit, stop.expected())
    }

    /// The leaves from `start` to `last` in one line, without what raw blocks hold, and where each ends in it.
    fn line(&self, start: usize, last: usize) -> (String, Vec<u32>) {
        let mut line = String::new();
        let mut ends = Vec::new();
        let mut before = None;
        for leaf in self.leaves.get(start..=last.min(self.leaves.len().saturating_sub(1))).unwrap_or_default() {
            if leaf.at_end {
                break;
            }
            if before.is_some_and(|before| before < leaf.node.range().start()) {
                line.push(' ');
            }
            before = Some(leaf.node.range().end());
            let text = leaf.node.text();
            match leaf.node.kind() {
                SyntaxKind::RawContent => {}
                // What was put in place of a blank.
                _ if text.trim().is_empty() => line.push_str(leaf.node.token().unwrap_or(" ")),
                SyntaxKind::String => {
                    let quote = text.chars().next().unwrap_or('\'');
                    line.extend([quote, quote]);
                }
                _ => line.push_str(text),
            }
            ends.push(line.len() as u32);
        }
        (line, ends)
    }

    /// The error at a leaf, or behind the last one.
    fn tell(&self, culprit: usize, mut expected: Expected) -> SyntaxError {
        // A `;` that was put in place of a blank is the end, too.
        let leaf = self.leaves.get(culprit).filter(|leaf| !leaf.at_end && !leaf.node.text().trim().is_empty());
        let before = culprit.checked_sub(1).and_then(|index| self.leaves.get(index));
        expected.narrow(self.open_bracket(culprit), leaf.map_or("", |leaf| leaf.node.text()));
        let Some(leaf) = leaf else {
            let end = before.map_or(0, |before| before.node.range().end());
            let expected = expected.sentence().map_or(String::new(), |expected| format!("expected {expected}, "));
            return SyntaxError {
                code: "syntax-error",
                message: format!("{expected}found the end of the statement"),
                range: character(self.text, end.saturating_sub(1)),
                fix: None,
            };
        };
        let near = &self.leaves[culprit.saturating_sub(2)..=culprit];
        if let Some(word) = near.iter().rev().find(|leaf| is_foreign_word(leaf.node.text())) {
            return SyntaxError {
                code: "not-supported",
                message: format!("{} of SQL is not supported", quoted(&word.node.text().to_uppercase())),
                range: word.node.range(),
                fix: None,
            };
        }
        let range = leaf.node.range();
        let found = quoted(leaf.node.text());
        let is_word = leaf.node.text().starts_with(|first: char| first.is_alphabetic() || first == '_');
        if let Some(word) = is_word.then(|| expected.nearest_keyword(leaf.node.text())).flatten() {
            return SyntaxError {
                code: "misspelt-keyword",
                message: format!("unknown word {found}; did you mean `{word}`?"),
                range,
                fix: Some((range, word)),
            };
        }
        let message = match expected.sentence() {
            Some(expected) => format!("expected {expected}, found {found}"),
            None => format!("{found} does not fit here"),
        };
        SyntaxError { code: "syntax-error", message, range: first_line(self.text, range), fix: None }
    }
}

impl Walk<'_> {
    /// What closes the innermost bracket that is open before a leaf.
    fn open_bracket(&self, leaf: usize) -> Option<&'static str> {
        let mut open = Vec::new();
        for leaf in &self.leaves[..leaf.min(self.leaves.len())] {
            match leaf.node.token() {
                Some("(") => open.push(")"),
                Some("[") => open.push("]"),
                Some("{") => open.push("}"),
                Some(")" | "]" | "}") => drop(open.pop()),
                Some(";") => open.clear(),
                _ => {}
            }
        }
        open.pop()
    }
}

fn is_clause_word(text: &str) -> bool {
    const WORDS: [&str; 22] = [
        "SELECT",
        "FROM",
        "WHERE",
        "GROUP",
        "HAVING",
        "ORDER",
        "LIMIT",
        "OFFSET",
        "JOIN",
        "ON",
        "UNION",
        "AND",
        "OR",
        "AS",
        "THEN",
        "ELSE",
        "END",
        "LOOP",
        "BEGIN",
        "FIELDS",
        "QUERY_HANDLER",
        "CONFIG",
    ];
    WORDS.contains(&text)
}

/// Words of SQL that open something the language has not, where they do not fit.
fn is_foreign_word(text: &str) -> bool {
    const WORDS: [&str; 20] = [
        "ANY",
        "SOME",
        "FETCH",
        "WINDOW",
        "TABLESAMPLE",
        "LATERAL",
        "SIMILAR",
        "INTO",
        "COLLATE",
        "QUALIFY",
        "PIVOT",
        "UNPIVOT",
        "CURSOR",
        "GROUPING",
        "ROLLUP",
        "CUBE",
        "FOR",
        "RETURNING",
        "MINUS",
        "OVERLAPS",
    ];
    WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

fn first_line(text: &str, range: TextRange) -> TextRange {
    let line = range.of(text).lines().next().unwrap_or("").trim_end();
    if line.is_empty() { range } else { TextRange::new(range.start(), range.start() + line.len() as u32) }
}

/// Text in back-ticks, a long one cut off.
fn quoted(text: &str) -> String {
    let line = text.lines().next().unwrap_or("");
    let short: String = line.chars().take(24).collect();
    let dots = if short.len() < text.len() { "…" } else { "" };
    format!("`{short}{dots}`")
}
