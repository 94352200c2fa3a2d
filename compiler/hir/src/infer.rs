//! Types of expressions: which types go together, and what comes out.
//!
//! The rules are those of SQL with two additions: a *dynamic* (what `.` and `[]` reach inside a document) goes with
//! everything, and NULL has a type of its own that goes with everything.

use moltler_abi::DataType;
use moltler_abi::functions::{FunctionShape, ParameterType, ReturnType, SqlFunction};
use moltler_abi::runtime_calls::BinaryOperator;

/// Whether nothing is known of the type before the program runs.
pub fn is_open(data_type: DataType) -> bool {
    matches!(data_type, DataType::Dynamic | DataType::Null)
}

/// Whether it is a number of any kind.
pub fn is_numeric(data_type: DataType) -> bool {
    matches!(data_type, DataType::Integer | DataType::Number)
}

/// Whether it is a point in time.
pub fn is_temporal(data_type: DataType) -> bool {
    matches!(data_type, DataType::Timestamp | DataType::Date)
}

/// The type that values of both have in common, as in CASE and COALESCE; `None` when they have none.
pub fn common(left: DataType, right: DataType) -> Option<DataType> {
    use DataType::*;
    Some(match (left, right) {
        (left, right) if left == right => left,
        (Null, other) | (other, Null) => other,
        (Dynamic, _) | (_, Dynamic) => Dynamic,
        (Integer, Number) | (Number, Integer) => Number,
        (Timestamp, Date) | (Date, Timestamp) => Timestamp,
        (Document, Array) | (Array, Document) => Document,
        _ => return None,
    })
}

/// Whether `left operator right` may be written for a comparison.
pub fn comparable(operator: BinaryOperator, left: DataType, right: DataType) -> bool {
    let Some(both) = common(left, right) else { return false };
    match operator {
        BinaryOperator::Equal | BinaryOperator::NotEqual => true,
        _ => !matches!(both, DataType::Document | DataType::Array),
    }
}

/// The type of `left operator right` for `+ - * / %`; `None` when the operands don't go together.
pub fn arithmetic(operator: BinaryOperator, left: DataType, right: DataType) -> Option<DataType> {
    use BinaryOperator::{Add, Divide, Multiply, Subtract};
    use DataType::*;
    Some(match (operator, left, right) {
        (_, Integer, Integer) => Integer,
        (_, left, right) if is_numeric(left) && is_numeric(right) => Number,
        (Add | Subtract, left, Interval) if is_temporal(left) => Timestamp,
        (Add, Interval, right) if is_temporal(right) => Timestamp,
        (Subtract, Date, Date) => Integer,
        (Subtract, left, right) if is_temporal(left) && is_temporal(right) => Interval,
        (Add | Subtract, Date, Integer) | (Add, Integer, Date) => Date,
        (Add | Subtract, Interval, Interval) => Interval,
        (Multiply | Divide, Interval, right) if is_numeric(right) || is_open(right) => Interval,
        (Multiply, left, Interval) if is_numeric(left) || is_open(left) => Interval,
        (Add | Subtract, left, Interval) if is_open(left) => Dynamic,
        (_, left, right) if is_open(left) && is_open(right) => Dynamic,
        (_, Null, right) if is_numeric(right) || is_temporal(right) => right,
        (_, left, Null) if is_numeric(left) || is_temporal(left) => left,
        (_, Dynamic, right) if is_numeric(right) => Number,
        (_, left, Dynamic) if is_numeric(left) => Number,
        (Add | Subtract, left, right) if is_temporal(left) && is_open(right) => Dynamic,
        (Add | Subtract, left, right) if is_open(left) && is_temporal(right) => Dynamic,
        (Add, Interval, right) if is_open(right) => Dynamic,
        _ => return None,
    })
}

