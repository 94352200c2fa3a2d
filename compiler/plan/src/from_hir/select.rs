use moltler_abi::DataType;
use moltler_abi::manifest::{JoinKind, OutputColumn, Subquery, SubqueryKind};
use moltler_abi::runtime_calls::{BinaryOperator, UnaryOperator};
use moltler_db::NameKind;
use moltler_hir::body::{self, Grouping, Select, SelectId, Source, SourceId, SourceKind, SubqueryKind as Hir};

use super::FromHir;
use super::scope::Scope;
use crate::expr::{Expr, ExprKind};
use crate::logical::{Aggregate, LogicalPlan, Scan, ScanField, SortKey};
use crate::schema::stored;

impl FromHir<'_> {
    /// Adds the SELECT to the program's queries.
    pub(super) fn query(&mut self, id: SelectId) -> u32 {
        let around = std::mem::take(&mut self.scope);
        // An ASSERT tells values of its own, not those of each row that it looks at.
        let parts = std::mem::take(&mut self.parts);
        let plan = self.plan(id);
        self.parts = parts;
        self.scope = around;
        self.add_query(id, plan)
    }

    /// A SELECT in an expression.
    pub(super) fn subquery(&mut self, id: SelectId, kind: Hir) -> Expr {
        let select = &self.unit.body.selects[id];
        let needle = match kind {
            Hir::In { operand, .. } => Some(self.expr(operand)),
            Hir::Scalar | Hir::Exists { .. } => None,
        };
        let arguments: Vec<Expr> = select.outer.iter().map(|column| self.column(*column)).collect();
        let mut inside = Scope::inside();
        let mut parameters = Vec::new();
        for (column, argument) in select.outer.iter().zip(&arguments) {
            let slot = self.slots.fresh();
            inside.add_outer(*column, slot, argument.data_type);
            parameters.push(slot);
        }
        // Parameters of functions around change while a query is under way: its rows are not kept beyond one value of them.
        let mut arguments = arguments;
        for (slot, data_type) in &self.parameters {
            arguments.push(Expr::variable(*slot, *data_type));
            parameters.push(*slot);
        }
        let wanted = self.is_required(kind);
        let around = std::mem::replace(&mut self.scope, inside);
        let parts = std::mem::take(&mut self.parts);
        let mut plan = self.rows(id);
        self.parts = parts;
        self.scope = around;

        if let (true, Some(needle)) = (wanted, &needle) {
            let values = self.values(id, plan, arguments, parameters);
            return Expr::binary(BinaryOperator::In, needle.clone(), values);
        }
        let mut found = plan.schema().first().map_or(DataType::Dynamic, |column| column.data_type);
        let needle = needle.map(|needle| {
            let (needle, column) = Expr::comparable(needle, Expr::column(0, found));
            if !matches!(column.kind, ExprKind::Column(_)) {
                found = stored(column.data_type);
                let input = Box::new(std::mem::replace(&mut plan, LogicalPlan::SingleRow));
                plan = LogicalPlan::Project { input, outputs: vec![(String::new(), column)] };
            }
            Box::new(needle)
        });
        let query = self.add_query(id, plan);
        let span = self.unit.span(select.range.start(), select.range.end());
        let (kind, data_type, negated) = match kind {
            Hir::Scalar => (SubqueryKind::Scalar, found, false),
            Hir::Exists { negated } => (SubqueryKind::Exists, DataType::Boolean, negated),
            Hir::In { negated, .. } => (SubqueryKind::In, DataType::Boolean, negated),
        };
        let subquery = self.gather.subquery(Subquery { query, kind, parameters, span });
        let value = Expr::new(ExprKind::Subquery { subquery, arguments, needle }, data_type).at(span);
        if negated { Expr::unary(UnaryOperator::Not, value) } else { value }
    }

    /// Whether a handler has to be told the value of what is looked for in a SELECT.
    fn is_required(&self, kind: Hir) -> bool {
        let Hir::In { operand, negated: false } = kind else { return false };
        match &self.unit.body.exprs[operand].kind {
            body::ExprKind::Column(column) => {
                let SourceKind::Entity { entity, .. } = &self.unit.body.sources[column.source].kind else {
                    return false;
                };
                let sets = self.gather.entity(entity).map(|entity| &self.gather.pushdown(entity).required);
                self.scope.has(column.source)
                    && sets.is_some_and(|sets| sets.iter().any(|set| set.contains(&column.field)))
            }
            _ => false,
        }
    }

    /// The only column of a SELECT as an array, so that a handler can be called for each of its values.
    fn values(&mut self, id: SelectId, plan: LogicalPlan, arguments: Vec<Expr>, parameters: Vec<u32>) -> Expr {
        let data_type = plan.schema().first().map_or(DataType::Dynamic, |column| column.data_type);
        let aggregate = Aggregate {
            function: moltler_abi::aggregates::AggregateFunction::ArrayAgg,
            distinct: true,
            argument: Some(Expr::column(0, data_type)),
            separator: None,
            data_type: DataType::Array,
        };
        let aggregates = vec![(String::new(), aggregate)];
        let plan = LogicalPlan::Aggregate { input: Box::new(plan), keys: Vec::new(), aggregates };
        let query = self.add_query(id, plan);
        let select = &self.unit.body.selects[id];
        let span = self.unit.span(select.range.start(), select.range.end());
        let subquery = self.gather.subquery(Subquery { query, kind: SubqueryKind::Scalar, parameters, span });
        let values = Expr::new(ExprKind::Subquery { subquery, arguments, needle: None }, DataType::Array).at(span);
        // No rows are no values: nothing is in there, not even NULL.
        Expr::coalesce(vec![values, Expr::array(Vec::new())])
    }

    fn add_query(&mut self, id: SelectId, plan: LogicalPlan) -> u32 {
        let select = &self.unit.body.selects[id];
        let schema = plan.schema().into_iter().take(select.columns.len());
        let columns = schema.map(|column| OutputColumn { name: column.name, data_type: column.data_type });
        let columns = columns.collect();
        let span = self.unit.span(select.range.start(), select.range.end());
        self.gather.query(plan, columns, span)
    }

    /// The rows of a SELECT with the columns that it lists and no others.
    fn rows(&mut self, id: SelectId) -> LogicalPlan {
        let plan = self.plan(id);
        let schema = plan.schema();
        let listed = self.unit.body.selects[id].columns.len();
        if schema.len() == listed {
            return plan;
        }
        let outputs = schema.into_iter().take(listed).enumerate();
        let outputs = outputs.map(|(index, column)| (column.name, Expr::column(index as u32, column.data_type)));
        LogicalPlan::Project { outputs: outputs.collect(), input: Box::new(plan) }
    }

    /// FROM, WHERE, groups and HAVING, the list with keys of ORDER BY behind it, DISTINCT, ORDER BY, LIMIT.
    fn plan(&mut self, id: SelectId) -> LogicalPlan {
        let select = &self.unit.body.selects[id];
        let mut plan = self.from(select);
        if let Some(filter) = select.filter {
            plan = plan.filtered(Some(self.expr(filter).condition()));
        }
        if let Some(grouping) = &select.grouping {
            plan = self.groups(plan, grouping);
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
        if select.distinct {
            plan = LogicalPlan::Distinct(Box::new(plan));
        }
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

    /// FROM with its joins, from left to right.
    fn from(&mut self, select: &Select) -> LogicalPlan {
        let mut plan: Option<LogicalPlan> = None;
        let mut width = 0;
        for item in &select.from {
            let right = self.source(item.source);
            let types: Vec<DataType> = right.schema().into_iter().map(|column| column.data_type).collect();
            let offset = width;
            width += types.len() as u32;
            self.scope.add(item.source, offset, types);
            plan = Some(match plan {
                None => right,
                Some(left) => LogicalPlan::Join {
                    left: Box::new(left),
                    right: Box::new(right),
                    kind: match item.join {
                        body::JoinKind::Cross | body::JoinKind::Inner => JoinKind::Inner,
                        body::JoinKind::Left => JoinKind::Left,
                    },
                    on: item.on.map(|on| self.expr(on).condition()),
                },
            });
        }
        plan.unwrap_or(LogicalPlan::SingleRow)
    }

    /// GROUP BY and HAVING; from here on, columns are those of the groups.
    fn groups(&mut self, input: LogicalPlan, grouping: &Grouping) -> LogicalPlan {
        let fields = &self.unit.body.sources[grouping.source].fields;
        let name = |index: usize| fields.get(index).map(|field| field.name.clone()).unwrap_or_default();
        let keys: Vec<(String, Expr)> =
            grouping.keys.iter().enumerate().map(|(index, key)| (name(index), self.expr(*key))).collect();
        let aggregates = grouping.aggregates.iter().enumerate();
        let aggregates =
            aggregates.map(|(index, aggregate)| (name(grouping.keys.len() + index), self.aggregate(aggregate)));
        let aggregates = aggregates.collect();
        let plan = LogicalPlan::Aggregate { input: Box::new(input), keys, aggregates };
        let types = plan.schema().into_iter().map(|column| column.data_type).collect();
        self.scope.replace(grouping.source, types);
        plan.filtered(grouping.having.map(|having| self.expr(having).condition()))
    }

    fn aggregate(&mut self, aggregate: &body::Aggregate) -> Aggregate {
        use moltler_abi::aggregates::AggregateFunction::*;
        let argument = aggregate.argument.map(|argument| {
            let argument = self.expr(argument);
            match (aggregate.function, argument.data_type) {
                (BoolAnd | BoolOr, _) => argument.condition(),
                (StringAgg, _) => argument.coerce(DataType::String),
                (Sum, _) => match aggregate.data_type {
                    DataType::Integer | DataType::Number => argument.coerce(aggregate.data_type),
                    DataType::Interval => argument,
                    _ => argument.numeric(),
                },
                (Avg, DataType::Integer | DataType::Number | DataType::Interval) => argument,
                (Avg, _) => argument.coerce(DataType::Number),
                _ => argument,
            }
        });
        let separator = aggregate.separator.map(|separator| self.expr(separator).coerce(DataType::String));
        // What MIN and MAX give is one of their arguments.
        let data_type = match (aggregate.function, &argument) {
            (Min | Max, Some(argument)) => argument.data_type,
            _ => aggregate.data_type,
        };
        Aggregate { function: aggregate.function, distinct: aggregate.distinct, argument, separator, data_type }
    }

    fn source(&mut self, id: SourceId) -> LogicalPlan {
        let source = &self.unit.body.sources[id];
        let (instance, entity) = match &source.kind {
            SourceKind::Entity { instance, entity } => (instance, entity),
            SourceKind::Array(array) => {
                let array = self.expr(*array).coerce(DataType::Array);
                let name = source.fields.first().map_or(&source.name, |field| &field.name).clone();
                return LogicalPlan::Elements { array, name };
            }
            SourceKind::Query(select) => return self.beside(*select),
            SourceKind::Common(select) => return self.common(*select),
            SourceKind::Union { inputs, all } => return self.union(source, inputs, *all),
            SourceKind::Groups => {
                let array = self.fail("groups are not a source of rows").coerce(DataType::Array);
                return LogicalPlan::Elements { array, name: source.name.clone() };
            }
        };
        let Some(index) = self.gather.entity(entity) else {
            // A test runs although a definition has errors; a program that comes here is refused.
            if !self.in_test {
                self.gather.unsound(NameKind::Entity, entity);
            }
            let array = self.fail(&format!("the entity `{entity}` does not compile")).coerce(DataType::Array);
            let array = LogicalPlan::Elements { array, name: source.name.clone() };
            let outputs = source.fields.iter().map(|field| {
                let value = Expr::member(Expr::column(0, DataType::Dynamic), field.name.as_str());
                (field.name.clone(), value.coerce(field.data_type))
            });
            return LogicalPlan::Project { input: Box::new(array), outputs: outputs.collect() };
        };
        let pushdown = Box::new(self.gather.pushdown(index).clone());
        let fields = source.fields.iter().enumerate().map(|(index, field)| ScanField {
            name: field.name.clone(),
            data_type: field.data_type,
            filter_only: field.filter_only,
            required: pushdown.required.iter().any(|set| set.contains(&(index as u32))),
        });
        LogicalPlan::Scan(Scan {
            instance: instance.clone(),
            entity: index,
            entity_name: entity.split_once('.').map_or(entity.as_str(), |(_, name)| name).to_owned(),
            columns: (0..source.fields.len() as u32).collect(),
            fields: fields.collect(),
            pushdown,
            filters: Vec::new(),
            each: Vec::new(),
            conditions: Vec::new(),
            limit: None,
            order_by: Vec::new(),
            span: self.unit.span(source.range.start(), source.range.end()),
        })
    }

    /// A SELECT in FROM.
    fn beside(&mut self, select: SelectId) -> LogicalPlan {
        let beside = self.scope.beside();
        let around = std::mem::replace(&mut self.scope, beside);
        let plan = self.rows(select);
        self.scope = around;
        plan
    }

    /// A query of WITH: as if it was written here where it is read once, else its rows are computed once for all who read it.
    fn common(&mut self, id: SelectId) -> LogicalPlan {
        let body = self.unit.body;
        let readers = body.sources.iter().filter(|(_, source)| source.kind == SourceKind::Common(id)).count();
        let depends_on_rows = !body.selects[id].outer.is_empty();
        if depends_on_rows || readers == 1 && !self.scope.is_subquery {
            return self.beside(id);
        }
        if let Some((index, schema)) = self.shared.get(&id) {
            return LogicalPlan::Shared { index: *index, schema: schema.clone() };
        }
        let plan = self.beside(id);
        let schema = plan.schema();
        let range = body.selects[id].range;
        let index = self.gather.shared(plan, self.unit.span(range.start(), range.end()));
        self.shared.insert(id, (index, schema.clone()));
        LogicalPlan::Shared { index, schema }
    }

    fn union(&mut self, source: &Source, inputs: &[SelectId], all: bool) -> LogicalPlan {
        let inputs = inputs.iter().map(|input| {
            let input = self.beside(*input);
            let columns = input.schema().into_iter().enumerate();
            let outputs = columns.zip(&source.fields).map(|((index, column), field)| {
                let value = Expr::column(index as u32, column.data_type).coerce(stored(field.data_type));
                (field.name.clone(), value)
            });
            LogicalPlan::Project { outputs: outputs.collect(), input: Box::new(input) }
        });
        let union = LogicalPlan::Union(inputs.collect());
        if all { union } else { LogicalPlan::Distinct(Box::new(union)) }
    }
}
