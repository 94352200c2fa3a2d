// SELECT.

import { keyword, keyword_as_name, keywords, comma_list1 } from './keyword.js';

export const select = {
  select_statement: ($) =>
    prec.right(
      seq(
        field('with', optional($.with_clause)),
        field('body', choice($.select, $.set_operation)),
        field('order_by', optional($.order_by)),
        repeat(choice(field('limit', $.limit_clause), field('offset', $.offset_clause))),
      ),
    ),

  with_clause: ($) =>
    seq(keyword('with'), field('recursive', optional(keyword('recursive'))), comma_list1(field('table', $.common_table))),

  common_table: ($) =>
    seq(
      field('name', $._name),
      optional(seq('(', comma_list1(field('column', $._name)), ')')),
      keyword('as'),
      '(',
      field('query', $.select_statement),
      ')',
    ),

  set_operation: ($) =>
    prec.left(
      seq(
        field('left', choice($.select, $.set_operation)),
        field('operator', choice(keyword('union'), keyword('intersect'), keyword('except'))),
        field('all', optional(keyword('all'))),
        field('right', choice($.select, $.subquery)),
      ),
    ),

  select: ($) =>
    prec.right(
      seq(
        keyword('select'),
        field('distinct', optional(keyword('distinct'))),
        optional($._select_list),
        optional(field('from', $.from_clause)),
        optional(field('where', $.where_clause)),
        optional(field('group_by', $.group_by)),
        optional(field('having', $.having_clause)),
      ),
    ),

  _select_list: ($) => seq(comma_list1(field('item', $.select_item)), optional(',')),

  select_item: ($) =>
    choice(
      field('value', $.star),
      field('value', $.qualified_star),
      seq(field('value', $._expression), optional($._alias)),
    ),

  // `a.*`
  qualified_star: ($) => prec.left(10, seq(field('table', $._postfix), '.', $.star)),

  _alias: ($) => choice(seq(keyword('as'), field('alias', choice($._name, $.string))), field('alias', $._bare_alias)),

  // An alias without AS. `FOR r IN SELECT a LOOP` ends the SELECT where a statement follows.
  _bare_alias: ($) => choice($._name, $._loop_name),
  _loop_name: ($) => prec.dynamic(-1, keyword_as_name($, 'loop')),

  // A FROM that could also be a column and its alias is the clause.
  from_clause: ($) =>
    prec.dynamic(2, seq(keyword('from'), field('table', $._table), repeat(field('join', $.join)))),

  _table: ($) => choice($.table_reference, $.derived_table, $.table_function),

  // `instance.entity`, or the name of an array variable or of a WITH query.
  table_reference: ($) => seq(field('path', choice($.path, $.variable_reference)), optional($._table_alias)),

  derived_table: ($) => seq(field('query', $.subquery), optional($._table_alias)),

  // Parsed to be named: functions in FROM are not part of the language.
  table_function: ($) => seq(field('call', $.function_call), optional($._table_alias)),

  _table_alias: ($) => seq(optional(keyword('as')), field('alias', $._bare_alias)),

  path: ($) => seq(field('segment', $._name), repeat(seq('.', field('segment', $._name)))),

  join: ($) =>
    prec.right(
      choice(
        seq(
          field('natural', optional(keyword('natural'))),
          field(
            'kind',
            optional(choice(keyword('inner'), keyword('left'), keyword('right'), keyword('full'), keyword('cross'))),
          ),
          optional(keyword('outer')),
          keyword('join'),
          field('table', $._table),
          optional(
            choice(
              seq(keyword('on'), field('on', $._expression)),
              seq(keyword('using'), '(', comma_list1(field('using', $._name)), ')'),
            ),
          ),
        ),
        seq(field('kind', ','), field('table', $._table)),
      ),
    ),

  where_clause: ($) => seq(keyword('where'), field('condition', $._expression)),
  group_by: ($) => seq(keywords('group', 'by'), comma_list1(field('key', $._expression))),
  having_clause: ($) => seq(keyword('having'), field('condition', $._expression)),
  order_by: ($) => seq(keywords('order', 'by'), comma_list1(field('key', $.order_key))),

  order_key: ($) =>
    seq(
      field('value', $._expression),
      field('direction', optional(choice(keyword('asc'), keyword('desc')))),
      optional(seq(keyword('nulls'), field('nulls', choice(keyword('first'), keyword('last'))))),
    ),

  limit_clause: ($) => seq(keyword('limit'), field('count', $._expression)),
  offset_clause: ($) => seq(keyword('offset'), field('count', $._expression)),
};
