//! SELECTs inside of others: WITH, UNION, and those in expressions.

use moltler_abi::DataType;
use moltler_abi::runtime_calls::BinaryOperator;
use moltler_syntax::TextRange;
use moltler_syntax::ast::{self, AstNode};

use super::select::LoweredSelect;
use super::{Common, Lower};
use crate::body::{ExprId, ExprKind, SelectId, Source, SourceField, SourceKind, SubqueryKind};
use crate::diagnostics::not_supported::not_supported;
use crate::diagnostics::query::{column_count, repeated_alias};
use crate::diagnostics::{Code, LocalDiagnostic};
use crate::infer::common;

impl Lower<'_> {
    /// The queries of WITH become known, each to those behind it.
    pub(super) fn with(&mut self, node: Option<ast::WithClause<'_>>) -> Result<(), LoweredSelect> {
        let Some(node) = node else { return Ok(()) };
        if node.is_recursive() {
            self.report(not_supported("`WITH RECURSIVE`", node.range()));
            return Err(LoweredSelect::Missing);
        }
        let first = self.commons.len();
        for table in node.tables() {
            let (Some(name), Some(query)) = (table.name(), table.query()) else { return Err(LoweredSelect::Missing) };
            let query = self.query(query)?;
            let mut fields = self.fields_of(query);
            let names: Vec<ast::Name<'_>> = table.columns().collect();
            if names.len() > fields.len() {
                let range = names[0].range().cover(names[names.len() - 1].range());
                let place = format!("`{}`", name.value());
                self.report(column_count(&place, fields.len(), names.len(), range));
            }
            for (field, name) in fields.iter_mut().zip(names) {
                field.name = name.value();
            }
            let (text, range) = (name.value(), name.range());
            if let Some(known) = self.commons[first..].iter().find(|common| common.name == text) {
                let diagnostic = repeated_alias(&text, range, known.range);
                self.report(diagnostic);
            }
            self.commons.push(Common { name: text, range, query, fields });
        }
        Ok(())
    }

    /// `a UNION b UNION ALL c …`, from left to right.
    pub(super) fn union(
        &mut self,
        node: ast::SetOperation<'_>,
        whole: ast::SelectStatement<'_>,
    ) -> Result<SelectId, LoweredSelect> {
        let mut spine = vec![node];
        while let Some(ast::SelectBody::SetOperation(left)) = spine[spine.len() - 1].left() {
            spine.push(left);
        }
        for operation in &spine {
            let word = match operation.operator() {
                Some(ast::SetOperator::Union) => continue,
                Some(ast::SetOperator::Intersect) => "`INTERSECT`",
                Some(ast::SetOperator::Except) => "`EXCEPT`",
                None => return Err(LoweredSelect::Missing),
            };
            self.report(not_supported(word, operation.range()));
            return Err(LoweredSelect::Missing);
        }
        let start = spine[spine.len() - 1].range();
        let mut inputs = vec![self.union_input(spine[spine.len() - 1].left())?];
        let mut all = true;
        for operation in spine.into_iter().rev() {
            let right = self.union_input(operation.right())?;
            if operation.is_all() && !all {
                // What is distinct so far stays so.
                let source = self.union_source(std::mem::take(&mut inputs), false, start);
                let source = self.body.sources.push(source);
                inputs.push(self.select_all(source, None));
            }
            // UNION drops what comes twice of all before it.
            all = operation.is_all();
            inputs.push(right);
        }
        let source = self.union_source(inputs, all, node.range());
        let source = self.body.sources.push(source);
        Ok(self.select_all(source, Some(whole)))
    }

    fn union_input(&mut self, node: Option<ast::SelectBody<'_>>) -> Result<SelectId, LoweredSelect> {
        match node {
            Some(ast::SelectBody::Select(select)) => self.one_select(select, None),
            Some(ast::SelectBody::Subquery(query)) => {
                let query = query.query().ok_or(LoweredSelect::Missing)?;
                self.query(query)
            }
            // Only left sides are operations, and they were unrolled.
            Some(ast::SelectBody::SetOperation(_)) | None => Err(LoweredSelect::Missing),
        }
    }

    /// The columns of a UNION have the names of the first SELECT and the types that all of them have in common.
    fn union_source(&mut self, inputs: Vec<SelectId>, all: bool, range: TextRange) -> Source {
        self.type_literals(&inputs);
        let mut fields: Vec<SourceField> = self.fields_of(inputs[0]);
        for input in &inputs[1..] {
            let found = self.body.selects[*input].columns.len();
            if found != fields.len() {
                let at = self.body.selects[*input].range;
                self.report(column_count("this side of UNION", fields.len(), found, at));
                continue;
            }
            for (position, field) in fields.iter_mut().enumerate() {
                let value = self.body.selects[*input].columns[position].value;
                let value = self.adapted(BinaryOperator::Equal, value, field.data_type);
                self.body.selects.get_mut(*input).columns[position].value = value;
                let data_type = self.expr_type(value);
                match common(field.data_type, data_type) {
                    Some(both) => field.data_type = both,
                    None => {
                        let message = format!(
                            "the column `{}` of UNION is `{}` first, and `{data_type}` here",
                            field.name, field.data_type
                        );
                        let at = self.expr_range(value);
                        self.report(LocalDiagnostic::error(Code::TypeMismatch, at, message));
                    }
                }
            }
        }
        Source { kind: SourceKind::Union { inputs, all }, name: String::new(), fields, range }
    }

    /// `SELECT '1' UNION SELECT 2`: a bare text takes the type of the column in the first SELECT that has another value there.
    fn type_literals(&mut self, inputs: &[SelectId]) {
        let is_text = |lower: &Self, value: ExprId| matches!(lower.body.exprs[value].kind, ExprKind::String(_));
        for position in 0..self.body.selects[inputs[0]].columns.len() {
            let values: Vec<(SelectId, ExprId)> = inputs
                .iter()
                .filter_map(|input| Some((*input, self.body.selects[*input].columns.get(position)?.value)))
                .collect();
            let Some((_, other)) = values.iter().find(|(_, value)| {
                !is_text(self, *value) && !matches!(self.expr_type(*value), DataType::Null | DataType::Dynamic)
            }) else {
                continue;
            };
            let data_type = self.expr_type(*other);
            for (input, value) in values.into_iter().filter(|(_, value)| is_text(self, *value)).collect::<Vec<_>>() {
                let typed = self.adapted(BinaryOperator::Equal, value, data_type);
                let select = self.body.selects.get_mut(input);
                select.columns[position].value = typed;
                for key in &mut select.order_by {
                    if key.value == value {
                        key.value = typed;
                    }
                }
            }
        }
    }

    /// `(SELECT …)` as a value.
    pub(super) fn scalar_subquery(&mut self, node: ast::Subquery<'_>) -> ExprId {
        match self.inner_query(node) {
            Ok(query) => {
                let data_type = self.only_column(query, "a SELECT as a value", node.range());
                let kind = ExprKind::Subquery { query, kind: SubqueryKind::Scalar };
                self.body.expr(kind, data_type, node.range())
            }
            Err(other) => other,
        }
    }

    /// `EXISTS (SELECT …)`
    pub(super) fn exists(&mut self, node: ast::ExistsExpr<'_>) -> ExprId {
        let Some(query) = node.query() else { return self.missing(node.range()) };
        match self.inner_query(query) {
            Ok(query) => {
                let kind = ExprKind::Subquery { query, kind: SubqueryKind::Exists { negated: false } };
                self.body.expr(kind, DataType::Boolean, node.range())
            }
            Err(other) => other,
        }
    }

    /// `operand [NOT] IN (SELECT …)`
    pub(super) fn in_subquery(
        &mut self,
        operand: ExprId,
        negated: bool,
        node: ast::Subquery<'_>,
        range: TextRange,
    ) -> ExprId {
        match self.inner_query(node) {
            Ok(query) => {
                let data_type = self.only_column(query, "the SELECT of `IN`", node.range());
                let operand = self.adapted(BinaryOperator::Equal, operand, data_type);
                let found = self.expr_type(operand);
                if !crate::infer::comparable(BinaryOperator::Equal, found, data_type) {
                    self.report(crate::diagnostics::expression::operands("IN", found, data_type, range));
                }
                let kind = ExprKind::Subquery { query, kind: SubqueryKind::In { operand, negated } };
                self.body.expr(kind, DataType::Boolean, range)
            }
            Err(other) => other,
        }
    }

    fn inner_query(&mut self, node: ast::Subquery<'_>) -> Result<SelectId, ExprId> {
        let Some(query) = node.query() else { return Err(self.missing(node.range())) };
        self.query(query).map_err(|other| match other {
            LoweredSelect::Fail(message) => self.body.expr(ExprKind::Fail(message), DataType::Dynamic, node.range()),
            LoweredSelect::Select(_) | LoweredSelect::Missing => self.missing(node.range()),
        })
    }

    /// The type of the only column.
    fn only_column(&mut self, query: SelectId, place: &str, range: TextRange) -> DataType {
        let columns = &self.body.selects[query].columns;
        if let [column] = &columns[..] {
            return self.expr_type(column.value);
        }
        let found = columns.len();
        if found > 0 {
            self.report(column_count(place, 1, found, range));
        }
        DataType::Dynamic
    }
}
