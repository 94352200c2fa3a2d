//! The documents that describe: CONFIG_SCHEMA, PARAMETERS, FIELDS, PUSHDOWN, OPTIONS, MOCK_API.

use moltler_abi::DataType;
pub use moltler_abi::options::OPTION_KEYS;

use crate::constant::{Constant, ConstantKind};
use crate::definition::{ConfigField, Field, Pushdown, Spanned};
use crate::diagnostics::LocalDiagnostic;
use crate::diagnostics::schema::{invalid_value, not_constant, repeated_key, unknown_data_type, unknown_key};
use crate::diagnostics::unknown_name::unknown_field;
use crate::suggest::Candidates;

/// Keys of a field of FIELDS.
pub const FIELD_KEYS: &[&str] =
    &["type", "description", "example", "primary_key", "required", "filter_only", "from_filter", "unit", "items"];
/// Keys of a field of CONFIG_SCHEMA and PARAMETERS.
pub const SCHEMA_KEYS: &[&str] = &[
    "type",
    "required",
    "secret",
    "default",
    "description",
    "example",
    "enum",
    "format",
    "pattern",
    "hosts",
    "expose",
    "one_of",
];
/// Keys of PUSHDOWN.
pub const PUSHDOWN_KEYS: &[&str] = &["filters", "exact", "order_by", "limit", "required", "complete"];
/// Keys of a response in MOCK_API.
pub const MOCK_KEYS: &[&str] = &["status", "headers", "body", "delay_ms", "error", "when"];
/// Operators of `filters` in PUSHDOWN.
pub const PUSHDOWN_OPERATORS: &[&str] =
    &["=", "!=", "<", "<=", ">", ">=", "in", "not in", "like", "contains", "is null", "is not null"];

/// CONFIG_SCHEMA or PARAMETERS as read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Schema {
    /// In order; `default` is left out.
    pub fields: Vec<ConfigField>,
    /// The names of fields that have a `default`.
    pub with_default: Vec<String>,
    /// `"*": true`
    pub open: bool,
}

/// Reads documents of one clause.
pub(crate) struct Reader<'a> {
    /// The keyword, for messages.
    pub clause: &'static str,
    /// Where diagnostics go.
    pub out: &'a mut Vec<LocalDiagnostic>,
}

