use crate::expr::Expr;

/// A statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// What it does.
    pub kind: StatementKind,
    /// Index into the manifest's `statements`.
    pub id: u32,
}

/// The kinds of statements.
#[derive(Clone, Debug, PartialEq)]
pub enum StatementKind {
    /// DECLARE, SET: keeps a value in a variable.
    Store {
        /// The variable.
        slot: u32,
        /// Its value, of the variable's type.
        value: Expr,
    },
    /// SELECT: prints the rows of the query with this index.
    PrintQuery(u32),
    /// CONNECTOR_EXEC of a program: prints the result.
    PrintResult(Expr),
    /// CONNECTOR_EXEC of a test: the result is dropped.
    Evaluate(Expr),
    /// PRINT.
    Print(Expr),
    /// ASSERT.
    Assert {
        /// Index into the program's assertions.
        assertion: u32,
        /// The condition; its sub-expressions are wrapped in [`crate::expr::ExprKind::Part`].
        value: Expr,
        /// Shown when it fails.
        message: Option<Expr>,
    },
    /// ASSERT RAISES.
    AssertRaises {
        /// The class of the error.
        class: String,
        /// A variable of no name that keeps the pattern while the statement runs, and the pattern.
        pattern: Option<(u32, Expr)>,
        /// What must raise the error.
        statement: Box<Statement>,
    },
    /// ADVANCE by an interval.
    Advance(Expr),
    /// CREATE CONNECTOR in a test: the instance with this index.
    CreateInstance(u32),
    /// A statement that the runtime carries out as a whole: the command with this index.
    Command(u32),
    /// Fails with the message of this index.
    Fail(u32),
    /// IF.
    If {
        /// Conditions and what follows, in order.
        branches: Vec<(Expr, Vec<Statement>)>,
        /// ELSE.
        otherwise: Vec<Statement>,
    },
    /// WHILE.
    While {
        /// Unknown ends the loop.
        condition: Expr,
        /// Repeated.
        body: Vec<Statement>,
    },
    /// FOR over an array.
    ForEach {
        /// The loop's variable.
        slot: u32,
        /// A variable of no name, that keeps the array.
        array_slot: u32,
        /// An array.
        array: Expr,
        /// Repeated.
        body: Vec<Statement>,
    },
    /// FOR over integers, both ends included.
    ForRange {
        /// The loop's variable.
        slot: u32,
        /// First.
        from: Expr,
        /// Last.
        to: Expr,
        /// Repeated.
        body: Vec<Statement>,
    },
    /// BREAK.
    Break,
    /// CONTINUE.
    Continue,
    /// TRY.
    Try {
        /// Under watch.
        body: Vec<Statement>,
        /// CATCHes; the first that takes the error does.
        catches: Vec<Catch>,
        /// FINALLY: runs however the rest was left.
        finally: Vec<Statement>,
    },
    /// RAISE.
    Raise {
        /// What went wrong.
        message: Expr,
        /// WITH CODE.
        code: Option<Expr>,
    },
}

/// CATCH.
#[derive(Clone, Debug, PartialEq)]
pub struct Catch {
    /// The class of errors; `None` for any.
    pub class: Option<String>,
    /// The variable that holds the error.
    pub slot: u32,
    /// What follows.
    pub body: Vec<Statement>,
}
