//! SELECT.

use super::{AstNode, ast_enum, ast_nodes};

ast_nodes! {
    /// A whole query: WITH, SELECTs with UNION between them, ORDER BY, LIMIT, OFFSET.
    SelectStatement(SelectStatement) {
        /// WITH …
        one with = "with": WithClause;
        /// The SELECT, or several with UNION between.
        one body = "body": SelectBody;
        /// ORDER BY …
        one order_by = "order_by": OrderBy;
        /// LIMIT …; several are a mistake.
        many limits = "limit": LimitClause;
        /// OFFSET …; several are a mistake.
        many offsets = "offset": OffsetClause;
    }

    /// WITH …
    WithClause(WithClause) {
        /// Whether RECURSIVE follows, which the language has not.
        has is_recursive = "recursive";
        /// The queries.
        many tables = "table": CommonTable;
    }

    /// `name AS (SELECT …)`
    CommonTable(CommonTable) {
        /// Its name.
        one name = "name": Name;
        /// Names for its columns.
        many columns = "column": Name;
        /// The query.
        one query = "query": SelectStatement;
    }

    /// `… UNION [ALL] …`
    SetOperation(SetOperation) {
        /// The left query.
        one left = "left": SelectBody;
        /// Whether ALL follows the operator.
        has is_all = "all";
        /// The right query.
        one right = "right": SelectBody;
    }

    /// One SELECT.
    Select(Select) {
        /// Whether DISTINCT follows.
        has is_distinct = "distinct";
        /// The list; empty while it is being typed.
        many items = "item": SelectItem;
        /// FROM …
        one from = "from": FromClause;
        /// WHERE …
        one where_clause = "where": WhereClause;
        /// GROUP BY …
        one group_by = "group_by": GroupBy;
        /// HAVING …
        one having = "having": HavingClause;
    }

    /// An expression or `*` in the list of a SELECT.
    SelectItem(SelectItem) {
        /// The value.
        one value = "value": SelectValue;
        /// The name behind it, as a name or as a string.
        one alias = "alias": Key;
    }

    /// `a.*`
    QualifiedStar(QualifiedStar) {
        /// What stands before the dot: an alias, or `instance.entity`.
        one table = "table": Expr;
    }

    /// FROM …
    FromClause(FromClause) {
        /// The first table.
        one table = "table": Table;
        /// The joined ones.
        many joins = "join": Join;
    }

    /// `instance.entity`, or the name of an array variable or of a WITH query.
    TableReference(TableReference) {
        /// The name with its dots; `None` when it is `:variable`.
        one path = "path": Path;
        /// The variable of `FROM :variable`.
        one variable = "path": VariableReference;
        /// The name behind it.
        one alias = "alias": Name;
    }

    /// `(SELECT …) alias`
    DerivedTable(DerivedTable) {
        /// The query with its parentheses.
        one query = "query": Subquery;
        /// The name behind it.
        one alias = "alias": Name;
    }

    /// A function in FROM, which the language has not.
    TableFunction(TableFunction) {
        /// The call.
        one call = "call": CallExpr;
        /// The name behind it.
        one alias = "alias": Name;
    }

    /// `[LEFT] JOIN table ON …`
    Join(Join) {
        /// The table.
        one table = "table": Table;
        /// The condition behind ON.
        one on = "on": Expr;
        /// The columns of USING, which the language has not.
        many using = "using": Name;
        /// Whether NATURAL stands before, which the language has not.
        has is_natural = "natural";
    }

    /// WHERE …
    WhereClause(WhereClause) {
        /// The condition.
        one condition = "condition": Expr;
    }

    /// GROUP BY …
    GroupBy(GroupBy) {
        /// The keys.
        many keys = "key": Expr;
    }

    /// HAVING …
    HavingClause(HavingClause) {
        /// The condition.
        one condition = "condition": Expr;
    }

    /// ORDER BY …
    OrderBy(OrderBy) {
        /// The keys.
        many keys = "key": OrderKey;
    }

    /// `a DESC NULLS LAST`
    OrderKey(OrderKey) {
        /// What is sorted by.
        one value = "value": Expr;
    }

    /// LIMIT …
    LimitClause(LimitClause) {
        /// The number of rows.
        one count = "count": Expr;
    }

    /// OFFSET …
    OffsetClause(OffsetClause) {
        /// The number of rows.
        one count = "count": Expr;
    }
}

ast_enum! {
    /// What a query's rows come from.
    SelectBody {
        /// One SELECT.
        Select(Select),
        /// Two, with an operator between.
        SetOperation(SetOperation),
        /// A query in parentheses, right of an operator.
        Subquery(Subquery),
    }
}

ast_enum! {
    /// What stands in the list of a SELECT.
    SelectValue {
        /// `*`
        Star(Star),
        /// `a.*`
        QualifiedStar(QualifiedStar),
        /// An expression.
        Expr(Expr),
    }
}

ast_enum! {
    /// What stands behind FROM and JOIN.
    Table {
        /// `instance.entity`, a variable, a WITH query.
        Reference(TableReference),
        /// `(SELECT …)`
        Derived(DerivedTable),
        /// A function, which the language has not.
        Function(TableFunction),
    }
}

/// The operator between two queries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SetOperator {
    /// UNION
    Union,
    /// INTERSECT, which the language has not.
    Intersect,
    /// EXCEPT, which the language has not.
    Except,
}

impl SetOperation<'_> {
    /// The operator.
    pub fn operator(self) -> Option<SetOperator> {
        Some(match self.syntax().field("operator")?.token()? {
            "UNION" => SetOperator::Union,
            "INTERSECT" => SetOperator::Intersect,
            "EXCEPT" => SetOperator::Except,
            _ => return None,
        })
    }
}

/// How tables are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JoinKind {
    /// `JOIN`, `INNER JOIN`
    Inner,
    /// `LEFT JOIN`
    Left,
    /// `RIGHT JOIN`, which the language has not.
    Right,
    /// `FULL JOIN`, which the language has not.
    Full,
    /// `CROSS JOIN`, which the language has not.
    Cross,
    /// A comma, which the language has not.
    Comma,
}

impl Join<'_> {
    /// How the tables are joined.
    pub fn kind(self) -> JoinKind {
        match self.syntax().field("kind").and_then(|kind| kind.token()) {
            Some("LEFT") => JoinKind::Left,
            Some("RIGHT") => JoinKind::Right,
            Some("FULL") => JoinKind::Full,
            Some("CROSS") => JoinKind::Cross,
            Some(",") => JoinKind::Comma,
            _ => JoinKind::Inner,
        }
    }
}

impl OrderKey<'_> {
    /// Whether DESC follows.
    pub fn is_descending(self) -> bool {
        self.syntax().field("direction").and_then(|direction| direction.token()) == Some("DESC")
    }

    /// Whether `NULLS FIRST` (true) or `NULLS LAST` (false) follows.
    pub fn nulls_first(self) -> Option<bool> {
        self.syntax().field("nulls").and_then(|nulls| nulls.token()).map(|word| word == "FIRST")
    }
}