impl Reader<'_> {
    /// CONFIG_SCHEMA and PARAMETERS.
    pub(crate) fn schema(&mut self, document: &Constant, may_be_open: bool) -> Schema {
        let mut schema = Schema::default();
        for (key, value) in self.pairs(document) {
            if key.text == "*" && may_be_open {
                schema.open = self.boolean("*", value);
                continue;
            }
            let mut field = ConfigField {
                name: key.text.clone(),
                range: key.range,
                data_type: DataType::String,
                required: false,
                secret: false,
                default: None,
                description: None,
                one_of_values: Vec::new(),
                pattern: None,
                format: None,
                group: None,
                expose: false,
                hosts: Vec::new(),
            };
            for (name, value) in self.field(key, value) {
                match name.text.as_str() {
                    "type" => field.data_type = self.data_type(value),
                    "required" => field.required = self.boolean("required", value),
                    "secret" => field.secret = self.boolean("secret", value),
                    "default" => schema.with_default.push(key.text.clone()),
                    "description" => field.description = self.text("description", value),
                    "example" => {}
                    "enum" => field.one_of_values = self.values("enum", value),
                    "format" => field.format = self.text("format", value),
                    "pattern" => field.pattern = self.text("pattern", value),
                    "hosts" => field.hosts = self.strings("hosts", value),
                    "expose" => field.expose = self.boolean("expose", value),
                    "one_of" => field.group = self.text("one_of", value),
                    _ => self.unknown(name, SCHEMA_KEYS),
                }
            }
            schema.fields.push(field);
        }
        schema
    }

    /// FIELDS.
    pub(crate) fn fields(&mut self, document: &Constant) -> Vec<Field> {
        let mut fields = Vec::new();
        for (key, value) in self.pairs(document) {
            let mut field = Field {
                name: key.text.clone(),
                range: key.range,
                data_type: DataType::String,
                description: None,
                primary_key: false,
                required: false,
                filter_only: false,
                from_filter: false,
                unit: None,
            };
            for (name, value) in self.field(key, value) {
                match name.text.as_str() {
                    "type" => field.data_type = self.data_type(value),
                    "description" => field.description = self.text("description", value),
                    "example" => {}
                    "primary_key" => field.primary_key = self.boolean("primary_key", value),
                    "required" => field.required = self.boolean("required", value),
                    "filter_only" => field.filter_only = self.boolean("filter_only", value),
                    "from_filter" => field.from_filter = self.boolean("from_filter", value),
                    "unit" => field.unit = self.one_of("unit", value, &["s", "ms", "us"]),
                    "items" => self.items(value, 0),
                    _ => self.unknown(name, FIELD_KEYS),
                }
            }
            fields.push(field);
        }
        fields
    }

    /// PUSHDOWN.
    pub(crate) fn pushdown(&mut self, document: &Constant, fields: &[Field], entity: &str) -> Pushdown {
        let mut pushdown = Pushdown::default();
        for (key, value) in self.pairs(document) {
            match key.text.as_str() {
                "filters" => {
                    for (field, operators) in self.pairs(value) {
                        self.known_field(&field.text, field, fields, entity);
                        let operators = self.spanned_strings("filters", operators);
                        for operator in &operators {
                            if !PUSHDOWN_OPERATORS.contains(&operator.text.to_lowercase().as_str()) {
                                let expected = format!("the operators {}", PUSHDOWN_OPERATORS.join(", "));
                                self.out.push(invalid_value("filters", &expected, operator.range));
                            }
                        }
                        let operators = operators.into_iter().map(|operator| operator.text.to_lowercase()).collect();
                        pushdown.filters.push((field.text.clone(), operators));
                    }
                }
                "exact" if matches!(value.kind, ConstantKind::Array(_)) => {
                    let mut exact = Vec::new();
                    for field in self.spanned_strings("exact", value) {
                        self.known_field(&field.text, &field, fields, entity);
                        exact.push(field.text);
                    }
                    pushdown.exact_fields = Some(exact);
                }
                "exact" => pushdown.exact = self.boolean("exact", value),
                "limit" => pushdown.limit = self.boolean("limit", value),
                "complete" => pushdown.complete = Some(self.boolean("complete", value)),
                "order_by" => {
                    for (key, value) in self.pairs(value) {
                        match key.text.as_str() {
                            "fields" => {
                                for field in self.spanned_strings("fields", value) {
                                    let (name, descending) = direction(&field.text);
                                    self.known_field(name, &field, fields, entity);
                                    pushdown.order_fields.push((name.to_owned(), descending));
                                }
                            }
                            "keys" => match value.kind {
                                ConstantKind::Integer(keys) if keys > 0 => {
                                    pushdown.order_keys = Some(keys.min(i64::from(u32::MAX)) as u32);
                                }
                                _ => self.out.push(invalid_value("keys", "a number from 1", value.range)),
                            },
                            _ => self.unknown(key, &["fields", "keys"]),
                        }
                    }
                }
                "required" => {
                    let ConstantKind::Array(sets) = &value.kind else {
                        self.out.push(invalid_value("required", "an array of arrays of fields", value.range));
                        continue;
                    };
                    for set in sets {
                        let set = self.spanned_strings("required", set);
                        for field in &set {
                            self.known_field(&field.text, field, fields, entity);
                        }
                        pushdown.required.push(set.into_iter().map(|field| field.text).collect());
                    }
                }
                _ => self.unknown(key, PUSHDOWN_KEYS),
            }
        }
        pushdown
    }

    /// OPTIONS: keys, and constants of the wrong kind.
    pub(crate) fn options(&mut self, document: &Constant) {
        for (key, value) in self.pairs(document) {
            if matches!(value.kind, ConstantKind::Expression | ConstantKind::Missing | ConstantKind::Null) {
                if !OPTION_KEYS.contains(&key.text.as_str()) {
                    self.unknown(key, OPTION_KEYS);
                }
                continue;
            }
            let is_number = match value.kind {
                ConstantKind::Integer(number) => number >= 0,
                ConstantKind::Number(number) => number >= 0.0,
                _ => false,
            };
            match key.text.as_str() {
                "rate_limit" => {
                    if !is_number && !value.as_str().is_some_and(is_rate) {
                        let expected = "requests per second, or a text such as `30/m` (s, m, h, d)";
                        self.out.push(invalid_value("rate_limit", expected, value.range));
                    }
                }
                "on_type_error" => {
                    self.one_of("on_type_error", value, &["error", "null"]);
                }
                name if OPTION_KEYS.contains(&name) => {
                    if !is_number {
                        self.out.push(invalid_value(name, "a number", value.range));
                    }
                }
                _ => self.unknown(key, OPTION_KEYS),
            }
        }
    }

    /// MOCK_API: its keys, and those of the responses.
    pub(crate) fn mock_api(&mut self, document: &Constant) {
        for (key, value) in self.pairs(document) {
            if !is_mock_key(&key.text) {
                self.out.push(invalid_value("MOCK_API", "keys such as `GET /items`", key.range));
            }
            match &value.kind {
                ConstantKind::Array(responses) => {
                    for response in responses {
                        self.mock_response(response);
                    }
                }
                _ => self.mock_response(value),
            }
        }
    }

    fn mock_response(&mut self, response: &Constant) {
        match &response.kind {
            ConstantKind::Document(_) => {
                for (key, value) in self.pairs(response) {
                    match key.text.as_str() {
                        "status" => match value.kind {
                            ConstantKind::Integer(100..=599) | ConstantKind::Expression | ConstantKind::Missing => {}
                            _ => self.out.push(invalid_value("status", "a number from 100 to 599", value.range)),
                        },
                        "error" => {
                            self.one_of("error", value, &["refused", "timeout", "reset", "dns"]);
                        }
                        name if MOCK_KEYS.contains(&name) => {}
                        _ => self.unknown(key, MOCK_KEYS),
                    }
                }
            }
            ConstantKind::Expression | ConstantKind::Missing => {}
            _ => self.out.push(invalid_value(
                "MOCK_API",
                "responses such as `{\"status\": 200, \"body\": {}}`, or an array of them",
                response.range,
            )),
        }
    }

    /// An array of texts.
    pub(crate) fn strings(&mut self, key: &str, value: &Constant) -> Vec<String> {
        self.spanned_strings(key, value).into_iter().map(|spanned| spanned.text).collect()
    }

    fn spanned_strings(&mut self, key: &str, value: &Constant) -> Vec<Spanned> {
        let ConstantKind::Array(elements) = &value.kind else {
            self.wrong(key, "an array of texts", value);
            return Vec::new();
        };
        let mut texts = Vec::new();
        for element in elements {
            match element.as_str() {
                Some(text) => texts.push(Spanned { text: text.to_owned(), range: element.range }),
                None => self.wrong(key, "an array of texts", element),
            }
        }
        texts
    }

    /// The pairs of a document; complains about anything else, and about keys given twice (the first one counts).
    fn pairs<'a>(&mut self, document: &'a Constant) -> Vec<(&'a Spanned, &'a Constant)> {
        let ConstantKind::Document(pairs) = &document.kind else {
            self.wrong(self.clause, "a document", document);
            return Vec::new();
        };
        let mut found: Vec<(&Spanned, &Constant)> = Vec::with_capacity(pairs.len());
        let mut places = rustc_hash::FxHashMap::default();
        for (key, value) in pairs {
            match places.insert(key.text.as_str(), key.range) {
                Some(first) => {
                    self.out.push(repeated_key(&key.text, key.range, first));
                    places.insert(&key.text, first);
                }
                None => found.push((key, value)),
            }
        }
        found
    }

    /// The description of a field: a document.
    fn field<'a>(&mut self, key: &Spanned, value: &'a Constant) -> Vec<(&'a Spanned, &'a Constant)> {
        if let Some(data_type) = value.as_str() {
            self.out.push(
                invalid_value(&key.text, "a document", value.range)
                    .help(format!("write `{{\"type\": \"{data_type}\"}}`"))
                    .fix("Write a document", value.range, format!("{{\"type\": \"{data_type}\"}}")),
            );
            return Vec::new();
        }
        self.pairs(value)
    }

    fn data_type(&mut self, value: &Constant) -> DataType {
        let Some(name) = value.as_str() else {
            self.wrong("type", "the name of a type", value);
            return DataType::Dynamic;
        };
        DataType::from_name(name).unwrap_or_else(|| {
            self.out.push(unknown_data_type(name, value.range, "\""));
            DataType::Dynamic
        })
    }

    /// `items` of an array: a type or the description of a field.
    fn items(&mut self, value: &Constant, depth: usize) {
        if value.as_str().is_some() {
            self.data_type(value);
            return;
        }
        for (key, value) in self.pairs(value) {
            match key.text.as_str() {
                "type" => {
                    self.data_type(value);
                }
                "items" if depth < 32 => self.items(value, depth + 1),
                name if FIELD_KEYS.contains(&name) => {}
                _ => self.unknown(key, FIELD_KEYS),
            }
        }
    }

    fn boolean(&mut self, key: &str, value: &Constant) -> bool {
        match value.kind {
            ConstantKind::Boolean(value) => value,
            _ => {
                self.wrong(key, "`true` or `false`", value);
                false
            }
        }
    }

    fn text(&mut self, key: &str, value: &Constant) -> Option<String> {
        if value.as_str().is_none() {
            self.wrong(key, "a text", value);
        }
        value.as_str().map(str::to_owned)
    }

    fn one_of(&mut self, key: &str, value: &Constant, choices: &[&str]) -> Option<String> {
        match value.as_str() {
            Some(text) if choices.contains(&text) => Some(text.to_owned()),
            _ => {
                let choices: Vec<String> = choices.iter().map(|choice| format!("`{choice}`")).collect();
                self.wrong(key, &format!("one of {}", choices.join(", ")), value);
                None
            }
        }
    }

    /// Constants as JSON texts.
    fn values(&mut self, key: &str, value: &Constant) -> Vec<String> {
        let ConstantKind::Array(elements) = &value.kind else {
            self.wrong(key, "an array of constants", value);
            return Vec::new();
        };
        let mut texts = Vec::new();
        for element in elements {
            match element.to_json() {
                Some(json) => texts.push(json.to_string()),
                None => self.wrong(key, "an array of constants", element),
            }
        }
        texts
    }

    fn known_field(&mut self, name: &str, place: &Spanned, fields: &[Field], entity: &str) {
        if !fields.iter().any(|field| field.name == name) {
            let candidates = Candidates::new("fields", fields.iter().map(|field| field.name.as_str()));
            let range = inside_quotes(place.range);
            self.out.push(unknown_field(name, entity, range, &candidates));
        }
    }

    fn unknown(&mut self, key: &Spanned, known: &[&'static str]) {
        self.out.push(unknown_key(&key.text, self.clause, key.range, known));
    }

    fn wrong(&mut self, key: &str, expected: &str, value: &Constant) {
        match value.kind {
            ConstantKind::Missing => {}
            ConstantKind::Expression => self.out.push(not_constant(self.clause, value.range)),
            _ => self.out.push(invalid_value(key, expected, value.range)),
        }
    }
}

