//! Fields that a query must bind, and fields that only filter.

use moltler_abi::runtime_calls::BinaryOperator;
use moltler_syntax::TextRange;

use super::Lower;
use crate::body::{ColumnRef, ExprId, ExprKind, FromItem, JoinKind, SourceId, SubqueryKind};
use crate::diagnostics::schema::{filter_only_field, required_field};
use crate::item_tree::EntityItem;

/// A column that each row of the result has one of known values in.
struct Bound {
    /// The expression that is the column.
    expr: ExprId,
    column: ColumnRef,
    /// The sources that the values come from; empty when they are known before anything is read.
    needs: Vec<SourceId>,
}

impl Lower<'_> {
    /// Fields that a query must bind by equality: to what is known, or to another source that is read before.
    pub(super) fn check_bindings(
        &mut self,
        from: &[FromItem],
        entities: &[(SourceId, &EntityItem)],
        filter: Option<ExprId>,
        range: TextRange,
    ) {
        let needy: Vec<(SourceId, &EntityItem, Vec<Vec<String>>)> = entities
            .iter()
            .map(|(source, entity)| (*source, *entity, required_sets(entity)))
            .filter(|(_, _, sets)| !sets.is_empty())
            .collect();
        if needy.is_empty() {
            return;
        }
        let bound = self.bound(from, filter);
        let mut waiting: Vec<SourceId> = needy.iter().map(|(source, ..)| *source).collect();
        loop {
            let is_bound = |source: SourceId, field: &String| {
                bound.iter().any(|bound| {
                    bound.column.source == source
                        && !bound.needs.iter().any(|needed| waiting.contains(needed))
                        && self.body.sources[source].fields[bound.column.field as usize].name == *field
                })
            };
            let ready = needy.iter().find(|(source, _, sets)| {
                waiting.contains(source) && sets.iter().any(|set| set.iter().all(|field| is_bound(*source, field)))
            });
            let Some((ready, ..)) = ready else { break };
            waiting.retain(|source| source != ready);
        }
        for (source, entity, sets) in &needy {
            if waiting.contains(source) {
                let (place, at) = match from.len() {
                    1 => ("WHERE", range),
                    _ => ("WHERE or ON", self.body.sources[*source].range),
                };
                self.report(required_field(&entity.name, sets, place, at));
            }
        }
    }

    /// Fields that only filter stand in top-level `field = value` and `field IN (…)` of WHERE or ON, nowhere else. `first`
    /// is the number of expressions before those of the SELECT.
    pub(super) fn check_filter_only(&mut self, from: &[FromItem], filter: Option<ExprId>, first: usize) {
        let is_own = |source: SourceId| from.iter().any(|item| item.source == source);
        let mut found = Vec::new();
        let mut passed: Option<Vec<ExprId>> = None;
        for (expr, known) in self.body.exprs.iter().skip(first) {
            let ExprKind::Column(column) = &known.kind else { continue };
            let field = self.body.sources[column.source].fields.get(column.field as usize);
            let Some(field) = field.filter(|field| field.filter_only && is_own(column.source)) else { continue };
            let passed = passed.get_or_insert_with(|| {
                let bound = self.bound(from, filter).into_iter();
                bound.filter(|bound| bound.needs.is_empty()).map(|bound| bound.expr).collect()
            });
            if !passed.contains(&expr) {
                found.push(filter_only_field(&field.name, known.range));
            }
        }
        self.diagnostics.extend(found);
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
                bound.extend(inside.into_iter().filter(|bound| bound.column.source == item.source));
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
                bound.extend(in_left.into_iter().filter(|bound| both.contains(&bound.column)));
            }
            ExprKind::Binary { operator: BinaryOperator::Equal, left, right } => {
                self.bind(*left, &[*right], own, bound);
                self.bind(*right, &[*left], own, bound);
            }
            ExprKind::Binary { operator: BinaryOperator::In, left: operand, right } => {
                self.bind(*operand, &[*right], own, bound);
            }
            ExprKind::InList { operand, elements, negated: false } => self.bind(*operand, elements, own, bound),
            ExprKind::Subquery { query, kind: SubqueryKind::In { operand, negated: false } } => {
                // The SELECT itself; its operand is no part of the values.
                let values: Vec<ExprId> = self.body.selects[*query].expressions(&self.body);
                self.bind(*operand, &values, own, bound);
            }
            _ => {}
        }
    }

    fn bind(&self, expr: ExprId, values: &[ExprId], own: &[SourceId], bound: &mut Vec<Bound>) {
        let ExprKind::Column(column) = self.body.exprs[expr].kind else { return };
        if !own.contains(&column.source) {
            return;
        }
        let mut needs: Vec<SourceId> =
            values.iter().flat_map(|value| self.body.columns(*value)).map(|column| column.source).collect();
        needs.retain(|source| own.contains(source));
        if !needs.contains(&column.source) {
            bound.push(Bound { expr, column, needs });
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
