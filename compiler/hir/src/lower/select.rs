//! SELECT.

use moltler_abi::DataType;
use moltler_abi::runtime_calls::BinaryOperator;
use moltler_syntax::TextRange;
use moltler_syntax::ast::{self, AstNode, Expr};

use super::{Lower, Scope};
use crate::body::{
    ColumnRef, ExprId, ExprKind, FromItem, JoinKind, OrderKey, Select, SelectColumn, SelectId, Source, SourceField,
    SourceKind,
};
use crate::diagnostics::LocalDiagnostic;
use crate::diagnostics::expression::misplaced;
use crate::diagnostics::not_supported::not_supported;
use crate::diagnostics::schema::{filter_only_field, required_field};
use crate::diagnostics::unknown_name::{malformed_name, unknown_entity, unknown_instance, untyped_instance};
use crate::item_tree::EntityItem;
use crate::signature;
use crate::suggest::Candidates;

/// What a SELECT became.
pub(super) enum LoweredSelect {
    /// A SELECT.
    Select(SelectId),
    /// It fails with this message when it is reached.
    Fail(String),
    /// An error was reported.
    Missing,
}

impl<'db> Lower<'db> {
    pub(super) fn select(&mut self, node: ast::SelectStatement<'_>) -> LoweredSelect {
        let errors = self.diagnostics.len();
        if let Some(with) = node.with() {
            self.report(not_supported("`WITH`", with.range()));
            return LoweredSelect::Missing;
        }
        let select = match node.body() {
            Some(ast::SelectBody::Select(select)) => select,
            Some(ast::SelectBody::SetOperation(operation)) => {
                let word = match operation.operator() {
                    Some(ast::SetOperator::Union) | None => "`UNION`",
                    Some(ast::SetOperator::Intersect) => "`INTERSECT`",
                    Some(ast::SetOperator::Except) => "`EXCEPT`",
                };
                self.report(not_supported(word, operation.range()));
                return LoweredSelect::Missing;
            }
            Some(ast::SelectBody::Subquery(query)) => {
                self.report(not_supported("a SELECT in parentheses", query.range()));
                return LoweredSelect::Missing;
            }
            None => return LoweredSelect::Missing,
        };
        if select.is_distinct() {
            let at = select.syntax().child_token("DISTINCT").map_or(select.range(), |token| token.range());
            self.report(not_supported("`DISTINCT`", at));
        }
        if let Some(group_by) = select.group_by() {
            self.report(not_supported("`GROUP BY`", group_by.range()));
        }
        if let Some(having) = select.having() {
            self.report(not_supported("`HAVING`", having.range()));
        }
        let mut entity = None;
        let mut sources = Vec::new();
        if let Some(from) = select.from() {
            for join in from.joins() {
                self.report(not_supported("`JOIN`", join.range()));
            }
            match from.table() {
                Some(table) => match self.table(table) {
                    Ok((source, item)) => {
                        sources.push(self.body.sources.push(source));
                        entity = item;
                    }
                    Err(other) => return other,
                },
                None => return LoweredSelect::Missing,
            }
        }
        if self.diagnostics[errors..].iter().any(|diagnostic| diagnostic.code == "not-supported") {
            return LoweredSelect::Missing;
        }
        let first = self.body.exprs.len();
        self.selects.push(Scope::Sources(sources));
        let columns = self.select_list(select);
        let filter = select.where_clause().and_then(ast::WhereClause::condition).map(|condition| {
            let filter = self.expr(condition);
            self.condition("WHERE", filter);
            filter
        });
        let order_by = node.order_by().map(|order_by| self.order_by(order_by, &columns)).unwrap_or_default();
        let Some(Scope::Sources(sources)) = self.selects.pop() else { return LoweredSelect::Missing };
        if let Some(entity) = entity {
            self.check_required(entity, filter, select.from().map_or(select.range(), |from| from.range()));
        }
        self.check_filter_only(filter, first);
        let limit = self.count("LIMIT", node.limits().map(|limit| (limit.count(), limit.range())));
        let offset = self.count("OFFSET", node.offsets().map(|offset| (offset.count(), offset.range())));
        let range = node.range();
        let from = sources.into_iter().map(|source| FromItem { source, join: JoinKind::Cross, on: None }).collect();
        let (distinct, grouping, outer) = (false, None, Vec::new());
        let select = Select { columns, distinct, from, filter, grouping, order_by, limit, offset, outer, range };
        LoweredSelect::Select(self.body.selects.push(select))
    }