/// The range without the quote at each end.
pub(crate) fn inside_quotes(range: moltler_syntax::TextRange) -> moltler_syntax::TextRange {
    if range.len() < 2 {
        return range;
    }
    moltler_syntax::TextRange::new(range.start() + 1, range.end() - 1)
}

/// `30/m`
fn is_rate(text: &str) -> bool {
    text.split_once('/').is_some_and(|(count, unit)| {
        count.trim().parse::<f64>().is_ok_and(|count| count > 0.0) && matches!(unit.trim(), "s" | "m" | "h" | "d")
    })
}

/// `GET /items`, `GET https://host/items`
fn is_mock_key(key: &str) -> bool {
    key.split_once(' ').is_some_and(|(method, target)| {
        !method.is_empty()
            && method.chars().all(|letter| letter.is_ascii_alphabetic())
            && (target.trim().starts_with('/') || target.contains("://"))
    })
}
/// A field of `order_by`: `created_at`, or `created_at desc` where the handler knows one direction only.
fn direction(written: &str) -> (&str, Option<bool>) {
    match written.trim().rsplit_once(char::is_whitespace) {
        Some((name, word)) if word.eq_ignore_ascii_case("asc") => (name.trim_end(), Some(false)),
        Some((name, word)) if word.eq_ignore_ascii_case("desc") => (name.trim_end(), Some(true)),
        _ => (written, None),
    }
}
