(create_connector_type name: (string) @name) @definition.interface
(create_connector_entity name: (string) @name) @definition.class
(create_connector_action name: (string) @name) @definition.function
(create_connector name: (_) @name) @definition.module
