use std::sync::Arc;

use moltler_abi::DataType;
use moltler_abi::runtime_calls::BinaryOperator;
use moltler_db::NameKind;
use moltler_hir::body::{Execution, ExprId, ExprKind as Hir};

use super::FromHir;
use crate::expr::{Expr, ExprKind, Literal};

impl FromHir<'_> {
    /// An expression; columns are those of the SELECT under way.
    pub(super) fn expr(&mut self, id: ExprId) -> Expr {
        let body = self.unit.body;
        let hir = &body.exprs[id];
        let expr = match &hir.kind {
            Hir::Missing => self.fail("this expression does not compile"),
            Hir::Null => Expr::null(),
            Hir::Boolean(value) => Expr::boolean(*value),
            Hir::Integer(value) => Expr::integer(*value),
            Hir::Number(value) => Expr::literal(Literal::Number(*value)),
            Hir::String(text) => Expr::string(text.as_str()),
            Hir::SecretTemplate(text) => Expr::new(ExprKind::SecretTemplate(text.clone()), DataType::String),
            Hir::Column(column) => {
                let column = self.column(*column);
                // Columns hold intervals as dynamic values.
                if hir.data_type == DataType::Interval { column.coerce(DataType::Interval) } else { column }
            }
            Hir::Variable(variable) => {
                let (slot, data_type) = self.variable(*variable);
                Expr::variable(slot, data_type)
            }
            Hir::Array(items) => Expr::array(self.exprs(items)),
            Hir::Json(json) => Expr::new(ExprKind::Json(Arc::clone(json)), hir.data_type),
            Hir::Document(members) => {
                Expr::document(members.iter().map(|(key, value)| (key.clone(), self.expr(*value))).collect())
            }
            Hir::Binary { operator, left, right } => Expr::binary(*operator, self.expr(*left), self.expr(*right)),
            Hir::Unary { operator, operand } => Expr::unary(*operator, self.expr(*operand)),
            Hir::IsNull { operand, negated } => Expr::is_null(self.expr(*operand), *negated),
            Hir::Between { operand, low, high, negated } => {
                Expr::between(self.expr(*operand), self.expr(*low), self.expr(*high), *negated)
            }
            Hir::InList { operand, elements, negated } => {
                Expr::in_list(self.expr(*operand), self.exprs(elements), *negated)
            }
            Hir::Case { arms, otherwise } => self.case(arms, *otherwise),
            Hir::Cast { operand } => self.expr(*operand).cast(hir.data_type),
            Hir::Interval { value, unit } => {
                let value = Box::new(self.expr(*value));
                let unit = unit.clone().unwrap_or_default();
                Expr::new(ExprKind::Interval { value, unit }, DataType::Interval)
            }
            Hir::Call { function, arguments } => self.call(*function, arguments),
            Hir::Lambda { .. } => self.fail("a function is no value"),
            Hir::Member { base, key } => Expr::member(self.expr(*base), key.as_str()),
            Hir::Index { base, index } => Expr::index(self.expr(*base), self.expr(*index)),
            Hir::Query(select) => {
                let query = self.query(*select);
                Expr::new(ExprKind::Query(query), DataType::Array)
            }
            Hir::Subquery { query, kind } => self.subquery(*query, *kind),
            Hir::Execute(execution) => self.execution(execution),
            Hir::Fail(message) => self.fail(message),
        };
        let expr = expr.at(self.unit.span(hir.range.start(), hir.range.end()));
        match self.parts.get(&id) {
            Some((assertion, part)) => {
                let (data_type, span) = (expr.data_type, expr.span);
                let kind = ExprKind::Part { assertion: *assertion, part: *part, operand: Box::new(expr) };
                Expr::new(kind, data_type).at(span)
            }
            None => expr,
        }
    }

    fn case(&mut self, arms: &[(ExprId, ExprId)], otherwise: Option<ExprId>) -> Expr {
        let exprs = &self.unit.body.exprs;
        // `CASE operand WHEN …`: the operand is the same expression in all of them, and is evaluated once where all values that
        // it is compared with have its type.
        let tests: Option<Vec<(ExprId, ExprId)>> = arms
            .iter()
            .map(|(condition, _)| match exprs[*condition].kind {
                Hir::Binary { operator: BinaryOperator::Equal, left, right } => Some((left, right)),
                _ => None,
            })
            .collect();
        if let Some(tests) = tests
            && let [(operand, _), _, ..] = tests[..]
            && tests.iter().all(|(left, right)| *left == operand && exprs[*right].data_type == exprs[operand].data_type)
        {
            let operand = self.expr(operand);
            let branches = tests.iter().zip(arms);
            let branches = branches.map(|((_, test), (_, value))| (self.expr(*test), self.expr(*value))).collect();
            return Expr::switch(operand, branches, otherwise.map(|value| self.expr(value)));
        }
        let arms = arms.iter().map(|(condition, value)| (self.expr(*condition), self.expr(*value))).collect();
        Expr::case(arms, otherwise.map(|value| self.expr(value)))
    }

    fn exprs(&mut self, ids: &[ExprId]) -> Vec<Expr> {
        ids.iter().map(|id| self.expr(*id)).collect()
    }

    /// CONNECTOR_EXEC as a value.
    pub(super) fn execution(&mut self, execution: &Execution) -> Expr {
        let Some(action) = self.gather.action(&execution.action) else {
            if !self.in_test {
                self.gather.unsound(NameKind::Action, &execution.action);
            }
            return self.fail(&format!("the action `{}` does not compile", execution.action));
        };
        let argument = execution.argument.map(|argument| Box::new(self.expr(argument)));
        let span = self.unit.span(execution.range.start(), execution.range.end());
        let execution = self.gather.execution(&execution.instance, action, span);
        Expr::new(ExprKind::Execute { execution, argument }, DataType::Dynamic).at(span)
    }

    /// An expression that fails when it is reached.
    pub(super) fn fail(&mut self, message: &str) -> Expr {
        let message = self.gather.message(message);
        Expr::new(ExprKind::Fail(message), DataType::Dynamic)
    }
}
