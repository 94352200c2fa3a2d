//! A statement with its names resolved and its types known.
//!
//! A [`Body`] is plain data: arenas of expressions, SELECTs, nested statements and variables, and the one statement that
//! the text is. All ranges are relative to the text of the statement; whoever hands out a body says where it starts
//! ([`crate::Lowered`]).
//!
//! Names are resolved to indices inside the body ([`VariableId`], [`SourceId`] and a field of it) and to name keys
//! outside it (`my_service_prod`, `myservice.items`, `myservice.items.create`).

mod select;

use std::marker::PhantomData;
use std::ops::Index;
use std::sync::Arc;

use moltler_abi::DataType;
use moltler_abi::runtime_calls::{BinaryOperator, UnaryOperator};
use moltler_syntax::TextRange;

use crate::definition::{ActionDef, EntityDef, InstanceDef, PackageDef, PublishDef, SyncDef, TestDef, TypeDef};

pub use select::{
    Aggregate, ColumnRef, FromItem, Grouping, JoinKind, OrderKey, Select, SelectColumn, Source, SourceField,
    SourceKind, SubqueryKind,
};

/// An index into an arena of a [`Body`].
pub struct Id<T> {
    index: u32,
    of: PhantomData<fn() -> T>,
}

/// An expression.
pub type ExprId = Id<Expr>;
/// A SELECT.
pub type SelectId = Id<Select>;
/// An item of FROM, or the groups of a SELECT.
pub type SourceId = Id<Source>;
/// A statement.
pub type StmtId = Id<Stmt>;
/// A variable.
pub type VariableId = Id<Variable>;

impl<T> Id<T> {
    /// The position in the arena.
    pub fn index(self) -> usize {
        self.index as usize
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.index == other.index
    }
}
impl<T> Eq for Id<T> {}
impl<T> std::hash::Hash for Id<T> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.index.hash(state);
    }
}
impl<T> std::fmt::Debug for Id<T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "#{}", self.index)
    }
}

/// Things of one kind, owned by a [`Body`].
#[derive(Clone, Debug, PartialEq)]
pub struct Arena<T> {
    items: Vec<T>,
}

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Arena { items: Vec::new() }
    }
}

impl<T> Arena<T> {
    /// Adds one.
    pub fn push(&mut self, item: T) -> Id<T> {
        self.items.push(item);
        Id { index: self.items.len() as u32 - 1, of: PhantomData }
    }

    /// One of them, to be changed.
    pub(crate) fn get_mut(&mut self, id: Id<T>) -> &mut T {
        &mut self.items[id.index()]
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// All of them with their ids, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = (Id<T>, &T)> {
        self.items.iter().enumerate().map(|(index, item)| (Id { index: index as u32, of: PhantomData }, item))
    }
}

impl<T> Index<Id<T>> for Arena<T> {
    type Output = T;

    fn index(&self, id: Id<T>) -> &T {
        &self.items[id.index()]
    }
}

/// A statement with its names resolved and its types known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Body {
    /// Expressions. Operands come before the expressions that use them.
    pub exprs: Arena<Expr>,
    /// SELECTs. Those inside come before those around them.
    pub selects: Arena<Select>,
    /// What columns belong to.
    pub sources: Arena<Source>,
    /// Statements.
    pub stmts: Arena<Stmt>,
    /// Variables, those of other statements of the file too as far as they are mentioned.
    pub variables: Arena<Variable>,
    /// The statement itself; `None` for text that is no statement.
    pub root: Option<StmtId>,
}

/// A variable.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// As declared.
    pub name: String,
    /// The declared type, or that of its value; [`DataType::Dynamic`] when unknown.
    pub data_type: DataType,
    /// Whether the type was written; assignments coerce to it then.
    pub is_typed: bool,
    /// Where it lives.
    pub scope: VariableScope,
    /// The name in its declaration; empty where another statement declares it.
    pub range: TextRange,
}

