use crate::expr::Expr;
use crate::logical::{LogicalPlan, Scan};

/// A scan gives only the fields that something above it reads.
pub(super) fn prune_columns(plan: LogicalPlan) -> LogicalPlan {
    plan.rewrite(&|mut plan| {
        if let LogicalPlan::Project { input, outputs } = &mut plan {
            let mut readers: Vec<&mut Expr> = outputs.iter_mut().map(|(_, value)| value).collect();
            let below = match &mut **input {
                LogicalPlan::Filter { input, predicate } => {
                    readers.push(predicate);
                    &mut **input
                }
                other => other,
            };
            if let LogicalPlan::Scan(scan) = below {
                prune(scan, &mut readers);
            }
        }
        plan
    })
}

fn prune(scan: &mut Scan, readers: &mut [&mut Expr]) {
    let mut read: Vec<u32> = readers.iter().flat_map(|reader| reader.columns()).collect();
    read.sort_unstable();
    read.dedup();
    for reader in readers {
        reader.map_columns(&|column| {
            read.binary_search(&column).expect("Invariant: every column that is read was counted") as u32
        });
    }
    scan.columns = read.iter().map(|column| scan.columns[*column as usize]).collect();
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, field, filter, items, project};
    use super::*;

    #[test]
    fn what_nobody_reads_goes() {
        let plan = project(
            filter(items(), Expr::equal(field("priority"), Expr::integer(3))),
            vec![field("created_at"), field("id")],
        );
        check(
            prune_columns,
            plan,
            "Project created_at AS c0, id AS c1\n  Filter priority = 3\n    Scan shop.items [id, priority, created_at]",
        );
    }

    #[test]
    fn constants_need_no_column() {
        check(prune_columns, project(items(), vec![Expr::integer(1)]), "Project 1 AS c0\n  Scan shop.items []");
    }
}