    /// LIMIT or OFFSET; outside of the SELECT's names.
    fn count<'tree>(
        &mut self,
        place: &'static str,
        clauses: impl Iterator<Item = (Option<Expr<'tree>>, TextRange)>,
    ) -> Option<ExprId> {
        let mut found: Option<(ExprId, TextRange)> = None;
        for (count, range) in clauses {
            let count = self.optional(count, range);
            self.whole_number(place, count);
            if let ExprKind::Integer(value) = self.body.exprs[count].kind
                && value < 0
            {
                let at = self.expr_range(count);
                self.report(crate::diagnostics::schema::invalid_value(place, "a number from 0", at));
            }
            match found {
                Some((_, first)) => self.report(crate::diagnostics::definition::repeated_clause(place, range, first)),
                None => found = Some((count, range)),
            }
        }
        found.map(|(count, _)| count)
    }

    fn table(&mut self, table: ast::Table<'_>) -> Result<(Source, Option<&'db EntityItem>), LoweredSelect> {
        let reference = match table {
            ast::Table::Reference(reference) => reference,
            ast::Table::Derived(derived) => {
                self.report(not_supported("a SELECT in FROM", derived.range()));
                return Err(LoweredSelect::Missing);
            }
            ast::Table::Function(function) => {
                self.report(not_supported("a function in FROM", function.range()));
                return Err(LoweredSelect::Missing);
            }
        };
        let alias = reference.alias().map(ast::Name::value);
        let range = reference.range();
        if let Some(node) = reference.variable() {
            let name = node.name().map(ast::Name::value).unwrap_or_default();
            let array = self.variable_reference(node);
            return Ok((self.array_source(array, alias.unwrap_or(name), range), None));
        }
        let Some(path) = reference.path() else { return Err(LoweredSelect::Missing) };
        let segments: Vec<ast::Name<'_>> = path.segments().collect();
        match segments[..] {
            [name] => {
                let text = name.value();
                if let Some(variable) = self.variable(&text) {
                    let array = self.variable_expr(variable, name.range());
                    return Ok((self.array_source(array, alias.unwrap_or(text), range), None));
                }
                if self.instance_type(&text).is_some() {
                    let diagnostic = malformed_name(&text, &format!("an entity of it: `{text}.…`"), name.range());
                    self.report(diagnostic);
                } else {
                    self.report_unknown_variable(&text, name.range());
                }
                Err(LoweredSelect::Missing)
            }
            [instance, entity] => {
                let (instance_name, entity_name) = (instance.value(), entity.value());
                let Some(type_name) = self.instance_type(&instance_name) else {
                    self.report_unknown_instance(&instance_name, instance.range());
                    return Err(LoweredSelect::Missing);
                };
                let key = format!("{type_name}.{entity_name}");
                let Some(item) = signature::entity(self.db, &key) else {
                    if signature::connector_type(self.db, &type_name).is_none() {
                        self.report_untyped_instance(&instance_name, &type_name, instance.range());
                        return Err(LoweredSelect::Missing);
                    }
                    let in_test = self.in_test;
                    let diagnostic = unknown_entity(&type_name, &entity_name, entity.range(), in_test);
                    let message = diagnostic.message.clone();
                    self.report(diagnostic);
                    return Err(if in_test { LoweredSelect::Fail(message) } else { LoweredSelect::Missing });
                };
                let fields = item
                    .fields
                    .iter()
                    .map(|field| SourceField {
                        name: field.name.clone(),
                        data_type: field.data_type,
                        filter_only: field.filter_only,
                        required: field.required,
                    })
                    .collect();
                let kind = SourceKind::Entity { instance: instance_name, entity: key };
                Ok((Source { kind, name: alias.unwrap_or(entity_name), fields, range }, Some(item)))
            }
            _ => {
                self.report(malformed_name(path.text(), "`instance.entity`", path.range()));
                Err(LoweredSelect::Missing)
            }
        }
    }

    /// The rows of an array: one dynamic column, the element.
    fn array_source(&mut self, array: ExprId, name: String, range: TextRange) -> Source {
        self.expect_type("FROM", DataType::Array, array);
        let element =
            SourceField { name: name.clone(), data_type: DataType::Dynamic, filter_only: false, required: false };
        Source { kind: SourceKind::Array(array), name, fields: vec![element], range }
    }

    /// The type of an instance: of the test around first, then of the package.
    pub(super) fn instance_type(&self, name: &str) -> Option<String> {
        if let Some((_, type_name)) = self.instances.iter().rev().find(|(known, _)| known == name) {
            return Some(type_name.clone());
        }
        signature::instance(self.db, name).map(|instance| instance.type_name.clone())
    }

    /// The type of an instance is not declared. Of an instance of the test around that was told already.
    pub(super) fn report_untyped_instance(&mut self, name: &str, type_name: &str, range: TextRange) {
        if !self.instances.iter().any(|(known, _)| known == name) {
            self.report(untyped_instance(name, type_name, range));
        }
    }

