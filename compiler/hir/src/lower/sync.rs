//! SYNC CONNECTOR and SHOW SYNC STATE.

use moltler_abi::DataType;
use moltler_abi::sync_target::{SyncTarget, check_schedule};
use moltler_syntax::TextRange;
use moltler_syntax::ast::{self, AstNode, Clause, ClauseKind};

use super::from::entity_source;
use super::select::LoweredSelect;
use super::{Clause as SelectClause, Lower, Scope, SelectScope};
use crate::body::{FromItem, JoinKind, Select, SelectId, StmtKind};
use crate::definition::SyncDef;
use crate::diagnostics::not_supported::not_supported;
use crate::diagnostics::sync::{
    cannot_be_cursor, invalid_schedule, invalid_target, lookback_of_texts, no_primary_key, wrong_lookback,
};
use crate::diagnostics::unknown_name::{malformed_name, unknown_field};
use crate::item_tree::EntityItem;
use crate::signature;
use crate::suggest::Candidates;

impl Lower<'_> {
    pub(super) fn sync(&mut self, node: ast::SyncConnector<'_>) -> StmtKind {
        match self.sync_or(node) {
            Ok(kind) => kind,
            Err(LoweredSelect::Fail(message)) => StmtKind::Fail(message),
            Err(_) => StmtKind::Missing,
        }
    }

    fn sync_or(&mut self, node: ast::SyncConnector<'_>) -> Result<StmtKind, LoweredSelect> {
        let clauses = self.clauses(node.clauses());
        let clause = |kind: ClauseKind| clauses.iter().find(|clause| clause.kind() == kind).copied();
        let target = self.sync_target(node);
        let schedule = clause(ClauseKind::Schedule).and_then(|clause| self.schedule(clause));
        let condition = clause(ClauseKind::Where);
        let append = clause(ClauseKind::Append).is_some();
        let freeze = clause(ClauseKind::Schema).and_then(Clause::word) == Some("FREEZE");
        let incremental = clause(ClauseKind::Incremental);
        let source = node.source().ok_or(LoweredSelect::Missing)?;
        let segments: Vec<ast::Name<'_>> = source.segments().collect();
        let (instance, entity, select) = match segments[..] {
            [instance] => {
                self.known_instance(Some(instance)).ok_or(LoweredSelect::Missing)?;
                if let Some(condition) = condition {
                    self.report(not_supported("`WHERE` of a whole connector", condition.range()));
                }
                (instance.value(), None, None)
            }
            [instance, entity] => {
                let (key, item) = self.entity_reference(instance, entity)?;
                let select = self.sync_select(instance.value(), &key, item, source.range(), condition);
                if !append && !item.fields.iter().any(|field| field.primary_key) {
                    self.report(no_primary_key(&key, source.range(), node.range()));
                }
                (instance.value(), Some((key, item)), Some(select))
            }
            _ => {
                self.report(malformed_name(source.text(), "`instance` or `instance.entity`", source.range()));
                return Err(LoweredSelect::Missing);
            }
        };
        let type_name = self.instance_type(&instance).ok_or(LoweredSelect::Missing)?;
        if signature::connector_type(self.db, &type_name).is_none() {
            self.report_untyped_instance(&instance, &type_name, segments[0].range());
            return Err(LoweredSelect::Missing);
        }
        let field = incremental.and_then(|clause| self.cursor(clause, entity.as_ref().map(|(_, item)| *item)));
        let lookback = incremental.and_then(Clause::lookback).map(|lookback| {
            let lookback = self.expr(lookback);
            let field = entity.as_ref().zip(field.as_ref()).and_then(|((_, item), field)| item.field(field));
            self.check_lookback(lookback, field.map(|(_, field)| field.data_type));
            lookback
        });
        if let (Some(target), None, Some(at)) = (&target, &entity, node.target())
            && !target.tells_entities_apart()
        {
            let sentence = "the rows of several entities need several places: `*` stands for the name of the entity";
            self.report(invalid_target(sentence.to_owned(), at.range()));
        }
        Ok(StmtKind::Sync(SyncDef {
            instance,
            type_name,
            entity: entity.map(|(key, _)| key),
            select,
            target: target.ok_or(LoweredSelect::Missing)?,
            field,
            lookback,
            condition: condition.and_then(Clause::expr).map_or(TextRange::default(), AstNode::range),
            append,
            keep_missing: clause(ClauseKind::KeepMissing).is_some(),
            freeze,
            schedule,
        }))
    }

    fn sync_target(&mut self, node: ast::SyncConnector<'_>) -> Option<SyncTarget> {
        let target = node.target()?;
        match SyncTarget::parse(&target.value()) {
            Ok(parsed) => Some(parsed),
            Err(sentence) => {
                self.report(invalid_target(sentence, target.range()));
                None
            }
        }
    }

    fn schedule(&mut self, clause: Clause<'_>) -> Option<String> {
        let string = clause.string()?;
        let schedule = string.value();
        match check_schedule(&schedule) {
            Ok(()) => Some(schedule),
            Err(sentence) => {
                self.report(invalid_schedule(sentence, string.range()));
                None
            }
        }
    }

    /// `SELECT * FROM instance.entity WHERE condition`
    fn sync_select(
        &mut self,
        instance: String,
        key: &str,
        item: &EntityItem,
        range: TextRange,
        condition: Option<Clause<'_>>,
    ) -> SelectId {
        let first = self.body.exprs.len();
        let name = crate::definition::split_name(key).1.to_owned();
        let source = entity_source(instance, key.to_owned(), item, name, range);
        let source = self.body.sources.push(source);
        let from = vec![FromItem { source, join: JoinKind::Cross, on: None }];
        let scope = SelectScope { sources: vec![source], clause: SelectClause::Grouped, aggregates: Vec::new() };
        self.selects.push(Scope::Select(scope));
        let mut columns = Vec::new();
        self.star(None, range, &mut columns);
        self.enter(SelectClause::Where);
        let filter = condition.and_then(Clause::expr).map(|condition| {
            let filter = self.expr(condition);
            self.condition("WHERE", filter);
            filter
        });
        self.selects.pop();
        self.check_bindings(&from, &[(source, item)], filter, range, &columns, false);
        self.check_filter_only(&from, filter, first);
        self.body.selects.push(Select {
            columns,
            distinct: false,
            from,
            filter,
            grouping: None,
            order_by: Vec::new(),
            limit: None,
            offset: None,
            outer: Vec::new(),
            range,
        })
    }

    /// The field of INCREMENTAL ON.
    fn cursor(&mut self, clause: Clause<'_>, item: Option<&EntityItem>) -> Option<String> {
        let path = clause.incremental_field()?;
        let segments: Vec<ast::Name<'_>> = path.segments().collect();
        let [name] = segments[..] else {
            self.report(malformed_name(path.text(), "the name of a field", path.range()));
            return None;
        };
        let field = name.value();
        if let Some(item) = item {
            let Some((_, found)) = item.field(&field) else {
                let fields = item.fields.iter().filter(|field| is_cursor(field.data_type));
                let candidates = Candidates::new("fields", fields.map(|field| field.name.as_str()));
                self.report(unknown_field(&field, &item.name, name.range(), &candidates));
                return None;
            };
            if !is_cursor(found.data_type) || found.filter_only {
                self.report(cannot_be_cursor(&field, found.data_type, found.filter_only, name.range()));
                return None;
            }
        }
        Some(field)
    }

    fn check_lookback(&mut self, lookback: crate::body::ExprId, of: Option<DataType>) {
        let (found, range) = (self.expr_type(lookback), self.expr_range(lookback));
        let numeric = matches!(found, DataType::Integer | DataType::Number);
        match of {
            _ if matches!(found, DataType::Dynamic | DataType::Null) => {}
            Some(DataType::String) => self.report(lookback_of_texts(range)),
            Some(DataType::Integer | DataType::Number) if numeric => {}
            Some(DataType::Integer | DataType::Number) => self.report(wrong_lookback("a number", found, range)),
            Some(_) if found == DataType::Interval => {}
            Some(_) => self.report(wrong_lookback("an interval", found, range)),
            None if numeric || found == DataType::Interval => {}
            None => self.report(wrong_lookback("an interval", found, range)),
        }
    }

    pub(super) fn show_sync_state(&mut self, node: ast::ShowSyncState<'_>) -> StmtKind {
        let Some(path) = node.target() else { return StmtKind::ShowSyncState { instance: None, entity: None } };
        let segments: Vec<ast::Name<'_>> = path.segments().collect();
        match segments[..] {
            [instance] => match self.known_instance(Some(instance)) {
                Some(instance) => StmtKind::ShowSyncState { instance: Some(instance), entity: None },
                None => StmtKind::Missing,
            },
            [instance, entity] => match self.entity_reference(instance, entity) {
                Ok(_) => StmtKind::ShowSyncState { instance: Some(instance.value()), entity: Some(entity.value()) },
                Err(LoweredSelect::Fail(message)) => StmtKind::Fail(message),
                Err(_) => StmtKind::Missing,
            },
            _ => {
                self.report(malformed_name(path.text(), "`instance` or `instance.entity`", path.range()));
                StmtKind::Missing
            }
        }
    }
}

/// Whether values of this type have an order that changes of rows follow.
fn is_cursor(data_type: DataType) -> bool {
    matches!(data_type, DataType::Timestamp | DataType::Date | DataType::Integer | DataType::Number | DataType::String)
}
