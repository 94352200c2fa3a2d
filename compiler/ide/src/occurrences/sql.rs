//! Names in the SQL of a statement.

use moltler_db::{NameKind, Statement};
use moltler_hir::body::{Body, ExprKind, VariableScope};
use moltler_hir::catalog;
use moltler_hir::{Database, Package, lower_statement, parse};
use moltler_syntax::ast::{self, AstNode};
use moltler_syntax::{SyntaxKind, SyntaxNode, TextRange};

use super::rows::Rows;
use super::{Form, Occurrence, Role, Symbol};
use crate::token::{TokenKind, tokens};

pub(super) fn occurrences(db: &Database, package: &Package, statement: Statement) -> Vec<Occurrence> {
    let parse = parse(db, statement);
    let Some(root) = parse.source_file().statement() else { return Vec::new() };
    let mut names = Names {
        db,
        rows: Rows { db, package, file: statement.source(db).file },
        statement,
        text: statement.text(db),
        found: Vec::new(),
        instances: Vec::new(),
    };
    for node in root.syntax().descendants() {
        names.node(node);
    }
    let body = &lower_statement(db, statement).body;
    names.expressions(body);
    names.output_names(root.syntax(), body);
    names.found
}

struct Names<'a> {
    db: &'a Database,
    rows: Rows<'a>,
    statement: Statement,
    text: &'a str,
    found: Vec<Occurrence>,
    /// Instances of the TEST: name, type, place.
    instances: Vec<(String, String, TextRange)>,
}

