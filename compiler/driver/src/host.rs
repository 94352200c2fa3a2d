//! What the statements PACKAGE and PUBLISH do.

use std::path::{Path, PathBuf};

use moltler_abi::manifest::{Manifest, Package, Span};
use moltler_db::FileId;
use moltler_hir::Lowered;
use moltler_runtime::error::RuntimeError;
use moltler_runtime::program::ProgramHost;

use crate::commands::test::{Mode, run_tests};
use crate::files;
use crate::output::Failure;
use crate::package::archive::Files;
use crate::package::contents::{self, Connector};
use crate::package::registry::Registry;
use crate::package::{Archive, PackageError};
use crate::session::{Session, shown};
use crate::test_report::Quiet;

/// A package whose connectors are packaged and published.
pub struct DriverHost {
    session: Session,
    /// Declarations and commands.
    manifest: Manifest,
}

impl DriverHost {
    /// The host of a program that was made from this package.
    pub fn new(session: Session, manifest: Manifest) -> DriverHost {
        DriverHost { session, manifest }
    }

    /// The package.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Writes `dist/name-version.moltpkg` and gives its path.
    pub fn write_package(&self, statement: &Package) -> Result<PathBuf, PackageError> {
        let archive = self.archive(statement)?;
        let folder = self.session.project.root.join("dist");
        let path = folder.join(archive.file_name());
        std::fs::create_dir_all(&folder)
            .and_then(|()| files::replace(&path, &archive.bytes, files::Mode::Data))
            .map_err(|error| PackageError::new(format!("{}: {error}", path.display())))?;
        Ok(path)
    }

    /// Checks and tests the package, then adds the connector to a registry; gives the path of the file there.
    ///
    /// What is published is what PACKAGE of the same program says.
    pub fn publish_package(&self, type_name: &str, registry: &str) -> Result<PathBuf, PackageError> {
        let registry = Registry::find(&self.session.project, registry)?;
        let statement = self.package_statement(type_name)?;
        let archive = self.archive(&statement)?;
        self.check_and_test(type_name)?;
        registry.publish(&archive, self.session.project.settings.package.namespace.as_deref())
    }

    fn archive(&self, statement: &Package) -> Result<Archive, PackageError> {
        let name = &statement.type_name;
        let mut connector = Connector::find(&self.manifest, name)
            .ok_or_else(|| PackageError::new(format!("there is no connector type `{name}`")))?;
        let definitions = self.definitions(name);
        let documented = definitions.iter().filter_map(crate::statements::documentation);
        connector.documentation = documented.map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
        let namespace = self.session.project.settings.package.namespace.as_deref();
        contents::build(statement, &connector, self.sources(name, &definitions), namespace)
    }

    /// The last PACKAGE statement of this type in the package.
    fn package_statement(&self, type_name: &str) -> Result<Package, PackageError> {
        let statements = package_statements(&self.session, &self.files());
        statements.into_iter().rfind(|statement| statement.type_name == type_name).ok_or_else(|| {
            PackageError::new(format!("`{type_name}` has no PACKAGE statement"))
                .help(format!("add `PACKAGE CONNECTOR TYPE '{type_name}' VERSION '1.0.0';`"))
        })
    }

    fn files(&self) -> Vec<FileId> {
        self.session.package.files().map(|(file, _)| file).collect()
    }

    /// The definitions that make up a connector, by file and place. Where one is repeated, the one that counts.
    fn definitions(&self, type_name: &str) -> Vec<Lowered> {
        let package = &self.session.package;
        let definitions = package.definitions(&self.session.db);
        let mut parts: Vec<Lowered> = [definitions.types, definitions.entities, definitions.actions]
            .into_iter()
            .flatten()
            .filter(|definition| crate::statements::type_of(definition) == Some(type_name))
            .collect();
        parts.sort_by_key(|part| (package.path(part.file).to_owned(), part.offset));
        parts
    }

    /// The texts of these definitions by the files they stand in.
    fn sources(&self, type_name: &str, definitions: &[Lowered]) -> Files {
        let package = &self.session.package;
        let mut files = Files::new();
        for part in definitions {
            let path = Path::new(package.path(part.file));
            let name = path.strip_prefix(package.root()).unwrap_or(path).to_string_lossy().replace('\\', "/");
            let text = files.entry(name).or_default();
            if !text.is_empty() {
                text.push(b'\n');
            }
            text.extend_from_slice(part.text.trim().as_bytes());
            text.push(b'\n');
        }
        if let Some(text) = files.values_mut().next().filter(|_| package.registered(type_name)) {
            text.extend_from_slice(format!("\nREGISTER CONNECTOR TYPE '{type_name}';\n").as_bytes());
        }
        files
    }

    /// PUBLISH refuses a package with errors or with a failing test. Errors in a test that would be skipped do not count.
    fn check_and_test(&self, type_name: &str) -> Result<(), PackageError> {
        let files = self.files();
        let tests: Vec<Lowered> =
            files.iter().flat_map(|file| self.session.package.tests(&self.session.db, *file)).collect();
        let mut errors = self.session.errors(&files);
        errors.retain(|error| {
            let start = error.range.range.start();
            !tests
                .iter()
                .map(crate::session::place)
                .any(|(file, range)| file == error.range.file && range.contains(&start))
        });
        if self.session.tell(&errors).is_err() {
            return Err(PackageError::new(format!("`{type_name}` is not published: the package has errors")));
        }
        match run_tests(&self.session, files, |test| test.type_name == type_name, Mode::default(), &mut Quiet) {
            Ok(sums) if sums.failed == 0 => Ok(()),
            Ok(sums) => Err(PackageError::new(format!("`{type_name}` is not published: {sums}"))),
            Err(Failure::Failed(message) | Failure::Usage(message)) => Err(PackageError::new(message)),
            Err(Failure::Told | Failure::ClosedPipe) => {
                Err(PackageError::new(format!("`{type_name}` is not published: its tests cannot run")))
            }
        }
    }
}

/// The PACKAGE statements of these files, in order.
pub fn package_statements(session: &Session, files: &[FileId]) -> Vec<Package> {
    let statements = files.iter().flat_map(|file| session.package.program(&session.db, *file));
    statements.filter_map(|statement| crate::statements::package(&statement)).collect()
}

/// The PUBLISH statements of these files, in order: type and registry.
pub fn publish_statements(session: &Session, files: &[FileId]) -> Vec<(String, String)> {
    let statements = files.iter().flat_map(|file| session.package.program(&session.db, *file));
    statements.filter_map(|statement| crate::statements::publish(&statement)).collect()
}

impl ProgramHost for DriverHost {
    fn package(&self, package: &Package, span: Option<Span>) -> Result<String, RuntimeError> {
        let path = self.write_package(package).map_err(|error| runtime_error(error, span))?;
        Ok(format!("wrote {}", shown(&path)))
    }

    fn publish(&self, type_name: &str, registry: &str, span: Option<Span>) -> Result<String, RuntimeError> {
        let path = self.publish_package(type_name, registry).map_err(|error| runtime_error(error, span))?;
        Ok(format!("published {}", path.display()))
    }
}

fn runtime_error(error: PackageError, span: Option<Span>) -> RuntimeError {
    let mut told = RuntimeError::new("PackageError", error.message);
    told.notes.extend(error.help);
    match span {
        Some(span) => told.at(span),
        None => told,
    }
}
