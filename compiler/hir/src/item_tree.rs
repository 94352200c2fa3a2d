//! What a statement declares and which names it mentions, without any range.
//!
//! This is the barrier: other statements see a statement only through its [`ItemTree`], so an edit that leaves it equal
//! (inside a handler, in blanks, in a test) changes nothing for them.

use moltler_abi::DataType;
use moltler_db::{Db, NameKind, Statement};
use moltler_syntax::ast::{self, AstNode, ClauseKind};
use moltler_syntax::{SyntaxKind, SyntaxNode};

use crate::catalog::variable_key;
use crate::config_schema::{Reader, Schema};
use crate::definition::{ConfigField, split_name};
use crate::script::Role;
use crate::syntax_tree::{constant, parse_folded, scripts};

/// What the package knows about a statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ItemTree {
    /// The definition that it is.
    pub item: Option<Item>,
    /// The variables that it declares for the rest of its file.
    pub variables: Vec<VariableItem>,
    /// The names that it mentions, sorted, each once.
    pub mentions: Vec<(NameKind, String)>,
}

/// A definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// CREATE CONNECTOR TYPE
    Type(TypeItem),
    /// CREATE CONNECTOR ENTITY
    Entity(EntityItem),
    /// CREATE CONNECTOR ACTION
    Action(ActionItem),
    /// REGISTER CONNECTOR TYPE, with the type.
    Registration(String),
    /// CREATE CONNECTOR name
    Instance(InstanceItem),
    /// TEST CONNECTOR TYPE
    Test(TestItem),
    /// PACKAGE CONNECTOR TYPE, with the type.
    Package(String),
}

/// A connector type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypeItem {
    /// `myservice`
    pub name: String,
    /// DESCRIPTION
    pub description: Option<String>,
    /// CONFIG_SCHEMA; `None` without one: then CONFIG takes any key.
    pub config: Option<Vec<SchemaItem>>,
    /// Top-level names of SHARED.
    pub shared_names: Vec<String>,
}

/// A key of CONFIG_SCHEMA or PARAMETERS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaItem {
    /// The key.
    pub name: String,
    /// `type`
    pub data_type: DataType,
    /// `required`
    pub required: bool,
    /// `secret`
    pub secret: bool,
    /// `expose`: handlers get its value.
    pub expose: bool,
    /// Whether there is a `default`.
    pub has_default: bool,
    /// `one_of`: the name of the group.
    pub group: Option<String>,
    /// `enum`, as JSON texts.
    pub one_of_values: Vec<String>,
    /// `description`
    pub description: Option<String>,
}

/// An entity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntityItem {
    /// `myservice.items`
    pub name: String,
    /// DESCRIPTION
    pub description: Option<String>,
    /// FIELDS, in order.
    pub fields: Vec<FieldItem>,
    /// `required` of PUSHDOWN: any one of the sets must be bound by equality.
    pub required: Vec<Vec<String>>,
}

impl EntityItem {
    /// The field with this name, with its position.
    pub fn field(&self, name: &str) -> Option<(u32, &FieldItem)> {
        let position = self.fields.iter().position(|field| field.name == name)?;
        Some((position as u32, &self.fields[position]))
    }
}

/// A field of an entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldItem {
    /// Its name.
    pub name: String,
    /// `type`
    pub data_type: DataType,
    /// `primary_key`
    pub primary_key: bool,
    /// `required`
    pub required: bool,
    /// `filter_only`
    pub filter_only: bool,
    /// `from_filter`
    pub from_filter: bool,
    /// `description`
    pub description: Option<String>,
}

/// An action.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActionItem {
    /// `myservice.items.create`
    pub name: String,
    /// DESCRIPTION
    pub description: Option<String>,
    /// PARAMETERS; `None` takes any.
    pub parameters: Option<Vec<SchemaItem>>,
    /// `"*": true` in PARAMETERS.
    pub open: bool,
}

/// An instance that is known in the whole package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InstanceItem {
    /// `my_service_prod`
    pub name: String,
    /// `myservice`
    pub type_name: String,
}

/// A test.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestItem {
    /// NAME
    pub name: String,
    /// The type under test.
    pub type_name: String,
}

/// A variable of a file's top level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariableItem {
    /// As declared.
    pub name: String,
    /// The written type; [`DataType::Dynamic`] without one.
    pub data_type: DataType,
    /// Whether the type was written.
    pub is_typed: bool,
}

