//! Functions on text.

use crate::DataType::*;
use crate::functions::ParameterType::*;
use crate::functions::{SqlFunction, function, optional, required, returning};

/// By name.
pub(super) const FUNCTIONS: &[SqlFunction] = &[
    function(
        "INSTR",
        &[required("text", Of(String)), required("part", Of(String))],
        returning(Integer),
        "Where the part stands first in the text, counted in characters from 1; 0 where it does not occur.",
        "INSTR('hello', 'l') = 3",
    ),
    function(
        "LENGTH",
        &[required("value", TextOrArray)],
        returning(Integer),
        "The number of characters of a text, or of elements of an array.",
        "LENGTH('héllo') = 5",
    ),
    function(
        "LOWER",
        &[required("text", Of(String))],
        returning(String),
        "The text in lower case.",
        "LOWER('ÄB') = 'äb'",
    ),
    function(
        "LTRIM",
        &[required("text", Of(String))],
        returning(String),
        "The text without blanks at its start.",
        "LTRIM('  a ') = 'a '",
    ),
    function(
        "REPLACE",
        &[required("text", Of(String)), required("from", Of(String)), required("to", Of(String))],
        returning(String),
        "The text with every occurrence of `from` replaced.",
        "REPLACE('aXbX', 'X', '-') = 'a-b-'",
    ),
    function(
        "RTRIM",
        &[required("text", Of(String))],
        returning(String),
        "The text without blanks at its end.",
        "RTRIM(' a  ') = ' a'",
    ),
    function(
        "SPLIT",
        &[required("text", Of(String)), required("separator", Of(String))],
        returning(Array),
        "The pieces of the text between the separators; an empty separator gives the characters.",
        "SPLIT('a,b,', ',') = ['a', 'b', '']",
    ),
    function(
        "SUBSTR",
        &[required("text", Of(String)), required("start", Of(Integer)), optional("length", Of(Integer))],
        returning(String),
        "The characters from `start` on, counted from 1, at most `length` of them.",
        "SUBSTR('hello', 2, 3) = 'ell'",
    ),
    function(
        "TRIM",
        &[required("text", Of(String))],
        returning(String),
        "The text without blanks at both ends.",
        "TRIM('  a ') = 'a'",
    ),
    function(
        "UPPER",
        &[required("text", Of(String))],
        returning(String),
        "The text in upper case.",
        "UPPER('äb') = 'ÄB'",
    ),
];
