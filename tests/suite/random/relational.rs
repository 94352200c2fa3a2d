//! Random joins, groups, subqueries and unions.

use fastrand::Rng;

use super::expression::{Expression, Generator, Name};
use super::query::{Order, Query, names};
use super::table::{INSTANCES, TABLES, Type};

/// The same in both languages.
type Both = (String, String);

fn same(text: impl Into<String>) -> Both {
    let text = text.into();
    (text.clone(), text)
}

fn written(made: &Expression) -> Both {
    (made.molt.clone(), made.postgres.clone())
}

fn append(to: &mut Both, (molt, postgres): &Both) {
    to.0.push_str(molt);
    to.1.push_str(postgres);
}

fn joined(parts: &[Both], between: &str) -> Both {
    let side = |side: fn(&Both) -> &str| parts.iter().map(side).collect::<Vec<_>>().join(between);
    (side(|part| &part.0), side(|part| &part.1))
}

/// A query of more than one table, of groups, of subqueries.
pub(crate) fn query(rng: &mut Rng) -> Query {
    let kind = rng.u8(..8);
    let mut generator = Generator { rng, names: Vec::new(), may_fail: false };
    let (text, types, order) = match kind {
        0 | 1 => join(&mut generator),
        2 | 3 => group(&mut generator),
        4 => union(&mut generator),
        5 => derived(&mut generator),
        _ => filtered_by_subquery(&mut generator),
    };
    Query { molt: text.0, postgres: text.1, types, order, approximate: matches!(kind, 2 | 3), may_fail: false }
}

fn table(generator: &mut Generator<'_>) -> String {
    let (table, _) = TABLES[generator.rng.usize(..TABLES.len()).max(generator.rng.usize(..TABLES.len()))];
    format!("{}.{table}", INSTANCES[generator.rng.usize(..2)])
}

/// ` FROM … JOIN …`; the columns of its tables are then in sight.
fn from(generator: &mut Generator<'_>, tables: usize) -> Both {
    let first = table(generator);
    let mut text = same(format!(" FROM {first} AS a"));
    generator.names = names("a.");
    for (number, alias) in ["b", "c"].into_iter().take(tables - 1).enumerate() {
        let next = table(generator);
        let before = generator.names.clone();
        generator.names.extend(names(&format!("{alias}.")));
        // What stands before a comma is out of sight of an ON behind it.
        let words = if number + 2 == tables { 6 } else { 5 };
        let word = ["JOIN", "INNER JOIN", "LEFT JOIN", "LEFT JOIN", "CROSS JOIN", ","][generator.rng.usize(..words)];
        let space = if word == "," { "" } else { " " };
        append(&mut text, &same(format!("{space}{word} {next} AS {alias}")));
        if !word.ends_with("JOIN") || word == "CROSS JOIN" {
            continue;
        }
        let mut conditions = Vec::new();
        if generator.rng.u8(..4) != 0 {
            let left = &before[generator.rng.usize(..before.len())];
            let right: Vec<Name> =
                names(&format!("{alias}.")).into_iter().filter(|name| name.data_type == left.data_type).collect();
            let right = &right[generator.rng.usize(..right.len())];
            conditions.push(same(format!("{} = {}", left.text, right.text)));
        }
        if conditions.is_empty() || generator.rng.u8(..3) == 0 {
            let condition = generator.boolean(2);
            conditions.push((format!("({})", condition.molt), format!("({})", condition.postgres)));
        }
        append(&mut text, &same(" ON "));
        append(&mut text, &joined(&conditions, " AND "));
    }
    text
}

fn filter(generator: &mut Generator<'_>) -> Both {
    if generator.rng.bool() {
        return Both::default();
    }
    let mut text = same(" WHERE ");
    append(&mut text, &written(&generator.condition(2)));
    text
}

/// Columns of these types, named `c0`, `c1`, …
fn list(generator: &mut Generator<'_>, types: &[Type]) -> Both {
    let column = |(number, data_type): (usize, &Type)| {
        let (molt, postgres) = written(&generator.expression(*data_type, 2));
        (format!("{molt} AS c{number}"), format!("{postgres} AS c{number}"))
    };
    let columns: Vec<Both> = types.iter().enumerate().map(column).collect();
    joined(&columns, ", ")
}

fn types(generator: &mut Generator<'_>) -> Vec<Type> {
    (0..generator.rng.usize(1..4)).map(|_| generator.any()).collect()
}

