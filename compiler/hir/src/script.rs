//! A handler's JavaScript against its declaration.

use std::sync::Arc;

use moltler_abi::DataType;
use moltler_abi::host::{ECMASCRIPT_GLOBALS, FOREIGN_GLOBALS, HOST_GLOBALS, OPTIONS_MEMBERS};
use moltler_js::{Access, Function, ReturnedObject, Script};
use moltler_syntax::TextRange;

use crate::diagnostics::advice::unchecked_response;
use crate::diagnostics::script::{
    at, extra_parameter, foreign_global, javascript, missing_entry_point, null_date, parsed_body, undefined_name,
    unused_name,
};
use crate::diagnostics::script_member::{field_never_returned, returned_envelope, undeclared_field, unknown_member};
use crate::diagnostics::{Code, LocalDiagnostic, secret};
use crate::item_tree::{FieldItem, SchemaItem};
use crate::suggest::Candidates;

/// What a raw block of JavaScript is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// QUERY_HANDLER
    Query,
    /// HANDLER
    Execute,
    /// CHECK_HANDLER
    Check,
    /// SHARED
    Shared,
}

impl Role {
    /// The function that is called; empty for SHARED.
    pub const fn entry(self) -> &'static str {
        match self {
            Role::Query => "query",
            Role::Execute => "execute",
            Role::Check => "check",
            Role::Shared => "",
        }
    }

    /// The keyword before it.
    pub const fn clause(self) -> &'static str {
        match self {
            Role::Query => "QUERY_HANDLER",
            Role::Execute => "HANDLER",
            Role::Check => "CHECK_HANDLER",
            Role::Shared => "SHARED",
        }
    }

    /// What the function is called with.
    pub const fn parameters(self) -> &'static [&'static str] {
        match self {
            Role::Query => &["config", "filters", "options"],
            Role::Execute => &["config", "params"],
            Role::Check => &["config"],
            Role::Shared => &[],
        }
    }
}

/// A raw block with what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptBlock {
    /// What it is for.
    pub role: Role,
    /// The keyword's place in the statement.
    pub clause: TextRange,
    /// The text between the fences, in the statement.
    pub range: TextRange,
    /// Its facts; ranges count from `range.start()`.
    pub script: Arc<Script>,
}

/// What the rest of the package says about the handler.
pub(crate) struct Surroundings<'a> {
    /// The type and its CONFIG_SCHEMA; `None` where the type or the schema is not known.
    pub config: Option<(&'a str, &'a [SchemaItem])>,
    /// Top-level names of SHARED.
    pub shared: &'a [String],
    /// For a query: the entity, its fields and their keys' places.
    pub entity: Option<(&'a str, &'a [FieldItem], &'a [TextRange])>,
    /// For an action: its name and PARAMETERS; `None` where it takes any.
    pub parameters: Option<(&'a str, &'a [SchemaItem])>,
}

/// Members that every JavaScript object has.
const OBJECT_MEMBERS: &[&str] = &[
    "constructor",
    "hasOwnProperty",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "toLocaleString",
    "toString",
    "valueOf",
];

