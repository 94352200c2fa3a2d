//! Keywords by the statement that they belong to.

/// What a statement of a file starts with.
pub(super) const HEADS: &[&str] = &[
    "CREATE CONNECTOR TYPE",
    "CREATE CONNECTOR ENTITY",
    "CREATE CONNECTOR ACTION",
    "CREATE CONNECTOR",
    "REGISTER CONNECTOR TYPE",
    "ALTER CONNECTOR",
    "DROP CONNECTOR",
    "SHOW CONNECTORS",
    "SHOW CONNECTOR",
    "DESCRIBE",
    "TEST CONNECTOR TYPE",
    "TEST CONNECTOR",
    "SELECT",
    "CONNECTOR_EXEC",
    "SYNC CONNECTOR",
    "PACKAGE CONNECTOR TYPE",
    "PUBLISH CONNECTOR TYPE",
    "INSTALL CONNECTOR TYPE",
    "PARAM",
    "DECLARE",
    "SET",
    "IF",
    "FOR",
    "WHILE",
    "TRY",
    "RAISE",
    "PRINT",
];

/// What a statement of a TEST or another block starts with.
pub(super) const BLOCK_HEADS: &[&str] = &[
    "CREATE CONNECTOR",
    "DECLARE",
    "ASSERT",
    "SELECT",
    "CONNECTOR_EXEC",
    "SET",
    "IF",
    "FOR",
    "WHILE",
    "TRY",
    "RAISE",
    "PRINT",
    "BREAK",
    "CONTINUE",
    "ALTER CONNECTOR",
    "DROP CONNECTOR",
    "SHOW CONNECTORS",
    "TEST CONNECTOR",
    "SYNC CONNECTOR",
    "END TEST",
    "END IF",
    "END LOOP",
    "END TRY",
    "ELSE",
    "ELSEIF",
    "CATCH",
    "FINALLY",
];

/// The clauses that follow a head. The first entry whose head fits counts.
pub(super) const CLAUSES: &[(&[&str], &[&str])] = &[
    (
        &["CREATE", "CONNECTOR", "TYPE"],
        &["DESCRIPTION", "DOCUMENTATION", "CONFIG_SCHEMA", "ALLOW_HOSTS", "SHARED", "CHECK_HANDLER", "OPTIONS"],
    ),
    (
        &["CREATE", "CONNECTOR", "ENTITY"],
        &["DESCRIPTION", "DOCUMENTATION", "FIELDS", "PUSHDOWN", "QUERY_HANDLER", "LANGUAGE"],
    ),
    (
        &["CREATE", "CONNECTOR", "ACTION"],
        &["DESCRIPTION", "DOCUMENTATION", "PARAMETERS", "EFFECT", "HANDLER", "LANGUAGE"],
    ),
    (&["CREATE", "CONNECTOR"], &["TYPE", "CONFIG", "OPTIONS"]),
    (&["ALTER", "CONNECTOR"], &["SET", "OPTIONS", "ENABLE", "DISABLE"]),
    (&["TEST", "CONNECTOR", "TYPE"], &["NAME", "TAGS", "AT", "MOCK_API", "BEGIN"]),
    (
        &["PACKAGE", "CONNECTOR", "TYPE"],
        &["VERSION", "DESCRIPTION", "AUTHOR", "LICENSE", "HOMEPAGE", "REPOSITORY", "TAGS"],
    ),
    (&["PUBLISH", "CONNECTOR", "TYPE"], &["TO"]),
    (&["INSTALL", "CONNECTOR", "TYPE"], &["VERSION", "FROM"]),
    (
        &["SYNC", "CONNECTOR"],
        &["TO", "WHERE", "INCREMENTAL ON", "LOOKBACK", "APPEND", "KEEP MISSING", "SCHEMA", "SCHEDULE"],
    ),
    (&["SHOW", "CONNECTOR"], &["STATUS"]),
    (&["PARAM"], &["DEFAULT", "DESCRIPTION"]),
    (&["RAISE"], &["WITH CODE"]),
    (&["IF"], &["THEN"]),
    (&["ELSEIF"], &["THEN"]),
    (&["FOR"], &["IN", "LOOP"]),
    (&["WHILE"], &["LOOP"]),
];

/// Clauses of SELECT.
pub(super) const SELECT_CLAUSES: &[&str] =
    &["FROM", "WHERE", "GROUP BY", "HAVING", "ORDER BY", "LIMIT", "OFFSET", "JOIN", "LEFT JOIN", "UNION"];

/// Words of expressions.
pub(super) const EXPRESSION: &[&str] = &[
    "AND",
    "OR",
    "NOT",
    "IN",
    "LIKE",
    "ILIKE",
    "MATCHES",
    "BETWEEN",
    "CONTAINS",
    "IS NULL",
    "IS NOT NULL",
    "NULL",
    "TRUE",
    "FALSE",
    "CASE",
    "WHEN",
    "THEN",
    "ELSE",
    "END",
    "CAST",
    "INTERVAL",
    "AS",
];

/// Documents whose keys are known, by the keyword before them.
pub(super) const DOCUMENTS: [&str; 6] = ["CONFIG_SCHEMA", "PARAMETERS", "FIELDS", "PUSHDOWN", "OPTIONS", "MOCK_API"];
