//! SELECT against PostgreSQL: random queries on the same rows must have the same answers, or fail on both sides.
//!
//! The test starts a PostgreSQL of its own on loopback (Debian's package `postgresql`); where none is installed it says so and
//! passes. A few hundred queries are tried; `MOLTLER_POSTGRES_QUERIES=5000` tries so many, `MOLTLER_POSTGRES_SEED=7` others.
//!
//! Agreed differences, which the generator avoids or translates:
//!
//! - Decimal literals are doubles; an integer literal has 64 bits; ROUND is half away from zero and, like TRUNC, takes the
//!   number as it is written. CEIL, FLOOR, ROUND and TRUNC of an integer are integers. SUM of integers is an integer, AVG a double.
//! - An integer and a number compare exactly; PostgreSQL makes a double of the integer.
//! - Text compares by code point (the cluster's locale is C.UTF-8). UPPER and LOWER map whole texts: `UPPER('ß')` is `SS`.
//! - TRIM, LTRIM and RTRIM take every blank of Unicode; PostgreSQL's the space only. PostgreSQL names a column of TRIM `btrim`.
//! - Timestamps as text are ISO 8601; the sum of a date and a span of time is a timestamp in UTC; a part of the day of a date
//!   is 0, where PostgreSQL has none.
//! - A cast from text takes no `NaN`, `Infinity`, `today`, `0x1F`; casts between boolean and integer go by 64 bits.
//! - A number too small for a double is 0; PostgreSQL calls it out of range.
//! - What cannot matter may be left out on either side: a failure is expected only where both must evaluate it.

use fastrand::Rng;
use moltler_tests::command::Command;
use moltler_tests::scratch;
use serde_json::Value;

mod server;

use crate::random::query::{self, Order, Query};
use crate::random::table::{self, Type};
use server::Postgres;

/// Queries of one program.
const BATCH: usize = 250;

