//! Advice: `missing-description`, `no-rate-limit`, `untested`, `missing-version`, `unfiltered-select`, `unchecked-response`.

use moltler_js::UncheckedResponse;
use moltler_syntax::TextRange;

use super::script::at;
use super::{Code, LocalDiagnostic};

/// A definition without DESCRIPTION; `what` is `entity`, `end` where a clause may be inserted.
pub(crate) fn missing_description(what: &str, name: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::hint(Code::MissingDescription, range, format!("the {what} `{name}` has no description"))
        .help("add `DESCRIPTION '…'`: the editor and the documentation show it")
}

/// A type with handlers whose requests nothing holds back.
pub(crate) fn no_rate_limit(name: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::hint(Code::NoRateLimit, range, format!("the connector type `{name}` has no rate limit"))
        .help("add `OPTIONS {\"rate_limit\": 10}`: so many requests a second; `\"30/m\"` is thirty a minute")
}

/// An entity or action that no test comes to.
pub(crate) fn untested(what: &str, name: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::hint(Code::Untested, range, format!("no test uses the {what} `{name}`"))
}

/// A registered type without PACKAGE.
pub(crate) fn missing_version(name: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::hint(Code::MissingVersion, range, format!("the connector type `{name}` has no version"))
        .help(format!("add `PACKAGE CONNECTOR TYPE '{name}' VERSION '1.0.0';`"))
}

/// `SELECT *` of everything.
pub(crate) fn unfiltered_select(entity: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::hint(
        Code::UnfilteredSelect,
        range,
        format!("this fetches every row of `{entity}` with all fields"),
    )
    .help("name the columns, or add `WHERE` or `LIMIT`")
}

/// A response whose body is read, whatever the server answered.
pub(crate) fn unchecked_response(response: &UncheckedResponse, offset: u32) -> LocalDiagnostic {
    let diagnostic = LocalDiagnostic::hint(
        Code::UncheckedResponse,
        at(&response.range, offset),
        "nothing looks at `ok` or `status` of this response",
    );
    match &response.check {
        Some((place, text)) => diagnostic
            .help("`fetch` does not fail when the server answers with an error")
            .fix("Throw when the server answers with an error", TextRange::empty(offset + place), text.clone()),
        None => diagnostic.help("`fetch` does not fail when the server answers with an error: keep the response, and throw unless `response.ok`"),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check_pedantic;

    #[test]
    fn definitions() {
        check_pedantic(
            r#"
CREATE CONNECTOR TYPE 'pets';
CREATE CONNECTOR ENTITY 'pets.dogs' FIELDS {"id": {"type": "string"}} QUERY_HANDLER '''async function query() { return []; }''';
CREATE CONNECTOR ACTION 'pets.dogs.feed' DESCRIPTION 'Feeds' HANDLER '''async function execute() { return {}; }''';
CREATE CONNECTOR ACTION 'pets.walk' DESCRIPTION 'Walks' HANDLER '''async function execute() { return {}; }''';
REGISTER CONNECTOR TYPE 'pets';
TEST CONNECTOR TYPE 'pets' NAME 't' BEGIN
    CREATE CONNECTOR p TYPE 'pets';
    CONNECTOR_EXEC p.dogs.feed();
END TEST;
"#,
            r#"
                hint[missing-description] at `'pets'`: the connector type `pets` has no description | help: add `DESCRIPTION '…'`: the editor and the documentation show it
                hint[no-rate-limit] at `'pets'`: the connector type `pets` has no rate limit | help: add `OPTIONS {"rate_limit": 10}`: so many requests a second; `"30/m"` is thirty a minute
                hint[missing-version] at `'pets'`: the connector type `pets` has no version | help: add `PACKAGE CONNECTOR TYPE 'pets' VERSION '1.0.0';`
                hint[missing-description] at `'pets.dogs'`: the entity `pets.dogs` has no description | help: add `DESCRIPTION '…'`: the editor and the documentation show it
                hint[untested] at `'pets.dogs'`: no test uses the entity `pets.dogs`
                hint[untested] at `'pets.walk'`: no test uses the action `pets.walk`
            "#,
        );
    }

    #[test]
    fn queries() {
        check_pedantic(
            r#"
CREATE CONNECTOR TYPE 'pets' DESCRIPTION 'p' OPTIONS {"rate_limit": 1};
CREATE CONNECTOR ENTITY 'pets.dogs' DESCRIPTION 'd' FIELDS {"id": {"type": "string"}} QUERY_HANDLER '''async function query() { return []; }''';
REGISTER CONNECTOR TYPE 'pets';
PACKAGE CONNECTOR TYPE 'pets' VERSION '1.0.0';
CREATE CONNECTOR pets TYPE 'pets';
SELECT * FROM pets.dogs;
DECLARE dogs = SELECT * FROM pets.dogs ORDER BY id;
PRINT dogs;
SELECT * FROM pets.dogs WHERE id = 'a';
SELECT * FROM pets.dogs LIMIT 3;
SELECT id FROM pets.dogs WHERE EXISTS (SELECT * FROM pets.dogs);
TEST CONNECTOR TYPE 'pets' NAME 't' BEGIN
    CREATE CONNECTOR p TYPE 'pets';
    SELECT * FROM p.dogs;
END TEST;
"#,
            r#"
                hint[unfiltered-select] at `*`: this fetches every row of `pets.dogs` with all fields | help: name the columns, or add `WHERE` or `LIMIT`
                hint[unfiltered-select] at `*`: this fetches every row of `pets.dogs` with all fields | help: name the columns, or add `WHERE` or `LIMIT`
            "#,
        );
    }

    #[test]
    fn responses() {
        check_pedantic(
            r#"
CREATE CONNECTOR TYPE 'pets' DESCRIPTION 'p' OPTIONS {"rate_limit": 1};
CREATE CONNECTOR ACTION 'pets.a' DESCRIPTION 'a' HANDLER '''
async function execute(config) {
    const answer = await fetch('https://a.example');
    return answer.json();
}
''';
CREATE CONNECTOR ACTION 'pets.b' DESCRIPTION 'b' HANDLER '''
async function execute(config) {
    const response = await fetch('https://a.example');
    if (response.status >= 400) throw new Error('no');
    const {ok} = await fetch('https://a.example');
    const passed = await fetch('https://a.example');
    look(passed);
    return (await fetch('https://a.example')).json();
}
const look = (response) => response.ok;
''';
TEST CONNECTOR TYPE 'pets' NAME 't' BEGIN
    CREATE CONNECTOR p TYPE 'pets';
    CONNECTOR_EXEC p.a(); CONNECTOR_EXEC p.b();
END TEST;
"#,
            r#"
                hint[unchecked-response] at `answer`: nothing looks at `ok` or `status` of this response | help: `fetch` does not fail when the server answers with an error | fix: Throw when the server answers with an error
                hint[unchecked-response] at `fetch('https://a.example')`: nothing looks at `ok` or `status` of this response | help: `fetch` does not fail when the server answers with an error: keep the response, and throw unless `response.ok`
            "#,
        );
    }
}
