// The grammar for the package `tree-sitter`: `parser.setLanguage(moltler)`.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const binding = createRequire(import.meta.url)('node-gyp-build')(root);

const text = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

binding.nodeTypeInfo = JSON.parse(text('src/node-types.json'));
for (const name of ['highlights', 'injections', 'locals', 'tags', 'folds', 'indents', 'textobjects']) {
  Object.defineProperty(binding, `${name.toUpperCase()}_QUERY`, { enumerable: true, get: () => text(`queries/${name}.scm`) });
}

export default binding;
