use moltler_abi::DataType;
use moltler_abi::manifest::OutputColumn;
use moltler_hir::body::{Select, SelectId, Source, SourceKind};

use super::FromHir;
use crate::expr::Expr;
use crate::logical::{LogicalPlan, Scan, ScanField, SortKey};
use crate::schema::stored;

impl FromHir<'_> {
    /// Adds the SELECT to the program's queries.
    pub(super) fn query(&mut self, id: SelectId) -> u32 {
        let body = self.unit.body;
        let select = &body.selects[id];
        // An ASSERT tells values of its own, not those of each row that it looks at.
        let parts = std::mem::take(&mut self.parts);
        let plan = self.plan(select);
        self.parts = parts;
        let schema = plan.schema().into_iter().take(select.columns.len());
        let columns = schema.map(|column| OutputColumn { name: column.name, data_type: stored(column.data_type) });
        let columns = columns.collect();
        let span = self.unit.span(select.range.start(), select.range.end());
        self.gather.query(plan, columns, span)
    }

    /// Scan, filter, projection with the sort keys behind it, sort, limit.
    fn plan(&mut self, select: &Select) -> LogicalPlan {
        let body = self.unit.body;
        let mut plan = match select.from.first() {
            Some(item) => self.source(&body.sources[item.source]),
            None => LogicalPlan::SingleRow,
        };
        if let Some(filter) = select.filter {
            let predicate = self.expr(filter).condition();
            plan = LogicalPlan::Filter { input: Box::new(plan), predicate };
        }
        let mut outputs: Vec<(String, Expr)> =
            select.columns.iter().map(|column| (column.name.clone(), self.expr(column.value))).collect();
        let mut keys = Vec::new();
        for key in &select.order_by {
            let value = self.expr(key.value);
            let position = outputs.iter().position(|(_, output)| output.same(&value)).unwrap_or_else(|| {
                outputs.push((String::new(), value));
                outputs.len() - 1
            });
            keys.push((position, key.descending, key.nulls_first));
        }
        let keys = keys.into_iter().map(|(position, descending, nulls_first)| SortKey {
            value: Expr::column(position as u32, stored(outputs[position].1.data_type)),
            descending,
            nulls_first,
        });
        let keys: Vec<SortKey> = keys.collect();
        plan = LogicalPlan::Project { input: Box::new(plan), outputs };
        if !keys.is_empty() {
            plan = LogicalPlan::Sort { input: Box::new(plan), keys };
        }
        let limit = select.limit.map(|limit| self.expr(limit).coerce(DataType::Integer));
        let offset = select.offset.map(|offset| self.expr(offset).coerce(DataType::Integer));
        if limit.is_some() || offset.is_some() {
            plan = LogicalPlan::Limit { input: Box::new(plan), limit, offset };
        }
        plan
    }

    fn source(&mut self, source: &Source) -> LogicalPlan {
        let (instance, entity) = match &source.kind {
            SourceKind::Entity { instance, entity } => (instance, entity),
            SourceKind::Array(array) => {
                let array = self.expr(*array).coerce(DataType::Array);
                let name = source.fields.first().map_or(&source.name, |field| &field.name).clone();
                return LogicalPlan::Elements { array, name };
            }
            // The front end says `not-supported` so far.
            SourceKind::Query(_) | SourceKind::Common(_) | SourceKind::Union { .. } | SourceKind::Groups => {
                let array = self.fail("a SELECT of another SELECT is not supported").coerce(DataType::Array);
                return LogicalPlan::Elements { array, name: source.name.clone() };
            }
        };
        let Some(index) = self.gather.entity(entity) else {
            // Reached only where a test runs although a definition has errors.
            let array = self.fail(&format!("the entity `{entity}` does not compile")).coerce(DataType::Array);
            let array = LogicalPlan::Elements { array, name: source.name.clone() };
            let outputs = source.fields.iter().map(|field| {
                let value = Expr::member(Expr::column(0, DataType::Dynamic), field.name.as_str());
                (field.name.clone(), value.coerce(field.data_type))
            });
            return LogicalPlan::Project { input: Box::new(array), outputs: outputs.collect() };
        };
        let fields = source.fields.iter().map(|field| ScanField {
            name: field.name.clone(),
            data_type: field.data_type,
            filter_only: field.filter_only,
        });
        LogicalPlan::Scan(Scan {
            instance: instance.clone(),
            entity: index,
            entity_name: entity.split_once('.').map_or(entity.as_str(), |(_, name)| name).to_owned(),
            columns: (0..source.fields.len() as u32).collect(),
            fields: fields.collect(),
            filters: Vec::new(),
            conditions: Vec::new(),
            limit: None,
            order_by: Vec::new(),
            span: self.unit.span(source.range.start(), source.range.end()),
        })
    }
}
