//! Values of a run.

use std::rc::Rc;

use indexmap::IndexMap;

/// A value of any type.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// SQL NULL and JSON null.
    #[default]
    Null,
    /// TRUE or FALSE.
    Boolean(bool),
    /// 64-bit integer.
    Integer(i64),
    /// IEEE double; never NaN or infinite where it came from outside.
    Number(f64),
    /// Text.
    String(Rc<str>),
    /// Microseconds since 1970-01-01T00:00:00Z.
    Timestamp(i64),
    /// Days since 1970-01-01.
    Date(i32),
    /// A span of time.
    Interval(Interval),
    /// A JSON array.
    Array(Rc<Vec<Value>>),
    /// A JSON object, keys in their order.
    Document(Rc<Document>),
}

/// A JSON object, keys in their order.
pub type Document = IndexMap<Rc<str>, Value>;

/// A span of time; months and days are calendar units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interval {
    /// Months.
    pub months: i32,
    /// Days.
    pub days: i64,
    /// Microseconds.
    pub microseconds: i64,
}

impl Value {
    /// Whether arrays and documents are nested in more than so many levels; looks no deeper than that.
    pub fn is_deeper_than(&self, levels: usize) -> bool {
        match self {
            Value::Array(items) => match levels.checked_sub(1) {
                Some(levels) => items.iter().any(|item| item.is_deeper_than(levels)),
                None => true,
            },
            Value::Document(document) => match levels.checked_sub(1) {
                Some(levels) => document.values().any(|item| item.is_deeper_than(levels)),
                None => true,
            },
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_of_nesting() {
        let nested = (0..5).fold(Value::Null, |inner, _| Value::Array(Rc::new(vec![inner])));
        assert!(nested.is_deeper_than(4));
        assert!(!nested.is_deeper_than(5));
        assert!(!Value::Integer(1).is_deeper_than(0));
    }
}
