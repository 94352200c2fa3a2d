//! Everything of a program that is not machine code, as plain data.
//!
//! Code is named by [`FunctionId`], an index into [`Manifest::functions`]; definitions refer to each other by index too. All
//! text positions are [`Span`]s into [`Manifest::files`].

mod relational;
mod sync;

use serde::{Deserialize, Serialize};

use crate::DataType;
pub use relational::{Aggregate, Binding, Join, JoinKind, Subquery, SubqueryKind};
pub use sync::{Sync, SyncJob};

/// An index into [`Manifest::functions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FunctionId(pub u32);

/// A piece of a source file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Span {
    /// Index into [`Manifest::files`].
    pub file: u32,
    /// First byte.
    pub start: u32,
    /// Behind the last byte.
    pub end: u32,
}

/// A source file; its text is for excerpts in messages only and is never parsed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SourceFile {
    /// As the user named it, relative to the package, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// Where a function lies in the code.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Function {
    /// For profiles and `--emit`: `main`, `test_3`, `query_0_filter`.
    pub name: String,
    /// Bytes from the start of the code; a multiple of 16.
    pub offset: u32,
    /// Bytes.
    pub length: u32,
}

/// A program: definitions, queries, tests.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Manifest {
    /// Source files.
    pub files: Vec<SourceFile>,
    /// Generated functions.
    pub functions: Vec<Function>,
    /// Connector types.
    pub types: Vec<ConnectorType>,
    /// Entities.
    pub entities: Vec<Entity>,
    /// Actions.
    pub actions: Vec<Action>,
    /// Instances, those of tests too. Those in `global_instances` are known from the start of the run.
    pub instances: Vec<Instance>,
    /// Indices of the instances that are known in the whole package.
    pub global_instances: Vec<u32>,
    /// SELECTs.
    pub queries: Vec<Query>,
    /// SELECTs inside expressions, as far as they are not arrays of documents.
    pub subqueries: Vec<Subquery>,
    /// Functions that are arguments: `x => …`.
    pub lambdas: Vec<Lambda>,
    /// What [`Operator::Shared`] reads: queries of WITH.
    pub shared: Vec<Operator>,
    /// CONNECTOR_EXECs.
    pub executions: Vec<Execution>,
    /// Statements that the runtime carries out as a whole.
    pub commands: Vec<Command>,
    /// SYNCs, those of tests too.
    pub syncs: Vec<Sync>,
    /// ASSERTs.
    pub assertions: Vec<Assertion>,
    /// Where each statement stands, by the index that `begin_statement` gets.
    pub statements: Vec<Span>,
    /// Messages of statements that cannot be carried out.
    pub messages: Vec<String>,
    /// The statements of the file that is run, in order. [`crate::layout::EntryFunction`]
    pub main: Option<FunctionId>,
    /// The SYNCs of `main` and what they depend on, without anything that prints or acts otherwise; `None` without SYNC. It has the
    /// variables of `main`. [`crate::layout::EntryFunction`]
    pub main_syncs: Option<FunctionId>,
    /// How many variables `main` has.
    pub main_variables: u32,
    /// What may be given to the program on the command line.
    pub parameters: Vec<Parameter>,
    /// TESTs, in the order of their files and places.
    pub tests: Vec<Test>,
    /// From the PACKAGE statement, for `--version`.
    pub version: Option<String>,
    /// The script of the JavaScript host itself as bytecode; empty where the runtime is to compile it when it needs it.
    pub host_bytecode: Vec<u8>,
}

/// A function that is an argument of an array function. To the call it is an integer, its index in [`Manifest::lambdas`]; what it
/// uses of the row around was stored in variables before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lambda {
    /// The variables that its arguments are stored in before it is called, in order, and their types.
    pub parameters: Vec<(u32, DataType)>,
    /// Its value. [`crate::layout::ScalarFunction`]
    pub code: FunctionId,
}

