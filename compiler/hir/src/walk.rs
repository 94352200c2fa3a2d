//! What expressions and SELECTs consist of.

use crate::body::{Body, ColumnRef, ExprId, ExprKind, Select, SelectId, SourceKind, SubqueryKind, VariableId};

impl ExprKind {
    /// The expressions that it is made of, in the order of the text; those of a SELECT inside are not among them.
    pub fn operands(&self) -> Vec<ExprId> {
        match self {
            ExprKind::Missing
            | ExprKind::Null
            | ExprKind::Boolean(_)
            | ExprKind::Integer(_)
            | ExprKind::Number(_)
            | ExprKind::String(_)
            | ExprKind::Json(_)
            | ExprKind::SecretTemplate(_)
            | ExprKind::Column(_)
            | ExprKind::Variable(_)
            | ExprKind::Query(_)
            | ExprKind::Fail(_) => Vec::new(),
            ExprKind::Array(elements) => elements.clone(),
            ExprKind::Document(pairs) => pairs.iter().map(|(_, value)| *value).collect(),
            ExprKind::Binary { left, right, .. } => vec![*left, *right],
            ExprKind::Unary { operand, .. } | ExprKind::IsNull { operand, .. } | ExprKind::Cast { operand } => {
                vec![*operand]
            }
            ExprKind::Between { operand, low, high, .. } => vec![*operand, *low, *high],
            ExprKind::InList { operand, elements, .. } => {
                std::iter::once(*operand).chain(elements.iter().copied()).collect()
            }
            ExprKind::Case { arms, otherwise } => {
                arms.iter().flat_map(|(condition, value)| [*condition, *value]).chain(*otherwise).collect()
            }
            ExprKind::Interval { value, .. } => vec![*value],
            ExprKind::Call { arguments, .. } => arguments.clone(),
            ExprKind::Lambda { body, .. } => vec![*body],
            ExprKind::Member { base, .. } => vec![*base],
            ExprKind::Index { base, index } => vec![*base, *index],
            ExprKind::Subquery { kind: SubqueryKind::In { operand, .. }, .. } => vec![*operand],
            ExprKind::Subquery { .. } => Vec::new(),
            ExprKind::Execute(execution) => execution.argument.into_iter().collect(),
        }
    }

    /// The SELECT that it asks.
    pub fn query(&self) -> Option<SelectId> {
        match self {
            ExprKind::Query(query) | ExprKind::Subquery { query, .. } => Some(*query),
            _ => None,
        }
    }
}

impl Select {
    /// The expressions of its clauses, arrays in FROM included; those of SELECTs inside are not among them.
    pub fn expressions(&self, body: &Body) -> Vec<ExprId> {
        let mut found: Vec<ExprId> = self.columns.iter().map(|column| column.value).collect();
        for item in &self.from {
            if let SourceKind::Array(array) = &body.sources[item.source].kind {
                found.push(*array);
            }
            found.extend(item.on);
        }
        found.extend(self.filter);
        if let Some(grouping) = &self.grouping {
            found.extend(&grouping.keys);
            found.extend(
                grouping.aggregates.iter().flat_map(|aggregate| [aggregate.argument, aggregate.separator]).flatten(),
            );
            found.extend(grouping.having);
        }
        found.extend(self.order_by.iter().map(|key| key.value));
        found.extend(self.limit);
        found.extend(self.offset);
        found
    }

    /// The SELECTs that its FROM reads.
    pub fn queries(&self, body: &Body) -> Vec<SelectId> {
        let mut found = Vec::new();
        for item in &self.from {
            match &body.sources[item.source].kind {
                SourceKind::Query(query) | SourceKind::Common(query) => found.push(*query),
                SourceKind::Union { inputs, .. } => found.extend(inputs),
                SourceKind::Entity { .. } | SourceKind::Array(_) | SourceKind::Groups => {}
            }
        }
        found
    }
}

impl Body {
    /// Calls `visit` with the expression and what it is made of, SELECTs inside included and each of them once, until it
    /// says not to go deeper.
    pub(crate) fn walk(&self, expr: ExprId, visit: &mut dyn FnMut(ExprId, &ExprKind) -> bool) {
        self.walk_with(expr, &mut Vec::new(), visit);
    }

    fn walk_with(&self, expr: ExprId, seen: &mut Vec<SelectId>, visit: &mut dyn FnMut(ExprId, &ExprKind) -> bool) {
        let kind = &self.exprs[expr].kind;
        if !visit(expr, kind) {
            return;
        }
        for operand in kind.operands() {
            self.walk_with(operand, seen, visit);
        }
        if let Some(query) = kind.query() {
            self.walk_select(query, seen, visit);
        }
    }

    fn walk_select(
        &self,
        select: SelectId,
        seen: &mut Vec<SelectId>,
        visit: &mut dyn FnMut(ExprId, &ExprKind) -> bool,
    ) {
        if seen.contains(&select) {
            return;
        }
        seen.push(select);
        let select = &self.selects[select];
        for query in select.queries(self) {
            self.walk_select(query, seen, visit);
        }
        for expr in select.expressions(self) {
            self.walk_with(expr, seen, visit);
        }
    }

