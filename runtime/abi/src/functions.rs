//! The SQL functions, each declared once: checker, completion, hover, documentation and runtime read this list.

use crate::DataType;

/// What a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterType {
    /// A value of this type, or one that coerces to it without loss.
    Of(DataType),
    /// `integer` or `number`.
    Numeric,
    /// `timestamp` or `date`.
    Temporal,
    /// Text, or an array.
    TextOrArray,
    /// Anything.
    Any,
}

/// What a call gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReturnType {
    /// Always this type.
    Of(DataType),
    /// The type of the argument with this index.
    SameAs(usize),
    /// The common type of all arguments.
    Common,
}

/// A parameter of a function.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// As shown in signature help.
    pub name: &'static str,
    /// What it takes.
    pub takes: ParameterType,
    /// Whether it may be left out.
    pub optional: bool,
}

/// A function of the language.
#[derive(Clone, Copy, Debug)]
pub struct SqlFunction {
    /// Upper case; found in any case.
    pub name: &'static str,
    /// In order.
    pub parameters: &'static [Parameter],
    /// Whether the last parameter may be given again any number of times.
    pub variadic: bool,
    /// What a call gives.
    pub returns: ReturnType,
    /// Whether a NULL argument makes the result NULL without a call.
    pub strict: bool,
    /// One sentence or two, in Markdown.
    pub documentation: &'static str,
    /// An expression and its value, as `UPPER('ab') = 'AB'`; every example is TRUE and runs as a test.
    pub example: &'static str,
}

const fn required(name: &'static str, takes: ParameterType) -> Parameter {
    Parameter { name, takes, optional: false }
}

const fn optional(name: &'static str, takes: ParameterType) -> Parameter {
    Parameter { name, takes, optional: true }
}

