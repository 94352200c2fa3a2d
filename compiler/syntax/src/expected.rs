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
    /// What may follow behind a text, in one line, that can be read so far.
    pub(crate) fn behind(prefix: &str) -> Expected {
        // U+0003 is no token.
        first_stop(&format!("{prefix} \u{3}")).unwrap_or_default().expected()
    }

    /// What may follow in any of these states.
    fn in_states(states: &[u16]) -> Expected {
        let language = language();
        let mut tokens: Vec<&'static str> = Vec::new();
        for state in states {
            let symbols = language.lookahead_iterator(*state);
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

/// Where the parser stops for the first time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stop {
    /// Behind the last token that it could read.
    pub(crate) offset: u32,
    /// The states it was in there.
    states: Vec<u16>,
}

impl Stop {
    /// What it waited for.
    pub(crate) fn expected(&self) -> Expected {
        Expected::in_states(&self.states)
    }
}

/// Where the parser stops for the first time in a text of one line; `None` when it reads all of it.
///
/// The library tells this in its log only: `process … state:N, row:0, col:N` is the place behind the last token, `detect_error`
/// says that nothing can follow there in this reading of the text, `resume` that this holds for all readings.
pub(crate) fn first_stop(line: &str) -> Option<Stop> {
    #[derive(Default)]
    struct Log {
        place: (u32, u16),
        stop: Option<Stop>,
        done: bool,
    }
    fn number(message: &str, name: &str) -> u32 {
        let digits = message.split(name).nth(1).unwrap_or("");
        let end = digits.find(|digit: char| !digit.is_ascii_digit()).unwrap_or(digits.len());
        digits[..end].parse().unwrap_or(0)
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
            log.place = (number(message, "col:"), number(message, "state:") as u16);
        } else if message.starts_with("detect_error ") {
            let (offset, state) = log.place;
            let stop = log.stop.get_or_insert_default();
            if offset > stop.offset {
                *stop = Stop { offset, states: Vec::new() };
            }
            if offset == stop.offset {
                stop.states.push(state);
            }
        } else if message.starts_with("resume ") {
            log.done = true;
        }
    };
    let stops = with_parser(|parser| {
        parser.reset();
        parser.set_logger(Some(Box::new(logger)));
        let tree = parser.parse(line, None);
        parser.set_logger(None);
        tree.is_some_and(|tree| tree.root_node().has_error())
    });
    log.lock().ok()?.stop.take().filter(|_| stops)
}
