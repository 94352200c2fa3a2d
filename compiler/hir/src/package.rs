//! The package: the one writer of the data base.
//!
//! A plain struct, not salsa: files, their documents, which [`Statement`] stands for which piece of text, and an index of
//! names. An edit sets the text of the statements that it touches, compares what they declared and mentioned before and
//! after, and sets one input for each name whose declarations changed. Nothing here depends on the number of statements
//! except loading.

mod affected;
mod index;
mod load;
mod lowered;

use std::collections::BTreeMap;
use std::sync::Arc;

use moltler_db::{Db, FileId, FileRange, NameKind, Names, Source, Statement, names};
use moltler_syntax::{Document, RunId, StatementId, TextRange};
use rustc_hash::FxHashMap;
use salsa::Setter;

use crate::allow::{Holds, allowances};
use crate::database::Database;
use crate::diagnostics::Code;
use crate::item_tree::item_tree;
use crate::lints::Lints;
use crate::parallel;
use crate::syntax_tree::config_keys;
use index::Index;
pub use load::find_root;
pub use lowered::{Definitions, Lowered};

/// So many names that were looked up and that nobody declares or mentions any more are no burden.
const SPARE_NAMES: usize = 4096;

/// Files, statements and names of a package.
#[derive(Clone, Default)]
pub struct Package {
    root: String,
    files: Vec<Option<File>>,
    by_path: BTreeMap<String, FileId>,
    homes: FxHashMap<Statement, Home>,
    index: Index,
    /// Counts the changes of the set of declared names.
    names_revision: u64,
    lints: Lints,
    /// Inputs of statements that are no longer there: salsa keeps inputs for ever, so they are used again.
    free: Vec<Statement>,
}

#[derive(Clone)]
struct File {
    path: String,
    document: Document,
    statements: FxHashMap<StatementId, Statement>,
    /// What comments allow in the whole file, with the statements that they are in.
    allowed: Vec<(Statement, Code)>,
}

/// Where a statement is.
#[derive(Clone, Copy, Debug)]
struct Home {
    file: FileId,
    id: StatementId,
}

/// What an edit changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Statements with a new text.
    pub edited: Vec<Statement>,
    /// Other statements whose diagnostics may have changed: they mention or declare a name whose meaning changed. All of
    /// them, in the order of files and places.
    pub affected: Vec<Statement>,
    /// Statements that are no longer there. Their inputs are used again by later edits, and then are in `edited`.
    pub removed: Vec<Statement>,
    /// The files of all, each once.
    pub files: Vec<FileId>,
}

impl Package {
    /// A package without files.
    pub fn new(root: impl Into<String>) -> Package {
        Package { root: root.into(), ..Package::default() }
    }

    /// Its folder.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// Which diagnostics are told, and as what.
    pub fn lints(&self) -> &Lints {
        &self.lints
    }

    /// Sets the levels of diagnostics. All have to be asked for again.
    pub fn set_lints(&mut self, lints: Lints) {
        self.lints = lints;
    }

    /// Whether a comment allows the code in a whole file.
    pub(crate) fn is_allowed(&self, file: FileId, code: Code) -> bool {
        self.entry(file).is_some_and(|entry| entry.allowed.iter().any(|(_, allowed)| *allowed == code))
    }

    /// Its files with their paths, sorted by path.
    pub fn files(&self) -> impl Iterator<Item = (FileId, &str)> {
        self.by_path.iter().map(|(path, file)| (*file, path.as_str()))
    }

    /// The file at this path.
    pub fn file(&self, path: &str) -> Option<FileId> {
        self.by_path.get(path).copied()
    }

    /// The path of a file.
    pub fn path(&self, file: FileId) -> &str {
        self.entry(file).map_or("", |entry| &entry.path)
    }

    /// The text of a file.
    pub fn text(&self, file: FileId) -> String {
        self.entry(file).map(|entry| entry.document.text()).unwrap_or_default()
    }

    /// The document of a file: offsets, lines, columns.
    pub fn document(&self, file: FileId) -> Option<&Document> {
        self.entry(file).map(|entry| &entry.document)
    }

    /// The statements of a file with the offsets of their texts.
    pub fn statements(&self, file: FileId) -> impl Iterator<Item = (Statement, u32)> {
        self.entry(file)
            .into_iter()
            .flat_map(|entry| entry.document.statements().map(|found| (entry.statements[&found.id], found.offset)))
    }

