//! Functions on arrays.

use crate::DataType::*;
use crate::functions::ParameterType::*;
use crate::functions::{FunctionShape, SqlFunction, function, optional, required, returning};

const VALUE: crate::functions::ParameterType = Function(FunctionShape::Value);
const CONDITION: crate::functions::ParameterType = Function(FunctionShape::Condition);
const STEP: crate::functions::ParameterType = Function(FunctionShape::Step);

/// By name.
pub(super) const FUNCTIONS: &[SqlFunction] = &[
    function(
        "ARRAY_APPEND",
        &[required("array", Of(Array)), required("element", Any)],
        returning(Array),
        "A new array with the element at its end.",
        "ARRAY_APPEND(['a'], 'b') = ['a', 'b']",
    ).takes_null(),
    function(
        "ARRAY_CONTAINS",
        &[required("array", Of(Array)), required("element", Any)],
        returning(Boolean),
        "Whether an element of the array is equal to the value.",
        "ARRAY_CONTAINS(['a', 'b'], 'b')",
    ),
    function(
        "ARRAY_DISTINCT",
        &[required("array", Of(Array))],
        returning(Array),
        "The elements without repetitions; of equal ones the first stays.",
        "ARRAY_DISTINCT([2, 1, 2]) = [2, 1]",
    ),
    function(
        "ARRAY_EVERY",
        &[required("array", Of(Array)), required("condition", CONDITION), optional("value", Any)],
        returning(Boolean),
        "Whether the condition is TRUE for all elements, `x => x.open`; or whether their member with a key is equal to the value, without one TRUE: `'state', 'open'`.",
        "ARRAY_EVERY([2, 4], x => x % 2 = 0)",
    ).takes_null(),
    function(
        "ARRAY_FILTER",
        &[required("array", Of(Array)), required("condition", CONDITION), optional("value", Any)],
        returning(Array),
        "The elements for which the condition is TRUE, `x => x.open`; or whose member with a key is equal to the value, without one TRUE: `'state', 'open'`.",
        "ARRAY_FILTER([1, 2, 3], x => x > 1) = [2, 3]",
    ).takes_null(),
    function(
        "ARRAY_FIND",
        &[required("array", Of(Array)), required("condition", CONDITION), optional("value", Any)],
        returning(Dynamic),
        "The first element for which the condition is TRUE, or whose member with a key is equal to the value; NULL where there is none.",
        "ARRAY_FIND([{'id': 1}, {'id': 2}], x => x.id > 1).id = 2",
    ).takes_null(),
    function(
        "ARRAY_FIND_INDEX",
        &[required("array", Of(Array)), required("condition", CONDITION), optional("value", Any)],
        returning(Integer),
        "The index, from 0, of the first element for which the condition is TRUE, or whose member with a key is equal to the value; -1 where there is none.",
        "ARRAY_FIND_INDEX([{'id': 1}, {'id': 2}], 'id', 2) = 1",
    ).takes_null(),
    function(
        "ARRAY_FLATTEN",
        &[required("array", Of(Array))],
        returning(Array),
        "The elements, with those of inner arrays in the place of these, one level deep.",
        "ARRAY_FLATTEN([1, [2, [3]]]) = [1, 2, [3]]",
    ),
    function(
        "ARRAY_JOIN",
        &[
            required("array", Of(Array)),
            optional("separator", Of(String)),
        ],
        returning(String),
        "The elements as text with the separator (`,`) between them; NULLs are left out.",
        "ARRAY_JOIN(['a', 1], '-') = 'a-1'",
    ),
    function(
        "ARRAY_LENGTH",
        &[required("array", Of(Array))],
        returning(Integer),
        "The number of elements of an array.",
        "ARRAY_LENGTH(['a', 'b']) = 2",
    ),
    function(
        "ARRAY_MAP",
        &[required("array", Of(Array)), required("function", VALUE)],
        returning(Array),
        "What the function makes of each element, `x => x.id` or `(x, index) => …`; or their members with a key: `'id'`.",
        "ARRAY_MAP([1, 2], x => x * 10) = [10, 20]",
    ),
    function(
        "ARRAY_PREPEND",
        &[required("array", Of(Array)), required("element", Any)],
        returning(Array),
        "A new array with the element at its start.",
        "ARRAY_PREPEND(['b'], 'a') = ['a', 'b']",
    ).takes_null(),
    function(
        "ARRAY_REDUCE",
        &[required("array", Of(Array)), required("initial", Any), required("function", STEP)],
        returning(Dynamic),
        "The last value of `(so_far, element) => …`, called for one element after the other, `so_far` being the initial value first.",
        "ARRAY_REDUCE([1, 2, 3], 0, (total, x) => total + x) = 6",
    ).takes_null(),
    function(
        "ARRAY_REMOVE",
        &[required("array", Of(Array)), required("element", Any)],
        returning(Array),
        "A new array without the elements that are equal to the value.",
        "ARRAY_REMOVE([1, 2, 1], 1) = [2]",
    ),
    function(
        "ARRAY_REVERSE",
        &[required("array", Of(Array))],
        returning(Array),
        "The elements from last to first.",
        "ARRAY_REVERSE([1, 2]) = [2, 1]",
    ),
    function(
        "ARRAY_SLICE",
        &[
            required("array", Of(Array)),
            required("from", Of(Integer)),
            optional("to", Of(Integer)),
        ],
        returning(Array),
        "The elements from index `from` up to, but without, index `to`, counted from 0; a negative index counts from the end.",
        "ARRAY_SLICE([1, 2, 3], 0, 2) = [1, 2]",
    ),
    function(
        "ARRAY_SOME",
        &[required("array", Of(Array)), required("condition", CONDITION), optional("value", Any)],
        returning(Boolean),
        "Whether the condition is TRUE for an element, `x => x.open`; or whether the member with a key of one is equal to the value, without one TRUE: `'state', 'open'`.",
        "ARRAY_SOME([{'state': 'open'}], 'state', 'open')",
    ).takes_null(),
    function(
        "ARRAY_SORT",
        &[required("array", Of(Array)), optional("key", VALUE)],
        returning(Array),
        "The elements in ascending order, NULLs first; by what the function makes of each, `x => x.name`, or by their members with a key: `'name'`.",
        "ARRAY_SORT([3, 1, 2], x => -x) = [3, 2, 1]",
    ),
];
