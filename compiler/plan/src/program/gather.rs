//! The tables of a program while they are filled.

use moltler_abi::DataType;
use moltler_abi::manifest::{
    Assertion, Command, Condition, Entity, Execution, Filter, FunctionId, Instance, Join, Lambda, Manifest, Operator,
    OutputColumn, Parameter, Pipeline, Query, Scan, Span, Subquery, Sync,
};
use moltler_db::NameKind;
use rustc_hash::FxHashMap;

use super::{Function, FunctionBody, Program};
use crate::choose::choose;
use crate::explain::decisions;
use crate::expr::{Expr, ExprKind};
use crate::logical::{self, LogicalPlan, Pushdown};
use crate::physical::{self, PhysicalPlan};
use crate::rules::{optimize, without_optimization};

/// A program under way.
#[derive(Default)]
pub(crate) struct Gather {
    pub(super) program: Program,
    /// `myservice`
    types: FxHashMap<String, u32>,
    /// `myservice.items`
    entities: FxHashMap<String, u32>,
    /// `myservice.items.create`
    actions: FxHashMap<String, u32>,
    unoptimized: bool,
    /// Whether it is told in words what is done to each query: nobody reads that of tests.
    explains: bool,
    /// How many variables the expressions of definitions use. They run in the middle of statements, so these have others.
    pub(super) reserved: u32,
}

impl Gather {
    pub(super) fn new(unoptimized: bool, explains: bool) -> Gather {
        Gather { unoptimized, explains, ..Gather::default() }
    }

    pub(super) fn manifest(&mut self) -> &mut Manifest {
        &mut self.program.manifest
    }

    pub(crate) fn function(&mut self, name: &str, body: FunctionBody) -> FunctionId {
        self.program.functions.push(Function { name: name.to_owned(), body });
        FunctionId(self.program.functions.len() as u32 - 1)
    }

    pub(crate) fn connector_type(&self, name: &str) -> Option<u32> {
        self.types.get(name).copied()
    }

    pub(crate) fn entity(&self, name: &str) -> Option<u32> {
        self.entities.get(name).copied()
    }

    /// The entities of a type, in their order.
    pub(crate) fn entities_of(&self, type_name: &str) -> Vec<(u32, Entity)> {
        let Some(connector_type) = self.connector_type(type_name) else { return Vec::new() };
        let entities = self.program.manifest.entities.iter().enumerate();
        entities
            .filter(|(_, entity)| entity.connector_type == connector_type)
            .map(|(index, entity)| (index as u32, entity.clone()))
            .collect()
    }

    /// The entity with this index.
    pub(crate) fn declared_entity(&self, entity: u32) -> &Entity {
        &self.program.manifest.entities[entity as usize]
    }

    /// The command that carries out the SYNC at this place, where it is there already.
    pub(crate) fn known_sync(&self, span: Span) -> Option<u32> {
        let sync = self.program.manifest.syncs.iter().position(|sync| sync.span == span)?;
        let is_it = |command: &Command| *command == Command::Sync(sync as u32);
        self.program.manifest.commands.iter().position(is_it).map(|command| command as u32)
    }

    /// The command that carries out a SYNC; `sentences` say what it will do.
    pub(crate) fn sync(&mut self, sync: Sync, sentences: &[String]) -> u32 {
        let title = self.text(sync.span).unwrap_or_else(|| "SYNC CONNECTOR".to_owned());
        self.program.decisions.push((title, sentences.to_vec()));
        let sync = push(&mut self.program.manifest.syncs, sync);
        self.command(Command::Sync(sync))
    }

    /// What the entity with this index declares of its handler.
    pub(crate) fn pushdown(&self, entity: u32) -> &Pushdown {
        &self.program.manifest.entities[entity as usize].pushdown
    }

    pub(crate) fn action(&self, name: &str) -> Option<u32> {
        self.actions.get(name).copied()
    }

    pub(super) fn declare_type(&mut self, name: &str, connector_type: moltler_abi::manifest::ConnectorType) {
        self.types.insert(name.to_owned(), push(&mut self.program.manifest.types, connector_type));
    }

    pub(super) fn declare_entity(&mut self, name: &str, entity: moltler_abi::manifest::Entity) {
        self.entities.insert(name.to_owned(), push(&mut self.program.manifest.entities, entity));
    }

    pub(super) fn declare_action(&mut self, name: &str, action: moltler_abi::manifest::Action) {
        self.actions.insert(name.to_owned(), push(&mut self.program.manifest.actions, action));
    }

