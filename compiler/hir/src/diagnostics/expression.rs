//! Types and calls: `type-mismatch`, `null-comparison`, `ambiguous-name`, `wrong-arguments`, `misplaced-expression`,
//! `invalid-literal`.

use moltler_abi::DataType;
use moltler_abi::functions::{FunctionShape, SqlFunction};
use moltler_syntax::TextRange;

use super::{Code, LocalDiagnostic};
use crate::infer::describe;

/// Operands that don't go together.
pub(crate) fn operands(operator: &str, left: DataType, right: DataType, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error(Code::TypeMismatch, range, format!("`{operator}` does not take `{left}` and `{right}`"))
}

/// An operand of another type than the operator takes.
pub(crate) fn operand(operator: &str, expected: &str, found: DataType, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error(Code::TypeMismatch, range, format!("`{operator}` takes {expected}, not `{found}`"))
}

/// A value of another type than its place takes.
pub(crate) fn value(place: &str, expected: &str, found: DataType, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error(Code::TypeMismatch, range, format!("{place} takes {expected}, not `{found}`"))
}

/// A constant text that is no value of the type beside it.
pub(crate) fn constant(text: &str, data_type: DataType, range: TextRange) -> LocalDiagnostic {
    let diagnostic =
        LocalDiagnostic::error(Code::InvalidLiteral, range, format!("`{text}` is not a value of type `{data_type}`"));
    match data_type {
        DataType::Timestamp => diagnostic.help("write it as `2024-01-31T08:00:00Z`"),
        DataType::Date => diagnostic.help("write it as `2024-01-31`"),
        _ => diagnostic,
    }
}

/// `x = NULL`, which is never true. `operand` is the text of the side that is not NULL.
pub(crate) fn null_comparison(operator: &str, operand: &str, negated: bool, range: TextRange) -> LocalDiagnostic {
    let test = if negated { "IS NOT NULL" } else { "IS NULL" };
    LocalDiagnostic::warning(Code::NullComparison, range, format!("`{operator} NULL` is never true"))
        .help(format!("write `{test}`"))
        .fix(format!("Replace with `{test}`"), range, format!("{operand} {test}"))
}

/// A bare name that is a column, and a variable too.
pub(crate) fn ambiguous_name(name: &str, table: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::warning(
        Code::AmbiguousName,
        range,
        format!("`{name}` is the field of `{table}` here, not the variable `{name}`"),
    )
    .help(format!("write `:{name}` for the variable, `{table}.{name}` for the field"))
    .fix(format!("Use the variable: `:{name}`"), range, format!(":{name}"))
    .fix(format!("Say that it is the field: `{table}.{name}`"), range, format!("{table}.{name}"))
}

/// A call with too many arguments.
pub(crate) fn too_many_arguments(function: &SqlFunction, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error(Code::WrongArguments, range, format!("`{}` takes fewer arguments", function.name))
        .help(format!("it is called as `{}`", signature(function)))
}

/// A call with too few arguments.
pub(crate) fn too_few_arguments(function: &SqlFunction, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error(Code::WrongArguments, range, format!("`{}` takes more arguments", function.name))
        .help(format!("it is called as `{}`", signature(function)))
}

/// An argument of a type that the parameter does not take.
pub(crate) fn argument(function: &SqlFunction, position: usize, found: DataType, range: TextRange) -> LocalDiagnostic {
    let parameter = &function.parameters[position.min(function.parameters.len() - 1)];
    LocalDiagnostic::error(
        Code::TypeMismatch,
        range,
        format!("`{}` of `{}` takes {}, not `{found}`", parameter.name, function.name, describe(parameter.takes)),
    )
}

/// A function with more or fewer parameters than it is called with.
pub(crate) fn parameter_count(
    function: &SqlFunction,
    shape: FunctionShape,
    found: usize,
    range: TextRange,
) -> LocalDiagnostic {
    let (least, most) = shape.parameters();
    let message = format!("a function of `{}` has {least} or {most} parameters, not {found}", function.name);
    let help = match shape {
        FunctionShape::Value | FunctionShape::Condition => "the element, and its index: `(x, index) => …`",
        FunctionShape::Step => "the value so far, the element, and its index: `(total, x, index) => …`",
    };
    LocalDiagnostic::error(Code::WrongArguments, range, message).help(help)
}

/// Two parameters of a function with the same name.
pub(crate) fn repeated_parameter(name: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error(Code::WrongArguments, range, format!("the parameter `{name}` is there twice"))
}

/// Something that belongs elsewhere.
pub(crate) fn misplaced(message: impl Into<String>, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error(Code::MisplacedExpression, range, message)
}

