use std::fmt::Write;

use moltler_abi::manifest::{Binding, FunctionId, Join, Operator};

use super::{expression, join_line, line, order_by, physical_aggregate_line, sort_key};
use crate::expr::Expr;
use crate::program::{Catch, FunctionBody, Program, Statement, StatementKind};

/// A program: its statements, and the plan of each query.
pub fn program(program: &Program) -> String {
    let mut text = String::new();
    if let Some(main) = program.manifest.main {
        text.push_str("main\n");
        entry(program, main, &mut text);
    }
    for test in &program.manifest.tests {
        let _ = writeln!(text, "test {}", test.name);
        match test.code {
            Some(code) => entry(program, code, &mut text),
            None => text.push_str("  does not compile\n"),
        }
    }
    for (index, query) in program.manifest.queries.iter().enumerate() {
        let columns: Vec<String> =
            query.columns.iter().map(|column| format!("{} {}", column.name, column.data_type)).collect();
        let _ = writeln!(text, "query {index} ({})", columns.join(", "));
        operator(program, &query.plan, 1, &mut text);
    }
    for (index, plan) in program.manifest.shared.iter().enumerate() {
        let _ = writeln!(text, "shared {index}");
        operator(program, plan, 1, &mut text);
    }
    for (index, subquery) in program.manifest.subqueries.iter().enumerate() {
        let parameters: Vec<String> = subquery.parameters.iter().map(|slot| format!("${slot}")).collect();
        let parameters = parameters.join(", ");
        let _ = writeln!(text, "subquery {index} {:?} of query {} ({parameters})", subquery.kind, subquery.query);
    }
    text
}

fn scalar(program: &Program, function: FunctionId) -> String {
    match &program.functions[function.0 as usize].body {
        FunctionBody::Scalar(value) => expression(value, &[]),
        FunctionBody::Entry(_) | FunctionBody::Pipeline(_) => {
            panic!("Invariant: the manifest names functions of the kind that it needs")
        }
    }
}

fn operator(program: &Program, plan: &Operator, depth: usize, text: &mut String) {
    match plan {
        Operator::Scan(scan) => {
            let entity = &program.manifest.entities[scan.entity as usize];
            let field = |index: u32| entity.fields[index as usize].name.as_str();
            let columns: Vec<&str> = scan.columns.iter().map(|index| field(*index)).collect();
            let mut content = format!("ConnectorScan {}.{} [{}]", scan.instance, entity.name, columns.join(", "));
            if !scan.filters.is_empty() {
                let filters = scan.filters.iter();
                let filters =
                    filters.map(|filter| format!("{}: {}", field(filter.field), scalar(program, filter.value)));
                let _ = write!(content, " filters {{{}}}", filters.collect::<Vec<_>>().join(", "));
            }
            for each in &scan.each {
                let _ = write!(content, " each {}: {}", field(each.field), scalar(program, each.value));
            }
            if !scan.conditions.is_empty() {
                let conditions = scan.conditions.iter().map(|condition| match condition.value {
                    Some(value) => {
                        format!("{} {} {}", field(condition.field), condition.operator, scalar(program, value))
                    }
                    None => format!("{} {}", field(condition.field), condition.operator),
                });
                let _ = write!(content, " where [{}]", conditions.collect::<Vec<_>>().join(", "));
            }
            if !scan.order_by.is_empty() {
                let _ = write!(content, " order by {}", order_by(&scan.order_by, field));
            }
            if let Some(limit) = scan.limit {
                let _ = write!(content, " limit {}", scalar(program, limit));
            }
            line(text, depth, &content);
        }
        Operator::Elements(array) => line(text, depth, &format!("Elements {}", scalar(program, *array))),
        Operator::SingleRow => line(text, depth, "SingleRow"),
        Operator::Nothing(_) => line(text, depth, "Nothing"),
        Operator::Pipeline { input, pipeline } => {
            let FunctionBody::Pipeline(pipeline) = &program.functions[pipeline.code.0 as usize].body else {
                panic!("Invariant: the code of a pipeline is a loop");
            };
            let names: Vec<String> = match &**input {
                Operator::Scan(scan) => {
                    let fields = &program.manifest.entities[scan.entity as usize].fields;
                    scan.columns.iter().map(|index| fields[*index as usize].name.clone()).collect()
                }
                _ => Vec::new(),
            };
            let outputs: Vec<String> = pipeline.outputs.iter().map(|value| expression(value, &names)).collect();
            let filter = match &pipeline.filter {
                Some(filter) => format!(" where {}", expression(filter, &names)),
                None => String::new(),
            };
            line(text, depth, &format!("Pipeline [{}]{filter}", outputs.join(", ")));
            operator(program, input, depth + 1, text);
        }
        Operator::Sort { input, keys } => {
            let keys: Vec<String> =
                keys.iter().map(|key| sort_key(&format!("#{}", key.column), key.descending, key.nulls_first)).collect();
            line(text, depth, &format!("Sort {}", keys.join(", ")));
            operator(program, input, depth + 1, text);
        }
        Operator::Limit { input, limit, offset } => {
            let limit = limit.map_or("all".to_owned(), |limit| scalar(program, limit));
            let offset = offset.map_or(String::new(), |offset| format!(" offset {}", scalar(program, offset)));
            line(text, depth, &format!("Limit {limit}{offset}"));
            operator(program, input, depth + 1, text);
        }
        Operator::Aggregate { input, keys, aggregates, .. } => {
            line(text, depth, &physical_aggregate_line(*keys, aggregates));
            operator(program, input, depth + 1, text);
        }
        Operator::Distinct(input) => {
            line(text, depth, "Distinct");
            operator(program, input, depth + 1, text);
        }
        Operator::HashJoin(join) => joined(program, "HashJoin", join, &[], depth, text),
        Operator::NestedLoop(join) => joined(program, "NestedLoop", join, &[], depth, text),
        Operator::DependentJoin { join, bindings } => {
            joined(program, "DependentJoin", join, bindings, depth, text);
        }
        Operator::Union(inputs) => {
            line(text, depth, "Union");
            for input in inputs {
                operator(program, input, depth + 1, text);
            }
        }
        Operator::Shared(index) => line(text, depth, &format!("Shared {index}")),
    }
}

