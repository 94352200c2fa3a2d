/** A description of a kind of node, as in src/node-types.json. */
interface NodeInfo {
  type: string;
  named: boolean;
  subtypes?: { type: string; named: boolean }[];
  fields?: Record<string, { required: boolean; multiple: boolean; types: { type: string; named: boolean }[] }>;
  children?: { required: boolean; multiple: boolean; types: { type: string; named: boolean }[] };
}

/** The grammar, for `parser.setLanguage` of the package `tree-sitter`. */
declare const binding: {
  language: unknown;
  nodeTypeInfo: NodeInfo[];
  HIGHLIGHTS_QUERY: string;
  INJECTIONS_QUERY: string;
  LOCALS_QUERY: string;
  TAGS_QUERY: string;
  FOLDS_QUERY: string;
  INDENTS_QUERY: string;
  TEXTOBJECTS_QUERY: string;
};

export default binding;
