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
        name: "ARRAY_LENGTH",
        parameters: &[required("array", ParameterType::Of(DataType::Array))],
        variadic: false,
        returns: ReturnType::Of(DataType::Integer),
        strict: true,
        documentation: "The number of elements of an array.",
        example: "ARRAY_LENGTH(['a', 'b']) = 2",
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
        name: "ENV",
        parameters: &[
            required("name", ParameterType::Of(DataType::String)),
            optional("default", ParameterType::Of(DataType::String)),
        ],
        variadic: false,
        returns: ReturnType::Of(DataType::String),
        strict: false,
        documentation: "An environment variable, read when the program runs. Unset or empty it is the default, or else `''`; a test \
                        that needs it is skipped then.",
        example: "ENV('MOLTLER_NO_SUCH_VARIABLE', 'x') = 'x'",
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
];

/// The function with this name in any case, with its index.
pub fn find(name: &str) -> Option<(u32, &'static SqlFunction)> {
    let position = FUNCTIONS.iter().position(|function| function.name.eq_ignore_ascii_case(name))?;
    Some((position as u32, &FUNCTIONS[position]))
}