/// Checks one raw block.
pub(crate) fn check(block: &ScriptBlock, surroundings: &Surroundings<'_>, out: &mut Vec<LocalDiagnostic>) {
    let script = &*block.script;
    let offset = block.range.start();
    out.extend(script.errors.iter().map(|error| javascript(error, offset)));
    out.extend(script.null_dates.iter().map(|range| null_date(at(range, offset))));
    out.extend(script.unchecked_responses.iter().map(|response| unchecked_response(response, offset)));
    let hider = hider(block, surroundings);
    out.extend(script.strings.iter().filter_map(|literal| secret::in_script(literal, offset, &hider)));
    if !script.is_complete {
        return;
    }
    free_names(block, surroundings, out);
    if block.role == Role::Shared {
        return;
    }
    let Some((_, function)) = script.function(block.role.entry()) else {
        out.push(missing_entry_point(block.role, script, block.clause, offset));
        return;
    };
    let unused = script.unused.iter().filter(|(name, _)| name != block.role.entry() && !name.starts_with('_'));
    out.extend(unused.map(|(name, range)| unused_name(name, at(range, offset))));
    let count = block.role.parameters().len();
    if let Some(parameter) = function.parameters.get(count)
        && parameter.form != moltler_js::ParameterForm::Rest
    {
        out.push(extra_parameter(block.role, at(&parameter.range, offset)));
    }
    for access in &function.accesses {
        inspected_secret(block.role, access, surroundings, offset, out);
        if !access.is_written && !OBJECT_MEMBERS.contains(&access.name.as_str()) {
            out.extend(unknown(block.role, access, surroundings, offset));
        }
    }
    if let Some((entity, fields, ranges)) = surroundings.entity {
        for body in &function.returned_bodies {
            let is_row = |name: &String| fields.iter().any(|field| field.name == *name);
            if !body.members.iter().any(|name| is_row(name) || name == crate::definition::split_name(entity).1) {
                out.extend(returned_envelope(body, entity, offset));
            }
        }
        if let Some(field) = fields.iter().find(|field| is_integer_id(field)) {
            out.extend(script.parsed_bodies.iter().map(|range| parsed_body(&field.name, at(range, offset))));
        }
        returned_fields(entity, fields, ranges, function, offset, out);
    }
}

/// How a secret in the text would be read from `config`, where that is known.
fn hider<'a>(block: &'a ScriptBlock, surroundings: &Surroundings<'a>) -> Option<secret::Hider<'a>> {
    let (type_name, schema) = surroundings.config?;
    let (_, function) = block.script.function(block.role.entry())?;
    let has_config = function.parameters.first().and_then(|first| first.name.as_deref()) == Some("config");
    has_config.then_some(secret::Hider { type_name, schema, body: &function.body })
}

/// The keys of `config` that scripts read, sorted; `None` where any key may be read.
pub(crate) fn config_keys(blocks: &[ScriptBlock]) -> Option<Vec<String>> {
    let mut keys = Vec::new();
    for block in blocks {
        if !block.script.is_complete {
            return None;
        }
        let functions: Vec<&Function> = match block.role {
            // Any function of SHARED may be handed a config.
            Role::Shared => block.script.names.iter().filter_map(|name| name.function.as_ref()).collect(),
            role => block.script.function(role.entry()).map(|(_, function)| function).into_iter().collect(),
        };
        for function in functions {
            let config = match block.role {
                Role::Shared => {
                    function.parameters.iter().position(|parameter| parameter.name.as_deref() == Some("config"))
                }
                _ => Some(0),
            };
            let Some(config) = config else { continue };
            let Some(parameter) = function.parameters.get(config) else { continue };
            if parameter.is_used_whole {
                return None;
            }
            let read = function.accesses.iter().filter(|access| access.parameter == config);
            keys.extend(read.map(|access| access.name.clone()));
        }
    }
    keys.sort();
    keys.dedup();
    Some(keys)
}

/// The names of SHARED that a handler uses and does not declare itself.
pub(crate) fn used_shared_names(script: &Script, shared: &[String]) -> Vec<String> {
    shared.iter().filter(|name| script.free_names.iter().any(|free| free.name == **name)).cloned().collect()
}

fn free_names(block: &ScriptBlock, surroundings: &Surroundings<'_>, out: &mut Vec<LocalDiagnostic>) {
    let offset = block.range.start();
    for name in &block.script.free_names {
        let text = name.name.as_str();
        if surroundings.shared.iter().any(|shared| shared == text)
            || HOST_GLOBALS.iter().any(|global| global.name == text)
            || ECMASCRIPT_GLOBALS.contains(&text)
        {
            continue;
        }
        match FOREIGN_GLOBALS.iter().find(|(foreign, _)| *foreign == text) {
            Some((_, replacement)) => out.push(foreign_global(name, replacement, offset)),
            None => out.push(undefined_name(name, &block.script, surroundings.shared, offset)),
        }
    }
}