    pub(crate) fn instance(&mut self, instance: Instance) -> u32 {
        push(&mut self.program.manifest.instances, instance)
    }

    pub(crate) fn message(&mut self, message: &str) -> u32 {
        let messages = &mut self.program.manifest.messages;
        match messages.iter().position(|known| known == message) {
            Some(known) => known as u32,
            None => push(messages, message.to_owned()),
        }
    }

    /// A statement of the program comes to a definition that has errors.
    pub(crate) fn unsound(&mut self, kind: NameKind, name: &str) {
        let entry = (kind, name.to_owned());
        if !self.program.unsound.contains(&entry) {
            self.program.unsound.push(entry);
        }
    }

    pub(crate) fn statement(&mut self, span: Span) -> u32 {
        push(&mut self.program.manifest.statements, span)
    }

    pub(crate) fn command(&mut self, command: Command) -> u32 {
        push(&mut self.program.manifest.commands, command)
    }

    pub(crate) fn assertion(&mut self, assertion: Assertion) -> u32 {
        push(&mut self.program.manifest.assertions, assertion)
    }

    pub(crate) fn parameter(&mut self, parameter: Parameter) {
        self.program.manifest.parameters.push(parameter);
    }

    pub(crate) fn execution(&mut self, instance: &str, action: u32, span: Span) -> u32 {
        push(&mut self.program.manifest.executions, Execution { instance: instance.to_owned(), action, span })
    }

    /// Optimises the plan and adds it as a query.
    pub(crate) fn query(&mut self, plan: LogicalPlan, columns: Vec<OutputColumn>, span: Span) -> u32 {
        let name = format!("query_{}", self.program.manifest.queries.len());
        let title = if self.explains { self.text(span) } else { None };
        let title = title.unwrap_or_else(|| name.clone());
        let plan = self.physical(&name, &title, plan);
        push(&mut self.program.manifest.queries, Query { plan, columns, span })
    }

    /// Optimises the plan and adds it to what several readers share.
    pub(crate) fn shared(&mut self, plan: LogicalPlan, span: Span) -> u32 {
        let name = format!("shared_{}", self.program.manifest.shared.len());
        let title = self.text(span).map_or_else(|| name.clone(), |text| format!("WITH: {text}"));
        let plan = self.physical(&name, &title, plan);
        push(&mut self.program.manifest.shared, plan)
    }

    pub(crate) fn lambda(&mut self, lambda: Lambda) -> u32 {
        push(&mut self.program.manifest.lambdas, lambda)
    }

    pub(crate) fn subquery(&mut self, subquery: Subquery) -> u32 {
        push(&mut self.program.manifest.subqueries, subquery)
    }

    /// What was written at a place, in one line.
    fn text(&self, span: Span) -> Option<String> {
        text_at(&self.program.manifest, span)
    }

    fn physical(&mut self, name: &str, title: &str, plan: LogicalPlan) -> Operator {
        let plan = if self.unoptimized { without_optimization(plan) } else { optimize(plan) };
        if self.explains {
            let told = decisions(&plan, &|span| self.text(span));
            self.program.decisions.push((title.to_owned(), told.sentences));
            self.program.conditions.extend(told.conditions);
        }
        self.operator(name, choose(plan))
    }

    fn operator(&mut self, query: &str, plan: PhysicalPlan) -> Operator {
        match plan {
            PhysicalPlan::ConnectorScan(scan) => match scan.missing().first() {
                Some(missing) => self.unreadable(query, &scan, missing),
                None => Operator::Scan(self.scan(query, scan)),
            },
            PhysicalPlan::Elements(array) => Operator::Elements(self.scalar(query, "elements", array)),
            PhysicalPlan::SingleRow => Operator::SingleRow,
            PhysicalPlan::Nothing(columns) => Operator::Nothing(columns),
            PhysicalPlan::Pipeline { input, pipeline } => {
                let pipeline = self.pipeline(&format!("{query}_rows"), pipeline);
                Operator::Pipeline { input: Box::new(self.operator(query, *input)), pipeline }
            }
            PhysicalPlan::Sort { input, keys } => {
                Operator::Sort { input: Box::new(self.operator(query, *input)), keys }
            }
            PhysicalPlan::Limit { input, limit, offset } => Operator::Limit {
                limit: limit.map(|limit| self.scalar(query, "limit", limit)),
                offset: offset.map(|offset| self.scalar(query, "offset", offset)),
                input: Box::new(self.operator(query, *input)),
            },
            PhysicalPlan::Aggregate { .. } => {
                let output = plan.columns();
                let PhysicalPlan::Aggregate { input, keys, aggregates } = plan else {
                    unreachable!("it was matched above")
                };
                Operator::Aggregate { input: Box::new(self.operator(query, *input)), keys, aggregates, output }
            }
            PhysicalPlan::Distinct(input) => Operator::Distinct(Box::new(self.operator(query, *input))),
            PhysicalPlan::Join(join) => self.join(query, join),
            PhysicalPlan::Union(inputs) => {
                Operator::Union(inputs.into_iter().map(|input| self.operator(query, input)).collect())
            }
            PhysicalPlan::Shared { index, .. } => Operator::Shared(index),
        }
    }