    /// The statements that touch a range of a file, with the offsets of their texts.
    pub fn statements_in(&self, file: FileId, range: TextRange) -> impl Iterator<Item = (Statement, u32)> {
        self.entry(file).into_iter().flat_map(move |entry| {
            entry.document.statements_in(range).map(|found| (entry.statements[&found.id], found.offset))
        })
    }

    /// The statement at an offset of a file, with the offset of its text.
    pub fn statement_at(&self, file: FileId, offset: u32) -> Option<(Statement, u32)> {
        let entry = self.entry(file)?;
        let found = entry.document.statement_at(offset)?;
        Some((entry.statements[&found.id], found.offset))
    }

    /// The statement that stands for this one of a file's document.
    pub fn statement(&self, file: FileId, id: StatementId) -> Option<Statement> {
        self.entry(file)?.statements.get(&id).copied()
    }

    /// The run of its file's document that a statement is in.
    pub fn run_of(&self, statement: Statement) -> Option<RunId> {
        let home = self.homes.get(&statement)?;
        self.entry(home.file)?.document.run_of(home.id)
    }

    /// The file of a statement.
    pub fn file_of(&self, statement: Statement) -> Option<FileId> {
        Some(self.homes.get(&statement)?.file)
    }

    /// Another number after each change of the set of declared names.
    pub fn names_revision(&self) -> u64 {
        self.names_revision
    }

    /// How many inputs salsa holds, which never lets one go: of statements, in use or free to be used again, and of names, the
    /// same.
    pub fn input_counts(&self, db: &Database) -> (usize, usize) {
        let names = db.names();
        (self.homes.len() + self.free.len(), names.len() + names.free_count())
    }

    /// The file of a statement and the offset of its text in it.
    pub fn place(&self, statement: Statement) -> Option<(FileId, u32)> {
        let home = self.homes.get(&statement)?;
        let found = self.entry(home.file)?.document.statement(home.id)?;
        Some((home.file, found.offset))
    }

    /// A range of a statement in its file.
    pub fn locate(&self, statement: Statement, range: TextRange) -> Option<FileRange> {
        let (file, offset) = self.place(statement)?;
        Some(FileRange { file, range: range.shift(offset) })
    }

    /// All declared names of a kind, sorted.
    pub fn names(&self, kind: NameKind) -> impl Iterator<Item = &str> {
        self.index.names(kind)
    }

    /// The statements that declare a name, in the order of files and places.
    pub fn declarations(&self, kind: NameKind, name: &str) -> &[Statement] {
        self.index.declarations(kind, name)
    }

    /// The statements that mention a name, in the order of files and places.
    pub fn uses(&self, kind: NameKind, name: &str) -> Vec<Statement> {
        let mut uses: Vec<Statement> = self.index.uses(kind, name).collect();
        self.sort(&mut uses);
        uses
    }

    /// Whether another statement than this one mentions a name.
    pub(crate) fn is_used_elsewhere(&self, kind: NameKind, name: &str, statement: Statement) -> bool {
        self.index.uses(kind, name).any(|user| user != statement)
    }

    /// The same in no order, at no cost for those that are not looked at.
    pub(crate) fn users(&self, kind: NameKind, name: &str) -> impl Iterator<Item = Statement> {
        self.index.uses(kind, name)
    }

    /// Opens a file, or replaces the text of an open one.
    pub fn open_file(&mut self, db: &mut Database, path: &str, text: &str) -> FileId {
        if let Some(file) = self.file(path) {
            self.set_text(db, file, text);
            return file;
        }
        let file = match self.files.iter().position(Option::is_none) {
            Some(position) => FileId(position as u32),
            None => {
                self.files.push(None);
                FileId(self.files.len() as u32 - 1)
            }
        };
        let document = Document::new(text);
        let ids: Vec<StatementId> = document.statements().map(|found| found.id).collect();
        self.files[file.index()] =
            Some(File { path: path.to_owned(), document, statements: FxHashMap::default(), allowed: Vec::new() });
        self.by_path.insert(path.to_owned(), file);
        self.apply(db, file, moltler_syntax::Change { inserted: ids, ..moltler_syntax::Change::default() });
        file
    }

