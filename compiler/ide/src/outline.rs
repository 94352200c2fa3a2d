//! What a package declares, for views beside the text; and the statement at a place, for what is run from there.

use moltler_db::{FileId, FileRange, Statement};
use moltler_hir::item_tree::{FieldItem, Item, SchemaItem, item_tree};
use moltler_hir::{Database, Package, parse};
use moltler_syntax::ast::{self, AstNode, ClauseKind, Expr};
use moltler_syntax::{SyntaxKind, TextRange};

use crate::symbols::name_of;
use crate::token::{Token, TokenKind, tokens};

/// Everything that a package declares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// Connector types, with the keys of their configuration.
    pub types: Vec<Declared>,
    /// Entities, with their fields.
    pub entities: Vec<Declared>,
    /// Actions, with their parameters.
    pub actions: Vec<Declared>,
    /// Instances.
    pub instances: Vec<Instance>,
    /// Tests.
    pub tests: Vec<Test>,
}

/// A type, an entity or an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// `myservice.items`
    pub name: String,
    /// DESCRIPTION
    pub description: Option<String>,
    /// The name.
    pub place: FileRange,
    /// What it has, in the order of the text.
    pub members: Vec<Member>,
}

/// A key of FIELDS, CONFIG_SCHEMA or PARAMETERS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The key.
    pub name: String,
    /// `type`, as the language writes it.
    pub data_type: &'static str,
    /// `description`
    pub description: Option<String>,
    /// `primary_key`
    pub primary_key: bool,
    /// `required`
    pub required: bool,
    /// `secret`
    pub secret: bool,
}

/// An instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// Its name.
    pub name: String,
    /// Its connector type.
    pub type_name: String,
    /// The name.
    pub place: FileRange,
}

/// A TEST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// NAME
    pub name: String,
    /// The connector type under test.
    pub type_name: String,
    /// TAGS
    pub tags: Vec<String>,
    /// The whole statement, without blanks and comments before it.
    pub place: FileRange,
}

/// What running a statement means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatementKind {
    /// A SELECT.
    Query,
    /// A TEST, with its name.
    Test(String),
    /// It only declares something: there is nothing to run.
    Definition,
    /// It does something else.
    Other,
}

/// A statement at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementAt {
    /// What running it means.
    pub kind: StatementKind,
    /// In the file, without blanks and comments around it and without its `;`.
    pub range: TextRange,
}

/// Everything that a package declares, by file and place.
pub fn outline(db: &Database, package: &Package) -> Outline {
    let mut outline = Outline::default();
    for (file, _) in package.files() {
        for (statement, start) in package.statements(file) {
            add(db, statement, file, start, &mut outline);
        }
    }
    outline
}

fn add(db: &Database, statement: Statement, file: FileId, start: u32, outline: &mut Outline) {
    let Some(item) = &item_tree(db, statement).item else { return };
    let text = statement.text(db);
    let tokens = words(text);
    let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { return };
    let place = |range: TextRange| FileRange { file, range: range.shift(start) };
    let named = |name: &str| place(name_of(&tokens, name).unwrap_or(first.range));
    match item {
        Item::Type(item) => outline.types.push(Declared {
            name: item.name.clone(),
            description: item.description.clone(),
            place: named(&item.name),
            members: item.config.iter().flatten().map(Member::from).collect(),
        }),
        Item::Entity(item) => outline.entities.push(Declared {
            name: item.name.clone(),
            description: item.description.clone(),
            place: named(&item.name),
            members: item.fields.iter().map(Member::from).collect(),
        }),
        Item::Action(item) => outline.actions.push(Declared {
            name: item.name.clone(),
            description: item.description.clone(),
            place: named(&item.name),
            members: item.parameters.iter().flatten().map(Member::from).collect(),
        }),
        Item::Instance(item) => outline.instances.push(Instance {
            name: item.name.clone(),
            type_name: item.type_name.clone(),
            place: named(&item.name),
        }),
        Item::Test(item) => outline.tests.push(Test {
            name: item.name.clone(),
            type_name: item.type_name.clone(),
            tags: tags(db, statement),
            place: place(first.range.cover(last.range)),
        }),
        Item::Registration(_) | Item::Package(_) => {}
    }
}

/// TAGS of a test; what is no text among them is passed over.
fn tags(db: &Database, statement: Statement) -> Vec<String> {
    let parse = parse(db, statement);
    let Some(ast::Statement::Test(test)) = parse.source_file().statement() else { return Vec::new() };
    let clauses = test.clauses().filter(|clause| clause.kind() == ClauseKind::Tags);
    let elements = clauses.filter_map(ast::Clause::array).flat_map(ast::ArrayExpr::elements);
    elements
        .filter_map(|element| match element {
            Expr::String(literal) => Some(literal.value()),
            _ => None,
        })
        .collect()
}

