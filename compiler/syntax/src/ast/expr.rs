//! Expressions.

use super::{AstNode, ast_enum, ast_nodes};
use crate::literal;
use crate::node::SyntaxNode;
use crate::text::TextRange;

ast_enum! {
    /// An expression.
    Expr {
        /// `a + b`
        Binary(BinaryExpr),
        /// `NOT a`, `-a`
        Unary(UnaryExpr),
        /// `a LIKE b`, `a ILIKE b`, `a MATCHES b`
        Like(LikeExpr),
        /// `a IN (b, c)`
        In(InExpr),
        /// `a BETWEEN b AND c`
        Between(BetweenExpr),
        /// `a IS NULL`, `a IS NOT NULL`, `a IS TRUE`
        IsNull(IsNullExpr),
        /// `INTERVAL '7d'`
        Interval(IntervalExpr),
        /// `a.b`, `a?.b`
        Member(MemberExpr),
        /// `a[0]`
        Index(IndexExpr),
        /// `a::string`, `CAST(a AS string)`
        Cast(CastExpr),
        /// `LENGTH(a)`
        Call(CallExpr),
        /// `CASE … END`
        Case(CaseExpr),
        /// `EXISTS (SELECT …)`
        Exists(ExistsExpr),
        /// `(SELECT …)`
        Subquery(Subquery),
        /// `(a)`
        Parenthesized(ParenthesizedExpr),
        /// `{"a": b}`
        Document(DocumentExpr),
        /// `[a, b]`
        Array(ArrayExpr),
        /// `TIMESTAMP '2024-01-15T10:00:00Z'`
        TypedLiteral(TypedLiteral),
        /// `'text'`
        String(StringLiteral),
        /// `1.5`
        Number(NumberLiteral),
        /// `TRUE`
        Boolean(BooleanLiteral),
        /// `NULL`
        Null(NullLiteral),
        /// `a`
        Name(NameReference),
        /// `:a`
        Variable(VariableReference),
    }
}

