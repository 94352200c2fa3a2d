//! Random tables, as the rows of a handler and as tables of PostgreSQL.

use fastrand::Rng;

/// The types of columns and expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Text,
    Integer,
    Number,
    Boolean,
    Timestamp,
    Date,
    Interval,
}

impl Type {
    /// As Moltler and as PostgreSQL write it.
    pub(crate) fn names(self) -> (&'static str, &'static str) {
        match self {
            Type::Text => ("string", "text"),
            Type::Integer => ("integer", "bigint"),
            Type::Number => ("number", "float8"),
            Type::Boolean => ("boolean", "boolean"),
            Type::Timestamp => ("timestamp", "timestamptz"),
            Type::Date => ("date", "date"),
            Type::Interval => ("interval", "interval"),
        }
    }
}

/// Name, type and the greatest size of a number in it; infinite where sums of it may leave the type.
pub(crate) type Column = (&'static str, Type, f64);

/// The columns that every table has. `id` is never NULL and unique, `k` and `b` have few values.
pub(crate) const COLUMNS: [Column; 10] = [
    ("id", Type::Integer, 100.0),
    ("s", Type::Text, 0.0),
    ("u", Type::Text, 0.0),
    ("k", Type::Integer, 5.0),
    ("i", Type::Integer, f64::INFINITY),
    ("n", Type::Number, 1e6),
    ("x", Type::Number, f64::INFINITY),
    ("b", Type::Boolean, 0.0),
    ("ts", Type::Timestamp, 0.0),
    ("d", Type::Date, 0.0),
];

/// The instances, each with all entities.
pub(crate) const INSTANCES: [&str; 2] = ["one", "two"];

/// The entities and how many rows they have.
pub(crate) const TABLES: [(&str, usize); 4] = [("t0", 0), ("t1", 1), ("t7", 7), ("t25", 25)];

pub(crate) const TEXTS: [&str; 22] = [
    "",
    " ",
    "a",
    "A",
    "b",
    "ab",
    "abc",
    "aBc",
    "a%c",
    "a_c",
    "it's",
    "\"q\"",
    "x\\y",
    "ä",
    "Äpfel",
    "日本",
    "𝄞a",
    "  pad ",
    "10",
    "-7",
    "line\nbreak",
    "zz",
];
const INTEGERS: [i64; 12] =
    [0, 1, -1, 7, 42, -1000, 2_147_483_647, 2_147_483_648, 9_007_199_254_740_993, i64::MAX, i64::MIN, i64::MIN + 1];
const NUMBERS: [f64; 12] = [0.0, 1.0, -1.0, 0.1, 0.5, 1.5, 2.5, -2.5, 2.345, 1234.5678, -999_999.25, 0.001];
const EXTREMES: [f64; 10] = [0.0, 1e308, -1e308, 5e-324, 1e15, 1e-5, 123_456_789.123, 1e20, -0.25, 3.0];
const TIMES: [&str; 8] = [
    "1970-01-01T00:00:00Z",
    "2024-02-29T12:34:56Z",
    "2024-01-31T23:59:59.999999Z",
    "2023-12-31T23:00:00.5Z",
    "1969-07-20T20:17:40Z",
    "2000-01-01T00:00:00Z",
    "0200-01-01T00:00:00Z",
    "2024-03-10T01:02:03.040Z",
];
const DATES: [&str; 7] =
    ["1970-01-01", "2024-02-29", "2024-01-31", "2023-12-31", "1999-12-31", "0200-01-01", "2024-03-10"];

/// A literal of the type: as JavaScript, Moltler and PostgreSQL write it, and its size.
pub(crate) fn literal(rng: &mut Rng, data_type: Type, size: f64) -> (String, String, String, f64) {
    let quoted = |text: &str| {
        let doubled = text.replace('\'', "''");
        (format!("'{}'", doubled.replace('\\', "\\\\").replace('\n', "\\n")), format!("'{doubled}'"))
    };
    match data_type {
        Type::Text => {
            let text = TEXTS[rng.usize(..TEXTS.len())];
            let (molt, postgres) = quoted(text);
            (serde_json::Value::from(text).to_string(), molt, postgres, 0.0)
        }
        Type::Integer => {
            let value =
                if size.is_finite() { rng.i64(-(size as i64)..=size as i64) } else { INTEGERS[rng.usize(..12)] };
            let molt = match value {
                i64::MIN => format!("({} - 1)", i64::MIN + 1),
                _ if value < 0 => format!("({value})"),
                _ => value.to_string(),
            };
            (format!("{value}n"), molt, format!("('{value}'::bigint)"), value.unsigned_abs() as f64)
        }
        Type::Number => {
            let value = if size.is_finite() { NUMBERS[rng.usize(..12)] } else { EXTREMES[rng.usize(..10)] };
            let molt = if value < 0.0 { format!("({value:?})") } else { format!("{value:?}") };
            let size =
                if value.abs() > 1e6 || (value != 0.0 && value.abs() < 1e-3) { f64::INFINITY } else { value.abs() };
            (format!("{value:?}"), molt, format!("('{value:?}'::float8)"), size)
        }
        Type::Boolean => {
            let value = rng.bool();
            (value.to_string(), value.to_string().to_uppercase(), value.to_string(), 0.0)
        }
        Type::Timestamp => {
            let time = TIMES[rng.usize(..TIMES.len())];
            (format!("'{time}'"), format!("'{time}'::timestamp"), format!("'{time}'::timestamptz"), 0.0)
        }
        Type::Date => {
            let day = DATES[rng.usize(..DATES.len())];
            (format!("'{day}'"), format!("'{day}'::date"), format!("'{day}'::date"), 0.0)
        }
        Type::Interval => {
            let spans = [
                "7d",
                "1 month",
                "-3 days",
                "1h30m",
                "1 year 2 months",
                "90 minutes",
                "1.5 hours",
                "P1DT2H",
                "0.5 seconds",
            ];
            let span = spans[rng.usize(..spans.len())];
            (String::new(), format!("INTERVAL '{span}'"), format!("INTERVAL '{span}'"), 0.0)
        }
    }
}

/// What handlers do with their rows: nothing where `lie` is 0, else whatever that seed and the call lead to. They apply some
/// filters or none, honour the limit or not, shuffle, return pages or single rows, write numbers as texts, and add what nobody
/// declared.
const SHARED: &str = r"
function lie(rows, name, config, filters, options) {
    if (!config.lie) return rows;
    let state = config.lie;
    for (const character of JSON.stringify([name, filters, options])) {
        state = (state * 31 + character.codePointAt(0)) % 2147483647;
    }
    const random = (below) => (state = (state * 48271) % 2147483647) % below;
    const same = (left, right) => left !== null && left !== undefined && (String(left) === String(right)
        || typeof left === 'string' && new Date(left).getTime() === new Date(right).getTime());
    for (const [field, value] of Object.entries(filters)) {
        if (random(2)) rows = rows.filter((row) => same(row[field], value));
    }
    for (const {field, op, value} of options.where || []) {
        if (random(2) && typeof value === 'number' && op === '<') rows = rows.filter((row) => row[field] < value);
        if (random(2) && typeof value === 'number' && op === '>=') rows = rows.filter((row) => row[field] >= value);
        if (random(2) && op === 'is null') rows = rows.filter((row) => row[field] === null || row[field] === undefined);
    }
    rows = rows.map((row) => ({...row}));
    if (random(2)) for (let at = rows.length - 1; at > 0; at--) {
        const other = random(at + 1);
        [rows[at], rows[other]] = [rows[other], rows[at]];
    }
    if (random(2)) for (const row of rows) row.undeclared = [row.id];
    if (random(2)) for (const row of rows) row.id = String(row.id);
    if (options.limit !== undefined && random(2)) rows = rows.slice(0, options.limit + random(2));
    if (random(3) === 0) return {[name]: rows, total: 0};
    if (random(2)) return rows;
    const sizes = rows.map(() => random(4));
    return (async function* () {
        let at = 0;
        for (const size of [...sizes, rows.length]) {
            if (size === 1 && at < rows.length) yield rows[at++];
            else yield rows.slice(at, at += size);
        }
    })();
}
";

const PUSHDOWN: &str = r#"PUSHDOWN {"filters": {"k": ["=", "in"], "id": ["<", ">="]}, "order_by": {"fields": ["id"], "keys": 1}}
"#;

/// The connector with the rows in its handlers, and the script that makes the same tables. Handlers lie by the seed in the
/// variable `LIE` of the environment.
pub(crate) fn tables(rng: &mut Rng) -> (String, String) {
    let fields: Vec<String> = COLUMNS
        .iter()
        .map(|(name, data_type, _)| format!("\"{name}\": {{\"type\": \"{}\"}}", data_type.names().0))
        .collect();
    let columns: Vec<String> =
        COLUMNS.iter().map(|(name, data_type, _)| format!("{name} {}", data_type.names().1)).collect();
    let mut connector = format!(
        "CREATE CONNECTOR TYPE 'd'\n\
         CONFIG_SCHEMA {{\"instance\": {{\"type\": \"string\"}}, \"lie\": {{\"type\": \"integer\"}}}}\n\
         SHARED '''{SHARED}''';\n"
    );
    let mut script = String::new();
    for instance in INSTANCES {
        script.push_str(&format!("CREATE SCHEMA {instance};\n"));
    }
    for (table, rows) in TABLES {
        // What is declared without a claim of exactness promises nothing that a handler could break.
        let pushdown = if rows == 7 { PUSHDOWN } else { "" };
        let mut bodies = String::new();
        for instance in INSTANCES {
            script.push_str(&format!("CREATE TABLE {instance}.{table} ({});\n", columns.join(", ")));
            bodies.push_str(&format!("        {instance}: [\n"));
            let mut ids: Vec<i64> = (1..=rows as i64).collect();
            rng.shuffle(&mut ids);
            for id in ids {
                let (row, values) = row(rng, id);
                bodies.push_str(&format!("            {{{row}}},\n"));
                script.push_str(&format!("INSERT INTO {instance}.{table} VALUES ({values});\n"));
            }
            bodies.push_str("        ],\n");
        }
        connector.push_str(&format!(
            "CREATE CONNECTOR ENTITY 'd.{table}' FIELDS {{{}}}\n{pushdown}QUERY_HANDLER '''\n\
             function query(config, filters, options) {{\n    const rows = {{\n{bodies}    }};\n    \
             return lie(rows[config.instance], '{table}', config, filters, options);\n}}\n''';\n",
            fields.join(", ")
        ));
    }
    connector.push_str("REGISTER CONNECTOR TYPE 'd';\n");
    for instance in INSTANCES {
        connector.push_str(&format!(
            "CREATE CONNECTOR {instance} TYPE 'd'\n\
             CONFIG {{\"instance\": '{instance}', \"lie\": ENV('LIE', '0')::integer}};\n"
        ));
    }
    (connector, script)
}

/// The members of an object and the values of an INSERT.
fn row(rng: &mut Rng, id: i64) -> (String, String) {
    let mut members = vec![format!("id: {id}")];
    let mut values = vec![id.to_string()];
    for (name, data_type, size) in &COLUMNS[1..] {
        let (script, _, postgres, _) = literal(rng, *data_type, *size);
        match rng.u8(..8) {
            0 => values.push("NULL".to_owned()),
            1 => {
                members.push(format!("{name}: null"));
                values.push("NULL".to_owned());
            }
            _ => {
                members.push(format!("{name}: {script}"));
                values.push(postgres);
            }
        }
    }
    (members.join(", "), values.join(", "))
}