/// `NAME(a, b)` with optional parameters in brackets.
pub fn signature(function: &SqlFunction) -> String {
    let mut text = format!("{}(", function.name);
    for (position, parameter) in function.parameters.iter().enumerate() {
        if parameter.optional {
            text.push('[');
        }
        if position > 0 {
            text.push_str(", ");
        }
        text.push_str(parameter.name);
        if parameter.optional {
            text.push(']');
        }
    }
    if function.variadic {
        text.push_str(", …");
    }
    text.push(')');
    text
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn operands() {
        check(
            r#"
SELECT id FROM shop.items WHERE price > 'cheap';
SELECT id FROM shop.items WHERE name > 3;
SELECT name + 1 FROM shop.items;
SELECT created + '7d' FROM shop.items;
SELECT id FROM shop.items WHERE active = 'yes';
SELECT id FROM shop.items WHERE tags < tags;
"#,
            r#"
                error[invalid-literal] at `'cheap'`: `cheap` is not a value of type `number`
                error[type-mismatch] at `name > 3`: `>` does not take `string` and `integer`
                error[type-mismatch] at `name + 1`: `+` does not take `string` and `integer` | help: texts are joined by `||`
                error[type-mismatch] at `created + '7d'`: `+` does not take `timestamp` and `string` | help: a span of time is written `INTERVAL '7d'`
                error[invalid-literal] at `'yes'`: `yes` is not a value of type `boolean`
                error[type-mismatch] at `tags < tags`: `<` does not take `array` and `array`
            "#,
        );
    }

    #[test]
    fn conditions() {
        check(
            r#"
SELECT id FROM shop.items WHERE name;
SELECT id FROM shop.items WHERE name AND active;
SELECT NOT stock FROM shop.items;
ASSERT 1;
"#,
            r#"
                error[type-mismatch] at `name`: `WHERE` takes `boolean`, not `string`
                error[type-mismatch] at `name`: `AND` takes `boolean`, not `string`
                error[type-mismatch] at `stock`: `NOT` takes `boolean`, not `integer`
                error[type-mismatch] at `1`: `ASSERT` takes `boolean`, not `integer`
            "#,
        );
    }

    #[test]
    fn constants_beside_typed_operands() {
        check(
            r#"
SELECT id FROM shop.items WHERE created > '2024-13-01' AND created < '2024-12-31' AND stock = '4' AND price = '1.5' AND id = 7;
"#,
            r#"
                error[invalid-literal] at `'2024-13-01'`: `2024-13-01` is not a value of type `timestamp` | help: write it as `2024-01-31T08:00:00Z`
            "#,
        );
    }

    #[test]
    fn null_is_not_compared() {
        check(
            r#"
SELECT id FROM shop.items WHERE name = NULL OR NULL != price OR price < NULL;
"#,
            r#"
                warning[null-comparison] at `name = NULL`: `= NULL` is never true | help: write `IS NULL` | fix: Replace with `IS NULL`
                warning[null-comparison] at `NULL != price`: `!= NULL` is never true | help: write `IS NOT NULL` | fix: Replace with `IS NOT NULL`
                warning[null-comparison] at `price < NULL`: `< NULL` is never true
            "#,
        );
    }

    #[test]
    fn a_name_that_could_be_both() {
        check(
            r#"
DECLARE name = 'a';
SELECT id FROM shop.items WHERE name = name AND id = :name;
"#,
            r#"
                warning[ambiguous-name] at `name`: `name` is the field of `items` here, not the variable `name` | help: write `:name` for the variable, `items.name` for the field | fix: Use the variable: `:name` | fix: Say that it is the field: `items.name`
                warning[ambiguous-name] at `name`: `name` is the field of `items` here, not the variable `name` | help: write `:name` for the variable, `items.name` for the field | fix: Use the variable: `:name` | fix: Say that it is the field: `items.name`
            "#,
        );
    }

    #[test]
    fn a_scalar_column_has_no_members_so_the_variable_is_meant() {
        check(
            r#"
DECLARE created = {"id": "1"};
SELECT id FROM shop.items WHERE id = created.id AND extra.color = 'red';
SELECT name.first FROM shop.items;
"#,
            r#"
                error[misplaced-expression] at `first`: `string` has no member `first`
            "#,
        );
    }

    #[test]
    fn arguments() {
        check(
            r#"
PRINT ARRAY_LENGTH();
PRINT ARRAY_LENGTH([1], 2);
PRINT ARRAY_LENGTH('abc');
PRINT NOW(1);
"#,
            r#"
                error[wrong-arguments] at `ARRAY_LENGTH`: `ARRAY_LENGTH` takes more arguments | help: it is called as `ARRAY_LENGTH(array)`
                error[wrong-arguments] at `2`: `ARRAY_LENGTH` takes fewer arguments | help: it is called as `ARRAY_LENGTH(array)`
                error[type-mismatch] at `'abc'`: `array` of `ARRAY_LENGTH` takes `array`, not `string`
                error[wrong-arguments] at `1`: `NOW` takes fewer arguments | help: it is called as `NOW()`
            "#,
        );
    }

    #[test]
    fn paths() {
        check(
            r#"
DECLARE items = [1, 2];
PRINT items[0].name;
TEST CONNECTOR TYPE 'shop' NAME 't' BEGIN
 CREATE CONNECTOR c TYPE 'shop' CONFIG {"url": "mock://"};
 DECLARE rows = SELECT id, name AS label FROM c.items;
 ASSERT rows.length = 1;
 ASSERT rows[0].lable = 'x';
 ASSERT rows['a'] = 1;
 ASSERT rows[0].label = 'x';
END TEST;
"#,
            r#"
                error[misplaced-expression] at `length`: an array has no member `length` | help: write `ARRAY_LENGTH(…)`
                warning[unknown-column] at `lable`: the rows of `rows` have no column `lable` | help: did you mean `label`? | fix: Replace with `label`
                error[type-mismatch] at `'a'`: an array's index takes `integer`, not `string`
            "#,
        );
    }

    #[test]
    fn numbers_and_times() {
        check(
            r#"
PRINT 99999999999999999999;
PRINT INTERVAL 7 LIGHTYEARS;
PRINT INTERVAL 7;
PRINT INTERVAL 'soon';
PRINT INTERVAL 30 MIN;
SELECT id FROM shop.items LIMIT -1;
SELECT id FROM shop.items LIMIT 'x';
PRINT TIMESTAMP 'today';
PRINT CAST('1' AS int);
"#,
            r#"
                error[invalid-literal] at `99999999999999999999`: `99999999999999999999` is too large a number
                error[invalid-literal] at `LIGHTYEARS`: `LIGHTYEARS` is not a unit of time | help: units: `MICROSECOND`, `MILLISECOND`, `SECOND`, `MINUTE`, `HOUR`, `DAY`, `WEEK`, `MONTH`, `YEAR`
                error[type-mismatch] at `7`: `INTERVAL` takes a text such as `'7d'`, or a number and a unit, not `integer`
                error[invalid-literal] at `'soon'`: `soon` is not a span of time | help: write it as `7d`, `24h` or `30 minutes`
                error[invalid-value] at `-1`: `LIMIT` takes a number from 0
                error[type-mismatch] at `'x'`: `LIMIT` takes `integer`, not `string`
                error[invalid-literal] at `'today'`: `today` is not a value of type `timestamp` | help: write it as `2024-01-31T08:00:00Z`
                error[unknown-data-type] at `int`: there is no type `int` | help: did you mean `integer`? | fix: Replace with `integer`
            "#,
        );
    }

    #[test]
    fn named_arguments_and_functions_of_functions() {
        check(
            r#"
PRINT ENV(name => 'A', default => 'b');
PRINT ENV(default => 'b', name => 'A');
PRINT TYPEOF(x => x + 1);
PRINT ARRAY_MAP([1], x => x + 1);
PRINT ARRAY_MAP(['a'], x => x + 1);
PRINT ARRAY_MAP([1], (x, i, j) => x);
PRINT ARRAY_FILTER([1], x => x + 1);
PRINT ARRAY_FILTER([1], x => x > 0, 'a');
PRINT ARRAY_REDUCE([1], 0, 'id');
PRINT ARRAY_MAP([1], 5);
PRINT ARRAY_MAP([1], (x, x) => x);
PRINT ARRAY_MAP([[1]], x => ARRAY_MAP(x, x => x));
PRINT ARRAY_MAP([1], x => y);
SELECT ARRAY_MAP(tags, x => SUM(price)) FROM shop.items;
"#,
            r#"
                error[misplaced-expression] at `x => x + 1`: `TYPEOF` takes no function here | help: it is called as `TYPEOF(value)`
                error[type-mismatch] at `x + 1`: `+` does not take `string` and `integer` | help: texts are joined by `||`
                error[wrong-arguments] at `(x, i, j) => x`: a function of `ARRAY_MAP` has 1 or 2 parameters, not 3 | help: the element, and its index: `(x, index) => …`
                error[type-mismatch] at `x + 1`: `ARRAY_FILTER` takes `boolean`, not `integer`
                error[misplaced-expression] at `'a'`: `ARRAY_FILTER` compares with a value where a key stands, not a function | help: write it into the function: `x => x.key = value`
                error[type-mismatch] at `'id'`: `function` of `ARRAY_REDUCE` takes a function such as `(total, x) => total + x`, not `string`
                error[type-mismatch] at `5`: `function` of `ARRAY_MAP` takes a function such as `x => x.id`, or a key, not `integer`
                error[wrong-arguments] at `x`: the parameter `x` is there twice
                warning[shadowed-variable] at `x`: the variable `x` hides another one of that name | `x`: declared here
                error[unknown-variable] at `y`: there is no variable `y`
                error[aggregate-not-allowed] at `SUM(price)`: the aggregate `SUM` can't stand inside a function
            "#,
        );
    }
}
