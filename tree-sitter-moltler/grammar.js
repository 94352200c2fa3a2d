// The Moltler language. Rules by topic are in grammar/.

import { lexical } from './grammar/lexical.js';
import { expressions } from './grammar/expressions.js';
import { select } from './grammar/select.js';
import { connector } from './grammar/connector.js';
import { statements } from './grammar/statements.js';
import { unsupported } from './grammar/unsupported.js';

export default grammar({
  name: 'moltler',

  word: ($) => $.identifier,

  extras: ($) => [/[ \t\r\n\f\v\u00A0\u200B\u2028\u2029\u2060\uFEFF]/, $.comment],

  externals: ($) => [$._raw_start, $.raw_content, $._raw_end],

  conflicts: ($) => [
    // `SELECT FROM t`: a column named FROM, or a SELECT without columns.
    [$.from_clause, $._from_name],
    [$._select_list],
    // `(a, b) => …`
    [$.arrow, $.name_reference],
    // `FOR r IN SELECT a LOOP`
    [$.select_item],
    [$.table_reference],
    [$.derived_table],
    [$.table_function],
  ],

  rules: {
    // The last semicolon is optional here; the compiler asks for it.
    source_file: ($) => seq(repeat(choice(seq($._statement, ';'), ';')), optional($._statement)),

    _statement: ($) => choice($._definition, $._block_statement),

    // These stand outside of blocks only; one at the start of a statement closes every open block.
    _definition: ($) =>
      choice(
        $.create_connector_type,
        $.create_connector_entity,
        $.create_connector_action,
        $.register_connector_type,
        $.package_connector_type,
        $.publish_connector_type,
        $.install_connector_type,
        $.test_block,
      ),

    _block_statement: ($) =>
      choice(
        $.create_connector,
        $.alter_connector,
        $.drop_connector,
        $.show_connectors,
        $.show_connector,
        $.show_sync_state,
        $.describe,
        $.test_connector,
        $.select_statement,
        $.connector_exec,
        $.sync_connector,
        $.param,
        $.declare,
        $.set,
        $.assert,
        $.assert_raises,
        $.advance,
        $.if,
        $.for,
        $.while,
        $.break,
        $.continue,
        $.try,
        $.raise,
        $.print,
        $.unsupported_statement,
      ),

    ...statements,
    ...connector,
    ...select,
    ...expressions,
    ...unsupported,
    ...lexical,
  },
});
