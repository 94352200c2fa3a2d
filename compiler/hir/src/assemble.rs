//! Diagnostics with their places in files, made outside of salsa.

mod secret_key;

use moltler_db::{Diagnostic, Edit, FileId, FileRange, Fix, Label, NameKind, Severity, Statement};
use moltler_syntax::TextRange;

use crate::allow::{Allowance, Holds, allowances};
use crate::check::{check_statement, name_range};
use crate::database::Database;
use crate::diagnostics::{LocalDiagnostic, Needed, Place};
use crate::in_package::check_in_package;
use crate::package::Package;
use crate::parallel;
use crate::suggest::{Candidates, nearest};

/// All diagnostics of a file, by place.
pub fn file_diagnostics(db: &Database, package: &Package, file: FileId) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let statements: Vec<Statement> = package.statements(file).map(|(statement, _)| statement).collect();
    parallel::for_each(db, &statements, |db, statement| {
        check_statement(db, statement);
    });
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
    /// How many diagnostics there may be, before levels and comments have their say.
    pub count: usize,
    /// Some depend on which names the package declares: see [`Package::names_revision`].
    pub suggests: bool,
    /// The places elsewhere that they tell.
    pub places: Vec<FileRange>,
}

/// What the diagnostics of a statement depend on. Cheaper than to make them.
pub fn diagnostic_surroundings(db: &Database, package: &Package, statement: Statement) -> Surroundings {
    // A comment that allows something may itself be what is told about.
    let mut found = Surroundings { count: allowances(db, statement).len(), ..Surroundings::default() };
    let wide = check_in_package(db, package, statement);
    for local in check_statement(db, statement).iter().chain(&wide) {
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
    let wide = check_in_package(db, package, statement);
    let allowances = allowances(db, statement);
    let mut used = vec![false; allowances.len()];
    let mut told: Vec<(&LocalDiagnostic, Severity)> = Vec::new();
    for local in check_statement(db, statement).iter().chain(&wide) {
        let severity = told_as(package, start.file, local, allowances, &mut used);
        told.extend(severity.map(|severity| (local, severity)));
    }
    let needless = |(allowance, used): (&Allowance, bool)| {
        let is_used = used || allowance.holds == Holds::File && is_found(db, package, start.file, allowance);
        crate::allow::check(allowance, is_used)
    };
    let needless: Vec<LocalDiagnostic> = allowances.iter().zip(used).filter_map(needless).collect();
    for local in &needless {
        let severity = told_as(package, start.file, local, &[], &mut []);
        told.extend(severity.map(|severity| (local, severity)));
    }
    for (local, severity) in told {
        let mut diagnostic = Diagnostic {
            code: local.code.name(),
            severity,
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
            let mut edits: Vec<Edit> =
                fix.edits.iter().map(|(range, text)| Edit { range: here(*range), text: text.clone() }).collect();
            if let Some(Needed::SecretKey { type_name, key }) = &fix.needs {
                edits.extend(secret_key::edits(db, package, type_name, key));
            }
            diagnostic.fixes.push(Fix { title: fix.title.clone(), edits, is_automatic: fix.is_automatic });
        }
        suggest(package, local, &mut diagnostic, here);
        found.push(diagnostic);
    }
}

/// With which severity a diagnostic is told, after comments and `[lints]` have had their say; `None` when it is not. `used` is
/// where the allowances that cover it are noted.
fn told_as(
    package: &Package,
    file: FileId,
    local: &LocalDiagnostic,
    allowances: &[Allowance],
    used: &mut [bool],
) -> Option<Severity> {
    if local.severity == Severity::Error {
        return Some(Severity::Error);
    }
    let mut is_allowed = package.is_allowed(file, local.code);
    for (allowance, used) in allowances.iter().zip(used) {
        if allowance.covers(local) {
            *used = true;
            is_allowed = true;
        }
    }
    if is_allowed { None } else { package.lints().severity(local.code, local.severity) }
}

/// Whether a statement of the file has what an allowance allows for all of them.
fn is_found(db: &Database, package: &Package, file: FileId, allowance: &Allowance) -> bool {
    let is_it = |local: &LocalDiagnostic| Some(local.code) == allowance.code && local.severity != Severity::Error;
    package.statements(file).any(|(statement, _)| {
        check_statement(db, statement).iter().any(is_it) || check_in_package(db, package, statement).iter().any(is_it)
    })
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
                is_automatic: true,
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
