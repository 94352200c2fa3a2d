//! One sentence or two about each word of the language that starts or continues a statement, and each key of its documents.

/// The head of a statement, as it is suggested.
pub(crate) fn head(name: &str) -> Option<&'static str> {
    find(HEADS, name)
}

/// A clause of a statement.
pub(crate) fn clause(name: &str) -> Option<&'static str> {
    find(CLAUSES, name)
}

/// A key of the document behind a keyword.
pub(crate) fn key(document: &str, name: &str) -> Option<&'static str> {
    let keys = KEYS.iter().find(|(documents, _)| documents.contains(&document))?.1;
    find(keys, name)
}

/// A keyword wherever it stands.
pub(crate) fn keyword(name: &str) -> Option<&'static str> {
    let upper = name.to_ascii_uppercase();
    clause(&upper).or_else(|| head(&upper))
}

fn find(list: &'static [(&'static str, &'static str)], name: &str) -> Option<&'static str> {
    list.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

const HEADS: &[(&str, &str)] = &[
    ("CREATE CONNECTOR TYPE", "Defines a connector type: how an API is configured, and what its handlers share."),
    (
        "CREATE CONNECTOR ENTITY",
        "Defines an entity of a connector type: its fields and the handler that reads its rows.",
    ),
    (
        "CREATE CONNECTOR ACTION",
        "Defines an action of a connector type: its parameters and the handler that carries it out.",
    ),
    ("CREATE CONNECTOR", "Makes an instance of a connector type, with its settings."),
    ("REGISTER CONNECTOR TYPE", "Makes a connector type known, so that instances of it can be queried."),
    ("ALTER CONNECTOR", "Changes the options of an instance, or enables or disables it."),
    ("DROP CONNECTOR", "Takes an instance away."),
    ("SHOW CONNECTORS", "Lists the instances."),
    ("SHOW CONNECTOR", "Shows one instance, with STATUS what it did so far."),
    ("DESCRIBE", "Lists the fields of an entity: `DESCRIBE instance.entity;`"),
    ("TEST CONNECTOR TYPE", "A test of a connector type: statements between BEGIN and END TEST, against a mocked API."),
    ("TEST CONNECTOR", "Calls the CHECK_HANDLER of an instance's type."),
    ("SELECT", "Reads rows of entities. What a handler does not filter, sort or limit by itself is done here."),
    ("CONNECTOR_EXEC", "Carries out an action: `CONNECTOR_EXEC instance.entity.action({…});`"),
    ("SYNC CONNECTOR", "Copies the rows of an entity, or of all, to a target."),
    ("PACKAGE CONNECTOR TYPE", "What is packed and published: version, author, licence."),
    ("PUBLISH CONNECTOR TYPE", "Sends the package to a registry of `moltler.toml`."),
    ("INSTALL CONNECTOR TYPE", "Asks for a connector type of a registry."),
    ("PARAM", "A parameter of the program, given as `--name value`."),
    ("DECLARE", "Declares a variable: `DECLARE x = …;`, also of the rows of a SELECT or the result of CONNECTOR_EXEC."),
    ("SET", "Gives a variable another value."),
    ("ASSERT", "Fails the test, or the program, when the condition is not TRUE; shows the values of its parts."),
    ("IF", "Statements that run when a condition is TRUE."),
    ("FOR", "Statements that run for each element of an array, each row of a SELECT, or each number of a range."),
    ("WHILE", "Statements that run as long as a condition is TRUE."),
    ("TRY", "Statements whose errors are handled: CATCH, FINALLY."),
    ("RAISE", "Raises an error with a message."),
    ("PRINT", "Writes a value."),
    ("BREAK", "Ends the loop around it."),
    ("CONTINUE", "Goes on with the next turn of the loop around it."),
    ("ADVANCE", "Moves the virtual clock of a test: `ADVANCE INTERVAL '5m';`"),
];

const CLAUSES: &[(&str, &str)] = &[
    ("DESCRIPTION", "One sentence for people."),
    ("DOCUMENTATION", "Longer text in Markdown, between `'''`."),
    (
        "CONFIG_SCHEMA",
        "The settings that each instance has: `{\"api_url\": {\"type\": \"string\", \"required\": true}}`.",
    ),
    (
        "ALLOW_HOSTS",
        "Hosts that handlers may reach besides those of CONFIG: `'api.x.com'`, `'*.x.com'`, `'{field}.x.com'`.",
    ),
    ("SHARED", "JavaScript that all handlers of the type see; evaluated once for each instance."),
    ("CHECK_HANDLER", "JavaScript with `async function check(config)`: called by `TEST CONNECTOR name`."),
    ("OPTIONS", "Limits and retries: those of a type are defaults for its instances."),
    ("FIELDS", "The columns of the entity: `{\"id\": {\"type\": \"string\", \"primary_key\": true}}`."),
    ("PUSHDOWN", "What the handler does by itself of filters, order and limit, so that more can be passed to it."),
    ("QUERY_HANDLER", "JavaScript with `async function query(config, filters, options)` that gives rows."),
    ("LANGUAGE", "The language of the handlers: `'javascript'` (the default) or `'typescript'`."),
    ("PARAMETERS", "The arguments of the action; without it any are taken."),
    ("EFFECT", "`'read'`, `'write'` or `'destructive'`: what calling the action does to the API's data."),
    ("HANDLER", "JavaScript with `async function execute(config, params)`."),
    ("TYPE", "The connector type."),
    ("CONFIG", "The settings of the instance, by the keys of CONFIG_SCHEMA. `{{secrets.name}}` in a text is a secret."),
    ("NAME", "The name of the test."),
    ("TAGS", "Words by which tests are chosen: `--tag`, `--skip-tag`."),
    ("AT", "When the virtual clock of the test starts."),
    ("MOCK_API", "Responses by `METHOD /path`; with it no packet leaves the process."),
    ("BEGIN", "The statements of the test follow, up to END TEST."),
    ("VERSION", "The version, as semver has it."),
    ("AUTHOR", "Who made it."),
    ("LICENSE", "The licence, as an SPDX expression."),
    ("HOMEPAGE", "Where people read about it."),
    ("REPOSITORY", "Where its source is."),
    ("TO", "The target, or the registry."),
    ("FROM", "Where rows come from: `instance.entity`, an array, a SELECT in parentheses."),
    ("WHERE", "Only rows for which the condition is TRUE. Conjuncts `column = value` are passed to the handler too."),
    ("GROUP BY", "One row for each distinct combination of these values."),
    ("HAVING", "Only groups for which the condition is TRUE."),
    ("ORDER BY", "Sorts the rows: `ORDER BY a DESC NULLS LAST, b`."),
    ("LIMIT", "At most this many rows."),
    ("OFFSET", "Leaves out this many rows first."),
    ("JOIN", "Rows of two sources together where the condition after ON is TRUE."),
    ("LEFT JOIN", "The same, with rows of the left side that have no partner."),
    ("UNION", "The rows of both SELECTs, each once; UNION ALL keeps all."),
    ("DISTINCT", "Each row once."),
    ("INCREMENTAL ON", "Only rows that changed since the last run, by this field."),
    ("LOOKBACK", "How far before the last run an incremental one starts."),
    ("APPEND", "Rows are added and never replaced."),
    ("KEEP MISSING", "Rows that are no longer there stay in the target."),
    ("SCHEMA", "What becomes of new fields: `evolve` or `freeze`."),
    ("SCHEDULE", "When it runs under `--daemon`: five fields of cron, UTC."),
    ("STATUS", "With counts of requests, rows and errors."),
    ("DEFAULT", "The value where none is given."),
    ("RAISES", "The statement that follows must raise an error of this class: `ASSERT RAISES 'ConnectorAuthError' …`."),
    ("CATCH", "What to do with an error: of this class, or of any."),
    ("FINALLY", "Statements that run in any case."),
];

/// By the keywords before the documents.
type Keys = &'static [(&'static [&'static str], &'static [(&'static str, &'static str)])];
const KEYS: Keys = &[
    (
        &["FIELDS"],
        &[
            ("type", "The type of its values: string, number, integer, boolean, timestamp, date, document, array."),
            ("description", "One sentence for people."),
            ("example", "A value, for people."),
            ("primary_key", "It identifies a row; several make one key."),
            ("required", "A query must bind it by equality."),
            ("filter_only", "It can be filtered by, and rows never carry it."),
            ("from_filter", "Where a row lacks it, it is the value of the filter."),
            ("unit", "The unit of epoch numbers: `s`, `ms`, `us`."),
            ("items", "The type of the elements of an array, or their fields."),
        ],
    ),
    (
        &["CONFIG_SCHEMA", "PARAMETERS"],
        &[
            ("type", "The type of its values: string, number, integer, boolean, timestamp, date, document, array."),
            ("required", "It must be given."),
            ("secret", "Handlers get a placeholder; the value goes only into requests."),
            ("default", "The value where none is given: an expression, evaluated when it is used."),
            ("description", "One sentence for people."),
            ("example", "A value, for people."),
            ("enum", "The values that it may have."),
            ("format", "`uri` or `hostname`: the host may be reached."),
            ("pattern", "A regular expression that its text matches."),
            ("hosts", "The hosts that a secret may be sent to."),
            ("expose", "Handlers get the value of the secret itself."),
            ("one_of", "The name of a group, of which exactly one is given."),
        ],
    ),
    (
        &["PUSHDOWN"],
        &[
            (
                "filters",
                "Fields with the operators that the handler filters by itself: `{\"status\": [\"=\", \"in\"]}`.",
            ),
            (
                "exact",
                "The handler's filters are exactly those of the language, so that a limit may be passed with them.",
            ),
            ("order_by", "`{\"fields\": […], \"keys\": 1}`: what the handler sorts by, and by how many keys at once."),
            ("limit", "The handler keeps to `options.limit`."),
            ("required", "Sets of fields, one of which a query must bind."),
            ("complete", "`false`: rows may be missing, so that a sync never deletes."),
        ],
    ),
    (
        &["OPTIONS"],
        &[
            ("rate_limit", "Requests per second, or `'30/m'` (s, m, h, d). Default: none."),
            ("rate_limit_burst", "How many may go out at once after a pause. Default: 1."),
            ("timeout_seconds", "For one exchange. Default: 30."),
            ("retry_count", "How often 429, 502, 503, 504 and failures of the connection are tried again. Default: 3."),
            ("max_wait_seconds", "One wait for a rate limit, then ConnectorRateLimitError. Default: 120."),
            (
                "cache_ttl",
                "Seconds for which a result is used again under the same config, filters and options. Default: off.",
            ),
            ("batch_size", "Handlers get it as `options.batchSize`."),
            ("max_memory_mb", "Of the instance's JavaScript. Default: 256."),
            ("max_run_seconds", "Of JavaScript that waits for nothing. Default: 30."),
            ("on_type_error", "`'error'`, or `'null'`: what does not fit a field becomes NULL. Default: `'error'`."),
        ],
    ),
    (
        &["MOCK_API"],
        &[
            ("status", "The status of the response. Default: 200."),
            ("headers", "Headers of the response."),
            ("body", "A document, a text, or nothing."),
            ("delay_ms", "Virtual milliseconds before the response."),
            ("error", "Instead of a response: `refused`, `timeout`, `reset`, `dns`."),
            ("when", "Only for requests with these `headers`, `body`, `query`, of which a part is enough."),
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use moltler_hir::config_schema::{FIELD_KEYS, MOCK_KEYS, OPTION_KEYS, PUSHDOWN_KEYS, SCHEMA_KEYS};

    #[test]
    fn every_key_is_documented() {
        for (document, keys) in [
            ("FIELDS", FIELD_KEYS),
            ("CONFIG_SCHEMA", SCHEMA_KEYS),
            ("PARAMETERS", SCHEMA_KEYS),
            ("PUSHDOWN", PUSHDOWN_KEYS),
            ("OPTIONS", OPTION_KEYS),
            ("MOCK_API", MOCK_KEYS),
        ] {
            for name in keys {
                assert!(key(document, name).is_some(), "`{name}` of {document}");
            }
        }
    }
}
