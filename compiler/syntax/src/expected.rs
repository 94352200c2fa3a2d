//! What the parser waits for in a state, in words.

use std::sync::{Arc, Mutex, OnceLock};

use crate::parse::{language, with_parser};

/// The tokens that may come next.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expected {
    /// Keywords in upper case, marks, and the names of the grammar's other tokens; sorted.
    tokens: Vec<&'static str>,
}

/// More alternatives than this help nobody.
const MANY: usize = 5;

impl Expected {
    /// What may follow behind a text that can be read so far.
    pub(crate) fn behind(prefix: &str) -> Expected {
        let language = language();
        let mut tokens: Vec<&'static str> = Vec::new();
        for state in states_behind(prefix) {
            let symbols = language.lookahead_iterator(state);
            tokens.extend(symbols.into_iter().flatten().filter_map(token_name));
        }
        tokens.sort_unstable();
        tokens.dedup();
        Expected { tokens }
    }

    /// Forgets what the state knows of other places than this one: closing brackets other than the one that is due, and what
    /// was found and did not fit.
    pub(crate) fn narrow(&mut self, bracket: Option<&str>, found: &str) {
        self.tokens.retain(|token| match *token {
            ")" | "]" | "}" => Some(*token) == bracket,
            ";" => bracket.is_none(),
            token => !token.eq_ignore_ascii_case(found),
        });
    }

    /// Whether the keyword or mark may come next.
    pub(crate) fn has(&self, token: &str) -> bool {
        self.tokens.binary_search(&token).is_ok()
    }

    /// `a`, `b` or `c`; `None` where that would say too much or nothing.
    pub(crate) fn sentence(&self) -> Option<String> {
        if self.has("DECLARE") && self.has("SELECT") && self.has("PRINT") {
            return Some("a statement".to_owned());
        }
        let mut parts: Vec<String> = Vec::new();
        let is_operand = self.has("string") && self.has("number") && self.has("(");
        let is_operator = self.has("||") && self.has("+") && !is_operand;
        if is_operand {
            parts.push("an expression".to_owned());
        } else {
            for (token, words) in [
                ("identifier", "a name"),
                ("string", "a string"),
                ("'''", "a raw block `'''`"),
                ("number", "a number"),
                ("{", "a document"),
                ("bare_target", "the name of a table"),
            ] {
                if self.has(token) {
                    parts.push(words.to_owned());
                }
            }
            if self.has("[") && !is_operator {
                parts.push("an array".to_owned());
            }
            // An alias is possible almost everywhere, and never what is missing.
            if is_operator {
                parts.retain(|part| part != "a name" && part != "a string");
            }
        }
        let of_operand =
            ["CASE", "CAST", "EXISTS", "FALSE", "INTERVAL", "NOT", "NULL", "TRUE", "DISTINCT", "FROM", "RAISES"];
        let of_operator = [
            "AND", "OR", "NOT", "LIKE", "ILIKE", "MATCHES", "IN", "BETWEEN", "CONTAINS", "IS", "ESCAPE", "FILTER",
            "OVER",
        ];
        let keywords: Vec<&str> = self
            .tokens
            .iter()
            .copied()
            .filter(|token| is_keyword(token))
            .filter(|token| !(is_operand && of_operand.contains(token)))
            .filter(|token| !(is_operator && of_operator.contains(token)))
            .collect();
        let marks = [",", ")", "]", "}", ";", ":", "=", "=>", ".", ".."];
        for mark in marks {
            if self.has(mark) && !(is_operator && matches!(mark, "." | ".." | "=" | "=>") || is_operand && mark == ":")
            {
                parts.push(format!("`{mark}`"));
            }
        }
        if self.has("(") && !is_operand && !is_operator {
            parts.push("`(`".to_owned());
        }
        if parts.len() + keywords.len() <= MANY {
            parts.extend(keywords.iter().map(|keyword| format!("`{keyword}`")));
        } else if parts.is_empty() {
            parts = keywords.iter().take(MANY).map(|keyword| format!("`{keyword}`")).collect();
            parts.push("another clause".to_owned());
        }
        let last = parts.pop()?;
        if parts.is_empty() { Some(last) } else { Some(format!("{} or {last}", parts.join(", "))) }
    }

    /// The keyword that a word was probably meant to be.
    pub(crate) fn nearest_keyword(&self, word: &str) -> Option<String> {
        // The cost is the product of both lengths, and no keyword is that long.
        if word.len() > 40 {
            return None;
        }
        let upper = word.to_uppercase();
        let limit = match upper.chars().count() {
            0..=3 => return None,
            4..=5 => 1,
            _ => 2,
        };
        self.tokens
            .iter()
            .filter(|token| is_keyword(token))
            .map(|token| (strsim::damerau_levenshtein(&upper, token), *token))
            .filter(|(distance, _)| (1..=limit).contains(distance))
            .min()
            .map(|(_, token)| token.to_owned())
    }
}

fn is_keyword(token: &str) -> bool {
    token.starts_with(|first: char| first.is_ascii_uppercase())
}

/// The names of the terminal symbols, by symbol.
fn tokens() -> &'static [Option<String>] {
    static TOKENS: OnceLock<Vec<Option<String>>> = OnceLock::new();
    TOKENS.get_or_init(|| {
        let language = language();
        let name = |symbol: u16| {
            let name = language.node_kind_for_id(symbol)?;
            let is_token = if language.node_kind_is_named(symbol) {
                let leaves = ["identifier", "quoted_identifier", "string", "number", "raw_content", "bare_target"];
                leaves.contains(&name)
            } else {
                !name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_')
            };
            is_token.then(|| name.to_owned())
        };
        (0..language.node_kind_count() as u16).map(name).collect()
    })
}

fn token_name(symbol: u16) -> Option<&'static str> {
    tokens().get(usize::from(symbol))?.as_deref()
}

/// The states in which the parser is behind a text.
///
/// The library tells them in its log only: `process … state:N` is the state behind the last token, and `detect_error` says
/// that the character behind the text, which fits nowhere, was met in it.
fn states_behind(prefix: &str) -> Vec<u16> {
    #[derive(Default)]
    struct Log {
        state: u16,
        met: Vec<u16>,
        done: bool,
    }
    let log = Arc::new(Mutex::new(Log::default()));
    let writer = Arc::clone(&log);
    let logger = move |kind: tree_sitter::LogType, message: &str| {
        if kind != tree_sitter::LogType::Parse {
            return;
        }
        let Ok(mut log) = writer.lock() else { return };
        if log.done {
            return;
        }
        if message.starts_with("process ") {
            let state = message.split("state:").nth(1).and_then(|rest| rest.split(',').next());
            log.state = state.and_then(|state| state.parse().ok()).unwrap_or(0);
        } else if message.starts_with("detect_error lookahead:ERROR") {
            let state = log.state;
            log.met.push(state);
        } else if message.starts_with("resume ") {
            log.done = true;
        }
    };
    with_parser(|parser| {
        parser.reset();
        parser.set_logger(Some(Box::new(logger)));
        // U+0003 is no token.
        drop(parser.parse(format!("{prefix} \u{3}"), None));
        parser.set_logger(None);
    });
    log.lock().map(|mut log| std::mem::take(&mut log.met)).unwrap_or_default()
}
