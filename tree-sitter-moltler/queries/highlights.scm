; Names first: what comes later wins.

(identifier) @variable
(quoted_identifier) @variable

(name_reference name: (_) @variable)
(member_expression member: (_) @property)
(pair key: (_) @property)
(arrow parameter: (_) @variable.parameter)
(named_argument name: (_) @variable.parameter)
(param name: (_) @variable.parameter)

(function_call function: (_) @function.call)
(data_type name: (_) @type)
(typed_literal type: (_) @type)
(interval_expression unit: (_) @constant)
(extract_argument field: (_) @constant)

(path segment: (_) @module . segment: (_) @type)
(path . segment: (_) @module .)
(connector_exec action: (path segment: (_) @function.call .))
(table_reference alias: (_) @module)
(derived_table alias: (_) @module)
(create_connector name: (_) @module)
(alter_connector name: (_) @module)
(drop_connector name: (_) @module)
(show_connector name: (_) @module)
(test_connector name: (_) @module)
(incremental_clause field: (path segment: (_) @property))
(catch_clause error: (_) @type)

[
  "ACTION" "ADVANCE" "AGENT" "ALL" "ALLOW_HOSTS" "ALTER" "ANALYZE" "APPEND" "AS" "ASC" "ASSERT" "AT" "AUTHOR"
  "BEGIN" "BY" "CALL" "CAST" "CHECK_HANDLER" "CLOSE" "CODE" "COMMIT" "CONFIG" "CONFIG_SCHEMA" "CONNECTOR"
  "CONNECTORS" "CONNECTOR_EXEC" "CONST" "COPY" "CREATE" "CROSS" "DATABASE" "DECLARE" "DEFAULT" "DELETE" "DESC"
  "DESCRIBE" "DESCRIPTION" "DISABLE" "DISTINCT" "DOCUMENTATION" "DROP" "EFFECT" "ENABLE" "ENTITY" "EVOLVE"
  "EXCEPT" "EXEC" "EXECUTE" "EXPLAIN" "FETCH" "FIELDS" "FILTER" "FIRST" "FREEZE" "FROM" "FULL" "FUNCTION"
  "GRANT" "GROUP" "GROUPS" "HANDLER" "HAVING" "HOMEPAGE" "INCREMENTAL" "INDEX" "INNER" "INSERT" "INSTALL"
  "INTERSECT" "INTERVAL" "JOB" "JOIN" "KEEP" "LANGUAGE" "LAST" "LEFT" "LICENSE" "LIMIT" "LOOKBACK"
  "MATERIALIZED" "MERGE" "MISSING" "MOCK_API" "NAME" "NATURAL" "NULLS" "OFFSET" "ON" "OPEN" "OPTIONS" "ORDER"
  "OUTER" "OVER" "PACKAGE" "PARAM" "PARAMETERS" "PARTITION" "PRINT" "PROCEDURE" "PUBLISH" "PUSHDOWN" "QUERY"
  "QUERY_HANDLER" "RANGE" "RECURSIVE" "REGISTER" "REPOSITORY" "RETURN" "REVOKE" "RIGHT" "ROLE" "ROLLBACK"
  "ROWS" "SCHEDULE" "SCHEMA" "SELECT" "SEQUENCE" "SET" "SHARED" "SHOW" "SKILL" "STATE" "STATUS" "SWITCH"
  "SYNC" "TABLE" "TAGS" "TEMP" "TEMPORARY" "TEST" "TO" "TRIGGER" "TRUNCATE" "TYPE" "UNION" "UNIQUE" "UPDATE"
  "UPSERT" "USE" "USER" "USING" "VACUUM" "VALUES" "VAR" "VERSION" "VIEW" "WHERE" "WITH"
] @keyword

[
  "BREAK" "CASE" "CATCH" "CONTINUE" "ELSE" "ELSEIF" "END" "FINALLY" "FOR" "IF" "LOOP" "RAISE" "RAISES" "THEN"
  "TRY" "WHEN" "WHILE"
] @keyword.conditional

[
  "AND" "BETWEEN" "CONTAINS" "ESCAPE" "EXISTS" "ILIKE" "IN" "IS" "LIKE" "MATCHES" "NOT" "OR"
] @keyword.operator

["+" "-" "*" "/" "%" "=" "==" "!=" "<>" "<" "<=" ">" ">=" "||" "??" "?." "::" "=>" ".."] @operator
(star) @operator

["(" ")" "[" "]" "{" "}"] @punctuation.bracket
["," ";" "." ":"] @punctuation.delimiter
(variable_reference ":" @punctuation.special name: (_) @variable)

(string) @string
(pair key: (string) @property)

(create_connector_type name: (string) @type)
(create_connector_entity name: (string) @type)
(create_connector_action name: (string) @function)
(register_connector_type name: (string) @type)
(package_connector_type name: (string) @type)
(publish_connector_type name: (string) @type)
(install_connector_type name: (string) @type)
(create_connector type: (string) @type)
(test_block type: (string) @type)
(assert_raises error: (string) @type)


(raw_block "'''" @punctuation.special)
(raw_content) @string
(number) @number
(boolean) @boolean
(null) @constant.builtin
(bare_target) @string
(comment) @comment
