//! Functions on documents.

use crate::DataType::*;
use crate::functions::ParameterType::*;
use crate::functions::{SqlFunction, function, required, returning};

/// By name.
pub(super) const FUNCTIONS: &[SqlFunction] = &[
    function(
        "DOCUMENT_CONTAINS",
        &[required("document", Of(Document)), required("key", Of(String))],
        returning(Boolean),
        "Whether the document has the key, even with NULL.",
        "DOCUMENT_CONTAINS({'a': NULL}, 'a')",
    ),
    function(
        "DOCUMENT_GET",
        &[required("document", Of(Document)), required("key", Of(String))],
        returning(Dynamic),
        "The member with this key, NULL where there is none.",
        "DOCUMENT_GET({'a': 1}, 'a') = 1",
    ),
    function(
        "DOCUMENT_KEYS",
        &[required("document", Of(Document))],
        returning(Array),
        "The keys in their order.",
        "DOCUMENT_KEYS({'b': 1, 'a': 2}) = ['b', 'a']",
    ),
    function(
        "DOCUMENT_MERGE",
        &[required("left", Of(Document)), required("right", Of(Document))],
        returning(Document),
        "A new document with the members of both; where both have a key, that of the right.",
        "DOCUMENT_MERGE({'a': 1}, {'a': 2, 'b': 3}) = {'a': 2, 'b': 3}",
    ),
    function(
        "DOCUMENT_REMOVE",
        &[required("document", Of(Document)), required("key", Of(String))],
        returning(Document),
        "A new document without the key.",
        "DOCUMENT_REMOVE({'a': 1, 'b': 2}, 'a') = {'b': 2}",
    ),
    function(
        "DOCUMENT_VALUES",
        &[required("document", Of(Document))],
        returning(Array),
        "The values in the order of their keys.",
        "DOCUMENT_VALUES({'b': 1, 'a': 2}) = [1, 2]",
    ),
];
