//! CREATE CONNECTOR TYPE, ENTITY, ACTION; REGISTER, PACKAGE, PUBLISH.

use moltler_abi::DataType;
use moltler_syntax::TextRange;
use moltler_syntax::ast::{self, AstNode, Clause, ClauseKind, Expr};

use super::Lower;
use crate::body::StmtKind;
use crate::catalog;
use crate::config_schema::{Reader, Schema};
use crate::definition::{
    ActionDef, ConfigField, EntityDef, PackageDef, PublishDef, Script, Spanned, TypeDef, split_name,
};
use crate::diagnostics::definition::{missing_clause, near_entity, repeated_clause};
use crate::diagnostics::schema::invalid_value;
use crate::diagnostics::secret;
use crate::diagnostics::unknown_name::{malformed_name, unknown_type};
use crate::diagnostics::{Code, LocalDiagnostic};
use crate::script::{Role, used_shared_names};
use crate::signature;
use crate::suggest::nearest;
use crate::syntax_tree::{constant, scripts};

impl Lower<'_> {
    /// The clauses without those that are given twice, which are told.
    pub(super) fn clauses<'tree>(&mut self, clauses: impl Iterator<Item = Clause<'tree>>) -> Vec<Clause<'tree>> {
        let mut found: Vec<Clause<'tree>> = Vec::new();
        for clause in clauses {
            match found.iter().find(|known| known.kind() == clause.kind()) {
                Some(first) => {
                    let (at, first) = (clause.keyword_range(), first.keyword_range());
                    self.report(repeated_clause(clause.kind().keyword(), at, first));
                }
                None => found.push(clause),
            }
        }
        found
    }

    pub(super) fn type_definition(&mut self, node: ast::CreateConnectorType<'_>) -> StmtKind {
        let Some(name) = node.name() else { return StmtKind::Missing };
        let mut definition = TypeDef { name: spanned(name), ..TypeDef::default() };
        if definition.name.text.is_empty() || definition.name.text.contains('.') {
            let diagnostic = malformed_name(&definition.name.text, "a name without a dot: `'myservice'`", name.range());
            self.report(diagnostic);
        }
        for clause in self.clauses(node.clauses()) {
            match clause.kind() {
                ClauseKind::Description => definition.description = clause.text_value(),
                ClauseKind::Documentation => definition.documentation = clause.text_value(),
                ClauseKind::ConfigSchema => {
                    let schema = self.schema(clause, "CONFIG_SCHEMA", false);
                    definition.config = schema.fields;
                }
                ClauseKind::AllowHosts => {
                    if let Some(array) = clause.expr() {
                        definition.allow_hosts = Reader { clause: "ALLOW_HOSTS", out: &mut self.diagnostics }
                            .strings("ALLOW_HOSTS", &constant(array));
                    }
                }
                ClauseKind::Shared => definition.shared = self.script(clause, Role::Shared, ""),
                ClauseKind::CheckHandler => {
                    definition.check = self.script(clause, Role::Check, &definition.name.text);
                }
                ClauseKind::Options => {
                    definition.options = clause.document().map(|document| self.options(document));
                }
                ClauseKind::Language => self.language(clause),
                _ => {}
            }
        }
        self.check_secrets(&definition);
        StmtKind::Type(definition)
    }

    /// Secrets leave for hosts that CONFIG names, and for those of `hosts`: tells those that have neither.
    fn check_secrets(&mut self, definition: &TypeDef) {
        let may_name_host = |field: &ConfigField| {
            !field.secret
                && field.data_type == DataType::String
                && (field.one_of_values.is_empty() || field.one_of_values.iter().any(|value| value.contains("://")))
        };
        if definition.allow_hosts.is_empty() || definition.config.iter().any(may_name_host) {
            return;
        }
        for field in definition.config.iter().filter(|field| field.secret && !field.expose && field.hosts.is_empty()) {
            self.report(secret::without_host(&field.name, &definition.allow_hosts, field.range));
        }
    }

    pub(super) fn entity_definition(&mut self, node: ast::CreateConnectorEntity<'_>) -> StmtKind {
        let Some(name) = node.name() else { return StmtKind::Missing };
        let mut definition = EntityDef { name: spanned(name), ..EntityDef::default() };
        let type_name = self.type_of(name, 2, "`'type.entity'`");
        let clauses = self.clauses(node.clauses());
        // PUSHDOWN names fields, so FIELDS is read first.
        let mut has_fields = false;
        for clause in clauses.iter().filter(|clause| clause.kind() == ClauseKind::Fields) {
            has_fields = true;
            if let Some(document) = clause.expr() {
                let mut reader = Reader { clause: "FIELDS", out: &mut self.diagnostics };
                definition.fields = reader.fields(&constant(document));
            }
        }
        for clause in clauses {
            match clause.kind() {
                ClauseKind::Description => definition.description = clause.text_value(),
                ClauseKind::Documentation => definition.documentation = clause.text_value(),
                ClauseKind::Pushdown => {
                    if let Some(document) = clause.expr() {
                        definition.pushdown = Reader { clause: "PUSHDOWN", out: &mut self.diagnostics }.pushdown(
                            &constant(document),
                            &definition.fields,
                            &definition.name.text,
                        );
                    }
                }
                ClauseKind::QueryHandler => definition.handler = self.script(clause, Role::Query, &type_name),
                ClauseKind::Language => self.language(clause),
                _ => {}
            }
        }
        if !node.syntax().has_error() {
            if !has_fields {
                self.report(missing_clause("FIELDS", "an entity", name.range()));
            }
            if node.clauses().all(|clause| clause.kind() != ClauseKind::QueryHandler) {
                self.report(missing_clause("QUERY_HANDLER", "an entity", name.range()));
            }
        }
        StmtKind::Entity(definition)
    }

    pub(super) fn action_definition(&mut self, node: ast::CreateConnectorAction<'_>) -> StmtKind {
        let Some(name) = node.name() else { return StmtKind::Missing };
        let mut definition = ActionDef { name: spanned(name), ..ActionDef::default() };
        let type_name = self.type_of(name, 3, "`'type.action'` or `'type.entity.action'`");
        for clause in self.clauses(node.clauses()) {
            match clause.kind() {
                ClauseKind::Description => definition.description = clause.text_value(),
                ClauseKind::Documentation => definition.documentation = clause.text_value(),
                ClauseKind::Parameters => {
                    let schema = self.schema(clause, "PARAMETERS", true);
                    definition.parameters = Some(schema.fields);
                    definition.open = schema.open;
                }
                ClauseKind::Effect => {
                    definition.effect = clause.text_value();
                    if let Some(effect) = &definition.effect
                        && !matches!(effect.as_str(), "read" | "write" | "destructive")
                    {
                        let at = clause.string().map_or(clause.range(), |string| string.range());
                        self.report(invalid_value("EFFECT", "`'read'`, `'write'` or `'destructive'`", at));
                    }
                }
                ClauseKind::Handler => definition.handler = self.script(clause, Role::Execute, &type_name),
                ClauseKind::Language => self.language(clause),
                _ => {}
            }
        }
        if !node.syntax().has_error() && node.clauses().all(|clause| clause.kind() != ClauseKind::Handler) {
            self.report(missing_clause("HANDLER", "an action", name.range()));
        }
        self.check_middle_name(&definition.name.text, name.inner_range());
        StmtKind::Action(definition)
    }

    pub(super) fn package(&mut self, node: ast::PackageConnectorType<'_>) -> StmtKind {
        let mut package = PackageDef { type_name: self.known_type(node.name()), ..PackageDef::default() };
        for clause in self.clauses(node.clauses()) {
            let text = clause.text_value();
            match clause.kind() {
                ClauseKind::Version => {
                    if let Some(version) = &text
                        && !is_version(version)
                    {
                        let at = clause.string().map_or(clause.range(), |string| string.range());
                        let expected = "a semantic version such as `1.0.0`";
                        self.report(invalid_value("VERSION", expected, at));
                    }
                    package.version = text;
                }
                ClauseKind::Description => package.description = text,
                ClauseKind::Author => package.author = text,
                ClauseKind::License => package.license = text,
                ClauseKind::Homepage => package.homepage = text,
                ClauseKind::Repository => package.repository = text,
                ClauseKind::Tags => package.tags = self.tags(clause),
                _ => {}
            }
        }
        if package.version.is_none() && !node.syntax().has_error() {
            self.report(missing_clause("VERSION", "`PACKAGE CONNECTOR TYPE`", node.range()));
        }
        StmtKind::Package(package)
    }

    pub(super) fn publish(&mut self, node: ast::PublishConnectorType<'_>) -> StmtKind {
        let type_name = self.known_type(node.name());
        StmtKind::Publish(PublishDef { type_name, registry: node.registry().map(spanned).unwrap_or_default() })
    }

    pub(super) fn tags(&mut self, clause: Clause<'_>) -> Vec<String> {
        let Some(array) = clause.expr() else { return Vec::new() };
        Reader { clause: "TAGS", out: &mut self.diagnostics }.strings("TAGS", &constant(array))
    }

    /// CONFIG_SCHEMA or PARAMETERS with its defaults.
    fn schema(&mut self, clause: Clause<'_>, keyword: &'static str, may_be_open: bool) -> Schema {
        let Some(node) = clause.document() else { return Schema::default() };
        let value = constant(Expr::Document(node));
        let mut schema = Reader { clause: keyword, out: &mut self.diagnostics }.schema(&value, may_be_open);
        for pair in node.pairs() {
            let (Some(key), Some(Expr::Document(field))) = (pair.key(), pair.value()) else { continue };
            let name = key.value();
            let default = field.pairs().find(|pair| pair.key().is_some_and(|key| key.value() == "default"));
            let Some(default) = default.and_then(ast::Pair::value) else { continue };
            let lowered = self.expr(default);
            let Some(field) = schema.fields.iter_mut().find(|field| field.name == name) else { continue };
            field.default = Some(lowered);
            let item = crate::item_tree::SchemaItem {
                name: "default".to_owned(),
                data_type: field.data_type,
                required: false,
                secret: false,
                expose: false,
                has_default: false,
                group: None,
                one_of_values: field.one_of_values.clone(),
                description: None,
            };
            self.check_value(&item, default);
        }
        self.check_constraints(&schema.fields);
        schema
    }

    fn check_constraints(&mut self, fields: &[ConfigField]) {
        for field in fields {
            if field.required && field.default.is_some() {
                self.report(LocalDiagnostic::hint(
                    Code::RequiredDefault,
                    field.range,
                    format!("`{}` is required and has a default, so it is never missing", field.name),
                ));
            }
        }
    }

    /// `type` of `'type.entity'`, which must be declared.
    fn type_of(&mut self, name: ast::StringLiteral<'_>, most: usize, expected: &str) -> String {
        let text = name.value();
        let parts: Vec<&str> = text.split('.').collect();
        if parts.len() < 2 || parts.len() > most || parts.iter().any(|part| part.is_empty()) {
            self.report(malformed_name(&text, expected, name.inner_range()));
            return parts[0].to_owned();
        }
        let type_name = parts[0].to_owned();
        if signature::connector_type(self.db, &type_name).is_none() {
            let start = name.inner_range().start();
            self.report(unknown_type(&type_name, TextRange::new(start, start + type_name.len() as u32)));
        }
        type_name
    }

    /// The middle name of an action need not be an entity, but is one when it nearly is.
    fn check_middle_name(&mut self, name: &str, range: TextRange) {
        let (type_name, action) = split_name(name);
        let Some((middle, _)) = action.split_once('.') else { return };
        let members = catalog::members(self.db, type_name);
        let entities: Vec<&str> = members.entities.iter().map(|entity| split_name(&entity.name).1).collect();
        if entities.contains(&middle) {
            return;
        }
        if let Some(entity) = nearest(middle, entities) {
            let start = range.start() + type_name.len() as u32 + 1;
            self.report(near_entity(middle, entity, TextRange::new(start, start + middle.len() as u32)));
        }
    }

    /// A raw block of JavaScript. `type_name` is the type whose SHARED names it sees.
    fn script(&mut self, clause: Clause<'_>, role: Role, type_name: &str) -> Option<Script> {
        let Some(raw) = clause.raw_block() else {
            if let Some(string) = clause.string() {
                let diagnostic = invalid_value(role.clause(), "a block between `'''` fences", string.range());
                self.report(diagnostic);
            }
            return None;
        };
        let range = raw.content_range();
        let block = scripts(self.db, self.statement).iter().find(|block| block.range == range)?;
        let shared_names = match role {
            Role::Shared => {
                let mut names: Vec<String> = block.script.names.iter().map(|name| name.name.clone()).collect();
                names.sort();
                names.dedup();
                names
            }
            _ => signature::connector_type(self.db, type_name)
                .map(|item| used_shared_names(&block.script, &item.shared_names))
                .unwrap_or_default(),
        };
        let javascript = block.script.javascript.clone();
        Some(Script { range, entry: role.entry(), shared_names, javascript })
    }

    fn language(&mut self, clause: Clause<'_>) {
        let Some(string) = clause.string() else { return };
        if !matches!(string.value().as_str(), "javascript" | "typescript") {
            self.report(invalid_value("LANGUAGE", "`'javascript'` or `'typescript'`", string.range()));
        }
    }
}

fn spanned(literal: ast::StringLiteral<'_>) -> Spanned {
    Spanned { text: literal.value(), range: literal.range() }
}

/// `1.0.0`, `1.0.0-beta.1+build`
fn is_version(text: &str) -> bool {
    let core = text.split(['-', '+']).next().unwrap_or("");
    let parts: Vec<&str> = core.split('.').collect();
    let is_number = |part: &&str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && (part.len() == 1 || !part.starts_with('0'))
    };
    let rest = &text[core.len()..];
    parts.len() == 3
        && parts.iter().all(is_number)
        && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.'))
        && !rest.ends_with(['-', '+', '.'])
}
