//! A CONFIG document or an action's arguments against their declared fields.

use std::rc::Rc;

use moltler_abi::manifest::ConfigField;

use crate::coerce::{coerce, excerpt, to_text, value_from_json};
use crate::context::ExecContext;
use crate::datum::type_of;
use crate::error::RuntimeError;
use crate::evaluate::{json_equal, with_article, with_regex};
use crate::suggest::did_you_mean;
use crate::value::{Document, Value};

/// What is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// CONFIG; a required field must not be empty either.
    Config,
    /// Arguments of an action.
    Arguments,
}

impl Checked {
    fn class(self) -> &'static str {
        match self {
            Checked::Config => "ConfigError",
            Checked::Arguments => "ArgumentError",
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Checked::Config => "field",
            Checked::Arguments => "parameter",
        }
    }
}

/// `given` with defaults filled in, every value of its field's type, in the order of the fields. `owner` is named in errors:
/// `my_service_prod`, `my_service_prod.items.create`. Open schemas let other keys through.
pub fn check(
    context: &ExecContext,
    checked: Checked,
    owner: &str,
    fields: &[ConfigField],
    open: bool,
    given: &Document,
) -> Result<Document, RuntimeError> {
    let error = |sentence: String| RuntimeError::new(checked.class(), format!("`{owner}`: {sentence}"));
    let noun = checked.noun();
    for key in given.keys() {
        if !open && !fields.iter().any(|field| *field.name == **key) {
            let hint = did_you_mean(key, fields.iter().map(|field| field.name.as_str()));
            return Err(error(format!("there is no {noun} `{key}`{hint}")));
        }
    }
    check_groups(checked, fields, given).map_err(error)?;
    let mut document = Document::new();
    for field in fields {
        let value = match (given.get(field.name.as_str()), field.default) {
            (Some(value), _) => value.clone(),
            (None, Some(default)) => context.evaluate(default)?,
            (None, None) if field.required => {
                return Err(error(format!("the {noun} `{}` is required", field.name)));
            }
            (None, None) => continue,
        };
        let value = check_value(checked, field, value).map_err(error)?;
        document.insert(field.name.as_str().into(), value);
    }
    for (key, value) in given {
        if !document.contains_key(key) {
            document.insert(Rc::clone(key), value.clone());
        }
    }
    Ok(document)
}

/// Exactly one field of each group is given.
fn check_groups(checked: Checked, fields: &[ConfigField], given: &Document) -> Result<(), String> {
    let is_given = |field: &ConfigField| match given.get(field.name.as_str()) {
        None | Some(Value::Null) => false,
        Some(Value::String(text)) => checked == Checked::Arguments || !text.is_empty(),
        Some(_) => true,
    };
    for field in fields {
        let Some(group) = &field.group else { continue };
        let members: Vec<&ConfigField> = fields.iter().filter(|other| other.group.as_ref() == Some(group)).collect();
        let count = members.iter().filter(|member| is_given(member)).count();
        if count != 1 {
            let names: Vec<String> = members.iter().map(|member| format!("`{}`", member.name)).collect();
            let found = if count == 0 { "none is" } else { "several are" };
            return Err(format!("exactly one of {} must be given, {found}", names.join(", ")));
        }
    }
    Ok(())
}

fn check_value(checked: Checked, field: &ConfigField, value: Value) -> Result<Value, String> {
    let (noun, name) = (checked.noun(), &field.name);
    if matches!(value, Value::Null) {
        return if field.required {
            Err(format!("the {noun} `{name}` is required and must not be NULL"))
        } else {
            Ok(value)
        };
    }
    let Some(value) = coerce(&value, field.data_type, None) else {
        let shown = if field.secret { String::new() } else { format!(" ({})", excerpt(&value)) };
        return Err(format!(
            "the {noun} `{name}` must be {}, not {}{shown}",
            with_article(field.data_type),
            with_article(type_of(&value))
        ));
    };
    if checked == Checked::Config && field.required && matches!(&value, Value::String(text) if text.is_empty()) {
        return Err(format!("the {noun} `{name}` is required and must not be empty; is its environment variable set?"));
    }
    let shown = if field.secret { "its value".to_owned() } else { excerpt(&value) };
    let allowed: Vec<Value> = field.one_of_values.iter().filter_map(|json| value_from_json(json).ok()).collect();
    if !allowed.is_empty() && !allowed.iter().any(|allowed| json_equal(allowed, &value)) {
        let list: Vec<String> = allowed.iter().map(excerpt).collect();
        return Err(format!("the {noun} `{name}` must be one of {}, not {shown}", list.join(", ")));
    }
    if let (Some(pattern), Value::String(text)) = (&field.pattern, &value) {
        let matched = with_regex(pattern, |regex| regex.is_match(text)).map_err(|error| error.message)?;
        if !matched {
            return Err(format!("the {noun} `{name}` must match '{pattern}', which {shown} does not"));
        }
    }
    if let (Some(format), Value::String(text)) = (&field.format, &value) {
        check_format(format, text).map_err(|wanted| format!("the {noun} `{name}` must be {wanted}, not {shown}"))?;
    }
    Ok(value)
}