    /// Fails before any row is asked for: nothing gives the values that the handler has to be told.
    fn unreadable(&mut self, query: &str, scan: &logical::Scan, missing: &[u32]) -> Operator {
        let fields = missing.iter().map(|field| format!("`{}`", scan.fields[*field as usize].name));
        let fields = fields.collect::<Vec<_>>().join(", ");
        let name = format!("{}.{}", scan.instance, scan.entity_name);
        let message =
            self.message(&format!("a query of `{name}` needs values of {fields}, and this one gives none before"));
        let fail = Expr::new(ExprKind::Fail(message), DataType::Dynamic).coerce(DataType::Array).at(scan.span);
        Operator::Elements(self.scalar(query, "unreadable", fail))
    }

    fn pipeline(&mut self, name: &str, pipeline: physical::Pipeline) -> Pipeline {
        let (filters, outputs) = (pipeline.filter.is_some(), pipeline.outputs());
        Pipeline { code: self.function(name, FunctionBody::Pipeline(pipeline)), filters, outputs }
    }

    fn join(&mut self, query: &str, join: physical::Join) -> Operator {
        let (left_columns, right_columns) = (join.left.columns(), join.right.columns());
        let condition = join.condition.map(|condition| self.pipeline(&format!("{query}_on"), condition));
        let bindings = join.bindings;
        let join = Join {
            left: Box::new(self.operator(query, *join.left)),
            right: Box::new(self.operator(query, *join.right)),
            kind: join.kind,
            keys: join.keys,
            condition,
            left_columns,
            right_columns,
        };
        if !bindings.is_empty() {
            Operator::DependentJoin { join, bindings }
        } else if join.keys.is_empty() {
            Operator::NestedLoop(join)
        } else {
            Operator::HashJoin(join)
        }
    }

    fn scan(&mut self, query: &str, scan: logical::Scan) -> Scan {
        let field = |index: u32| &scan.fields[index as usize].name;
        let filters = scan.filters.iter().map(|(index, value)| Filter {
            field: *index,
            value: self.scalar(query, &format!("filter_{}", field(*index)), value.clone()),
        });
        let filters = filters.collect();
        let each = scan.each.iter().map(|(index, values)| Filter {
            field: *index,
            value: self.scalar(query, &format!("each_{}", field(*index)), values.clone()),
        });
        let each = each.collect();
        let conditions = scan.conditions.iter().map(|condition| {
            let value = condition.value.as_ref();
            let name = format!("where_{}", field(condition.field));
            Condition {
                field: condition.field,
                operator: condition.operator.to_owned(),
                value: value.map(|value| self.scalar(query, &name, value.clone())),
            }
        });
        let conditions = conditions.collect();
        Scan {
            filters,
            each,
            conditions,
            limit: scan.limit.map(|limit| self.scalar(query, "scan_limit", limit)),
            instance: scan.instance,
            entity: scan.entity,
            columns: scan.columns,
            order_by: scan.order_by,
            span: scan.span,
        }
    }

    fn scalar(&mut self, query: &str, role: &str, value: Expr) -> FunctionId {
        self.function(&format!("{query}_{role}"), FunctionBody::Scalar(value))
    }
}

/// What was written at a place, in one line; nothing where nobody wrote it.
fn text_at(manifest: &Manifest, span: Span) -> Option<String> {
    let text = manifest.files.get(span.file as usize)?.text.get(span.start as usize..span.end as usize)?;
    if text.is_empty() {
        return None;
    }
    Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn push<T>(table: &mut Vec<T>, item: T) -> u32 {
    table.push(item);
    table.len() as u32 - 1
}