ast_nodes! {
    /// Two operands and an operator between.
    BinaryExpr(BinaryExpression) {
        /// The left operand.
        one left = "left": Expr;
        /// The right operand.
        one right = "right": Expr;
    }

    /// An operator in front of an operand.
    UnaryExpr(UnaryExpression) {
        /// The operand.
        one operand = "operand": Expr;
    }

    /// LIKE, ILIKE or MATCHES.
    LikeExpr(LikeExpression) {
        /// The text.
        one left = "left": Expr;
        /// The pattern.
        one right = "right": Expr;
        /// Whether NOT stands before the operator.
        has is_not = "not";
        /// The character behind ESCAPE, which the language has not.
        one escape = "escape": Expr;
    }

    /// `a IN …`
    InExpr(InExpression) {
        /// What is looked for.
        one left = "left": Expr;
        /// Whether NOT stands before IN.
        has is_not = "not";
        /// Where it is looked for.
        one right = "right": InRight;
    }

    /// `(a, b)` behind IN.
    ExpressionList(ExpressionList) {}

    /// `a BETWEEN b AND c`
    BetweenExpr(BetweenExpression) {
        /// The value.
        one value = "value": Expr;
        /// Whether NOT stands before BETWEEN.
        has is_not = "not";
        /// The lower bound.
        one low = "low": Expr;
        /// The upper bound.
        one high = "high": Expr;
    }

    /// `a IS [NOT] NULL`; also `a IS [NOT] TRUE|FALSE`.
    IsNullExpr(IsNullExpression) {
        /// The value.
        one value = "value": Expr;
        /// Whether NOT stands before NULL.
        has is_not = "not";
        /// TRUE or FALSE in place of NULL.
        one test = "test": BooleanLiteral;
    }

    /// INTERVAL with its operand.
    IntervalExpr(IntervalExpression) {
        /// The operands between `||`; one, usually.
        many values = "value": Expr;
        /// The unit behind a number: `DAY`.
        one unit = "unit": Name;
    }

    /// `a.b`
    MemberExpr(MemberExpression) {
        /// What has the member.
        one object = "object": Expr;
        /// The member's name.
        one member = "member": Name;
    }

    /// `a[b]`
    IndexExpr(IndexExpression) {
        /// What is indexed.
        one object = "object": Expr;
        /// The index.
        one index = "index": Expr;
    }

    /// `a::type` or `CAST(a AS type)`.
    CastExpr(CastExpression) {
        /// What is converted.
        one value = "value": Expr;
        /// The type to convert to.
        one data_type = "type": DataType;
    }

    /// A function with its arguments.
    CallExpr(FunctionCall) {
        /// The function's name.
        one function = "function": Name;
        /// Whether DISTINCT stands before the arguments.
        has is_distinct = "distinct";
        /// The arguments.
        many arguments = "argument": Argument;
        /// ORDER BY behind the arguments.
        one order_by = "order_by": OrderBy;
        /// FILTER (WHERE …), which the language has not.
        one filter = "filter": FilterClause;
        /// OVER …, which the language has not.
        one over = "over": OverClause;
    }

    /// `x => expr`, `(x, y) => expr`: a lambda or a named argument, as the function called decides.
    Arrow(Arrow) {
        /// The names left of the arrow.
        many parameters = "parameter": Name;
        /// The expression right of it.
        one body = "body": Expr;
    }

    /// `year FROM x` in EXTRACT.
    ExtractArgument(ExtractArgument) {
        /// The value.
        one value = "value": Expr;
    }

    /// `*`
    Star(Star) {}

    /// FILTER (WHERE …) behind an aggregate.
    FilterClause(FilterClause) {
        /// The condition.
        one condition = "condition": Expr;
    }

    /// OVER … behind a function.
    OverClause(OverClause) {}

    /// CASE with its branches.
    CaseExpr(CaseExpression) {
        /// What is compared with each branch; `None` where the branches have conditions.
        one operand = "operand": Expr;
        /// WHEN … THEN …
        many branches = "branch": WhenClause;
        /// The value behind ELSE.
        one otherwise = "else": Expr;
    }

    /// WHEN … THEN …
    WhenClause(WhenClause) {
        /// Behind WHEN.
        one condition = "condition": Expr;
        /// Behind THEN.
        one result = "result": Expr;
    }

    /// EXISTS (SELECT …)
    ExistsExpr(ExistsExpression) {
        /// The query with its parentheses.
        one query = "query": Subquery;
    }

    /// `(SELECT …)`
    Subquery(Subquery) {
        /// The query.
        one query = "query": SelectStatement;
    }

    /// `(a)`
    ParenthesizedExpr(ParenthesizedExpression) {
        /// What stands inside.
        one expression = "expression": Expr;
    }

    /// `{"key": value}`
    DocumentExpr(Document) {
        /// The members, in order; a key may be there twice.
        many pairs = "pair": Pair;
    }

    /// `"key": value`
    Pair(Pair) {
        /// The key.
        one key = "key": Key;
        /// The value.
        one value = "value": Expr;
    }

    /// `[a, b]`
    ArrayExpr(Array) {
        /// The elements.
        many elements = "element": Expr;
    }

    /// `TIMESTAMP '…'`
    TypedLiteral(TypedLiteral) {
        /// The text.
        one value = "value": StringLiteral;
    }

    /// A string.
    StringLiteral(String) {}
    /// A number.
    NumberLiteral(Number) {}
    /// TRUE or FALSE.
    BooleanLiteral(Boolean) {}
    /// NULL
    NullLiteral(Null) {}

    /// A name whose meaning its place decides: a column, a variable, …
    NameReference(NameReference) {
        /// The name.
        one name = "name": Name;
    }

    /// `:name`, always the variable.
    VariableReference(VariableReference) {
        /// The name without the colon.
        one name = "name": Name;
    }
}

ast_enum! {
    /// What stands behind IN.
    InRight {
        /// `(a, b)`; may be empty.
        List(ExpressionList),
        /// An array, or a query in parentheses.
        Expr(Expr),
    }
}

ast_enum! {
    /// An argument of a function.
    Argument {
        /// `x => expr`
        Arrow(Arrow),
        /// `*`, as in `COUNT(*)`
        Star(Star),
        /// `year FROM x`, as in EXTRACT
        Extract(ExtractArgument),
        /// An expression.
        Expr(Expr),
    }
}

/// The key of a document's member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key<'tree>(SyntaxNode<'tree>);

impl<'tree> AstNode<'tree> for Key<'tree> {
    fn cast(node: SyntaxNode<'tree>) -> Option<Self> {
        (StringLiteral::cast(node).is_some() || super::Name::cast(node).is_some()).then_some(Key(node))
    }

    fn syntax(self) -> SyntaxNode<'tree> {
        self.0
    }
}

impl Key<'_> {
    /// The key itself, without quotes.
    pub fn value(self) -> String {
        match (StringLiteral::cast(self.0), super::Name::cast(self.0)) {
            (Some(string), _) => string.value(),
            (_, Some(name)) => name.value(),
            (None, None) => String::new(),
        }
    }
}

