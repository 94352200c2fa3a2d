//! Where declared names stand: for editors.

use swc_ecma_ast::{BinExpr, Expr, Ident, Pat};

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

    /// Notes a variable that a declaration gives a value.
    pub(super) fn note_declared(&mut self, pattern: &Pat) {
        if let Pat::Ident(name) = pattern {
            self.declared.push(range(name.id.span));
        }
    }

    /// Finds what nothing uses, when all uses are known.
    pub(super) fn finish_unused(&mut self) {
        let declared = std::mem::take(&mut self.declared);
        let is_unused = |name: &&LocalName| name.uses.is_empty() && declared.contains(&name.range);
        let unused = self.script.bindings.iter().filter(is_unused).map(|name| (name.name.clone(), name.range.clone()));
        self.script.unused = unused.collect();
        self.script.unused.sort_by_key(|(_, range)| range.start);
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
