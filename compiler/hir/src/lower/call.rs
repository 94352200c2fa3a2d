//! Calls of functions.

use moltler_abi::DataType;
use moltler_abi::functions::{self, FunctionShape, ParameterType, SqlFunction};
use moltler_abi::runtime_calls::BinaryOperator;
use moltler_syntax::ast::{self, Argument, AstNode};

use super::Lower;
use crate::body::{ExprId, ExprKind};
use crate::diagnostics::expression::{argument, misplaced, signature, too_few_arguments, too_many_arguments};
use crate::diagnostics::not_supported::not_supported;
use crate::diagnostics::unknown_name::unknown_function;
use crate::infer;

/// Window functions, which the language has not.
const WINDOW_FUNCTIONS: &[&str] = &[
    "ROW_NUMBER",
    "RANK",
    "DENSE_RANK",
    "PERCENT_RANK",
    "CUME_DIST",
    "NTILE",
    "LAG",
    "LEAD",
    "FIRST_VALUE",
    "LAST_VALUE",
    "NTH_VALUE",
];

impl Lower<'_> {
    pub(super) fn call(&mut self, node: ast::CallExpr<'_>) -> ExprId {
        let range = node.range();
        let Some(name) = node.function() else { return self.missing(range) };
        let text = name.value();
        if node.over().is_some() || WINDOW_FUNCTIONS.contains(&text.to_uppercase().as_str()) {
            return self.mistake(not_supported(&format!("the window function `{}`", text.to_uppercase()), range));
        }
        if let Some(aggregate) = moltler_abi::aggregates::find(&text) {
            return self.aggregate_call(aggregate, node);
        }
        if text.eq_ignore_ascii_case("on") {
            // `SELECT DISTINCT ON (a) b` reads like a call of `ON` with an alias.
            return self.mistake(not_supported("`DISTINCT ON`", range));
        }
        let Some((index, function)) = functions::find(&text) else {
            // The arguments are checked all the same.
            for argument in node.arguments() {
                if let Argument::Expr(expr) = argument {
                    self.expr(expr);
                }
            }
            return self.mistake(unknown_function(&text, name.range()));
        };
        if node.filter().is_some() {
            return self.mistake(not_supported("FILTER behind a call", range));
        }
        if node.is_distinct() || node.order_by().is_some() {
            return self.mistake(not_supported("DISTINCT or ORDER BY in a call", range));
        }
        let mut arguments = Vec::new();
        for argument in node.arguments() {
            if let Argument::Arrow(arrow) = argument {
                // Where a function belongs, an arrow is one, whatever its parameter is called.
                let parameter = function.parameters.get(arguments.len());
                if let Some(ParameterType::Function(shape)) = parameter.map(|parameter| parameter.takes) {
                    let array = arguments.first().copied();
                    arguments.push(self.lambda(function, shape, array, arrow));
                    continue;
                }
                let Some(position) = named_position(function, arrow) else {
                    let message = format!("`{}` takes no function here", function.name);
                    let help = format!("it is called as `{}`", signature(function));
                    arguments.push(self.mistake(misplaced(message, arrow.range()).help(help)));
                    continue;
                };
                let value = self.optional(arrow.body(), arrow.range());
                while arguments.len() < position {
                    arguments.push(self.body.expr(ExprKind::Null, DataType::Null, arrow.range()));
                }
                match arguments.get_mut(position) {
                    Some(slot) if self.expr_type(*slot) == DataType::Null => *slot = value,
                    Some(_) => {
                        let name = function.parameters[position].name;
                        self.report(misplaced(format!("the argument `{name}` is given twice"), arrow.range()));
                    }
                    None => arguments.push(value),
                }
                continue;
            }
            if let Argument::Extract(extract) = argument {
                // EXTRACT(year FROM x) is EXTRACT('year', x).
                let field = extract.field();
                let at = field.map_or(extract.range(), |field| field.range());
                let field = field.map(|field| field.value().to_lowercase()).unwrap_or_default();
                arguments.push(self.body.expr(ExprKind::String(field), DataType::String, at));
                arguments.push(self.optional(extract.value(), extract.range()));
                continue;
            }
            arguments.push(self.argument(argument));
        }
        self.check_arguments(function, &mut arguments, name.range(), range);
        if function.name == "ENV"
            && let [name] = arguments[..]
            && let ExprKind::String(name) = &self.body.exprs[name].kind
            && !self.environment.contains(name)
        {
            self.environment.push(name.clone());
        }
        let types: Vec<DataType> = arguments.iter().map(|argument| self.expr_type(*argument)).collect();
        let data_type = infer::call(function, &types);
        self.body.expr(ExprKind::Call { function: index, arguments }, data_type, range)
    }

    fn argument(&mut self, argument: Argument<'_>) -> ExprId {
        match argument {
            Argument::Expr(expr) => self.expr(expr),
            Argument::Arrow(arrow) => self.missing(arrow.range()),
            Argument::Star(star) => self.mistake(misplaced("`*` is no argument", star.range())),
            Argument::Extract(extract) => self.optional(extract.value(), extract.range()),
        }
    }

    fn check_arguments(
        &mut self,
        function: &SqlFunction,
        arguments: &mut [ExprId],
        name: moltler_syntax::TextRange,
        range: moltler_syntax::TextRange,
    ) {
        let required = function.parameters.iter().filter(|parameter| !parameter.optional).count();
        if arguments.len() < required {
            self.report(too_few_arguments(function, name));
            return;
        }
        if arguments.len() > function.parameters.len() && !function.variadic {
            let first = self.expr_range(arguments[function.parameters.len()]);
            let rest = first.cover(self.expr_range(arguments[arguments.len() - 1]));
            self.report(too_many_arguments(function, if rest.is_empty() { range } else { rest }));
            return;
        }
        let is_lambda = |slot: &ExprId| matches!(self.body.exprs[*slot].kind, ExprKind::Lambda { .. });
        if let (Some(lambda), Some(rest)) = (arguments.get(1), arguments.get(2))
            && is_lambda(lambda)
            && function.parameters[1].takes == ParameterType::Function(FunctionShape::Condition)
        {
            let message = format!("`{}` compares with a value where a key stands, not a function", function.name);
            self.report(
                misplaced(message, self.expr_range(*rest)).help("write it into the function: `x => x.key = value`"),
            );
        }
        for (position, slot) in arguments.iter_mut().enumerate() {
            let Some(parameter) = function.parameters.get(position).or(function.parameters.last()) else { continue };
            // A constant text is one of the wanted type: DATE_TRUNC('day', '2024-01-31').
            let wanted = match parameter.takes {
                ParameterType::Of(data_type) => Some(data_type),
                ParameterType::Temporal => Some(DataType::Timestamp),
                _ => None,
            };
            if let Some(wanted @ (DataType::Timestamp | DataType::Date)) = wanted {
                *slot = self.adapted(BinaryOperator::Equal, *slot, wanted);
            }
            let found = self.expr_type(*slot);
            let is_lambda = matches!(self.body.exprs[*slot].kind, ExprKind::Lambda { .. });
            if !is_lambda && !infer::takes(parameter.takes, found) {
                let at = self.expr_range(*slot);
                self.report(argument(function, position, found, at));
            }
        }
    }
}

/// The position of the parameter that `name => value` names.
fn named_position(function: &SqlFunction, arrow: ast::Arrow<'_>) -> Option<usize> {
    let mut names = arrow.parameters();
    let name = names.next()?.value();
    if names.next().is_some() {
        return None;
    }
    function.parameters.iter().position(|parameter| parameter.name.eq_ignore_ascii_case(&name))
}
