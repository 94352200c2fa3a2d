//! JSON Schema of rows and of configurations.

use moltler_abi::DataType;
use moltler_abi::manifest::{ConfigField, Field};
use serde_json::{Map, Value as Json, json};

/// Of a value; any JSON for one whose type is not known.
fn of(data_type: DataType, is_nullable: bool) -> Map<String, Json> {
    let mut schema = Map::new();
    let (name, format) = match data_type {
        DataType::String => ("string", None),
        DataType::Number => ("number", None),
        DataType::Integer => ("integer", None),
        DataType::Boolean => ("boolean", None),
        DataType::Timestamp => ("string", Some("date-time")),
        DataType::Date => ("string", Some("date")),
        DataType::Array => ("array", None),
        DataType::Document | DataType::Interval | DataType::Dynamic | DataType::Null => return schema,
    };
    schema.insert("type".to_owned(), if is_nullable { json!(["null", name]) } else { json!(name) });
    if let Some(format) = format {
        schema.insert("format".to_owned(), json!(format));
    }
    if data_type == DataType::Timestamp {
        schema.insert("airbyte_type".to_owned(), json!("timestamp_with_timezone"));
    }
    schema
}

/// Of the rows of an entity.
pub(super) fn of_rows<'f>(fields: impl Iterator<Item = &'f Field>) -> Json {
    let mut properties = Map::new();
    for field in fields.filter(|field| !field.filter_only) {
        let mut schema = of(field.data_type, !field.primary_key);
        if let Some(description) = &field.description {
            schema.insert("description".to_owned(), json!(description));
        }
        properties.insert(field.name.clone(), schema.into());
    }
    json!({"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "properties": properties})
}

/// Of CONFIG.
pub(super) fn of_config(fields: &[ConfigField]) -> Json {
    let mut properties = Map::new();
    for (order, field) in fields.iter().enumerate() {
        let mut schema = of(field.data_type, false);
        if field.data_type == DataType::Document {
            schema.insert("type".to_owned(), json!("object"));
        }
        let words = [
            ("description", field.description.clone()),
            ("pattern", field.pattern.clone()),
            ("format", field.format.clone()),
            ("title", Some(field.name.clone())),
        ];
        for (key, word) in words {
            if let Some(word) = word {
                schema.insert(key.to_owned(), json!(word));
            }
        }
        let values: Vec<Json> = field.one_of_values.iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
        if !values.is_empty() {
            schema.insert("enum".to_owned(), values.into());
        }
        if field.secret {
            schema.insert("airbyte_secret".to_owned(), json!(true));
        }
        schema.insert("order".to_owned(), json!(order));
        properties.insert(field.name.clone(), schema.into());
    }
    let is_required = |field: &&ConfigField| field.required && field.default.is_none();
    let required: Vec<&str> = fields.iter().filter(is_required).map(|field| field.name.as_str()).collect();
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": true,
    })
}

/// The fields of the primary key.
pub(super) fn key(fields: &[Field]) -> Vec<&str> {
    let key = fields.iter().filter(|field| field.primary_key && !field.filter_only);
    key.map(|field| field.name.as_str()).collect()
}

/// The fields that an incremental read may go by: of times first, since those are most often what is meant.
pub(super) fn cursors(fields: &[Field]) -> Vec<&str> {
    let of = |wanted: &[DataType]| -> Vec<&str> {
        let fits = |field: &&Field| wanted.contains(&field.data_type) && !field.filter_only;
        fields.iter().filter(fits).map(|field| field.name.as_str()).collect()
    };
    let mut found = of(&[DataType::Timestamp]);
    found.extend(of(&[DataType::Date, DataType::Integer, DataType::Number, DataType::String]));
    found
}
