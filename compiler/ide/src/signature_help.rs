//! What a function that is being called takes.

use moltler_abi::aggregates::AGGREGATES;
use moltler_abi::functions::{FUNCTIONS, SqlFunction};
use moltler_db::FileId;
use moltler_hir::{Database, Package};

use crate::completion::{Callee, script_call_at};
use crate::token::{TokenKind, tokens};

/// The function around a place, and which of its parameters the place is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureHelp {
    /// `UPPER(text)`
    pub label: String,
    /// The places of the parameters in the label, in bytes.
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
    if let Some(block) = all.iter().find(|token| token.kind == TokenKind::Raw && token.holds(at)) {
        let (callee, commas) = script_call_at(db, statement, &all, block, at)?;
        return Some(in_script(callee, commas));
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
    open.into_iter().rev().find_map(|(name, commas)| {
        let name = name?;
        find(name).map(|function| told(function, commas)).or_else(|| aggregate(name, commas))
    })
}

/// A function of the host, or of the package.
fn in_script(callee: Callee, commas: u32) -> SignatureHelp {
    let (label, documentation) = match callee {
        Callee::Declared(found) => (found.signature.clone(), found.documentation.clone()),
        Callee::Written(head) => (head.split_whitespace().collect::<Vec<_>>().join(" "), String::new()),
    };
    let parameters = listed(&label);
    // What comes after `...` may be given again and again.
    let last = (parameters.len() as u32).saturating_sub(1);
    let is_rest = parameters.last().is_some_and(|(start, _)| label[*start as usize..].starts_with("..."));
    let active = if is_rest { commas.min(last) } else { commas };
    SignatureHelp { label, parameters, active, documentation }
}

/// The places of what is between the parentheses of a label and separated by commas.
fn listed(label: &str) -> Vec<(u32, u32)> {
    let Some(open) = label.find('(') else { return Vec::new() };
    let (mut found, mut depth, mut start) = (Vec::new(), 0u32, open + 1);
    let mut before = b' ';
    for (at, byte) in label.bytes().enumerate().skip(open) {
        match byte {
            b'(' | b'[' | b'{' | b'<' => depth += 1,
            // `=>` closes nothing.
            b'>' if before == b'=' => {}
            b')' | b']' | b'}' | b'>' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if byte == b',' && depth == 1 || depth == 0 {
            let part = &label[start..at];
            let blanks = part.len() - part.trim_start().len();
            if !part.trim().is_empty() {
                found.push(((start + blanks) as u32, at as u32));
            }
            start = at + 1;
        }
        if depth == 0 {
            break;
        }
        before = byte;
    }
    found
}

fn aggregate(name: &str, commas: u32) -> Option<SignatureHelp> {
    let found = AGGREGATES.iter().find(|found| found.name.eq_ignore_ascii_case(name))?;
    let label = found.signature.to_owned();
    Some(SignatureHelp {
        parameters: listed(&label),
        label,
        active: commas,
        documentation: found.documentation.to_owned(),
    })
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
