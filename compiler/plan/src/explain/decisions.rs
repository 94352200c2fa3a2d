//! What the handlers of a query are told and what is done here, in words.

use moltler_abi::manifest::{JoinKind, Span};

use super::{expression, names};
use crate::choose::join::{is_readable, missing_sets};
use crate::expr::Expr;
use crate::logical::{LogicalPlan, Scan};
use crate::rules::push_down_filter::{alternatives, conditions};
use crate::rules::push_down_limit::withheld;

/// What is told of a plan.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// One sentence for each decision, from the outside in.
    pub sentences: Vec<String>,
    /// What becomes of each condition, with its place.
    pub conditions: Vec<(Span, &'static str)>,
}

/// The decisions of an optimised plan. `text` gives what was written at a place; what rules made has none.
pub fn decisions(plan: &LogicalPlan, text: &dyn Fn(Span) -> Option<String>) -> Told {
    let mut decisions = Decisions { text, told: Told::default() };
    decisions.plan(plan, &Calls::Once);
    decisions.told
}

struct Decisions<'a> {
    text: &'a dyn Fn(Span) -> Option<String>,
    told: Told,
}

/// How often a handler is called.
enum Calls {
    Once,
    /// For each distinct combination of values that these conditions give from the other side of a join.
    EachOf(Vec<String>),
}

const AT_MOST: &str = "at most 1,000 times (`--max-calls`)";

