//! SYNC CONNECTOR: what is read, as queries.

use moltler_abi::manifest::{Entity, OutputColumn, Sync, SyncJob};
use moltler_db::NameKind;
use moltler_hir::definition::SyncDef;

use super::FromHir;
use crate::expr::Expr;
use crate::logical::{LogicalPlan, Scan, ScanField};
use crate::program::StatementKind;

impl FromHir<'_> {
    pub(super) fn sync(&mut self, definition: &SyncDef, span: moltler_abi::manifest::Span) -> StatementKind {
        if let Some(command) = self.gather.known_sync(span) {
            return StatementKind::Command(command);
        }
        let mut sync = Sync {
            instance: definition.instance.clone(),
            jobs: Vec::new(),
            skipped: Vec::new(),
            target: definition.target.clone(),
            field: definition.field.clone(),
            lookback: definition
                .lookback
                .map(|lookback| self.scalar(&format!("lookback_{}", definition.instance), lookback)),
            condition: self.one_line(definition.condition.start(), definition.condition.end()),
            append: definition.append,
            keep_missing: definition.keep_missing,
            freeze: definition.freeze,
            schedule: definition.schedule.clone(),
            span,
        };
        match (&definition.entity, definition.select) {
            (Some(entity), Some(select)) => {
                let Some(index) = self.gather.entity(entity) else {
                    if !self.in_test {
                        self.gather.unsound(NameKind::Entity, entity);
                    }
                    let message = format!("the entity `{entity}` does not compile");
                    return StatementKind::Fail(self.gather.message(&message));
                };
                let query = self.query(select);
                sync.jobs.push(self.job(index, query, definition));
                if sync.jobs[0].key.is_empty() && !definition.append {
                    let message = format!("rows of `{entity}` have no primary key: APPEND adds them");
                    return StatementKind::Fail(self.gather.message(&message));
                }
            }
            _ => self.whole_connector(definition, &mut sync, span),
        }
        StatementKind::Command(self.gather.sync(sync, &self.describe(definition)))
    }

    /// All entities that can be read without being told anything.
    fn whole_connector(&mut self, definition: &SyncDef, sync: &mut Sync, span: moltler_abi::manifest::Span) {
        for (index, entity) in self.gather.entities_of(&definition.type_name) {
            let fields = || entity.fields.iter().filter(|field| !field.filter_only);
            if let Some(set) = entity.pushdown.required.first() {
                let names: Vec<String> =
                    set.iter().map(|field| format!("`{}`", entity.fields[*field as usize].name)).collect();
                let reason = format!("it has to be told {}; sync it by itself with WHERE", names.join(", "));
                sync.skipped.push((entity.name.clone(), reason));
            } else if !definition.append && !fields().any(|field| field.primary_key) {
                let reason = "its rows have no primary key; sync it by itself with APPEND".to_owned();
                sync.skipped.push((entity.name.clone(), reason));
            } else {
                let plan = all_rows(index, &entity, &definition.instance, span);
                let columns = plan.schema().into_iter();
                let columns =
                    columns.map(|column| OutputColumn { name: column.name, data_type: column.data_type }).collect();
                let query = self.gather.query(plan, columns, span);
                sync.jobs.push(self.job(index, query, definition));
            }
        }
    }

    fn job(&self, entity: u32, query: u32, definition: &SyncDef) -> SyncJob {
        let declared = self.gather.declared_entity(entity);
        let fields: Vec<_> = declared.fields.iter().filter(|field| !field.filter_only).collect();
        let key = fields.iter().enumerate().filter(|(_, field)| field.primary_key && !definition.append);
        let cursor = definition.field.as_ref().and_then(|name| fields.iter().position(|field| field.name == *name));
        SyncJob {
            entity,
            query,
            key: key.map(|(column, _)| column as u32).collect(),
            cursor: cursor.map(|column| column as u32),
        }
    }

    fn one_line(&self, start: u32, end: u32) -> String {
        let text = self.unit.text.get(start as usize..end as usize).unwrap_or_default();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// What it will do, in sentences.
    fn describe(&self, definition: &SyncDef) -> Vec<String> {
        let mut sentences = Vec::new();
        let what = definition.entity.as_deref().map_or_else(
            || format!("every entity of `{}`", definition.instance),
            |entity| format!("`{}.{}`", definition.instance, entity.split_once('.').map_or(entity, |(_, name)| name)),
        );
        sentences.push(match &definition.field {
            Some(field) => format!(
                "incremental: the first run reads all of {what}, later ones what has a `{field}` from the last one on; \
                 a new row takes the place of the one with its key unless that has a greater `{field}`"
            ),
            None if definition.append => format!("each run adds all rows of {what} to those that are there"),
            None => format!("full refresh: each run reads all of {what}, and shows them when all are there"),
        });
        sentences.push(format!("rows go into {}", definition.target.describe()));
        if definition.field.is_none() && !definition.append {
            sentences.push(match definition.keep_missing {
                true => "rows that are not there any more stay (KEEP MISSING)".to_owned(),
                false => "rows that are not there any more are deleted behind a complete pass, not above 20 % of them \
                          without `--allow-deletes`"
                    .to_owned(),
            });
        }
        if let Some(schedule) = &definition.schedule {
            sentences.push(format!("at `{schedule}` (UTC) under `moltlerc sync --daemon`; `run` runs it once"));
        }
        sentences
    }
}

/// `SELECT * FROM instance.entity`
fn all_rows(index: u32, entity: &Entity, instance: &str, span: moltler_abi::manifest::Span) -> LogicalPlan {
    let fields = entity.fields.iter().map(|field| ScanField {
        name: field.name.clone(),
        data_type: field.data_type,
        filter_only: field.filter_only,
        required: false,
    });
    let scan = Scan {
        instance: instance.to_owned(),
        entity: index,
        entity_name: entity.name.clone(),
        fields: fields.collect(),
        pushdown: Box::new(entity.pushdown.clone()),
        columns: (0..entity.fields.len() as u32).collect(),
        filters: Vec::new(),
        each: Vec::new(),
        conditions: Vec::new(),
        limit: None,
        order_by: Vec::new(),
        span,
    };
    let outputs = entity.fields.iter().enumerate().filter(|(_, field)| !field.filter_only);
    let outputs = outputs.map(|(column, field)| {
        (field.name.clone(), Expr::column(column as u32, crate::schema::stored(field.data_type)))
    });
    LogicalPlan::Project { outputs: outputs.collect(), input: Box::new(LogicalPlan::Scan(scan)) }
}
