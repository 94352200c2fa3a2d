//! What is around the program.

use crate::DataType::*;
use crate::functions::ParameterType::*;
use crate::functions::{SqlFunction, function, optional, required, returning};

/// By name.
pub(super) const FUNCTIONS: &[SqlFunction] = &[
    function(
        "ENV",
        &[
            required("name", Of(String)),
            optional("default", Of(String)),
        ],
        returning(String),
        "An environment variable, read when the program runs. Unset or empty it is the default, or else `''`; a test that needs it is skipped then.",
        "ENV('MOLTLER_NO_SUCH_VARIABLE', 'x') = 'x'",
    ).takes_null(),
    function(
        "MOCK_CALLS",
        &[required("key", Of(String))],
        returning(Array),
        "In a test with MOCK_API: the requests so far that the key matches, as `{method, url, path, query, headers, body, attempt}`.",
        "TYPEOF('MOCK_CALLS works in tests with MOCK_API only') = 'string'",
    ),
];
