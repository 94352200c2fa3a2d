//! Aggregates, GROUP BY, HAVING.
//!
//! Behind the groups of a SELECT its rows have other columns: the keys and the values of the aggregates. When all clauses
//! are lowered, what they say of these is replaced by columns of [`Grouping::source`], inside of other SELECTs too.

use moltler_abi::DataType;
use moltler_abi::aggregates::{self, AggregateFunction};
use moltler_syntax::TextRange;
use moltler_syntax::ast::{self, Argument, AstNode, Expr};

use super::{Clause, Lower, Scope, SelectScope};
use crate::body::{
    Aggregate, ColumnRef, ExprId, ExprKind, Grouping, SelectColumn, SelectId, Source, SourceField, SourceId, SourceKind,
};
use crate::diagnostics::expression::{misplaced, operand};
use crate::diagnostics::not_supported::not_supported;
use crate::diagnostics::query::{aggregate_not_allowed, not_grouped};
use crate::diagnostics::{Code, LocalDiagnostic};
use crate::infer::{is_numeric, is_open, is_temporal};

/// A SELECT whose clauses change from rows to groups.
struct Regroup {
    sources: Vec<SourceId>,
    groups: SourceId,
    keys: Vec<ExprId>,
    /// SELECTs inside that were seen.
    seen: Vec<SelectId>,
    /// Texts that were reported.
    reported: Vec<TextRange>,
}

