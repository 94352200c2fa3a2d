//! What the planner takes from a package.

use std::sync::Arc;

use moltler_db::{FileId, NameKind, Severity, Statement};

use super::Package;
use crate::body::{Body, StmtKind};
use crate::check::check_statement;
use crate::database::Database;
use crate::lower::lower_statement;
use crate::order::check_order;
use crate::parallel;

/// A statement with its place and its body.
#[derive(Clone, Debug)]
pub struct Lowered {
    /// The file.
    pub file: FileId,
    /// Where the text starts in the file: what to add to every range of the body.
    pub offset: u32,
    /// The text.
    pub text: Arc<str>,
    /// Its meaning.
    pub body: Arc<Body>,
    /// The messages of its errors. Without any, nothing in the body is `Missing`.
    pub errors: Vec<String>,
}

/// The definitions of a package that count, by their files' paths and their places.
#[derive(Clone, Debug, Default)]
pub struct Definitions {
    /// CREATE CONNECTOR TYPE
    pub types: Vec<Lowered>,
    /// CREATE CONNECTOR ENTITY
    pub entities: Vec<Lowered>,
    /// CREATE CONNECTOR ACTION
    pub actions: Vec<Lowered>,
    /// CREATE CONNECTOR name, outside of tests.
    pub instances: Vec<Lowered>,
}

impl Package {
    /// The definitions that count: of a name that is defined again, the last one.
    pub fn definitions(&self, db: &Database) -> Definitions {
        let of = |kind| {
            let mut statements: Vec<Statement> =
                self.names(kind).filter_map(|name| self.declarations(kind, name).last().copied()).collect();
            self.sort(&mut statements);
            statements.into_iter().filter_map(|statement| self.lowered(db, statement)).collect()
        };
        Definitions {
            types: of(NameKind::Type),
            entities: of(NameKind::Entity),
            actions: of(NameKind::Action),
            instances: of(NameKind::Instance),
        }
    }

    /// Whether there is a REGISTER CONNECTOR TYPE of this type.
    pub fn registered(&self, type_name: &str) -> bool {
        !self.declarations(NameKind::Registration, type_name).is_empty()
    }

    /// The statements of a file that act when it is run, in order: no definitions, instances or tests.
    pub fn program(&self, db: &Database, file: FileId) -> Vec<Lowered> {
        self.statements(file)
            .filter_map(|(statement, _)| self.lowered(db, statement))
            .filter(|lowered| match lowered.body.statement().map(|statement| &statement.kind) {
                Some(
                    StmtKind::Type(_)
                    | StmtKind::Entity(_)
                    | StmtKind::Action(_)
                    | StmtKind::Register { .. }
                    | StmtKind::Instance(_)
                    | StmtKind::Test(_),
                ) => false,
                Some(_) => true,
                None => !lowered.errors.is_empty(),
            })
            .collect()
    }

    /// The tests of a file, in order.
    pub fn tests(&self, db: &Database, file: FileId) -> Vec<Lowered> {
        let statements: Vec<Statement> = self.statements(file).map(|(statement, _)| statement).collect();
        parallel::for_each(db, &statements, |db, statement| {
            check_statement(db, statement);
        });
        self.statements(file)
            .filter_map(|(statement, _)| self.lowered(db, statement))
            .filter(|lowered| {
                matches!(lowered.body.statement().map(|statement| &statement.kind), Some(StmtKind::Test(_)))
            })
            .collect()
    }

    /// One statement.
    pub fn lowered(&self, db: &Database, statement: Statement) -> Option<Lowered> {
        let (file, offset) = self.place(statement)?;
        let order = check_order(db, self, statement);
        let errors = check_statement(db, statement)
            .iter()
            .chain(&order)
            .filter(|diagnostic| diagnostic.severity == Severity::Error)
            .map(|diagnostic| diagnostic.message.clone())
            .collect();
        Some(Lowered {
            file,
            offset,
            text: statement.text(db).clone(),
            body: lower_statement(db, statement).body.clone(),
            errors,
        })
    }
}
