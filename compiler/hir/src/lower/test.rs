//! TEST CONNECTOR TYPE, ASSERT.

use moltler_abi::DataType;
use moltler_abi::runtime_calls::BinaryOperator;
use moltler_syntax::TextRange;
use moltler_syntax::ast::{self, AstNode, ClauseKind, Expr};

use super::Lower;
use crate::body::{ExprId, ExprKind, StmtKind, SubqueryKind};
use crate::config_schema::Reader;
use crate::definition::{Spanned, TestDef};
use crate::diagnostics::Code;
use crate::diagnostics::definition::{missing_clause, time_without_mocks};
use crate::diagnostics::error_class::misspelled_error_class;
use crate::diagnostics::expression::misplaced;
use crate::syntax_tree::constant;

/// At most so many values explain a failed ASSERT.
const MAX_PARTS: usize = 12;

impl Lower<'_> {
    pub(super) fn test(&mut self, node: ast::TestBlock<'_>) -> StmtKind {
        self.in_test = true;
        let mut test = TestDef { type_name: self.known_type(node.type_name()), ..TestDef::default() };
        let mut has_name = false;
        for clause in self.clauses(node.clauses()) {
            match clause.kind() {
                ClauseKind::Name => {
                    has_name = true;
                    if let Some(name) = clause.string() {
                        test.name = Spanned { text: name.value(), range: name.range() };
                    }
                }
                ClauseKind::Tags => test.tags = self.tags(clause),
                ClauseKind::At => {
                    let at = self.optional(clause.expr(), clause.range());
                    let at = self.adapted(BinaryOperator::Equal, at, DataType::Timestamp);
                    self.expect_type("AT", DataType::Timestamp, at);
                    test.at = Some(at);
                }
                ClauseKind::MockApi => {
                    if let Some(document) = clause.document() {
                        let value = constant(Expr::Document(document));
                        Reader { clause: "MOCK_API", out: &mut self.diagnostics }.mock_api(&value);
                        test.mock_api = Some(self.document_told(document));
                    }
                }
                _ => {}
            }
        }
        if let (Some(at), None) = (test.at, test.mock_api) {
            let range = self.expr_range(at);
            self.report(time_without_mocks(range));
        }
        if !has_name && !node.syntax().has_error() {
            let at = node.type_name().map_or(node.range(), |name| name.range());
            self.report(missing_clause("NAME", "a test", at));
        }
        test.body = self.block(node.body());
        test.environment = std::mem::take(&mut self.environment);
        self.in_test = false;
        StmtKind::Test(test)
    }

    /// A document whose repeated keys were told already.
    pub(super) fn document_told(&mut self, document: ast::DocumentExpr<'_>) -> ExprId {
        let before = self.diagnostics.len();
        let lowered = self.document(document);
        let mut position = 0;
        self.diagnostics.retain(|diagnostic| {
            position += 1;
            position <= before || diagnostic.code != Code::RepeatedKey
        });
        lowered
    }

    pub(super) fn assert(&mut self, node: ast::Assert<'_>) -> StmtKind {
        let condition = self.optional(node.condition(), node.range());
        self.condition("ASSERT", condition);
        let message = node.message().map(|message| self.expr(message));
        let mut parts = Vec::new();
        self.parts(condition, &mut parts);
        StmtKind::Assert { condition, message, parts }
    }

    pub(super) fn assert_raises(&mut self, node: ast::AssertRaises<'_>) -> StmtKind {
        let pattern = node.pattern().map(|pattern| self.expr(pattern));
        if let Some(pattern) = pattern {
            self.expect_type("LIKE", DataType::String, pattern);
        }
        let (Some(error), Some(statement)) = (node.error(), node.statement()) else { return StmtKind::Missing };
        let class = error.value();
        self.check_error_class(&class, error.range());
        let statement = self.statement(statement);
        StmtKind::AssertRaises { class, pattern, statement }
    }

    pub(super) fn advance(&mut self, node: ast::Advance<'_>) -> StmtKind {
        let interval = self.optional(node.interval(), node.range());
        self.expect_type("ADVANCE", DataType::Interval, interval);
        if !self.in_test {
            self.report(misplaced("`ADVANCE` moves the clock of a test; it stands in a TEST only", node.range()));
            return StmtKind::Missing;
        }
        StmtKind::Advance(interval)
    }

    /// Handlers may throw classes of their own, so only what is nearly a known name is told.
    pub(super) fn check_error_class(&mut self, class: &str, range: TextRange) {
        if let Some(diagnostic) = misspelled_error_class(class, range) {
            self.report(diagnostic);
        }
    }

    /// The sub-expressions whose values explain a condition, outermost first; no constants but documents and arrays,
    /// and each text once.
    fn parts(&self, expr: ExprId, parts: &mut Vec<ExprId>) {
        if parts.len() >= MAX_PARTS {
            return;
        }
        let is_part = match &self.body.exprs[expr].kind {
            ExprKind::Column(_)
            | ExprKind::Variable(_)
            | ExprKind::Member { .. }
            | ExprKind::Index { .. }
            | ExprKind::Call { .. }
            | ExprKind::Subquery { kind: SubqueryKind::Scalar, .. }
            | ExprKind::Cast { .. } => !self.is_constant(expr),
            ExprKind::Binary { operator, .. } => !self.is_constant(expr) && operator_gives_value(*operator),
            // What a document is compared with: how they differ is told by path.
            ExprKind::Document(_) | ExprKind::Array(_) | ExprKind::Json(_) => true,
            _ => false,
        };
        let text = self.text_of(self.expr_range(expr));
        if is_part && !parts.iter().any(|part| self.text_of(self.expr_range(*part)) == text) {
            parts.push(expr);
        }
        match &self.body.exprs[expr].kind {
            ExprKind::Binary { left, right, .. } => {
                self.parts(*left, parts);
                self.parts(*right, parts);
            }
            ExprKind::Unary { operand, .. } | ExprKind::IsNull { operand, .. } | ExprKind::Cast { operand } => {
                self.parts(*operand, parts);
            }
            ExprKind::Between { operand, low, high, .. } => {
                for part in [operand, low, high] {
                    self.parts(*part, parts);
                }
            }
            ExprKind::InList { operand, elements, .. } => {
                self.parts(*operand, parts);
                for element in elements {
                    self.parts(*element, parts);
                }
            }
            ExprKind::Call { arguments, .. } => {
                for argument in arguments {
                    self.parts(*argument, parts);
                }
            }
            ExprKind::Subquery { kind: SubqueryKind::In { operand, .. }, .. } => self.parts(*operand, parts),
            ExprKind::Member { base, .. } => self.parts(*base, parts),
            ExprKind::Index { base, index } => {
                self.parts(*base, parts);
                self.parts(*index, parts);
            }
            _ => {}
        }
    }

    fn is_constant(&self, expr: ExprId) -> bool {
        match &self.body.exprs[expr].kind {
            ExprKind::Null
            | ExprKind::Boolean(_)
            | ExprKind::Integer(_)
            | ExprKind::Number(_)
            | ExprKind::String(_)
            | ExprKind::Json(_)
            | ExprKind::Missing => true,
            ExprKind::Cast { operand } | ExprKind::Unary { operand, .. } => self.is_constant(*operand),
            ExprKind::Binary { left, right, .. } => self.is_constant(*left) && self.is_constant(*right),
            ExprKind::Array(elements) => elements.iter().all(|element| self.is_constant(*element)),
            ExprKind::Document(pairs) => pairs.iter().all(|(_, value)| self.is_constant(*value)),
            ExprKind::Interval { value, .. } => self.is_constant(*value),
            _ => false,
        }
    }
}

/// Whether the operator's value says more than true or false.
fn operator_gives_value(operator: BinaryOperator) -> bool {
    matches!(
        operator,
        BinaryOperator::Coalesce
            | BinaryOperator::Concat
            | BinaryOperator::Add
            | BinaryOperator::Subtract
            | BinaryOperator::Multiply
            | BinaryOperator::Divide
            | BinaryOperator::Remainder
    )
}