/// Where a variable lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VariableScope {
    /// Declared by DECLARE or PARAM at the top level of a file and known to all later statements of it: one slot for each
    /// name in the program.
    File,
    /// Declared inside the TEST or block that this body is: by DECLARE, FOR or CATCH.
    Block,
    /// The parameter of a lambda.
    Lambda,
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// The type of its value.
    pub data_type: DataType,
    /// Its text.
    pub range: TextRange,
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// Something that does not compile; an error was reported for it.
    Missing,
    /// `NULL`
    Null,
    /// `TRUE`, `FALSE`
    Boolean(bool),
    /// `42`
    Integer(i64),
    /// `4.2`
    Number(f64),
    /// A text, decoded.
    String(String),
    /// A text of CONFIG with `{{secrets.name}}` in it, decoded but not expanded.
    SecretTemplate(String),
    /// A column of a source of the SELECT around it, or of one further out ([`Select::outer`]).
    Column(ColumnRef),
    /// A variable or the parameter of a lambda.
    Variable(VariableId),
    /// `[a, b]`
    Array(Vec<ExprId>),
    /// A document or an array, as its type says, of nothing but constants, as JSON without blanks. A number with a point or an exponent
    /// in it is no integer.
    Json(Arc<str>),
    /// `{"k": a}`, keys in their order, no key twice.
    Document(Vec<(String, ExprId)>),
    /// `left operator right`; the sides have types that the operator takes together, and need not have the same one.
    Binary {
        /// The operator.
        operator: BinaryOperator,
        /// Its left side.
        left: ExprId,
        /// Its right side.
        right: ExprId,
    },
    /// `operator operand`
    Unary {
        /// The operator.
        operator: UnaryOperator,
        /// Its operand.
        operand: ExprId,
    },
    /// `operand IS [NOT] NULL`
    IsNull {
        /// What is tested.
        operand: ExprId,
        /// NOT.
        negated: bool,
    },
    /// `operand [NOT] BETWEEN low AND high`
    Between {
        /// What is tested.
        operand: ExprId,
        /// The lower bound, included.
        low: ExprId,
        /// The upper bound, included.
        high: ExprId,
        /// NOT.
        negated: bool,
    },
    /// `operand [NOT] IN (a, b)`. `operand IN array` is [`BinaryOperator::In`].
    InList {
        /// What is tested.
        operand: ExprId,
        /// The elements; not empty.
        elements: Vec<ExprId>,
        /// NOT.
        negated: bool,
    },
    /// `CASE [operand] WHEN … THEN … [ELSE …] END`. With an operand, each WHEN is `operand = value` already.
    Case {
        /// Condition and value of each WHEN.
        arms: Vec<(ExprId, ExprId)>,
        /// ELSE; NULL without.
        otherwise: Option<ExprId>,
    },
    /// `CAST(operand AS type)` and `operand::type`, to [`Expr::data_type`]: an error where the value does not fit.
    Cast {
        /// What is cast.
        operand: ExprId,
    },
    /// `INTERVAL value [unit]`
    Interval {
        /// A text such as `7d`, or a number when there is a unit.
        value: ExprId,
        /// As written, in lower case: `day`.
        unit: Option<String>,
    },
    /// A call of the function with this index in [`moltler_abi::functions::FUNCTIONS`].
    Call {
        /// The index.
        function: u32,
        /// In order; as many as the function takes.
        arguments: Vec<ExprId>,
    },
    /// `x => body`, an argument of a function that takes one.
    Lambda {
        /// Its parameters.
        parameters: Vec<VariableId>,
        /// Its value.
        body: ExprId,
    },
    /// `base.key` and `base['key']` with a constant key; NULL where there is none.
    Member {
        /// A document, an array or a dynamic.
        base: ExprId,
        /// The key.
        key: String,
    },
    /// `base[index]`
    Index {
        /// A document, an array or a dynamic.
        base: ExprId,
        /// A number from 0, or a key.
        index: ExprId,
    },
    /// A SELECT as a value: its rows as an array of documents.
    Query(SelectId),
    /// `(SELECT …)`, `EXISTS (SELECT …)`, `operand IN (SELECT …)`
    Subquery {
        /// The SELECT; of one column unless it is only asked for its rows.
        query: SelectId,
        /// What is made of its rows.
        kind: SubqueryKind,
    },
    /// CONNECTOR_EXEC as a value.
    Execute(Execution),
    /// Something that may be written but fails with this message when it is reached (an entity that a TEST mentions and
    /// nobody declared).
    Fail(String),
}

/// A call of an action.
#[derive(Clone, Debug, PartialEq)]
pub struct Execution {
    /// The instance: `my_service_prod`.
    pub instance: String,
    /// The action with its type: `myservice.items.create`.
    pub action: String,
    /// A document; named arguments are gathered into one. `None`: no arguments.
    pub argument: Option<ExprId>,
    /// Its text.
    pub range: TextRange,
}

/// A statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Stmt {
    /// What it does.
    pub kind: StmtKind,
    /// Its text, without leading comments and without `;`.
    pub range: TextRange,
}