/// A handler looks at the letters of a secret, which it does not have.
fn inspected_secret(
    role: Role,
    access: &Access,
    surroundings: &Surroundings<'_>,
    offset: u32,
    out: &mut Vec<LocalDiagnostic>,
) {
    let config = surroundings.config.filter(|_| role.parameters().get(access.parameter) == Some(&"config"));
    let Some((_, schema)) = config else { return };
    if schema.iter().any(|key| key.name == access.name && key.secret && !key.expose) {
        let found = access.inspections.iter();
        out.extend(found.map(|found| secret::inspected(&access.name, &found.by, at(&found.range, offset))));
    }
}

/// Numbers of things grow beyond the 53 bits that a number of JavaScript has.
fn is_integer_id(field: &FieldItem) -> bool {
    let is_named = field.name == "id" || field.name.ends_with("_id") || field.name.ends_with("Id");
    field.data_type == DataType::Integer && (field.primary_key || is_named)
}

/// The diagnostic of a member that nobody declares.
fn unknown(role: Role, access: &Access, surroundings: &Surroundings<'_>, offset: u32) -> Option<LocalDiagnostic> {
    let name = access.name.as_str();
    match *role.parameters().get(access.parameter)? {
        "config" => {
            let (type_name, schema) = surroundings.config?;
            let candidates = Candidates::new("config keys", schema.iter().map(|key| key.name.as_str()));
            (!schema.iter().any(|key| key.name == name))
                .then(|| unknown_member(Code::UnknownConfigKey, access, "a config key", type_name, &candidates, offset))
        }
        "filters" => {
            let (entity, fields, _) = surroundings.entity?;
            let candidates = Candidates::new("fields", fields.iter().map(|field| field.name.as_str()));
            (!fields.iter().any(|field| field.name == name))
                .then(|| unknown_member(Code::UnknownFilter, access, "a field", entity, &candidates, offset))
        }
        "options" => {
            let candidates = Candidates::new("options", OPTIONS_MEMBERS.iter().map(|member| member.name));
            (!OPTIONS_MEMBERS.iter().any(|member| member.name == name))
                .then(|| unknown_member(Code::UnknownOption, access, "a member", "options", &candidates, offset))
        }
        "params" => {
            let (action, parameters) = surroundings.parameters?;
            let candidates = Candidates::new("parameters", parameters.iter().map(|key| key.name.as_str()));
            (!parameters.iter().any(|key| key.name == name))
                .then(|| unknown_member(Code::UnknownParameter, access, "a parameter", action, &candidates, offset))
        }
        _ => None,
    }
}

/// Keys of returned rows against FIELDS.
fn returned_fields(
    entity: &str,
    fields: &[FieldItem],
    ranges: &[TextRange],
    function: &Function,
    offset: u32,
    out: &mut Vec<LocalDiagnostic>,
) {
    let (_, short_name) = crate::definition::split_name(entity);
    let candidates = Candidates::new("fields", fields.iter().map(|field| field.name.as_str()));
    let mut rows: Vec<&ReturnedObject> = Vec::new();
    let mut all_known = function.returns_are_known;
    for object in &function.returned {
        // An object with an array under the entity's own name is unwrapped.
        match object.keys.iter().find(|key| key.name == short_name) {
            Some(envelope) if !fields.iter().any(|field| field.name == short_name) => {
                rows.extend(&envelope.rows);
                all_known &= envelope.rows_are_known;
            }
            _ => rows.push(object),
        }
    }
    for row in &rows {
        for key in &row.keys {
            if !fields.iter().any(|field| field.name == key.name) {
                out.push(undeclared_field(&key.name, at(&key.range, offset), entity, &candidates, key.is_shorthand));
            }
        }
    }
    if !all_known || rows.is_empty() || rows.iter().any(|row| row.is_open) {
        return;
    }
    for (field, range) in fields.iter().zip(ranges) {
        let is_returned = rows.iter().any(|row| row.keys.iter().any(|key| key.name == field.name));
        if !is_returned && !field.filter_only && !field.from_filter {
            out.push(field_never_returned(&field.name, *range));
        }
    }
}
