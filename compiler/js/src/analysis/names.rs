//! Where declared names stand: for editors.

use swc_ecma_ast::{BinExpr, Expr, Ident};

use super::Walk;
use crate::parse::range;
use crate::script::{LocalName, LocalUse};

impl Walk<'_> {
    /// Notes a declaration.
    pub(super) fn note_binding(&mut self, name: &Ident) {
        let place = range(name.span);
        match self.scopes.here(&name.sym).map(|earlier| earlier.range.clone()) {
            // `var x` again is one more place of the same name.
            Some(earlier) if earlier != place => {
                self.note(&earlier, LocalUse { range: place, is_written: true, is_shorthand: false })
            }
            Some(_) => {}
            None => {
                self.bindings.insert(place.start, self.script.bindings.len());
                self.script.bindings.push(LocalName { name: name.sym.to_string(), range: place, uses: Vec::new() });
            }
        }
    }

    /// Notes the use of a name, if the text declares it.
    pub(super) fn note_use(&mut self, name: &Ident, is_written: bool, is_shorthand: bool) {
        if let Some(binding) = self.scopes.resolve(&name.sym).map(|binding| binding.range.clone()) {
            self.note(&binding, LocalUse { range: range(name.span), is_written, is_shorthand });
        }
    }

    /// Notes the name of the parameter that an expression is.
    pub(super) fn note_base(&mut self, expression: &Expr) {
        match expression {
            Expr::Ident(name) => self.note_use(name, false, false),
            Expr::Paren(inner) => self.note_base(&inner.expr),
            Expr::Bin(BinExpr { left, .. }) => self.note_base(left),
            _ => {}
        }
    }

    fn note(&mut self, declaration: &crate::script::Range, one: LocalUse) {
        if let Some(index) = self.bindings.get(&declaration.start) {
            self.script.bindings[*index].uses.push(one);
        }
    }
}
