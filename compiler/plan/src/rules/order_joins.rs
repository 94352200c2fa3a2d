use moltler_abi::manifest::JoinKind;

use crate::choose::join::{is_readable, missing_sets};
use crate::expr::Expr;
use crate::logical::LogicalPlan;
use crate::schema::Schema;

/// Joins in an order in which each handler can be told what it has to be told: a source with required fields comes behind the
/// sources that give their values. Where that is so as it was written, nothing changes.
///
/// ```text
/// SELECT * FROM shop.issues i, shop.items r WHERE i.repo = r.name; -- items first
/// ```
pub(super) fn order_joins(plan: LogicalPlan) -> LogicalPlan {
    match plan {
        LogicalPlan::Join { kind: JoinKind::Inner, .. } if has_needs(&plan) => order(plan),
        mut other => {
            for input in other.inputs_mut() {
                let below = std::mem::replace(input, LogicalPlan::SingleRow);
                *input = order_joins(below);
            }
            other
        }
    }
}

/// A tree of joins taken apart; columns are those of all sources together.
#[derive(Default)]
struct Parts {
    /// From left to right: where its columns start, and what is joined.
    sources: Vec<(u32, LogicalPlan)>,
    /// All conditions of inner joins, and of filters above joins.
    conjuncts: Vec<Expr>,
    /// Right sides of LEFT JOINs and what they are joined on. They come behind all that is joined otherwise, which gives the
    /// same rows: `(a LEFT JOIN b) JOIN c` is `(a JOIN c) LEFT JOIN b` where the join of `c` is about `a`.
    optional: Vec<(u32, LogicalPlan, Vec<Expr>)>,
}

impl Parts {
    fn take(&mut self, plan: LogicalPlan, offset: u32) {
        let here = |on: Option<Expr>| {
            on.into_iter().flat_map(Expr::conjuncts).map(move |mut conjunct| {
                conjunct.map_columns(&|column| column + offset);
                conjunct
            })
        };
        match plan {
            LogicalPlan::Join { left, right, kind: JoinKind::Inner, on } => {
                let width = left.schema().len() as u32;
                self.take(*left, offset);
                self.take(*right, offset + width);
                self.conjuncts.extend(here(on));
            }
            // Its left side may wait for what is joined later.
            LogicalPlan::Join { left, right, kind: JoinKind::Left, on } if has_needs(&left) => {
                let width = left.schema().len() as u32;
                self.take(*left, offset);
                self.optional.push((offset + width, order_joins(*right), here(on).collect()));
            }
            LogicalPlan::Filter { input, predicate }
                if matches!(*input, LogicalPlan::Join { .. }) && has_needs(&input) =>
            {
                self.take(*input, offset);
                self.conjuncts.extend(here(Some(predicate)));
            }
            other => self.sources.push((offset, order_joins(other))),
        }
    }
}

fn order(plan: LogicalPlan) -> LogicalPlan {
    let schema = plan.schema();
    let mut parts = Parts::default();
    parts.take(plan, 0);
    let Parts { mut sources, mut conjuncts, optional } = parts;
    let mut joined: Option<LogicalPlan> = None;
    // Where the columns of before are now.
    let mut places: Vec<Option<u32>> = vec![None; schema.len()];
    while !sources.is_empty() {
        let width = places.iter().flatten().count() as u32;
        let ready = sources.iter().position(|(offset, source)| {
            let mut tried = places.clone();
            place(&mut tried, *offset, source, width);
            is_readable(source, width, &over(&conjuncts, &tried).0)
        });
        let (offset, source) = sources.remove(ready.unwrap_or(0));
        place(&mut places, offset, &source, width);
        joined = Some(match joined {
            None => source,
            Some(left) => {
                let (on, later) = over(&conjuncts, &places);
                conjuncts = later;
                LogicalPlan::Join {
                    left: Box::new(left),
                    right: Box::new(source),
                    kind: JoinKind::Inner,
                    on: Expr::all(on),
                }
            }
        });
    }
    let mut joined = joined.unwrap_or(LogicalPlan::SingleRow);
    for (offset, right, on) in optional {
        let width = places.iter().flatten().count() as u32;
        place(&mut places, offset, &right, width);
        let (on, _) = over(&on, &places);
        joined = LogicalPlan::Join {
            left: Box::new(joined),
            right: Box::new(right),
            kind: JoinKind::Left,
            on: Expr::all(on),
        };
    }
    // What is about columns of LEFT JOINs.
    let (above, _) = over(&conjuncts, &places);
    restored(joined.filtered(Expr::all(above)), schema, &places)
}

