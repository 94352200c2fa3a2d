use moltler_db::{Db, Names};

/// The data base of a tool. A clone is a snapshot for another thread: a write waits until all clones are dropped.
#[salsa::db]
#[derive(Clone, Default)]
pub struct Database {
    storage: salsa::Storage<Self>,
    names: Names,
}

#[salsa::db]
impl salsa::Database for Database {}

#[salsa::db]
impl Db for Database {
    fn names(&self) -> &Names {
        &self.names
    }
}

impl Database {
    /// A data base that tells what it computes, for tests of incremental work.
    pub fn with_events(on_event: impl Fn(salsa::Event) + Send + Sync + 'static) -> Database {
        Database { storage: salsa::Storage::new(Some(Box::new(on_event))), names: Names::default() }
    }
}
