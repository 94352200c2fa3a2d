[
  (document)
  (array)
  (expression_list)
  (exec_arguments)
  (function_call)
  (subquery)
  (parenthesized_expression)
  (case_expression)
  (test_block)
  (if)
  (for)
  (while)
  (try)
] @indent.begin

(common_table "(" @indent.begin)

["}" "]" ")"] @indent.branch @indent.end

[
  "END"
  "ELSE"
  "ELSEIF"
  "CATCH"
  "FINALLY"
] @indent.branch

; A raw block holds every byte as it is, and its own language indents it.
(raw_block) @indent.zero
[(raw_content) (comment) (string)] @indent.auto