impl Decisions<'_> {
    fn say(&mut self, sentence: impl Into<String>) {
        self.told.sentences.push(sentence.into());
    }

    /// An expression as it was written.
    fn written(&self, expr: &Expr, names: &[String]) -> String {
        match (self.text)(expr.span) {
            Some(text) => text,
            None => expression(expr, names),
        }
    }

    fn plan(&mut self, plan: &LogicalPlan, calls: &Calls) {
        match plan {
            LogicalPlan::Scan(scan) => self.scan(scan, calls),
            LogicalPlan::Filter { input, predicate } => {
                let columns = names(input);
                let conjuncts = predicate.clone().conjuncts();
                // The call first, then what it is told.
                if let LogicalPlan::Scan(scan) = &**input {
                    self.scan(scan, calls);
                }
                for conjunct in conjuncts {
                    let how = match &**input {
                        LogicalPlan::Scan(scan) => of_conjunct(scan, &conjunct),
                        LogicalPlan::Aggregate { .. } => "checked here, on groups",
                        LogicalPlan::Join { .. } => "checked here, on joined rows",
                        LogicalPlan::Limit { .. } => "checked here, behind LIMIT",
                        _ => "checked here",
                    };
                    let text = self.written(&conjunct, &columns);
                    self.told.conditions.push((conjunct.span, how));
                    self.say(format!("`{text}`: {how}"));
                }
                if !matches!(&**input, LogicalPlan::Scan(_)) {
                    self.plan(input, calls);
                }
            }
            LogicalPlan::Limit { input, limit, .. } => {
                if let Some(limit) = limit {
                    let limit = self.written(limit, &[]);
                    self.limit(input, &limit);
                }
                self.plan(input, calls);
            }
            LogicalPlan::Join { left, right, kind, on } => self.join(plan, left, right, *kind, on.as_ref(), calls),
            LogicalPlan::Sort { input, .. } => {
                let is_told = input.scan().is_some_and(|scan| !scan.order_by.is_empty());
                self.say(match is_told {
                    true => "ORDER BY: told in `options.orderBy`, and sorted here all the same",
                    false => "ORDER BY: sorted here",
                });
                self.plan(input, calls);
            }
            LogicalPlan::Aggregate { input, keys, .. } => {
                self.say(match keys.is_empty() {
                    true => "aggregates: computed here, over all rows",
                    false => "GROUP BY and aggregates: computed here",
                });
                self.plan(input, calls);
            }
            LogicalPlan::Distinct(input) => {
                self.say("DISTINCT: repeated rows are dropped here");
                self.plan(input, calls);
            }
            LogicalPlan::Project { input, .. } => self.plan(input, calls),
            LogicalPlan::Union(inputs) => {
                for (index, input) in inputs.iter().enumerate() {
                    self.say(format!("UNION, SELECT {} of {}:", index + 1, inputs.len()));
                    let mut inside = Decisions { text: self.text, told: Told::default() };
                    inside.plan(input, calls);
                    let sentences = inside.told.sentences.into_iter().map(|sentence| format!("  {sentence}"));
                    self.told.sentences.extend(sentences);
                    self.told.conditions.append(&mut inside.told.conditions);
                }
            }
            LogicalPlan::Nothing(_) => {
                self.say("no handler is called: the conditions contradict each other, or LIMIT is 0, so there can be no rows");
            }
            LogicalPlan::Shared { .. } => {
                self.say("rows of a query of WITH, which are computed once for all who read them")
            }
            LogicalPlan::Elements { .. } => {
                self.say("rows are the elements of an array; no handler is called for them")
            }
            LogicalPlan::SingleRow => {}
        }
    }

    /// Whether a limit goes to the handlers below.
    fn limit(&mut self, input: &LogicalPlan, limit: &str) {
        if let Some(inputs) = union_below(input)
            && withheld(input, None).is_none()
        {
            for (index, input) in inputs.iter().enumerate() {
                let number = index + 1;
                self.say(match withheld(input, None) {
                    Some(reason) => format!("LIMIT {limit}: withheld from SELECT {number} of UNION, {reason}"),
                    None => format!(
                        "LIMIT {limit}: passed in `options.limit` to SELECT {number} of UNION, and kept here too"
                    ),
                });
            }
            return;
        }
        let meanwhile = match streams(input) {
            true => "a handler that gives pages is stopped as soon as there are enough rows",
            false => "all rows are read",
        };
        self.say(match withheld(input, None) {
            Some(reason) => format!("LIMIT {limit}: withheld, {reason}; {meanwhile}"),
            None => format!("LIMIT {limit}: passed in `options.limit`, and kept here too"),
        });
    }

    fn join(
        &mut self,
        plan: &LogicalPlan,
        left: &LogicalPlan,
        right: &LogicalPlan,
        kind: JoinKind,
        on: Option<&Expr>,
        calls: &Calls,
    ) {
        let columns = names(plan);
        let width = left.schema().len() as u32;
        let conjuncts: Vec<Expr> = on.iter().flat_map(|on| (*on).clone().conjuncts()).collect();
        let word = match kind {
            JoinKind::Inner => "join",
            JoinKind::Left => "LEFT JOIN",
        };
        let is_bound = !missing_sets(right).is_empty() && is_readable(right, width, &conjuncts);
        let mut bound = Vec::new();
        for conjunct in &conjuncts {
            let text = self.written(conjunct, &columns);
            if !crate::choose::is_key(conjunct, width) {
                self.say(format!("{word} on `{text}`: checked for each pair of rows"));
                continue;
            }
            if is_bound {
                self.say(format!("{word} on `{text}`: gives the handler of the right side its value"));
                bound.push(text);
            } else {
                self.say(format!("{word} on `{text}`: rows are found by a hash table"));
            }
        }
        if conjuncts.is_empty() {
            self.say(match kind {
                JoinKind::Inner => "join: every row of one side goes with every row of the other".to_owned(),
                JoinKind::Left => {
                    "LEFT JOIN: every row of the right side goes with every row of the left side".to_owned()
                }
            });
        }
        self.plan(left, calls);
        let of_right = if is_bound { Calls::EachOf(bound) } else { Calls::Once };
        self.plan(right, &of_right);
    }

    fn scan(&mut self, scan: &Scan, calls: &Calls) {
        let field = |field: u32| scan.fields[field as usize].name.as_str();
        let list =
            |fields: &[u32]| fields.iter().map(|index| format!("`{}`", field(*index))).collect::<Vec<_>>().join(", ");
        let often = match calls {
            Calls::EachOf(texts) => match &texts[..] {
                [text] => format!("called once for each distinct value that `{text}` gives, NULL left out, {AT_MOST}"),
                texts => format!(
                    "called once for each distinct combination of values that `{}` give, NULL left out, {AT_MOST}",
                    texts.join("` and `")
                ),
            },
            Calls::Once if scan.each.is_empty() => "called once".to_owned(),
            Calls::Once => {
                let fields: Vec<u32> = scan.each.iter().map(|(field, _)| *field).collect();
                format!("called once for each distinct value of {}, NULL left out, {AT_MOST}", list(&fields))
            }
        };
        let wanted = match scan.columns.is_empty() {
            true => "no field, since rows are only counted".to_owned(),
            false => list(&scan.columns),
        };
        self.say(format!("{}.{}: {often}; wants {wanted}", scan.instance, scan.entity_name));
        for (index, value) in &scan.filters {
            if scan.fields[*index as usize].filter_only {
                // Its place is that of the value: the condition itself is gone.
                self.told
                    .conditions
                    .push((value.span, "pushed in `filters`, never re-checked: rows do not carry the field"));
                let value = self.written(value, &[]);
                self.say(format!(
                    "`{} = {value}`: pushed in `filters`, never re-checked: rows do not carry the field",
                    field(*index)
                ));
            }
        }
        if scan.pushdown.complete == Some(false) {
            self.say(format!(
                "{}.{} declares `\"complete\": false`: its rows may not be all that there are",
                scan.instance, scan.entity_name
            ));
        }
    }
}