fn joined(program: &Program, name: &str, join: &Join, bindings: &[Binding], depth: usize, text: &mut String) {
    let condition = join.condition.as_ref().map(|condition| match &program.functions[condition.code.0 as usize].body {
        FunctionBody::Pipeline(pipeline) => &pipeline.outputs[0],
        FunctionBody::Entry(_) | FunctionBody::Scalar(_) => panic!("Invariant: the condition of a join is a loop"),
    });
    line(text, depth, &join_line(name, join.kind, &join.keys, join.left_columns.len(), condition, bindings));
    operator(program, &join.left, depth + 1, text);
    operator(program, &join.right, depth + 1, text);
}

fn entry(program: &Program, function: FunctionId, text: &mut String) {
    match &program.functions[function.0 as usize].body {
        FunctionBody::Entry(body) => statements(program, body, 1, text),
        FunctionBody::Scalar(_) | FunctionBody::Pipeline(_) => panic!("Invariant: an entry point has statements"),
    }
}

fn statements(program: &Program, body: &[Statement], depth: usize, text: &mut String) {
    for statement in body {
        self::statement(program, statement, depth, text);
    }
}

fn statement(program: &Program, statement: &Statement, depth: usize, text: &mut String) {
    let value = |expr: &Expr| expression(expr, &[]);
    match &statement.kind {
        StatementKind::Store { slot, value: stored } => line(text, depth, &format!("${slot} = {}", value(stored))),
        StatementKind::PrintQuery(query) => line(text, depth, &format!("Print query {query}")),
        StatementKind::PrintResult(result) => line(text, depth, &format!("Print result {}", value(result))),
        StatementKind::Evaluate(result) => line(text, depth, &format!("Evaluate {}", value(result))),
        StatementKind::Print(printed) => line(text, depth, &format!("Print {}", value(printed))),
        StatementKind::Assert { value: condition, message, .. } => {
            let message = message.as_ref().map_or(String::new(), |message| format!(", {}", value(message)));
            line(text, depth, &format!("Assert {}{message}", value(condition)));
        }
        StatementKind::AssertRaises { class, pattern, statement } => {
            let pattern = pattern.as_ref().map_or(String::new(), |(_, pattern)| format!(" like {}", value(pattern)));
            line(text, depth, &format!("Assert raises {class}{pattern}"));
            self::statement(program, statement, depth + 1, text);
        }
        StatementKind::Advance(interval) => line(text, depth, &format!("Advance {}", value(interval))),
        StatementKind::CreateInstance(instance) => {
            let name = &program.manifest.instances[*instance as usize].name;
            line(text, depth, &format!("Create instance {name}"));
        }
        StatementKind::Command(command) => {
            line(text, depth, &format!("{:?}", program.manifest.commands[*command as usize]));
        }
        StatementKind::Fail(message) => {
            line(text, depth, &format!("Fail {:?}", program.manifest.messages[*message as usize]));
        }
        StatementKind::If { branches, otherwise } => {
            for (index, (condition, body)) in branches.iter().enumerate() {
                let word = if index == 0 { "If" } else { "ElseIf" };
                line(text, depth, &format!("{word} {}", value(condition)));
                statements(program, body, depth + 1, text);
            }
            if !otherwise.is_empty() {
                line(text, depth, "Else");
                statements(program, otherwise, depth + 1, text);
            }
        }
        StatementKind::While { condition, body } => {
            line(text, depth, &format!("While {}", value(condition)));
            statements(program, body, depth + 1, text);
        }
        StatementKind::ForEach { slot, array, body, .. } => {
            line(text, depth, &format!("For ${slot} in {}", value(array)));
            statements(program, body, depth + 1, text);
        }
        StatementKind::ForRange { slot, from, to, body } => {
            line(text, depth, &format!("For ${slot} in {}..{}", value(from), value(to)));
            statements(program, body, depth + 1, text);
        }
        StatementKind::Break => line(text, depth, "Break"),
        StatementKind::Continue => line(text, depth, "Continue"),
        StatementKind::Try { body, catches, finally } => {
            line(text, depth, "Try");
            statements(program, body, depth + 1, text);
            for Catch { class, slot, body } in catches {
                line(text, depth, &format!("Catch {} as ${slot}", class.as_deref().unwrap_or("any")));
                statements(program, body, depth + 1, text);
            }
            if !finally.is_empty() {
                line(text, depth, "Finally");
                statements(program, finally, depth + 1, text);
            }
        }
        StatementKind::Raise { message, code } => {
            let code = code.as_ref().map_or(String::new(), |code| format!(" with code {}", value(code)));
            line(text, depth, &format!("Raise {}{code}", value(message)));
        }
    }
}
