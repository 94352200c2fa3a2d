[
  (document)
  (array)
  (expression_list)
  (exec_arguments)
  (function_call)
  (subquery)
  (case_expression)
  (test_block)
  (if)
  (for)
  (while)
  (try)
] @indent

["}" "]" ")" "END" "ELSE" "ELSEIF" "CATCH" "FINALLY"] @outdent
