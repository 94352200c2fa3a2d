// Variables, tests and control flow.

import { keyword, keywords, comma_list1 } from './keyword.js';

const bare_value = ($) => choice($._expression, $.select_statement, $.connector_exec);

export const statements = {
  param: ($) =>
    seq(
      keyword('param'),
      field('name', $._name),
      field('type', optional($.data_type)),
      repeat(field('clause', choice($.default_clause, $.description_clause))),
    ),

  default_clause: ($) => seq(keyword('default'), field('value', $._expression)),

  declare: ($) =>
    seq(
      keyword('declare'),
      field('name', $._name),
      field('type', optional($.data_type)),
      optional(seq('=', field('value', bare_value($)))),
    ),

  set: ($) => seq(keyword('set'), field('name', $._name), '=', field('value', bare_value($))),

  print: ($) => seq(keyword('print'), field('value', $._expression)),

  assert: ($) =>
    seq(keyword('assert'), field('condition', $._expression), optional(seq(',', field('message', $._expression)))),

  assert_raises: ($) =>
    seq(
      keywords('assert', 'raises'),
      field('error', $.string),
      optional(seq(keyword('like'), field('pattern', $._expression))),
      field('statement', $._block_statement),
    ),

  advance: ($) => seq(keyword('advance'), field('interval', $._expression)),

  test_block: ($) =>
    seq(
      keywords('test', 'connector', 'type'),
      field('type', $.string),
      repeat(field('clause', choice($.name_clause, $.tags_clause, $.at_clause, $.mock_api_clause))),
      keyword('begin'),
      field('body', optional($.block)),
      keywords('end', 'test'),
    ),

  // Statements inside TEST, IF, FOR, WHILE, TRY.
  block: ($) => repeat1(choice(seq($._block_statement, ';'), ';')),

  if: ($) =>
    seq(
      keyword('if'),
      field('condition', $._expression),
      keyword('then'),
      field('then', optional($.block)),
      repeat(field('elseif', $.elseif_clause)),
      optional(field('else', $.else_clause)),
      keywords('end', 'if'),
    ),

  elseif_clause: ($) =>
    seq(keyword('elseif'), field('condition', $._expression), keyword('then'), field('body', optional($.block))),

  else_clause: ($) => seq(keyword('else'), field('body', optional($.block))),

  for: ($) =>
    seq(
      keyword('for'),
      field('variable', $._name),
      keyword('in'),
      field('source', choice($._expression, $.range, $.select_statement, $.connector_exec)),
      keyword('loop'),
      field('body', optional($.block)),
      keywords('end', 'loop'),
    ),

  range: ($) => seq(field('low', $._expression), '..', field('high', $._expression)),

  while: ($) =>
    seq(
      keyword('while'),
      field('condition', $._expression),
      keyword('loop'),
      field('body', optional($.block)),
      keywords('end', 'loop'),
    ),

  break: (_) => keyword('break'),
  continue: (_) => keyword('continue'),

  try: ($) =>
    seq(
      keyword('try'),
      field('body', optional($.block)),
      repeat(field('catch', $.catch_clause)),
      optional(field('finally', $.finally_clause)),
      keywords('end', 'try'),
    ),

  catch_clause: ($) => seq(keyword('catch'), field('error', optional($._name)), field('body', optional($.block))),

  finally_clause: ($) => seq(keyword('finally'), field('body', optional($.block))),

  raise: ($) =>
    seq(
      keyword('raise'),
      field('value', $._expression),
      optional(seq(keywords('with', 'code'), field('code', $._expression))),
    ),
};
