//! What of a program's JavaScript the tests ran.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use moltler_abi::manifest::Script;

/// Filled by all tests of a run together.
#[derive(Debug, Default)]
pub struct Coverage {
    /// By the number of the statement.
    statements: Vec<AtomicBool>,
    /// Scripts whose entry point was called.
    called: Mutex<BTreeSet<String>>,
}

impl Coverage {
    /// For so many statements, none of which ran yet.
    pub fn new(statements: usize) -> Coverage {
        Coverage { statements: (0..statements).map(|_| AtomicBool::new(false)).collect(), called: Mutex::default() }
    }

    /// The statement with this number runs.
    pub(crate) fn count(&self, statement: u32) {
        if let Some(ran) = self.statements.get(statement as usize) {
            ran.store(true, Ordering::Relaxed);
        }
    }

    /// The entry point of the script is called.
    pub(crate) fn call(&self, script: &Script) {
        self.called.lock().unwrap_or_else(PoisonError::into_inner).insert(key(script));
    }

    /// Whether the statement with this number ran.
    pub fn ran(&self, statement: u32) -> bool {
        self.statements.get(statement as usize).is_some_and(|ran| ran.load(Ordering::Relaxed))
    }

    /// Whether the entry point of the script was called.
    pub fn was_called(&self, script: &Script) -> bool {
        self.called.lock().unwrap_or_else(PoisonError::into_inner).contains(&key(script))
    }
}

/// An action and an entity may have the same name.
fn key(script: &Script) -> String {
    format!("{}#{}", script.name, script.entry)
}
