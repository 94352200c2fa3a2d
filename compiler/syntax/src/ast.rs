//! Typed views over syntax nodes.
//!
//! A view is a [`SyntaxNode`] that is known to be of some kind. Every accessor returns `Option` or an iterator, because in
//! text that is being typed any part can be missing. Start at [`SourceFile`].

mod connector;
mod expr;
mod query;
mod statement;
mod test;

use crate::kind::SyntaxKind;
use crate::node::SyntaxNode;
use crate::text::TextRange;

pub use connector::*;
pub use expr::*;
pub use query::*;
pub use statement::*;
pub use test::*;

/// A view over a node.
pub trait AstNode<'tree>: Copy {
    /// The view, if the node is of its kind.
    fn cast(node: SyntaxNode<'tree>) -> Option<Self>;

    /// The node.
    fn syntax(self) -> SyntaxNode<'tree>;

    /// Where it stands.
    fn range(self) -> TextRange {
        self.syntax().range()
    }

    /// Its text.
    fn text(self) -> &'tree str {
        self.syntax().text()
    }
}

/// Makes views with accessors: `one field: View`, `many field: View`, `has field`.
macro_rules! ast_nodes {
    ($($(#[$doc:meta])* $name:ident($kind:ident) { $($body:tt)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name<'tree>($crate::node::SyntaxNode<'tree>);

        impl<'tree> $crate::ast::AstNode<'tree> for $name<'tree> {
            fn cast(node: $crate::node::SyntaxNode<'tree>) -> Option<Self> {
                (node.kind() == $crate::kind::SyntaxKind::$kind).then_some($name(node))
            }

            fn syntax(self) -> $crate::node::SyntaxNode<'tree> {
                self.0
            }
        }

        impl<'tree> $name<'tree> {
            $crate::ast::ast_accessors!($($body)*);
        }
    )*};
}

macro_rules! ast_accessors {
    () => {};
    ($(#[$doc:meta])* one $name:ident = $field:literal: $view:ident; $($rest:tt)*) => {
        $(#[$doc])*
        pub fn $name(self) -> Option<$crate::ast::$view<'tree>> {
            self.0.field($field).and_then(<$crate::ast::$view<'tree> as $crate::ast::AstNode>::cast)
        }
        $crate::ast::ast_accessors!($($rest)*);
    };
    ($(#[$doc:meta])* many $name:ident = $field:literal: $view:ident; $($rest:tt)*) => {
        $(#[$doc])*
        pub fn $name(self) -> impl Iterator<Item = $crate::ast::$view<'tree>> {
            self.0.fields($field).filter_map(<$crate::ast::$view<'tree> as $crate::ast::AstNode>::cast)
        }
        $crate::ast::ast_accessors!($($rest)*);
    };
    ($(#[$doc:meta])* has $name:ident = $field:literal; $($rest:tt)*) => {
        $(#[$doc])*
        pub fn $name(self) -> bool {
            self.0.field($field).is_some()
        }
        $crate::ast::ast_accessors!($($rest)*);
    };
}

/// Makes an enum over views.
macro_rules! ast_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident($view:ident),)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name<'tree> {
            $($(#[$variant_doc])* $variant($crate::ast::$view<'tree>),)*
        }

        impl<'tree> $crate::ast::AstNode<'tree> for $name<'tree> {
            fn cast(node: $crate::node::SyntaxNode<'tree>) -> Option<Self> {
                $(if let Some(view) = <$crate::ast::$view<'tree> as $crate::ast::AstNode>::cast(node) {
                    return Some($name::$variant(view));
                })*
                None
            }

            fn syntax(self) -> $crate::node::SyntaxNode<'tree> {
                match self {
                    $($name::$variant(view) => $crate::ast::AstNode::syntax(view),)*
                }
            }
        }
    };
}

use {ast_accessors, ast_enum, ast_nodes};

/// The root: all statements of the text that was parsed, usually one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceFile<'tree>(SyntaxNode<'tree>);

impl<'tree> SourceFile<'tree> {
    pub(crate) fn new(root: SyntaxNode<'tree>) -> Self {
        SourceFile(root)
    }

    /// The statements, also those inside of text that could not be read as a whole.
    pub fn statements(self) -> impl Iterator<Item = Statement<'tree>> {
        self.0.children().flat_map(|child| {
            let inside = (child.kind() == SyntaxKind::Error).then_some(child);
            let itself = Statement::cast(child);
            itself.into_iter().chain(inside.into_iter().flat_map(|error| error.children().filter_map(Statement::cast)))
        })
    }

    /// The only statement, or the first of several.
    pub fn statement(self) -> Option<Statement<'tree>> {
        self.statements().next()
    }

    /// The node.
    pub fn syntax(self) -> SyntaxNode<'tree> {
        self.0
    }
}

/// A name, written as it is or in back-ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<'tree>(SyntaxNode<'tree>);

impl<'tree> AstNode<'tree> for Name<'tree> {
    fn cast(node: SyntaxNode<'tree>) -> Option<Self> {
        matches!(node.kind(), SyntaxKind::Identifier | SyntaxKind::QuotedIdentifier).then_some(Name(node))
    }

    fn syntax(self) -> SyntaxNode<'tree> {
        self.0
    }
}

impl Name<'_> {
    /// The name without its back-ticks.
    pub fn value(self) -> String {
        let text = self.0.text();
        match text.strip_prefix('`') {
            Some(rest) => rest.strip_suffix('`').unwrap_or(rest).replace("``", "`"),
            None => text.to_owned(),
        }
    }
}

ast_nodes! {
    /// Names with dots between: `instance.entity.action`.
    Path(Path) {
        /// The names.
        many segments = "segment": Name;
    }

    /// The name of a type: `string`.
    DataType(DataType) {
        /// Its name, as written.
        one name = "name": Name;
    }
}
