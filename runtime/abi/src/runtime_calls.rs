//! The functions of the runtime that generated code may call.
//!
//! The list below is the only place where one is written. From it come the table that a program is started with, the
//! enumeration that the code generator indexes it by, and the signatures that both sides are checked against.

#[allow(unused_imports)]
use crate::layout::{AbiType, Bytes, BytesOut, Context, DatumIn, DatumOut, Id, Register, Size, Status};

/// One function of the table.
#[derive(Clone, Copy, Debug)]
pub struct RuntimeFunction {
    /// Its name in the table.
    pub name: &'static str,
    /// How its parameters are passed.
    pub parameters: &'static [Register],
    /// How its result is passed.
    pub returns: Register,
}

macro_rules! runtime_functions {
    ($($(#[$doc:meta])* fn $name:ident($($parameter:ident: $kind:ty),*) -> $returns:ty;)*) => {
        /// The addresses of the runtime's functions, in the order of [`RuntimeCall`]; the first argument of every
        /// generated function points to one.
        #[repr(C)]
        #[derive(Clone, Copy)]
        pub struct RuntimeTable {
            $($(#[$doc])* pub $name: unsafe extern "C" fn($($parameter: $kind),*) -> $returns,)*
        }

        /// The functions of the table by name; `as usize` is the index.
        #[allow(non_camel_case_types)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum RuntimeCall {
            $($(#[$doc])* $name,)*
        }

        /// Name and signature of each function, by the index of [`RuntimeCall`].
        pub const RUNTIME_FUNCTIONS: &[RuntimeFunction] = &[
            $(RuntimeFunction {
                name: stringify!($name),
                parameters: &[$(<$kind as AbiType>::REGISTER),*],
                returns: <$returns as AbiType>::REGISTER,
            },)*
        ];
    };
}

runtime_functions! {
    /// A statement starts: its index in the manifest's `statements` is where errors are reported; the arena of the
    /// statement before is released.
    fn begin_statement(context: Context, statement: Id) -> Status;

    /// -1, 0 or 1: order of two texts by code point.
    fn compare_text(left: Bytes, left_length: Size, right: Bytes, right_length: Size) -> i32;
    /// `left operator right` for values of any types; operands of different kinds are dynamic and compared as JSON. `operator` is a
    /// [`BinaryOperator`].
    fn binary(context: Context, operator: Id, left: DatumIn, right: DatumIn, result: DatumOut) -> Status;
    /// `operator operand`; `operator` is a [`UnaryOperator`].
    fn unary(context: Context, operator: Id, operand: DatumIn, result: DatumOut) -> Status;
    /// `base.key`; NULL where there is none.
    fn member(context: Context, base: DatumIn, key: Bytes, key_length: Size, result: DatumOut) -> Status;
    /// `base[index]`: of an array from 0, of a document by key; NULL where there is none.
    fn index(context: Context, base: DatumIn, index: DatumIn, result: DatumOut) -> Status;
    /// The value as `data_type` (a [`TypeId`]), NULL where it does not fit.
    /// For `document`, `array` and `dynamic` the result is `BOXED` or `NULL`: ready for a column. [`TypeId::NUMERIC`] keeps an
    /// integer or a number, takes numeric text, and is NULL for all else.
    fn coerce(context: Context, value: DatumIn, data_type: Id, result: DatumOut) -> Status;
    /// The value as `data_type` (a [`TypeId`]), an error where it does not fit: CAST and `::`.
    fn cast(context: Context, value: DatumIn, data_type: Id, result: DatumOut) -> Status;
    /// A call of the SQL function with this index in [`crate::functions::FUNCTIONS`].
    fn call(context: Context, function: Id, arguments: DatumIn, count: Size, result: DatumOut) -> Status;
    /// A span of time from a text such as `7d` or `24h`, or from a number and a unit (a text; length 0 where none was written).
    fn interval(context: Context, value: DatumIn, unit: Bytes, unit_length: Size, result: DatumOut) -> Status;
    /// An empty document.
    fn document_new(context: Context, result: DatumOut) -> Status;
    /// Appends a key to a document made by `document_new` in the same statement.
    fn document_set(context: Context, document: DatumIn, key: Bytes, key_length: Size, value: DatumIn) -> Status;
    /// An empty array.
    fn array_new(context: Context, result: DatumOut) -> Status;
    /// Appends to an array made by `array_new` in the same statement.
    fn array_push(context: Context, array: DatumIn, value: DatumIn) -> Status;
    /// A document or array without anything to compute in it, from its JSON text.
    fn constant(context: Context, json: Bytes, length: Size, result: DatumOut) -> Status;
    /// A literal of CONFIG with `{{secrets.name}}` in it: the text with the placeholders filled in.
    fn secret_template(context: Context, text: Bytes, length: Size, result: DatumOut) -> Status;

    /// The value of the variable in this slot.
    fn load_variable(context: Context, slot: Id, result: DatumOut) -> Status;
    /// Keeps a copy of the value in this slot.
    fn store_variable(context: Context, slot: Id, value: DatumIn) -> Status;
    /// `FOR name IN value`: the `position`-th element and 1 in `more`, or 0 in `more` (a boolean) behind the last.
    fn element(context: Context, array: DatumIn, position: i64, result: DatumOut, more: DatumOut) -> Status;

    /// Writes the view of a text to `place`, in a string column of the batch that a pipeline is writing.
    fn store_text(context: Context, text: Bytes, length: Size, place: BytesOut) -> Status;

    /// Runs the query with this index in the manifest and gives its rows as an array of documents.
    fn query_rows(context: Context, query: Id, result: DatumOut) -> Status;
    /// Runs the query with this index and prints its rows in the program's format.
    fn query_print(context: Context, query: Id) -> Status;
    /// What the subquery with this index in the manifest's `subqueries` makes of its rows. `arguments` go into its variables;
    /// `needle` is what [`crate::manifest::SubqueryKind::In`] looks for, else NULL. The result has the kind of the first column
    /// for a scalar, else is a boolean, or NULL.
    fn subquery(context: Context, subquery: Id, arguments: DatumIn, count: Size, needle: DatumIn, result: DatumOut) -> Status;
    /// Runs the action of the execution with this index. `argument` is a document, or NULL for none.
    fn execute(context: Context, execution: Id, argument: DatumIn, result: DatumOut) -> Status;
    /// Prints the result of a statement (CONNECTOR_EXEC) in the program's format.
    fn print_result(context: Context, value: DatumIn) -> Status;
    /// PRINT.
    fn print(context: Context, value: DatumIn) -> Status;
    /// Carries out the command with this index in the manifest: SHOW, DESCRIBE, ALTER, DROP, TEST CONNECTOR, PACKAGE, …
    fn command(context: Context, command: Id) -> Status;
    /// CREATE CONNECTOR as a statement (in a test): the instance with this index becomes known to the run.
    fn create_instance(context: Context, instance: Id) -> Status;

    /// The value of a part of the ASSERT under way; `part` counts within the assertion's `parts`.
    fn assert_part(context: Context, assertion: Id, part: Id, value: DatumIn) -> Status;
    /// ASSERT: fails unless `value` is TRUE. `message` is NULL where none was written.
    fn assert(context: Context, assertion: Id, value: DatumIn, message: DatumIn) -> Status;
    /// ASSERT RAISES, when its statement has ended: takes the pending error. Fails unless there is one, CATCH by this class would
    /// take it, and its message is LIKE `pattern` (NULL for any message). An error that nothing catches stays on its way.
    fn assert_raises(context: Context, class: Bytes, length: Size, pattern: DatumIn) -> Status;
    /// ADVANCE: the clock of the test goes on by the interval, and what is due by then happens.
    fn advance(context: Context, interval: DatumIn) -> Status;
    /// RAISE: always [`crate::layout::FAILED`].
    fn raise(context: Context, message: DatumIn, code: DatumIn) -> Status;
    /// A statement that the compiler found wrong was reached: fails with the message of that index in the manifest's `messages`.
    fn fail(context: Context, message: Id) -> Status;
    /// CATCH: takes the pending error where its class matches `class` (length 0: any) and gives it as a document, else NULL
    /// and the error stays pending.
    fn catch(context: Context, class: Bytes, length: Size, result: DatumOut) -> Status;
    /// FINALLY starts while an error is on its way: it is put aside, so that statements and a CATCH inside do not see it.
    fn hold_error(context: Context) -> Status;
    /// FINALLY ended: the error last put aside is pending again. Always [`crate::layout::FAILED`].
    fn rethrow(context: Context) -> Status;
}

/// Operators of two operands, as passed to `binary`.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum BinaryOperator {
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
    /// `LIKE`
    Like,
    /// `NOT LIKE`
    NotLike,
    /// `ILIKE`
    ILike,
    /// `NOT ILIKE`
    NotILike,
    /// `MATCHES`
    Matches,
    /// `CONTAINS`
    Contains,
    /// `IN` an array value
    In,
    /// `NOT IN` an array value
    NotIn,
    /// `AND`; generated code short-circuits and never calls this one with an untyped side already decided
    And,
    /// `OR`
    Or,
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
}

impl BinaryOperator {
    /// All of them, in the order of their discriminants.
    pub const ALL: [BinaryOperator; 23] = {
        use BinaryOperator::*;
        [
            Equal,
            NotEqual,
            Less,
            LessEqual,
            Greater,
            GreaterEqual,
            Like,
            NotLike,
            ILike,
            NotILike,
            Matches,
            Contains,
            In,
            NotIn,
            And,
            Or,
            Coalesce,
            Concat,
            Add,
            Subtract,
            Multiply,
            Divide,
            Remainder,
        ]
    };

    /// The operator as written: `=`, `LIKE`, `||`.
    pub const fn symbol(self) -> &'static str {
        match self {
            BinaryOperator::Equal => "=",
            BinaryOperator::NotEqual => "!=",
            BinaryOperator::Less => "<",
            BinaryOperator::LessEqual => "<=",
            BinaryOperator::Greater => ">",
            BinaryOperator::GreaterEqual => ">=",
            BinaryOperator::Like => "LIKE",
            BinaryOperator::NotLike => "NOT LIKE",
            BinaryOperator::ILike => "ILIKE",
            BinaryOperator::NotILike => "NOT ILIKE",
            BinaryOperator::Matches => "MATCHES",
            BinaryOperator::Contains => "CONTAINS",
            BinaryOperator::In => "IN",
            BinaryOperator::NotIn => "NOT IN",
            BinaryOperator::And => "AND",
            BinaryOperator::Or => "OR",
            BinaryOperator::Coalesce => "??",
            BinaryOperator::Concat => "||",
            BinaryOperator::Add => "+",
            BinaryOperator::Subtract => "-",
            BinaryOperator::Multiply => "*",
            BinaryOperator::Divide => "/",
            BinaryOperator::Remainder => "%",
        }
    }

    /// The operator with this discriminant.
    pub fn from_id(id: u32) -> Option<BinaryOperator> {
        BinaryOperator::ALL.get(id as usize).copied()
    }
}

/// Operators of one operand, as passed to `unary`.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum UnaryOperator {
    /// `NOT`
    Not,
    /// `-`
    Negate,
    /// `+`
    Plus,
}

impl UnaryOperator {
    /// The operator with this discriminant.
    pub fn from_id(id: u32) -> Option<UnaryOperator> {
        [UnaryOperator::Not, UnaryOperator::Negate, UnaryOperator::Plus].get(id as usize).copied()
    }
}

/// A [`crate::DataType`] as passed to `coerce` and `cast`, or [`TypeId::NUMERIC`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypeId(pub u32);

impl From<crate::DataType> for TypeId {
    fn from(data_type: crate::DataType) -> TypeId {
        TypeId(data_type as u32)
    }
}

impl TypeId {
    /// Not a type: `coerce` to a number or an integer, whichever keeps the value.
    pub const NUMERIC: TypeId = TypeId(100);

    /// The type with this number.
    pub fn data_type(self) -> Option<crate::DataType> {
        use crate::DataType::*;
        [String, Number, Integer, Boolean, Timestamp, Date, Document, Array, Interval, Dynamic, Null]
            .into_iter()
            .find(|data_type| *data_type as u32 == self.0)
    }
}
