//! Functions as arguments: `x => x.open`.

use moltler_abi::DataType;
use moltler_abi::functions::{FUNCTIONS, FunctionShape, SqlFunction};
use moltler_syntax::ast::{self, AstNode};

use super::{Lower, Scope};
use crate::body::{ExprId, ExprKind, Variable, VariableId, VariableScope};
use crate::diagnostics::LocalDiagnostic;
use crate::diagnostics::expression::{parameter_count, repeated_parameter};
use crate::diagnostics::variable::shadowed_variable;

/// Functions whose result has elements of their first argument only.
const SAME_ELEMENTS: &[&str] = &["ARRAY_DISTINCT", "ARRAY_FILTER", "ARRAY_REVERSE", "ARRAY_SLICE", "ARRAY_SORT"];

impl Lower<'_> {
    /// An argument of a function that takes one. `array` is what it is called for the elements of.
    pub(super) fn lambda(
        &mut self,
        function: &SqlFunction,
        shape: FunctionShape,
        array: Option<ExprId>,
        arrow: ast::Arrow<'_>,
    ) -> ExprId {
        let range = arrow.range();
        let names: Vec<_> = arrow.parameters().collect();
        let (least, most) = shape.parameters();
        if names.len() < least || names.len() > most {
            return self.mistake(parameter_count(function, shape, names.len(), range));
        }
        let mut parameters: Vec<VariableId> = Vec::new();
        for (position, name) in names.iter().enumerate() {
            let text = name.value();
            let known = parameters.iter().any(|known| self.body.variables[*known].name == text);
            if known && text != "_" {
                self.report(repeated_parameter(&text, name.range()));
            }
            self.check_lambda_shadowing(&text, *name);
            let data_type = if position == shape.element() {
                array.map_or(DataType::Dynamic, |array| self.element_type(array))
            } else if position > shape.element() {
                DataType::Integer
            } else {
                DataType::Dynamic
            };
            let variable = self.body.variables.push(Variable {
                name: text,
                data_type,
                is_typed: data_type != DataType::Dynamic,
                scope: VariableScope::Lambda,
                range: name.range(),
            });
            if position == shape.element()
                && let Some(columns) = array.and_then(|array| self.columns_of_rows(array))
            {
                self.records.insert(variable, columns);
            }
            parameters.push(variable);
        }
        self.selects.push(Scope::Lambda(parameters.clone()));
        let body = self.optional(arrow.body(), range);
        self.selects.pop();
        if shape == FunctionShape::Condition {
            self.condition(function.name, body);
        }
        let data_type = self.expr_type(body);
        self.body.expr(ExprKind::Lambda { parameters, body }, data_type, range)
    }

    /// A parameter that hides one of a function around it is likely a mistake.
    fn check_lambda_shadowing(&mut self, name: &str, at: ast::Name<'_>) {
        let hidden = self.selects.iter().rev().find_map(|scope| match scope {
            Scope::Lambda(parameters) => {
                let mut parameters = parameters.iter();
                parameters.find(|known| name != "_" && self.body.variables[**known].name == name)
            }
            Scope::Select(_) => None,
        });
        if let Some(hidden) = hidden {
            let diagnostic: LocalDiagnostic = shadowed_variable(name, at.range(), self.body.variables[*hidden].range);
            self.report(diagnostic);
        }
    }

    /// What all elements of an array are known to be.
    fn element_type(&self, array: ExprId) -> DataType {
        match &self.body.exprs[array].kind {
            ExprKind::Array(elements) => {
                let mut types = elements.iter().map(|element| self.expr_type(*element));
                let Some(first) = types.next() else { return DataType::Dynamic };
                let is_scalar = !matches!(
                    first,
                    DataType::Document | DataType::Array | DataType::Dynamic | DataType::Null | DataType::Interval
                );
                if is_scalar && types.all(|other| other == first) { first } else { DataType::Dynamic }
            }
            ExprKind::Call { function, arguments } => match (FUNCTIONS[*function as usize].name, &arguments[..]) {
                ("SPLIT" | "DOCUMENT_KEYS", _) => DataType::String,
                (name, [inner, ..]) if SAME_ELEMENTS.contains(&name) => self.element_type(*inner),
                _ => DataType::Dynamic,
            },
            _ => DataType::Dynamic,
        }
    }

    /// The columns of the SELECT that the rows in an array come from.
    pub(super) fn columns_of_rows(&self, array: ExprId) -> Option<Vec<String>> {
        match &self.body.exprs[array].kind {
            ExprKind::Query(select) => {
                Some(self.body.selects[*select].columns.iter().map(|column| column.name.clone()).collect())
            }
            ExprKind::Variable(variable) => self.rows.get(variable).cloned(),
            ExprKind::Call { function, arguments } => {
                let inner = arguments.first()?;
                let is_same = SAME_ELEMENTS.contains(&FUNCTIONS[*function as usize].name);
                if is_same { self.columns_of_rows(*inner) } else { None }
            }
            _ => None,
        }
    }
}