/// The type of `left || right`.
pub fn concatenation(left: DataType, right: DataType) -> DataType {
    match (left, right) {
        (DataType::Array, DataType::Array | DataType::Null) | (DataType::Null, DataType::Array) => DataType::Array,
        (DataType::Array | DataType::Dynamic, DataType::Array | DataType::Dynamic) => DataType::Dynamic,
        _ => DataType::String,
    }
}

/// Whether a parameter takes a value of this type.
pub fn takes(parameter: ParameterType, data_type: DataType) -> bool {
    if is_open(data_type) {
        return !matches!(parameter, ParameterType::Function(shape) if !shape.may_be_key());
    }
    match parameter {
        ParameterType::Any => true,
        ParameterType::Numeric => is_numeric(data_type),
        ParameterType::Temporal => is_temporal(data_type),
        ParameterType::TextOrArray => matches!(data_type, DataType::String | DataType::Array),
        ParameterType::Of(wanted) => fits(data_type, wanted),
        ParameterType::Function(shape) => shape.may_be_key() && data_type == DataType::String,
    }
}

/// Whether a value of the type can be one of the wanted type without loss, as far as is known before the program runs.
pub fn fits(data_type: DataType, wanted: DataType) -> bool {
    use DataType::*;
    data_type == wanted
        || is_open(data_type)
        || is_open(wanted)
        || wanted == Document
        || matches!(
            (data_type, wanted),
            (Integer, Number)
                | (Number, Integer)
                | (Integer | Number | Boolean | Timestamp | Date, String)
                | (String, Number | Integer | Boolean | Timestamp | Date)
                | (Date, Timestamp)
                | (Timestamp, Date)
                | (Integer | Number, Timestamp)
                | (Document, Array)
        )
}

/// What a parameter takes, in words: `a number`.
pub fn describe(parameter: ParameterType) -> String {
    match parameter {
        ParameterType::Any => "anything".to_owned(),
        ParameterType::Numeric => "`integer` or `number`".to_owned(),
        ParameterType::Temporal => "`timestamp` or `date`".to_owned(),
        ParameterType::TextOrArray => "`string` or `array`".to_owned(),
        ParameterType::Of(data_type) => format!("`{data_type}`"),
        ParameterType::Function(shape) => describe_function(shape),
    }
}

/// A function that is an argument, in words.
pub fn describe_function(shape: FunctionShape) -> String {
    match shape {
        FunctionShape::Value => "a function such as `x => x.id`, or a key",
        FunctionShape::Condition => "a condition such as `x => x.open`, or a key",
        FunctionShape::Step => "a function such as `(total, x) => total + x`",
    }
    .to_owned()
}

/// The type of a call.
pub fn call(function: &SqlFunction, arguments: &[DataType]) -> DataType {
    match function.returns {
        ReturnType::Of(data_type) => data_type,
        ReturnType::SameAs(position) => arguments.get(position).copied().unwrap_or(DataType::Dynamic),
        ReturnType::Common => {
            arguments.iter().try_fold(DataType::Null, |left, right| common(left, *right)).unwrap_or(DataType::Dynamic)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{arithmetic, common};
    use moltler_abi::DataType::*;
    use moltler_abi::runtime_calls::BinaryOperator::{Add, Divide, Multiply, Subtract};

    #[test]
    fn common_types() {
        assert_eq!(common(Integer, Number), Some(Number));
        assert_eq!(common(Null, String), Some(String));
        assert_eq!(common(Dynamic, String), Some(Dynamic));
        assert_eq!(common(Boolean, String), None);
    }

    #[test]
    fn arithmetic_of_times() {
        assert_eq!(arithmetic(Subtract, Timestamp, Interval), Some(Timestamp));
        assert_eq!(arithmetic(Subtract, Timestamp, Timestamp), Some(Interval));
        assert_eq!(arithmetic(Add, Timestamp, Timestamp), None);
        assert_eq!(arithmetic(Multiply, Interval, Integer), Some(Interval));
        assert_eq!(arithmetic(Divide, Integer, Integer), Some(Integer));
        assert_eq!(arithmetic(Add, String, Integer), None);
    }
}
