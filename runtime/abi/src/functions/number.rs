//! Functions on numbers.

use crate::DataType::*;
use crate::functions::ParameterType::*;
use crate::functions::{ReturnType, SqlFunction, function, optional, required};

/// By name.
pub(super) const FUNCTIONS: &[SqlFunction] = &[
    function(
        "ABS",
        &[required("number", Numeric)],
        ReturnType::SameAs(0),
        "The number without its sign.",
        "ABS(-2.5) = 2.5",
    ),
    function(
        "CEIL",
        &[required("number", Numeric)],
        ReturnType::SameAs(0),
        "The nearest whole number that is not below.",
        "CEIL(1.2) = 2",
    ),
    function(
        "FLOOR",
        &[required("number", Numeric)],
        ReturnType::SameAs(0),
        "The nearest whole number that is not above.",
        "FLOOR(-1.2) = -2",
    ),
    function(
        "ROUND",
        &[required("number", Numeric), optional("digits", Of(Integer))],
        ReturnType::SameAs(0),
        "The number rounded to so many decimal digits (0), half away from zero.",
        "ROUND(2.345, 2) = 2.35",
    ),
    function(
        "TRUNC",
        &[required("number", Numeric), optional("digits", Of(Integer))],
        ReturnType::SameAs(0),
        "The number cut to so many decimal digits (0).",
        "TRUNC(-1.29, 1) = -1.2",
    ),
];