impl Lower<'_> {
    /// The name of the aggregate that the expression stands for.
    pub(super) fn aggregate(&self, value: ExprId) -> Option<&'static str> {
        let mut scopes = self.selects.iter().rev();
        scopes.find_map(|scope| match scope {
            Scope::Select(scope) => {
                let found = scope.aggregates.iter().find(|(known, _)| *known == value)?;
                Some(name(found.1.function))
            }
            Scope::Lambda(_) => None,
        })
    }

    /// A call of an aggregate: an expression that stands for its value until the groups are known.
    pub(super) fn aggregate_call(&mut self, declared: &aggregates::Aggregate, node: ast::CallExpr<'_>) -> ExprId {
        let range = node.range();
        if node.order_by().is_some() {
            return self.mistake(not_supported("ORDER BY in a call", range));
        }
        let Some(innermost) = self.selects.iter().rposition(|scope| matches!(scope, Scope::Select(_))) else {
            return self.mistake(aggregate_not_allowed(declared.name, "outside of a SELECT", range));
        };
        let before: Vec<usize> = self.selects.iter().map(count).collect();
        let mut function = declared.function;
        let mut arguments = Vec::new();
        for argument in node.arguments() {
            match argument {
                Argument::Expr(expr) => arguments.push(self.expr(expr)),
                Argument::Star(_) if function == AggregateFunction::Count && !node.is_distinct() => {
                    function = AggregateFunction::CountRows;
                }
                Argument::Star(_) | Argument::Arrow(_) | Argument::Extract(_) => {
                    let help = format!("it is called as `{}`", declared.signature);
                    return self.mistake(misplaced("this is no argument of an aggregate", argument.range()).help(help));
                }
            }
        }
        let wanted = match function {
            AggregateFunction::CountRows => 0,
            AggregateFunction::StringAgg => 2,
            _ => 1,
        };
        if arguments.len() != wanted {
            let how_many = if arguments.len() > wanted { "fewer" } else { "more" };
            let message = format!("`{}` takes {how_many} arguments", declared.name);
            let diagnostic = LocalDiagnostic::error(Code::WrongArguments, range, message);
            return self.mistake(diagnostic.help(format!("it is called as `{}`", declared.signature)));
        }
        if let Some(filter) = node.filter() {
            if function == AggregateFunction::ArrayAgg {
                return self.mistake(not_supported("FILTER behind `ARRAY_AGG`", filter.range()));
            }
            let condition = self.optional(filter.condition(), filter.range());
            self.condition("FILTER", condition);
            // What it leaves out is NULL, which these aggregates leave out: COUNT(*) FILTER (WHERE c) is COUNT(CASE WHEN c THEN 1 END).
            let argument = match arguments.first() {
                Some(argument) => *argument,
                None => {
                    function = AggregateFunction::Count;
                    self.body.expr(ExprKind::Integer(1), DataType::Integer, range)
                }
            };
            let data_type = self.expr_type(argument);
            let at = self.expr_range(argument);
            let kind = ExprKind::Case { arms: vec![(condition, argument)], otherwise: None };
            let kept = self.body.expr(kind, data_type, at);
            match arguments.first_mut() {
                Some(first) => *first = kept,
                None => arguments.push(kept),
            }
        }
        let (argument, separator) = (arguments.first().copied(), arguments.get(1).copied());
        let data_type = self.aggregate_type(declared.name, function, argument);
        if let Some(separator) = separator {
            self.expect_type("`STRING_AGG`", DataType::String, separator);
        }
        // It belongs to the SELECT whose rows it is about.
        let columns: Vec<ColumnRef> = arguments.iter().flat_map(|argument| self.body.columns(*argument)).collect();
        let owner = self.selects.iter().rposition(|scope| match scope {
            Scope::Select(scope) => columns.iter().any(|column| scope.sources.contains(&column.source)),
            Scope::Lambda(_) => false,
        });
        let owner = owner.unwrap_or(innermost);
        if count(&self.selects[owner]) > before[owner] {
            return self.mistake(aggregate_not_allowed(declared.name, "around another aggregate", range));
        }
        if self.selects[owner + 1..].iter().any(|scope| matches!(scope, Scope::Lambda(_))) {
            return self.mistake(aggregate_not_allowed(declared.name, "inside a function", range));
        }
        let value = self.body.expr(ExprKind::Missing, data_type, range);
        let Scope::Select(scope) = &mut self.selects[owner] else { return value };
        let clause = scope.clause;
        if clause != Clause::Grouped {
            let diagnostic = aggregate_not_allowed(declared.name, &format!("in {}", clause.name()), range);
            return self.mistake(match clause {
                Clause::Where => diagnostic.help("HAVING is about groups"),
                _ => diagnostic,
            });
        }
        let distinct = node.is_distinct();
        scope.aggregates.push((value, Aggregate { function, distinct, argument, separator, data_type, range }));
        value
    }

    fn aggregate_type(&mut self, name: &str, function: AggregateFunction, argument: Option<ExprId>) -> DataType {
        use AggregateFunction::*;
        let found = argument.map_or(DataType::Null, |argument| self.expr_type(argument));
        let (takes, data_type) = match function {
            CountRows | Count => return DataType::Integer,
            ArrayAgg => return DataType::Array,
            Sum => match found {
                DataType::Integer | DataType::Interval => return found,
                _ => ("numbers", is_numeric(found).then_some(DataType::Number)),
            },
            Avg => match found {
                DataType::Interval => return found,
                _ => ("numbers", is_numeric(found).then_some(DataType::Number)),
            },
            Min | Max => {
                let has_order = is_numeric(found)
                    || is_temporal(found)
                    || matches!(found, DataType::String | DataType::Interval | DataType::Dynamic | DataType::Null);
                ("values that have an order", has_order.then_some(found))
            }
            StringAgg => ("texts", crate::infer::fits(found, DataType::String).then_some(DataType::String)),
            BoolAnd | BoolOr => ("`boolean`", (found == DataType::Boolean).then_some(DataType::Boolean)),
        };
        if let Some(data_type) = data_type {
            return data_type;
        }
        if !is_open(found)
            && let Some(argument) = argument
        {
            let range = self.expr_range(argument);
            self.report(operand(name, takes, found, range));
        }
        match function {
            BoolAnd | BoolOr => DataType::Boolean,
            Sum | Avg => DataType::Number,
            _ => DataType::Dynamic,
        }
    }

    /// GROUP BY: a bare name is a column first, then a name of the list; a number is a position in it.
    pub(super) fn group_by(&mut self, node: ast::GroupBy<'_>, columns: &[SelectColumn]) -> Vec<ExprId> {
        let mut keys = Vec::new();
        for key in node.keys() {
            let listed = match key {
                Expr::Name(name) => {
                    let text = name.name().map(ast::Name::value).unwrap_or_default();
                    if self.is_local_column(&text) { None } else { self.listed(columns, &text, name.range()) }
                }
                Expr::Number(number) => match self.at_position("GROUP BY", columns, number) {
                    Some(value) => Some(value),
                    None => continue,
                },
                _ => None,
            };
            let Some(listed) = listed else {
                keys.push(self.expr(key));
                continue;
            };
            // The list will speak of the key; the key itself goes on to speak of rows.
            let copy = self.body.exprs[listed].clone();
            let copy = self.body.expr(copy.kind, copy.data_type, key.range());
            let mut inside = None;
            self.body.walk(listed, &mut |expr, _| {
                inside = inside.or(self.aggregate(expr));
                true
            });
            if let Some(name) = inside {
                self.report(aggregate_not_allowed(&name.to_uppercase(), "in GROUP BY", key.range()));
                continue;
            }
            keys.push(copy);
        }
        keys
    }

    /// The groups of a SELECT. `roots` are the expressions behind them.
    pub(super) fn grouping(
        &mut self,
        scope: SelectScope,
        keys: Vec<ExprId>,
        having: Option<ExprId>,
        roots: &[ExprId],
        range: TextRange,
    ) -> Grouping {
        let field = |name: String, data_type| SourceField { name, data_type, filter_only: false, required: false };
        let mut fields: Vec<SourceField> =
            keys.iter().map(|key| field(self.column_name(*key), self.expr_type(*key))).collect();
        let mut aggregates: Vec<Aggregate> = Vec::new();
        let mut places: Vec<(ExprId, usize)> = Vec::new();
        for (value, aggregate) in scope.aggregates {
            let place = aggregates.iter().position(|known| self.same_aggregate(known, &aggregate));
            let place = place.unwrap_or_else(|| {
                fields.push(field(name(aggregate.function).to_owned(), aggregate.data_type));
                aggregates.push(aggregate);
                aggregates.len() - 1
            });
            places.push((value, keys.len() + place));
        }
        let source = Source { kind: SourceKind::Groups, name: String::new(), fields, range };
        let source = self.body.sources.push(source);
        for (value, field) in places {
            let column = ColumnRef { source, field: field as u32 };
            self.body.exprs.get_mut(value).kind = ExprKind::Column(column);
        }
        let mut regroup = Regroup {
            sources: scope.sources,
            groups: source,
            keys: keys.clone(),
            seen: Vec::new(),
            reported: Vec::new(),
        };
        for root in roots {
            self.regroup(*root, &mut regroup);
        }
        Grouping { source, keys, aggregates, having }
    }

    fn same_aggregate(&self, left: &Aggregate, right: &Aggregate) -> bool {
        let same = |left: Option<ExprId>, right: Option<ExprId>| match (left, right) {
            (Some(left), Some(right)) => self.body.same(left, right),
            (left, right) => left == right,
        };
        left.function == right.function
            && left.distinct == right.distinct
            && same(left.argument, right.argument)
            && same(left.separator, right.separator)
    }

    fn regroup(&mut self, expr: ExprId, regroup: &mut Regroup) {
        let found = &self.body.exprs[expr];
        let is_constant = matches!(
            found.kind,
            ExprKind::Null | ExprKind::Boolean(_) | ExprKind::Integer(_) | ExprKind::Number(_) | ExprKind::String(_)
        );
        if is_constant {
            return;
        }
        if let Some(field) = regroup.keys.iter().position(|key| self.body.same(*key, expr)) {
            let column = ColumnRef { source: regroup.groups, field: field as u32 };
            self.body.exprs.get_mut(expr).kind = ExprKind::Column(column);
            return;
        }
        if let ExprKind::Column(column) = found.kind
            && regroup.sources.contains(&column.source)
        {
            let range = found.range;
            if !regroup.reported.contains(&range) {
                regroup.reported.push(range);
                let source = &self.body.sources[column.source];
                let name = source.fields.get(column.field as usize).map_or("", |field| field.name.as_str());
                let text = match self.text_of(range) {
                    text if text.ends_with('*') => name,
                    text => text,
                };
                let diagnostic = not_grouped(name, text, range);
                self.report(diagnostic);
            }
            return;
        }
        let (operands, query) = (found.kind.operands(), found.kind.query());
        for operand in operands {
            self.regroup(operand, regroup);
        }
        if let Some(query) = query {
            self.regroup_select(query, regroup);
        }
    }

    fn regroup_select(&mut self, select: SelectId, regroup: &mut Regroup) {
        if regroup.seen.contains(&select) {
            return;
        }
        regroup.seen.push(select);
        let select = &self.body.selects[select];
        let (queries, expressions) = (select.queries(&self.body), select.expressions(&self.body));
        for query in queries {
            self.regroup_select(query, regroup);
        }
        for expr in expressions {
            self.regroup(expr, regroup);
        }
    }
}

/// How many aggregates are about the rows of a SELECT.
fn count(scope: &Scope) -> usize {
    match scope {
        Scope::Select(scope) => scope.aggregates.len(),
        Scope::Lambda(_) => 0,
    }
}

/// What PostgreSQL calls the column.
fn name(function: AggregateFunction) -> &'static str {
    match function {
        AggregateFunction::CountRows | AggregateFunction::Count => "count",
        AggregateFunction::Sum => "sum",
        AggregateFunction::Avg => "avg",
        AggregateFunction::Min => "min",
        AggregateFunction::Max => "max",
        AggregateFunction::ArrayAgg => "array_agg",
        AggregateFunction::StringAgg => "string_agg",
        AggregateFunction::BoolAnd => "bool_and",
        AggregateFunction::BoolOr => "bool_or",
    }
}
