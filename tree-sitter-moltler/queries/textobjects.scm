; Handlers and tests are functions; their text and statements are what is inside.

(create_connector_entity) @function.outer
(create_connector_entity
  clause: (query_handler_clause
    value: (raw_block (raw_content) @function.inner)))

(create_connector_action) @function.outer
(create_connector_action
  clause: (handler_clause
    value: (raw_block (raw_content) @function.inner)))

(test_block) @function.outer
(test_block body: (block) @function.inner)

(create_connector_type) @class.outer
(create_connector_type
  clause: (config_schema_clause
    value: (document) @class.inner))

(block) @block.inner
[(if) (for) (while) (try)] @block.outer

(if) @conditional.outer
(if then: (block) @conditional.inner)
(elseif_clause body: (block) @conditional.inner)
(else_clause body: (block) @conditional.inner)
(case_expression) @conditional.outer

[(for) (while)] @loop.outer
(for body: (block) @loop.inner)
(while body: (block) @loop.inner)

(function_call) @call.outer
(function_call argument: (_) @parameter.inner)
(connector_exec) @call.outer
(exec_arguments argument: (_) @parameter.inner)
(select_item) @parameter.inner
(pair) @parameter.outer
(pair value: (_) @parameter.inner)

(pair key: (_) @assignment.lhs value: (_) @assignment.rhs) @assignment.outer
(declare name: (_) @assignment.lhs value: (_) @assignment.rhs) @assignment.outer
(set name: (_) @assignment.lhs value: (_) @assignment.rhs) @assignment.outer

[
  (select_statement)
  (connector_exec)
  (declare)
  (set)
  (assert)
  (assert_raises)
  (print)
  (raise)
  (create_connector)
  (sync_connector)
] @statement.outer

(number) @number.inner
(comment) @comment.outer
