// The TextMate grammar, read by the library that VS Code uses. The grammars of other languages are stand-ins that colour
// everything, which shows where embedded text begins and ends.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';

const require = createRequire(import.meta.url);
const oniguruma = require('vscode-oniguruma');
const textmate = require('vscode-textmate');

const STAND_INS = {
  'source.ts': {
    scopeName: 'source.ts',
    patterns: [{ begin: '`', end: '`', name: 'template.ts' }, { begin: '/\\*', end: '\\*/', name: 'comment.ts' }, { match: '\\w+', name: 'word.ts' }],
  },
  'text.html.markdown': {
    scopeName: 'text.html.markdown',
    patterns: [{ match: '\\w+', name: 'word.md' }],
    repository: { inline: { patterns: [{ match: '\\w+', name: 'word.md' }] } },
  },
};

const wasm = readFileSync(require.resolve('vscode-oniguruma/release/onig.wasm'));
await oniguruma.loadWASM(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength));
const registry = new textmate.Registry({
  onigLib: Promise.resolve({
    createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
    createOnigString: (text) => new oniguruma.OnigString(text),
  }),
  loadGrammar: async (scope) =>
    scope === 'source.moltler'
      ? JSON.parse(readFileSync(new URL('../syntaxes/moltler.tmLanguage.json', import.meta.url), 'utf8'))
      : (STAND_INS[scope] ?? null),
});
const grammar = await registry.loadGrammar('source.moltler');

/** Each token of a text with its innermost scopes. */
function tokens(text) {
  let state = textmate.INITIAL;
  const found = [];
  for (const [number, line] of text.split('\n').entries()) {
    const { tokens, ruleStack } = grammar.tokenizeLine(line, state);
    for (const { startIndex, endIndex, scopes } of tokens) {
      const piece = line.slice(startIndex, endIndex);
      if (piece.trim()) found.push({ line: number + 1, text: piece.trim(), scopes: scopes.slice(1).join(' ') });
    }
    state = ruleStack;
  }
  return found;
}

/** The scopes of the `index`th token that is this text. */
function scopes(text, piece, index = 0) {
  const found = tokens(text).filter((token) => token.text === piece);
  assert.ok(found.length > index, `no token ${piece} (${index}) in ${JSON.stringify(tokens(text), undefined, 1)}`);
  return found[index].scopes;
}

test('words of SQL', () => {
  const text = "SELECT i.id, COUNT(*) AS n FROM mine.items i WHERE x = 1.5 AND NOT y -- end";
  assert.match(scopes(text, 'SELECT'), /^keyword\.other/);
  assert.match(scopes(text, 'COUNT'), /support\.function/);
  assert.match(scopes(text, 'mine'), /entity\.name\.namespace/);
  assert.match(scopes(text, 'items'), /entity\.name\.type\.class/);
  assert.match(scopes(text, '1.5'), /constant\.numeric/);
  assert.match(scopes(text, 'AND'), /keyword\.operator\.word/);
  assert.match(scopes(text, 'end'), /comment\.line/);
});

test('keywords are names where they are keys and members', () => {
  const text = "SELECT a.from, {type: 1, \"status\": 2} AS status";
  assert.match(scopes(text, 'from'), /variable\.other\.property/);
  assert.match(scopes(text, 'type'), /property-name/);
  assert.match(scopes(text, '"status"'), /property-name/);
});

test('strings have escapes, secrets, and doubled quotes', () => {
  const text = "SELECT 'it''s {{secrets.key}}\\n' AS a, 1";
  assert.match(scopes(text, "''"), /constant\.character\.escape/);
  assert.match(scopes(text, '{{secrets.key}}'), /secret/);
  assert.match(scopes(text, '1'), /constant\.numeric/);
});

test('a handler is embedded JavaScript and ends at its fence', () => {
  const text = "QUERY_HANDLER '''\nasync function f() {}\n'''\nLIMIT 1;";
  assert.match(scopes(text, 'QUERY_HANDLER'), /keyword\.other\.clause/);
  assert.match(scopes(text, 'async'), /embedded\.block\.javascript.* word\.ts/);
  assert.match(scopes(text, "'''", 1), /punctuation\.definition\.raw\.end/);
  assert.match(scopes(text, 'LIMIT'), /^keyword\.other/);
});

test('an unclosed template ends with its handler', () => {
  const text = "HANDLER '''\nreturn `a\n  + 1;\n''';\nSELECT 1;";
  assert.match(scopes(text, 'SELECT'), /^keyword\.other/);
  assert.match(scopes(text, '1'), /constant\.numeric/);
});

test('an unclosed handler ends before the next definition', () => {
  const text = "HANDLER '''\nreturn 1\nCREATE CONNECTOR TYPE 'a'\nDESCRIPTION 'b';";
  assert.match(scopes(text, "'a'"), /entity\.name\.type\.connector/);
  assert.match(scopes(text, 'DESCRIPTION'), /keyword\.other\.clause/);
});

test('a handler on one line', () => {
  const text = "HANDLER '''return x''' EFFECT 'read';";
  assert.match(scopes(text, 'return'), /embedded\.block\.javascript/);
  assert.match(scopes(text, 'EFFECT'), /keyword\.other\.clause/);
});

test('TypeScript where LANGUAGE stands before the handler', () => {
  const text = "CREATE CONNECTOR ACTION 'a.b' LANGUAGE 'typescript' HANDLER '''\nlet x\n''';\nHANDLER '''\nlet y\n''';";
  assert.match(scopes(text, 'x'), /embedded\.block\.typescript/);
  assert.match(scopes(text, 'y'), /embedded\.block\.javascript/);
});

test('long descriptions are Markdown', () => {
  const text = "DOCUMENTATION '''\nwords here\n'''\nSELECT 1;";
  assert.match(scopes(text, 'words'), /embedded\.block\.markdown.* word\.md/);
  assert.match(scopes(text, 'SELECT'), /^keyword\.other/);
});

test('an open string ends before the next statement', () => {
  const text = "PRINT 'a\nSELECT 1;";
  assert.match(scopes(text, 'SELECT'), /^keyword\.other/);
});

test('definitions have their names', () => {
  const text = "CREATE CONNECTOR mine TYPE 'shop' CONFIG {};\nCREATE CONNECTOR ACTION 'shop.make';\nDECLARE n integer = 1;";
  assert.match(scopes(text, 'mine'), /entity\.name\.namespace/);
  assert.match(scopes(text, "'shop.make'"), /entity\.name\.function/);
  assert.match(scopes(text, 'n'), /variable\.other\.definition/);
  assert.match(scopes(text, 'integer'), /support\.type/);
});
