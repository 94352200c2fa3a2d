//! A small part of SOQL: `SELECT … FROM … WHERE … AND … ORDER BY … LIMIT …`.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

/// A query that was read.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) fields: Vec<String>,
    pub(super) object: String,
    conditions: Vec<Condition>,
    order: Vec<(String, bool)>,
    limit: Option<usize>,
}

#[derive(Debug)]
struct Condition {
    field: String,
    operator: String,
    values: Vec<Literal>,
}

#[derive(Clone, Debug, PartialEq)]
enum Literal {
    Text(String),
    Number(f64),
    Boolean(bool),
    Null,
    /// A date or a time, written without quotes.
    Time(String),
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Sign(String),
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            _ if next.is_whitespace() => {}
            '\'' => {
                let mut value = String::new();
                loop {
                    match rest.next() {
                        None => return Err("unterminated string literal".to_owned()),
                        Some('\'') => break,
                        Some('\\') => match rest.next() {
                            Some('n') => value.push('\n'),
                            Some(escaped @ ('\'' | '"' | '\\' | '%' | '_')) => value.push(escaped),
                            other => return Err(format!("invalid escape in string literal: {other:?}")),
                        },
                        Some(other) => value.push(other),
                    }
                }
                tokens.push(Token::Text(value));
            }
            '(' | ')' | ',' => tokens.push(Token::Sign(next.to_string())),
            '=' | '<' | '>' | '!' => {
                let equals = rest.next_if_eq(&'=').is_some();
                tokens.push(Token::Sign(if equals && next != '=' { format!("{next}=") } else { next.to_string() }));
            }
            _ if next.is_alphanumeric() || "._-+:".contains(next) => {
                let mut word = next.to_string();
                while let Some(more) = rest.next_if(|more| more.is_alphanumeric() || "._-+:".contains(*more)) {
                    word.push(more);
                }
                tokens.push(Token::Word(word));
            }
            other => return Err(format!("unexpected token: {other}")),
        }
    }
    Ok(tokens)
}

struct Reader {
    tokens: std::vec::IntoIter<Token>,
}

impl Reader {
    fn peek_is(&self, keyword: &str) -> bool {
        matches!(self.tokens.as_slice().first(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(keyword))
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        let found = self.peek_is(keyword);
        if found {
            self.tokens.next();
        }
        found
    }

    fn sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.tokens.as_slice().first(), Some(Token::Sign(found)) if found == sign);
        if found {
            self.tokens.next();
        }
        found
    }

    fn word(&mut self) -> Result<String, String> {
        match self.tokens.next() {
            Some(Token::Word(word)) => Ok(word),
            other => Err(format!("unexpected token: {other:?}")),
        }
    }

    fn literal(&mut self) -> Result<Literal, String> {
        match self.tokens.next() {
            Some(Token::Text(text)) => Ok(Literal::Text(text)),
            Some(Token::Word(word)) => match word.to_lowercase().as_str() {
                "true" => Ok(Literal::Boolean(true)),
                "false" => Ok(Literal::Boolean(false)),
                "null" => Ok(Literal::Null),
                _ if word.contains(':') || word.matches('-').count() == 2 => Ok(Literal::Time(word)),
                _ => word.parse().map(Literal::Number).map_err(|_| format!("unexpected token: {word}")),
            },
            other => Err(format!("unexpected token: {other:?}")),
        }
    }

    fn condition(&mut self) -> Result<Condition, String> {
        let field = self.word()?;
        let negated = self.keyword("NOT");
        if self.keyword("IN") {
            let mut values = Vec::new();
            if !self.sign("(") {
                return Err("expecting a list after IN".to_owned());
            }
            loop {
                values.push(self.literal()?);
                if !self.sign(",") {
                    break;
                }
            }
            if !self.sign(")") {
                return Err("expecting ) after a list".to_owned());
            }
            return Ok(Condition { field, operator: if negated { "NOT IN" } else { "IN" }.to_owned(), values });
        }
        match self.tokens.next() {
            Some(Token::Sign(operator)) if !negated && ["=", "!=", "<", "<=", ">", ">="].contains(&&*operator) => {
                Ok(Condition { field, operator, values: vec![self.literal()?] })
            }
            other => Err(format!("unexpected token: {other:?}")),
        }
    }
}

