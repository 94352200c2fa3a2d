//! Walks over expressions.

use moltler_abi::runtime_calls::BinaryOperator;

use super::{Expr, ExprKind};

/// The expressions directly inside, borrowed as `$expr` is: shared, or to be changed.
macro_rules! children {
    ($expr:expr, $iter:ident $(, $mutable:tt)?) => {
        match &$($mutable)? $expr.kind {
            ExprKind::Literal(_)
            | ExprKind::Json(_)
            | ExprKind::Column(_)
            | ExprKind::Variable(_)
            | ExprKind::SecretTemplate(_)
            | ExprKind::Query(_)
            | ExprKind::Fail(_) => Vec::new(),
            ExprKind::Binary { left, right, .. } => vec![left, right],
            ExprKind::Unary { operand, .. }
            | ExprKind::IsNull { operand, .. }
            | ExprKind::Part { operand, .. }
            | ExprKind::Coerce(operand)
            | ExprKind::Numeric(operand)
            | ExprKind::Cast(operand)
            | ExprKind::Member { base: operand, .. }
            | ExprKind::Interval { value: operand, .. } => vec![operand],
            ExprKind::InList { operand, items, .. } => std::iter::once(&$($mutable)? **operand).chain(items).collect(),
            ExprKind::Between { operand, low, high, .. } => vec![operand, low, high],
            ExprKind::Case { branches, otherwise } => branches
                .$iter()
                .flat_map(|(condition, value)| [condition, value])
                .chain(otherwise.$iter().map(|value| &$($mutable)? **value))
                .collect(),
            ExprKind::Switch { operand, branches, otherwise } => std::iter::once(&$($mutable)? **operand)
                .chain(branches.$iter().flat_map(|(test, value)| [test, value]))
                .chain(otherwise.$iter().map(|value| &$($mutable)? **value))
                .collect(),
            ExprKind::Coalesce(items) | ExprKind::Array(items) => items.$iter().collect(),
            ExprKind::Call { arguments, .. } => arguments.$iter().collect(),
            ExprKind::Lambda { captures, .. } => captures.$iter().map(|(_, value)| value).collect(),
            ExprKind::Index { base, index } => vec![base, index],
            ExprKind::Document(members) => members.$iter().map(|(_, value)| value).collect(),
            ExprKind::Subquery { arguments, needle, .. } => {
                arguments.$iter().chain(needle.$iter().map(|value| &$($mutable)? **value)).collect()
            }
            ExprKind::Execute { argument, .. } => argument.$iter().map(|value| &$($mutable)? **value).collect(),
        }
    };
}

impl Expr {
    /// The expressions directly inside. Those of a function that is an argument are not among them: what it uses of the
    /// row is.
    pub fn children(&self) -> Vec<&Expr> {
        children!(self, iter)
    }

    /// The same, for changing them.
    pub fn children_mut(&mut self) -> Vec<&mut Expr> {
        children!(self, iter_mut, mut)
    }

    /// Calls `visit` for the expression and everything inside, outermost first.
    pub fn walk(&self, visit: &mut impl FnMut(&Expr)) {
        visit(self);
        for child in self.children() {
            child.walk(visit);
        }
    }

    /// Calls `visit` for the expression and everything inside, innermost first.
    pub fn walk_mut(&mut self, visit: &mut impl FnMut(&mut Expr)) {
        for child in self.children_mut() {
            child.walk_mut(visit);
        }
        visit(self);
    }

    /// Whether it has the same value for every row: it reads no column.
    pub fn is_constant(&self) -> bool {
        let mut constant = true;
        self.walk(&mut |expr| constant &= !matches!(expr.kind, ExprKind::Column(_)));
        constant
    }

    /// Whether it depends on rows and can be computed ahead of what uses it.
    pub fn is_row_value(&self) -> bool {
        let mut ahead = true;
        self.walk(&mut |expr| ahead &= !matches!(expr.kind, ExprKind::Execute { .. } | ExprKind::Fail(_)));
        ahead && !self.is_constant()
    }

