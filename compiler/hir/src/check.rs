//! Everything that is wrong with a statement.

use moltler_db::{Db, NameKind, Statement, names};
use moltler_syntax::ast::AstNode;
use moltler_syntax::{SyntaxError, TextRange};

use crate::body::{ExprKind, StmtKind};
use crate::catalog;
use crate::definition::split_name;
use crate::diagnostics::advice::{missing_description, no_rate_limit};
use crate::diagnostics::definition::{repeated_definition, repeated_test, unused_config_key};
use crate::diagnostics::{Code, LocalDiagnostic};
use crate::item_tree::{Item, item_tree};
use crate::lower::lower_statement;
use crate::script::{self, Role, Surroundings};
use crate::signature;
use crate::syntax_tree::{config_keys, parse_folded, scripts};

/// What is wrong with a statement, by place.
#[salsa::tracked(returns(ref))]
pub fn check_statement(db: &dyn Db, statement: Statement) -> Vec<LocalDiagnostic> {
    let parse = parse_folded(db, statement);
    let errors = parse.errors();
    let is_damaged = errors.iter().any(|error| !matches!(error.code, "missing-semicolon" | "misspelt-keyword"));
    let mut found: Vec<LocalDiagnostic> = errors.into_iter().map(syntax_error).collect();
    if found.is_empty()
        && let Some(second) = parse.source_file().statements().nth(1)
    {
        // The splitter and the grammar agree where statements end; what they would not agree on must not be lost.
        let message = "expected `;` before this statement";
        found.push(LocalDiagnostic::error(Code::MissingSemicolon, second.range(), message));
    }
    let meaning = lower_statement(db, statement).diagnostics.iter();
    found.extend(meaning.filter(|diagnostic| !is_damaged || !is_consequence(diagnostic.code)).cloned());
    repeated(db, statement, &mut found);
    handlers(db, statement, &mut found);
    unused_keys(db, statement, &mut found);
    if !is_damaged {
        advice(db, statement, &mut found);
    }
    found.sort_by(|left, right| {
        (left.range, left.severity, left.code.name()).cmp(&(right.range, right.severity, right.code.name()))
    });
    found.dedup();
    found
}

/// Whether damaged text may be all that is behind the diagnostic: the declaration or the use of a name was not read.
fn is_consequence(code: Code) -> bool {
    matches!(
        code,
        Code::UnknownVariable
            | Code::UnknownField
            | Code::UnusedVariable
            | Code::MisplacedExpression
            | Code::MissingClause
    )
}

fn syntax_error(error: SyntaxError) -> LocalDiagnostic {
    let code = Code::from_name(error.code).expect("Invariant: the codes of the parser are among ours");
    let diagnostic = LocalDiagnostic::error(code, error.range, error.message);
    let Some((range, text)) = error.fix else { return diagnostic };
    let title = match (range.is_empty(), text.is_empty()) {
        (true, _) => format!("Insert `{}`", text.trim()),
        (false, true) => "Remove it".to_owned(),
        (false, false) => format!("Replace with `{}`", text.trim()),
    };
    diagnostic.fix(title, range, text)
}

/// The place of the name in the statement that declares it.
pub(crate) fn name_range(db: &dyn Db, statement: Statement, kind: NameKind, name: &str) -> TextRange {
    let body = &lower_statement(db, statement).body;
    let Some(root) = body.statement() else { return TextRange::default() };
    match (kind, &root.kind) {
        (NameKind::Type, StmtKind::Type(definition)) => definition.name.range,
        (NameKind::Entity, StmtKind::Entity(definition)) => definition.name.range,
        (NameKind::Action, StmtKind::Action(definition)) => definition.name.range,
        (NameKind::Instance, StmtKind::Instance(definition)) => definition.name.range,
        (NameKind::Test, StmtKind::Test(definition)) => definition.name.range,
        (NameKind::Variable, StmtKind::Declare { variable, .. } | StmtKind::Param { variable, .. })
            if name.ends_with(&body.variables[*variable].name) =>
        {
            body.variables[*variable].range
        }
        _ => root.range,
    }
}

/// A definition that a later one replaces.
fn repeated(db: &dyn Db, statement: Statement, found: &mut Vec<LocalDiagnostic>) {
    let item = &signature::signature(db, statement).item;
    if let Some(Item::Test(test)) = item {
        let key = catalog::test_key(test);
        let declarations = names(db, NameKind::Test, &key).declarations(db);
        if declarations.len() > 1 && declarations.last() != Some(&statement) {
            let range = name_range(db, statement, NameKind::Test, &key);
            found.push(repeated_test(&test.name, &key, range));
        }
        return;
    }
    let (kind, name) = match item {
        Some(Item::Type(item)) => (NameKind::Type, &item.name),
        Some(Item::Entity(item)) => (NameKind::Entity, &item.name),
        Some(Item::Action(item)) => (NameKind::Action, &item.name),
        Some(Item::Instance(item)) => (NameKind::Instance, &item.name),
        _ => return,
    };
    let declarations = names(db, kind, name).declarations(db);
    if declarations.len() > 1 && declarations.last() != Some(&statement) {
        found.push(repeated_definition(kind, name, name_range(db, statement, kind, name)));
    }
}

