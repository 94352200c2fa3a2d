//! What of a program's JavaScript the tests ran.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use moltler_abi::manifest::Script;

/// Filled by all tests of a run together.
#[derive(Debug, Default)]
pub struct Coverage {
    /// By the number of the statement.
    statements: Vec<AtomicU64>,
    /// Scripts whose entry point was called, and how often.
    called: Mutex<BTreeMap<String, u64>>,
}

impl Coverage {
    /// For so many statements, none of which ran yet.
    pub fn new(statements: usize) -> Coverage {
        Coverage { statements: (0..statements).map(|_| AtomicU64::new(0)).collect(), called: Mutex::default() }
    }

    /// The statement with this number runs.
    pub(crate) fn count(&self, statement: u32) {
        if let Some(ran) = self.statements.get(statement as usize) {
            ran.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The entry point of the script is called.
    pub(crate) fn call(&self, script: &Script) {
        *self.called.lock().unwrap_or_else(PoisonError::into_inner).entry(key(script)).or_default() += 1;
    }

    /// How often the statement with this number ran.
    pub fn runs(&self, statement: u32) -> u64 {
        self.statements.get(statement as usize).map_or(0, |ran| ran.load(Ordering::Relaxed))
    }

    /// How often the entry point of the script was called.
    pub fn calls(&self, script: &Script) -> u64 {
        self.called.lock().unwrap_or_else(PoisonError::into_inner).get(&key(script)).copied().unwrap_or_default()
    }
}

/// An action and an entity may have the same name.
fn key(script: &Script) -> String {
    format!("{}#{}", script.name, script.entry)
}
