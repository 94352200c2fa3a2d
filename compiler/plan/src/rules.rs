//! Rewrites of logical plans, one in each file. Each keeps the schema and the rows.

mod drop_empty;
mod fold_constants;
mod move_filter;
mod order_joins;
mod prune_columns;
pub(crate) mod push_down_filter;
pub(crate) mod push_down_limit;
mod push_down_order;

use crate::logical::LogicalPlan;

/// Applies all rules.
pub fn optimize(plan: LogicalPlan) -> LogicalPlan {
    let rules: [fn(LogicalPlan) -> LogicalPlan; 8] = [
        fold_constants::fold_constants,
        move_filter::move_filter,
        // Before the filter is told to the scan, since a limit needs a scan that nothing filters.
        push_down_limit::push_down_limit,
        push_down_filter::push_down_filter,
        // Behind it, since scans that are told their required fields go anywhere.
        order_joins::order_joins,
        push_down_order::push_down_order,
        drop_empty::drop_empty,
        prune_columns::prune_columns,
    ];
    rules.into_iter().fold(plan, |plan, rule| rule(plan))
}

/// Applies only what the meaning of a query needs: a condition on a `filter_only` field is passed on and not checked, and a
/// handler is told the values of required fields.
pub fn without_optimization(plan: LogicalPlan) -> LogicalPlan {
    order_joins::order_joins(push_down_filter::push_down_filter_only(move_filter::move_needed(plan)))
}

#[cfg(test)]
pub(crate) mod tests {
    use moltler_abi::DataType;
    use moltler_abi::manifest::{JoinKind, Span};

    use crate::expr::Expr;
    use crate::logical::{LogicalPlan, Pushdown, Scan, ScanField};

    /// `shop.items`: id string, name string, priority integer, created_at timestamp, open boolean, JQL string (filter only).
    pub(crate) fn items() -> LogicalPlan {
        let field = |name: &str, data_type| ScanField {
            name: name.to_owned(),
            data_type,
            filter_only: name == "JQL",
            required: false,
        };
        let fields = vec![
            field("id", DataType::String),
            field("name", DataType::String),
            field("priority", DataType::Integer),
            field("created_at", DataType::Timestamp),
            field("open", DataType::Boolean),
            field("JQL", DataType::String),
        ];
        LogicalPlan::Scan(Scan {
            instance: "shop".to_owned(),
            entity: 0,
            entity_name: "items".to_owned(),
            columns: (0..fields.len() as u32).collect(),
            fields,
            pushdown: Box::default(),
            filters: Vec::new(),
            each: Vec::new(),
            conditions: Vec::new(),
            limit: None,
            order_by: Vec::new(),
            span: Span::default(),
        })
    }

    /// A field of [`items`].
    pub(crate) fn field(name: &str) -> Expr {
        let LogicalPlan::Scan(scan) = items() else { unreachable!("items is a scan") };
        let index = scan.fields.iter().position(|field| field.name == name).expect("a field of items");
        Expr::column(index as u32, scan.fields[index].data_type)
    }

    pub(crate) fn filter(input: LogicalPlan, predicate: Expr) -> LogicalPlan {
        LogicalPlan::Filter { input: Box::new(input), predicate }
    }

    pub(crate) fn project(input: LogicalPlan, outputs: Vec<Expr>) -> LogicalPlan {
        let outputs = outputs.into_iter().enumerate().map(|(index, value)| (format!("c{index}"), value)).collect();
        LogicalPlan::Project { input: Box::new(input), outputs }
    }

    /// `shop.issues`: repo string (required), title string.
    pub(crate) fn issues() -> LogicalPlan {
        let LogicalPlan::Scan(scan) = items() else { unreachable!("items is a scan") };
        let field = |name: &str| ScanField {
            name: name.to_owned(),
            data_type: DataType::String,
            filter_only: false,
            required: name == "repo",
        };
        let fields = vec![field("repo"), field("title")];
        let pushdown = Box::new(Pushdown { required: vec![vec![0]], ..Pushdown::default() });
        LogicalPlan::Scan(Scan { entity_name: "issues".to_owned(), columns: vec![0, 1], fields, pushdown, ..scan })
    }

    /// A field of [`items`] on the right side of a join with [`items`].
    pub(crate) fn right(name: &str) -> Expr {
        let mut field = field(name);
        field.map_columns(&|column| column + 6);
        field
    }

    pub(crate) fn join(left: LogicalPlan, right: LogicalPlan, kind: JoinKind, on: Expr) -> LogicalPlan {
        LogicalPlan::Join { left: Box::new(left), right: Box::new(right), kind, on: Some(on) }
    }

    pub(crate) fn limit(input: LogicalPlan, limit: i64) -> LogicalPlan {
        LogicalPlan::Limit { input: Box::new(input), limit: Some(Expr::integer(limit)), offset: None }
    }

    /// Applies the rule: plan in, plan out, and the schema stays.
    #[track_caller]
    pub(crate) fn check(rule: fn(LogicalPlan) -> LogicalPlan, plan: LogicalPlan, expected: &str) {
        let schema = plan.schema();
        let rewritten = rule(plan);
        assert_eq!(crate::explain::logical(&rewritten).trim_end(), expected.trim());
        assert_eq!(rewritten.schema(), schema);
    }
}
