//! What becomes of the responses of `fetch` and of their bodies.

use rustc_hash::FxHashMap;
use swc_common::Spanned;
use swc_ecma_ast::{Callee, Expr, MemberExpr, MemberProp, Pat, ReturnStmt, VarDecl};

use super::{Walk, without_parentheses};
use crate::parse::range;
use crate::script::{LocalName, Range, ReturnedBody, UncheckedResponse};

/// What tells whether the server answered with an error.
const CHECKS: &[&str] = &["ok", "status", "statusText"];

/// What reads the body.
const READERS: &[&str] = &["arrayBuffer", "blob", "body", "bytes", "formData", "json", "text"];

/// Members that arrays have, and bodies of responses that are objects rarely do.
pub const ARRAY_MEMBERS: &[&str] = &[
    "at", "concat", "every", "filter", "find", "flat", "flatMap", "forEach", "length", "map", "push", "reduce",
    "slice", "some", "sort",
];

/// What the walk gathers.
#[derive(Default)]
pub(super) struct Responses {
    /// `const name = await fetch(…)`: the name's place, and where a statement behind the declaration goes.
    fetched: Vec<(Range, Option<u32>)>,
    /// `const name = await ….json()`
    bodies: Vec<Range>,
    /// `(await fetch(…)).json()`: the call of `fetch`.
    chained: Vec<Range>,
    /// `name.member`: by the place of the name, the member, and whether it is used as an array.
    members: FxHashMap<u32, (String, bool)>,
    /// `return name` of functions outside of all others: the function's place among [`super::Script::names`] and the name's place.
    returned: Vec<(usize, Range)>,
    /// Where the declaration that is walked ends, when it declares one name.
    declaration_end: Option<u32>,
}

impl Walk<'_> {
    pub(super) fn start_declaration(&mut self, declaration: &VarDecl) {
        self.responses.declaration_end = (declaration.decls.len() == 1).then(|| {
            let end = range(declaration.span).end;
            let has_mark = self.source.get(end as usize..).is_some_and(|rest| rest.starts_with(';'));
            if has_mark { end + 1 } else { end }
        });
    }

    /// `const name = value`
    pub(super) fn note_response(&mut self, pattern: &Pat, value: &Expr) {
        let end = self.responses.declaration_end.take();
        let (Pat::Ident(name), Expr::Await(waited)) = (pattern, without_parentheses(value)) else { return };
        let name = range(name.id.span);
        if self.is_fetch(&waited.arg) {
            self.responses.fetched.push((name, end));
        } else if let Expr::Call(call) = without_parentheses(&waited.arg)
            && let Callee::Expr(callee) = &call.callee
            && let Expr::Member(MemberExpr { prop: MemberProp::Ident(method), .. }) = without_parentheses(callee)
            && method.sym == *"json"
            && call.args.is_empty()
        {
            self.responses.bodies.push(name);
        }
    }

    /// `value.member`
    pub(super) fn note_member(&mut self, member: &MemberExpr) {
        let MemberProp::Ident(property) = &member.prop else { return };
        match without_parentheses(&member.obj) {
            Expr::Ident(name) => {
                let place = range(name.span).start;
                // What is used as an array was noted at the member around it.
                self.responses.members.entry(place).or_insert_with(|| (property.sym.to_string(), false));
            }
            Expr::Await(waited) if READERS.contains(&&*property.sym) && self.is_fetch(&waited.arg) => {
                self.responses.chained.push(range(without_parentheses(&waited.arg).span()));
            }
            Expr::Member(MemberExpr { obj, prop: MemberProp::Ident(inner), .. })
                if ARRAY_MEMBERS.contains(&&*property.sym) =>
            {
                if let Expr::Ident(name) = without_parentheses(obj) {
                    self.responses.members.insert(range(name.span).start, (inner.sym.to_string(), true));
                }
            }
            _ => {}
        }
    }

    /// `return name` of the function that is called.
    pub(super) fn note_return(&mut self, statement: &ReturnStmt) {
        if self.function_depth == 1
            && self.top_level.is_some()
            && let Some(Expr::Ident(name)) = statement.arg.as_deref().map(without_parentheses)
        {
            self.responses.returned.push((self.script.names.len(), range(name.span)));
        }
    }

    fn is_fetch(&self, value: &Expr) -> bool {
        let Expr::Call(call) = without_parentheses(value) else { return false };
        let Callee::Expr(callee) = &call.callee else { return false };
        matches!(without_parentheses(callee), Expr::Ident(name) if name.sym == *"fetch")
            && self.scopes.resolve("fetch").is_none()
    }

    /// Draws the conclusions, when all uses of names are known.
    pub(super) fn finish_responses(&mut self) {
        let responses = std::mem::take(&mut self.responses);
        for (place, end) in &responses.fetched {
            let Some(name) = self.script.bindings.iter().find(|name| name.range == *place) else { continue };
            let is_unchecked = !name.uses.is_empty()
                && name.uses.iter().all(|one| {
                    let member = responses.members.get(&one.range.start);
                    !one.is_written && member.is_some_and(|(member, _)| !CHECKS.contains(&member.as_str()))
                });
            if is_unchecked {
                let check = end.map(|end| (end, self.check_of(&name.name, end)));
                self.script.unchecked_responses.push(UncheckedResponse { range: place.clone(), check });
            }
        }
        let chained = responses.chained.iter().map(|call| UncheckedResponse { range: call.clone(), check: None });
        self.script.unchecked_responses.extend(chained);
        self.script.unchecked_responses.sort_by_key(|response| response.range.start);
        for (function, place) in &responses.returned {
            let is_it = |name: &&LocalName| name.uses.iter().any(|one| one.range == *place);
            let Some(name) = self.script.bindings.iter().find(is_it) else { continue };
            if !responses.bodies.contains(&name.range) {
                continue;
            }
            let named = || name.uses.iter().filter_map(|one| responses.members.get(&one.range.start));
            let distinct = |found: &mut dyn Iterator<Item = &(String, bool)>| {
                let mut names: Vec<String> = found.map(|(member, _)| member.clone()).collect();
                names.sort();
                names.dedup();
                names
            };
            let body = ReturnedBody {
                range: place.clone(),
                name: name.name.clone(),
                members: distinct(&mut named()),
                lists: distinct(&mut named().filter(|(_, is_list)| *is_list)),
            };
            let function = self.script.names.get_mut(*function).and_then(|name| name.function.as_mut());
            if let Some(function) = function {
                function.returned_bodies.push(body);
            }
        }
    }

    /// The statement that checks a response, as it stands on a line of its own behind `end`.
    fn check_of(&self, name: &str, end: u32) -> String {
        let before = &self.source[..end as usize];
        let line = &before[before.rfind('\n').map_or(0, |start| start + 1)..];
        let indent: String = line.chars().take_while(|letter| matches!(letter, ' ' | '\t')).collect();
        format!("\n{indent}if (!{name}.ok) throw new ConnectorError(`the server answered ${{{name}.status}}`);")
    }
}
