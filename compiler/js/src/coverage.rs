//! Counters in a script: which of its statements run.

use std::panic::{AssertUnwindSafe, catch_unwind};

use swc_common::input::StringInput;
use swc_common::{BytePos, Span, Spanned};
use swc_ecma_ast::{
    ArrowExpr, ArrowFunctionBody, Decl, DoWhileStmt, EsVersion, Expr, ForInStmt, ForOfStmt, ForStmt, IfStmt,
    LabeledStmt, Lit, ModuleItem, Stmt, WhileStmt, WithStmt,
};
use swc_ecma_parser::{EsSyntax, Lexer, Parser, Syntax};
use swc_ecma_visit::{Visit, VisitWith};

use crate::depth;
use crate::parse::range;
use crate::script::Range;

/// A script with counters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Instrumented {
    /// The script; each of its lines is where it was.
    pub text: String,
    /// What was inserted: where, in the script as it was, and how many bytes. Sorted by place.
    pub insertions: Vec<(u32, u32)>,
    /// Statements with a counter, and bodies of arrow functions that are expressions: their places in the script as it was. The
    /// first one's counter has the number that was asked for, each further one the next.
    pub statements: Vec<Range>,
}

/// Adds a call of the global function `counter` before each statement that does something, with its number from `first` on. `None` for a script that cannot be
/// read.
pub fn instrument(source: &str, counter: &str, first: u32) -> Option<Instrumented> {
    let stack = depth::stack_size(source).ok()?;
    let work = || stacker::maybe_grow(stack, stack, || insert(source, counter, first));
    catch_unwind(AssertUnwindSafe(work)).ok()?
}

fn insert(source: &str, counter: &str, first: u32) -> Option<Instrumented> {
    let end = BytePos(1 + source.len() as u32);
    let syntax = Syntax::Es(EsSyntax::default());
    let lexer = Lexer::new(syntax, EsVersion::EsNext, StringInput::new(source, BytePos(1), end), None);
    let module = Parser::new_from(lexer).parse_module().ok()?;
    let mut walk = Walk { counter, first, statements: Vec::new(), pieces: Vec::new() };
    for item in &module.body {
        match item {
            ModuleItem::Stmt(statement) => walk.listed(statement),
            ModuleItem::ModuleDecl(declaration) => declaration.visit_with(&mut walk),
        }
    }
    // At one place, what was found first goes first: outer statements before inner ones; but closing pieces before opening ones.
    walk.pieces.sort_by_key(|piece| (piece.at, !piece.closes));
    let mut result = Instrumented { statements: walk.statements, ..Instrumented::default() };
    let mut from = 0;
    for piece in walk.pieces {
        let at = piece.at as usize;
        result.text.push_str(source.get(from..at)?);
        result.text.push_str(&piece.text);
        result.insertions.push((piece.at, piece.text.len() as u32));
        from = at;
    }
    result.text.push_str(source.get(from..)?);
    Some(result)
}

struct Walk<'a> {
    counter: &'a str,
    first: u32,
    statements: Vec<Range>,
    pieces: Vec<Piece>,
}

struct Piece {
    at: u32,
    text: String,
    closes: bool,
}

impl Walk<'_> {
    fn count(&mut self, span: Span) -> String {
        self.statements.push(range(span));
        format!("{}({})", self.counter, self.first + self.statements.len() as u32 - 1)
    }

    fn open(&mut self, span: Span, text: String) {
        self.pieces.push(Piece { at: range(span).start, text, closes: false });
    }

    fn close(&mut self, span: Span, text: &str) {
        self.pieces.push(Piece { at: range(span).end, text: text.to_owned(), closes: true });
    }

    /// A statement among others.
    fn listed(&mut self, statement: &Stmt) {
        if does_something(statement) {
            let counter = self.count(statement.span());
            self.open(statement.span(), format!("{counter};"));
        }
        self.inside(statement);
    }

    /// The only statement behind `if (…)` and the like: with a counter it needs a block.
    fn single(&mut self, statement: &Stmt) {
        if !matches!(statement, Stmt::Block(_)) && does_something(statement) {
            let counter = self.count(statement.span());
            self.open(statement.span(), format!("{{{counter};"));
            self.inside(statement);
            self.close(statement.span(), "}");
        } else {
            self.inside(statement);
        }
    }

    fn inside(&mut self, statement: &Stmt) {
        match statement {
            // `continue label` wants its loop right behind the label.
            Stmt::Labeled(LabeledStmt { body, .. }) => self.inside(body),
            Stmt::Block(block) => block.stmts.iter().for_each(|statement| self.listed(statement)),
            _ => statement.visit_with(self),
        }
    }
}

/// Declarations of functions and directives (`'use strict'`) are no steps.
fn does_something(statement: &Stmt) -> bool {
    match statement {
        Stmt::Empty(_) | Stmt::Block(_) | Stmt::Decl(Decl::Fn(_)) => false,
        Stmt::Expr(expression) => !matches!(&*expression.expr, Expr::Lit(Lit::Str(_))),
        _ => true,
    }
}

