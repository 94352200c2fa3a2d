use moltler_abi::DataType;
use moltler_abi::manifest::{Assertion, Command, Compared, Package, Parameter, Side};
use moltler_abi::runtime_calls::{BinaryOperator, UnaryOperator};
use moltler_db::NameKind;
use moltler_hir::body::{ExprId, ExprKind as HirExpr, Stmt, StmtId, StmtKind as Hir, VariableId};
use moltler_hir::definition::InstanceDef;

use super::FromHir;
use crate::expr::Expr;
use crate::program::{Catch, Statement, StatementKind};

impl FromHir<'_> {
    /// The statement that the body is, of a program; `None` for one that does nothing when it is reached.
    pub(crate) fn root(&mut self) -> Option<Statement> {
        let root = self.unit.body.statement()?;
        self.statement(root)
    }

    /// The same of `moltlerc sync`: SYNCs and what they depend on, nothing that prints or acts otherwise.
    pub(crate) fn root_of_syncs(&mut self) -> Option<Statement> {
        self.only_syncs = true;
        self.root()
    }

    /// The statements of a TEST.
    pub(crate) fn test(&mut self, body: &[StmtId]) -> Vec<Statement> {
        self.in_test = true;
        self.statements(body)
    }

    fn statements(&mut self, ids: &[StmtId]) -> Vec<Statement> {
        let body = self.unit.body;
        ids.iter().filter_map(|id| self.statement(&body.stmts[*id])).collect()
    }

    fn statement(&mut self, stmt: &Stmt) -> Option<Statement> {
        let span = self.unit.span(stmt.range.start(), stmt.range.end());
        if self.only_syncs && is_beside_syncs(&stmt.kind) {
            return None;
        }
        let kind = match &stmt.kind {
            Hir::Missing => StatementKind::Fail(self.gather.message("this statement does not compile")),
            Hir::Fail(message) => StatementKind::Fail(self.gather.message(message)),
            // Definitions are known from the start.
            Hir::Type(_) | Hir::Entity(_) | Hir::Action(_) | Hir::Register { .. } | Hir::Test(_) => return None,
            Hir::Instance(instance) => self.create_instance(instance),
            Hir::Package(package) => self.command(Command::Package(Package {
                type_name: package.type_name.text.clone(),
                version: package.version.clone(),
                description: package.description.clone(),
                author: package.author.clone(),
                license: package.license.clone(),
                homepage: package.homepage.clone(),
                repository: package.repository.clone(),
                tags: package.tags.clone(),
            })),
            Hir::Publish(publish) => self.command(Command::Publish {
                type_name: publish.type_name.text.clone(),
                registry: publish.registry.text.clone(),
            }),
            Hir::AlterOptions { instance, options } => {
                let options = self.scalar(&format!("options_{instance}"), *options);
                self.command(Command::AlterOptions { name: instance.clone(), options })
            }
            Hir::SetEnabled { instance, enabled } => {
                self.command(Command::SetEnabled { name: instance.clone(), enabled: *enabled })
            }
            Hir::Drop { instance } => self.command(Command::DropConnector { name: instance.clone() }),
            Hir::ShowConnectors => self.command(Command::ShowConnectors),
            Hir::ShowConnector { instance, status } => {
                self.command(Command::ShowConnector { name: instance.clone(), status: *status })
            }
            Hir::Describe { instance, entity } => match self.gather.entity(entity) {
                Some(entity) => self.command(Command::Describe { instance: instance.clone(), entity }),
                None => {
                    if !self.in_test {
                        self.gather.unsound(NameKind::Entity, entity);
                    }
                    StatementKind::Fail(self.gather.message(&format!("the entity `{entity}` does not compile")))
                }
            },
            Hir::TestConnector { instance } => self.command(Command::TestConnector { name: instance.clone() }),
            Hir::Sync(sync) => self.sync(sync, span),
            Hir::ShowSyncState { instance, entity } => {
                self.command(Command::ShowSyncState { instance: instance.clone(), entity: entity.clone() })
            }
            Hir::Query(select) => {
                let query = self.query(*select);
                if self.in_test {
                    StatementKind::Evaluate(Expr::new(crate::expr::ExprKind::Query(query), DataType::Array))
                } else {
                    StatementKind::PrintQuery(query)
                }
            }
            Hir::Execute(execution) => {
                let value = self.execution(execution);
                if self.in_test { StatementKind::Evaluate(value) } else { StatementKind::PrintResult(value) }
            }
            Hir::Param { variable, default, description } => {
                let id = self.gather.statement(span);
                return Some(Statement { kind: self.param(*variable, *default, description.clone(), id, span), id });
            }
            Hir::Declare { variable, value } => {
                let value = value.map(|value| self.expr(value)).unwrap_or_else(Expr::null);
                self.store(*variable, value)
            }
            Hir::Set { variable, value } => {
                let value = self.expr(*value);
                self.store(*variable, value)
            }
            Hir::Assert { condition, message, parts } => self.assert(*condition, *message, parts),
            Hir::AssertRaises { class, pattern, statement } => {
                let pattern = pattern.map(|pattern| (self.slots.fresh(), self.expr(pattern)));
                // What does nothing when it is reached raises nothing.
                let statement = self.statement(&self.unit.body.stmts[*statement]).unwrap_or_else(|| Statement {
                    kind: StatementKind::Evaluate(Expr::null()),
                    id: self.gather.statement(span),
                });
                StatementKind::AssertRaises { class: class.clone(), pattern, statement: Box::new(statement) }
            }
            Hir::Advance(interval) => StatementKind::Advance(self.expr(*interval)),
            Hir::If { branches, otherwise } => StatementKind::If {
                branches: branches
                    .iter()
                    .map(|(condition, body)| (self.expr(*condition).condition(), self.statements(body)))
                    .collect(),
                otherwise: self.statements(otherwise),
            },
            Hir::ForEach { variable, array, body } => {
                let array = self.expr(*array).coerce(DataType::Array);
                let (slot, _) = self.variable(*variable);
                let array_slot = self.slots.fresh();
                StatementKind::ForEach { slot, array_slot, array, body: self.statements(body) }
            }
            Hir::ForRange { variable, first, last, body } => {
                let from = self.expr(*first).coerce(DataType::Integer);
                let to = self.expr(*last).coerce(DataType::Integer);
                let (slot, _) = self.variable(*variable);
                StatementKind::ForRange { slot, from, to, body: self.statements(body) }
            }
            Hir::While { condition, body } => {
                StatementKind::While { condition: self.expr(*condition).condition(), body: self.statements(body) }
            }
            Hir::Break => StatementKind::Break,
            Hir::Continue => StatementKind::Continue,
            Hir::Try { body, catches, finally } => StatementKind::Try {
                body: self.statements(body),
                catches: catches
                    .iter()
                    .map(|catch| {
                        let (slot, _) = self.variable(catch.variable);
                        Catch { class: catch.class.clone(), slot, body: self.statements(&catch.body) }
                    })
                    .collect(),
                finally: self.statements(finally),
            },
            Hir::Raise { message, code } => {
                StatementKind::Raise { message: self.expr(*message), code: code.map(|code| self.expr(code)) }
            }
            Hir::Print(value) => StatementKind::Print(self.expr(*value)),
        };
        Some(Statement { kind, id: self.gather.statement(span) })
    }

    fn command(&mut self, command: Command) -> StatementKind {
        StatementKind::Command(self.gather.command(command))
    }

    /// What a variable of a written type takes is made to fit; an error where it does not.
    fn store(&mut self, variable: VariableId, value: Expr) -> StatementKind {
        let (slot, data_type) = self.variable(variable);
        let value = match data_type {
            DataType::Dynamic => value,
            _ if value.data_type == DataType::Null => value.coerce(data_type),
            _ => value.cast(data_type),
        };
        StatementKind::Store { slot, value }
    }

    /// A parameter that was given keeps its value, another one takes its default.
    fn param(
        &mut self,
        variable: VariableId,
        default: Option<ExprId>,
        description: Option<String>,
        statement: u32,
        span: moltler_abi::manifest::Span,
    ) -> StatementKind {
        let (slot, data_type) = self.variable(variable);
        let name = self.unit.body.variables[variable].name.clone();
        let kind = match default {
            Some(default) => self.expr(default),
            None => self.fail(&format!("the parameter `{name}` is not given: pass `--{name} VALUE`")),
        };
        let kind = self.store(variable, kind);
        let absent = Expr::is_null(Expr::variable(slot, data_type), false);
        let body = vec![Statement { kind, id: statement }];
        let required = default.is_none();
        if !self.only_syncs {
            self.gather.parameter(Parameter { name, slot, data_type, required, description, span });
        }
        StatementKind::If { branches: vec![(absent, body)], otherwise: Vec::new() }
    }

    fn assert(&mut self, condition: ExprId, message: Option<ExprId>, parts: &[ExprId]) -> StatementKind {
        let body = self.unit.body;
        let mut parts = parts.to_vec();
        // A literal explains nothing, unless it is what a document is compared with: then the difference does.
        if let HirExpr::Binary { operator: BinaryOperator::Equal, left, right } = &body.exprs[condition].kind {
            for side in [*left, *right] {
                let is_nested = matches!(body.exprs[side].kind, HirExpr::Document(_) | HirExpr::Array(_));
                if is_nested && !parts.contains(&side) {
                    parts.push(side);
                }
            }
        }
        let span = |id: ExprId| self.unit.span(body.exprs[id].range.start(), body.exprs[id].range.end());
        let assertion = Assertion {
            span: span(condition),
            parts: parts.iter().map(|part| span(*part)).collect(),
            compared: self.compared(condition, &parts),
        };
        let assertion = self.gather.assertion(assertion);
        self.parts = parts.iter().enumerate().map(|(part, id)| (*id, (assertion, part as u32))).collect();
        let value = self.expr(condition).condition();
        self.parts.clear();
        StatementKind::Assert { assertion, value, message: message.map(|message| self.expr(message)) }
    }

    /// The sides of an equality, where the values of both are known when it fails.
    fn compared(&self, condition: ExprId, parts: &[ExprId]) -> Option<Compared> {
        let exprs = &self.unit.body.exprs;
        let HirExpr::Binary { operator: BinaryOperator::Equal, left, right } = exprs[condition].kind else {
            return None;
        };
        let text = |id: ExprId| {
            let range = exprs[id].range;
            self.unit.text.get(range.start() as usize..range.end() as usize)
        };
        let side = |id: ExprId| match &exprs[id].kind {
            HirExpr::Null => Some(Side::Null),
            HirExpr::Boolean(value) => Some(Side::Boolean(*value)),
            HirExpr::Integer(value) => Some(Side::Integer(*value)),
            HirExpr::Number(value) => Some(Side::Number(*value)),
            HirExpr::String(value) => Some(Side::Text(value.clone())),
            kind => {
                if let HirExpr::Cast { operand } = kind
                    && let HirExpr::String(value) = &exprs[*operand].kind
                {
                    return Some(Side::Text(value.clone()));
                }
                if let HirExpr::Unary { operator: UnaryOperator::Negate, operand } = kind {
                    return match &exprs[*operand].kind {
                        HirExpr::Integer(value) => Some(Side::Integer(value.wrapping_neg())),
                        HirExpr::Number(value) => Some(Side::Number(-value)),
                        _ => None,
                    };
                }
                // Of several parts that are written alike, one is kept.
                part(parts, |part| part == id || text(part) == text(id))
            }
        };
        let (left, right) = (side(left)?, side(right)?);
        Some(match (left, right) {
            (expected, actual @ Side::Part(_)) if !matches!(expected, Side::Part(_)) => Compared { actual, expected },
            (actual, expected) => Compared { actual, expected },
        })
    }

    /// CREATE CONNECTOR in a test; at the top level an instance is known from the start.
    fn create_instance(&mut self, definition: &InstanceDef) -> StatementKind {
        match self.instance(definition) {
            Some(instance) => StatementKind::CreateInstance(instance),
            None => {
                let message = format!("the connector type `{}` does not compile", definition.type_name.text);
                StatementKind::Fail(self.gather.message(&message))
            }
        }
    }

    /// An instance's place in the manifest; `None` where its type has errors.
    pub(crate) fn instance(&mut self, definition: &InstanceDef) -> Option<u32> {
        let connector_type = self.gather.connector_type(&definition.type_name.text)?;
        let name = definition.name.text.clone();
        let config = definition.config.map(|config| self.scalar(&format!("config_{name}"), config));
        let options = definition.options.map(|options| self.scalar(&format!("options_{name}"), options));
        let span = self.unit.span(definition.name.range.start(), definition.name.range.end());
        Some(self.gather.instance(moltler_abi::manifest::Instance { name, connector_type, config, options, span }))
    }
}

/// Whether a statement prints something or acts on something else than what SYNC reads.
fn is_beside_syncs(kind: &Hir) -> bool {
    matches!(
        kind,
        Hir::Query(_)
            | Hir::Execute(_)
            | Hir::Print(_)
            | Hir::ShowConnectors
            | Hir::ShowConnector { .. }
            | Hir::ShowSyncState { .. }
            | Hir::Describe { .. }
            | Hir::TestConnector { .. }
            | Hir::Package(_)
            | Hir::Publish(_)
    )
}

fn part(parts: &[ExprId], is_it: impl Fn(ExprId) -> bool) -> Option<Side> {
    parts.iter().position(|part| is_it(*part)).map(|position| Side::Part(position as u32))
}
