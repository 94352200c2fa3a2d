//! A package, loaded and ready to be asked: what every command starts with.

use std::cell::OnceCell;
use std::ops::Range;
use std::path::{Path, PathBuf};

use moltler_abi::manifest::Command;
use moltler_db::{Diagnostic, FileId, FileRange, NameKind, Severity, Statement};
use moltler_hir::diagnostics::LocalDiagnostic;
use moltler_hir::item_tree::{Item, item_tree};
use moltler_hir::{Database, Lowered, Package};
use moltler_plan::program::Program;

use crate::output::{self, Failure};
use crate::project::{MANIFEST, Project};
use crate::report::{self, SourceText, Sources};
use crate::system::DiskSystem;

/// A package.
pub struct Session {
    /// What queries see.
    pub db: Database,
    /// Its files and statements.
    pub package: Package,
    /// Its settings.
    pub project: Project,
    /// Texts for reports by file, read when the first report needs them.
    texts: Vec<OnceCell<SourceText>>,
    /// `moltler.toml`, in the same way.
    manifest: OnceCell<SourceText>,
}

/// The number of `moltler.toml` in diagnostics; no package has so many files.
const MANIFEST_FILE: FileId = FileId(u32::MAX);

/// What a command was pointed at: a package and some of its files.
pub struct Selection {
    /// The package.
    pub session: Session,
    /// The files that PATHs name, in the order of their paths.
    pub files: Vec<FileId>,
}

impl Session {
    /// The package of a file or folder, and the file's number where it is a file.
    pub fn load(path: &Path) -> Result<(Session, Option<FileId>), Failure> {
        let absolute = absolute(path)?;
        let name =
            absolute.to_str().ok_or_else(|| Failure::Usage(format!("{}: the path is not UTF-8", path.display())))?;
        let mut db = Database::default();
        let (package, file) = Package::load(&mut db, &DiskSystem, name)
            .map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))?;
        let project = Project::read(Path::new(package.root())).map_err(Failure::Usage)?;
        let mut session = Session { db, package, project, texts: Vec::new(), manifest: OnceCell::new() };
        session.prepare_texts();
        Ok((session, file))
    }

    /// The package of a file that is to be run or built.
    pub fn load_file(path: &Path) -> Result<(Session, FileId), Failure> {
        if path.is_dir() {
            return Err(Failure::Usage(format!("{} is a folder; a program is a file", path.display())));
        }
        let (session, file) = Session::load(path)?;
        let file = file.ok_or_else(|| Failure::Usage(format!("{} is not a `.molt` file", path.display())))?;
        Ok((session, file))
    }

    /// Adds a file that is not on the disk.
    pub fn open(&mut self, name: &str, text: &str) -> FileId {
        let path = format!("{}/{name}", self.package.root().trim_end_matches('/'));
        let file = self.package.open_file(&mut self.db, &path, text);
        self.prepare_texts();
        file
    }

    /// Replaces the text of a file, not on the disk.
    pub fn set_text(&mut self, file: FileId, text: &str) {
        self.package.set_text(&mut self.db, file, text);
        self.texts[file.index()] = OnceCell::new();
    }

    fn prepare_texts(&mut self) {
        let count = self.package.files().map(|(file, _)| file.index() + 1).max().unwrap_or(0);
        self.texts.clear();
        self.texts.resize_with(count, OnceCell::new);
    }

    /// What is wrong in these files, by file and place. Advice is left to the editor, unless `moltler.toml` or [`Session::make_pedantic`]
    /// makes warnings of it.
    pub fn diagnostics(&self, files: &[FileId]) -> Vec<Diagnostic> {
        let all = files.iter().flat_map(|file| moltler_hir::file_diagnostics(&self.db, &self.package, *file));
        all.filter(|diagnostic| diagnostic.severity != Severity::Hint).collect()
    }

    /// Makes warnings of advice.
    pub fn make_pedantic(&mut self) {
        let mut lints = self.package.lints().clone();
        lints.make_pedantic();
        self.package.set_lints(lints);
    }

    /// What is wrong with `[lints]` of `moltler.toml`.
    pub fn manifest_diagnostics(&self) -> Vec<Diagnostic> {
        let here = |range| FileRange { file: MANIFEST_FILE, range };
        let of = |local: &LocalDiagnostic| Diagnostic {
            code: local.code.name(),
            severity: local.severity,
            range: here(local.range),
            message: local.message.clone(),
            labels: Vec::new(),
            help: local.help.clone(),
            fixes: Vec::new(),
            tags: Vec::new(),
        };
        self.package.lints().problems().iter().map(of).collect()
    }

    /// Tells the errors of the statements of `file` and of all definitions of the package, not of tests, not of other files'
    /// queries.
    pub fn refuse_errors(&self, file: FileId) -> Result<(), Failure> {
        let files: Vec<FileId> = self.package.files().map(|(file, _)| file).collect();
        let definitions = self.package.definitions(&self.db);
        let defined: Vec<(FileId, Range<u32>)> =
            [&definitions.types, &definitions.entities, &definitions.actions, &definitions.instances]
                .into_iter()
                .flatten()
                .map(place)
                .collect();
        let tests: Vec<Range<u32>> = self.package.tests(&self.db, file).iter().map(|test| place(test).1).collect();
        let mut errors = self.errors(&files);
        errors.retain(|error| {
            let start = error.range.range.start();
            let defines = defined.iter().any(|(file, range)| *file == error.range.file && range.contains(&start));
            defines || error.range.file == file && !tests.iter().any(|range| range.contains(&start))
        });
        self.tell(&errors)
    }

    /// Tells the errors that keep `program` from running, which was made of the statements of `file`: those of its statements, and
    /// of the definitions that they come to.
    pub fn refuse_reached(&self, file: FileId, program: &Program) -> Result<(), Failure> {
        let packs = |command: &Command| matches!(command, Command::Package(_) | Command::Publish { .. });
        if program.manifest.commands.iter().any(packs) {
            return self.refuse_errors(file);
        }
        let mut reached: Vec<Statement> = self.package.statements(file).map(|(statement, _)| statement).collect();
        reached.retain(|statement| {
            let item = &item_tree(&self.db, *statement).item;
            matches!(item, None | Some(Item::Package(_)))
        });
        let last = |kind, name: &str| self.package.declarations(kind, name).last().copied();
        let mentioned = |statements: &[Statement], wanted: NameKind| -> Vec<Statement> {
            let names = statements.iter().flat_map(|statement| &item_tree(&self.db, *statement).mentions);
            names.filter(|(kind, _)| *kind == wanted).filter_map(|(kind, name)| last(*kind, name)).collect()
        };
        reached.extend(program.unsound.iter().filter_map(|(kind, name)| last(*kind, name)));
        reached.extend(mentioned(&reached, NameKind::Instance));
        reached.extend(mentioned(&reached, NameKind::Type));
        let places: Vec<(FileId, Range<u32>)> = reached
            .iter()
            .filter_map(|statement| {
                let (file, offset) = self.package.place(*statement)?;
                Some((file, offset..offset + statement.text(&self.db).len() as u32))
            })
            .collect();
        let mut files: Vec<FileId> = places.iter().map(|(file, _)| *file).collect();
        files.sort();
        files.dedup();
        let mut errors = self.errors(&files);
        errors.retain(|error| {
            let start = error.range.range.start();
            // What is missing at the end of a text is told behind it.
            places.iter().any(|(file, range)| {
                *file == error.range.file && (range.contains(&start) || start == range.end && !range.is_empty())
            })
        });
        self.tell(&errors)
    }

    /// The errors of these files.
    pub fn errors(&self, files: &[FileId]) -> Vec<Diagnostic> {
        let mut diagnostics = self.diagnostics(files);
        diagnostics.retain(|diagnostic| diagnostic.severity == Severity::Error);
        diagnostics
    }

    /// Shows errors to people; fails where there are any.
    pub fn tell(&self, errors: &[Diagnostic]) -> Result<(), Failure> {
        let renderer = report::renderer();
        for error in errors {
            output::note(report::render(&renderer, self, error));
            output::note("");
        }
        if errors.is_empty() {
            return Ok(());
        }
        output::note(output::count(errors.len(), "error"));
        Err(Failure::Told)
    }
}