/// PARAM. A value from the command line is put into its variable before `main` starts; `main` fills in the default, or fails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    /// `repo` of `--repo`.
    pub name: String,
    /// The variable.
    pub slot: u32,
    /// What the text of the command line is cast to.
    pub data_type: DataType,
    /// Whether there is no default.
    pub required: bool,
    /// DESCRIPTION.
    pub description: Option<String>,
    /// Of the statement.
    pub span: Span,
}

/// CREATE CONNECTOR TYPE.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ConnectorType {
    /// `myservice`
    pub name: String,
    /// DESCRIPTION.
    pub description: Option<String>,
    /// CONFIG_SCHEMA, in order.
    pub config: Vec<ConfigField>,
    /// SHARED.
    pub shared: Option<Script>,
    /// CHECK_HANDLER; entry `check`.
    pub check: Option<Script>,
    /// ALLOW_HOSTS.
    pub allow_hosts: Vec<String>,
    /// OPTIONS: a document. [`crate::layout::ScalarFunction`]
    pub options: Option<FunctionId>,
    /// Of the name in the statement.
    pub span: Span,
}

/// A key of CONFIG_SCHEMA or PARAMETERS.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ConfigField {
    /// The key.
    pub name: String,
    /// `type`
    pub data_type: DataType,
    /// `required`
    pub required: bool,
    /// `secret`
    pub secret: bool,
    /// `default`, evaluated when it is used. [`crate::layout::ScalarFunction`]
    pub default: Option<FunctionId>,
    /// `description`
    pub description: Option<String>,
    /// `enum`, as JSON texts.
    pub one_of_values: Vec<String>,
    /// `pattern`
    pub pattern: Option<String>,
    /// `format`
    pub format: Option<String>,
    /// `one_of`: the name of the group.
    pub group: Option<String>,
    /// `expose`
    pub expose: bool,
    /// `hosts`
    pub hosts: Vec<String>,
}

/// CREATE CONNECTOR ENTITY.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Entity {
    /// Index into [`Manifest::types`].
    pub connector_type: u32,
    /// `items`, without the type.
    pub name: String,
    /// DESCRIPTION.
    pub description: Option<String>,
    /// FIELDS, in order.
    pub fields: Vec<Field>,
    /// PUSHDOWN.
    pub pushdown: Pushdown,
    /// QUERY_HANDLER; entry `query`.
    pub handler: Script,
    /// Of the name in the statement.
    pub span: Span,
}

/// Of which declared filters a handler promises that no other rows come back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Exactness {
    /// Nothing is said of it.
    #[default]
    Undeclared,
    /// Of all.
    All,
    /// Of those on these fields. Those on others may let rows through.
    Of(Vec<u32>),
}

impl Exactness {
    /// Whether filters on this field are exact.
    pub fn covers(&self, field: u32) -> bool {
        match self {
            Exactness::Undeclared => false,
            Exactness::All => true,
            Exactness::Of(fields) => fields.contains(&field),
        }
    }
}

/// A field by which a handler can order rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderField {
    /// Index into the entity's fields.
    pub field: u32,
    /// The only direction; both without.
    pub descending: Option<bool>,
}

impl OrderField {
    /// Whether the handler can order by this field in this direction.
    pub fn covers(&self, field: u32, descending: bool) -> bool {
        self.field == field && self.descending.is_none_or(|only| only == descending)
    }
}

/// PUSHDOWN: what a handler promises to do by itself; fields are indices into those of the entity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pushdown {
    /// `filters`: field and operators in lower case.
    pub filters: Vec<(u32, Vec<String>)>,
    /// `exact`: rows that declared filters do not match never come back.
    pub exact: Exactness,
    /// `limit`: the limit is kept, behind filters and order.
    pub limit: bool,
    /// `order_by`: the fields.
    pub order_fields: Vec<OrderField>,
    /// `order_by`: how many keys at most.
    pub order_keys: Option<u32>,
    /// The sets of which one has to be told; those of FIELDS are in each. Empty where nothing is required.
    pub required: Vec<Vec<u32>>,
    /// `complete`: whether a pass without `since` and limit gives all rows that there are; `None` where nothing is said, which
    /// counts as true.
    pub complete: Option<bool>,
}

