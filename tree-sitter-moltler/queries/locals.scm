; Variables. Those of the top level are known in the rest of their file, those of a test in the test.

[
  (source_file)
  (test_block)
  (for)
  (arrow)
  (catch_clause)
  (select_statement)
] @local.scope

(declare name: (_) @local.definition.var)
(param name: (_) @local.definition.parameter)
(for variable: (_) @local.definition.var)
(arrow parameter: (_) @local.definition.parameter)
(catch_clause error: (_) @local.definition.var)
(common_table name: (_) @local.definition.type)
(table_reference alias: (_) @local.definition.var)
(derived_table alias: (_) @local.definition.var)
(create_connector name: (_) @local.definition.namespace)

(name_reference name: (_) @local.reference)
(variable_reference name: (_) @local.reference)
(set name: (_) @local.reference)
(path . segment: (_) @local.reference)