    /// Replaces the text of a file: only what differs is read again.
    pub fn set_text(&mut self, db: &mut Database, file: FileId, text: &str) -> Change {
        let old = self.text(file);
        let prefix = old.bytes().zip(text.bytes()).take_while(|(left, right)| left == right).count();
        let limit = old.len().min(text.len()) - prefix;
        let suffix =
            old.bytes().rev().zip(text.bytes().rev()).take(limit).take_while(|(left, right)| left == right).count();
        let mut start = prefix;
        while !(old.is_char_boundary(start) && text.is_char_boundary(start)) {
            start -= 1;
        }
        let (mut old_end, mut new_end) = (old.len() - suffix, text.len() - suffix);
        while !(old.is_char_boundary(old_end) && text.is_char_boundary(new_end)) {
            old_end += 1;
            new_end += 1;
        }
        self.edit(db, file, TextRange::from(start..old_end), &text[start..new_end])
    }

    /// Takes a file away with all its statements.
    pub fn close_file(&mut self, db: &mut Database, file: FileId) -> Change {
        let Some(entry) = self.entry(file) else { return Change::default() };
        let removed = entry.document.statements().map(|found| found.id).collect();
        let path = entry.path.clone();
        let change = self.apply(db, file, moltler_syntax::Change { removed, ..moltler_syntax::Change::default() });
        self.by_path.remove(&path);
        self.files[file.index()] = None;
        change
    }

    /// Replaces a range of a file.
    pub fn edit(&mut self, db: &mut Database, file: FileId, range: TextRange, replacement: &str) -> Change {
        let Some(entry) = self.files.get_mut(file.index()).and_then(Option::as_mut) else { return Change::default() };
        let change = entry.document.edit(range, replacement);
        self.apply(db, file, change)
    }

    /// Brings inputs and index up to date with the document of a file.
    fn apply(&mut self, db: &mut Database, file: FileId, change: moltler_syntax::Change) -> Change {
        let mut difference = index::Difference::default();
        let (mut edited, mut removed) = (Vec::new(), Vec::new());
        for id in change.removed {
            let Some(statement) = self.files[file.index()].as_mut().and_then(|entry| entry.statements.remove(&id))
            else {
                continue;
            };
            let old = item_tree(db, statement).clone();
            difference.compare(statement, file, Some(&old), None);
            self.homes.remove(&statement);
            statement.set_text(db).to(Arc::from(""));
            removed.push(statement);
        }
        for id in change.changed {
            let Some((statement, text)) = self.text_of(file, id) else { continue };
            let old = item_tree(db, statement).clone();
            let old_keys = config_keys(db, statement).clone();
            statement.set_text(db).to(text);
            let new = item_tree(db, statement);
            difference.compare(statement, file, Some(&old), Some(new));
            if *config_keys(db, statement) != old_keys {
                difference.reads_otherwise(new);
            }
            edited.push(statement);
        }
        let inserted: Vec<Statement> = change.inserted.into_iter().map(|id| self.insert(db, file, id)).collect();
        parallel::for_each(db, &inserted, |db, statement| {
            item_tree(db, statement);
        });
        for statement in inserted {
            difference.compare(statement, file, None, Some(item_tree(db, statement)));
            edited.push(statement);
        }
        self.update_index(db, &difference);
        let mut affected = affected::affected(self, db, &difference, &edited);
        let is_allowed_otherwise = self.update_allowed(db, file, &edited, &removed);
        if is_allowed_otherwise {
            affected.extend(self.statements(file).map(|(statement, _)| statement));
        }
        // Comments for whole files, which tell when they are not needed.
        let touched = edited.iter().chain(&affected).filter_map(|statement| Some(self.homes.get(statement)?.file));
        let mut touched: Vec<FileId> = touched.chain([file]).collect();
        touched.sort();
        touched.dedup();
        let allowing = touched.iter().filter_map(|file| self.entry(*file)).flat_map(|entry| &entry.allowed);
        let allowing: Vec<Statement> = allowing.map(|(statement, _)| *statement).collect();
        if is_allowed_otherwise || !allowing.is_empty() {
            affected.extend(allowing);
            affected.retain(|statement| !edited.contains(statement));
            self.sort(&mut affected);
            affected.dedup();
        }
        let mut files: Vec<FileId> =
            edited.iter().chain(&affected).filter_map(|statement| Some(self.homes.get(statement)?.file)).collect();
        files.push(file);
        files.sort();
        files.dedup();
        self.free.extend(&removed);
        if db.names().len() > 2 * self.index.len() + SPARE_NAMES {
            Names::forget(db, |kind, name| self.index.has(kind, name));
        }
        Change { edited, affected, removed, files }
    }