/// A field of an entity.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Field {
    /// The key.
    pub name: String,
    /// `type`
    pub data_type: DataType,
    /// `description`
    pub description: Option<String>,
    /// `primary_key`
    pub primary_key: bool,
    /// `required`
    pub required: bool,
    /// `filter_only`
    pub filter_only: bool,
    /// `from_filter`
    pub from_filter: bool,
    /// `unit` of an epoch number: `s`, `ms`, `us`.
    pub unit: Option<String>,
}

/// CREATE CONNECTOR ACTION.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Action {
    /// Index into [`Manifest::types`].
    pub connector_type: u32,
    /// `items.create` or `create`, without the type.
    pub name: String,
    /// DESCRIPTION.
    pub description: Option<String>,
    /// PARAMETERS; `None` takes any.
    pub parameters: Option<Vec<ConfigField>>,
    /// `"*": true` in PARAMETERS.
    pub open: bool,
    /// HANDLER; entry `execute`.
    pub handler: Script,
    /// Of the name in the statement.
    pub span: Span,
}

/// A piece of JavaScript.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Script {
    /// Shown in stacks: `myservice.items`.
    pub name: String,
    /// The text between the fences.
    pub span: Span,
    /// The function to call: `query`, `execute`, `check`; empty for SHARED.
    pub entry: String,
    /// Top-level names of a SHARED block, visible in the type's handlers; for a handler, those that it uses and does not declare itself.
    pub shared_names: Vec<String>,
    /// What the engine is to compile, with every line and column as in the file's text; emptied when `bytecode` is made.
    pub source: String,
    /// Bytecode of the engine version named in the image.
    pub bytecode: Vec<u8>,
}

/// CREATE CONNECTOR name.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Instance {
    /// `my_service_prod`
    pub name: String,
    /// Index into [`Manifest::types`].
    pub connector_type: u32,
    /// CONFIG: gives a document. [`crate::layout::ScalarFunction`]
    pub config: Option<FunctionId>,
    /// OPTIONS: gives a document. [`crate::layout::ScalarFunction`]
    pub options: Option<FunctionId>,
    /// Of the name in the statement.
    pub span: Span,
}

/// A SELECT.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Query {
    /// What it does, outermost first.
    pub plan: Operator,
    /// Of its rows. The plan may give more columns behind these (keys of ORDER BY that were not selected), which nobody sees.
    pub columns: Vec<OutputColumn>,
    /// Of the SELECT.
    pub span: Span,
}

/// A column of a result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputColumn {
    /// As shown.
    pub name: String,
    /// Its type.
    pub data_type: DataType,
}

