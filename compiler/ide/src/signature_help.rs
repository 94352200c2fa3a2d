//! What a function that is being called takes.

use moltler_abi::functions::{FUNCTIONS, SqlFunction};
use moltler_db::FileId;
use moltler_hir::{Database, Package};

use crate::token::{TokenKind, tokens};

/// The function around a place, and which of its parameters the place is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureHelp {
    /// `UPPER(text)`
    pub label: String,
    /// The places of the parameters in the label, in bytes; all of it is ASCII.
    pub parameters: Vec<(u32, u32)>,
    /// From 0; the last one where it may be given again.
    pub active: u32,
    /// Markdown.
    pub documentation: String,
}

/// The function whose parentheses are around an offset of a file.
pub fn signature_help(db: &Database, package: &Package, file: FileId, offset: u32) -> Option<SignatureHelp> {
    let (statement, start) = package.statement_at(file, offset)?;
    let text = statement.text(db);
    let at = offset.checked_sub(start)?;
    let all = tokens(text);
    if all.iter().any(|token| token.kind == TokenKind::Raw && token.holds(at)) {
        return None;
    }
    // Brackets that are open at the place: the word before, and the commas since.
    let mut open: Vec<(Option<&str>, u32)> = Vec::new();
    let before = all.iter().filter(|token| token.kind != TokenKind::Comment && token.range.end() <= at);
    let mut last: Option<&str> = None;
    for token in before {
        match (token.kind, token.text) {
            (TokenKind::Mark, "(" | "[" | "{") => open.push((last.filter(|_| token.text == "("), 0)),
            (TokenKind::Mark, ")" | "]" | "}") => drop(open.pop()),
            (TokenKind::Mark, ",") => {
                if let Some((_, commas)) = open.last_mut() {
                    *commas += 1;
                }
            }
            _ => {}
        }
        last = (token.kind == TokenKind::Word).then_some(token.text);
    }
    let (function, commas) = open.into_iter().rev().find_map(|(name, commas)| Some((find(name?)?, commas)))?;
    Some(told(function, commas))
}

fn find(name: &str) -> Option<&'static SqlFunction> {
    FUNCTIONS.iter().find(|function| function.name.eq_ignore_ascii_case(name))
}

fn told(function: &SqlFunction, commas: u32) -> SignatureHelp {
    let mut label = format!("{}(", function.name);
    let mut parameters = Vec::new();
    for (index, parameter) in function.parameters.iter().enumerate() {
        if index > 0 {
            label.push_str(", ");
        }
        let start = label.len() as u32;
        label.push_str(parameter.name);
        if parameter.optional {
            label.push('?');
        }
        let is_last = index + 1 == function.parameters.len();
        if is_last && function.variadic {
            label.push_str(", ...");
        }
        parameters.push((start, label.len() as u32));
    }
    label.push(')');
    let last = (parameters.len() as u32).saturating_sub(1);
    let active = if function.variadic { commas.min(last) } else { commas };
    SignatureHelp {
        label,
        parameters,
        active,
        documentation: format!("{}\n\n```sql\n{}\n```", function.documentation, function.example),
    }
}
