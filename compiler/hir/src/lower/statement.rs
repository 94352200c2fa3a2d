//! Statements.

use moltler_abi::DataType;
use moltler_syntax::TextRange;
use moltler_syntax::ast::{self, AstNode, ClauseKind, Statement, Value};

use super::Lower;
use super::execute::LoweredExecution;
use super::select::LoweredSelect;
use crate::body::{Catch, ExprId, ExprKind, Stmt, StmtId, StmtKind, Variable, VariableId, VariableScope};
use crate::diagnostics::expression::misplaced;
use crate::diagnostics::not_supported::not_supported;
use crate::diagnostics::unknown_name::{malformed_name, unknown_entity};
use crate::diagnostics::{Code, LocalDiagnostic};
use crate::signature;

impl Lower<'_> {
    /// A statement that stands in no other.
    pub(super) fn top_level(&mut self, node: Statement<'_>) -> StmtId {
        self.statement(node)
    }

    pub(super) fn statement(&mut self, node: Statement<'_>) -> StmtId {
        let range = node.range();
        if self.depth > super::MAX_DEPTH {
            let diagnostic = LocalDiagnostic::error(Code::TooDeep, range, "this statement is nested too deep");
            self.report(diagnostic);
            return self.body.stmts.push(Stmt { kind: StmtKind::Missing, range });
        }
        self.depth += 4;
        let kind = self.statement_kind(node, range);
        self.depth -= 4;
        self.body.stmts.push(Stmt { kind, range })
    }

    fn statement_kind(&mut self, node: Statement<'_>, range: TextRange) -> StmtKind {
        match node {
            Statement::CreateConnectorType(node) => self.type_definition(node),
            Statement::CreateConnectorEntity(node) => self.entity_definition(node),
            Statement::CreateConnectorAction(node) => self.action_definition(node),
            Statement::RegisterConnectorType(node) => {
                StmtKind::Register { type_name: self.known_type(node.name()).text }
            }
            Statement::CreateConnector(node) => self.instance(node),
            Statement::Test(node) => self.test(node),
            Statement::PackageConnectorType(node) => self.package(node),
            Statement::PublishConnectorType(node) => self.publish(node),
            Statement::AlterConnector(node) => self.alter(node),
            Statement::DropConnector(node) => match self.known_instance(node.name()) {
                Some(instance) => StmtKind::Drop { instance },
                None => StmtKind::Missing,
            },
            Statement::ShowConnectors(_) => StmtKind::ShowConnectors,
            Statement::ShowConnector(node) => match self.known_instance(node.name()) {
                Some(instance) => StmtKind::ShowConnector { instance, status: node.has_status() },
                None => StmtKind::Missing,
            },
            Statement::Describe(node) => self.describe(node),
            Statement::TestConnector(node) => match self.known_instance(node.name()) {
                Some(instance) => StmtKind::TestConnector { instance },
                None => StmtKind::Missing,
            },
            Statement::Select(node) => match self.select(node) {
                LoweredSelect::Select(select) => StmtKind::Query(select),
                LoweredSelect::Fail(message) => StmtKind::Fail(message),
                LoweredSelect::Missing => StmtKind::Missing,
            },
            Statement::ConnectorExec(node) => match self.execute(node) {
                LoweredExecution::Execution(execution) => StmtKind::Execute(execution),
                LoweredExecution::Fail(message) => StmtKind::Fail(message),
                LoweredExecution::Missing => StmtKind::Missing,
            },
            Statement::Param(node) => self.param(node),
            Statement::Declare(node) => self.declare_statement(node),
            Statement::Set(node) => self.set(node),
            Statement::Assert(node) => self.assert(node),
            Statement::If(node) => self.if_statement(node),
            Statement::For(node) => self.for_statement(node),
            Statement::While(node) => {
                let condition = self.optional(node.condition(), range);
                self.condition("WHILE", condition);
                let body = self.loop_block(node.body(), None);
                StmtKind::While { condition, body }
            }
            Statement::Break(_) => self.jump(StmtKind::Break, "BREAK", range),
            Statement::Continue(_) => self.jump(StmtKind::Continue, "CONTINUE", range),
            Statement::Try(node) => self.try_statement(node),
            Statement::Raise(node) => {
                let message = self.optional(node.value(), range);
                let code = node.code().map(|code| self.expr(code));
                StmtKind::Raise { message, code }
            }
            Statement::Print(node) => StmtKind::Print(self.optional(node.value(), range)),
            Statement::ShowSyncState(node) => self.show_sync_state(node),
            Statement::SyncConnector(node) => self.sync(node),
            Statement::InstallConnectorType(_) => self.refuse("`INSTALL CONNECTOR TYPE`", range),
            Statement::AssertRaises(node) => self.assert_raises(node),
            Statement::Advance(node) => self.advance(node),
            Statement::Unsupported(node) => self.refuse(&format!("`{}`", node.head()), range),
        }
    }

    fn refuse(&mut self, what: &str, range: TextRange) -> StmtKind {
        self.report(not_supported(what, range));
        StmtKind::Missing
    }

    fn jump(&mut self, kind: StmtKind, word: &str, range: TextRange) -> StmtKind {
        if self.loops == 0 {
            self.report(misplaced(format!("`{word}` stands outside of a loop"), range));
            return StmtKind::Missing;
        }
        kind
    }

    fn alter(&mut self, node: ast::AlterConnector<'_>) -> StmtKind {
        let instance = self.known_instance(node.name());
        let options = node.options().and_then(ast::Clause::document).map(|document| self.options(document));
        match (instance, options, node.enables()) {
            (Some(instance), Some(options), _) => StmtKind::AlterOptions { instance, options },
            (Some(instance), None, Some(enabled)) => StmtKind::SetEnabled { instance, enabled },
            _ => StmtKind::Missing,
        }
    }

    fn describe(&mut self, node: ast::Describe<'_>) -> StmtKind {
        let Some(path) = node.target() else { return StmtKind::Missing };
        let segments: Vec<ast::Name<'_>> = path.segments().collect();
        let [instance, entity] = segments[..] else {
            self.report(malformed_name(path.text(), "`instance.entity`", path.range()));
            return StmtKind::Missing;
        };
        let Some(instance) = self.known_instance(Some(instance)) else { return StmtKind::Missing };
        let Some(type_name) = self.instance_type(&instance) else { return StmtKind::Missing };
        let name = entity.value();
        let key = format!("{type_name}.{name}");
        if signature::entity(self.db, &key).is_none() {
            if signature::connector_type(self.db, &type_name).is_none() {
                self.report_untyped_instance(&instance, &type_name, segments[0].range());
                return StmtKind::Missing;
            }
            let in_test = self.in_test;
            let diagnostic = unknown_entity(&type_name, &name, entity.range(), in_test);
            let message = diagnostic.message.clone();
            self.report(diagnostic);
            return if in_test { StmtKind::Fail(message) } else { StmtKind::Missing };
        }
        StmtKind::Describe { instance, entity: key }
    }

    fn param(&mut self, node: ast::Param<'_>) -> StmtKind {
        let data_type = self.data_type(node.data_type());
        let Some(name) = node.name() else { return StmtKind::Missing };
        if !self.blocks.is_empty() {
            self.report(misplaced("`PARAM` stands at the top level of a file only", node.range()));
        }
        let mut default = None;
        let mut description = None;
        for clause in self.clauses(node.clauses()) {
            match clause.kind() {
                ClauseKind::Default => {
                    let value = self.optional(clause.expr(), clause.range());
                    if let Some(data_type) = data_type {
                        self.expect_type(&name.value(), data_type, value);
                    }
                    default = Some(value);
                }
                ClauseKind::Description => description = clause.text_value(),
                _ => {}
            }
        }
        // What comes from the command line is text.
        let variable = self.declare(&name, data_type, DataType::String);
        StmtKind::Param { variable, default, description }
    }

    fn declare_statement(&mut self, node: ast::Declare<'_>) -> StmtKind {
        let data_type = self.data_type(node.data_type());
        let value = node.value().map(|value| self.value(value));
        let Some(name) = node.name() else { return StmtKind::Missing };
        let inferred = value.map_or(DataType::Dynamic, |value| self.expr_type(value));
        if let (Some(value), Some(data_type)) = (value, data_type) {
            self.expect_type(&name.value(), data_type, value);
        }
        let variable = self.declare(&name, data_type, inferred);
        if let Some(value) = value
            && let ExprKind::Query(select) = &self.body.exprs[value].kind
            && !self.assigned.contains(&name.value())
        {
            let columns = self.body.selects[*select].columns.iter().map(|column| column.name.clone()).collect();
            self.rows.insert(variable, columns);
        }
        StmtKind::Declare { variable, value }
    }

    fn set(&mut self, node: ast::Set<'_>) -> StmtKind {
        let value = node.value().map(|value| self.value(value));
        let (Some(name), Some(value)) = (node.name(), value) else { return StmtKind::Missing };
        let Some(variable) = self.find_variable(&name.value()) else {
            self.report_unknown_variable(&name.value(), name.range());
            return StmtKind::Missing;
        };
        let declared = &self.body.variables[variable];
        if declared.is_typed {
            let data_type = declared.data_type;
            self.expect_type(&name.value(), data_type, value);
        }
        StmtKind::Set { variable, value }
    }

    /// What DECLARE, SET and FOR take.
    fn value(&mut self, value: Value<'_>) -> ExprId {
        match value {
            Value::Expr(expr) => self.expr(expr),
            Value::Select(node) => match self.select(node) {
                LoweredSelect::Select(select) => self.body.expr(ExprKind::Query(select), DataType::Array, node.range()),
                LoweredSelect::Fail(message) => self.body.expr(ExprKind::Fail(message), DataType::Array, node.range()),
                LoweredSelect::Missing => self.missing(node.range()),
            },
            Value::ConnectorExec(node) => match self.execute(node) {
                LoweredExecution::Execution(execution) => {
                    self.body.expr(ExprKind::Execute(execution), DataType::Dynamic, node.range())
                }
                LoweredExecution::Fail(message) => {
                    self.body.expr(ExprKind::Fail(message), DataType::Dynamic, node.range())
                }
                LoweredExecution::Missing => self.missing(node.range()),
            },
            Value::Range(range) => self.mistake(misplaced("a range stands behind `FOR … IN` only", range.range())),
        }
    }

    fn if_statement(&mut self, node: ast::If<'_>) -> StmtKind {
        let condition = self.optional(node.condition(), node.range());
        self.condition("IF", condition);
        let mut branches = vec![(condition, self.block(node.then()))];
        for elseif in node.elseifs() {
            let condition = self.optional(elseif.condition(), elseif.range());
            self.condition("ELSEIF", condition);
            branches.push((condition, self.block(elseif.body())));
        }
        let otherwise = node.else_clause().map(|clause| self.block(clause.body())).unwrap_or_default();
        StmtKind::If { branches, otherwise }
    }

    fn for_statement(&mut self, node: ast::For<'_>) -> StmtKind {
        let range = node.range();
        match node.source() {
            Some(Value::Range(bounds)) => {
                let first = self.optional(bounds.low(), bounds.range());
                let last = self.optional(bounds.high(), bounds.range());
                self.whole_number("FOR", first);
                self.whole_number("FOR", last);
                let Some(variable) = self.loop_variable(node.variable(), DataType::Integer) else {
                    return StmtKind::Missing;
                };
                let body = self.loop_block(node.body(), Some(variable));
                StmtKind::ForRange { variable, first, last, body }
            }
            source => {
                let array = match source {
                    Some(source) => self.value(source),
                    None => self.missing(range),
                };
                self.expect_type("FOR", DataType::Array, array);
                let Some(variable) = self.loop_variable(node.variable(), DataType::Dynamic) else {
                    return StmtKind::Missing;
                };
                let body = self.loop_block(node.body(), Some(variable));
                StmtKind::ForEach { variable, array, body }
            }
        }
    }

    /// A variable that lives in the block of its statement only.
    fn loop_variable(&mut self, name: Option<ast::Name<'_>>, data_type: DataType) -> Option<VariableId> {
        let name = name?;
        let text = name.value();
        self.check_shadowing(&text, name.range());
        let data_type = if self.assigned.contains(&text) { DataType::Dynamic } else { data_type };
        Some(self.body.variables.push(Variable {
            name: text,
            data_type,
            is_typed: false,
            scope: VariableScope::Block,
            range: name.range(),
        }))
    }

    fn loop_block(&mut self, block: Option<ast::Block<'_>>, variable: Option<VariableId>) -> Vec<StmtId> {
        self.loops += 1;
        let body = self.block_with(block, variable);
        self.loops -= 1;
        body
    }

    pub(super) fn block(&mut self, block: Option<ast::Block<'_>>) -> Vec<StmtId> {
        self.block_with(block, None)
    }

    fn block_with(&mut self, block: Option<ast::Block<'_>>, variable: Option<VariableId>) -> Vec<StmtId> {
        self.blocks.push(variable.into_iter().collect());
        let statements = block.into_iter().flat_map(ast::Block::statements).map(|node| self.statement(node)).collect();
        self.end_block(variable.as_slice());
        statements
    }

    fn try_statement(&mut self, node: ast::Try<'_>) -> StmtKind {
        let body = self.block(node.body());
        let mut catches = Vec::new();
        for clause in node.catches() {
            let variable = self.body.variables.push(Variable {
                name: "error".to_owned(),
                data_type: if self.assigned.contains("error") { DataType::Dynamic } else { DataType::Document },
                is_typed: false,
                scope: VariableScope::Block,
                range: TextRange::default(),
            });
            let class = clause.error().map(|error| {
                let class = error.value();
                self.check_error_class(&class, error.range());
                class
            });
            let body = self.block_with(clause.body(), Some(variable));
            catches.push(Catch { class, variable, body });
        }
        let finally = node.finally().map(|clause| self.block(clause.body())).unwrap_or_default();
        StmtKind::Try { body, catches, finally }
    }
}