impl Names<'_> {
    fn add(&mut self, range: TextRange, symbol: Symbol, role: Role, form: Form) {
        self.found.push(Occurrence { range, symbol, role, form });
    }

    fn node(&mut self, node: SyntaxNode<'_>) {
        match node.kind() {
            SyntaxKind::CreateConnectorType => self.definition(node, NameKind::Type),
            SyntaxKind::CreateConnectorEntity => self.definition(node, NameKind::Entity),
            SyntaxKind::CreateConnectorAction => self.definition(node, NameKind::Action),
            SyntaxKind::RegisterConnectorType | SyntaxKind::PackageConnectorType | SyntaxKind::PublishConnectorType => {
                self.string(node.field("name"), NameKind::Type, Role::Read);
            }
            SyntaxKind::TestBlock => self.string(node.field("type"), NameKind::Type, Role::Read),
            SyntaxKind::CreateConnector => self.instance(node),
            SyntaxKind::AlterConnector
            | SyntaxKind::DropConnector
            | SyntaxKind::ShowConnector
            | SyntaxKind::TestConnector => {
                if let Some(name) = node.field("name") {
                    self.instance_name(name);
                }
            }
            SyntaxKind::Path => self.path(node),
            SyntaxKind::ConnectorExec => self.arguments(node),
            SyntaxKind::PushdownClause => self.pushdown(node),
            SyntaxKind::Declare | SyntaxKind::Param | SyntaxKind::For => {
                let field = if node.kind() == SyntaxKind::For { "variable" } else { "name" };
                self.file_variable(node, field);
            }
            SyntaxKind::Set => self.file_variable(node, "name"),
            _ => {}
        }
    }

    /// The names of a definition: `myservice.items.create` names the type, perhaps an entity, and the action.
    fn definition(&mut self, node: SyntaxNode<'_>, kind: NameKind) {
        let Some(name) = node.field("name") else { return };
        self.string(Some(name), kind, Role::Declaration);
        let owner = string_value(name);
        let clause = match kind {
            NameKind::Type => SyntaxKind::ConfigSchemaClause,
            NameKind::Entity => SyntaxKind::FieldsClause,
            _ => SyntaxKind::ParametersClause,
        };
        for clause in node.fields("clause").filter(|found| found.kind() == clause) {
            let Some(document) = clause.field("value") else { continue };
            for key in document.fields("pair").filter_map(|pair| pair.field("key")) {
                let (range, form) = (inner(key), form(key));
                let symbol = Symbol::Key(kind, owner.clone(), name_value(key));
                self.add(range, symbol, Role::Declaration, form);
            }
        }
    }

    /// A name in quotes; each of its parts stands for something.
    fn string(&mut self, node: Option<SyntaxNode<'_>>, kind: NameKind, role: Role) {
        let Some(node) = node.filter(|node| node.kind() == SyntaxKind::String) else { return };
        let (range, full) = (inner(node), string_value(node));
        // With escapes the parts have no place of their own.
        if range.of(self.text) != full || full.is_empty() {
            return;
        }
        let parts: Vec<&str> = full.split('.').collect();
        let mut start = range.start();
        for (index, part) in parts.iter().enumerate() {
            let place = TextRange::new(start, start + part.len() as u32);
            start = place.end() + 1;
            let is_last = index + 1 == parts.len();
            let symbol = match (index, is_last) {
                (_, true) => Symbol::Name(kind, full.clone()),
                (0, false) => Symbol::Name(NameKind::Type, (*part).to_owned()),
                (_, false) => {
                    let name = parts[..=index].join(".");
                    if catalog::entity(self.db, &name).is_none() {
                        continue;
                    }
                    Symbol::Name(NameKind::Entity, name)
                }
            };
            self.add(place, symbol, if is_last { role } else { Role::Read }, Form::Quoted);
        }
    }

    fn instance(&mut self, node: SyntaxNode<'_>) {
        self.string(node.field("type"), NameKind::Type, Role::Read);
        let type_name = node.field("type").map(string_value).unwrap_or_default();
        if let Some(name) = node.field("name") {
            let (text, range) = (name_value(name), inner(name));
            let symbol = if in_test(node) {
                self.instances.push((text, type_name.clone(), range));
                Symbol::Local(self.statement, range)
            } else {
                Symbol::Name(NameKind::Instance, text)
            };
            self.add(range, symbol, Role::Declaration, Form::Sql);
        }
        for clause in node.fields("clause").filter(|clause| clause.kind() == SyntaxKind::ConfigClause) {
            let Some(document) = clause.field("value") else { continue };
            for key in document.fields("pair").filter_map(|pair| pair.field("key")) {
                let symbol = Symbol::Key(NameKind::Type, type_name.clone(), name_value(key));
                self.add(inner(key), symbol, Role::Write, form(key));
            }
        }
    }

    /// The type of an instance; of one made twice in a TEST, the one before counts.
    fn type_of(&self, instance: &str) -> Option<String> {
        match self.instances.iter().rev().find(|(name, _, _)| name == instance) {
            Some((_, type_name, _)) => Some(type_name.clone()),
            None => Some(catalog::instance(self.db, instance)?.type_name.clone()),
        }
    }

    fn instance_name(&mut self, name: SyntaxNode<'_>) {
        let text = name_value(name);
        let symbol = match self.instances.iter().rev().find(|(known, _, _)| *known == text) {
            Some((_, _, range)) => Symbol::Local(self.statement, *range),
            None if catalog::instance(self.db, &text).is_some() => Symbol::Name(NameKind::Instance, text),
            None => return,
        };
        self.add(inner(name), symbol, Role::Read, Form::Sql);
    }

    /// `instance.entity`, `instance.entity.action`, or a variable.
    fn path(&mut self, node: SyntaxNode<'_>) {
        let segments: Vec<SyntaxNode<'_>> = node.fields("segment").collect();
        let Some((first, rest)) = segments.split_first() else { return };
        let Some(type_name) = self.type_of(&name_value(*first)) else { return };
        self.instance_name(*first);
        let is_call = node.parent().is_some_and(|parent| parent.kind() == SyntaxKind::ConnectorExec);
        let mut full = type_name;
        for (index, segment) in rest.iter().enumerate() {
            full = format!("{full}.{}", name_value(*segment));
            let is_last = index + 1 == rest.len();
            let kind = if is_call && is_last { NameKind::Action } else { NameKind::Entity };
            let is_known = match kind {
                NameKind::Action => catalog::action(self.db, &full).is_some(),
                _ => catalog::entity(self.db, &full).is_some(),
            };
            if is_known {
                self.add(inner(*segment), Symbol::Name(kind, full.clone()), Role::Read, Form::Sql);
            }
        }
    }

    /// The arguments of CONNECTOR_EXEC by their names.
    fn arguments(&mut self, node: SyntaxNode<'_>) {
        let (Some(path), Some(list)) = (node.field("action"), node.field("arguments")) else { return };
        let segments: Vec<String> = path.fields("segment").map(name_value).collect();
        let Some((instance, rest)) = segments.split_first() else { return };
        let Some(type_name) = self.type_of(instance) else { return };
        let action = format!("{type_name}.{}", rest.join("."));
        if catalog::action(self.db, &action).is_none() {
            return;
        }
        let mut keys: Vec<SyntaxNode<'_>> = Vec::new();
        for argument in list.fields("argument") {
            match argument.kind() {
                SyntaxKind::NamedArgument => keys.extend(argument.field("name")),
                SyntaxKind::Document => keys.extend(argument.fields("pair").filter_map(|pair| pair.field("key"))),
                _ => {}
            }
        }
        for key in keys {
            let symbol = Symbol::Key(NameKind::Action, action.clone(), name_value(key));
            self.add(inner(key), symbol, Role::Write, form(key));
        }
    }

    /// Fields that PUSHDOWN names: keys of `filters`, texts in `order_by` and `required`.
    fn pushdown(&mut self, node: SyntaxNode<'_>) {
        let owner = node.parent().and_then(|parent| parent.field("name")).map(string_value).unwrap_or_default();
        let Some(document) = node.field("value") else { return };
        for pair in document.fields("pair") {
            let (Some(key), Some(value)) = (pair.field("key"), pair.field("value")) else { continue };
            let named: Vec<SyntaxNode<'_>> = match name_value(key).as_str() {
                "filters" => value.fields("pair").filter_map(|pair| pair.field("key")).collect(),
                "required" => value.descendants().filter(|node| node.kind() == SyntaxKind::String).collect(),
                "order_by" => value
                    .fields("pair")
                    .filter(|pair| pair.field("key").is_some_and(|key| name_value(key) == "fields"))
                    .filter_map(|pair| pair.field("value"))
                    .flat_map(|list| list.fields("element").collect::<Vec<_>>())
                    .filter(|node| node.kind() == SyntaxKind::String)
                    .collect(),
                _ => continue,
            };
            for name in named {
                let symbol = Symbol::Key(NameKind::Entity, owner.clone(), name_value(name));
                self.add(inner(name), symbol, Role::Read, form(name));
            }
        }
    }

    /// A variable of the file's top level where it is declared or set; those of blocks are in the body.
    fn file_variable(&mut self, node: SyntaxNode<'_>, field: &str) {
        let Some(name) = node.field(field) else { return };
        let role = if node.kind() == SyntaxKind::Set { Role::Write } else { Role::Declaration };
        let (text, file) = (name_value(name), self.rows.file);
        let body = &lower_statement(self.db, self.statement).body;
        // The nearest declaration before it in the statement, else the file's.
        let local = body
            .variables
            .iter()
            .filter(|(_, variable)| variable.scope == VariableScope::Block && variable.name == text)
            .map(|(_, variable)| variable.range)
            .filter(|range| range.start() <= name.range().start() && !range.is_empty())
            .max_by_key(|range| range.start());
        let symbol = match local {
            Some(range) => Symbol::Local(self.statement, inner_of(self.text, range)),
            None => Symbol::FileVariable(file, text),
        };
        self.add(inner(name), symbol, role, Form::Sql);
    }

    /// Columns, variables and members of rows.
    fn expressions(&mut self, body: &Body) {
        for (_, variable) in body.variables.iter() {
            if variable.scope != VariableScope::File && !variable.range.is_empty() {
                let range = inner_of(self.text, variable.range);
                self.add(range, Symbol::Local(self.statement, range), Role::Declaration, Form::Sql);
            }
        }
        for (_, expr) in body.exprs.iter() {
            let Some((range, name)) = last_name(self.text, expr.range) else { continue };
            match &expr.kind {
                ExprKind::Column(column) => {
                    let field = self.rows.of_column(body, *column).filter(|(_, field)| *field == name);
                    if let Some((entity, field)) = field {
                        self.add(range, Symbol::Key(NameKind::Entity, entity, field), Role::Read, Form::Sql);
                    }
                }
                ExprKind::Member { base, key } if *key == name => {
                    if let Some((entity, field)) = self.rows.of_member(body, *base, key) {
                        self.add(range, Symbol::Key(NameKind::Entity, entity, field), Role::Read, Form::Sql);
                    }
                }
                ExprKind::Variable(variable) if body.variables[*variable].name == name => {
                    let variable = &body.variables[*variable];
                    let symbol = match variable.scope {
                        VariableScope::File => Symbol::FileVariable(self.rows.file, name),
                        _ => Symbol::Local(self.statement, inner_of(self.text, variable.range)),
                    };
                    self.add(range, symbol, Role::Read, Form::Sql);
                }
                _ => {}
            }
        }
    }

    /// ORDER BY and GROUP BY name columns of the list, which have no expressions of their own.
    fn output_names(&mut self, root: SyntaxNode<'_>, body: &Body) {
        for node in root.descendants().filter(|node| node.kind() == SyntaxKind::NameReference) {
            let range = node.range();
            let is_known = self.found.iter().any(|one| range.covers(one.range) || one.range.covers(range));
            let is_key =
                node.parent().is_some_and(|parent| matches!(parent.kind(), SyntaxKind::OrderKey | SyntaxKind::GroupBy));
            if is_known || !is_key {
                continue;
            }
            let Some((place, name)) = last_name(self.text, range) else { continue };
            let select = body
                .selects
                .iter()
                .filter(|(_, select)| select.range.covers(range))
                .min_by_key(|(_, select)| select.range.len());
            if let Some((entity, field)) = select.and_then(|(id, _)| self.rows.output(body, id, &name, 0)) {
                self.add(place, Symbol::Key(NameKind::Entity, entity, field), Role::Read, Form::Sql);
            }
        }
    }
}