impl Sources for Session {
    fn source(&self, file: FileId) -> &SourceText {
        if file == MANIFEST_FILE {
            return self.manifest.get_or_init(|| {
                let path = Path::new(self.package.root()).join(MANIFEST);
                SourceText::new(shown(&path), std::fs::read_to_string(&path).unwrap_or_default())
            });
        }
        self.texts[file.index()]
            .get_or_init(|| SourceText::new(shown(Path::new(self.package.path(file))), self.package.text(file)))
    }
}

/// The packages and files that PATHs name; without a PATH the package of the current folder.
pub fn select(paths: &[PathBuf]) -> Result<Vec<Selection>, Failure> {
    let here = [PathBuf::from(".")];
    let paths = if paths.is_empty() { &here } else { paths };
    let mut selections: Vec<Selection> = Vec::new();
    for path in paths {
        let absolute = absolute(path)?;
        let (session, file) = Session::load(&absolute)?;
        // The current folder stands for its package, also from within a sub-folder of it.
        let whole_package = path.as_os_str() == ".";
        let named = |(id, name): (FileId, &str)| {
            let inside = whole_package || file == Some(id) || file.is_none() && Path::new(name).starts_with(&absolute);
            inside.then_some(id)
        };
        let files: Vec<FileId> = session.package.files().filter_map(named).collect();
        if files.is_empty() {
            return Err(Failure::Usage(format!("no `.molt` file in {}", path.display())));
        }
        match selections.iter_mut().find(|known| known.session.package.root() == session.package.root()) {
            // The same package is read in the same way, so its files have the same numbers.
            Some(known) => {
                known.files.extend(files);
                let Selection { session, files } = known;
                files.sort_by(|one, other| session.package.path(*one).cmp(session.package.path(*other)));
                files.dedup();
            }
            None => selections.push(Selection { session, files }),
        }
    }
    Ok(selections)
}

/// Where a statement stands.
pub fn place(lowered: &Lowered) -> (FileId, Range<u32>) {
    (lowered.file, lowered.offset..lowered.offset + lowered.text.len() as u32)
}

/// The path from the root of the file system, without links.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    let absolute = std::fs::canonicalize(path);
    absolute.map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))
}

/// A path as the user would write it: below the current folder without the folder.
pub fn shown(path: &Path) -> String {
    let here = std::env::current_dir().and_then(std::fs::canonicalize).ok();
    let short = here.and_then(|here| path.strip_prefix(here).map(Path::to_owned).ok());
    short.as_deref().unwrap_or(path).display().to_string()
}
