((test_block
  clause: (name_clause
    value: (string) @run)) @moltler_test
 (#set! tag moltler-test))
