// What SQL has and Moltler has not: read up to the end of the statement, so that the checker can name it.

import { keyword, keywords } from './keyword.js';

const words = ['insert', 'update', 'delete', 'merge', 'upsert', 'truncate', 'grant', 'revoke', 'commit', 'rollback',
  'explain', 'values', 'call', 'return', 'switch', 'execute', 'exec', 'query', 'open', 'fetch', 'close', 'var', 'const',
  'enable', 'disable', 'use', 'analyze', 'vacuum', 'copy'];

const objects = ['table', 'view', 'index', 'function', 'procedure', 'package', 'skill', 'agent', 'trigger', 'schema',
  'database', 'job', 'role', 'user', 'sequence', 'materialized', 'temporary', 'temp', 'unique', 'or'];

export const unsupported = {
  unsupported_statement: ($) =>
    seq(
      field(
        'head',
        choice(
          ...words.map(keyword),
          ...['create', 'alter', 'drop'].map((verb) => seq(keyword(verb), choice(...objects.map(keyword)))),
        ),
      ),
      repeat($._any_token),
    ),

  _any_token: ($) =>
    choice(
      $.identifier, $.quoted_identifier, $.string, $.number,
      '(', ')', '[', ']', '{', '}', ',', '.', ':', '::', '=', '==', '!=', '<>', '<', '<=', '>', '>=', '+', '-', '*', '/', '%',
      '||', '??', '?.', '=>', '..', '@', '?', '&', '|', '!', '^', '~', '#',
    ),
};