/// The formats that are checked; the error is what was wanted.
fn check_format(format: &str, text: &str) -> Result<(), &'static str> {
    let fits = match format {
        "uri" => url::Url::parse(text).is_ok(),
        "hostname" => is_hostname(text),
        _ => true,
    };
    if fits {
        return Ok(());
    }
    Err(if format == "uri" { "a URL" } else { "a host name" })
}

fn is_hostname(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 253
        && text.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
}

/// The document with secret fields shown as `***`.
pub fn masked(fields: &[ConfigField], document: &Document) -> Document {
    let is_secret = |key: &str| fields.iter().any(|field| field.secret && field.name == key);
    document
        .iter()
        .map(|(key, value)| {
            let value = if is_secret(key) && !matches!(value, Value::Null) {
                Value::String("***".into())
            } else {
                value.clone()
            };
            (Rc::clone(key), value)
        })
        .collect()
}

/// The texts of secret fields: of numbers their digits, of documents and arrays those of everything in them.
pub fn secret_texts(fields: &[ConfigField], document: &Document) -> Vec<Rc<str>> {
    let mut texts = Vec::new();
    let secret = fields.iter().filter(|field| field.secret);
    for value in secret.filter_map(|field| document.get(field.name.as_str())) {
        // Values of CONFIG are no deeper than the parser's limit on nesting.
        let mut open = vec![value];
        while let Some(value) = open.pop() {
            match value {
                Value::Null => {}
                Value::Array(elements) => open.extend(elements.iter()),
                Value::Document(members) => open.extend(members.values()),
                scalar => texts.push(to_text(scalar)),
            }
        }
    }
    texts
}

#[cfg(test)]
mod tests {
    use moltler_abi::DataType;

    use super::*;
    use crate::output::Format;
    use crate::testing::{TestProgram, config_field, constant};

    #[track_caller]
    fn check_fields(checked: Checked, fields: &[ConfigField], open: bool, given: &str, expected: &str) {
        let context = crate::testing::context();
        let Ok(Value::Document(given)) = value_from_json(given) else { panic!("a document is given") };
        let result = match check(&context, checked, "shop", fields, open, &given) {
            Ok(document) => crate::coerce::value_to_json(&Value::Document(Rc::new(document))),
            Err(error) => error.to_string(),
        };
        assert_eq!(result, expected);
    }

    fn required(name: &str, data_type: DataType) -> ConfigField {
        ConfigField { required: true, ..config_field(name, data_type) }
    }

