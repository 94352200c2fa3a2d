use std::panic::{AssertUnwindSafe, catch_unwind};

use swc_common::input::StringInput;
use swc_common::{BytePos, Span, Spanned};
use swc_ecma_ast::EsVersion;
use swc_ecma_parser::error::{Error, SyntaxError};
use swc_ecma_parser::{EsSyntax, Lexer, Parser, Syntax, TsSyntax};

use crate::analysis;
use crate::depth;
use crate::script::{ErrorKind, Language, Range, Script, ScriptError};
use crate::typescript;

/// How many of the parser's errors are told. It goes on behind most of them.
const MAX_ERRORS: usize = 20;

/// Reads the text of a raw block. Its cost is linear in the text.
pub fn parse(source: &str, language: Language) -> Script {
    let stack = match depth::stack_size(source) {
        Ok(stack) => stack,
        Err(range) => {
            let message = "this is nested too deeply to be read";
            return failed(ErrorKind::TooDeep, message, visible(source, range));
        }
    };
    if language == Language::TypeScript
        && let Some(range) = depth::ambiguity(source)
    {
        let message = "this is nested too deeply to be read as TypeScript";
        return failed(ErrorKind::TooDeep, message, visible(source, range));
    }
    // The parser underneath is large and not ours: a defect in it must not take the editor down.
    catch_unwind(AssertUnwindSafe(|| {
        stacker::maybe_grow(stack, stack, || match language {
            Language::JavaScript => parse_on_this_stack(source),
            Language::TypeScript => parse_typescript(source),
        })
    }))
    .unwrap_or_else(|_| failed(ErrorKind::Syntax, "this script cannot be read", first_line(source)))
}

/// Offset in the text; swc counts from 1.
pub(crate) fn offset(position: BytePos) -> u32 {
    position.0.saturating_sub(1)
}

/// Range in the text.
pub(crate) fn range(span: Span) -> Range {
    let start = offset(span.lo);
    start..offset(span.hi).max(start)
}

/// Reads it as TypeScript, takes the types out, and reads what is left as JavaScript: its facts have the same places.
fn parse_typescript(source: &str) -> Script {
    let end = BytePos(1 + source.len() as u32);
    let syntax = Syntax::Typescript(TsSyntax { decorators: true, ..TsSyntax::default() });
    let lexer = Lexer::new(syntax, EsVersion::EsNext, StringInput::new(source, BytePos(1), end), None);
    let mut parser = Parser::new_from(lexer);
    let result = parser.parse_module();
    let mut errors: Vec<ScriptError> =
        parser.take_errors().iter().take(MAX_ERRORS).map(|error| syntax_error(source, error)).collect();
    let mut script = match &result {
        Ok(module) => {
            let (javascript, not_erasable) = typescript::blank(source, module);
            let is_erasable = !not_erasable.iter().any(|error| error.kind == ErrorKind::NotErasable);
            errors.extend(not_erasable);
            if is_erasable && !errors.iter().any(|error| error.kind == ErrorKind::Syntax) {
                let mut script = parse_on_this_stack(&javascript);
                script.javascript = Some(javascript.into());
                script
            } else {
                Script::default()
            }
        }
        Err(error) => {
            errors.push(syntax_error(source, error));
            Script::default()
        }
    };
    for error in errors {
        script.is_complete &= !matches!(error.kind, ErrorKind::Syntax | ErrorKind::NotErasable);
        if !script.errors.iter().any(|known| known.range.start == error.range.start || known.range == error.range) {
            script.errors.push(error);
        }
    }
    script.errors.sort_by_key(|error| (error.range.start, error.range.end));
    script
}

fn parse_on_this_stack(source: &str) -> Script {
    let end = BytePos(1 + source.len() as u32);
    let syntax = Syntax::Es(EsSyntax { allow_super_outside_method: false, ..EsSyntax::default() });
    let lexer = Lexer::new(syntax, EsVersion::EsNext, StringInput::new(source, BytePos(1), end), None);
    let mut parser = Parser::new_from(lexer);
    let result = parser.parse_module();
    let reported = parser.take_errors();
    let mut errors: Vec<ScriptError> =
        reported.iter().take(MAX_ERRORS).map(|error| syntax_error(source, error)).collect();
    let mut script = match &result {
        Ok(module) => analysis::analyse(source, module),
        Err(error) => {
            errors.push(syntax_error(source, error));
            Script::default()
        }
    };
    script.is_complete = !errors.iter().any(|error| error.kind == ErrorKind::Syntax);
    for error in errors {
        // The walk has better words for some of what the parser reports too.
        if !script.errors.iter().any(|known| known.range.start == error.range.start || known.range == error.range) {
            script.errors.push(error);
        }
    }
    script.errors.sort_by_key(|error| (error.range.start, error.range.end));
    script
}

fn syntax_error(source: &str, error: &Error) -> ScriptError {
    let (kind, message) = match error.kind() {
        SyntaxError::ReturnNotAllowed => (ErrorKind::TopLevelReturn, "`return` outside of a function".to_owned()),
        SyntaxError::NonTopLevelImportExport => {
            (ErrorKind::Import, "a handler has no modules: `import` and `export` are not allowed".to_owned())
        }
        kind => (ErrorKind::Syntax, sentence(&kind.msg())),
    };
    ScriptError { kind, message, range: visible(source, range(error.span())), related: None }
}

/// The parser's message in the style of ours: no capital, no full stop.
fn sentence(message: &str) -> String {
    let message = message.trim().trim_end_matches('.');
    let mut characters = message.chars();
    match characters.next() {
        Some(first) if characters.as_str().starts_with(|next: char| next.is_lowercase() || next == ' ') => {
            first.to_lowercase().chain(characters).collect()
        }
        _ => message.to_owned(),
    }
}

fn failed(kind: ErrorKind, message: &str, range: Range) -> Script {
    let error = ScriptError { kind, message: message.to_owned(), range, related: None };
    Script { errors: vec![error], ..Script::default() }
}

/// The first line that is not blank, without its indentation.
fn first_line(source: &str) -> Range {
    let start = source.len() - source.trim_start().len();
    let length = source[start..].lines().next().unwrap_or_default().trim_end().len();
    start as u32..(start + length) as u32
}

/// A range inside the text, on character borders, that shows something where it can: an empty one takes the character it stands at,
/// or the last one that is not blank before it.
fn visible(source: &str, range: Range) -> Range {
    let mut start = (range.start as usize).min(source.len());
    let mut end = (range.end as usize).clamp(start, source.len());
    while !source.is_char_boundary(start) {
        start -= 1;
    }
    while !source.is_char_boundary(end) {
        end += 1;
    }
    if start == end {
        match source[start..].chars().next() {
            Some(next) if !next.is_whitespace() => end = start + next.len_utf8(),
            _ => {
                let before = source[..start].trim_end();
                if let Some(last) = before.chars().next_back() {
                    (start, end) = (before.len() - last.len_utf8(), before.len());
                } else if let Some(next) = source[start..].chars().next() {
                    end = start + next.len_utf8();
                }
            }
        }
    }
    start as u32..end as u32
}
