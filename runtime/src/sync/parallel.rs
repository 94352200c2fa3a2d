//! Several entities of a connector at a time, each on a thread with a run of its own. What limits the rate of an instance is
//! shared by all of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use moltler_abi::manifest::Sync;

use super::pass::Lookback;
use super::{SyncOptions, run};
use crate::context::{ExecContext, Setup, internal_error};
use crate::error::RuntimeError;
use crate::js::Clock;
use crate::output::Output;

/// So many entities are read at a time.
const THREADS: usize = 4;

/// Whether the jobs of a sync may run on other threads: nothing that this run has changed is lost there, and nothing that is
/// given to it alone (a mocked API, a virtual clock, captured output) is missed.
pub(super) fn is_possible(context: &ExecContext, sync: &Sync) -> bool {
    let setup = context.setup();
    sync.jobs.len() > 1
        && !setup.is_test
        && setup.mock.is_none()
        && setup.transport.is_none()
        && !setup.clock.is_virtual()
        && setup.output.is_standard()
        && context.connectors().get(&sync.instance).is_ok_and(|instance| !instance.is_altered())
}

/// The outcome of each job, in order.
pub(super) fn run_all(context: &ExecContext, sync: &Sync, lookback: Lookback) -> Vec<Result<(), RuntimeError>> {
    let (program, environment) = (context.program(), &context.setup().environment);
    let (options, format, max_calls) = (&context.setup().sync, context.output().format(), context.setup().max_calls);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = sync.jobs.get(index) else { return done };
            let setup = Setup {
                output: Output::standard(format),
                environment: Arc::clone(environment),
                host: None,
                clock: Clock::real(),
                mock: None,
                transport: None,
                coverage: None,
                is_test: false,
                max_calls,
                sync: SyncOptions::clone(options),
            };
            let variables = program.manifest().main_variables;
            let outcome = ExecContext::new(Arc::clone(program), variables, setup).and_then(|context| {
                crate::program::guarded(&context, |context| run::run(context, sync, job, lookback))
            });
            done.push((index, outcome));
        }
    };
    let mut outcomes: Vec<Result<(), RuntimeError>> =
        sync.jobs.iter().map(|_| Err(internal_error("an entity was not synced"))).collect();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS.min(sync.jobs.len())).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            for (index, outcome) in thread.join().unwrap_or_default() {
                outcomes[index] = outcome;
            }
        }
    });
    outcomes
}
