//! SYNC: `no-primary-key`, `invalid-target`, `invalid-schedule`, `invalid-cursor`, `invalid-lookback`.

use moltler_abi::DataType;
use moltler_abi::sync_target::FORMS;
use moltler_syntax::TextRange;

use super::{Code, LocalDiagnostic};

/// Rows that cannot be told apart would be written twice. `statement` is where APPEND goes.
pub(crate) fn no_primary_key(entity: &str, range: TextRange, statement: TextRange) -> LocalDiagnostic {
    let message = format!("rows of `{entity}` have no primary key, so a sync cannot tell which it has already");
    LocalDiagnostic::error(Code::NoPrimaryKey, range, message)
        .help("mark a field with `\"primary_key\": true`; or `APPEND`, which adds the rows of each run to those that are there")
        .offer("Add APPEND", TextRange::new(statement.end(), statement.end()), " APPEND")
}

/// A target that is none; `sentence` says why.
pub(crate) fn invalid_target(sentence: String, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error(Code::InvalidTarget, range, sentence).help(format!("a target is {FORMS}"))
}

/// A SCHEDULE that is none; `sentence` says why.
pub(crate) fn invalid_schedule(sentence: String, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error(Code::InvalidSchedule, range, sentence)
        .help("minute, hour, day of the month, month, day of the week, in UTC: `'*/15 * * * *'`")
}

/// A field whose values do not grow with changes.
pub(crate) fn cannot_be_cursor(
    field: &str,
    data_type: DataType,
    filter_only: bool,
    range: TextRange,
) -> LocalDiagnostic {
    let message = match filter_only {
        true => format!("rows have no `{field}`: it only filters"),
        false => format!("`{field}` is of type `{data_type}`, which has no order that changes of rows follow"),
    };
    LocalDiagnostic::error(Code::InvalidCursor, range, message).help(
        "INCREMENTAL ON takes a field that grows with each change of a row: a timestamp, a date, a number, a string",
    )
}

/// LOOKBACK of another kind than the field.
pub(crate) fn wrong_lookback(expected: &str, found: DataType, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error(Code::InvalidLookback, range, format!("LOOKBACK takes {expected} here, not `{found}`"))
}

/// LOOKBACK of a field of texts.
pub(crate) fn lookback_of_texts(range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error(
        Code::InvalidLookback,
        range,
        "there is no distance between texts that LOOKBACK could take back",
    )
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn syncs() {
        check(
            r#"
CREATE CONNECTOR ENTITY 'shop.logs' FIELDS {"text": {"type": "string"}, "tags": {"type": "array"}, "n": {"type": "integer"}} QUERY_HANDLER '''async function query() { return fetch(1); }''';
SYNC CONNECTOR shop.items TO 'sqlite:x.db' WHERE name = 'a' INCREMENTAL ON id SCHEDULE '*/5 * * * *';
SYNC CONNECTOR shop.logs TO 'ndjson:logs';
SYNC CONNECTOR shop.logs TO logs APPEND;
SYNC CONNECTOR shop.itms TO 'sqlite:x.db';
SYNC CONNECTOR shop.items TO 'mysql://h/d';
SYNC CONNECTOR shop TO 'ndjson:all.ndjson';
SYNC CONNECTOR shop TO 'ndjson:*.ndjson' WHERE id = 1;
SYNC CONNECTOR shop.items TO x INCREMENTAL ON nam;
SYNC CONNECTOR shop.logs TO x INCREMENTAL ON tags APPEND;
SYNC CONNECTOR shop.logs TO x INCREMENTAL ON n LOOKBACK INTERVAL '1d' APPEND;
SYNC CONNECTOR shop.logs TO x INCREMENTAL ON text LOOKBACK 5 APPEND;
SYNC CONNECTOR shop.items TO x SCHEDULE '61 * * * *' SCHEDULE 'x';
SYNC CONNECTOR shop.items TO x WHERE nam = 'b';
SHOW SYNC STATE; SHOW SYNC STATE shop; SHOW SYNC STATE shop.items; SHOW SYNC STATE shop.itms;
"#,
            r#"
                error[no-primary-key] at `shop.logs`: rows of `shop.logs` have no primary key, so a sync cannot tell which it has already | help: mark a field with `"primary_key": true`; or `APPEND`, which adds the rows of each run to those that are there | fix: Add APPEND
                error[unknown-entity] at `itms`: the connector type `shop` has no entity `itms` | help: did you mean `items`? | fix: Replace with `items`
                error[invalid-target] at `'mysql://h/d'`: there is no target `mysql:` | help: a target is `sqlite:path[#table]`, `ndjson:path`, `parquet:folder`, `postgres://…[#table]`, `elasticsearch+https://host/index`, or the name of a table
                error[invalid-target] at `'ndjson:all.ndjson'`: the rows of several entities need several places: `*` stands for the name of the entity | help: a target is `sqlite:path[#table]`, `ndjson:path`, `parquet:folder`, `postgres://…[#table]`, `elasticsearch+https://host/index`, or the name of a table
                error[not-supported] at `WHERE id = 1`: `WHERE` of a whole connector is not supported
                error[unknown-field] at `nam`: `shop.items` has no field `nam` | help: did you mean `name`? | fix: Replace with `name`
                error[invalid-cursor] at `tags`: `tags` is of type `array`, which has no order that changes of rows follow | help: INCREMENTAL ON takes a field that grows with each change of a row: a timestamp, a date, a number, a string
                error[invalid-lookback] at `INTERVAL '1d'`: LOOKBACK takes a number here, not `interval`
                error[invalid-lookback] at `5`: there is no distance between texts that LOOKBACK could take back
                error[invalid-schedule] at `'61 * * * *'`: `61` is no minute: it takes `*`, 0 to 59, `a-b`, `*/n` and lists of them | help: minute, hour, day of the month, month, day of the week, in UTC: `'*/15 * * * *'`
                error[repeated-clause] at `SCHEDULE`: `SCHEDULE` is given twice | `SCHEDULE`: first given here
                error[unknown-field] at `nam`: `nam` is neither a field of `items` nor a variable | help: did you mean `name`? | fix: Replace with `name`
                error[unknown-entity] at `itms`: the connector type `shop` has no entity `itms` | help: did you mean `items`? | fix: Replace with `items`
            "#,
        );
    }
}