    pub(super) fn report_unknown_instance(&mut self, name: &str, range: TextRange) {
        let mut diagnostic = unknown_instance(name, range);
        let candidates = Candidates::new("instances", self.instances.iter().map(|(known, _)| known.as_str()));
        if candidates.nearest(name).is_some() {
            diagnostic = diagnostic.nearest(name, &candidates, range, "");
            diagnostic.suggest = None;
        }
        self.report(diagnostic);
    }

    fn select_list(&mut self, select: ast::Select<'_>) -> Vec<SelectColumn> {
        let mut columns = Vec::new();
        let mut is_empty = true;
        for item in select.items() {
            is_empty = false;
            let range = item.range();
            match item.value() {
                Some(ast::SelectValue::Star(_)) => self.star(None, range, &mut columns),
                Some(ast::SelectValue::QualifiedStar(star)) => {
                    let table = star.table().map(|table| table.text().to_owned()).unwrap_or_default();
                    self.star(Some(&table), range, &mut columns);
                }
                Some(ast::SelectValue::Expr(expr)) => {
                    let value = self.expr(expr);
                    let name = match item.alias() {
                        Some(alias) => alias.value(),
                        None => self.column_name(value),
                    };
                    columns.push(SelectColumn { name, value, range });
                }
                None => {}
            }
        }
        if is_empty && !select.syntax().has_error() {
            self.report(misplaced("`SELECT` needs a list of columns, or `*`", select.range()));
        }
        columns
    }

    /// `*` and `a.*`: all fields but those that only filter.
    fn star(&mut self, table: Option<&str>, range: TextRange, columns: &mut Vec<SelectColumn>) {
        let mut found = Vec::new();
        let mut is_known = false;
        for (id, source) in self.sources() {
            let is_meant = match (table, &source.kind) {
                (None, _) => true,
                (Some(table), SourceKind::Entity { instance, entity }) => {
                    let (_, entity) = crate::definition::split_name(entity);
                    source.name == table || format!("{instance}.{entity}") == table
                }
                (Some(table), _) => source.name == table,
            };
            if !is_meant {
                continue;
            }
            is_known = true;
            for (field, declared) in source.fields.iter().enumerate() {
                if !declared.filter_only {
                    let reference = ColumnRef { source: id, field: field as u32 };
                    found.push((declared.name.clone(), declared.data_type, reference));
                }
            }
        }
        if !is_known {
            let message = match table {
                Some(table) => format!("there is no table `{table}` in FROM"),
                None => "`*` needs FROM".to_owned(),
            };
            self.report(misplaced(message, range));
        }
        for (name, data_type, reference) in found {
            let value = self.body.expr(ExprKind::Column(reference), data_type, range);
            columns.push(SelectColumn { name, value, range });
        }
    }

    /// The name that PostgreSQL would choose.
    fn column_name(&self, value: ExprId) -> String {
        let unnamed = || "?column?".to_owned();
        match &self.body.exprs[value].kind {
            ExprKind::Column(column) => self.body.sources[column.source]
                .fields
                .get(column.field as usize)
                .map_or_else(unnamed, |field| field.name.clone()),
            ExprKind::Variable(variable) => self.body.variables[*variable].name.clone(),
            ExprKind::Member { key, .. } => key.clone(),
            ExprKind::Index { base, .. } => self.column_name(*base),
            ExprKind::Call { function, .. } => moltler_abi::functions::FUNCTIONS
                .get(*function as usize)
                .map_or_else(unnamed, |function| function.name.to_lowercase()),
            ExprKind::Case { .. } => "case".to_owned(),
            ExprKind::Cast { operand } => match self.column_name(*operand) {
                name if name == "?column?" => self.expr_type(value).name().to_owned(),
                name => name,
            },
            ExprKind::Boolean(_) => "bool".to_owned(),
            ExprKind::Array(_) => "array".to_owned(),
            ExprKind::Interval { .. } => "interval".to_owned(),
            _ => unnamed(),
        }
    }

    fn order_by(&mut self, order_by: ast::OrderBy<'_>, columns: &[SelectColumn]) -> Vec<OrderKey> {
        let mut keys = Vec::new();
        for key in order_by.keys() {
            let descending = key.is_descending();
            let nulls_first = key.nulls_first().unwrap_or(descending);
            let Some(node) = key.value() else { continue };
            let value = match node {
                Expr::Name(name) => {
                    let name = name.name().map(ast::Name::value).unwrap_or_default();
                    columns.iter().find(|column| column.name == name).map(|column| column.value)
                }
                Expr::Number(number) => {
                    let position = match number.value() {
                        Some(moltler_syntax::literal::Number::Integer(position)) => position,
                        _ => 0,
                    };
                    let column = usize::try_from(position - 1).ok().and_then(|position| columns.get(position));
                    if column.is_none() {
                        let message = format!("`ORDER BY {}` is not a position in the list", number.text());
                        self.report(LocalDiagnostic::error("invalid-value", number.range(), message));
                        continue;
                    }
                    column.map(|column| column.value)
                }
                _ => None,
            };
            let value = match value {
                Some(value) => value,
                None => self.expr(node),
            };
            keys.push(OrderKey { value, descending, nulls_first });
        }
        keys
    }