fn join(generator: &mut Generator<'_>) -> (Both, Vec<Type>, Order) {
    let tables = generator.rng.usize(2..4);
    let from = from(generator, tables);
    let types = types(generator);
    let distinct = generator.rng.u8(..4) == 0;
    let mut text = same(if distinct { "SELECT DISTINCT " } else { "SELECT " });
    append(&mut text, &list(generator, &types));
    append(&mut text, &from);
    append(&mut text, &filter(generator));
    if distinct {
        let order = by_all_columns(generator, &mut text, types.len());
        return (text, types, order);
    }
    if generator.rng.bool() {
        return (text, types, Order::None);
    }
    append(&mut text, &same(if tables == 2 { " ORDER BY a.id, b.id" } else { " ORDER BY a.id DESC, b.id, c.id" }));
    if generator.rng.bool() {
        append(&mut text, &same(format!(" LIMIT {} OFFSET {}", generator.rng.u8(1..9), generator.rng.u8(..4))));
    }
    (text, types, Order::Total)
}

/// An aggregate and its type.
fn aggregate(generator: &mut Generator<'_>) -> (Both, Type) {
    let of = |name: &str, (molt, postgres): Both| (format!("{name}({molt})"), format!("{name}({postgres})"));
    match generator.rng.u8(..9) {
        0 => (same("COUNT(*)"), Type::Integer),
        1 | 2 => {
            let data_type = generator.any();
            let argument = written(&generator.expression(data_type, 1));
            let distinct = if generator.rng.bool() { "DISTINCT " } else { "" };
            let argument = (format!("{distinct}{}", argument.0), format!("{distinct}{}", argument.1));
            (of("COUNT", argument), Type::Integer)
        }
        3 => {
            let (molt, postgres) = of("SUM", written(&generator.bounded(Type::Integer)));
            ((molt, format!("{postgres}::bigint")), Type::Integer)
        }
        4 => (of("SUM", written(&generator.bounded(Type::Number))), Type::Number),
        5 => {
            let data_type = [Type::Integer, Type::Number][generator.rng.usize(..2)];
            let (molt, postgres) = of("AVG", written(&generator.bounded(data_type)));
            ((molt, format!("{postgres}::float8")), Type::Number)
        }
        6 => {
            let name = ["BOOL_AND", "BOOL_OR"][generator.rng.usize(..2)];
            (of(name, written(&generator.expression(Type::Boolean, 1))), Type::Boolean)
        }
        _ => {
            let name = ["MIN", "MAX"][generator.rng.usize(..2)];
            let data_type =
                [Type::Text, Type::Integer, Type::Number, Type::Timestamp, Type::Date][generator.rng.usize(..5)];
            (of(name, written(&generator.expression(data_type, 1))), data_type)
        }
    }
}

fn group(generator: &mut Generator<'_>) -> (Both, Vec<Type>, Order) {
    let tables = generator.rng.usize(1..3);
    let from = from(generator, tables);
    let (mut columns, mut types, mut keys) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..generator.rng.usize(..3) {
        let data_type = generator.any();
        let made = generator.expression(data_type, 1);
        // A constant would be a position or an error.
        keys.push(match generator.rng.u8(..3) {
            0 => same(format!("c{number}")),
            1 => same((number + 1).to_string()),
            _ if made.has_column => written(&made),
            _ => same(format!("c{number}")),
        });
        columns.push((format!("{} AS c{number}", made.molt), format!("{} AS c{number}", made.postgres)));
        types.push(data_type);
    }
    for number in 0..generator.rng.usize(1..4) {
        let ((molt, postgres), data_type) = aggregate(generator);
        columns.push((format!("{molt} AS x{number}"), format!("{postgres} AS x{number}")));
        types.push(data_type);
    }
    let mut text = same("SELECT ");
    append(&mut text, &joined(&columns, ", "));
    append(&mut text, &from);
    append(&mut text, &filter(generator));
    if !keys.is_empty() {
        append(&mut text, &same(" GROUP BY "));
        append(&mut text, &joined(&keys, ", "));
    }
    if generator.rng.u8(..3) == 0 {
        let having = ["COUNT(*) > 1", "MAX(a.id) >= 5", "COUNT(a.k) < 4 OR MIN(a.s) IS NULL", "BOOL_OR(a.b)"];
        append(&mut text, &same(format!(" HAVING {}", having[generator.rng.usize(..4)])));
    }
    (text, types, Order::None)
}

/// A SELECT of one table with columns of these types.
fn simple(generator: &mut Generator<'_>, types: &[Type]) -> Both {
    let outer = std::mem::take(&mut generator.names);
    let from = from(generator, 1);
    let mut text = same("SELECT ");
    append(&mut text, &list(generator, types));
    append(&mut text, &from);
    append(&mut text, &filter(generator));
    generator.names = outer;
    text
}

fn union(generator: &mut Generator<'_>) -> (Both, Vec<Type>, Order) {
    let types = types(generator);
    let mut text = simple(generator, &types);
    for _ in 0..generator.rng.usize(1..3) {
        append(&mut text, &same(if generator.rng.bool() { " UNION ALL " } else { " UNION " }));
        append(&mut text, &simple(generator, &types));
    }
    let order = by_all_columns(generator, &mut text, types.len());
    (text, types, order)
}

