//! Work on many statements at once: what one computes, all have.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};

use moltler_db::Statement;

use crate::database::Database;

/// Fewer bytes of text are done before a thread has started.
const WORTHWHILE: usize = 32 << 10;
/// Statements are nested as deep as the parser lets them.
const STACK: usize = 16 << 20;
const MAX_THREADS: usize = 16;

/// Calls `work` for each statement, on as many threads as the machine has, and waits for all: for its effect on the data base,
/// which keeps what queries computed. Does nothing where that is not worth a thread.
pub(crate) fn for_each(db: &Database, statements: &[Statement], work: impl Fn(&Database, Statement) + Sync) {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get).min(MAX_THREADS).min(statements.len());
    let bytes: usize = statements.iter().map(|statement| statement.text(db).len()).sum();
    if threads < 2 || bytes < WORTHWHILE {
        return;
    }
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let (db, next, work) = (db.clone(), &next, &work);
            let run = move || {
                while let Some(statement) = statements.get(next.fetch_add(1, Ordering::Relaxed)) {
                    work(&db, *statement);
                }
            };
            // Where no thread can be started, whoever asks computes it.
            if std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, run).is_err() {
                break;
            }
        }
    });
}