/// The statement's JavaScript.
fn handlers(db: &dyn Db, statement: Statement, found: &mut Vec<LocalDiagnostic>) {
    let blocks = scripts(db, statement);
    if blocks.is_empty() {
        return;
    }
    let body = &lower_statement(db, statement).body;
    let Some(root) = body.statement() else { return };
    let item = signature::signature(db, statement).item.as_ref();
    let (type_name, entity, action) = match item {
        Some(Item::Type(item)) => (item.name.as_str(), None, None),
        Some(Item::Entity(item)) => (split_name(&item.name).0, Some(item), None),
        Some(Item::Action(item)) => (split_name(&item.name).0, None, Some(item)),
        _ => return,
    };
    let type_item = signature::connector_type(db, type_name);
    let ranges: Vec<TextRange> = match &root.kind {
        StmtKind::Entity(definition) => definition.fields.iter().map(|field| field.range).collect(),
        _ => Vec::new(),
    };
    let surroundings = Surroundings {
        config: type_item.and_then(|item| Some((item.name.as_str(), item.config.as_deref()?))),
        shared: type_item.map_or(&[], |item| &item.shared_names),
        entity: entity.map(|item| (item.name.as_str(), item.fields.as_slice(), ranges.as_slice())),
        parameters: action
            .filter(|item| !item.open)
            .and_then(|item| Some((item.name.as_str(), item.parameters.as_deref()?))),
    };
    for block in blocks {
        let shared = if block.role == Role::Shared { &[] } else { surroundings.shared };
        script::check(block, &Surroundings { shared, ..surroundings }, found);
    }
}

/// Keys of CONFIG_SCHEMA that nothing reads: told when every handler of the type is known to the end.
fn unused_keys(db: &dyn Db, statement: Statement, found: &mut Vec<LocalDiagnostic>) {
    let body = &lower_statement(db, statement).body;
    let Some(StmtKind::Type(definition)) = body.statement().map(|root| &root.kind) else { return };
    let counts = |member: &Statement| match &signature::signature(db, *member).item {
        Some(Item::Entity(item)) => catalog::declaration(db, NameKind::Entity, &item.name) == Some(*member),
        Some(Item::Action(item)) => catalog::declaration(db, NameKind::Action, &item.name) == Some(*member),
        _ => false,
    };
    let members = names(db, NameKind::Members, &definition.name.text).declarations(db);
    let mut read: Vec<&str> = Vec::new();
    let mut handlers = 0;
    for member in members.iter().copied().filter(counts) {
        handlers += 1;
        let Some(keys) = config_keys(db, member) else { return };
        read.extend(keys.iter().map(String::as_str));
    }
    let Some(own) = config_keys(db, statement) else { return };
    read.extend(own.iter().map(String::as_str));
    if handlers == 0 {
        return;
    }
    for field in &definition.config {
        let in_hosts = definition.allow_hosts.iter().any(|host| host.contains(&format!("{{{}}}", field.name)));
        if !in_hosts && !read.contains(&field.name.as_str()) {
            found.push(unused_config_key(&field.name, field.range));
        }
    }
}

/// What a definition would better have.
fn advice(db: &dyn Db, statement: Statement, found: &mut Vec<LocalDiagnostic>) {
    let (what, kind, name, description) = match &item_tree(db, statement).item {
        Some(Item::Type(item)) => ("connector type", NameKind::Type, &item.name, &item.description),
        Some(Item::Entity(item)) => ("entity", NameKind::Entity, &item.name, &item.description),
        Some(Item::Action(item)) => ("action", NameKind::Action, &item.name, &item.description),
        _ => return,
    };
    if catalog::declaration(db, kind, name) != Some(statement) {
        return;
    }
    let range = || name_range(db, statement, kind, name);
    if description.as_ref().is_none_or(|text| text.trim().is_empty()) {
        found.push(missing_description(what, name, range()));
    }
    let body = &lower_statement(db, statement).body;
    let Some(StmtKind::Type(definition)) = body.statement().map(|root| &root.kind) else { return };
    let sends = definition.check.is_some() || !names(db, NameKind::Members, name).declarations(db).is_empty();
    let is_limited = match definition.options.map(|options| &body.exprs[options].kind) {
        Some(ExprKind::Document(pairs)) => pairs.iter().any(|(key, _)| key == "rate_limit"),
        // Options that are computed may have one.
        Some(_) => true,
        None => false,
    };
    if sends && !is_limited {
        found.push(no_rate_limit(name, range()));
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn damaged_text_has_no_consequences() {
        check(
            "SELECT id FRM shop.items;\nPRINT 1 +;\nCREATE CONNECTOR TYPE 'pets' DESCRIPTON 'y';",
            r#"
                error[syntax-error] at `shop`: expected `,` or `;`, found `shop`
                error[syntax-error] at `;`: expected an expression, found `;`
                error[misspelt-keyword] at `DESCRIPTON`: unknown word `DESCRIPTON`; did you mean `DESCRIPTION`? | fix: Replace with `DESCRIPTION`
            "#,
        );
    }
}
