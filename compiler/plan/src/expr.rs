//! Scalar expressions as plain data, typed and with names resolved to columns and variables.
//!
//! The constructors ([`Expr::binary`], …) insert the coercions that the language asks for, so that whoever builds an
//! expression cannot forget one, and code generation sees operands of fitting types only.

mod build;
mod constant;
mod walk;

use std::sync::Arc;

use moltler_abi::DataType;
use moltler_abi::manifest::Span;
use moltler_abi::runtime_calls::{BinaryOperator, UnaryOperator};

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it does.
    pub kind: ExprKind,
    /// The type of its values; NULL is a value of every type.
    pub data_type: DataType,
    /// Where it was written; the default for what rules made.
    pub span: Span,
}

/// The kinds of expressions.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A constant.
    Literal(Literal),
    /// A column of the rows that the expression looks at, by index.
    Column(u32),
    /// A variable of the program or test, by slot.
    Variable(u32),
    /// `left operator right`. `And`, `Or` and `Coalesce` evaluate the right side only when it matters.
    Binary {
        /// The operator.
        operator: BinaryOperator,
        /// The left operand.
        left: Box<Expr>,
        /// The right operand.
        right: Box<Expr>,
    },
    /// `operator operand`.
    Unary {
        /// The operator.
        operator: UnaryOperator,
        /// The operand.
        operand: Box<Expr>,
    },
    /// `operand IS [NOT] NULL`.
    IsNull {
        /// The operand.
        operand: Box<Expr>,
        /// NOT.
        negated: bool,
    },
    /// `operand [NOT] IN (item, …)`; the items are evaluated until one is equal. The operand is evaluated once.
    InList {
        /// The operand, of the same type as every item.
        operand: Box<Expr>,
        /// The items.
        items: Vec<Expr>,
        /// NOT.
        negated: bool,
    },
    /// `operand [NOT] BETWEEN low AND high`; the operand is evaluated once.
    Between {
        /// The operand, of the same type as both bounds.
        operand: Box<Expr>,
        /// The lower bound.
        low: Box<Expr>,
        /// The upper bound.
        high: Box<Expr>,
        /// NOT.
        negated: bool,
    },
    /// `CASE WHEN condition THEN value … ELSE otherwise END`; all values have the expression's type.
    Case {
        /// Conditions and values, in order.
        branches: Vec<(Expr, Expr)>,
        /// ELSE.
        otherwise: Option<Box<Expr>>,
    },
    /// `CASE operand WHEN value THEN …`: the operand is evaluated once and compared with each value.
    Switch {
        /// The operand.
        operand: Box<Expr>,
        /// Values to compare with, of the operand's type, and results.
        branches: Vec<(Expr, Expr)>,
        /// ELSE.
        otherwise: Option<Box<Expr>>,
    },
    /// The first that is not NULL; evaluated until one is found. All have the expression's type.
    Coalesce(Vec<Expr>),
    /// A call of a function of [`moltler_abi::functions::FUNCTIONS`], by index.
    Call {
        /// The function.
        function: u32,
        /// The arguments.
        arguments: Vec<Expr>,
    },
    /// A function that is an argument of a call.
    Lambda {
        /// Index into the manifest's `lambdas`.
        lambda: u32,
        /// The columns that it uses, and the variables in which it finds them.
        captures: Vec<(u32, Expr)>,
    },
    /// The value as the expression's type: NULL where it does not fit, without loss where it does.
    Coerce(Box<Expr>),
    /// A dynamic value as a number or an integer, whichever keeps it, NULL where it is neither. The type stays dynamic.
    Numeric(Box<Expr>),
    /// `CAST(operand AS type)`: an error where it does not fit.
    Cast(Box<Expr>),
    /// `base.key`, NULL where there is none.
    Member {
        /// What is looked into.
        base: Box<Expr>,
        /// The key.
        key: String,
    },
    /// `base[index]`, NULL where there is none.
    Index {
        /// What is looked into.
        base: Box<Expr>,
        /// A position from 0, or a key.
        index: Box<Expr>,
    },
    /// `INTERVAL value [unit]`.
    Interval {
        /// A text such as `7d`, or a number.
        value: Box<Expr>,
        /// The unit behind a number: `DAY`; empty where none was written.
        unit: String,
    },
    /// A document or an array of constants, as JSON without blanks.
    Json(Arc<str>),
    /// `{"key": value, …}`.
    Document(Vec<(String, Expr)>),
    /// `[value, …]`.
    Array(Vec<Expr>),
    /// A text of CONFIG with `{{secrets.name}}` in it.
    SecretTemplate(String),
    /// The rows of a query as an array of documents; an index into the program's queries.
    Query(u32),
    /// What is made of the rows of a SELECT inside the expression: the value of its only row, or a boolean.
    Subquery {
        /// An index into the program's subqueries.
        subquery: u32,
        /// The columns that its rows depend on.
        arguments: Vec<Expr>,
        /// `needle IN (SELECT …)`.
        needle: Option<Box<Expr>>,
    },
    /// CONNECTOR_EXEC; the result is what the handler returned.
    Execute {
        /// Index into the program's executions.
        execution: u32,
        /// A document; `None` for no argument.
        argument: Option<Box<Expr>>,
    },
    /// Gives its operand, and tells its value to the ASSERT under way.
    Part {
        /// Index into the program's assertions.
        assertion: u32,
        /// Index into the assertion's parts.
        part: u32,
        /// The operand, of the same type.
        operand: Box<Expr>,
    },
    /// Fails with a message of the program when it is reached: an undeclared entity in a test.
    Fail(u32),
}

/// A constant.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// NULL.
    Null,
    /// TRUE or FALSE.
    Boolean(bool),
    /// An integer.
    Integer(i64),
    /// A number.
    Number(f64),
    /// Text.
    String(String),
    /// Microseconds since 1970.
    Timestamp(i64),
    /// Days since 1970.
    Date(i32),
}
