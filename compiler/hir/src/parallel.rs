//! Work on many statements at once: what one computes, all have.

use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use moltler_db::Statement;
use salsa::Cancelled;

use crate::check::check_statement;
use crate::database::Database;

/// Fewer bytes of text are done before a thread has started.
const WORTHWHILE: usize = 32 << 10;
/// Statements are nested as deep as the parser lets them.
const STACK: usize = 16 << 20;
const MAX_THREADS: usize = 16;

/// Checks statements, on as many threads as the machine has, and waits for all. The data base keeps the results; does nothing
/// where that is not worth a thread.
pub fn check_all(db: &Database, statements: &[Statement]) {
    for_each(db, statements, |db, statement| {
        check_statement(db, statement);
    });
}

/// Calls `work` for each statement, on as many threads as the machine has, and waits for all: for its effect on the data base,
/// which keeps what queries computed. Does nothing where that is not worth a thread. When salsa cancels the work, all threads
/// end before the cancellation goes on.
pub(crate) fn for_each(db: &Database, statements: &[Statement], work: impl Fn(&Database, Statement) + Sync) {
    let mut bytes = 0;
    let is_worthwhile = statements.iter().any(|statement| {
        bytes += statement.text(db).len();
        bytes >= WORTHWHILE
    });
    // An edit ends here: asking for the number of threads costs more than its statement.
    if !is_worthwhile {
        return;
    }
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get).min(MAX_THREADS).min(statements.len());
    if threads < 2 {
        return;
    }
    let next = AtomicUsize::new(0);
    let stopped = AtomicBool::new(false);
    let run = |db: &Database| {
        while !stopped.load(Ordering::Relaxed)
            && let Some(statement) = statements.get(next.fetch_add(1, Ordering::Relaxed))
        {
            work(db, *statement);
        }
    };
    let own = std::thread::scope(|scope| {
        for _ in 1..threads {
            let (db, run) = (db.clone(), &run);
            // A cancelled thread is silent: the handle of whoever asked is cancelled too, or computes what is left.
            let guarded = move || drop(Cancelled::catch(AssertUnwindSafe(|| run(&db))));
            // Where no thread can be started, whoever asks computes it.
            if std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, guarded).is_err() {
                break;
            }
        }
        let own = catch_unwind(AssertUnwindSafe(|| run(db)));
        stopped.store(own.is_err(), Ordering::Relaxed);
        own
    });
    if let Err(reason) = own {
        resume_unwind(reason);
    }
}
