//! What the handlers of a query are told and what is done here, in words.

use moltler_abi::manifest::JoinKind;

use super::{expression, names};
use crate::choose::join::{is_readable, missing_sets};
use crate::expr::Expr;
use crate::logical::{LogicalPlan, Scan};
use crate::rules::push_down_filter::{alternatives, conditions};
use crate::rules::push_down_limit::withheld;

/// One sentence for each decision about an optimised plan, from the outside in.
pub fn decisions(plan: &LogicalPlan) -> Vec<String> {
    let mut sentences = Vec::new();
    of_plan(plan, &mut sentences);
    sentences
}

fn of_plan(plan: &LogicalPlan, sentences: &mut Vec<String>) {
    match plan {
        LogicalPlan::Scan(scan) => of_scan(scan, sentences),
        LogicalPlan::Filter { input, predicate } => {
            let columns = names(input);
            for conjunct in predicate.clone().conjuncts() {
                let text = expression(&conjunct, &columns);
                sentences.push(match &**input {
                    LogicalPlan::Scan(scan) => format!("`{text}`: {}", of_conjunct(scan, &conjunct)),
                    _ => format!("`{text}`: local"),
                });
            }
            of_plan(input, sentences);
        }
        LogicalPlan::Limit { input, limit, .. } => {
            if limit.is_some() {
                sentences.push(match withheld(input, None) {
                    Some(reason) => format!("LIMIT: withheld, {reason}"),
                    None => "LIMIT: passed, and kept here too".to_owned(),
                });
            }
            of_plan(input, sentences);
        }
        LogicalPlan::Join { left, right, kind, on } => {
            let columns = names(plan);
            let width = left.schema().len() as u32;
            for conjunct in on.iter().flat_map(|on| on.clone().conjuncts()) {
                let text = expression(&conjunct, &columns);
                let how =
                    if crate::choose::is_key(&conjunct, width) { "key of the join" } else { "checked for each pair" };
                sentences.push(format!("ON `{text}`: {how}"));
            }
            let conjuncts: Vec<Expr> = on.iter().flat_map(|on| on.clone().conjuncts()).collect();
            if !missing_sets(right).is_empty()
                && is_readable(right, width, &conjuncts)
                && let Some(scan) = right.scan()
            {
                let name = format!("{}.{}", scan.instance, scan.entity_name);
                sentences.push(format!("{name}: one call for each distinct value of the other side"));
            }
            if on.is_none() {
                sentences.push(match kind {
                    JoinKind::Inner => "every row of one side goes with every row of the other".to_owned(),
                    JoinKind::Left => "every row of the right side goes with every row of the left side".to_owned(),
                });
            }
            of_plan(left, sentences);
            of_plan(right, sentences);
        }
        LogicalPlan::Project { input, .. }
        | LogicalPlan::Sort { input, .. }
        | LogicalPlan::Aggregate { input, .. }
        | LogicalPlan::Distinct(input) => of_plan(input, sentences),
        LogicalPlan::Union(inputs) => {
            for input in inputs {
                of_plan(input, sentences);
            }
        }
        LogicalPlan::Nothing(_) => sentences.push("no handler is called: there can be no rows".to_owned()),
        LogicalPlan::Elements { .. } | LogicalPlan::SingleRow | LogicalPlan::Shared { .. } => {}
    }
}

fn of_conjunct(scan: &Scan, conjunct: &Expr) -> &'static str {
    let field = |column: u32| scan.columns[column as usize];
    let is_each = |column: u32| scan.each.iter().any(|(each, _)| *each == field(column));
    if alternatives(conjunct).is_some_and(|(column, _)| is_each(column)) {
        return "one call for each value, checked again";
    }
    let conditions = conditions(conjunct);
    match conditions.as_slice() {
        [] => "local",
        [(column, "in", _)] if is_each(*column) => "one call for each value, checked again",
        [(column, "=", _)] if scan.filters.iter().any(|(filter, _)| *filter == field(*column)) => {
            "pushed as a filter, checked again"
        }
        told if told.iter().all(|(column, operator, _)| {
            scan.conditions.iter().any(|known| known.field == field(*column) && known.operator == *operator)
        }) =>
        {
            "told in `options.where`, checked again"
        }
        _ => "local",
    }
}

fn of_scan(scan: &Scan, sentences: &mut Vec<String>) {
    let name = |field: u32| scan.fields[field as usize].name.as_str();
    for (field, value) in &scan.filters {
        if scan.fields[*field as usize].filter_only {
            let value = expression(value, &[]);
            sentences.push(format!("`{} = {value}`: passed on, never checked", name(*field)));
        }
    }
    if !scan.order_by.is_empty() {
        sentences.push("ORDER BY: told in `options.orderBy`, sorted again".to_owned());
    }
    let columns: Vec<&str> = scan.columns.iter().map(|field| name(*field)).collect();
    sentences.push(format!("{}.{} gives: {}", scan.instance, scan.entity_name, columns.join(", ")));
}
