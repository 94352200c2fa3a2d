//! The SQL functions, each declared once: checker, completion, hover, documentation and runtime read this list.
//!
//! Each family has a file of its own; the runtime implements it under the same name.

mod array;
mod conditional;
mod document;
mod environment;
mod json;
mod number;
mod text;
mod time;

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
    /// A function, `x => …`, or what stands for one.
    Function(FunctionShape),
}

/// What a function that is an argument looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FunctionShape {
    /// `element => value`, `(element, index) => value`, or the key of a member of the elements as text.
    Value,
    /// `element => condition`, `(element, index) => condition`, or the key of a member; an unknown condition counts as FALSE.
    Condition,
    /// `(so_far, element) => value`, `(so_far, element, index) => value`.
    Step,
}

impl FunctionShape {
    /// How many parameters it may have, from and to.
    pub const fn parameters(self) -> (usize, usize) {
        match self {
            FunctionShape::Value | FunctionShape::Condition => (1, 2),
            FunctionShape::Step => (2, 3),
        }
    }

    /// Which of its parameters is the element of the array.
    pub const fn element(self) -> usize {
        match self {
            FunctionShape::Value | FunctionShape::Condition => 0,
            FunctionShape::Step => 1,
        }
    }

    /// Whether the key of a member may stand for it.
    pub const fn may_be_key(self) -> bool {
        !matches!(self, FunctionShape::Step)
    }
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

const fn returning(data_type: DataType) -> ReturnType {
    ReturnType::Of(data_type)
}

/// A function that is NULL where an argument is.
const fn function(
    name: &'static str,
    parameters: &'static [Parameter],
    returns: ReturnType,
    documentation: &'static str,
    example: &'static str,
) -> SqlFunction {
    SqlFunction { name, parameters, variadic: false, returns, strict: true, documentation, example }
}

impl SqlFunction {
    /// It looks at arguments that are NULL.
    const fn takes_null(self) -> SqlFunction {
        SqlFunction { strict: false, ..self }
    }

    const fn variadic(self) -> SqlFunction {
        SqlFunction { variadic: true, ..self }
    }
}

const FAMILIES: &[&[SqlFunction]] = &[
    array::FUNCTIONS,
    conditional::FUNCTIONS,
    document::FUNCTIONS,
    environment::FUNCTIONS,
    json::FUNCTIONS,
    number::FUNCTIONS,
    text::FUNCTIONS,
    time::FUNCTIONS,
];

const COUNT: usize = {
    let (mut count, mut family) = (0, 0);
    while family < FAMILIES.len() {
        count += FAMILIES[family].len();
        family += 1;
    }
    count
};

/// All functions, by family. The index is what generated code passes to `call`.
pub const FUNCTIONS: &[SqlFunction] = &{
    let mut all = [FAMILIES[0][0]; COUNT];
    let (mut count, mut family) = (0, 0);
    while family < FAMILIES.len() {
        let mut position = 0;
        while position < FAMILIES[family].len() {
            all[count] = FAMILIES[family][position];
            count += 1;
            position += 1;
        }
        family += 1;
    }
    all
};

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
        for family in FAMILIES {
            assert!(family.is_sorted_by(|left, right| left.name < right.name));
        }
        for function in FUNCTIONS {
            assert!(function.documentation.ends_with('.'), "{}", function.name);
            assert!(function.example.contains(function.name), "{}", function.name);
            let optional = function.parameters.iter().map(|parameter| parameter.optional);
            assert!(optional.is_sorted(), "{}: optional parameters come last", function.name);
            let first = find(function.name).map(|(_, first)| first.documentation);
            assert_eq!(first, Some(function.documentation), "{} is declared once", function.name);
        }
    }

    #[test]
    fn functions_are_found_in_any_case() {
        assert_eq!(find("array_length").map(|(_, function)| function.name), Some("ARRAY_LENGTH"));
        assert!(find("ARRAY").is_none());
    }
}