    /// The columns that an expression mentions, SELECTs inside included, each once.
    pub(crate) fn columns(&self, expr: ExprId) -> Vec<ColumnRef> {
        let mut found = Vec::new();
        self.walk(expr, &mut |_, kind| {
            if let ExprKind::Column(column) = kind
                && !found.contains(column)
            {
                found.push(*column);
            }
            true
        });
        found
    }

    /// Whether both expressions say the same, so that they have the same value in the same row.
    pub(crate) fn same(&self, left: ExprId, right: ExprId) -> bool {
        self.same_with(left, right, &mut Vec::new())
    }

    /// The same, where parameters of functions on the left stand for those on the right.
    fn same_with(&self, left: ExprId, right: ExprId, renamed: &mut Vec<(VariableId, VariableId)>) -> bool {
        use ExprKind::*;
        if left == right {
            return true;
        }
        let (left, right) = (&self.exprs[left], &self.exprs[right]);
        let heads = match (&left.kind, &right.kind) {
            (Null, Null) => true,
            (Boolean(left), Boolean(right)) => left == right,
            (Integer(left), Integer(right)) => left == right,
            (Number(left), Number(right)) => left == right,
            (String(left), String(right)) => left == right,
            (Column(left), Column(right)) => left == right,
            (Variable(left), Variable(right)) => match renamed.iter().rev().find(|(known, _)| known == left) {
                Some((_, known)) => known == right,
                None => left == right,
            },
            (Lambda { parameters: left, body: a }, Lambda { parameters: right, body: b }) => {
                let before = renamed.len();
                renamed.extend(left.iter().copied().zip(right.iter().copied()));
                let is_same = left.len() == right.len() && self.same_with(*a, *b, renamed);
                renamed.truncate(before);
                return is_same;
            }
            (Array(left), Array(right)) => left.len() == right.len(),
            (Document(left), Document(right)) => {
                left.len() == right.len() && left.iter().zip(right).all(|((left, _), (right, _))| left == right)
            }
            (Binary { operator: left, .. }, Binary { operator: right, .. }) => left == right,
            (Unary { operator: left, .. }, Unary { operator: right, .. }) => left == right,
            (IsNull { negated: left, .. }, IsNull { negated: right, .. }) => left == right,
            (Between { negated: left, .. }, Between { negated: right, .. }) => left == right,
            (InList { negated: left, elements: a, .. }, InList { negated: right, elements: b, .. }) => {
                left == right && a.len() == b.len()
            }
            (Case { arms: left, otherwise: a }, Case { arms: right, otherwise: b }) => {
                left.len() == right.len() && a.is_some() == b.is_some()
            }
            (Cast { .. }, Cast { .. }) => left.data_type == right.data_type,
            (Interval { unit: left, .. }, Interval { unit: right, .. }) => left == right,
            (Call { function: left, arguments: a }, Call { function: right, arguments: b }) => {
                left == right && a.len() == b.len()
            }
            (Member { key: left, .. }, Member { key: right, .. }) => left == right,
            (Index { .. }, Index { .. }) => true,
            _ => false,
        };
        let (left, right) = (left.kind.operands(), right.kind.operands());
        heads
            && left.len() == right.len()
            && left.iter().zip(&right).all(|(left, right)| self.same_with(*left, *right, renamed))
    }

    /// The columns of SELECTs around that an expression mentions, those of SELECTs inside left out, each once.
    pub fn free_columns(&self, expr: ExprId) -> Vec<ColumnRef> {
        let mut found: Vec<ColumnRef> = Vec::new();
        let mut pending = vec![expr];
        while let Some(expr) = pending.pop() {
            let kind = &self.exprs[expr].kind;
            if let ExprKind::Column(column) = kind {
                found.push(*column);
            }
            pending.extend(kind.operands());
            found.extend(kind.query().iter().flat_map(|query| &self.selects[*query].outer));
        }
        found.sort_by_key(|column| (column.source.index(), column.field));
        found.dedup();
        found
    }

    /// Fills in [`Select::outer`] of all SELECTs.
    pub(crate) fn find_outer_columns(&mut self) {
        let ids: Vec<SelectId> = self.selects.iter().map(|(id, _)| id).collect();
        for id in ids {
            let select = &self.selects[id];
            let mut found: Vec<ColumnRef> = Vec::new();
            let mut queries = select.queries(self);
            let mut pending = select.expressions(self);
            while let Some(expr) = pending.pop() {
                let kind = &self.exprs[expr].kind;
                if let ExprKind::Column(column) = kind {
                    found.push(*column);
                }
                pending.extend(kind.operands());
                queries.extend(kind.query());
            }
            // Those inside come first: they know theirs.
            found.extend(queries.into_iter().flat_map(|query| self.selects[query].outer.iter().copied()));
            let groups = select.grouping.as_ref().map(|grouping| grouping.source);
            found.retain(|column| {
                groups != Some(column.source) && !select.from.iter().any(|item| item.source == column.source)
            });
            found.sort_by_key(|column| (column.source.index(), column.field));
            found.dedup();
            self.selects.get_mut(id).outer = found;
        }
    }
}
