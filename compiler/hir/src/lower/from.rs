//! FROM: what a SELECT reads, and how it is joined.

use moltler_abi::DataType;
use moltler_syntax::TextRange;
use moltler_syntax::ast::{self, AstNode};

use super::select::LoweredSelect;
use super::{Clause, Lower, Scope, SelectScope};
use crate::body::{ExprId, FromItem, JoinKind, SelectId, Source, SourceField, SourceId, SourceKind};
use crate::diagnostics::not_supported::not_supported;
use crate::diagnostics::query::{missing_on, repeated_alias};
use crate::diagnostics::unknown_name::{malformed_name, unknown_entity, unknown_instance, untyped_instance};
use crate::diagnostics::{Code, LocalDiagnostic};
use crate::item_tree::EntityItem;
use crate::signature;
use crate::suggest::Candidates;

/// The items of FROM, and the entities among them.
pub(super) type From<'db> = (Vec<FromItem>, Vec<(SourceId, &'db EntityItem)>);

impl<'db> Lower<'db> {
    pub(super) fn from(&mut self, node: ast::FromClause<'_>) -> Result<From<'db>, LoweredSelect> {
        let (mut items, mut entities) = (Vec::new(), Vec::new());
        let table = node.table().ok_or(LoweredSelect::Missing)?;
        self.item(table, JoinKind::Cross, &mut items, &mut entities)?;
        // ON sees what is joined since the last comma.
        let mut first = 0;
        for join in node.joins() {
            let kind = match join.kind() {
                ast::JoinKind::Inner => JoinKind::Inner,
                ast::JoinKind::Left => JoinKind::Left,
                ast::JoinKind::Cross | ast::JoinKind::Comma => JoinKind::Cross,
                ast::JoinKind::Right => return Err(self.refuse_join("`RIGHT JOIN`", join.range())),
                ast::JoinKind::Full => return Err(self.refuse_join("`FULL JOIN`", join.range())),
            };
            if join.is_natural() {
                return Err(self.refuse_join("`NATURAL`", join.range()));
            }
            if join.using().next().is_some() {
                return Err(self.refuse_join("`USING`", join.range()));
            }
            if join.kind() == ast::JoinKind::Comma {
                first = items.len();
            }
            let table = join.table().ok_or(LoweredSelect::Missing)?;
            self.item(table, kind, &mut items, &mut entities)?;
            let on = join.on();
            if kind != JoinKind::Cross && on.is_none() && !join.syntax().has_error() {
                self.report(missing_on(join.range()));
            }
            let Some(condition) = on else { continue };
            if kind == JoinKind::Cross {
                let message = "`CROSS JOIN` has no `ON`";
                self.report(
                    LocalDiagnostic::error(Code::MisplacedExpression, condition.range(), message).help("write `JOIN`"),
                );
            }
            let sources = items[first..].iter().map(|item: &FromItem| item.source).collect();
            self.selects.push(Scope::Select(SelectScope { sources, clause: Clause::On, aggregates: Vec::new() }));
            let on = self.expr(condition);
            self.condition("ON", on);
            self.selects.pop();
            if let Some(item) = items.last_mut() {
                item.on = Some(on);
            }
        }
        Ok((items, entities))
    }

    fn refuse_join(&mut self, what: &str, range: TextRange) -> LoweredSelect {
        self.report(not_supported(what, range));
        LoweredSelect::Missing
    }

    fn item(
        &mut self,
        table: ast::Table<'_>,
        join: JoinKind,
        items: &mut Vec<FromItem>,
        entities: &mut Vec<(SourceId, &'db EntityItem)>,
    ) -> Result<(), LoweredSelect> {
        let (source, entity) = self.table(table)?;
        let same = |item: &&FromItem| {
            let known: &Source = &self.body.sources[item.source];
            known.name == source.name && !known.name.is_empty()
        };
        if let Some(first) = items.iter().find(same) {
            let diagnostic = repeated_alias(&source.name, source.range, self.body.sources[first.source].range);
            self.report(diagnostic);
        }
        let source = self.body.sources.push(source);
        items.push(FromItem { source, join, on: None });
        entities.extend(entity.map(|entity| (source, entity)));
        Ok(())
    }

    /// The columns of a SELECT as those of a source.
    pub(super) fn fields_of(&self, query: SelectId) -> Vec<SourceField> {
        let columns = self.body.selects[query].columns.iter();
        let fields = columns.map(|column| SourceField {
            name: column.name.clone(),
            data_type: self.expr_type(column.value),
            filter_only: false,
            required: false,
        });
        fields.collect()
    }

    fn table(&mut self, table: ast::Table<'_>) -> Result<(Source, Option<&'db EntityItem>), LoweredSelect> {
        let reference = match table {
            ast::Table::Reference(reference) => reference,
            ast::Table::Derived(derived) => {
                let range = derived.range();
                let query = derived.query().and_then(ast::Subquery::query).ok_or(LoweredSelect::Missing)?;
                self.may_defer = true;
                let query = self.query(query)?;
                let name = derived.alias().map(ast::Name::value).unwrap_or_default();
                let fields = self.fields_of(query);
                return Ok((Source { kind: SourceKind::Query(query), name, fields, range }, None));
            }
            ast::Table::Function(function) => {
                self.report(not_supported("a function in FROM", function.range()));
                return Err(LoweredSelect::Missing);
            }
        };
        let alias = reference.alias().map(ast::Name::value);
        let range = reference.range();
        if let Some(node) = reference.variable() {
            let name = node.name().map(ast::Name::value).unwrap_or_default();
            let array = self.variable_reference(node);
            return Ok((self.array_source(array, alias.unwrap_or(name), range), None));
        }
        let Some(path) = reference.path() else { return Err(LoweredSelect::Missing) };
        let segments: Vec<ast::Name<'_>> = path.segments().collect();
        match segments[..] {
            [name] => {
                let text = name.value();
                if let Some(common) = self.commons.iter().rev().find(|common| common.name == text) {
                    let (kind, fields) = (SourceKind::Common(common.query), common.fields.clone());
                    return Ok((Source { kind, name: alias.unwrap_or(text), fields, range }, None));
                }
                if let Some(variable) = self.variable(&text) {
                    let array = self.variable_expr(variable, name.range());
                    return Ok((self.array_source(array, alias.unwrap_or(text), range), None));
                }
                if self.instance_type(&text).is_some() {
                    let diagnostic = malformed_name(&text, &format!("an entity of it: `{text}.…`"), name.range());
                    self.report(diagnostic);
                } else {
                    self.report_unknown_variable(&text, name.range());
                }
                Err(LoweredSelect::Missing)
            }
            [instance, entity] => {
                let (key, item) = self.entity_reference(instance, entity)?;
                let name = alias.unwrap_or_else(|| entity.value());
                Ok((entity_source(instance.value(), key, item, name, range), Some(item)))
            }
            _ => {
                self.report(malformed_name(path.text(), "`instance.entity`", path.range()));
                Err(LoweredSelect::Missing)
            }
        }
    }

    /// The entity that `instance.entity` names, by its key `type.entity`.
    pub(super) fn entity_reference(
        &mut self,
        instance: ast::Name<'_>,
        entity: ast::Name<'_>,
    ) -> Result<(String, &'db EntityItem), LoweredSelect> {
        let (instance_name, entity_name) = (instance.value(), entity.value());
        let Some(type_name) = self.instance_type(&instance_name) else {
            self.report_unknown_instance(&instance_name, instance.range());
            return Err(LoweredSelect::Missing);
        };
        let key = format!("{type_name}.{entity_name}");
        if let Some(item) = signature::entity(self.db, &key) {
            return Ok((key, item));
        }
        if signature::connector_type(self.db, &type_name).is_none() {
            self.report_untyped_instance(&instance_name, &type_name, instance.range());
            return Err(LoweredSelect::Missing);
        }
        let in_test = self.in_test;
        let diagnostic = unknown_entity(&type_name, &entity_name, entity.range(), in_test);
        let message = diagnostic.message.clone();
        self.report(diagnostic);
        Err(if in_test { LoweredSelect::Fail(message) } else { LoweredSelect::Missing })
    }

    /// The rows of an array: one dynamic column, the element.
    fn array_source(&mut self, array: ExprId, name: String, range: TextRange) -> Source {
        self.expect_type("FROM", DataType::Array, array);
        let element =
            SourceField { name: name.clone(), data_type: DataType::Dynamic, filter_only: false, required: false };
        Source { kind: SourceKind::Array(array), name, fields: vec![element], range }
    }

    /// The type of an instance: of the test around first, then of the package.
    pub(super) fn instance_type(&self, name: &str) -> Option<String> {
        if let Some((_, type_name)) = self.instances.iter().rev().find(|(known, _)| known == name) {
            return Some(type_name.clone());
        }
        signature::instance(self.db, name).map(|instance| instance.type_name.clone())
    }

    /// The type of an instance is not declared. Of an instance of the test around that was told already.
    pub(super) fn report_untyped_instance(&mut self, name: &str, type_name: &str, range: TextRange) {
        if !self.instances.iter().any(|(known, _)| known == name) {
            self.report(untyped_instance(name, type_name, range));
        }
    }

    pub(super) fn report_unknown_instance(&mut self, name: &str, range: TextRange) {
        let mut diagnostic = unknown_instance(name, range);
        let candidates = Candidates::new("instances", self.instances.iter().map(|(known, _)| known.as_str()));
        if candidates.nearest(name).is_some() {
            diagnostic = diagnostic.nearest(name, &candidates, range, "");
            diagnostic.suggest = None;
        }
        self.report(diagnostic);
    }
}

/// The rows of an entity.
pub(super) fn entity_source(
    instance: String,
    entity: String,
    item: &EntityItem,
    name: String,
    range: TextRange,
) -> Source {
    let fields = item.fields.iter().map(|field| SourceField {
        name: field.name.clone(),
        data_type: field.data_type,
        filter_only: field.filter_only,
        required: field.required,
    });
    Source { kind: SourceKind::Entity { instance, entity }, name, fields: fields.collect(), range }
}
