//! Random queries.

use fastrand::Rng;

use super::expression::{Expression, Generator, Name};
use super::table::{COLUMNS, INSTANCES, TABLES, Type};

/// A query in both languages.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    pub(crate) molt: String,
    pub(crate) postgres: String,
    /// Of its columns.
    pub(crate) types: Vec<Type>,
    /// What is told of the order of its rows.
    pub(crate) order: Order,
    /// Whether its numbers are sums, which depend on the order of rows.
    pub(crate) approximate: bool,
    /// Whether it may fail; else it must not.
    pub(crate) may_fail: bool,
}

/// Which answers are right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Rows have one order.
    Total,
    /// They may come in any order.
    None,
    /// A limit takes any of them: only how many there are is known.
    Any,
}

/// A random query.
pub(crate) fn query(rng: &mut Rng) -> Query {
    match rng.u8(..10) {
        0..=4 => super::relational::query(rng),
        5 => told(rng),
        _ => of_one_table(rng),
    }
}

/// A query that a handler may be told in full: conditions on the fields that PUSHDOWN names, their order, a limit.
fn told(rng: &mut Rng) -> Query {
    let mut conditions: Vec<String> = Vec::new();
    for _ in 0..rng.usize(..3) {
        let (one, two) = (rng.u8(1..8), rng.u8(1..8));
        conditions.push(match rng.u8(..4) {
            0 => format!("k = {}", one % 5),
            1 => format!("k IN ({}, {})", one % 5, two % 5),
            2 => format!("id < {one}"),
            _ => format!("id >= {one}"),
        });
    }
    let instance = INSTANCES[rng.usize(..2)];
    let filter = if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) };
    let direction = ["", " DESC"][rng.usize(..2)];
    let (order_by, order) =
        if rng.bool() { (format!(" ORDER BY id{direction}"), Order::Total) } else { (String::new(), Order::Any) };
    let offset = ["", " OFFSET 1"][rng.usize(..2)];
    let text = format!("SELECT id, k FROM {instance}.t7{filter}{order_by} LIMIT {}{offset}", rng.u8(1..4));
    Query {
        molt: text.clone(),
        postgres: text,
        types: vec![Type::Integer, Type::Integer],
        order,
        approximate: false,
        may_fail: false,
    }
}

/// A query of one table or of none.
fn of_one_table(rng: &mut Rng) -> Query {
    let may_fail = rng.u8(..3) == 0;
    let from = (rng.u8(..8) != 0).then(|| {
        let (table, _) = TABLES[rng.usize(..TABLES.len()).max(rng.usize(..TABLES.len()))];
        format!("{}.{table}", INSTANCES[rng.usize(..2)])
    });
    let names = if from.is_some() { names("") } else { Vec::new() };
    let mut generator = Generator { rng, names, may_fail };
    let (molt_list, postgres_list, types, shown) = select_list(&mut generator);
    let mut tail = (String::new(), String::new());
    let mut push = |molt: &str, postgres: &str| {
        tail.0.push_str(molt);
        tail.1.push_str(postgres);
    };
    let mut order = Order::Total;
    if let Some(from) = &from {
        push(&format!(" FROM {from}"), &format!(" FROM {from}"));
        if generator.rng.u8(..3) != 0 {
            // A failure is expected of one place only: the others may be left out for rows that a filter drops.
            generator.may_fail = false;
            let depth = generator.rng.u8(1..4);
            let condition = generator.condition(depth);
            push(&format!(" WHERE {}", condition.molt), &format!(" WHERE {}", condition.postgres));
        }
        order = match generator.rng.u8(..8) {
            _ if may_fail => Order::None,
            0 | 1 => Order::None,
            2 => Order::Any,
            _ => Order::Total,
        };
        if order == Order::Total {
            let (molt, postgres) = order_by(&mut generator, &shown);
            push(&molt, &postgres);
        }
        if order == Order::Any || order == Order::Total && generator.rng.bool() {
            let limit = format!(" LIMIT {}", generator.rng.u8(..9));
            push(&limit, &limit);
        }
        if order != Order::None && generator.rng.u8(..3) == 0 {
            let offset = format!(" OFFSET {}", generator.rng.u8(..6));
            push(&offset, &offset);
        }
    }
    Query {
        molt: format!("SELECT {molt_list}{}", tail.0),
        postgres: format!("SELECT {postgres_list}{}", tail.1),
        types,
        order,
        approximate: false,
        may_fail,
    }
}

/// The columns of a table, behind this qualifier.
pub(super) fn names(qualifier: &str) -> Vec<Name> {
    let name = |(name, data_type, size): &(&str, Type, f64)| Name {
        text: format!("{qualifier}{name}"),
        data_type: *data_type,
        size: *size,
    };
    COLUMNS.iter().map(name).collect()
}

/// The list on both sides, the types, and what ORDER BY may name.
fn select_list(generator: &mut Generator<'_>) -> (String, String, Vec<Type>, Vec<String>) {
    let (mut molt, mut postgres, mut types, mut shown) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    if !generator.names.is_empty() && generator.rng.u8(..10) == 0 {
        types.extend(COLUMNS.iter().map(|(_, data_type, _)| *data_type));
        return ("*".to_owned(), "*".to_owned(), types, shown);
    }
    // One column may go without an alias: two could have the same name.
    let unnamed = generator.rng.usize(..6);
    for number in 0..generator.rng.usize(1..5) {
        let (data_type, made) = if generator.may_fail && !generator.names.is_empty() && generator.rng.bool() {
            generator.failing()
        } else {
            let data_type = if generator.rng.u8(..12) == 0 { Type::Interval } else { generator.any() };
            let depth = generator.rng.u8(..4);
            (data_type, generator.expression(data_type, depth))
        };
        let Expression { molt: text, postgres: theirs, same_name, .. } = made;
        if number == unnamed && same_name {
            molt.push(text);
            postgres.push(theirs);
        } else {
            molt.push(format!("{text} AS c{number}"));
            postgres.push(format!("{theirs} AS c{number}"));
            shown.push(format!("c{number}"));
        }
        types.push(data_type);
    }
    (molt.join(", "), postgres.join(", "), types, shown)
}

/// A total order: `id` is unique.
fn order_by(generator: &mut Generator<'_>, shown: &[String]) -> (String, String) {
    let (mut molt, mut postgres) = (Vec::new(), Vec::new());
    for _ in 0..generator.rng.usize(..3) {
        let direction = ["", " ASC", " DESC"][generator.rng.usize(..3)];
        let nulls = ["", " NULLS FIRST", " NULLS LAST"][generator.rng.usize(..3)];
        let (left, right) = match shown.len() {
            0 => ("s".to_owned(), "s".to_owned()),
            count if generator.rng.bool() => {
                let name = &shown[generator.rng.usize(..count)];
                (name.clone(), name.clone())
            }
            _ => {
                let data_type = generator.any();
                let made = generator.expression(data_type, 1);
                // A bare number would be a position.
                (format!("COALESCE({}, NULL)", made.molt), format!("COALESCE({}, NULL)", made.postgres))
            }
        };
        molt.push(format!("{left}{direction}{nulls}"));
        postgres.push(format!("{right}{direction}{nulls}"));
    }
    molt.push("id".to_owned());
    postgres.push("id".to_owned());
    (format!(" ORDER BY {}", molt.join(", ")), format!(" ORDER BY {}", postgres.join(", ")))
}
