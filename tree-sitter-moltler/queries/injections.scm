; Handlers are JavaScript.

((query_handler_clause (raw_block (raw_content) @injection.content))
  (#set! injection.language "javascript"))

((handler_clause (raw_block (raw_content) @injection.content))
  (#set! injection.language "javascript"))

((shared_clause (raw_block (raw_content) @injection.content))
  (#set! injection.language "javascript"))

((check_handler_clause (raw_block (raw_content) @injection.content))
  (#set! injection.language "javascript"))

((documentation_clause (raw_block (raw_content) @injection.content))
  (#set! injection.language "markdown"))

((description_clause (raw_block (raw_content) @injection.content))
  (#set! injection.language "markdown"))

; A LANGUAGE clause of the statement says TypeScript: what comes later wins.

((create_connector_entity
  (query_handler_clause (raw_block (raw_content) @injection.content))
  (language_clause (string) @_language))
  (#match? @_language "[tT]ype[sS]cript")
  (#set! injection.language "typescript"))

((create_connector_action
  (handler_clause (raw_block (raw_content) @injection.content))
  (language_clause (string) @_language))
  (#match? @_language "[tT]ype[sS]cript")
  (#set! injection.language "typescript"))
