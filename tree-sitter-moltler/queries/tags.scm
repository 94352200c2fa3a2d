(create_connector_type
  name: (string) @name) @definition.interface

(create_connector_entity
  name: (string) @name) @definition.class

(create_connector_action
  name: (string) @name) @definition.method

(create_connector
  name: (_) @name) @definition.module

(test_block
  clause: (name_clause
    value: (string) @name)) @definition.test

(declare
  name: (_) @name) @definition.variable

(param
  name: (_) @name) @definition.variable

(register_connector_type name: (string) @name @reference.interface)
(package_connector_type name: (string) @name @reference.interface)
(publish_connector_type name: (string) @name @reference.interface)
(create_connector type: (string) @name @reference.interface)
(test_block type: (string) @name @reference.interface)

(table_reference path: (path segment: (_) segment: (_) @name @reference.class))
(connector_exec action: (path segment: (_) @name @reference.method .))
(function_call function: (_) @name) @reference.call
