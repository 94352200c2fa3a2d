//! What the statements that define things say.
//!
//! Expressions in a definition (a `default`, OPTIONS, CONFIG, MOCK_API) lie in the [`crate::body::Body`] that holds the
//! definition. Ranges are relative to the text of the statement.

use std::sync::Arc;

use moltler_abi::DataType;
use moltler_abi::sync_target::SyncTarget;
use moltler_syntax::TextRange;

use crate::body::{ExprId, SelectId, StmtId};

/// A name or text with its place; of a string literal, the range includes the quotes and `text` is decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spanned {
    /// The name.
    pub text: String,
    /// Where it stands.
    pub range: TextRange,
}

/// JavaScript or TypeScript between `'''` fences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// The text between the fences, untouched: cut it out of the text of the statement.
    pub range: TextRange,
    /// The function to call: `query`, `execute`, `check`; empty for SHARED.
    pub entry: &'static str,
    /// For SHARED: its top-level names. For a handler: the names of its type's SHARED that it uses and does not declare itself.
    pub shared_names: Vec<String>,
    /// Of TypeScript: the JavaScript that it becomes, as long as the text itself.
    pub javascript: Option<Arc<str>>,
}

/// CREATE CONNECTOR TYPE
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TypeDef {
    /// `myservice`
    pub name: Spanned,
    /// DESCRIPTION
    pub description: Option<String>,
    /// DOCUMENTATION
    pub documentation: Option<String>,
    /// CONFIG_SCHEMA, in order.
    pub config: Vec<ConfigField>,
    /// ALLOW_HOSTS
    pub allow_hosts: Vec<String>,
    /// SHARED
    pub shared: Option<Script>,
    /// CHECK_HANDLER
    pub check: Option<Script>,
    /// OPTIONS, a document.
    pub options: Option<ExprId>,
}

/// A key of CONFIG_SCHEMA or PARAMETERS.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfigField {
    /// The key.
    pub name: String,
    /// The key's place.
    pub range: TextRange,
    /// `type`; `string` when it is absent.
    pub data_type: DataType,
    /// `required`
    pub required: bool,
    /// `secret`
    pub secret: bool,
    /// `default`
    pub default: Option<ExprId>,
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

/// CREATE CONNECTOR ENTITY
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EntityDef {
    /// `myservice.items`
    pub name: Spanned,
    /// DESCRIPTION
    pub description: Option<String>,
    /// DOCUMENTATION
    pub documentation: Option<String>,
    /// FIELDS, in order.
    pub fields: Vec<Field>,
    /// QUERY_HANDLER
    pub handler: Option<Script>,
    /// PUSHDOWN
    pub pushdown: Pushdown,
}

impl EntityDef {
    /// `myservice` of `myservice.items`.
    pub fn type_name(&self) -> &str {
        split_name(&self.name.text).0
    }

    /// `items` of `myservice.items`.
    pub fn entity_name(&self) -> &str {
        split_name(&self.name.text).1
    }
}

/// A field of an entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The key.
    pub name: String,
    /// The key's place.
    pub range: TextRange,
    /// `type`; `string` when it is absent.
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
    /// `unit`
    pub unit: Option<String>,
}

/// PUSHDOWN: what the handler promises to do by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pushdown {
    /// `filters`: field and operators.
    pub filters: Vec<(String, Vec<String>)>,
    /// `exact: true`
    pub exact: bool,
    /// `exact`: the fields, where only filters on some are.
    pub exact_fields: Option<Vec<String>>,
    /// `limit`
    pub limit: bool,
    /// `order_by`: the fields, and whether descending where that is the only direction.
    pub order_fields: Vec<(String, Option<bool>)>,
    /// `order_by`: how many keys at most.
    pub order_keys: Option<u32>,
    /// `required`: alternatives.
    pub required: Vec<Vec<String>>,
    /// `complete`; true when it is absent.
    pub complete: Option<bool>,
}