impl Visit for Walk<'_> {
    // Bodies of functions, cases of a switch, `static` blocks: lists of statements.
    fn visit_stmts(&mut self, statements: &[Stmt]) {
        statements.iter().for_each(|statement| self.listed(statement));
    }

    fn visit_stmt(&mut self, statement: &Stmt) {
        match statement {
            Stmt::Labeled(_) | Stmt::Block(_) => self.inside(statement),
            _ => statement.visit_children_with(self),
        }
    }

    fn visit_if_stmt(&mut self, statement: &IfStmt) {
        statement.test.visit_with(self);
        self.single(&statement.cons);
        if let Some(otherwise) = &statement.alt {
            self.single(otherwise);
        }
    }

    fn visit_for_stmt(&mut self, statement: &ForStmt) {
        statement.init.visit_with(self);
        statement.test.visit_with(self);
        statement.update.visit_with(self);
        self.single(&statement.body);
    }

    fn visit_for_in_stmt(&mut self, statement: &ForInStmt) {
        statement.left.visit_with(self);
        statement.right.visit_with(self);
        self.single(&statement.body);
    }

    fn visit_for_of_stmt(&mut self, statement: &ForOfStmt) {
        statement.left.visit_with(self);
        statement.right.visit_with(self);
        self.single(&statement.body);
    }

    fn visit_while_stmt(&mut self, statement: &WhileStmt) {
        statement.test.visit_with(self);
        self.single(&statement.body);
    }

    fn visit_do_while_stmt(&mut self, statement: &DoWhileStmt) {
        self.single(&statement.body);
        statement.test.visit_with(self);
    }

    fn visit_with_stmt(&mut self, statement: &WithStmt) {
        statement.obj.visit_with(self);
        self.single(&statement.body);
    }

    fn visit_arrow_expr(&mut self, arrow: &ArrowExpr) {
        arrow.params.visit_with(self);
        match &*arrow.body {
            ArrowFunctionBody::FunctionBody(block) => block.visit_with(self),
            ArrowFunctionBody::Expr(body) => {
                let counter = self.count(body.span());
                self.open(body.span(), format!("({counter},"));
                body.visit_with(self);
                self.close(body.span(), ")");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Language, parse};

    /// The text with `#n` for the counter of each number, and `;` behind it left out.
    #[track_caller]
    fn check(source: &str, expected: &str) {
        let found = instrument(source, "count", 0).expect("it can be read");
        let mut text = found.text.clone();
        for number in 0..found.statements.len() {
            text = text.replacen(&format!("count({number})"), &format!("#{number}"), 1);
        }
        assert_eq!(text, expected);
        assert!(parse(&found.text, Language::JavaScript).is_complete, "{}", found.text);
        let mut back = found.text;
        for (at, length) in found.insertions {
            back.replace_range(at as usize..(at + length) as usize, "");
        }
        assert_eq!(back, source);
    }

    #[test]
    fn statements_are_counted_where_they_stand() {
        check(
            "let a = 1;\nfunction query() {\n  'use strict';\n  if (a) return 1; else if (b) { x(); }\n  return [];\n}",
            "#0;let a = 1;\nfunction query() {\n  'use strict';\n  #1;if (a) {#2;return 1;} else {#3;if (b) { #4;x(); }}\n  #5;return [];\n}",
        );
        check(
            "const f = x => x + 1, g = () => ({a: y => y});",
            "#0;const f = x => (#1,x + 1), g = () => (#2,({a: y => (#3,y)}));",
        );
        check(
            "outer: for (const a of b) for (;;) { continue outer; }",
            "#0;outer: for (const a of b) {#1;for (;;) { #2;continue outer; }}",
        );
        check(
            "switch (a) { case 1: b(); break; default: }\ndo c(); while (d);\nclass E { f() { return 1 } static { g(); } }",
            "#0;switch (a) { case 1: #1;b(); #2;break; default: }\n#3;do {#4;c();} while (d);\n#5;class E { f() { #6;return 1 } static { #7;g(); } }",
        );
        check("try { a() } catch { b() } finally { c() }", "#0;try { #1;a() } catch { #2;b() } finally { #3;c() }");
        check("if (a) b()\nelse c()", "#0;if (a) {#1;b()}\nelse {#2;c()}");
        check("while (a) if (b) c(); else d();", "#0;while (a) {#1;if (b) {#2;c();} else {#3;d();}}");
        check("", "");
    }

    #[test]
    fn what_cannot_be_read_has_no_counters() {
        assert_eq!(instrument("function {", "count", 0), None);
        let numbered = instrument("a()", "count", 7).expect("it can be read");
        assert_eq!((numbered.text.as_str(), numbered.statements.first()), ("count(7);a()", Some(&(0..3))));
    }
}
