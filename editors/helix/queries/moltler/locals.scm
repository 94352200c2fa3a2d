[(source_file) (test_block) (for) (arrow)] @local.scope

(declare name: (_) @local.definition.variable)
(param name: (_) @local.definition.variable.parameter)
(for variable: (_) @local.definition.variable)
(arrow parameter: (_) @local.definition.variable.parameter)

(name_reference name: (_) @local.reference)
(variable_reference name: (_) @local.reference)
