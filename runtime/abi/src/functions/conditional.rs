//! Choices between values.

use crate::DataType::*;
use crate::functions::ParameterType::*;
use crate::functions::{ReturnType, SqlFunction, function, required, returning};

/// By name.
pub(super) const FUNCTIONS: &[SqlFunction] = &[
    function(
        "COALESCE",
        &[required("value", Any)],
        ReturnType::Common,
        "The first argument that is not NULL.",
        "COALESCE(NULL, 'a', 'b') = 'a'",
    ).takes_null().variadic(),
    function(
        "GREATEST",
        &[required("value", Any)],
        ReturnType::Common,
        "The greatest argument; NULLs are left out.",
        "GREATEST(1, 3, NULL, 2) = 3",
    ).takes_null().variadic(),
    function(
        "LEAST",
        &[required("value", Any)],
        ReturnType::Common,
        "The least argument; NULLs are left out.",
        "LEAST('b', 'a') = 'a'",
    ).takes_null().variadic(),
    function(
        "NULLIF",
        &[required("value", Any), required("other", Any)],
        ReturnType::SameAs(0),
        "NULL where both are equal, else the first.",
        "NULLIF('', '') IS NULL",
    ).takes_null(),
    function(
        "TYPEOF",
        &[required("value", Any)],
        returning(String),
        "The name of the value's type: `string`, `number`, `integer`, `boolean`, `timestamp`, `date`, `interval`, `document`, `array` or `null`.",
        "TYPEOF([1]) = 'array'",
    ).takes_null(),
];
