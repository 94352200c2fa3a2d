//! Text to tree.

use std::cell::RefCell;

use crate::ast::SourceFile;
use crate::error::SyntaxError;
use crate::node::SyntaxNode;

/// The tree of a text and what is wrong with it. There is a tree for every text.
#[derive(Clone, Debug)]
pub struct Parse {
    text: Box<str>,
    tree: tree_sitter::Tree,
}

/// Parses the text of a statement, or of several.
pub fn parse(text: &str) -> Parse {
    thread_local! {
        static PARSER: RefCell<tree_sitter::Parser> = RefCell::new(new_parser());
    }
    let tree = PARSER.with_borrow_mut(|parser| {
        parser.reset();
        parser.parse(text, None).expect("a parser with a language and without a limit gives a tree")
    });
    Parse { text: text.into(), tree }
}

impl Parse {
    /// The text that was parsed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The root of the tree.
    pub fn syntax(&self) -> SyntaxNode<'_> {
        SyntaxNode::new(self.tree.root_node(), &self.text)
    }

    /// The root of the tree as a typed view.
    pub fn source_file(&self) -> SourceFile<'_> {
        SourceFile::new(self.syntax())
    }

    /// What is wrong with the text, in its order.
    pub fn errors(&self) -> Vec<SyntaxError> {
        crate::error::errors(self)
    }
}

pub(crate) fn language() -> tree_sitter::Language {
    tree_sitter_moltler::LANGUAGE.into()
}

fn new_parser() -> tree_sitter::Parser {
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&language()).expect("the generated parser fits its library");
    parser
}