/// ORDER BY that leaves only equal rows without an order, sometimes.
fn by_all_columns(generator: &mut Generator<'_>, text: &mut Both, columns: usize) -> Order {
    if generator.rng.u8(..3) == 0 {
        return Order::None;
    }
    let key = |number: usize| format!("{number}{}", ["", " DESC", " NULLS FIRST"][generator.rng.usize(..3)]);
    let keys: Vec<String> = (1..=columns).map(key).collect();
    append(text, &same(format!(" ORDER BY {}", keys.join(", "))));
    if generator.rng.bool() {
        append(text, &same(format!(" LIMIT {} OFFSET {}", generator.rng.u8(..9), generator.rng.u8(..4))));
    }
    Order::Total
}

/// FROM a subquery or a WITH that is read twice.
fn derived(generator: &mut Generator<'_>) -> (Both, Vec<Type>, Order) {
    let inner = types(generator);
    let query = match generator.rng.bool() {
        true => simple(generator, &inner),
        false => {
            let mut text = simple(generator, &inner);
            append(&mut text, &same(" UNION ALL "));
            append(&mut text, &simple(generator, &inner));
            text
        }
    };
    let columns = |alias: &str| -> Vec<Name> {
        let name = |(number, data_type): (usize, &Type)| Name {
            text: format!("{alias}.c{number}"),
            data_type: *data_type,
            size: f64::INFINITY,
        };
        inner.iter().enumerate().map(name).collect()
    };
    generator.names = columns("q");
    let mut text = Both::default();
    let from = if generator.rng.bool() {
        (format!(" FROM ({}) AS q", query.0), format!(" FROM ({}) AS q", query.1))
    } else {
        text = (format!("WITH w AS ({}) ", query.0), format!("WITH w AS ({}) ", query.1));
        if generator.rng.bool() {
            generator.names.extend(columns("r"));
            same(" FROM w AS q JOIN w AS r ON q.c0 = r.c0")
        } else {
            same(" FROM w AS q")
        }
    };
    let types = types(generator);
    append(&mut text, &same("SELECT "));
    append(&mut text, &list(generator, &types));
    append(&mut text, &from);
    append(&mut text, &filter(generator));
    let order = by_all_columns(generator, &mut text, types.len());
    (text, types, order)
}

/// `IN (SELECT …)`, `EXISTS`, a scalar subquery; correlated ones too.
fn filtered_by_subquery(generator: &mut Generator<'_>) -> (Both, Vec<Type>, Order) {
    let from = from(generator, 1);
    let types = types(generator);
    let mut text = same("SELECT ");
    append(&mut text, &list(generator, &types));
    append(&mut text, &from);
    append(&mut text, &same(" WHERE "));
    if generator.rng.u8(..3) == 0 {
        let first = written(&generator.boolean(1));
        append(&mut text, &(format!("({}) AND ", first.0), format!("({}) AND ", first.1)));
    }
    let inner = table(generator);
    let outer = generator.names.clone();
    let both_sides: Vec<Name> = outer.iter().cloned().chain(names("e.")).collect();
    let correlated = generator.rng.bool();
    let negated = if generator.rng.u8(..3) == 0 { "NOT " } else { "" };
    let part = match generator.rng.u8(..4) {
        0 | 1 => {
            let data_type = generator.any();
            let operand = generator.expression(data_type, 1);
            generator.names = if correlated { both_sides } else { names("e.") };
            let value = written(&generator.expression(data_type, 1));
            let filter = filter(generator);
            (
                format!("({}) {negated}IN (SELECT {} FROM {inner} AS e{})", operand.molt, value.0, filter.0),
                format!("({}) {negated}IN (SELECT {} FROM {inner} AS e{})", operand.postgres, value.1, filter.1),
            )
        }
        2 => {
            generator.names = if correlated { both_sides } else { names("e.") };
            let condition = written(&generator.boolean(2));
            let key = if correlated { "e.k = a.k AND " } else { "" };
            (
                format!("{negated}EXISTS (SELECT 1 FROM {inner} AS e WHERE {key}({}))", condition.0),
                format!("{negated}EXISTS (SELECT 1 FROM {inner} AS e WHERE {key}({}))", condition.1),
            )
        }
        _ => {
            let aggregate = ["COUNT(*)", "MAX(e.k)", "MIN(e.id)"][generator.rng.usize(..3)];
            let key = if correlated { " WHERE e.k = a.k" } else { "" };
            same(format!("a.id >= (SELECT {aggregate} FROM {inner} AS e{key})"))
        }
    };
    append(&mut text, &part);
    generator.names = outer;
    (text, types, Order::None)
}