fn in_test(node: SyntaxNode<'_>) -> bool {
    node.ancestors().any(|node| node.kind() == SyntaxKind::TestBlock)
}

/// A name or a string without back-ticks or quotes.
fn inner(node: SyntaxNode<'_>) -> TextRange {
    match ast::StringLiteral::cast(node) {
        Some(string) => string.inner_range(),
        None => inner_of(node.source(), node.range()),
    }
}

fn inner_of(text: &str, range: TextRange) -> TextRange {
    let written = range.of(text);
    if written.starts_with(['`', '\'', '"']) && written.len() > 1 {
        return TextRange::new(range.start() + 1, range.end() - 1);
    }
    range
}

fn form(node: SyntaxNode<'_>) -> Form {
    if node.kind() == SyntaxKind::String { Form::Quoted } else { Form::Sql }
}

fn string_value(node: SyntaxNode<'_>) -> String {
    ast::StringLiteral::cast(node).map(ast::StringLiteral::value).unwrap_or_default()
}

fn name_value(node: SyntaxNode<'_>) -> String {
    match ast::StringLiteral::cast(node) {
        Some(string) => string.value(),
        None => ast::Name::cast(node).map(ast::Name::value).unwrap_or_default(),
    }
}

/// The last name of an expression such as `a.items[0].name`, with its place.
fn last_name(text: &str, range: TextRange) -> Option<(TextRange, String)> {
    let written = range.of(text);
    let found = tokens(written);
    let last = found.iter().rev().find(|token| token.kind != TokenKind::Comment)?;
    if !matches!(last.kind, TokenKind::Word | TokenKind::Quoted) {
        return None;
    }
    Some((last.inner().shift(range.start()), last.name().to_owned()))
}
