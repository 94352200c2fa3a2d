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

/// Heads with what usually follows them, and places to fill in.
pub(super) const SNIPPETS: &[(&str, &str)] = &[
    (
        "CREATE CONNECTOR TYPE",
        "CREATE CONNECTOR TYPE '${1:name}'\nDESCRIPTION '$2'\nCONFIG_SCHEMA {\n    \"${3:api_url}\": {\"type\": \"string\", \"required\": true}\n};",
    ),
    (
        "CREATE CONNECTOR ENTITY",
        "CREATE CONNECTOR ENTITY '${1:type}.${2:items}'\nFIELDS {\n    \"${3:id}\": {\"type\": \"string\", \"primary_key\": true}\n}\nQUERY_HANDLER '''\nasync function query(config, filters, options) {\n    $0\n}\n''';",
    ),
    (
        "CREATE CONNECTOR ACTION",
        "CREATE CONNECTOR ACTION '${1:type}.${2:items.create}'\nPARAMETERS {\n    \"${3:name}\": {\"type\": \"string\", \"required\": true}\n}\nHANDLER '''\nasync function execute(config, params) {\n    $0\n}\n''';",
    ),
    ("CREATE CONNECTOR", "CREATE CONNECTOR ${1:name} TYPE '${2:type}'\nCONFIG {\n    $0\n};"),
    ("REGISTER CONNECTOR TYPE", "REGISTER CONNECTOR TYPE '${1:name}';"),
    (
        "TEST CONNECTOR TYPE",
        "TEST CONNECTOR TYPE '${1:type}'\nNAME '${2:name}'\nMOCK_API {\n    \"GET /${3:items}\": {\"body\": $4}\n}\nBEGIN\n    $0\nEND TEST;",
    ),
    ("SELECT", "SELECT ${2:*} FROM ${1:instance.entity}$0;"),
    ("DECLARE", "DECLARE ${1:name} = $0;"),
    ("CONNECTOR_EXEC", "CONNECTOR_EXEC ${1:instance.action}($0);"),
    ("ASSERT", "ASSERT $0;"),
    ("IF", "IF ${1:condition} THEN\n    $0\nEND IF;"),
    ("FOR", "FOR ${1:row} IN ${2:rows} LOOP\n    $0\nEND LOOP;"),
    ("WHILE", "WHILE ${1:condition} LOOP\n    $0\nEND LOOP;"),
    ("TRY", "TRY\n    $0\nCATCH\n    PRINT error.message;\nEND TRY;"),
    ("PACKAGE CONNECTOR TYPE", "PACKAGE CONNECTOR TYPE '${1:name}'\nVERSION '${2:0.1.0}'\nDESCRIPTION '$3';"),
];

/// Clauses with their brackets or fences.
pub(super) const CLAUSE_SNIPPETS: &[(&str, &str)] = &[
    ("CONFIG_SCHEMA", "CONFIG_SCHEMA {\n    $0\n}"),
    ("FIELDS", "FIELDS {\n    $0\n}"),
    ("PARAMETERS", "PARAMETERS {\n    $0\n}"),
    ("PUSHDOWN", "PUSHDOWN {$0}"),
    ("OPTIONS", "OPTIONS {$0}"),
    ("CONFIG", "CONFIG {\n    $0\n}"),
    ("MOCK_API", "MOCK_API {\n    \"GET /$1\": {\"body\": $0}\n}"),
    ("ALLOW_HOSTS", "ALLOW_HOSTS ['$0']"),
    ("TAGS", "TAGS ['$0']"),
    ("DESCRIPTION", "DESCRIPTION '$0'"),
    ("SHARED", "SHARED '''\n$0\n'''"),
    ("QUERY_HANDLER", "QUERY_HANDLER '''\nasync function query(config, filters, options) {\n    $0\n}\n'''"),
    ("HANDLER", "HANDLER '''\nasync function execute(config, params) {\n    $0\n}\n'''"),
    ("CHECK_HANDLER", "CHECK_HANDLER '''\nasync function check(config) {\n    $0\n}\n'''"),
    ("BEGIN", "BEGIN\n    $0\nEND TEST;"),
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