/// What a statement declares and mentions.
#[salsa::tracked(returns(ref))]
pub fn item_tree(db: &dyn Db, statement: Statement) -> ItemTree {
    let parse = parse_folded(db, statement);
    let Some(found) = parse.source_file().statement() else { return ItemTree::default() };
    let mut tree = ItemTree { item: item(db, statement, found), ..ItemTree::default() };
    let is_test = matches!(found, ast::Statement::Test(_));
    if !is_test {
        variables(found, &mut tree.variables);
    }
    let mut mentions = Mentions { found: Vec::new() };
    if let Some(item) = &tree.item {
        mentions.item(item);
    }
    if let ast::Statement::Test(test) = found {
        mentions.test(test);
    }
    for node in found.syntax().descendants() {
        mentions.node(node, (!is_test).then_some(statement.source(db).file));
    }
    mentions.found.sort();
    mentions.found.dedup();
    tree.mentions = mentions.found;
    tree
}

fn item(db: &dyn Db, statement: Statement, found: ast::Statement<'_>) -> Option<Item> {
    let name = |literal: Option<ast::StringLiteral<'_>>| literal.map(ast::StringLiteral::value).unwrap_or_default();
    Some(match found {
        ast::Statement::CreateConnectorType(node) => {
            let mut item = TypeItem { name: name(node.name()), ..TypeItem::default() };
            for clause in node.clauses() {
                match clause.kind() {
                    ClauseKind::Description => item.description = clause.text_value(),
                    ClauseKind::ConfigSchema => item.config = schema(clause, false).map(|schema| items(&schema)),
                    _ => {}
                }
            }
            for block in scripts(db, statement).iter().filter(|block| block.role == Role::Shared) {
                item.shared_names.extend(block.script.names.iter().map(|name| name.name.clone()));
            }
            item.shared_names.sort();
            item.shared_names.dedup();
            Item::Type(item)
        }
        ast::Statement::CreateConnectorEntity(node) => {
            let mut item = EntityItem { name: name(node.name()), ..EntityItem::default() };
            let mut pushdown = None;
            let mut fields = Vec::new();
            for clause in node.clauses() {
                match clause.kind() {
                    ClauseKind::Description => item.description = clause.text_value(),
                    ClauseKind::Fields => {
                        let Some(document) = clause.expr() else { continue };
                        fields = Reader { clause: "FIELDS", out: &mut Vec::new() }.fields(&constant(document));
                    }
                    ClauseKind::Pushdown => pushdown = clause.expr(),
                    _ => {}
                }
            }
            if let Some(document) = pushdown {
                let mut reader = Reader { clause: "PUSHDOWN", out: &mut Vec::new() };
                item.required = reader.pushdown(&constant(document), &fields, &item.name).required;
            }
            item.fields = fields
                .into_iter()
                .map(|field| FieldItem {
                    name: field.name,
                    data_type: field.data_type,
                    primary_key: field.primary_key,
                    required: field.required,
                    filter_only: field.filter_only,
                    from_filter: field.from_filter,
                    description: field.description,
                })
                .collect();
            Item::Entity(item)
        }
        ast::Statement::CreateConnectorAction(node) => {
            let mut item = ActionItem { name: name(node.name()), ..ActionItem::default() };
            for clause in node.clauses() {
                match clause.kind() {
                    ClauseKind::Description => item.description = clause.text_value(),
                    ClauseKind::Parameters => {
                        let Some(schema) = schema(clause, true) else { continue };
                        item.open = schema.open;
                        item.parameters = Some(items(&schema));
                    }
                    _ => {}
                }
            }
            Item::Action(item)
        }
        ast::Statement::RegisterConnectorType(node) => Item::Registration(name(node.name())),
        ast::Statement::CreateConnector(node) => Item::Instance(InstanceItem {
            name: node.name().map(ast::Name::value).unwrap_or_default(),
            type_name: name(node.type_name()),
        }),
        ast::Statement::Test(node) => {
            let mut item = TestItem { type_name: name(node.type_name()), ..TestItem::default() };
            for clause in node.clauses().filter(|clause| clause.kind() == ClauseKind::Name) {
                item.name = clause.text_value().unwrap_or_default();
            }
            Item::Test(item)
        }
        ast::Statement::PackageConnectorType(node) => Item::Package(name(node.name())),
        _ => return None,
    })
}

fn schema(clause: ast::Clause<'_>, may_be_open: bool) -> Option<Schema> {
    Some(Reader { clause: "", out: &mut Vec::new() }.schema(&constant(clause.expr()?), may_be_open))
}