fn has_needs(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Join { left, right, .. } => has_needs(left) || has_needs(right),
        LogicalPlan::Filter { input, .. } if matches!(**input, LogicalPlan::Join { .. }) => has_needs(input),
        other => !missing_sets(other).is_empty(),
    }
}

fn place(places: &mut [Option<u32>], offset: u32, source: &LogicalPlan, start: u32) {
    for column in 0..source.schema().len() as u32 {
        places[(offset + column) as usize] = Some(start + column);
    }
}

/// The conjuncts whose columns all have a place, over these places, and the others as they are.
fn over(conjuncts: &[Expr], places: &[Option<u32>]) -> (Vec<Expr>, Vec<Expr>) {
    let is_placed = |conjunct: &Expr| conjunct.columns().iter().all(|column| places[*column as usize].is_some());
    let (placed, others): (Vec<Expr>, Vec<Expr>) = conjuncts.iter().cloned().partition(is_placed);
    let placed = placed.into_iter().map(|mut conjunct| {
        conjunct.map_columns(&|column| places[column as usize].unwrap_or(column));
        conjunct
    });
    (placed.collect(), others)
}

/// The columns in their order of before.
fn restored(plan: LogicalPlan, schema: Schema, places: &[Option<u32>]) -> LogicalPlan {
    if places.iter().enumerate().all(|(column, place)| *place == Some(column as u32)) {
        return plan;
    }
    let outputs = schema.into_iter().zip(places).map(|(column, place)| {
        let place = place.expect("Invariant: every source was joined");
        (column.name, Expr::column(place, column.data_type))
    });
    LogicalPlan::Project { outputs: outputs.collect(), input: Box::new(plan) }
}

#[cfg(test)]
mod tests {
    use moltler_abi::DataType;

    use super::super::tests::{check, field, issues, items, join, right};
    use super::*;

    const ITEMS: &str = "Scan shop.items [id, name, priority, created_at, open, JQL]";

    #[test]
    fn a_source_comes_behind_what_gives_its_values() {
        // issues 0..2, items 2..8, items 8..14
        let repo = Expr::column(0, DataType::String);
        let first =
            LogicalPlan::Join { left: Box::new(issues()), right: Box::new(items()), kind: JoinKind::Inner, on: None };
        let on = Expr::equal(repo, Expr::column(9, DataType::String));
        check(
            order_joins,
            join(first, items(), JoinKind::Inner, on),
            &format!(
                "Project repo AS repo, title AS title, id AS id, name AS name, priority AS priority, \
                 created_at AS created_at, open AS open, JQL AS JQL, id AS id, name AS name, priority AS priority, \
                 created_at AS created_at, open AS open, JQL AS JQL\n  \
                 Join Inner repo = name\n    Join Inner\n      {ITEMS}\n      {ITEMS}\n    Scan shop.issues [repo, title]"
            ),
        );
    }

    #[test]
    fn a_left_join_comes_behind_what_its_left_side_needs() {
        // issues 0..2, items 2..8 (LEFT), items 8..14
        let repo = Expr::column(0, DataType::String);
        let optional = join(
            issues(),
            items(),
            JoinKind::Left,
            Expr::equal(Expr::column(1, DataType::String), Expr::column(3, DataType::String)),
        );
        let on = Expr::and(
            Expr::equal(repo, Expr::column(9, DataType::String)),
            Expr::is_null(Expr::column(2, DataType::String), false),
        );
        check(
            order_joins,
            join(optional, items(), JoinKind::Inner, on),
            &format!(
                "Project repo AS repo, title AS title, id AS id, name AS name, priority AS priority, \
                 created_at AS created_at, open AS open, JQL AS JQL, id AS id, name AS name, priority AS priority, \
                 created_at AS created_at, open AS open, JQL AS JQL\n  \
                 Filter id IS NULL\n    Join Left title = name\n      Join Inner repo = name\n        {ITEMS}\n        \
                 Scan shop.issues [repo, title]\n      {ITEMS}"
            ),
        );
    }

    #[test]
    fn what_needs_nothing_stays() {
        let on = Expr::equal(field("id"), right("name"));
        check(
            order_joins,
            join(items(), items(), JoinKind::Inner, on),
            &format!("Join Inner id = name\n  {ITEMS}\n  {ITEMS}"),
        );
    }
}
