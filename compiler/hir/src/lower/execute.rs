//! CONNECTOR_EXEC.

use moltler_abi::DataType;
use moltler_syntax::TextRange;
use moltler_syntax::ast::{self, AstNode, ExecArgument, Expr};
use rustc_hash::FxHashMap;

use super::Lower;
use crate::body::{Execution, ExprId, ExprKind};
use crate::constant::ConstantKind;
use crate::diagnostics::schema::{invalid_value, missing_argument, not_one_of, repeated_key, unknown_argument};
use crate::diagnostics::unknown_name::{malformed_name, unknown_action};
use crate::diagnostics::{Code, LocalDiagnostic};
use crate::item_tree::{ActionItem, SchemaItem};
use crate::signature;
use crate::suggest::Candidates;
use crate::syntax_tree::constant;

/// What a CONNECTOR_EXEC became.
pub(super) enum LoweredExecution {
    /// A call.
    Execution(Execution),
    /// It fails with this message when it is reached.
    Fail(String),
    /// An error was reported.
    Missing,
}

/// An argument that is given by name: key, place of the key, quote around it, value.
type Given<'tree> = (String, TextRange, &'static str, Option<Expr<'tree>>);

impl<'db> Lower<'db> {
    pub(super) fn execute(&mut self, node: ast::ConnectorExec<'_>) -> LoweredExecution {
        let range = node.range();
        let (argument, given) = self.exec_arguments(node);
        let Some(path) = node.action() else { return LoweredExecution::Missing };
        let segments: Vec<ast::Name<'_>> = path.segments().collect();
        let [instance, rest @ ..] = &segments[..] else { return LoweredExecution::Missing };
        if rest.is_empty() || rest.len() > 2 {
            self.report(malformed_name(path.text(), "`instance.action` or `instance.entity.action`", path.range()));
            return LoweredExecution::Missing;
        }
        let instance_name = instance.value();
        let Some(type_name) = self.instance_type(&instance_name) else {
            self.report_unknown_instance(&instance_name, instance.range());
            return LoweredExecution::Missing;
        };
        let action_name: Vec<String> = rest.iter().map(|name| name.value()).collect();
        let action_name = action_name.join(".");
        let action = format!("{type_name}.{action_name}");
        let Some(item) = signature::action(self.db, &action) else {
            if signature::connector_type(self.db, &type_name).is_none() {
                self.report_untyped_instance(&instance_name, &type_name, instance.range());
                return LoweredExecution::Missing;
            }
            let at = rest[0].range().cover(rest[rest.len() - 1].range());
            let in_test = self.in_test;
            let diagnostic = unknown_action(&type_name, &action_name, at, in_test);
            let message = diagnostic.message.clone();
            self.report(diagnostic);
            return if in_test { LoweredExecution::Fail(message) } else { LoweredExecution::Missing };
        };
        self.check_arguments_of(item, &given, argument, path.range());
        LoweredExecution::Execution(Execution { instance: instance_name, action, argument, range })
    }