impl<'tree> ExpressionList<'tree> {
    /// The expressions.
    pub fn expressions(self) -> impl Iterator<Item = Expr<'tree>> {
        self.syntax().children().filter_map(Expr::cast)
    }
}

impl StringLiteral<'_> {
    /// The text that it stands for.
    pub fn value(self) -> String {
        literal::string_value(self.text())
    }

    /// Where the text between the quotes stands.
    pub fn inner_range(self) -> TextRange {
        literal::inner_range(self.text(), self.range())
    }
}

impl NumberLiteral<'_> {
    /// Its value; `None` for an integer beyond 64 bit, or a double beyond its range.
    pub fn value(self) -> Option<literal::Number> {
        literal::number_value(self.text())
    }
}

impl BooleanLiteral<'_> {
    /// Its value.
    pub fn value(self) -> bool {
        self.text().eq_ignore_ascii_case("true")
    }
}

impl<'tree> TypedLiteral<'tree> {
    /// The name of the type.
    pub fn type_name(self) -> Option<super::Name<'tree>> {
        self.syntax().field("type").and_then(super::Name::cast)
    }
}

impl<'tree> ExtractArgument<'tree> {
    /// The name before FROM, or the text of a string there.
    pub fn field(self) -> Option<Key<'tree>> {
        self.syntax().field("field").and_then(Key::cast)
    }
}

impl MemberExpr<'_> {
    /// Whether it is `a?.b`.
    pub fn is_optional(self) -> bool {
        self.syntax().child_token("?.").is_some()
    }
}

impl<'tree> Expr<'tree> {
    /// The expression without the parentheses around it.
    pub fn without_parentheses(self) -> Option<Expr<'tree>> {
        let mut expr = self;
        while let Expr::Parenthesized(inner) = expr {
            expr = inner.expression()?;
        }
        Some(expr)
    }
}

/// The operator of a [`BinaryExpr`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOperator {
    /// OR
    Or,
    /// AND
    And,
    /// `??`
    Coalesce,
    /// `||`
    Concat,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
    /// `=`, `==`
    Equal,
    /// `!=`, `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// CONTAINS
    Contains,
}

impl<'tree> BinaryExpr<'tree> {
    /// The operator.
    pub fn operator(self) -> Option<BinaryOperator> {
        Some(match self.operator_token()?.token()? {
            "OR" => BinaryOperator::Or,
            "AND" => BinaryOperator::And,
            "??" => BinaryOperator::Coalesce,
            "||" => BinaryOperator::Concat,
            "+" => BinaryOperator::Add,
            "-" => BinaryOperator::Subtract,
            "*" => BinaryOperator::Multiply,
            "/" => BinaryOperator::Divide,
            "%" => BinaryOperator::Remainder,
            "=" | "==" => BinaryOperator::Equal,
            "!=" | "<>" => BinaryOperator::NotEqual,
            "<" => BinaryOperator::Less,
            "<=" => BinaryOperator::LessEqual,
            ">" => BinaryOperator::Greater,
            ">=" => BinaryOperator::GreaterEqual,
            "CONTAINS" => BinaryOperator::Contains,
            _ => return None,
        })
    }

    /// The operator's token.
    pub fn operator_token(self) -> Option<SyntaxNode<'tree>> {
        self.syntax().field("operator")
    }
}

/// The operator of a [`UnaryExpr`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOperator {
    /// NOT
    Not,
    /// `-`
    Negate,
    /// `+`
    Plus,
}

impl UnaryExpr<'_> {
    /// The operator.
    pub fn operator(self) -> Option<UnaryOperator> {
        Some(match self.syntax().field("operator")?.token()? {
            "NOT" => UnaryOperator::Not,
            "-" => UnaryOperator::Negate,
            "+" => UnaryOperator::Plus,
            _ => return None,
        })
    }
}

/// The operator of a [`LikeExpr`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LikeOperator {
    /// LIKE
    Like,
    /// ILIKE
    ILike,
    /// MATCHES
    Matches,
}

impl LikeExpr<'_> {
    /// The operator.
    pub fn operator(self) -> Option<LikeOperator> {
        Some(match self.syntax().field("operator")?.token()? {
            "LIKE" => LikeOperator::Like,
            "ILIKE" => LikeOperator::ILike,
            "MATCHES" => LikeOperator::Matches,
            _ => return None,
        })
    }
}
