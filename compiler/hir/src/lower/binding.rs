//! Fields that a query must bind, and fields that only filter.

use moltler_abi::runtime_calls::BinaryOperator;
use moltler_syntax::TextRange;

use super::Lower;
use crate::body::{ColumnRef, ExprId, ExprKind, FromItem, JoinKind, SelectColumn, SourceId, SourceKind, SubqueryKind};
use crate::diagnostics::LocalDiagnostic;
use crate::diagnostics::schema::{filter_only_field, required_field};
use crate::item_tree::EntityItem;

/// A column that each row of the result has one of known values in.
struct Bound {
    /// The expression that is the column.
    expr: ExprId,
    column: ColumnRef,
    /// Its value, where it is one and the same for all rows.
    value: Option<ExprId>,
    /// The sources that the values come from; empty when they are known before anything is read.
    needs: Vec<SourceId>,
}

/// Fields of a source that must be bound and are not.
#[derive(Clone)]
pub(super) struct Unbound {
    /// The sets of which one must be bound, as indices of fields.
    sets: Vec<Vec<u32>>,
    /// What is said where nobody binds them.
    diagnostic: LocalDiagnostic,
}

impl Lower<'_> {
    /// Fields that a query must bind by equality: to what is known, or to another source that is read before.
    ///
    /// What a SELECT in FROM does not bind, the one around may bind: gives it, where `columns` has the fields and `may_defer`.
    pub(super) fn check_bindings(
        &mut self,
        from: &[FromItem],
        entities: &[(SourceId, &EntityItem)],
        filter: Option<ExprId>,
        range: TextRange,
        columns: &[SelectColumn],
        may_defer: bool,
    ) -> Option<Unbound> {
        let mut needy: Vec<(SourceId, Unbound)> = entities
            .iter()
            .filter_map(|(source, entity)| {
                let fields = &self.body.sources[*source].fields;
                let place =
                    |name: &String| fields.iter().position(|field| field.name == *name).map(|place| place as u32);
                let names = required_sets(entity);
                let sets = names.iter().map(|set| set.iter().filter_map(place).collect()).collect();
                let (clause, at) = match from.len() {
                    1 => ("WHERE", range),
                    _ => ("WHERE or ON", self.body.sources[*source].range),
                };
                let diagnostic = required_field(&entity.name, &names, clause, at);
                (!names.is_empty()).then_some((*source, Unbound { sets, diagnostic }))
            })
            .collect();
        for item in from {
            if let SourceKind::Query(query) = self.body.sources[item.source].kind {
                let unbound = self.unbound.iter().find(|(known, _)| *known == query);
                needy.extend(unbound.map(|(_, unbound)| (item.source, unbound.clone())));
            }
        }
        if needy.is_empty() {
            return None;
        }
        let bound = self.bound(from, filter);
        let mut waiting: Vec<SourceId> = needy.iter().map(|(source, _)| *source).collect();
        loop {
            let is_bound = |source: SourceId, field: u32| {
                bound.iter().any(|bound| {
                    bound.column == ColumnRef { source, field }
                        && !bound.needs.iter().any(|needed| waiting.contains(needed))
                })
            };
            let ready = needy.iter().find(|(source, unbound)| {
                waiting.contains(source)
                    && unbound.sets.iter().any(|set| set.iter().all(|field| is_bound(*source, *field)))
            });
            let Some((ready, _)) = ready else { break };
            waiting.retain(|source| source != ready);
        }
        needy.retain(|(source, _)| waiting.contains(source));
        if may_defer
            && from.len() == 1
            && let [(source, unbound)] = &needy[..]
        {
            // Each set without what is bound here, as columns of this SELECT.
            let column_of = |field: u32| {
                let is_it = |column: &SelectColumn| {
                    self.body.exprs[column.value].kind == ExprKind::Column(ColumnRef { source: *source, field })
                };
                columns.iter().position(is_it).map(|place| place as u32)
            };
            let is_free =
                |field: &u32| !bound.iter().any(|bound| bound.column == ColumnRef { source: *source, field: *field });
            let sets: Vec<Vec<u32>> = unbound
                .sets
                .iter()
                .filter_map(|set| set.iter().copied().filter(is_free).map(column_of).collect())
                .collect();
            if !sets.is_empty() {
                return Some(Unbound { sets, diagnostic: unbound.diagnostic.clone() });
            }
        }
        for (_, unbound) in needy {
            self.report(unbound.diagnostic);
        }
        None
    }

    /// Fields that only filter stand in top-level `field = value` and `field IN (…)` of WHERE or ON; where there is a
    /// `field = value`, the field is that value anywhere else. `first`
    /// is the number of expressions before those of the SELECT.
    pub(super) fn check_filter_only(&mut self, from: &[FromItem], filter: Option<ExprId>, first: usize) {
        let is_own = |source: SourceId| from.iter().any(|item| item.source == source);
        let mut found = Vec::new();
        let mut read = Vec::new();
        let mut passed: Option<Vec<Bound>> = None;
        for (expr, known) in self.body.exprs.iter().skip(first) {
            let ExprKind::Column(column) = &known.kind else { continue };
            let field = self.body.sources[column.source].fields.get(column.field as usize);
            let Some(field) = field.filter(|field| field.filter_only && is_own(column.source)) else { continue };
            let passed = passed.get_or_insert_with(|| {
                self.bound(from, filter).into_iter().filter(|bound| bound.needs.is_empty()).collect()
            });
            if passed.iter().any(|bound| bound.expr == expr) {
                continue;
            }
            match passed.iter().find(|bound| bound.column == *column).and_then(|bound| bound.value) {
                // Rows do not carry it, but all of them were asked for with this value.
                Some(value) => read.push((expr, value)),
                None => found.push(filter_only_field(&field.name, known.range)),
            }
        }
        self.diagnostics.extend(found);
        for (expr, value) in read {
            let kind = match self.expr_type(expr) == self.expr_type(value) {
                true => self.body.exprs[value].kind.clone(),
                false => ExprKind::Cast { operand: value },
            };
            self.body.exprs.get_mut(expr).kind = kind;
        }
    }

    /// What WHERE and ON bind. What is right of LEFT JOIN is bound by its own ON only.
    fn bound(&self, from: &[FromItem], filter: Option<ExprId>) -> Vec<Bound> {
        let own: Vec<SourceId> = from.iter().map(|item| item.source).collect();
        let optional: Vec<SourceId> =
            from.iter().filter(|item| item.join == JoinKind::Left).map(|item| item.source).collect();
        let mut bound = Vec::new();
        if let Some(filter) = filter {
            self.bound_by(filter, &own, &mut bound);
        }
        for item in from.iter().filter(|item| item.join == JoinKind::Inner) {
            if let Some(on) = item.on {
                self.bound_by(on, &own, &mut bound);
            }
        }
        bound.retain(|bound| !optional.contains(&bound.column.source));
        for item in from.iter().filter(|item| item.join == JoinKind::Left) {
            if let Some(on) = item.on {
                let mut inside = Vec::new();
                self.bound_by(on, &own, &mut inside);
                // In rows without a partner it is NULL.
                let inside = inside.into_iter().filter(|bound| bound.column.source == item.source);
                bound.extend(inside.map(|bound| Bound { value: None, ..bound }));
            }
        }
        bound
    }

    /// What a condition binds: `a = x`, `a IN (…)`, `a = x OR a = y`, joined by AND.
    fn bound_by(&self, condition: ExprId, own: &[SourceId], bound: &mut Vec<Bound>) {
        let condition = &self.body.exprs[condition].kind;
        match condition {
            ExprKind::Binary { operator: BinaryOperator::And, left, right } => {
                self.bound_by(*left, own, bound);
                self.bound_by(*right, own, bound);
            }
            ExprKind::Binary { operator: BinaryOperator::Or, left, right } => {
                let (mut in_left, mut in_right) = (Vec::new(), Vec::new());
                self.bound_by(*left, own, &mut in_left);
                self.bound_by(*right, own, &mut in_right);
                let is_in = |column: ColumnRef, side: &[Bound]| {
                    side.iter().any(|bound| bound.column == column && bound.needs.is_empty())
                };
                let both: Vec<ColumnRef> = in_left
                    .iter()
                    .filter(|bound| bound.needs.is_empty() && is_in(bound.column, &in_right))
                    .map(|bound| bound.column)
                    .collect();
                in_left.extend(in_right);
                let in_both = in_left.into_iter().filter(|bound| both.contains(&bound.column));
                bound.extend(in_both.map(|bound| Bound { value: None, ..bound }));
            }
            ExprKind::Binary { operator: BinaryOperator::Equal, left, right } => {
                self.bind(*left, &[*right], true, own, bound);
                self.bind(*right, &[*left], true, own, bound);
            }
            ExprKind::Binary { operator: BinaryOperator::In, left: operand, right } => {
                self.bind(*operand, &[*right], false, own, bound);
            }
            ExprKind::InList { operand, elements, negated: false } => self.bind(*operand, elements, false, own, bound),
            ExprKind::Subquery { query, kind: SubqueryKind::In { operand, negated: false } } => {
                // The SELECT itself; its operand is no part of the values.
                let values: Vec<ExprId> = self.body.selects[*query].expressions(&self.body);
                self.bind(*operand, &values, false, own, bound);
            }
            _ => {}
        }
    }

    fn bind(&self, expr: ExprId, values: &[ExprId], is_equal: bool, own: &[SourceId], bound: &mut Vec<Bound>) {
        let ExprKind::Column(column) = self.body.exprs[expr].kind else { return };
        if !own.contains(&column.source) {
            return;
        }
        let mut needs: Vec<SourceId> =
            values.iter().flat_map(|value| self.body.columns(*value)).map(|column| column.source).collect();
        needs.retain(|source| own.contains(source));
        if !needs.contains(&column.source) {
            let value = match values {
                [value] if is_equal && needs.is_empty() => Some(*value),
                _ => None,
            };
            bound.push(Bound { expr, column, value, needs });
        }
    }
}

/// The sets of fields of which one must be bound.
fn required_sets(entity: &EntityItem) -> Vec<Vec<String>> {
    let mut sets: Vec<Vec<String>> = entity.required.clone();
    let always = entity.fields.iter().filter(|field| field.required).map(|field| field.name.clone());
    let always: Vec<String> = always.collect();
    if sets.is_empty() && always.is_empty() {
        return sets;
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
    sets
}