    /// Fields that a query must bind by equality.
    fn check_required(&mut self, entity: &EntityItem, filter: Option<ExprId>, range: TextRange) {
        let mut sets: Vec<Vec<String>> = entity.required.clone();
        let always: Vec<String> =
            entity.fields.iter().filter(|field| field.required).map(|field| field.name.clone()).collect();
        if sets.is_empty() && always.is_empty() {
            return;
        }
        if sets.is_empty() {
            sets.push(Vec::new());
        }
        for set in &mut sets {
            for field in &always {
                if !set.contains(field) {
                    set.push(field.clone());
                }
            }
        }
        let mut bound = Vec::new();
        if let Some(filter) = filter {
            self.bound_fields(filter, &mut bound);
        }
        let names: Vec<&str> = bound
            .iter()
            .filter_map(|column| self.body.sources[column.source].fields.get(column.field as usize))
            .map(|field| field.name.as_str())
            .collect();
        if !sets.iter().any(|set| set.iter().all(|field| names.contains(&field.as_str()))) {
            self.report(required_field(&entity.name, &sets, range));
        }
    }

    /// Fields that only filter stand in top-level `field = value` and `field IN (…)` of WHERE, nowhere else. `first` is
    /// the number of expressions before those of the SELECT.
    fn check_filter_only(&mut self, filter: Option<ExprId>, first: usize) {
        let field_of = |column: &ColumnRef| self.body.sources[column.source].fields.get(column.field as usize);
        let mut passed = Vec::new();
        if let Some(filter) = filter {
            self.passed_columns(filter, &mut passed);
        }
        let mut found = Vec::new();
        for (expr, known) in self.body.exprs.iter().skip(first) {
            if let ExprKind::Column(column) = &known.kind
                && let Some(field) = field_of(column).filter(|field| field.filter_only)
                && !passed.contains(&expr)
            {
                found.push(filter_only_field(&field.name, known.range));
            }
        }
        self.diagnostics.extend(found);
    }

    /// The columns of top-level conjuncts `column = value` and `column IN (…)`.
    fn passed_columns(&self, filter: ExprId, passed: &mut Vec<ExprId>) {
        let is_column = |expr: ExprId| matches!(self.body.exprs[expr].kind, ExprKind::Column(_));
        match &self.body.exprs[filter].kind {
            ExprKind::Binary { operator: BinaryOperator::And, left, right } => {
                self.passed_columns(*left, passed);
                self.passed_columns(*right, passed);
            }
            ExprKind::Binary { operator: BinaryOperator::Equal, left, right }
                if is_column(*left) != is_column(*right) =>
            {
                passed.extend([*left, *right].into_iter().filter(|side| is_column(*side)));
            }
            ExprKind::Binary { operator: BinaryOperator::In, left: operand, .. }
            | ExprKind::InList { operand, negated: false, .. } => passed.push(*operand),
            _ => {}
        }
    }

    /// Columns that each row of the result has one of known values in: `a = x`, `a IN (…)`, `a = x OR a = y`.
    fn bound_fields(&self, filter: ExprId, bound: &mut Vec<ColumnRef>) {
        match &self.body.exprs[filter].kind {
            ExprKind::Binary { operator: BinaryOperator::And, left, right } => {
                self.bound_fields(*left, bound);
                self.bound_fields(*right, bound);
            }
            ExprKind::Binary { operator: BinaryOperator::Or, left, right } => {
                let (mut in_left, mut in_right) = (Vec::new(), Vec::new());
                self.bound_fields(*left, &mut in_left);
                self.bound_fields(*right, &mut in_right);
                bound.extend(in_left.into_iter().filter(|column| in_right.contains(column)));
            }
            ExprKind::Binary { operator: BinaryOperator::Equal, left, right } => {
                match (&self.body.exprs[*left].kind, &self.body.exprs[*right].kind) {
                    (ExprKind::Column(_), ExprKind::Column(_)) => {}
                    (ExprKind::Column(column), _) | (_, ExprKind::Column(column)) => bound.push(*column),
                    _ => {}
                }
            }
            ExprKind::Binary { operator: BinaryOperator::In, left: operand, .. }
            | ExprKind::InList { operand, negated: false, .. } => {
                if let ExprKind::Column(column) = &self.body.exprs[*operand].kind {
                    bound.push(*column);
                }
            }
            _ => {}
        }
    }
}
