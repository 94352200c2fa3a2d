//! One statement alone, for an editor that shows what becomes of it while it is written.

use std::sync::Arc;

use moltler_abi::manifest::{SourceFile, Span};
use moltler_db::{NameKind, Severity, Statement};
use moltler_hir::body::{Body, SourceKind};
use moltler_hir::definition::split_name;
use moltler_hir::{Database, catalog, check_statement, lower_statement};

use super::build::{Sources, gather};
use crate::from_hir::Unit;

/// What becomes of each condition of the statement's queries, with its place in the statement: the same as `explain` says. Reads
/// nothing but the statement and the entities that it names; empty where one of them has an error.
pub fn conditions(db: &Database, statement: Statement) -> Vec<(Span, &'static str)> {
    let body = &lower_statement(db, statement).body;
    if !body.selects.iter().any(|(_, select)| select.filter.is_some()) || !is_sound(db, statement) {
        return Vec::new();
    }
    let mut names: Vec<(NameKind, String)> = Vec::new();
    for (_, source) in body.sources.iter() {
        if let SourceKind::Entity { entity, .. } = &source.kind {
            names.push((NameKind::Type, split_name(entity).0.to_owned()));
            names.push((NameKind::Entity, entity.clone()));
        }
    }
    names.sort();
    names.dedup();
    let mut definitions: Vec<(NameKind, Arc<str>, &Body)> = Vec::new();
    for (kind, name) in names {
        let Some(definition) = catalog::declaration(db, kind, &name).filter(|found| is_sound(db, *found)) else {
            return Vec::new();
        };
        definitions.push((kind, definition.text(db).clone(), &lower_statement(db, definition).body));
    }
    let text = statement.text(db).clone();
    // Places are those of the statement itself; the definitions' own do not matter.
    let unit = |(text, body)| Unit { file: 0, offset: 0, text, body };
    let of = |wanted| {
        let units = definitions.iter().filter(move |(kind, ..)| *kind == wanted);
        units.map(|(_, text, body)| unit((&**text, *body))).collect()
    };
    let program = gather(Sources {
        unoptimized: false,
        files: vec![SourceFile { path: String::new(), text: text.to_string() }],
        types: of(NameKind::Type),
        entities: of(NameKind::Entity),
        actions: Vec::new(),
        instances: Vec::new(),
        main: Some(vec![unit((&*text, body))]),
        tests: Vec::new(),
    });
    let is_written = |span: &Span| span.start < span.end && span.end as usize <= text.len();
    program.conditions.into_iter().filter(|(span, _)| is_written(span)).collect()
}

fn is_sound(db: &Database, statement: Statement) -> bool {
    check_statement(db, statement).iter().all(|found| found.severity != Severity::Error)
}
