use std::sync::Arc;

use crate::names::Names;

/// A file of the package, as the writer numbers it. The numbers of closed files are used again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

impl FileId {
    /// As an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Where the text of a statement comes from, as far as its meaning depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Source {
    /// The file: its variables are those of its own top level.
    pub file: FileId,
}

/// A statement: the text from the end of the statement before it to its `;`. Positions in everything that is computed from
/// it are relative to this text.
#[salsa::input(debug)]
pub struct Statement {
    /// Its text.
    #[returns(ref)]
    pub text: Arc<str>,
    /// Where it comes from.
    #[returns(copy)]
    pub source: Source,
}

/// What queries see.
#[salsa::db]
pub trait Db: salsa::Database {
    /// The inputs of names.
    fn names(&self) -> &Names;
}
