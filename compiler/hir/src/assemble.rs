//! Diagnostics with their places in files, made outside of salsa.

use moltler_db::{Diagnostic, Edit, FileId, FileRange, Fix, Label, NameKind, Statement};
use moltler_syntax::TextRange;

use crate::check::{check_statement, name_range};
use crate::database::Database;
use crate::diagnostics::{LocalDiagnostic, Place};
use crate::order::check_order;
use crate::package::Package;
use crate::suggest::{Candidates, nearest};

/// All diagnostics of a file, by place.
pub fn file_diagnostics(db: &Database, package: &Package, file: FileId) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (statement, offset) in package.statements(file) {
        assemble(db, package, FileRange { file, range: TextRange::empty(offset) }, statement, &mut found);
    }
    found
}

/// The diagnostics of one statement.
pub fn statement_diagnostics(db: &Database, package: &Package, statement: Statement) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if let Some((file, offset)) = package.place(statement) {
        assemble(db, package, FileRange { file, range: TextRange::empty(offset) }, statement, &mut found);
    }
    found
}

/// What the diagnostics of a statement depend on besides its text, its place and the names that it mentions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// How many diagnostics there are.
    pub count: usize,
    /// Some depend on which names the package declares: see [`Package::names_revision`].
    pub suggests: bool,
    /// The places elsewhere that they tell.
    pub places: Vec<FileRange>,
}

/// What the diagnostics of a statement depend on. Cheaper than to make them.
pub fn diagnostic_surroundings(db: &Database, package: &Package, statement: Statement) -> Surroundings {
    let mut found = Surroundings::default();
    let order = check_order(db, package, statement);
    for local in check_statement(db, statement).iter().chain(&order) {
        found.count += 1;
        found.suggests |= local.suggest.is_some();
        let places = local.labels.iter().filter(|label| matches!(label.place, Place::Declaration(..)));
        found.places.extend(places.filter_map(|label| label_range(db, package, &label.place)));
    }
    found
}

/// A place that is not in the statement itself.
fn label_range(db: &Database, package: &Package, place: &Place) -> Option<FileRange> {
    let Place::Declaration(kind, name) = place else { return None };
    let declaration = *package.declarations(*kind, name).last()?;
    package.locate(declaration, name_range(db, declaration, *kind, name))
}

fn assemble(db: &Database, package: &Package, start: FileRange, statement: Statement, found: &mut Vec<Diagnostic>) {
    let here = |range: TextRange| FileRange { file: start.file, range: range.shift(start.range.start()) };
    let order = check_order(db, package, statement);
    for local in check_statement(db, statement).iter().chain(&order) {
        let mut diagnostic = Diagnostic {
            code: local.code,
            severity: local.severity,
            range: here(local.range),
            message: local.message.clone(),
            labels: Vec::new(),
            help: local.help.clone(),
            fixes: Vec::new(),
            tags: local.tags.clone(),
        };
        for label in &local.labels {
            let range = match &label.place {
                Place::Here(range) => Some(here(*range)),
                place @ Place::Declaration(..) => label_range(db, package, place),
            };
            if let Some(range) = range {
                diagnostic.labels.push(Label { range, message: label.message.clone() });
            }
        }
        for fix in &local.fixes {
            let edits =
                fix.edits.iter().map(|(range, text)| Edit { range: here(*range), text: text.clone() }).collect();
            diagnostic.fixes.push(Fix { title: fix.title.clone(), edits });
        }
        suggest(package, local, &mut diagnostic, here);
        found.push(diagnostic);
    }
}

/// Fills in the nearest name of the package.
fn suggest(
    package: &Package,
    local: &LocalDiagnostic,
    diagnostic: &mut Diagnostic,
    here: impl Fn(TextRange) -> FileRange,
) {
    let Some(suggest) = &local.suggest else { return };
    let names: Vec<&str> =
        package.names(suggest.kind).filter_map(|name| name.strip_prefix(suggest.prefix.as_str())).collect();
    match nearest(&suggest.written, names.iter().copied()) {
        Some(name) => {
            let meant = format!("did you mean `{name}`?");
            // Of an unknown instance the help says how to create it, which nobody wants who mistyped its name.
            diagnostic.help = Some(match diagnostic.help.take() {
                Some(help) if suggest.kind != NameKind::Instance => format!("{meant} {help}"),
                _ => meant,
            });
            diagnostic.fixes.push(Fix {
                title: format!("Replace with `{name}`"),
                edits: vec![Edit { range: here(suggest.range), text: name.to_owned() }],
            });
        }
        None => {
            let what = match suggest.kind {
                NameKind::Type => "connector types",
                NameKind::Entity => "entities",
                NameKind::Action => "actions",
                NameKind::Instance => "instances",
                NameKind::Variable => "variables",
                NameKind::Registration | NameKind::Members | NameKind::Test => "names",
            };
            let list = Candidates::new(what, names).list();
            diagnostic.help = match (diagnostic.help.take(), list) {
                (Some(help), Some(list)) => Some(format!("{list}; {help}")),
                (help, list) => help.or(list),
            };
        }
    }
}