    /// The columns that it reads.
    pub fn columns(&self) -> Vec<u32> {
        let mut columns = Vec::new();
        self.walk(&mut |expr| {
            if let ExprKind::Column(index) = expr.kind {
                columns.push(index);
            }
        });
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    /// Renames the columns that it reads.
    pub fn map_columns(&mut self, rename: &impl Fn(u32) -> u32) {
        self.walk_mut(&mut |expr| {
            if let ExprKind::Column(index) = &mut expr.kind {
                *index = rename(*index);
            }
        });
    }
}

impl Expr {
    /// Whether it does the same, wherever it was written.
    pub fn same(&self, other: &Expr) -> bool {
        let unplaced = |expr: &Expr| {
            let mut expr = expr.clone();
            expr.walk_mut(&mut |expr| expr.span = Default::default());
            expr
        };
        unplaced(self) == unplaced(other)
    }

    /// The conjuncts of a condition: `a AND b AND c` gives three.
    pub fn conjuncts(self) -> Vec<Expr> {
        match self.kind {
            ExprKind::Binary { operator: BinaryOperator::And, left, right } => {
                let mut conjuncts = left.conjuncts();
                conjuncts.extend(right.conjuncts());
                conjuncts
            }
            _ => vec![self],
        }
    }

    /// Whether computing it cannot fail, has no effect, and always gives the same: it may be computed of other rows, and
    /// more often than it was written.
    pub fn is_movable(&self) -> bool {
        use BinaryOperator::{Add, Divide, Matches, Multiply, Remainder, Subtract};
        let mut movable = true;
        self.walk(&mut |expr| {
            movable &= match &expr.kind {
                ExprKind::Binary { operator, .. } => {
                    !matches!(operator, Add | Subtract | Multiply | Divide | Remainder | Matches)
                }
                ExprKind::Unary { operator, .. } => *operator == moltler_abi::runtime_calls::UnaryOperator::Not,
                ExprKind::Literal(_)
                | ExprKind::Column(_)
                | ExprKind::Variable(_)
                | ExprKind::IsNull { .. }
                | ExprKind::InList { .. }
                | ExprKind::Between { .. }
                | ExprKind::Case { .. }
                | ExprKind::Switch { .. }
                | ExprKind::Coalesce(_)
                | ExprKind::Coerce(_)
                | ExprKind::Numeric(_)
                | ExprKind::Member { .. }
                | ExprKind::Index { .. }
                | ExprKind::Json(_)
                | ExprKind::Document(_)
                | ExprKind::Array(_) => true,
                ExprKind::Call { .. }
                | ExprKind::Lambda { .. }
                | ExprKind::Cast(_)
                | ExprKind::Interval { .. }
                | ExprKind::SecretTemplate(_)
                | ExprKind::Query(_)
                | ExprKind::Subquery { .. }
                | ExprKind::Execute { .. }
                | ExprKind::Part { .. }
                | ExprKind::Fail(_) => false,
            }
        });
        movable
    }

    /// The same with each column replaced by what it is computed from.
    #[must_use]
    pub fn with_columns(mut self, of: &[&Expr]) -> Expr {
        self.walk_mut(&mut |expr| {
            if let ExprKind::Column(index) = expr.kind {
                let data_type = expr.data_type;
                *expr = of[index as usize].clone().coerce(data_type);
            }
        });
        self
    }

    /// A value that is the same for every row, and that may be computed before any row is there.
    pub fn is_argument(&self) -> bool {
        let mut argument = true;
        self.walk(&mut |expr| {
            argument &= !matches!(
                expr.kind,
                ExprKind::Column(_)
                    | ExprKind::Query(_)
                    | ExprKind::Subquery { .. }
                    | ExprKind::Execute { .. }
                    | ExprKind::Fail(_)
            );
        });
        argument
    }
}
