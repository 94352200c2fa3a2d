//! CREATE CONNECTOR name: CONFIG against the type's CONFIG_SCHEMA.

use moltler_db::NameKind;
use moltler_syntax::TextRange;
use moltler_syntax::ast::{self, AstNode, ClauseKind, Expr};

use super::Lower;
use crate::body::StmtKind;
use crate::catalog;
use crate::config_schema::Reader;
use crate::constant::ConstantKind;
use crate::definition::{InstanceDef, Spanned};
use crate::diagnostics::definition::unregistered_type;
use crate::diagnostics::schema::{missing_config_key, one_of, unknown_config_key};
use crate::diagnostics::secret;
use crate::diagnostics::unknown_name::unknown_type;
use crate::item_tree::TypeItem;
use crate::signature;
use crate::suggest::Candidates;
use crate::syntax_tree::constant;

impl Lower<'_> {
    pub(super) fn instance(&mut self, node: ast::CreateConnector<'_>) -> StmtKind {
        let (Some(name), Some(type_name)) = (node.name(), node.type_name()) else { return StmtKind::Missing };
        let mut instance = InstanceDef {
            name: Spanned { text: name.value(), range: name.range() },
            type_name: Spanned { text: type_name.value(), range: type_name.range() },
            config: None,
            options: None,
        };
        let type_range = type_name.inner_range();
        let item = signature::connector_type(self.db, &instance.type_name.text);
        if item.is_none() {
            self.report(unknown_type(&instance.type_name.text, type_range));
        } else if !self.in_test && !catalog::is_registered(self.db, &instance.type_name.text) {
            let start = node.range().start();
            self.report(unregistered_type(&instance.type_name.text, type_range, start));
        }
        let mut config_range = None;
        for clause in self.clauses(node.clauses()) {
            match (clause.kind(), clause.document()) {
                (ClauseKind::Config, Some(document)) => {
                    self.in_config = true;
                    instance.config = Some(self.document(document));
                    self.in_config = false;
                    config_range = Some(clause.keyword_range());
                    if let Some(item) = item {
                        self.check_config(item, document, clause.keyword_range());
                    }
                }
                (ClauseKind::Options, Some(document)) => instance.options = Some(self.options(document)),
                _ => {}
            }
        }
        if let (None, Some(item)) = (config_range, item) {
            self.check_required_keys(item, &[], type_range);
        }
        self.instances.push((instance.name.text.clone(), instance.type_name.text.clone()));
        StmtKind::Instance(instance)
    }

    /// OPTIONS of a type, an instance or ALTER.
    pub(super) fn options(&mut self, document: ast::DocumentExpr<'_>) -> crate::body::ExprId {
        let value = constant(Expr::Document(document));
        Reader { clause: "OPTIONS", out: &mut self.diagnostics }.options(&value);
        self.document_told(document)
    }

    fn check_config(&mut self, item: &TypeItem, document: ast::DocumentExpr<'_>, range: TextRange) {
        let Some(schema) = &item.config else { return };
        let candidates = Candidates::new("config keys", schema.iter().map(|key| key.name.as_str()));
        let is_mocked = document
            .pairs()
            .filter_map(ast::Pair::value)
            .any(|value| matches!(constant(value).kind, ConstantKind::String(text) if text.starts_with("mock:")));
        let mut given = Vec::new();
        for pair in document.pairs() {
            let Some(key) = pair.key() else { continue };
            let text = key.value();
            match schema.iter().find(|known| known.name == text) {
                Some(known) => {
                    if let Some(value) = pair.value() {
                        self.check_value(known, value);
                        if known.secret && !self.in_test && !is_mocked {
                            self.check_secret(&text, value);
                        }
                    }
                }
                None => self.report(unknown_config_key(&text, &item.name, key.range(), &candidates)),
            }
            given.push(text);
        }
        self.check_required_keys(item, &given, range);
    }

    fn check_required_keys(&mut self, item: &TypeItem, given: &[String], range: TextRange) {
        let Some(schema) = &item.config else { return };
        for key in schema.iter().filter(|key| key.required && !key.has_default && key.group.is_none()) {
            if !given.contains(&key.name) {
                self.report(missing_config_key(&key.name, &item.name, range));
            }
        }
        let mut groups: Vec<&str> = schema.iter().filter_map(|key| key.group.as_deref()).collect();
        groups.sort_unstable();
        groups.dedup();
        for group in groups {
            let keys: Vec<&str> =
                schema.iter().filter(|key| key.group.as_deref() == Some(group)).map(|key| key.name.as_str()).collect();
            if keys.iter().filter(|key| given.iter().any(|given| given == *key)).count() != 1 {
                self.report(one_of(group, &keys, range));
            }
        }
    }

    fn check_secret(&mut self, key: &str, value: Expr<'_>) {
        let ConstantKind::String(text) = constant(value).kind else { return };
        if !text.is_empty() && !text.contains("{{") {
            self.report(secret::in_config(key, value.range()));
        }
    }

    /// An instance that a statement names; unknown ones are told.
    pub(super) fn known_instance(&mut self, name: Option<ast::Name<'_>>) -> Option<String> {
        let name = name?;
        let text = name.value();
        if self.instance_type(&text).is_none() {
            self.report_unknown_instance(&text, name.range());
            return None;
        }
        Some(text)
    }

    /// A connector type that a statement names; unknown ones are told.
    pub(super) fn known_type(&mut self, name: Option<ast::StringLiteral<'_>>) -> Spanned {
        let Some(name) = name else { return Spanned::default() };
        let spanned = Spanned { text: name.value(), range: name.range() };
        if catalog::declaration(self.db, NameKind::Type, &spanned.text).is_none() {
            self.report(unknown_type(&spanned.text, name.inner_range()));
        }
        spanned
    }
}