/// What becomes of a condition directly above a scan.
fn of_conjunct(scan: &Scan, conjunct: &Expr) -> &'static str {
    let field = |column: u32| scan.columns[column as usize];
    let is_each = |column: u32| scan.each.iter().any(|(each, _)| *each == field(column));
    if alternatives(conjunct).is_some_and(|(column, _)| is_each(column)) {
        return "one call for each value, pushed in `filters`; re-checked here";
    }
    let conditions = conditions(conjunct);
    match conditions.as_slice() {
        [] => "local: checked here, the handler is not told",
        [(column, "in", _)] if is_each(*column) => "one call for each value, pushed in `filters`; re-checked here",
        [(column, "=", _)] if scan.filters.iter().any(|(filter, _)| *filter == field(*column)) => {
            "pushed in `filters` and `options.where`; re-checked here"
        }
        told if told.iter().all(|(column, operator, _)| {
            scan.conditions.iter().any(|known| known.field == field(*column) && known.operator == *operator)
        }) =>
        {
            "pushed in `options.where`; re-checked here"
        }
        _ => "local: checked here, the handler is not told",
    }
}

/// Whether the first rows are there before the last are read.
fn streams(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Sort { .. } | LogicalPlan::Aggregate { .. } => false,
        LogicalPlan::Join { left: input, .. }
        | LogicalPlan::Filter { input, .. }
        | LogicalPlan::Project { input, .. }
        | LogicalPlan::Limit { input, .. }
        | LogicalPlan::Distinct(input) => streams(input),
        LogicalPlan::Union(inputs) => inputs.iter().all(streams),
        LogicalPlan::Scan(_)
        | LogicalPlan::Elements { .. }
        | LogicalPlan::SingleRow
        | LogicalPlan::Nothing(_)
        | LogicalPlan::Shared { .. } => true,
    }
}

/// The inputs of the union whose rows come up one for one.
fn union_below(plan: &LogicalPlan) -> Option<&[LogicalPlan]> {
    match plan {
        LogicalPlan::Union(inputs) => Some(inputs),
        LogicalPlan::Project { input, .. } => union_below(input),
        _ => None,
    }
}
