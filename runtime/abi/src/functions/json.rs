//! JSON as text.

use crate::DataType::*;
use crate::functions::ParameterType::*;
use crate::functions::{SqlFunction, function, required, returning};

/// By name.
pub(super) const FUNCTIONS: &[SqlFunction] = &[
    function(
        "FROM_JSON",
        &[required("json", Of(String))],
        returning(Dynamic),
        "The value that a JSON text is; an error where it is none.",
        "FROM_JSON('[1, 2]')[1] = 2",
    ),
    function(
        "TO_JSON",
        &[required("value", Any)],
        returning(String),
        "The value as JSON text; NULL is `null`.",
        "TO_JSON({'a': [1, NULL]}) = '{\"a\":[1,null]}'",
    )
    .takes_null(),
];