    /// The argument as one document, and what is given by name as far as it can be seen.
    fn exec_arguments<'tree>(
        &mut self,
        node: ast::ConnectorExec<'tree>,
    ) -> (Option<ExprId>, Option<Vec<Given<'tree>>>) {
        let Some(list) = node.argument_list() else { return (None, Some(Vec::new())) };
        let arguments: Vec<ExecArgument<'tree>> = list.arguments().collect();
        let named: Vec<ast::NamedArgument<'tree>> = arguments
            .iter()
            .filter_map(|argument| match argument {
                ExecArgument::Named(named) => Some(*named),
                ExecArgument::Expr(_) => None,
            })
            .collect();
        if arguments.is_empty() {
            return (None, Some(Vec::new()));
        }
        if named.len() == arguments.len() {
            let mut pairs = Vec::new();
            let mut given = Vec::new();
            let mut places: FxHashMap<String, TextRange> = FxHashMap::default();
            for argument in named {
                let value = self.optional(argument.value(), argument.range());
                let Some(name) = argument.name() else { continue };
                let (text, range) = (name.value(), name.range());
                match places.get(&text) {
                    Some(first) => self.report(repeated_key(&text, range, *first)),
                    None => {
                        places.insert(text.clone(), range);
                        pairs.push((text.clone(), value));
                        given.push((text, range, "", argument.value()));
                    }
                }
            }
            let document = self.body.expr(ExprKind::Document(pairs), DataType::Document, list.range());
            return (Some(document), Some(given));
        }
        if arguments.len() > 1 || !named.is_empty() {
            let message = "an action takes one document, or named arguments, or none";
            self.report(LocalDiagnostic::error(Code::WrongArguments, list.range(), message));
        }
        let mut first = None;
        for argument in &arguments {
            let value = match argument {
                ExecArgument::Expr(expr) => self.expr(*expr),
                ExecArgument::Named(named) => self.optional(named.value(), named.range()),
            };
            first.get_or_insert(value);
        }
        let given = match arguments[0] {
            ExecArgument::Expr(Expr::Document(document)) => Some(
                document
                    .pairs()
                    .filter_map(|pair| {
                        let key = pair.key()?;
                        let quote = if ast::StringLiteral::cast(key.syntax()).is_some() { "\"" } else { "" };
                        Some((key.value(), key.range(), quote, pair.value()))
                    })
                    .collect(),
            ),
            _ => None,
        };
        (first, given)
    }

    fn check_arguments_of(
        &mut self,
        action: &ActionItem,
        given: &Option<Vec<Given<'_>>>,
        argument: Option<ExprId>,
        range: TextRange,
    ) {
        if let Some(argument) = argument {
            let found = self.expr_type(argument);
            if !matches!(found, DataType::Document | DataType::Dynamic) {
                let at = self.expr_range(argument);
                self.report(
                    LocalDiagnostic::error(
                        Code::WrongArguments,
                        at,
                        format!("an action takes a document, not `{found}`"),
                    )
                    .help("write `name => value`, or `{\"name\": value}`"),
                );
                return;
            }
        }
        let (Some(parameters), Some(given)) = (&action.parameters, given) else { return };
        let candidates = Candidates::new("parameters", parameters.iter().map(|parameter| parameter.name.as_str()));
        for (name, range, quote, value) in given {
            match parameters.iter().find(|parameter| parameter.name == *name) {
                Some(parameter) => {
                    if let Some(value) = value {
                        self.check_value(parameter, *value);
                    }
                }
                None if action.open => {}
                None => self.report(unknown_argument(name, &action.name, *range, &candidates, quote)),
            }
        }
        for parameter in parameters {
            let is_given = given.iter().any(|(name, ..)| *name == parameter.name);
            if parameter.required && !parameter.has_default && !is_given {
                self.report(missing_argument(&parameter.name, &action.name, range));
            }
        }
    }

    /// A value for a key of CONFIG_SCHEMA or PARAMETERS, as far as it is constant.
    pub(super) fn check_value(&mut self, parameter: &SchemaItem, value: Expr<'_>) {
        let range = value.range();
        let value = constant(value);
        let is_right = match (&value.kind, parameter.data_type) {
            (ConstantKind::Expression | ConstantKind::Missing, _) => return,
            (ConstantKind::Null, _) => !parameter.required,
            (_, DataType::Document | DataType::Dynamic) => true,
            (ConstantKind::String(text), DataType::Number) => text.trim().parse::<f64>().is_ok(),
            (ConstantKind::String(text), DataType::Integer) => text.trim().parse::<i64>().is_ok(),
            (ConstantKind::String(text), DataType::Timestamp) => crate::time::is_timestamp(text),
            (ConstantKind::String(text), DataType::Date) => crate::time::is_timestamp(text),
            (ConstantKind::String(text), DataType::Boolean) => matches!(text.as_str(), "true" | "false"),
            (ConstantKind::Number(value), DataType::Integer) => value.fract() == 0.0,
            (
                ConstantKind::Integer(_) | ConstantKind::Number(_),
                DataType::Number | DataType::Integer | DataType::Timestamp | DataType::String,
            ) => true,
            (ConstantKind::Boolean(_), DataType::Boolean | DataType::String)
            | (ConstantKind::Array(_), DataType::Array)
            | (ConstantKind::String(_), DataType::String) => true,
            _ => false,
        };
        if !is_right {
            let expected = format!("a value of type `{}`", parameter.data_type);
            self.report(invalid_value(&parameter.name, &expected, range));
            return;
        }
        let json = value.to_json().map(|json| json.to_string());
        if !parameter.one_of_values.is_empty()
            && json.is_some_and(|json| !parameter.one_of_values.contains(&json))
            && value.kind != ConstantKind::Null
        {
            self.report(not_one_of(&parameter.name, &parameter.one_of_values, range));
        }
    }
}
