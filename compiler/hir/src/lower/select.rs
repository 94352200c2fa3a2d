//! SELECT: its clauses in the order in which they are carried out.

use moltler_syntax::TextRange;
use moltler_syntax::ast::{self, AstNode, Expr};

use super::{Clause, Lower, MAX_DEPTH, Scope, SelectScope};
use crate::body::{
    ColumnRef, ExprId, ExprKind, FromItem, OrderKey, Select, SelectColumn, SelectId, SourceId, SourceKind, SubqueryKind,
};
use crate::diagnostics::advice::unfiltered_select;
use crate::diagnostics::expression::misplaced;
use crate::diagnostics::not_supported::not_supported;
use crate::diagnostics::query::{ambiguous_column, not_in_list};
use crate::diagnostics::{Code, LocalDiagnostic};
use crate::item_tree::EntityItem;

/// What a SELECT became.
pub(super) enum LoweredSelect {
    /// A SELECT.
    Select(SelectId),
    /// It fails with this message when it is reached.
    Fail(String),
    /// An error was reported.
    Missing,
}

impl Lower<'_> {
    pub(super) fn select(&mut self, node: ast::SelectStatement<'_>) -> LoweredSelect {
        self.query(node).map_or_else(|other| other, LoweredSelect::Select)
    }

    /// A whole query, or what became of it instead.
    pub(super) fn query(&mut self, node: ast::SelectStatement<'_>) -> Result<SelectId, LoweredSelect> {
        if self.depth > MAX_DEPTH {
            self.report(LocalDiagnostic::error(Code::TooDeep, node.range(), "this SELECT is nested too deep"));
            return Err(LoweredSelect::Missing);
        }
        self.depth += 1;
        let known = self.commons.len();
        let may_defer = std::mem::take(&mut self.may_defer);
        let lowered = self.with(node.with()).and_then(|()| match node.body() {
            Some(ast::SelectBody::Select(select)) => {
                self.may_defer = may_defer;
                self.one_select(select, Some(node))
            }
            Some(ast::SelectBody::SetOperation(operation)) => self.union(operation, node),
            Some(ast::SelectBody::Subquery(query)) => {
                self.report(not_supported("a SELECT in parentheses", query.range()));
                Err(LoweredSelect::Missing)
            }
            None => Err(LoweredSelect::Missing),
        });
        self.commons.truncate(known);
        self.depth -= 1;
        lowered
    }

    /// A SELECT without UNION; `whole` has the clauses behind it.
    pub(super) fn one_select(
        &mut self,
        select: ast::Select<'_>,
        whole: Option<ast::SelectStatement<'_>>,
    ) -> Result<SelectId, LoweredSelect> {
        let first = self.body.exprs.len();
        let may_defer = std::mem::take(&mut self.may_defer);
        let (from, entities) = match select.from() {
            Some(from) => self.from(from)?,
            None => (Vec::new(), Vec::new()),
        };
        let sources: Vec<SourceId> = from.iter().map(|item| item.source).collect();
        self.selects.push(Scope::Select(SelectScope { sources, clause: Clause::Grouped, aggregates: Vec::new() }));
        let columns = self.select_list(select);
        self.enter(Clause::Where);
        let filter = select.where_clause().and_then(ast::WhereClause::condition).map(|condition| {
            let filter = self.expr(condition);
            self.condition("WHERE", filter);
            filter
        });
        self.enter(Clause::GroupBy);
        let keys = select.group_by().map(|group_by| self.group_by(group_by, &columns));
        self.enter(Clause::Grouped);
        let having = select.having().and_then(ast::HavingClause::condition).map(|condition| {
            let having = self.expr(condition);
            self.condition("HAVING", having);
            having
        });
        let order_by = whole.and_then(ast::SelectStatement::order_by);
        let mut order_by = order_by.map(|order_by| self.order_by(order_by, &columns)).unwrap_or_default();
        let Some(Scope::Select(scope)) = self.selects.pop() else { return Err(LoweredSelect::Missing) };
        let place = select.from().map_or(select.range(), |from| from.range());
        let is_grouped = keys.is_some() || having.is_some() || !scope.aggregates.is_empty();
        let is_limited = whole.is_some_and(|whole| whole.limits().next().is_some() || whole.offsets().next().is_some());
        let may_defer = may_defer && !is_grouped && !is_limited;
        let unbound = self.check_bindings(&from, &entities, filter, place, &columns, may_defer);
        self.check_filter_only(&from, filter, first);
        let is_everything = filter.is_none() && !is_limited && whole.is_some() && self.selects.is_empty();
        if is_everything && !self.in_test {
            self.check_star(select, &from, &entities);
        }
        let distinct = select.is_distinct();
        if distinct {
            self.check_distinct(&columns, &mut order_by);
        }
        let grouping = is_grouped.then(|| {
            let roots = columns.iter().map(|column| column.value).chain(order_by.iter().map(|key| key.value));
            let roots: Vec<ExprId> = roots.chain(having).collect();
            self.grouping(scope, keys.unwrap_or_default(), having, &roots, select.range())
        });
        let (limit, offset) = whole.map_or((None, None), |whole| self.limits(whole));
        let range = whole.map_or(select.range(), |whole| whole.range());
        let outer = Vec::new();
        let select = Select { columns, distinct, from, filter, grouping, order_by, limit, offset, outer, range };
        let select = self.body.selects.push(select);
        self.unbound.extend(unbound.map(|unbound| (select, unbound)));
        Ok(select)
    }

    /// `SELECT *` of an entity alone, of which nothing leaves a row out.
    fn check_star(&mut self, select: ast::Select<'_>, from: &[FromItem], entities: &[(SourceId, &EntityItem)]) {
        let star = select.items().find_map(|item| match item.value() {
            Some(ast::SelectValue::Star(star)) => Some(star.range()),
            _ => None,
        });
        if let ([_], [(_, entity)], Some(star)) = (from, entities, star) {
            self.report(unfiltered_select(&entity.name, star));
        }
    }

    /// A SELECT of all columns of a source, with the clauses behind it.
    pub(super) fn select_all(&mut self, source: SourceId, whole: Option<ast::SelectStatement<'_>>) -> SelectId {
        let range = whole.map_or(self.body.sources[source].range, |whole| whole.range());
        let fields = self.body.sources[source].fields.clone();
        let mut columns = Vec::new();
        for (field, declared) in fields.into_iter().enumerate() {
            let kind = ExprKind::Column(ColumnRef { source, field: field as u32 });
            let value = self.body.expr(kind, declared.data_type, range);
            columns.push(SelectColumn { name: declared.name, value, range });
        }
        let scope = SelectScope { sources: vec![source], clause: Clause::Grouped, aggregates: Vec::new() };
        self.selects.push(Scope::Select(scope));
        let order_by = whole.and_then(ast::SelectStatement::order_by);
        let order_by = order_by.map(|order_by| self.order_by(order_by, &columns)).unwrap_or_default();
        if let Some(Scope::Select(scope)) = self.selects.pop() {
            for (_, aggregate) in scope.aggregates {
                self.report(misplaced("behind UNION there are no groups to aggregate", aggregate.range));
            }
        }
        let (limit, offset) = whole.map_or((None, None), |whole| self.limits(whole));
        let from = vec![FromItem { source, join: crate::body::JoinKind::Cross, on: None }];
        let (distinct, filter, grouping, outer) = (false, None, None, Vec::new());
        let select = Select { columns, distinct, from, filter, grouping, order_by, limit, offset, outer, range };
        self.body.selects.push(select)
    }

    /// Says which clause of the innermost SELECT follows.
    pub(super) fn enter(&mut self, clause: Clause) {
        if let Some(Scope::Select(scope)) = self.selects.last_mut() {
            scope.clause = clause;
        }
    }

    fn limits(&mut self, whole: ast::SelectStatement<'_>) -> (Option<ExprId>, Option<ExprId>) {
        let limit = self.count("LIMIT", whole.limits().map(|limit| (limit.count(), limit.range())));
        let offset = self.count("OFFSET", whole.offsets().map(|offset| (offset.count(), offset.range())));
        (limit, offset)
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
    pub(super) fn star(&mut self, table: Option<&str>, range: TextRange, columns: &mut Vec<SelectColumn>) {
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
    pub(super) fn column_name(&self, value: ExprId) -> String {
        self.figured_name(value).map_or_else(|| "?column?".to_owned(), |(name, _)| name)
    }

    /// The name, and whether it is stronger than that of a CAST or CASE around it.
    fn figured_name(&self, value: ExprId) -> Option<(String, bool)> {
        if let Some(aggregate) = self.aggregate(value) {
            return Some((aggregate.to_owned(), true));
        }
        let strong = |name: &str| Some((name.to_owned(), true));
        let weak = |name: &str| Some((name.to_owned(), false));
        match &self.body.exprs[value].kind {
            ExprKind::Column(column) => {
                strong(&self.body.sources[column.source].fields.get(column.field as usize)?.name)
            }
            ExprKind::Variable(variable) => strong(&self.body.variables[*variable].name),
            ExprKind::Member { key, .. } => strong(key),
            ExprKind::Index { base, .. } => self.figured_name(*base),
            ExprKind::Call { function, .. } => {
                strong(&moltler_abi::functions::FUNCTIONS.get(*function as usize)?.name.to_lowercase())
            }
            ExprKind::Case { otherwise, .. } => match otherwise.and_then(|otherwise| self.figured_name(otherwise)) {
                Some((name, true)) => Some((name, true)),
                _ => weak("case"),
            },
            ExprKind::Cast { operand } => match self.figured_name(*operand) {
                Some((name, true)) => Some((name, true)),
                _ => weak(self.expr_type(value).name()),
            },
            ExprKind::Subquery { query, kind: SubqueryKind::Scalar } => {
                strong(&self.body.selects[*query].columns.first()?.name)
            }
            ExprKind::Subquery { kind: SubqueryKind::Exists { negated: false }, .. } => strong("exists"),
            ExprKind::Boolean(_) => weak("bool"),
            ExprKind::Array(_) => strong("array"),
            ExprKind::Interval { .. } => weak("interval"),
            _ => None,
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
                    let text = name.name().map(ast::Name::value).unwrap_or_default();
                    self.listed(columns, &text, name.range())
                }
                Expr::Number(number) => match self.at_position("ORDER BY", columns, number) {
                    Some(value) => Some(value),
                    None => continue,
                },
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

    /// The column of the list with this name; an error when several different ones have it.
    pub(super) fn listed(&mut self, columns: &[SelectColumn], name: &str, range: TextRange) -> Option<ExprId> {
        let mut named = columns.iter().filter(|column| column.name == name);
        let found = named.next()?;
        if let Some(other) = named.find(|column| !self.body.same(column.value, found.value)) {
            let places = [found.range, other.range];
            self.report(ambiguous_column(name, &[], &places, range));
        }
        Some(found.value)
    }

    /// The column of the list at this position, from 1.
    pub(super) fn at_position(
        &mut self,
        clause: &str,
        columns: &[SelectColumn],
        number: ast::NumberLiteral<'_>,
    ) -> Option<ExprId> {
        let position = match number.value() {
            Some(moltler_syntax::literal::Number::Integer(position)) => position,
            _ => 0,
        };
        let column = position.checked_sub(1).and_then(|position| usize::try_from(position).ok());
        let column = column.and_then(|position| columns.get(position));
        if column.is_none() {
            let message = format!("`{clause} {}` is not a position in the list", number.text());
            self.report(LocalDiagnostic::error(Code::InvalidValue, number.range(), message));
        }
        column.map(|column| column.value)
    }

    /// Rows of DISTINCT have nothing but their columns to be sorted by.
    fn check_distinct(&mut self, columns: &[SelectColumn], order_by: &mut [OrderKey]) {
        for key in order_by {
            match columns.iter().find(|column| self.body.same(column.value, key.value)) {
                Some(column) => key.value = column.value,
                None => {
                    let range = self.expr_range(key.value);
                    self.report(not_in_list(range));
                }
            }
        }
    }
}
