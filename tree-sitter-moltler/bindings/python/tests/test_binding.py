from unittest import TestCase

import tree_sitter
import tree_sitter_moltler


class TestLanguage(TestCase):
    def test_it_parses(self):
        parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_moltler.language()))
        tree = parser.parse(b"CREATE CONNECTOR TYPE 'shop';\nSELECT 1;\n")
        self.assertFalse(tree.root_node.has_error)
        kinds = [node.type for node in tree.root_node.named_children]
        self.assertEqual(kinds, ["create_connector_type", "select_statement"])

    def test_its_queries_fit(self):
        language = tree_sitter.Language(tree_sitter_moltler.language())
        for name in tree_sitter_moltler.__all__:
            if name.endswith("_QUERY"):
                tree_sitter.Query(language, getattr(tree_sitter_moltler, name))
