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

/// Takes a tree of inner joins apart: its sources from left to right, and all conditions over the columns of all sources.
fn take_apart(plan: LogicalPlan, offset: u32, sources: &mut Vec<(u32, LogicalPlan)>, conjuncts: &mut Vec<Expr>) {
    match plan {
        LogicalPlan::Join { left, right, kind: JoinKind::Inner, on } => {
            let width = left.schema().len() as u32;
            take_apart(*left, offset, sources, conjuncts);
            take_apart(*right, offset + width, sources, conjuncts);
            for mut conjunct in on.into_iter().flat_map(Expr::conjuncts) {
                conjunct.map_columns(&|column| column + offset);
                conjuncts.push(conjunct);
            }
        }
        other => sources.push((offset, order_joins(other))),
    }
}

fn order(plan: LogicalPlan) -> LogicalPlan {
    let schema = plan.schema();
    let (mut sources, mut conjuncts) = (Vec::new(), Vec::new());
    take_apart(plan, 0, &mut sources, &mut conjuncts);
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
                    on: on.into_iter().reduce(Expr::and),
                }
            }
        });
    }
    restored(joined.unwrap_or(LogicalPlan::SingleRow), schema, &places)
}

fn has_needs(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Join { left, right, .. } => has_needs(left) || has_needs(right),
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
    fn what_needs_nothing_stays() {
        let on = Expr::equal(field("id"), right("name"));
        check(
            order_joins,
            join(items(), items(), JoinKind::Inner, on),
            &format!("Join Inner id = name\n  {ITEMS}\n  {ITEMS}"),
        );
    }
}