    #[test]
    fn values_take_the_order_and_types_of_the_fields() {
        let fields = [
            required("url", DataType::String),
            config_field("port", DataType::Integer),
            config_field("x", DataType::Document),
        ];
        check_fields(
            Checked::Config,
            &fields,
            false,
            r#"{"port":"80","url":"mock://","x":null}"#,
            r#"{"url":"mock://","port":80,"x":null}"#,
        );
        check_fields(Checked::Arguments, &fields, true, r#"{"z":1,"url":""}"#, r#"{"url":"","z":1}"#);
    }

    #[test]
    fn wrong_documents_are_told() {
        let mut fields = vec![required("api_url", DataType::String), config_field("port", DataType::Integer)];
        let config = |fields: &[ConfigField], given: &str, expected: &str| {
            check_fields(Checked::Config, fields, false, given, &format!("ConfigError: `shop`: {expected}"));
        };
        config(&fields, "{}", "the field `api_url` is required");
        config(&fields, r#"{"api_ulr":"x"}"#, "there is no field `api_ulr`; did you mean `api_url`?");
        config(&fields, r#"{"api_url":null}"#, "the field `api_url` is required and must not be NULL");
        config(
            &fields,
            r#"{"api_url":""}"#,
            "the field `api_url` is required and must not be empty; is its environment variable set?",
        );
        config(
            &fields,
            r#"{"api_url":"x","port":"http"}"#,
            "the field `port` must be an integer, not a string ('http')",
        );
        fields[0].secret = true;
        config(&fields, r#"{"api_url":[1]}"#, "the field `api_url` must be a string, not an array");
        check_fields(
            Checked::Arguments,
            &fields,
            false,
            r#"{"port":1}"#,
            "ArgumentError: `shop`: the parameter `api_url` is required",
        );
    }

    #[test]
    fn values_may_be_limited() {
        let mut field = config_field("site", DataType::String);
        field.one_of_values = vec!["\"eu\"".to_owned(), "\"us\"".to_owned()];
        let config = |field: &ConfigField, given: &str, expected: &str| {
            check_fields(Checked::Config, std::slice::from_ref(field), false, given, expected);
        };
        config(&field, r#"{"site":"eu"}"#, r#"{"site":"eu"}"#);
        config(&field, r#"{"site":"e"}"#, "ConfigError: `shop`: the field `site` must be one of 'eu', 'us', not 'e'");
        let mut field = config_field("site", DataType::String);
        field.pattern = Some("^[a-z]+$".to_owned());
        config(
            &field,
            r#"{"site":"A"}"#,
            "ConfigError: `shop`: the field `site` must match '^[a-z]+$', which 'A' does not",
        );
        field.pattern = None;
        field.format = Some("hostname".to_owned());
        config(&field, r#"{"site":"a-b.example.com"}"#, r#"{"site":"a-b.example.com"}"#);
        config(&field, r#"{"site":"a b"}"#, "ConfigError: `shop`: the field `site` must be a host name, not 'a b'");
        field.format = Some("uri".to_owned());
        config(&field, r#"{"site":"a"}"#, "ConfigError: `shop`: the field `site` must be a URL, not 'a'");
        config(&field, r#"{"site":"mock://"}"#, r#"{"site":"mock://"}"#);
    }

    #[test]
    fn exactly_one_of_a_group_is_given() {
        let in_group = |name| ConfigField { group: Some("auth".to_owned()), ..config_field(name, DataType::String) };
        let fields = [in_group("token"), in_group("password")];
        check_fields(Checked::Config, &fields, false, r#"{"token":"x"}"#, r#"{"token":"x"}"#);
        for (given, found) in [("{}", "none is"), (r#"{"token":"x","password":"y"}"#, "several are")] {
            let expected = format!("ConfigError: `shop`: exactly one of `token`, `password` must be given, {found}");
            check_fields(Checked::Config, &fields, false, given, &expected);
        }
    }

    #[test]
    fn defaults_fill_what_is_absent_but_not_null() {
        let mut program = TestProgram::default();
        let default = program.scalar(constant::<5>);
        let context = program.context(Format::Json);
        let field = ConfigField { default: Some(default), ..config_field("n", DataType::String) };
        let filled =
            |given: Document| check(&context, Checked::Arguments, "a", std::slice::from_ref(&field), false, &given);
        assert_eq!(filled(Document::new()), Ok(Document::from([("n".into(), Value::String("5".into()))])));
        let null = Document::from([("n".into(), Value::Null)]);
        assert_eq!(filled(null.clone()), Ok(null));
    }

    #[test]
    fn secrets_are_masked() {
        let field = ConfigField { secret: true, ..config_field("key", DataType::String) };
        let document = Document::from([("key".into(), Value::String("x".into())), ("n".into(), Value::Null)]);
        let shown = masked(std::slice::from_ref(&field), &document);
        assert_eq!(shown.get("key"), Some(&Value::String("***".into())));
        assert_eq!(secret_texts(&[field], &document), ["x".into()]);
        let pin = ConfigField { secret: true, ..config_field("pin", DataType::Integer) };
        let document = Document::from([("pin".into(), Value::Integer(12_345_678_901))]);
        assert_eq!(secret_texts(&[pin], &document), ["12345678901".into()]);
    }
}
