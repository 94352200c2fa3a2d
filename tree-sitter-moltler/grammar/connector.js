// Statements about connectors: definitions, instances, sync, packages.

import { keyword, keyword_as_name, keywords, comma_list1, trailing_comma_list } from './keyword.js';

// A clause is a node of its own, `NAME value`, so that a repeated one stays in the tree.
function clause(word, value) {
  return seq(keyword(word), field('value', value));
}

// Any number of these, in any order.
function clauses(...kinds) {
  return repeat(field('clause', choice(...kinds)));
}

// CREATE CONNECTOR type TYPE '…': the words after CONNECTOR are names too.
const instance_name = ($) => choice($._name, $._type_name, $._entity_name, $._action_name);

export const connector = {
  _type_name: ($) => keyword_as_name($, 'type'),
  _entity_name: ($) => keyword_as_name($, 'entity'),
  _action_name: ($) => keyword_as_name($, 'action'),

  create_connector_type: ($) =>
    seq(
      keywords('create', 'connector', 'type'),
      field('name', $.string),
      clauses(
        $.description_clause,
        $.documentation_clause,
        $.config_schema_clause,
        $.allow_hosts_clause,
        $.shared_clause,
        $.check_handler_clause,
        $.options_clause,
        $.language_clause,
      ),
    ),

  create_connector_entity: ($) =>
    seq(
      keywords('create', 'connector', 'entity'),
      field('name', $.string),
      clauses(
        $.description_clause,
        $.documentation_clause,
        $.fields_clause,
        $.pushdown_clause,
        $.query_handler_clause,
        $.language_clause,
      ),
    ),

  create_connector_action: ($) =>
    seq(
      keywords('create', 'connector', 'action'),
      field('name', $.string),
      clauses(
        $.description_clause,
        $.documentation_clause,
        $.parameters_clause,
        $.effect_clause,
        $.handler_clause,
        $.language_clause,
      ),
    ),

  register_connector_type: ($) => seq(keywords('register', 'connector', 'type'), field('name', $.string)),

  create_connector: ($) =>
    seq(
      keywords('create', 'connector'),
      field('name', instance_name($)),
      keyword('type'),
      field('type', $.string),
      clauses($.config_clause, $.options_clause),
    ),

  alter_connector: ($) =>
    seq(
      keywords('alter', 'connector'),
      field('name', $._name),
      choice(
        seq(optional(keyword('set')), field('clause', $.options_clause)),
        field('action', choice(keyword('enable'), keyword('disable'))),
      ),
    ),

  drop_connector: ($) => seq(keywords('drop', 'connector'), field('name', $._name)),

  show_connectors: (_) => keywords('show', 'connectors'),

  show_connector: ($) =>
    seq(keywords('show', 'connector'), field('name', $._name), field('status', optional(keyword('status')))),

  show_sync_state: ($) => seq(keywords('show', 'sync', 'state'), field('target', optional($.path))),

  describe: ($) => seq(keyword('describe'), field('target', $.path)),

  test_connector: ($) =>
    seq(keywords('test', 'connector'), field('name', choice($._name, $._type_name))),

  connector_exec: ($) =>
    seq(keyword('connector_exec'), field('action', $.path), field('arguments', $.exec_arguments)),

  exec_arguments: ($) =>
    seq('(', choice(trailing_comma_list(field('argument', choice($._expression, $.named_argument)))), ')'),

  named_argument: ($) => seq(field('name', $._soft_name), '=>', field('value', $._expression)),

  sync_connector: ($) =>
    seq(
      keywords('sync', 'connector'),
      field('source', $.path),
      keyword('to'),
      field('target', choice($.string, $.bare_target)),
      clauses(
        $.where_clause,
        $.incremental_clause,
        $.append_clause,
        $.keep_missing_clause,
        $.schema_clause,
        $.schedule_clause,
      ),
    ),

  incremental_clause: ($) =>
    seq(
      keywords('incremental', 'on'),
      field('field', $.path),
      optional(seq(keyword('lookback'), field('lookback', $._expression))),
    ),
  append_clause: (_) => keyword('append'),
  keep_missing_clause: (_) => keywords('keep', 'missing'),
  schema_clause: (_) => seq(keyword('schema'), field('value', choice(keyword('evolve'), keyword('freeze')))),
  schedule_clause: ($) => clause('schedule', $.string),

  package_connector_type: ($) =>
    seq(
      keywords('package', 'connector', 'type'),
      field('name', $.string),
      clauses(
        $.version_clause,
        $.description_clause,
        $.author_clause,
        $.license_clause,
        $.homepage_clause,
        $.repository_clause,
        $.tags_clause,
      ),
    ),

  publish_connector_type: ($) =>
    seq(keywords('publish', 'connector', 'type'), field('name', $.string), keyword('to'), field('registry', $.string)),

  install_connector_type: ($) =>
    seq(
      keywords('install', 'connector', 'type'),
      field('name', $.string),
      repeat(field('clause', $.version_clause)),
      keyword('from'),
      field('registry', $.string),
      repeat(field('clause', $.version_clause)),
    ),

  description_clause: ($) => clause('description', $._text),
  documentation_clause: ($) => clause('documentation', $._text),
  config_schema_clause: ($) => clause('config_schema', $.document),
  allow_hosts_clause: ($) => clause('allow_hosts', $.array),
  shared_clause: ($) => clause('shared', $._text),
  check_handler_clause: ($) => clause('check_handler', $._text),
  options_clause: ($) => clause('options', $.document),
  language_clause: ($) => clause('language', $.string),
  fields_clause: ($) => clause('fields', $.document),
  pushdown_clause: ($) => clause('pushdown', $.document),
  query_handler_clause: ($) => clause('query_handler', $._text),
  parameters_clause: ($) => clause('parameters', $.document),
  effect_clause: ($) => clause('effect', $.string),
  handler_clause: ($) => clause('handler', $._text),
  config_clause: ($) => clause('config', $.document),
  version_clause: ($) => clause('version', $.string),
  author_clause: ($) => clause('author', $.string),
  license_clause: ($) => clause('license', $.string),
  homepage_clause: ($) => clause('homepage', $.string),
  repository_clause: ($) => clause('repository', $.string),
  tags_clause: ($) => clause('tags', $.array),
  name_clause: ($) => clause('name', $.string),
  at_clause: ($) => clause('at', $._expression),
  mock_api_clause: ($) => clause('mock_api', $.document),
};
