// Expressions, loosest binding first: OR, AND, NOT, comparison, ??, ||, + -, * / %, unary, postfix.

import { keyword, keyword_as_name, keywords, comma_list, comma_list1, trailing_comma_list } from './keyword.js';

const PREC = {
  lambda: 0,
  or: 1,
  and: 2,
  not: 3,
  compare: 4,
  coalesce: 5,
  concat: 6,
  add: 7,
  multiply: 8,
  unary: 9,
  postfix: 10,
};

const operators = [
  [PREC.or, keyword('or')],
  [PREC.and, keyword('and')],
  [PREC.coalesce, '??'],
  [PREC.concat, '||'],
  [PREC.add, choice('+', '-')],
  [PREC.multiply, choice('*', '/', '%')],
];

const comparisons = () =>
  choice('=', '==', '!=', '<>', '<', '<=', '>', '>=', keyword('contains'));

export const expressions = {
  _expression: ($) =>
    choice(
      $.binary_expression,
      $.unary_expression,
      $.like_expression,
      $.in_expression,
      $.between_expression,
      $.is_null_expression,
      $.interval_expression,
      $._postfix,
    ),

  // What binds at least as tightly as a postfix.
  _postfix: ($) =>
    choice(
      $.member_expression,
      $.index_expression,
      $.cast_expression,
      $.function_call,
      $.case_expression,
      $.exists_expression,
      $.subquery,
      $.parenthesized_expression,
      $.document,
      $.array,
      $.typed_literal,
      $.string,
      $.number,
      $.boolean,
      $.null,
      $.name_reference,
      $.variable_reference,
    ),

  name_reference: ($) => field('name', $._soft_name),

  _soft_name: ($) => choice($._name, $._soft_keyword),

  // Words that the grammar uses where an expression begins, and that are names all the same.
  _soft_keyword: ($) =>
    prec.dynamic(
      -1,
      choice(
        prec(-1, keyword_as_name($, 'exists')),
        prec(-1, keyword_as_name($, 'distinct')),
        keyword_as_name($, 'raises'),
        $._from_name,
      ),
    ),

  _from_name: ($) => keyword_as_name($, 'from'),

  // `:name` is always the variable.
  variable_reference: ($) => seq(':', field('name', $._name)),

  boolean: (_) => choice(keyword('true'), keyword('false')),
  null: (_) => keyword('null'),

  parenthesized_expression: ($) => seq('(', field('expression', $._expression), ')'),

  subquery: ($) => seq('(', field('query', $.select_statement), ')'),

  binary_expression: ($) =>
    choice(
      ...operators.map(([level, operator]) =>
        prec.left(
          level,
          seq(field('left', $._expression), field('operator', operator), field('right', $._expression)),
        ),
      ),
      prec.left(
        PREC.compare,
        seq(field('left', $._expression), field('operator', comparisons()), field('right', $._expression)),
      ),
    ),

  unary_expression: ($) =>
    choice(
      prec(PREC.not, seq(field('operator', keyword('not')), field('operand', $._expression))),
      prec(PREC.unary, seq(field('operator', choice('-', '+')), field('operand', $._expression))),
    ),

  // LIKE, ILIKE, MATCHES
  like_expression: ($) =>
    prec.left(
      PREC.compare,
      seq(
        field('left', $._expression),
        field('not', optional(keyword('not'))),
        field('operator', choice(keyword('like'), keyword('ilike'), keyword('matches'))),
        field('right', $._expression),
        optional(seq(keyword('escape'), field('escape', $._expression))),
      ),
    ),

  in_expression: ($) =>
    prec.left(
      PREC.compare,
      seq(
        field('left', $._expression),
        field('not', optional(keyword('not'))),
        keyword('in'),
        field('right', choice($.expression_list, $._expression)),
      ),
    ),

  expression_list: ($) => prec(1, seq('(', comma_list($._expression), ')')),

  between_expression: ($) =>
    prec.left(
      PREC.compare,
      seq(
        field('value', $._expression),
        field('not', optional(keyword('not'))),
        keyword('between'),
        field('low', $._expression),
        keyword('and'),
        field('high', $._expression),
      ),
    ),

  is_null_expression: ($) =>
    prec.left(
      PREC.compare,
      seq(
        field('value', $._expression),
        keyword('is'),
        field('not', optional(keyword('not'))),
        choice(keyword('null'), field('test', $.boolean)),
      ),
    ),

  // INTERVAL takes one operand, postfix { || postfix }, or a number and a unit; the whole binds like a literal.
  interval_expression: ($) =>
    prec.right(
      PREC.postfix,
      seq(
        keyword('interval'),
        choice(
          $._interval_operand,
          seq(field('value', $.number), field('unit', $.identifier)),
        ),
      ),
    ),

  _interval_operand: ($) =>
    prec.right(
      PREC.postfix,
      seq(field('value', $._postfix), optional(seq('||', $._interval_operand))),
    ),

  member_expression: ($) =>
    prec.left(
      PREC.postfix,
      seq(field('object', $._postfix), field('operator', choice('.', '?.')), field('member', $._name)),
    ),

  index_expression: ($) =>
    prec.left(
      PREC.postfix,
      seq(field('object', $._postfix), optional('?.'), '[', field('index', $._expression), ']'),
    ),

  // Both `value::type` and `CAST(value AS type)`.
  cast_expression: ($) =>
    choice(
      prec.left(PREC.postfix, seq(field('value', $._postfix), '::', field('type', $.data_type))),
      seq(keyword('cast'), '(', field('value', $._expression), keyword('as'), field('type', $.data_type), ')'),
    ),

  data_type: ($) => field('name', $._name),

  // `TIMESTAMP '2024-01-01T00:00:00Z'`
  typed_literal: ($) => seq(field('type', $.identifier), field('value', $.string)),

  case_expression: ($) =>
    seq(
      keyword('case'),
      field('operand', optional($._expression)),
      repeat1(field('branch', $.when_clause)),
      optional(seq(keyword('else'), field('else', $._expression))),
      keyword('end'),
    ),

  when_clause: ($) =>
    seq(keyword('when'), field('condition', $._expression), keyword('then'), field('result', $._expression)),

  exists_expression: ($) => seq(keyword('exists'), field('query', $.subquery)),

  function_call: ($) =>
    prec.right(
      PREC.postfix,
      seq(
        field('function', $._name),
        '(',
        optional($._arguments),
        ')',
        field('filter', optional($.filter_clause)),
        field('over', optional($.over_clause)),
      ),
    ),

  _arguments: ($) =>
    choice(
      seq(
        field('distinct', optional(keyword('distinct'))),
        comma_list1(field('argument', choice($._expression, $.arrow, $.star))),
        field('order_by', optional($.order_by)),
      ),
      field('argument', $.extract_argument),
    ),

  // EXTRACT(year FROM x)
  extract_argument: ($) =>
    seq(field('field', choice($._name, $.string)), keyword('from'), field('value', $._expression)),

  // `x => expr`: a lambda or a named argument, as the function called decides.
  arrow: ($) =>
    prec.right(
      PREC.lambda,
      seq(
        choice(field('parameter', $._soft_name), seq('(', comma_list1(field('parameter', $._soft_name)), ')')),
        '=>',
        field('body', $._expression),
      ),
    ),

  star: (_) => '*',

  // Parsed to be named: window functions and FILTER are not part of the language.
  filter_clause: ($) => seq(keyword('filter'), '(', keyword('where'), field('condition', $._expression), ')'),

  over_clause: ($) => seq(keyword('over'), choice($._name, $.window)),

  window: ($) =>
    seq(
      '(',
      optional($._name),
      optional(seq(keywords('partition', 'by'), comma_list1(field('partition', $._expression)))),
      field('order_by', optional($.order_by)),
      optional($.frame),
      ')',
    ),

  frame: ($) =>
    seq(choice(keyword('rows'), keyword('range'), keyword('groups')), repeat1(choice($.identifier, $.number, $.string))),

  document: ($) => seq('{', trailing_comma_list(field('pair', $.pair)), '}'),

  pair: ($) => seq(field('key', choice($._name, $.string)), ':', field('value', $._expression)),

  array: ($) => seq('[', trailing_comma_list(field('element', $._expression)), ']'),
};