/// CREATE CONNECTOR ACTION
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ActionDef {
    /// `myservice.items.create` or `myservice.create`
    pub name: Spanned,
    /// DESCRIPTION
    pub description: Option<String>,
    /// DOCUMENTATION
    pub documentation: Option<String>,
    /// PARAMETERS, in order; `None` takes any.
    pub parameters: Option<Vec<ConfigField>>,
    /// `"*": true` in PARAMETERS.
    pub open: bool,
    /// EFFECT
    pub effect: Option<String>,
    /// HANDLER
    pub handler: Option<Script>,
}

impl ActionDef {
    /// `myservice` of `myservice.items.create`.
    pub fn type_name(&self) -> &str {
        split_name(&self.name.text).0
    }

    /// `items.create` of `myservice.items.create`.
    pub fn action_name(&self) -> &str {
        split_name(&self.name.text).1
    }
}

/// CREATE CONNECTOR name
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InstanceDef {
    /// `my_service_prod`
    pub name: Spanned,
    /// `myservice`
    pub type_name: Spanned,
    /// CONFIG, a document.
    pub config: Option<ExprId>,
    /// OPTIONS, a document.
    pub options: Option<ExprId>,
}

/// TEST CONNECTOR TYPE
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TestDef {
    /// The type under test.
    pub type_name: Spanned,
    /// NAME
    pub name: Spanned,
    /// TAGS
    pub tags: Vec<String>,
    /// AT, a timestamp.
    pub at: Option<ExprId>,
    /// MOCK_API, a document.
    pub mock_api: Option<ExprId>,
    /// Its statements.
    pub body: Vec<StmtId>,
    /// The names of ENV calls without default in it, each once.
    pub environment: Vec<String>,
}

/// PACKAGE CONNECTOR TYPE
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackageDef {
    /// The type.
    pub type_name: Spanned,
    /// VERSION
    pub version: Option<String>,
    /// DESCRIPTION
    pub description: Option<String>,
    /// AUTHOR
    pub author: Option<String>,
    /// LICENSE
    pub license: Option<String>,
    /// HOMEPAGE
    pub homepage: Option<String>,
    /// REPOSITORY
    pub repository: Option<String>,
    /// TAGS
    pub tags: Vec<String>,
}

/// PUBLISH CONNECTOR TYPE
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublishDef {
    /// The type.
    pub type_name: Spanned,
    /// TO
    pub registry: Spanned,
}

/// `myservice` and `items.create` of `myservice.items.create`.
pub fn split_name(name: &str) -> (&str, &str) {
    name.split_once('.').unwrap_or((name, ""))
}

/// SYNC CONNECTOR
#[derive(Clone, Debug, PartialEq)]
pub struct SyncDef {
    /// The instance.
    pub instance: String,
    /// Its type.
    pub type_name: String,
    /// The one entity that is read, with its type: `shop.items`; `None` for all of the connector.
    pub entity: Option<String>,
    /// Of one entity: all fields that rows have, and WHERE.
    pub select: Option<SelectId>,
    /// Where rows go.
    pub target: SyncTarget,
    /// INCREMENTAL ON.
    pub field: Option<String>,
    /// LOOKBACK, outside of rows.
    pub lookback: Option<ExprId>,
    /// WHERE as it was written.
    pub condition: TextRange,
    /// APPEND
    pub append: bool,
    /// KEEP MISSING
    pub keep_missing: bool,
    /// SCHEMA freeze
    pub freeze: bool,
    /// SCHEDULE
    pub schedule: Option<String>,
}

impl SyncDef {
    /// What a run of it does, in few words.
    pub fn summary(&self) -> String {
        let how = match &self.field {
            Some(field) if self.append => format!("Adds what has a later `{field}`"),
            Some(field) => format!("Incremental on `{field}`"),
            None if self.append => "Adds all rows".to_owned(),
            None => "Full refresh".to_owned(),
        };
        let when = self.schedule.as_ref().map(|schedule| format!(", at `{schedule}`")).unwrap_or_default();
        format!("{how} → {}{when}", self.target.describe())
    }
}