/// The statement that holds a place of a file, or that ends before it on the same line; `None` where there is none.
pub fn statement_at(db: &Database, package: &Package, file: FileId, offset: u32) -> Option<StatementAt> {
    let (statement, start) = package.statement_at(file, offset)?;
    let text = statement.text(db);
    let tokens = words(text);
    let parse = parse(db, statement);
    let kind = match (&item_tree(db, statement).item, parse.source_file().statement()) {
        (Some(Item::Test(test)), _) => StatementKind::Test(test.name.clone()),
        (Some(Item::Instance(_)), _) | (None, None) => StatementKind::Other,
        (Some(_), _) => StatementKind::Definition,
        (None, Some(found)) if found.syntax().kind() == SyntaxKind::SelectStatement => StatementKind::Query,
        (None, Some(_)) => StatementKind::Other,
    };
    let inner = match tokens.as_slice() {
        [before @ .., last] if last.is_mark(';') => before,
        all => all,
    };
    let (first, last) = (inner.first()?, inner.last()?);
    Some(StatementAt { kind, range: first.range.cover(last.range).shift(start) })
}

fn words(text: &str) -> Vec<Token<'_>> {
    tokens(text).into_iter().filter(|token| token.kind != TokenKind::Comment).collect()
}

impl From<&SchemaItem> for Member {
    fn from(item: &SchemaItem) -> Member {
        Member {
            name: item.name.clone(),
            data_type: item.data_type.name(),
            description: item.description.clone(),
            primary_key: false,
            required: item.required,
            secret: item.secret,
        }
    }
}

impl From<&FieldItem> for Member {
    fn from(item: &FieldItem) -> Member {
        Member {
            name: item.name.clone(),
            data_type: item.data_type.name(),
            description: item.description.clone(),
            primary_key: item.primary_key,
            required: item.required,
            secret: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "-- A shop.
CREATE CONNECTOR TYPE 'shop' DESCRIPTION 'Sells' CONFIG_SCHEMA {\"key\": {\"type\": \"string\", \"required\": true, \"secret\": true}};
CREATE CONNECTOR ENTITY 'shop.items' FIELDS {\"id\": {\"type\": \"integer\", \"primary_key\": true}} QUERY_HANDLER '''x''';
REGISTER CONNECTOR TYPE 'shop';
CREATE CONNECTOR mine TYPE 'shop' CONFIG {\"key\": 'k'};
SELECT id -- only this
FROM mine.items;
TEST CONNECTOR TYPE 'shop' NAME 'it sells' TAGS ['unit', 'fast'] BEGIN PRINT 1; END TEST;
PRINT 2";

    fn package() -> (Database, Package, FileId) {
        let mut db = Database::default();
        let mut package = Package::new("/shop");
        let file = package.open_file(&mut db, "/shop/shop.molt", TEXT);
        (db, package, file)
    }

    #[test]
    fn what_a_package_declares() {
        let (db, package, _) = package();
        let outline = outline(&db, &package);
        let at = |place: FileRange| place.range.of(TEXT);
        let [shop] = outline.types.as_slice() else { panic!("{outline:?}") };
        assert_eq!((shop.name.as_str(), shop.description.as_deref(), at(shop.place)), ("shop", Some("Sells"), "shop"));
        let [key] = shop.members.as_slice() else { panic!("{shop:?}") };
        assert_eq!((key.name.as_str(), key.data_type, key.required, key.secret), ("key", "string", true, true));
        let [items] = outline.entities.as_slice() else { panic!("{outline:?}") };
        assert_eq!(
            (items.name.as_str(), items.members[0].data_type, items.members[0].primary_key),
            ("shop.items", "integer", true)
        );
        let [mine] = outline.instances.as_slice() else { panic!("{outline:?}") };
        assert_eq!((mine.type_name.as_str(), at(mine.place)), ("shop", "mine"));
        let [test] = outline.tests.as_slice() else { panic!("{outline:?}") };
        assert_eq!((test.name.as_str(), test.type_name.as_str()), ("it sells", "shop"));
        assert_eq!(test.tags, ["unit", "fast"]);
        assert!(at(test.place).starts_with("TEST CONNECTOR") && at(test.place).ends_with("END TEST;"));
    }

    #[test]
    fn the_statement_at_a_place() {
        let (db, package, file) = package();
        let at = |needle: &str| {
            let offset = TEXT.find(needle).expect("it is there") as u32;
            let found = statement_at(&db, &package, file, offset).expect("there is a statement");
            (found.kind, found.range.of(TEXT))
        };
        assert_eq!(at("only this"), (StatementKind::Query, "SELECT id -- only this\nFROM mine.items"));
        assert_eq!(at("PRINT 1").0, StatementKind::Test("it sells".to_owned()));
        assert_eq!(at("Sells").0, StatementKind::Definition);
        assert_eq!(at("CONFIG {").0, StatementKind::Other);
        assert_eq!(at("PRINT 2"), (StatementKind::Other, "PRINT 2"));
    }

    #[test]
    fn broken_text_has_an_outline_too() {
        for text in ["TEST CONNECTOR TYPE 'a' TAGS [1, BEGIN", "CREATE CONNECTOR ENTITY", ";", "", "SELECT '''"] {
            let mut db = Database::default();
            let mut package = Package::new("/a");
            let file = package.open_file(&mut db, "/a/a.molt", text);
            outline(&db, &package);
            for offset in 0..=text.len() as u32 {
                statement_at(&db, &package, file, offset);
            }
        }
    }
}