/// Reads a query; `Err` is what a parser would say.
pub(super) fn parse(text: &str) -> Result<Query, String> {
    let mut reader = Reader { tokens: tokens(text)?.into_iter() };
    if !reader.keyword("SELECT") {
        return Err("unexpected token: expecting SELECT".to_owned());
    }
    let mut fields = vec![reader.word()?];
    while reader.sign(",") {
        fields.push(reader.word()?);
    }
    if !reader.keyword("FROM") {
        return Err("unexpected token: expecting FROM".to_owned());
    }
    let object = reader.word()?;
    let mut query = Query { fields, object, conditions: Vec::new(), order: Vec::new(), limit: None };
    if reader.keyword("WHERE") {
        query.conditions.push(reader.condition()?);
        while reader.keyword("AND") {
            query.conditions.push(reader.condition()?);
        }
    }
    if reader.keyword("ORDER") {
        if !reader.keyword("BY") {
            return Err("unexpected token: expecting BY".to_owned());
        }
        loop {
            let field = reader.word()?;
            let descending = reader.keyword("DESC");
            if !descending {
                reader.keyword("ASC");
            }
            query.order.push((field, descending));
            if !reader.sign(",") {
                break;
            }
        }
    }
    if reader.keyword("LIMIT") {
        query.limit = Some(reader.word()?.parse().map_err(|_| "unexpected token: LIMIT wants a number".to_owned())?);
    }
    match reader.tokens.next() {
        None => Ok(query),
        Some(token) => Err(format!("unexpected token: {token:?}")),
    }
}

/// The value at `Account.Type`.
fn at<'v>(record: &'v Value, path: &str) -> &'v Value {
    path.split('.').fold(record, |value, name| &value[name])
}

fn compare(value: &Value, literal: &Literal) -> Option<Ordering> {
    match (value, literal) {
        // Texts are compared without regard to case.
        (Value::String(value), Literal::Text(text)) => Some(value.to_lowercase().cmp(&text.to_lowercase())),
        (Value::Number(value), Literal::Number(number)) => value.as_f64()?.partial_cmp(number),
        (Value::Bool(value), Literal::Boolean(boolean)) => Some(value.cmp(boolean)),
        (Value::Null, Literal::Null) => Some(Ordering::Equal),
        // `2026-01-01T00:00:00.000+0000` beside `2026-01-01T00:00:00Z`
        (Value::String(value), Literal::Time(time)) => {
            let comparable =
                |text: &str| text.replace("+0000", "").replace('Z', "").trim_end_matches(".000").to_owned();
            Some(comparable(value).cmp(&comparable(time)))
        }
        _ => None,
    }
}

impl Query {
    /// The fields that it names anywhere.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let conditions = self.conditions.iter().map(|condition| &condition.field);
        self.fields.iter().chain(conditions).chain(self.order.iter().map(|(field, _)| field)).map(String::as_str)
    }

    /// The records that it finds, with the fields that it selects.
    pub(super) fn run(&self, records: &[Value]) -> Vec<Value> {
        let wanted = |record: &&Value| {
            self.conditions.iter().all(|condition| {
                let value = at(record, &condition.field);
                let compared: Vec<Option<Ordering>> = condition.values.iter().map(|one| compare(value, one)).collect();
                let equal = compared.contains(&Some(Ordering::Equal));
                match condition.operator.as_str() {
                    "=" | "IN" => equal,
                    "!=" | "NOT IN" => !equal,
                    "<" => compared[0] == Some(Ordering::Less),
                    "<=" => compared[0].is_some_and(Ordering::is_le),
                    ">" => compared[0] == Some(Ordering::Greater),
                    _ => compared[0].is_some_and(Ordering::is_ge),
                }
            })
        };
        let mut found: Vec<&Value> = records.iter().filter(wanted).collect();
        found.sort_by(|a, b| {
            let orders = self.order.iter().map(|(field, descending)| {
                let order = match (at(a, field), at(b, field)) {
                    (Value::Number(a), Value::Number(b)) => {
                        a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(Ordering::Equal)
                    }
                    (a, b) => a.as_str().cmp(&b.as_str()),
                };
                if *descending { order.reverse() } else { order }
            });
            orders.fold(Ordering::Equal, Ordering::then)
        });
        found.truncate(self.limit.unwrap_or(usize::MAX));
        found.into_iter().map(|record| self.project(record)).collect()
    }

    fn project(&self, record: &Value) -> Value {
        let mut row = Map::from_iter([("attributes".to_owned(), record["attributes"].clone())]);
        for field in &self.fields {
            match field.split_once('.') {
                Some((parent, member)) => {
                    row.entry(parent).or_insert_with(|| json!({}))[member] = at(record, field).clone()
                }
                None => drop(row.insert(field.clone(), record[field].clone())),
            }
        }
        Value::Object(row)
    }
}
