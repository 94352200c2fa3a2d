([
  (query_handler_clause (raw_block (raw_content) @injection.content))
  (handler_clause (raw_block (raw_content) @injection.content))
  (shared_clause (raw_block (raw_content) @injection.content))
  (check_handler_clause (raw_block (raw_content) @injection.content))
 ]
 (#set! injection.language "javascript"))

((documentation_clause (raw_block (raw_content) @injection.content))
 (#set! injection.language "markdown"))

((comment) @injection.content
 (#set! injection.language "comment"))
