import assert from 'node:assert/strict';
import { test } from 'node:test';
import Parser from 'tree-sitter';
import moltler from './index.js';

test('the grammar parses', () => {
  const parser = new Parser();
  parser.setLanguage(moltler);
  const tree = parser.parse("CREATE CONNECTOR TYPE 'shop';\nSELECT 1;\n");
  assert.equal(tree.rootNode.hasError, false);
  assert.deepEqual(tree.rootNode.namedChildren.map((node) => node.type), ['create_connector_type', 'select_statement']);
});

test('its queries fit', () => {
  for (const name of Object.keys(moltler).filter((name) => name.endsWith('_QUERY'))) {
    new Parser.Query(moltler, moltler[name]);
  }
  assert.ok(moltler.nodeTypeInfo.length > 50);
});
