; Names first: what comes later wins.

(identifier) @variable
(quoted_identifier) @variable

(name_reference name: (_) @variable)
(member_expression member: (_) @variable.other.member)
(pair key: (_) @variable.other.member)
(arrow parameter: (_) @variable.parameter)
(named_argument name: (_) @variable.parameter)
(param name: (_) @variable.parameter)

(function_call function: (_) @function)
(data_type name: (_) @type)
(typed_literal type: (_) @type)
(interval_expression unit: (_) @constant)
(extract_argument field: (_) @constant)

(path segment: (_) @namespace . segment: (_) @type)
(path . segment: (_) @namespace .)
(connector_exec action: (path segment: (_) @function .))
(table_reference alias: (_) @namespace)
(derived_table alias: (_) @namespace)
(create_connector name: (_) @namespace)
(alter_connector name: (_) @namespace)
(drop_connector name: (_) @namespace)
(show_connector name: (_) @namespace)
(test_connector name: (_) @namespace)
(incremental_clause field: (path segment: (_) @variable.other.member))
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
] @keyword.control

[
  "AND" "BETWEEN" "CONTAINS" "ESCAPE" "EXISTS" "ILIKE" "IN" "IS" "LIKE" "MATCHES" "NOT" "OR"
] @keyword.operator

["+" "-" "*" "/" "%" "=" "==" "!=" "<>" "<" "<=" ">" ">=" "||" "??" "?." "::" "=>" ".."] @operator
(star) @operator

["(" ")" "[" "]" "{" "}"] @punctuation.bracket
["," ";" "." ":"] @punctuation.delimiter
(variable_reference ":" @punctuation.special name: (_) @variable)

(string) @string
(pair key: (string) @variable.other.member)

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
(number) @constant.numeric
(boolean) @constant.builtin.boolean
(null) @constant.builtin
(bare_target) @string
(comment) @comment