/// Functions that Moltler has in another form.
const FUNCTIONS: &str = r"
CREATE SCHEMA m;
CREATE FUNCTION m.ceil(bigint) RETURNS bigint IMMUTABLE STRICT LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION m.floor(bigint) RETURNS bigint IMMUTABLE STRICT LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION m.round(bigint) RETURNS bigint IMMUTABLE STRICT LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION m.trunc(bigint) RETURNS bigint IMMUTABLE STRICT LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION m.round(float8) RETURNS float8 IMMUTABLE STRICT LANGUAGE sql AS 'SELECT pg_catalog.round($1::text::numeric)::float8';
CREATE FUNCTION m.round(float8, bigint) RETURNS float8 IMMUTABLE STRICT LANGUAGE sql AS 'SELECT pg_catalog.round($1::text::numeric, $2::int)::float8';
CREATE FUNCTION m.trunc(float8, bigint) RETURNS float8 IMMUTABLE STRICT LANGUAGE sql AS 'SELECT pg_catalog.trunc($1::text::numeric, $2::int)::float8';
CREATE FUNCTION m.instr(text, text) RETURNS bigint IMMUTABLE STRICT LANGUAGE sql AS 'SELECT CASE WHEN $2 = '''' THEN 1 ELSE strpos($1, $2) END::bigint';
CREATE FUNCTION m.substr(text, bigint) RETURNS text IMMUTABLE STRICT LANGUAGE sql AS 'SELECT pg_catalog.substr($1, $2::int)';
CREATE FUNCTION m.substr(text, bigint, bigint) RETURNS text IMMUTABLE STRICT LANGUAGE sql AS 'SELECT pg_catalog.substr($1, $2::int, $3::int)';
CREATE FUNCTION m.length(text) RETURNS bigint IMMUTABLE STRICT LANGUAGE sql AS 'SELECT pg_catalog.length($1)::bigint';
CREATE FUNCTION m.ltrim(text) RETURNS text IMMUTABLE STRICT LANGUAGE sql AS 'SELECT pg_catalog.ltrim($1, E'' \t\n\r'')';
CREATE FUNCTION m.rtrim(text) RETURNS text IMMUTABLE STRICT LANGUAGE sql AS 'SELECT pg_catalog.rtrim($1, E'' \t\n\r'')';
CREATE FUNCTION m.btrim(text) RETURNS text IMMUTABLE STRICT LANGUAGE sql AS 'SELECT pg_catalog.btrim($1, E'' \t\n\r'')';
CREATE FUNCTION m.datediff(date, date) RETURNS bigint IMMUTABLE STRICT LANGUAGE sql AS 'SELECT ($1 - $2)::bigint';
CREATE FUNCTION m.date_trunc(text, date) RETURNS date IMMUTABLE STRICT LANGUAGE sql AS 'SELECT pg_catalog.date_trunc($1, $2::timestamp)::date';
CREATE FUNCTION m.extract_year(timestamptz) RETURNS bigint STABLE STRICT LANGUAGE sql AS 'SELECT EXTRACT(year FROM $1)::bigint';
CREATE FUNCTION m.extract_month(timestamptz) RETURNS bigint STABLE STRICT LANGUAGE sql AS 'SELECT EXTRACT(month FROM $1)::bigint';
CREATE FUNCTION m.extract_day(timestamptz) RETURNS bigint STABLE STRICT LANGUAGE sql AS 'SELECT EXTRACT(day FROM $1)::bigint';
";

/// What holds for a session.
const SESSION: &str = "SET search_path = m, pg_catalog, public; SET timezone = 'UTC'; SET intervalstyle = 'iso_8601';\n\
                       SET datestyle = 'ISO, YMD'; \\pset null '\\\\N'\n";

#[test]
#[expect(clippy::print_stderr, reason = "what was tried, or why nothing was")]
fn answers_are_those_of_postgresql() {
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let Some(postgres) = Postgres::start() else {
        eprintln!("skipped: PostgreSQL is not installed");
        return;
    };
    let count = number("MOLTLER_POSTGRES_QUERIES").unwrap_or(BATCH as u64) as usize;
    let mut rng = Rng::with_seed(number("MOLTLER_POSTGRES_SEED").unwrap_or(3));
    let (connector, script) = table::tables(&mut rng);
    let said = postgres.psql(&format!("\\set ON_ERROR_STOP 1\n{FUNCTIONS}{script}"));
    assert_eq!(said.as_deref(), Ok(""), "the tables can be made");
    let mut differences = Vec::new();
    let (mut done, mut failed) = (0, 0);
    while done < count {
        let queries: Vec<Query> = (0..BATCH.min(count - done)).map(|_| query::query(&mut rng)).collect();
        done += queries.len();
        let theirs = their_answers(&postgres, &queries);
        let ours = our_answers(&connector, &queries);
        for ((query, ours), theirs) in queries.iter().zip(ours).zip(theirs) {
            let (ours, theirs) = (normal(query, ours), normal(query, theirs));
            failed += usize::from(theirs.is_err());
            if theirs.as_ref().is_err_and(|message| message.contains("underflow")) {
                continue;
            }
            let agree = if theirs.is_err() { ours.is_err() && query.may_fail } else { ours == theirs };
            if !agree {
                differences.push(difference(query, &ours, &theirs));
            }
        }
    }
    eprintln!("{done} queries, {failed} of them fail on both sides");
    assert!(differences.is_empty(), "{} queries differ\n\n{}", differences.len(), differences.join("\n\n"));
}

/// What differs: the names, the number of rows or the first row that is another.
fn difference(query: &Query, ours: &Answer, theirs: &Answer) -> String {
    let (ours, theirs) = match (ours, theirs) {
        (Ok(ours), Ok(theirs)) if ours.0 != theirs.0 => (format!("{:?}", ours.0), format!("{:?}", theirs.0)),
        (Ok(ours), Ok(theirs)) if ours.1.len() == theirs.1.len() => {
            let rows = ours.1.iter().zip(&theirs.1).find(|(ours, theirs)| ours != theirs);
            rows.map(|(ours, theirs)| (format!("{ours:?}"), format!("{theirs:?}"))).unwrap_or_default()
        }
        (ours, theirs) => (format!("{ours:?}"), format!("{theirs:?}")),
    };
    format!("{};\n{};\n  ours   {ours}\n  theirs {theirs}", query.molt, query.postgres)
}

/// Names of columns (none where that is not known) and rows of text; NULL is `None`.
type Answer = Result<(Vec<String>, Vec<Vec<Option<String>>>), String>;

/// All in one program: what fails is caught and told as a row.
fn our_answers(connector: &str, queries: &[Query]) -> Vec<Answer> {
    let folder = scratch();
    let statement = |query: &Query| format!("TRY {}; CATCH SELECT error.message AS failed; END TRY;\n", query.molt);
    let mut statements: Vec<String> = queries.iter().map(statement).collect();
    let write =
        |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("the folder can be written");
    write("tables.molt", connector);
    write("queries.molt", &statements.concat());
    // What does not compile fails as well. Each query has one line.
    let checked = Command::moltlerc(folder.path()).args(["check", "--format", "json"]).run();
    for line in checked.stdout.lines() {
        let Ok(found) = serde_json::from_str::<Value>(line) else { panic!("not a diagnostic: {line}") };
        if found["severity"] == "error" {
            let line = found["line"].as_u64().and_then(|line| statements.get_mut(line as usize - 1));
            *line.expect("the tables are right") = format!(
                "SELECT 'compiler: {}' AS failed;\n",
                found["message"].as_str().unwrap_or_default().replace('\'', " ")
            );
        }
    }
    write("queries.molt", &statements.concat());
    let run = |flags: &[&str]| {
        Command::moltlerc(folder.path())
            .args(["run", "queries.molt", "--format", "json"])
            .args(flags)
            .run()
            .expect_status(0)
    };
    let outcome = run(&[]);
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    assert_eq!(lines.len(), queries.len(), "each query has one answer\n{}", outcome.stderr);
    let plain = run(&["--unoptimized"]);
    for (query, (line, plain)) in queries.iter().zip(lines.iter().zip(plain.stdout.lines())) {
        let failed = line.starts_with("[{\"failed\":") && plain.starts_with("[{\"failed\":");
        assert!(
            failed || *line == plain || query.order != Order::Total,
            "{}\noptimised {line}\nplain     {plain}",
            query.molt
        );
    }
    lines.into_iter().map(our_answer).collect()
}

fn our_answer(line: &str) -> Answer {
    let Ok(Value::Array(rows)) = serde_json::from_str(&quote_numbers(line)) else { panic!("not an array: {line}") };
    let mut names: Vec<String> = Vec::new();
    let mut cells = Vec::new();
    for row in rows {
        let Value::Object(row) = row else { panic!("not a row: {line}") };
        if let (Some(Value::String(message)), 1) = (row.get("failed"), row.len()) {
            return Err(message.clone());
        }
        names = row.keys().cloned().collect();
        let cell = |value: &Value| match value {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        cells.push(row.values().map(cell).collect());
    }
    Ok((names, cells))
}

/// JSON with its numbers as texts: every digit counts.
fn quote_numbers(json: &str) -> String {
    let (mut quoted, mut in_text, mut in_number, mut escaped) = (String::new(), false, false, false);
    for character in json.chars() {
        let of_number = !in_text && (character.is_ascii_digit() || matches!(character, '-' | '+' | '.'))
            || in_number && character == 'e';
        if of_number != in_number {
            quoted.push('"');
            in_number = of_number;
        }
        if character == '"' && !escaped {
            in_text = !in_text;
        }
        escaped = character == '\\' && !escaped;
        quoted.push(character);
    }
    quoted
}

fn their_answers(postgres: &Postgres, queries: &[Query]) -> Vec<Answer> {
    const MARK: &str = "@@@@";
    let mut script = SESSION.to_owned();
    for query in queries {
        script.push_str(&format!(
            "\\echo {MARK}\n{};\n\\if :ERROR\n\\echo @failed :LAST_ERROR_MESSAGE\n\\endif\n",
            query.postgres
        ));
    }
    let output = postgres.psql(&script).expect("psql can run the queries");
    let answers: Vec<Answer> = output.split(&format!("{MARK}\n")).skip(1).map(their_answer).collect();
    assert_eq!(answers.len(), queries.len(), "each query has one answer");
    answers
}

fn their_answer(text: &str) -> Answer {
    if let Some((_, message)) = text.split_once("@failed ") {
        return Err(message.trim().to_owned());
    }
    let mut rows = csv(text).into_iter();
    let names = rows.next().unwrap_or_default();
    let cell = |text: String| (text != "\\N").then_some(text);
    Ok((names, rows.map(|row| row.into_iter().map(cell).collect()).collect()))
}

/// Reads CSV; no cell is told apart by its quotes.
fn csv(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            other => cell.push(other),
        }
    }
    rows
}

/// The answer with both sides' spellings made one, and rows without an order sorted.
fn normal(query: &Query, answer: Answer) -> Answer {
    let (mut names, rows) = answer?;
    let mut rows: Vec<Vec<Option<String>>> = rows
        .into_iter()
        .map(|row| {
            row.into_iter()
                .zip(&query.types)
                .map(|(cell, data_type)| cell.map(|text| spell(text, *data_type, query.approximate)))
                .collect()
        })
        .collect();
    if rows.is_empty() {
        names.clear();
    }
    match query.order {
        Order::Total => {}
        Order::None => rows.sort(),
        Order::Any => rows = vec![Vec::new(); rows.len()],
    }
    Ok((names, rows))
}

fn spell(text: String, data_type: Type, approximate: bool) -> String {
    match data_type {
        Type::Number if approximate => text.parse::<f64>().map_or(text, |number| format!("{:.5}", number + 0.0)),
        // Zero has no sign worth a difference.
        Type::Number => text.parse::<f64>().map_or(text, |number| format!("{:?}", number + 0.0)),
        Type::Boolean if text == "t" => "true".to_owned(),
        Type::Boolean if text == "f" => "false".to_owned(),
        Type::Timestamp => {
            let Some((day, time)) = text.strip_suffix("+00").and_then(|text| text.split_once(' ')) else { return text };
            let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
            match fraction.len() {
                0 => format!("{day}T{time}Z"),
                1..=3 => format!("{day}T{time}.{fraction:0<3}Z"),
                _ => format!("{day}T{time}.{fraction:0<6}Z"),
            }
        }
        _ => text,
    }
}
