(create_connector_type) @class.around

(create_connector_entity
  clause: (query_handler_clause value: (raw_block (raw_content) @function.inside))) @function.around
(create_connector_action
  clause: (handler_clause value: (raw_block (raw_content) @function.inside))) @function.around

(test_block body: (block) @test.inside) @test.around

(function_call argument: (_) @parameter.inside)
(exec_arguments argument: (_) @parameter.inside)
(pair) @entry.around
(pair value: (_) @entry.inside)
(comment) @comment.inside