/// What a statement does.
#[derive(Clone, Debug, PartialEq)]
pub enum StmtKind {
    /// Something that does not compile; an error was reported for it.
    Missing,
    /// Something that may be written but fails with this message when it is reached.
    Fail(String),
    /// CREATE CONNECTOR TYPE
    Type(TypeDef),
    /// CREATE CONNECTOR ENTITY
    Entity(EntityDef),
    /// CREATE CONNECTOR ACTION
    Action(ActionDef),
    /// REGISTER CONNECTOR TYPE
    Register {
        /// The type.
        type_name: String,
    },
    /// CREATE CONNECTOR name; at the top level hoisted, in a test a statement.
    Instance(InstanceDef),
    /// TEST CONNECTOR TYPE
    Test(TestDef),
    /// PACKAGE CONNECTOR TYPE
    Package(PackageDef),
    /// PUBLISH CONNECTOR TYPE
    Publish(PublishDef),
    /// ALTER CONNECTOR name OPTIONS
    AlterOptions {
        /// The instance.
        instance: String,
        /// A document.
        options: ExprId,
    },
    /// ALTER CONNECTOR name ENABLE|DISABLE
    SetEnabled {
        /// The instance.
        instance: String,
        /// ENABLE.
        enabled: bool,
    },
    /// DROP CONNECTOR name
    Drop {
        /// The instance.
        instance: String,
    },
    /// SHOW CONNECTORS
    ShowConnectors,
    /// `SHOW CONNECTOR name [STATUS]`
    ShowConnector {
        /// The instance.
        instance: String,
        /// STATUS.
        status: bool,
    },
    /// DESCRIBE name.entity
    Describe {
        /// The instance.
        instance: String,
        /// The entity with its type: `myservice.items`.
        entity: String,
    },
    /// TEST CONNECTOR name
    TestConnector {
        /// The instance.
        instance: String,
    },
    /// SYNC CONNECTOR
    Sync(SyncDef),
    /// SHOW SYNC STATE
    ShowSyncState {
        /// The instance; `None` for all.
        instance: Option<String>,
        /// The entity, without its type; `None` for all.
        entity: Option<String>,
    },
    /// SELECT as a statement: its rows are the program's output.
    Query(SelectId),
    /// CONNECTOR_EXEC as a statement: its result is the program's output.
    Execute(Execution),
    /// PARAM
    Param {
        /// The variable.
        variable: VariableId,
        /// DEFAULT.
        default: Option<ExprId>,
        /// DESCRIPTION.
        description: Option<String>,
    },
    /// DECLARE
    Declare {
        /// The variable.
        variable: VariableId,
        /// Its first value; NULL without. To be coerced to the type of the variable where that was written.
        value: Option<ExprId>,
    },
    /// SET
    Set {
        /// The variable.
        variable: VariableId,
        /// To be coerced to the type of the variable where that was written.
        value: ExprId,
    },
    /// ASSERT
    Assert {
        /// A boolean or dynamic.
        condition: ExprId,
        /// Shown when it fails.
        message: Option<ExprId>,
        /// Sub-expressions whose values explain a failure, outermost first; no constants among them.
        parts: Vec<ExprId>,
    },
    /// ASSERT RAISES
    AssertRaises {
        /// The class of the error.
        class: String,
        /// What its message is LIKE, a text.
        pattern: Option<ExprId>,
        /// What must raise it.
        statement: StmtId,
    },
    /// ADVANCE, in a test, by an interval.
    Advance(ExprId),
    /// IF
    If {
        /// Condition and statements of IF and each ELSEIF.
        branches: Vec<(ExprId, Vec<StmtId>)>,
        /// ELSE.
        otherwise: Vec<StmtId>,
    },
    /// FOR variable IN array LOOP
    ForEach {
        /// The element.
        variable: VariableId,
        /// An array or dynamic.
        array: ExprId,
        /// The block.
        body: Vec<StmtId>,
    },
    /// FOR variable IN first..last LOOP
    ForRange {
        /// An integer.
        variable: VariableId,
        /// The first number.
        first: ExprId,
        /// The last number, included.
        last: ExprId,
        /// The block.
        body: Vec<StmtId>,
    },
    /// WHILE
    While {
        /// A boolean or dynamic.
        condition: ExprId,
        /// The block.
        body: Vec<StmtId>,
    },
    /// BREAK
    Break,
    /// CONTINUE
    Continue,
    /// TRY
    Try {
        /// What may fail.
        body: Vec<StmtId>,
        /// CATCH: class (`None`: any), the variable `error`, the block.
        catches: Vec<Catch>,
        /// FINALLY.
        finally: Vec<StmtId>,
    },
    /// RAISE
    Raise {
        /// A text.
        message: ExprId,
        /// WITH CODE.
        code: Option<ExprId>,
    },
    /// PRINT
    Print(ExprId),
}

/// A CATCH.
#[derive(Clone, Debug, PartialEq)]
pub struct Catch {
    /// The class of errors; `None` for all.
    pub class: Option<String>,
    /// `error`, a document.
    pub variable: VariableId,
    /// The block.
    pub body: Vec<StmtId>,
}

impl Body {
    /// The statement that the text is.
    pub fn statement(&self) -> Option<&Stmt> {
        self.root.map(|root| &self.stmts[root])
    }

    /// Adds an expression.
    pub(crate) fn expr(&mut self, kind: ExprKind, data_type: DataType, range: TextRange) -> ExprId {
        self.exprs.push(Expr { kind, data_type, range })
    }
}