/// All functions, by name. The index is what generated code passes to `call`.
pub const FUNCTIONS: &[SqlFunction] = &[
    SqlFunction {
        name: "ABS",
        parameters: &[required("number", ParameterType::Numeric)],
        variadic: false,
        returns: ReturnType::SameAs(0),
        strict: true,
        documentation: "The number without its sign.",
        example: "ABS(-2.5) = 2.5",
    },
    SqlFunction {
        name: "ARRAY_APPEND",
        parameters: &[required("array", ParameterType::Of(DataType::Array)), required("element", ParameterType::Any)],
        variadic: false,
        returns: ReturnType::Of(DataType::Array),
        strict: false,
        documentation: "A new array with the element at its end.",
        example: "ARRAY_APPEND(['a'], 'b') = ['a', 'b']",
    },
    SqlFunction {
        name: "ARRAY_CONTAINS",
        parameters: &[required("array", ParameterType::Of(DataType::Array)), required("element", ParameterType::Any)],
        variadic: false,
        returns: ReturnType::Of(DataType::Boolean),
        strict: true,
        documentation: "Whether an element of the array is equal to the value.",
        example: "ARRAY_CONTAINS(['a', 'b'], 'b')",
    },
    SqlFunction {
        name: "ARRAY_DISTINCT",
        parameters: &[required("array", ParameterType::Of(DataType::Array))],
        variadic: false,
        returns: ReturnType::Of(DataType::Array),
        strict: true,
        documentation: "The elements without repetitions; of equal ones the first stays.",
        example: "ARRAY_DISTINCT([2, 1, 2]) = [2, 1]",
    },
    SqlFunction {
        name: "ARRAY_FLATTEN",
        parameters: &[required("array", ParameterType::Of(DataType::Array))],
        variadic: false,
        returns: ReturnType::Of(DataType::Array),
        strict: true,
        documentation: "The elements, with those of inner arrays in the place of these, one level deep.",
        example: "ARRAY_FLATTEN([1, [2, [3]]]) = [1, 2, [3]]",
    },
    SqlFunction {
        name: "ARRAY_JOIN",
        parameters: &[
            required("array", ParameterType::Of(DataType::Array)),
            optional("separator", ParameterType::Of(DataType::String)),
        ],
        variadic: false,
        returns: ReturnType::Of(DataType::String),
        strict: true,
        documentation: "The elements as text with the separator (`,`) between them; NULLs are left out.",
        example: "ARRAY_JOIN(['a', 1], '-') = 'a-1'",
    },
    SqlFunction {
        name: "ARRAY_LENGTH",
        parameters: &[required("array", ParameterType::Of(DataType::Array))],
        variadic: false,
        returns: ReturnType::Of(DataType::Integer),
        strict: true,
        documentation: "The number of elements of an array.",
        example: "ARRAY_LENGTH(['a', 'b']) = 2",
    },
    SqlFunction {
        name: "ARRAY_PREPEND",
        parameters: &[required("array", ParameterType::Of(DataType::Array)), required("element", ParameterType::Any)],
        variadic: false,
        returns: ReturnType::Of(DataType::Array),
        strict: false,
        documentation: "A new array with the element at its start.",
        example: "ARRAY_PREPEND(['b'], 'a') = ['a', 'b']",
    },
    SqlFunction {
        name: "ARRAY_REMOVE",
        parameters: &[required("array", ParameterType::Of(DataType::Array)), required("element", ParameterType::Any)],
        variadic: false,
        returns: ReturnType::Of(DataType::Array),
        strict: true,
        documentation: "A new array without the elements that are equal to the value.",
        example: "ARRAY_REMOVE([1, 2, 1], 1) = [2]",
    },
    SqlFunction {
        name: "ARRAY_REVERSE",
        parameters: &[required("array", ParameterType::Of(DataType::Array))],
        variadic: false,
        returns: ReturnType::Of(DataType::Array),
        strict: true,
        documentation: "The elements from last to first.",
        example: "ARRAY_REVERSE([1, 2]) = [2, 1]",
    },
    SqlFunction {
        name: "ARRAY_SLICE",
        parameters: &[
            required("array", ParameterType::Of(DataType::Array)),
            required("from", ParameterType::Of(DataType::Integer)),
            optional("to", ParameterType::Of(DataType::Integer)),
        ],
        variadic: false,
        returns: ReturnType::Of(DataType::Array),
        strict: true,
        documentation: "The elements from index `from` up to, but without, index `to`, counted from 0; a negative index counts from the end.",
        example: "ARRAY_SLICE([1, 2, 3], 0, 2) = [1, 2]",
    },
    SqlFunction {
        name: "ARRAY_SORT",
        parameters: &[
            required("array", ParameterType::Of(DataType::Array)),
            optional("key", ParameterType::Of(DataType::String)),
        ],
        variadic: false,
        returns: ReturnType::Of(DataType::Array),
        strict: true,
        documentation: "The elements in ascending order, NULLs first; documents by the member with this key.",
        example: "ARRAY_SORT([3, 1, 2]) = [1, 2, 3]",
    },
    SqlFunction {
        name: "CEIL",
        parameters: &[required("number", ParameterType::Numeric)],
        variadic: false,
        returns: ReturnType::SameAs(0),
        strict: true,
        documentation: "The nearest whole number that is not below.",
        example: "CEIL(1.2) = 2",
    },
    SqlFunction {
        name: "COALESCE",
        parameters: &[required("value", ParameterType::Any)],
        variadic: true,
        returns: ReturnType::Common,
        strict: false,
        documentation: "The first argument that is not NULL.",
        example: "COALESCE(NULL, 'a', 'b') = 'a'",
    },
    SqlFunction {
        name: "CURRENT_DATE",
        parameters: &[],
        variadic: false,
        returns: ReturnType::Of(DataType::Date),
        strict: true,
        documentation: "The day on which the statement started, in UTC.",
        example: "CURRENT_DATE() <= NOW()",
    },
    SqlFunction {
        name: "CURRENT_TIMESTAMP",
        parameters: &[],
        variadic: false,
        returns: ReturnType::Of(DataType::Timestamp),
        strict: true,
        documentation: "The time at which the statement started, in UTC.",
        example: "CURRENT_TIMESTAMP() = NOW()",
    },
    SqlFunction {
        name: "DATEDIFF",
        parameters: &[required("later", ParameterType::Temporal), required("earlier", ParameterType::Temporal)],
        variadic: false,
        returns: ReturnType::Of(DataType::Integer),
        strict: true,
        documentation: "The number of midnights, in UTC, between two times.",
        example: "DATEDIFF(CAST('2024-03-01' AS date), CAST('2024-02-28' AS date)) = 2",
    },
    SqlFunction {
        name: "DATE_ADD",
        parameters: &[
            required("time", ParameterType::Temporal),
            required("amount", ParameterType::Any),
            optional("unit", ParameterType::Of(DataType::String)),
        ],
        variadic: false,
        returns: ReturnType::SameAs(0),
        strict: true,
        documentation: "The time moved on by so many days, by so many of the unit (`'month'`), or by an interval.",
        example: "DATE_ADD(CAST('2024-01-31' AS date), 1, 'month') = CAST('2024-02-29' AS date)",
    },
    SqlFunction {
        name: "DATE_FORMAT",
        parameters: &[
            required("time", ParameterType::Temporal),
            required("format", ParameterType::Of(DataType::String)),
        ],
        variadic: false,
        returns: ReturnType::Of(DataType::String),
        strict: true,
        documentation: "The time in UTC as text. In the format `YYYY YY MM Mon Month DD DDD Dy Day HH24 HH12 MI SS MS US AM Q` stand for its parts; text in double quotes stands for itself.",
        example: "DATE_FORMAT(CAST('2024-03-01T14:05:00Z' AS timestamp), 'DD.MM.YYYY HH24:MI') = '01.03.2024 14:05'",
    },
    SqlFunction {
        name: "DATE_SUB",
        parameters: &[
            required("time", ParameterType::Temporal),
            required("amount", ParameterType::Any),
            optional("unit", ParameterType::Of(DataType::String)),
        ],
        variadic: false,
        returns: ReturnType::SameAs(0),
        strict: true,
        documentation: "The time moved back by so many days, by so many of the unit (`'month'`), or by an interval.",
        example: "DATE_SUB(CAST('2024-03-01' AS date), 1) = CAST('2024-02-29' AS date)",
    },
    SqlFunction {
        name: "DATE_TRUNC",
        parameters: &[required("unit", ParameterType::Of(DataType::String)), required("time", ParameterType::Temporal)],
        variadic: false,
        returns: ReturnType::SameAs(1),
        strict: true,
        documentation: "The start, in UTC, of the `'year'`, `'quarter'`, `'month'`, `'week'` (Monday), `'day'`, `'hour'`, `'minute'` or `'second'` that the time lies in.",
        example: "DATE_TRUNC('month', CAST('2024-03-15' AS date)) = CAST('2024-03-01' AS date)",
    },
    SqlFunction {
        name: "DOCUMENT_CONTAINS",
        parameters: &[
            required("document", ParameterType::Of(DataType::Document)),
            required("key", ParameterType::Of(DataType::String)),
        ],
        variadic: false,
        returns: ReturnType::Of(DataType::Boolean),
        strict: true,
        documentation: "Whether the document has the key, even with NULL.",
        example: "DOCUMENT_CONTAINS({'a': NULL}, 'a')",
    },
    SqlFunction {
        name: "DOCUMENT_GET",
        parameters: &[
            required("document", ParameterType::Of(DataType::Document)),
            required("key", ParameterType::Of(DataType::String)),
        ],
        variadic: false,
        returns: ReturnType::Of(DataType::Dynamic),
        strict: true,
        documentation: "The member with this key, NULL where there is none.",
        example: "DOCUMENT_GET({'a': 1}, 'a') = 1",
    },
    SqlFunction {
        name: "DOCUMENT_KEYS",
        parameters: &[required("document", ParameterType::Of(DataType::Document))],
        variadic: false,
        returns: ReturnType::Of(DataType::Array),
        strict: true,
        documentation: "The keys in their order.",
        example: "DOCUMENT_KEYS({'b': 1, 'a': 2}) = ['b', 'a']",
    },
    SqlFunction {
        name: "DOCUMENT_MERGE",
        parameters: &[
            required("left", ParameterType::Of(DataType::Document)),
            required("right", ParameterType::Of(DataType::Document)),
        ],
        variadic: false,
        returns: ReturnType::Of(DataType::Document),
        strict: true,
        documentation: "A new document with the members of both; where both have a key, that of the right.",
        example: "DOCUMENT_MERGE({'a': 1}, {'a': 2, 'b': 3}) = {'a': 2, 'b': 3}",
    },
    SqlFunction {
        name: "DOCUMENT_REMOVE",
        parameters: &[
            required("document", ParameterType::Of(DataType::Document)),
            required("key", ParameterType::Of(DataType::String)),
        ],
        variadic: false,
        returns: ReturnType::Of(DataType::Document),
        strict: true,
        documentation: "A new document without the key.",
        example: "DOCUMENT_REMOVE({'a': 1, 'b': 2}, 'a') = {'b': 2}",
    },
    SqlFunction {
        name: "DOCUMENT_VALUES",
        parameters: &[required("document", ParameterType::Of(DataType::Document))],
        variadic: false,
        returns: ReturnType::Of(DataType::Array),
        strict: true,
        documentation: "The values in the order of their keys.",
        example: "DOCUMENT_VALUES({'b': 1, 'a': 2}) = [1, 2]",
    },
    SqlFunction {
        name: "ENV",
        parameters: &[
            required("name", ParameterType::Of(DataType::String)),
            optional("default", ParameterType::Of(DataType::String)),
        ],
        variadic: false,
        returns: ReturnType::Of(DataType::String),
        strict: false,
        documentation: "An environment variable, read when the program runs. Unset or empty it is the default, or else `''`; a test that needs it is skipped then.",
        example: "ENV('MOLTLER_NO_SUCH_VARIABLE', 'x') = 'x'",
    },
    SqlFunction {
        name: "EXTRACT",
        parameters: &[required("part", ParameterType::Of(DataType::String)), required("time", ParameterType::Temporal)],
        variadic: false,
        returns: ReturnType::Of(DataType::Number),
        strict: true,
        documentation: "A part of the time in UTC: `'year'`, `'quarter'`, `'month'`, `'week'`, `'day'`, `'hour'`, `'minute'`, `'second'`, `'dow'` (0 is Sunday), `'doy'`, `'epoch'` (seconds).",
        example: "EXTRACT('year', CAST('2024-03-15' AS date)) = 2024",
    },
    SqlFunction {
        name: "EXTRACT_DAY",
        parameters: &[required("time", ParameterType::Temporal)],
        variadic: false,
        returns: ReturnType::Of(DataType::Integer),
        strict: true,
        documentation: "The day of the month in UTC.",
        example: "EXTRACT_DAY(CAST('2024-03-15' AS date)) = 15",
    },
    SqlFunction {
        name: "EXTRACT_MONTH",
        parameters: &[required("time", ParameterType::Temporal)],
        variadic: false,
        returns: ReturnType::Of(DataType::Integer),
        strict: true,
        documentation: "The month in UTC, from 1.",
        example: "EXTRACT_MONTH(CAST('2024-03-15' AS date)) = 3",
    },
    SqlFunction {
        name: "EXTRACT_YEAR",
        parameters: &[required("time", ParameterType::Temporal)],
        variadic: false,
        returns: ReturnType::Of(DataType::Integer),
        strict: true,
        documentation: "The year in UTC.",
        example: "EXTRACT_YEAR(CAST('2024-03-15' AS date)) = 2024",
    },
    SqlFunction {
        name: "FLOOR",
        parameters: &[required("number", ParameterType::Numeric)],
        variadic: false,
        returns: ReturnType::SameAs(0),
        strict: true,
        documentation: "The nearest whole number that is not above.",
        example: "FLOOR(-1.2) = -2",
    },
    SqlFunction {
        name: "FROM_JSON",
        parameters: &[required("json", ParameterType::Of(DataType::String))],
        variadic: false,
        returns: ReturnType::Of(DataType::Dynamic),
        strict: true,
        documentation: "The value that a JSON text is; an error where it is none.",
        example: "FROM_JSON('[1, 2]')[1] = 2",
    },
    SqlFunction {
        name: "GREATEST",
        parameters: &[required("value", ParameterType::Any)],
        variadic: true,
        returns: ReturnType::Common,
        strict: false,
        documentation: "The greatest argument; NULLs are left out.",
        example: "GREATEST(1, 3, NULL, 2) = 3",
    },
    SqlFunction {
        name: "INSTR",
        parameters: &[
            required("text", ParameterType::Of(DataType::String)),
            required("part", ParameterType::Of(DataType::String)),
        ],
        variadic: false,
        returns: ReturnType::Of(DataType::Integer),
        strict: true,
        documentation: "Where the part stands first in the text, counted in characters from 1; 0 where it does not occur.",
        example: "INSTR('hello', 'l') = 3",
    },
    SqlFunction {
        name: "LEAST",
        parameters: &[required("value", ParameterType::Any)],
        variadic: true,
        returns: ReturnType::Common,
        strict: false,
        documentation: "The least argument; NULLs are left out.",
        example: "LEAST('b', 'a') = 'a'",
    },
    SqlFunction {
        name: "LENGTH",
        parameters: &[required("value", ParameterType::TextOrArray)],
        variadic: false,
        returns: ReturnType::Of(DataType::Integer),
        strict: true,
        documentation: "The number of characters of a text, or of elements of an array.",
        example: "LENGTH('héllo') = 5",
    },
    SqlFunction {
        name: "LOWER",
        parameters: &[required("text", ParameterType::Of(DataType::String))],
        variadic: false,
        returns: ReturnType::Of(DataType::String),
        strict: true,
        documentation: "The text in lower case.",
        example: "LOWER('ÄB') = 'äb'",
    },
    SqlFunction {
        name: "LTRIM",
        parameters: &[required("text", ParameterType::Of(DataType::String))],
        variadic: false,
        returns: ReturnType::Of(DataType::String),
        strict: true,
        documentation: "The text without blanks at its start.",
        example: "LTRIM('  a ') = 'a '",
    },
    SqlFunction {
        name: "MOCK_CALLS",
        parameters: &[required("key", ParameterType::Of(DataType::String))],
        variadic: false,
        returns: ReturnType::Of(DataType::Array),
        strict: true,
        documentation: "In a test with MOCK_API: the requests so far that the key matches, as `{method, url, path, query, headers, body, attempt}`.",
        example: "TYPEOF('MOCK_CALLS works in tests with MOCK_API only') = 'string'",
    },
    SqlFunction {
        name: "NOW",
        parameters: &[],
        variadic: false,
        returns: ReturnType::Of(DataType::Timestamp),
        strict: true,
        documentation: "The same as `CURRENT_TIMESTAMP()`.",
        example: "NOW() IS NOT NULL",
    },
    SqlFunction {
        name: "NULLIF",
        parameters: &[required("value", ParameterType::Any), required("other", ParameterType::Any)],
        variadic: false,
        returns: ReturnType::SameAs(0),
        strict: false,
        documentation: "NULL where both are equal, else the first.",
        example: "NULLIF('', '') IS NULL",
    },
    SqlFunction {
        name: "REPLACE",
        parameters: &[
            required("text", ParameterType::Of(DataType::String)),
            required("from", ParameterType::Of(DataType::String)),
            required("to", ParameterType::Of(DataType::String)),
        ],
        variadic: false,
        returns: ReturnType::Of(DataType::String),
        strict: true,
        documentation: "The text with every occurrence of `from` replaced.",
        example: "REPLACE('aXbX', 'X', '-') = 'a-b-'",
    },
    SqlFunction {
        name: "ROUND",
        parameters: &[
            required("number", ParameterType::Numeric),
            optional("digits", ParameterType::Of(DataType::Integer)),
        ],
        variadic: false,
        returns: ReturnType::SameAs(0),
        strict: true,
        documentation: "The number rounded to so many decimal digits (0), half away from zero.",
        example: "ROUND(2.345, 2) = 2.35",
    },
    SqlFunction {
        name: "RTRIM",
        parameters: &[required("text", ParameterType::Of(DataType::String))],
        variadic: false,
        returns: ReturnType::Of(DataType::String),
        strict: true,
        documentation: "The text without blanks at its end.",
        example: "RTRIM(' a  ') = ' a'",
    },
    SqlFunction {
        name: "SPLIT",
        parameters: &[
            required("text", ParameterType::Of(DataType::String)),
            required("separator", ParameterType::Of(DataType::String)),
        ],
        variadic: false,
        returns: ReturnType::Of(DataType::Array),
        strict: true,
        documentation: "The pieces of the text between the separators; an empty separator gives the characters.",
        example: "SPLIT('a,b,', ',') = ['a', 'b', '']",
    },
    SqlFunction {
        name: "SUBSTR",
        parameters: &[
            required("text", ParameterType::Of(DataType::String)),
            required("start", ParameterType::Of(DataType::Integer)),
            optional("length", ParameterType::Of(DataType::Integer)),
        ],
        variadic: false,
        returns: ReturnType::Of(DataType::String),
        strict: true,
        documentation: "The characters from `start` on, counted from 1, at most `length` of them.",
        example: "SUBSTR('hello', 2, 3) = 'ell'",
    },
    SqlFunction {
        name: "TO_JSON",
        parameters: &[required("value", ParameterType::Any)],
        variadic: false,
        returns: ReturnType::Of(DataType::String),
        strict: false,
        documentation: "The value as JSON text; NULL is `null`.",
        example: "TO_JSON({'a': [1, NULL]}) = '{\"a\":[1,null]}'",
    },
    SqlFunction {
        name: "TRIM",
        parameters: &[required("text", ParameterType::Of(DataType::String))],
        variadic: false,
        returns: ReturnType::Of(DataType::String),
        strict: true,
        documentation: "The text without blanks at both ends.",
        example: "TRIM('  a ') = 'a'",
    },
    SqlFunction {
        name: "TRUNC",
        parameters: &[
            required("number", ParameterType::Numeric),
            optional("digits", ParameterType::Of(DataType::Integer)),
        ],
        variadic: false,
        returns: ReturnType::SameAs(0),
        strict: true,
        documentation: "The number cut to so many decimal digits (0).",
        example: "TRUNC(-1.29, 1) = -1.2",
    },
    SqlFunction {
        name: "TYPEOF",
        parameters: &[required("value", ParameterType::Any)],
        variadic: false,
        returns: ReturnType::Of(DataType::String),
        strict: false,
        documentation: "The name of the value's type: `string`, `number`, `integer`, `boolean`, `timestamp`, `date`, `interval`, `document`, `array` or `null`.",
        example: "TYPEOF([1]) = 'array'",
    },
    SqlFunction {
        name: "UPPER",
        parameters: &[required("text", ParameterType::Of(DataType::String))],
        variadic: false,
        returns: ReturnType::Of(DataType::String),
        strict: true,
        documentation: "The text in upper case.",
        example: "UPPER('äb') = 'ÄB'",
    },
];

/// The function with this name in any case, with its index.
pub fn find(name: &str) -> Option<(u32, &'static SqlFunction)> {
    let position = FUNCTIONS.iter().position(|function| function.name.eq_ignore_ascii_case(name))?;
    Some((position as u32, &FUNCTIONS[position]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_sorted_and_documented() {
        assert!(FUNCTIONS.is_sorted_by(|left, right| left.name < right.name));
        for function in FUNCTIONS {
            assert!(function.documentation.ends_with('.'), "{}", function.name);
            assert!(function.example.contains(function.name), "{}", function.name);
            let optional = function.parameters.iter().map(|parameter| parameter.optional);
            assert!(optional.is_sorted(), "{}: optional parameters come last", function.name);
        }
    }

    #[test]
    fn functions_are_found_in_any_case() {
        assert_eq!(find("array_length").map(|(_, function)| function.name), Some("ARRAY_LENGTH"));
        assert!(find("ARRAY").is_none());
    }
}
