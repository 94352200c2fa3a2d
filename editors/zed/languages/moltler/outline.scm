(create_connector_type "CREATE" @context "CONNECTOR" @context "TYPE" @context name: (string) @name) @item
(create_connector_entity "CREATE" @context "CONNECTOR" @context "ENTITY" @context name: (string) @name) @item
(create_connector_action "CREATE" @context "CONNECTOR" @context "ACTION" @context name: (string) @name) @item
(create_connector "CREATE" @context "CONNECTOR" @context name: (_) @name) @item
(test_block "TEST" @context clause: (name_clause value: (string) @name)) @item