/// A node of a physical plan, as the runtime carries it out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Operator {
    /// Rows of an entity.
    Scan(Scan),
    /// One row without columns.
    SingleRow,
    /// One row for each element of an array, its only column, dynamic, is the element; no rows for NULL.
    /// [`crate::layout::ScalarFunction`]
    Elements(FunctionId),
    /// No rows; `SELECT … LIMIT 0`, contradictions. The columns' types.
    Nothing(Vec<DataType>),
    /// Filter and projection in machine code.
    Pipeline {
        /// Where rows come from.
        input: Box<Operator>,
        /// The loop.
        pipeline: Pipeline,
    },
    /// A stable sort.
    Sort {
        /// Where rows come from.
        input: Box<Operator>,
        /// Most significant first.
        keys: Vec<SortKey>,
    },
    /// LIMIT and OFFSET.
    Limit {
        /// Where rows come from.
        input: Box<Operator>,
        /// At most so many rows: an integer, NULL for all. [`crate::layout::ScalarFunction`]
        limit: Option<FunctionId>,
        /// Skipped first. [`crate::layout::ScalarFunction`]
        offset: Option<FunctionId>,
    },
    /// GROUP BY: a row for each group, in the order in which the groups came, with the keys, then the aggregates.
    Aggregate {
        /// A pipeline that computes the keys, then what the aggregates look at.
        input: Box<Operator>,
        /// So many columns of the input are the keys. Rows are of one group when the keys are equal, as of groups. Without keys
        /// all rows are one group, which is there without rows too.
        keys: u32,
        /// In the order of the columns.
        aggregates: Vec<Aggregate>,
        /// Types of the columns that it gives.
        output: Vec<DataType>,
    },
    /// Of rows that are equal, as of groups, in all columns, the first.
    Distinct(Box<Operator>),
    /// A join with at least one key.
    HashJoin(Join),
    /// A join without keys.
    NestedLoop(Join),
    /// A join whose right side is called for values of the left side. The right side is one [`Operator::Scan`], possibly under
    /// pipelines.
    ///
    /// For each distinct combination of values in the bound columns of the left side, in their order, none of them NULL, the
    /// right side runs with these values as further filters of its scan (under the same rules as [`Scan::filters`]). Candidates
    /// for a left row are the rows of its own call that agree in the keys, if there are any. The number of calls counts
    /// towards the limit of the run.
    DependentJoin {
        /// Its sides, its keys and the rest of ON.
        join: Join,
        /// What the left side gives; not empty.
        bindings: Vec<Binding>,
    },
    /// The rows of all inputs, one input after the other. All have columns of the same types.
    Union(Vec<Operator>),
    /// The rows of the operator with this index in [`Manifest::shared`], which runs once in the outermost query under way, when
    /// they are first asked for.
    Shared(u32),
}

/// Filter and projection of a batch.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pipeline {
    /// [`crate::layout::PipelineFunction`]
    pub code: FunctionId,
    /// Whether rows may be left out. Else all pass, and the code is there for what it computes.
    pub filters: bool,
    /// The columns that come out.
    pub outputs: Vec<Output>,
}

/// A column that a pipeline gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Output {
    /// The column of the input with this index; the code does not write it.
    Column(u32),
    /// Written by the code.
    Computed(DataType),
}

/// A call of an entity's handler.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Scan {
    /// The instance, looked up by name in the run: a test's own first.
    pub instance: String,
    /// Index into [`Manifest::entities`].
    pub entity: u32,
    /// The fields that become columns, by index into the entity's fields.
    pub columns: Vec<u32>,
    /// `filters`: equalities. A value that is NULL, or two values of one field that differ, mean no rows, without a call.
    pub filters: Vec<Filter>,
    /// `field IN (…)` where the handler wants one value at a time: `value` gives an array. The handler is called for each
    /// combination of distinct values that are not NULL, in their order, with them as further `filters`; the rows of all
    /// calls follow each other. The number of calls counts towards the limit of the run.
    pub each: Vec<Filter>,
    /// `options.where`: all simple conditions.
    pub conditions: Vec<Condition>,
    /// `options.limit`, where passing it is safe; absent for NULL and negative values. [`crate::layout::ScalarFunction`]
    pub limit: Option<FunctionId>,
    /// `options.orderBy`: field and whether descending.
    pub order_by: Vec<(u32, bool)>,
    /// Of the FROM item.
    pub span: Span,
}

/// A pushed equality.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Filter {
    /// Index into the entity's fields.
    pub field: u32,
    /// Gives the value; the runtime coerces it to the field's type. [`crate::layout::ScalarFunction`]
    pub value: FunctionId,
}

/// An element of `options.where`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Condition {
    /// Index into the entity's fields.
    pub field: u32,
    /// `= != < <= > >= in 'not in' like contains 'is null' 'is not null'`
    pub operator: String,
    /// Gives the value (an array for `in`); `None` for `is null`. [`crate::layout::ScalarFunction`]
    pub value: Option<FunctionId>,
}

/// A key of ORDER BY.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SortKey {
    /// Column of the input.
    pub column: u32,
    /// DESC.
    pub descending: bool,
    /// NULLS FIRST.
    pub nulls_first: bool,
}

/// A CONNECTOR_EXEC.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Execution {
    /// The instance, looked up by name in the run.
    pub instance: String,
    /// Index into [`Manifest::actions`].
    pub action: u32,
    /// Of the call.
    pub span: Span,
}

