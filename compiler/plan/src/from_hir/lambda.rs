use moltler_abi::DataType;
use moltler_abi::functions::{FUNCTIONS, FunctionShape, ParameterType};
use moltler_abi::manifest::Lambda;
use moltler_hir::body::{ExprId, ExprKind as Hir, VariableId};

use super::FromHir;
use crate::expr::{Expr, ExprKind};
use crate::program::FunctionBody;

impl FromHir<'_> {
    /// A call of a function, whose arguments may be functions.
    pub(super) fn call(&mut self, function: u32, arguments: &[ExprId]) -> Expr {
        let declared = FUNCTIONS[function as usize].parameters;
        let mut lowered = Vec::with_capacity(arguments.len());
        for (position, argument) in arguments.iter().enumerate() {
            lowered.push(match (&self.unit.body.exprs[*argument].kind, declared.get(position)) {
                (Hir::Lambda { parameters, body }, Some(parameter)) => {
                    let is_condition = parameter.takes == ParameterType::Function(FunctionShape::Condition);
                    self.lambda(*argument, parameters, *body, is_condition)
                }
                _ => self.expr(*argument),
            });
        }
        Expr::call(function, lowered)
    }

    /// `x => body`: code of its own, that finds its parameters, and the columns of the rows around, in variables.
    fn lambda(&mut self, id: ExprId, parameters: &[VariableId], body: ExprId, is_condition: bool) -> Expr {
        let mut inside = self.scope.inside_function();
        let mut captures = Vec::new();
        for column in self.unit.body.free_columns(body) {
            let value = self.column(column);
            if let ExprKind::Column(_) = value.kind {
                let slot = self.slots.fresh();
                inside.add_outer(column, slot, value.data_type);
                captures.push((slot, value));
            }
        }
        // The same text is lowered twice where a clause repeats it: the code is the same then.
        let lambda = match self.lambdas.get(&id) {
            Some((lambda, slots)) => {
                for ((slot, _), known) in captures.iter_mut().zip(slots) {
                    *slot = *known;
                }
                *lambda
            }
            None => {
                let parameters: Vec<(u32, DataType)> =
                    parameters.iter().map(|parameter| self.variable(*parameter)).collect();
                let around = std::mem::replace(&mut self.scope, inside);
                // An ASSERT tells values of its own, not those of each element.
                let parts = std::mem::take(&mut self.parts);
                self.parameters.extend(&parameters);
                let value = self.expr(body);
                self.parameters.truncate(self.parameters.len() - parameters.len());
                self.parts = parts;
                self.scope = around;
                let value = if is_condition { value.condition() } else { value };
                let code = self.gather.function("lambda", FunctionBody::Scalar(value));
                let lambda = self.gather.lambda(Lambda { parameters, code });
                self.lambdas.insert(id, (lambda, captures.iter().map(|(slot, _)| *slot).collect()));
                lambda
            }
        };
        let hir = &self.unit.body.exprs[id];
        let span = self.unit.span(hir.range.start(), hir.range.end());
        Expr::new(ExprKind::Lambda { lambda, captures }, DataType::Integer).at(span)
    }
}