    /// Notes what edited statements allow in their whole file; true when that is not what it was.
    fn update_allowed(&mut self, db: &Database, file: FileId, edited: &[Statement], removed: &[Statement]) -> bool {
        let Some(entry) = self.files.get_mut(file.index()).and_then(Option::as_mut) else { return false };
        let mut allowed: Vec<(Statement, Code)> = Vec::new();
        for statement in edited.iter().filter(|statement| statement.text(db).contains("allow-file(")) {
            let of_file = allowances(db, *statement).iter().filter(|allowance| allowance.holds == Holds::File);
            allowed.extend(of_file.filter_map(|allowance| Some((*statement, allowance.code?))));
        }
        if allowed.is_empty() && entry.allowed.is_empty() {
            return false;
        }
        let is_kept = |statement: &Statement| !edited.contains(statement) && !removed.contains(statement);
        let kept: Vec<_> = entry.allowed.iter().filter(|(statement, _)| is_kept(statement)).copied().collect();
        allowed.extend(kept);
        allowed.sort_by_key(|(_, code)| *code);
        let codes = |allowed: &[(Statement, Code)]| allowed.iter().map(|(_, code)| *code).collect::<Vec<_>>();
        let is_same = codes(&allowed) == codes(&entry.allowed);
        entry.allowed = allowed;
        !is_same
    }

    fn text_of(&self, file: FileId, id: StatementId) -> Option<(Statement, Arc<str>)> {
        let entry = self.entry(file)?;
        Some((*entry.statements.get(&id)?, entry.document.statement(id)?.text.clone()))
    }

    /// Gives a new statement of a document its input.
    fn insert(&mut self, db: &mut Database, file: FileId, id: StatementId) -> Statement {
        let text = self
            .entry(file)
            .and_then(|entry| entry.document.statement(id))
            .map_or_else(|| Arc::from(""), |found| found.text.clone());
        let source = Source { file };
        let statement = match self.free.pop() {
            Some(statement) => {
                statement.set_text(db).to(text);
                if statement.source(db) != source {
                    statement.set_source(db).to(source);
                }
                statement
            }
            None => Statement::new(db, text, source),
        };
        self.homes.insert(statement, Home { file, id });
        if let Some(entry) = self.files[file.index()].as_mut() {
            entry.statements.insert(id, statement);
        }
        statement
    }

    /// Carries a difference into the index and sets the inputs of the names whose declarations changed.
    fn update_index(&mut self, db: &mut Database, difference: &index::Difference) {
        for (kind, name, statement) in &difference.removed_uses {
            self.index.remove_use(*kind, name, *statement);
        }
        for (kind, name, statement) in &difference.added_uses {
            self.index.add_use(*kind, name, *statement);
        }
        for key in difference.redeclared() {
            self.names_revision += 1;
            let (kind, name) = (key.0, key.1.as_str());
            let removals = difference.removals(key);
            let mut declarations: Vec<Statement> = self.index.declarations(kind, name).to_vec();
            declarations.retain(|statement| !removals.contains(statement));
            declarations.extend(difference.additions(key));
            self.sort(&mut declarations);
            declarations.dedup();
            let input = names(db, kind, name);
            if **input.declarations(db) != *declarations {
                input.set_declarations(db).to(Arc::from(declarations.as_slice()));
            }
            self.index.set_declarations(kind, name, declarations);
        }
    }

    fn entry(&self, file: FileId) -> Option<&File> {
        self.files.get(file.index())?.as_ref()
    }

    /// Sorts statements by the paths of their files and their places.
    fn sort(&self, statements: &mut [Statement]) {
        if statements.len() > 1 {
            statements
                .sort_by_cached_key(|statement| self.place(*statement).map(|(file, offset)| (self.path(file), offset)));
        }
    }
}