/// A statement that the runtime carries out as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// SHOW CONNECTORS
    ShowConnectors,
    /// SHOW CONNECTOR name [STATUS]
    ShowConnector {
        /// The instance.
        name: String,
        /// STATUS.
        status: bool,
    },
    /// DESCRIBE name.entity
    Describe {
        /// The instance.
        instance: String,
        /// Index into [`Manifest::entities`].
        entity: u32,
    },
    /// TEST CONNECTOR name
    TestConnector {
        /// The instance.
        name: String,
    },
    /// ALTER CONNECTOR name OPTIONS
    AlterOptions {
        /// The instance.
        name: String,
        /// Gives a document. [`crate::layout::ScalarFunction`]
        options: FunctionId,
    },
    /// ALTER CONNECTOR name ENABLE|DISABLE
    SetEnabled {
        /// The instance.
        name: String,
        /// ENABLE.
        enabled: bool,
    },
    /// DROP CONNECTOR name
    DropConnector {
        /// The instance.
        name: String,
    },
    /// SYNC CONNECTOR: index into [`Manifest::syncs`].
    Sync(u32),
    /// SHOW SYNC STATE [instance[.entity]]
    ShowSyncState {
        /// The instance.
        instance: Option<String>,
        /// The name of the entity, without its type.
        entity: Option<String>,
    },
    /// PACKAGE CONNECTOR TYPE: carried out by the tool, passed over by executables.
    Package(Package),
    /// PUBLISH CONNECTOR TYPE: carried out by the tool, passed over by executables.
    Publish {
        /// The type.
        type_name: String,
        /// TO.
        registry: String,
    },
}

/// The clauses of PACKAGE CONNECTOR TYPE.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// The type.
    pub type_name: String,
    /// VERSION.
    pub version: Option<String>,
    /// DESCRIPTION.
    pub description: Option<String>,
    /// AUTHOR.
    pub author: Option<String>,
    /// LICENSE.
    pub license: Option<String>,
    /// HOMEPAGE.
    pub homepage: Option<String>,
    /// REPOSITORY.
    pub repository: Option<String>,
    /// TAGS.
    pub tags: Vec<String>,
}

/// An ASSERT.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Assertion {
    /// Of its expression.
    pub span: Span,
    /// Sub-expressions whose values are shown when it fails, outermost first.
    pub parts: Vec<Span>,
    /// What is compared, where the expression is `actual = expected`.
    pub compared: Option<Compared>,
}

/// The two sides of an ASSERT of an equality.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// What the test found: the left side, unless that is a constant and the right one is none.
    pub actual: Side,
    /// What it was to find.
    pub expected: Side,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Side {
    /// An index into the assertion's parts.
    Part(u32),
    /// NULL.
    Null,
    /// A constant.
    Boolean(bool),
    /// A constant.
    Integer(i64),
    /// A constant.
    Number(f64),
    /// A constant; of a cast, what is cast.
    Text(String),
}

/// MOCK_API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MockApi {
    /// A constant, as JSON.
    Constant(String),
    /// Evaluated before the test.
    Computed(FunctionId),
}

/// A TEST.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Test {
    /// NAME.
    pub name: String,
    /// The type under test.
    pub type_name: String,
    /// TAGS.
    pub tags: Vec<String>,
    /// AT: a timestamp. [`crate::layout::ScalarFunction`]
    pub at: Option<FunctionId>,
    /// MOCK_API: gives a document. [`crate::layout::ScalarFunction`]
    pub mock_api: Option<MockApi>,
    /// Its statements; `None` where it does not compile. [`crate::layout::EntryFunction`]
    pub code: Option<FunctionId>,
    /// How many variables it has.
    pub variables: u32,
    /// The names of ENV calls without default in it: with one of them unset, the test is skipped.
    pub environment: Vec<String>,
    /// Its compile errors, one sentence each.
    pub errors: Vec<String>,
    /// Of the whole statement.
    pub span: Span,
}