/// A schema as others see it.
fn items(schema: &Schema) -> Vec<SchemaItem> {
    let item = |field: &ConfigField| SchemaItem {
        name: field.name.clone(),
        data_type: field.data_type,
        required: field.required,
        secret: field.secret,
        expose: field.expose,
        has_default: schema.with_default.contains(&field.name),
        group: field.group.clone(),
        one_of_values: field.one_of_values.clone(),
        description: field.description.clone(),
    };
    schema.fields.iter().map(item).collect()
}

/// The variables that a top-level statement declares for the rest of its file.
fn variables(found: ast::Statement<'_>, variables: &mut Vec<VariableItem>) {
    let (name, data_type) = match found {
        ast::Statement::Declare(node) => (node.name(), node.data_type()),
        ast::Statement::Param(node) => (node.name(), node.data_type()),
        _ => return,
    };
    let Some(name) = name else { return };
    let data_type = data_type
        .and_then(ast::DataType::name)
        .and_then(|data_type| DataType::from_name(&data_type.value().to_lowercase()));
    variables.push(VariableItem {
        name: name.value(),
        data_type: data_type.unwrap_or(DataType::Dynamic),
        is_typed: data_type.is_some(),
    });
}

struct Mentions {
    found: Vec<(NameKind, String)>,
}

impl Mentions {
    fn add(&mut self, kind: NameKind, name: impl Into<String>) {
        self.found.push((kind, name.into()));
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Type(item) => self.add(NameKind::Type, &item.name),
            Item::Entity(EntityItem { name, .. }) | Item::Action(ActionItem { name, .. }) => {
                self.add(NameKind::Type, split_name(name).0);
            }
            Item::Registration(name) | Item::Package(name) => self.add(NameKind::Type, name),
            Item::Instance(item) => self.add(NameKind::Type, &item.type_name),
            Item::Test(item) => self.add(NameKind::Type, &item.type_name),
        }
    }

    /// The entities and actions that a test comes to. What is no instance of its own is taken for one of the type under test.
    fn test(&mut self, test: ast::TestBlock<'_>) {
        let mut instances: Vec<(String, String)> = Vec::new();
        let type_name = test.type_name().map(ast::StringLiteral::value).unwrap_or_default();
        for node in test.syntax().descendants() {
            if let Some(instance) = ast::CreateConnector::cast(node)
                && let (Some(name), Some(type_name)) = (instance.name(), instance.type_name())
            {
                instances.push((name.value(), type_name.value()));
            }
            let kind = match node.kind() {
                SyntaxKind::TableReference => NameKind::Entity,
                SyntaxKind::ConnectorExec => NameKind::Action,
                _ => continue,
            };
            let Some(path) = node.children().find_map(ast::Path::cast) else { continue };
            let mut segments = path.segments().map(ast::Name::value);
            let Some(instance) = segments.next() else { continue };
            let rest: Vec<String> = segments.collect();
            if !rest.is_empty() {
                let known = instances.iter().rev().find(|(name, _)| *name == instance);
                let type_name = known.map_or(&type_name, |(_, type_name)| type_name);
                self.add(kind, format!("{type_name}.{}", rest.join(".")));
            }
        }
    }

    /// `file` is where the variables of the file are known.
    fn node(&mut self, node: SyntaxNode<'_>, file: Option<moltler_db::FileId>) {
        match node.kind() {
            SyntaxKind::Path => {
                let path = ast::Path::cast(node);
                let mut segments = path.into_iter().flat_map(ast::Path::segments);
                let Some(first) = segments.next() else { return };
                if let (None, Some(file)) = (segments.next(), file) {
                    self.add(NameKind::Variable, variable_key(file, &first.value()));
                }
                self.add(NameKind::Instance, first.value());
            }
            SyntaxKind::CreateConnector => {
                let Some(instance) = ast::CreateConnector::cast(node) else { return };
                if let Some(name) = instance.type_name() {
                    self.add(NameKind::Type, name.value());
                }
            }
            SyntaxKind::AlterConnector
            | SyntaxKind::DropConnector
            | SyntaxKind::ShowConnector
            | SyntaxKind::TestConnector => {
                if let Some(name) = node.field("name").and_then(ast::Name::cast) {
                    self.add(NameKind::Instance, name.value());
                }
            }
            SyntaxKind::PublishConnectorType => {
                if let Some(name) = node.field("name").and_then(ast::StringLiteral::cast) {
                    self.add(NameKind::Type, name.value());
                }
            }
            SyntaxKind::NameReference | SyntaxKind::VariableReference | SyntaxKind::Set => {
                if let (Some(file), Some(name)) = (file, node.field("name").and_then(ast::Name::cast)) {
                    self.add(NameKind::Variable, variable_key(file, &name.value()));
                }
            }
            _ => {}
        }
    }
}
