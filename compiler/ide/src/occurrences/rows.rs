//! Which field of which entity a column or a member of a row is.

use std::sync::Arc;

use moltler_db::NameKind;
use moltler_hir::body::{Body, ColumnRef, ExprId, ExprKind, SelectId, SourceKind, StmtKind, VariableId, VariableScope};
use moltler_hir::catalog::variable_key;
use moltler_hir::{Database, Package, lower_statement};

/// SELECTs inside SELECTs and variables are followed this far.
const MAX_STEPS: u32 = 32;

/// An entity with its type, and a field of it.
pub(super) type Field = (String, String);

/// What is needed to follow names out of a body.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    pub(super) db: &'a Database,
    pub(super) package: &'a Package,
    pub(super) file: moltler_db::FileId,
}

impl Rows<'_> {
    /// The field that a column shows without another name.
    pub(super) fn of_column(self, body: &Body, column: ColumnRef) -> Option<Field> {
        self.column(body, column, 0)
    }

    /// The field that `base.key` is, where `base` is a row of a SELECT.
    pub(super) fn of_member(self, body: &Body, base: ExprId, key: &str) -> Option<Field> {
        let (of, select) = self.element(body, base, 0)?;
        self.output(&of, select, key, 0)
    }

    /// The field behind a name in the list of a SELECT.
    pub(super) fn output(self, body: &Body, select: SelectId, name: &str, steps: u32) -> Option<Field> {
        let column = body.selects[select].columns.iter().find(|column| column.name == name)?;
        // An alias is a name of its own.
        let value = &body.exprs[column.value];
        let is_aliased = value.range.end() != column.range.end();
        match &value.kind {
            ExprKind::Column(found) if !is_aliased => self.column(body, *found, steps + 1),
            ExprKind::Member { base, key } if !is_aliased && key == name => {
                let (of, select) = self.element(body, *base, steps + 1)?;
                self.output(&of, select, key, steps + 1)
            }
            _ => None,
        }
    }

    fn column(self, body: &Body, column: ColumnRef, steps: u32) -> Option<Field> {
        if steps > MAX_STEPS {
            return None;
        }
        let source = &body.sources[column.source];
        let field = source.fields.get(column.field as usize);
        match &source.kind {
            SourceKind::Entity { entity, .. } => Some((entity.clone(), field?.name.clone())),
            SourceKind::Query(select) | SourceKind::Common(select) => {
                self.output(body, *select, &field?.name, steps + 1)
            }
            SourceKind::Union { inputs, .. } => self.output(body, *inputs.first()?, &field?.name, steps + 1),
            SourceKind::Groups => {
                let (_, select) = body.selects.iter().find(|(_, select)| {
                    select.grouping.as_ref().is_some_and(|grouping| grouping.source == column.source)
                })?;
                let key = select.grouping.as_ref()?.keys.get(column.field as usize)?;
                match &body.exprs[*key].kind {
                    ExprKind::Column(found) => self.column(body, *found, steps + 1),
                    _ => None,
                }
            }
            SourceKind::Array(_) => None,
        }
    }

    /// The SELECT whose row an expression is.
    fn element(self, body: &Body, expr: ExprId, steps: u32) -> Option<(Arc<Body>, SelectId)> {
        if steps > MAX_STEPS {
            return None;
        }
        match &body.exprs[expr].kind {
            ExprKind::Index { base, .. } => self.array(body, *base, steps + 1),
            ExprKind::Column(column) => match &body.sources[column.source].kind {
                SourceKind::Array(array) => self.array(body, *array, steps + 1),
                _ => None,
            },
            ExprKind::Variable(variable) => {
                let array = body.stmts.iter().find_map(|(_, statement)| match &statement.kind {
                    StmtKind::ForEach { variable: element, array, .. } if element == variable => Some(*array),
                    _ => None,
                });
                let array = array.or_else(|| lambda_array(body, *variable))?;
                self.array(body, array, steps + 1)
            }
            _ => None,
        }
    }

    /// The SELECT whose rows an expression is.
    fn array(self, body: &Body, expr: ExprId, steps: u32) -> Option<(Arc<Body>, SelectId)> {
        if steps > MAX_STEPS {
            return None;
        }
        match &body.exprs[expr].kind {
            ExprKind::Query(select) => Some((Arc::new(body.clone()), *select)),
            ExprKind::Variable(variable) => {
                let declared = &body.variables[*variable];
                if declared.scope != VariableScope::File {
                    return self.array(body, value_of(body, *variable)?, steps + 1);
                }
                let key = variable_key(self.file, &declared.name);
                let statement = self.package.declarations(NameKind::Variable, &key).last()?;
                let other = &lower_statement(self.db, *statement).body;
                let (own, _) = other.variables.iter().find(|(_, one)| one.name == declared.name)?;
                self.array(other, value_of(other, own)?, steps + 1)
            }
            _ => None,
        }
    }
}

/// What DECLARE gives a variable.
fn value_of(body: &Body, variable: VariableId) -> Option<ExprId> {
    body.stmts.iter().find_map(|(_, statement)| match &statement.kind {
        StmtKind::Declare { variable: declared, value } if *declared == variable => *value,
        _ => None,
    })
}

/// The array whose elements a lambda is given: the first argument of the call.
fn lambda_array(body: &Body, parameter: VariableId) -> Option<ExprId> {
    body.exprs.iter().find_map(|(_, expr)| {
        let ExprKind::Call { arguments, .. } = &expr.kind else { return None };
        let [array, lambda, ..] = arguments[..] else { return None };
        match &body.exprs[lambda].kind {
            ExprKind::Lambda { parameters, .. } if parameters.first() == Some(&parameter) => Some(array),
            _ => None,
        }
    })
}
