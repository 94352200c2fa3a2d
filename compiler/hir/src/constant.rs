//! Constants in the text: what CONFIG_SCHEMA, FIELDS, PARAMETERS, PUSHDOWN, ALLOW_HOSTS and TAGS are made of.

use moltler_syntax::TextRange;

use crate::definition::Spanned;

/// A literal with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Constant {
    /// What it is.
    pub kind: ConstantKind,
    /// Its text.
    pub range: TextRange,
}

/// What a constant is.
#[derive(Clone, Debug, PartialEq)]
pub enum ConstantKind {
    /// `NULL`
    Null,
    /// `TRUE`, `FALSE`
    Boolean(bool),
    /// `42`
    Integer(i64),
    /// `4.2`
    Number(f64),
    /// A text.
    String(String),
    /// `[a, b]`
    Array(Vec<Constant>),
    /// `{"k": a}`; the keys' ranges include their quotes.
    Document(Vec<(Spanned, Constant)>),
    /// Something that has to be computed.
    Expression,
    /// Something that is not there.
    Missing,
}

impl Constant {
    /// Nothing, at this place.
    pub fn missing(range: TextRange) -> Constant {
        Constant { kind: ConstantKind::Missing, range }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            ConstantKind::String(text) => Some(text),
            _ => None,
        }
    }

    /// The value as JSON; `None` where something in it has to be computed.
    pub fn to_json(&self) -> Option<serde_json::Value> {
        Some(match &self.kind {
            ConstantKind::Null => serde_json::Value::Null,
            ConstantKind::Boolean(value) => (*value).into(),
            ConstantKind::Integer(value) => (*value).into(),
            ConstantKind::Number(value) => (*value).into(),
            ConstantKind::String(text) => text.as_str().into(),
            ConstantKind::Array(elements) => elements.iter().map(Constant::to_json).collect::<Option<Vec<_>>>()?.into(),
            ConstantKind::Document(pairs) => {
                let mut map = serde_json::Map::new();
                for (key, value) in pairs {
                    map.insert(key.text.clone(), value.to_json()?);
                }
                map.into()
            }
            ConstantKind::Expression | ConstantKind::Missing => return None,
        })
    }
}
