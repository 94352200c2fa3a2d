//! SCHEDULE: runs that come by themselves.

use std::sync::Arc;
use std::time::Duration;

use moltler_targets::failpoint;

use crate::error::RuntimeError;
use crate::js::Clock;
use crate::loader::Program;
use crate::output::Output;
use crate::program::{RunOptions, sync_to};
use crate::report::render_error;

/// The longest sleep: a clock that is set anew is noticed by then.
const NAP: Duration = Duration::from_secs(30);

/// Runs each SYNC of the program when its SCHEDULE says so, in UTC, one after the other, for ever. What a run that took longer
/// than its schedule has missed is made good by one run. A run that fails is told and tried again when it is next due.
///
/// # Errors
///
/// No SYNC has a SCHEDULE.
pub fn daemon(program: &Arc<Program>, options: &RunOptions, output: &Output) -> Result<(), RuntimeError> {
    let clock = Clock::real();
    let syncs = &program.manifest().syncs;
    let mut due: Vec<(u32, &str, i64)> = Vec::new();
    for (index, sync) in syncs.iter().enumerate() {
        match &sync.schedule {
            Some(schedule) => due.push((index as u32, schedule, next(schedule, clock.now_micros())?)),
            None => output.message(&format!("`{}` has no SCHEDULE: it is left to `--once`", sync.instance)),
        }
    }
    if due.is_empty() {
        return Err(RuntimeError::new("SyncError", "no SYNC has a SCHEDULE, so there is nothing to wait for")
            .with_note("`SCHEDULE '*/15 * * * *'` runs one each quarter of an hour; `--once` runs all now"));
    }
    loop {
        due.sort_by_key(|(_, _, at)| *at);
        let (index, schedule, at) = due[0];
        let now = clock.now_micros();
        // A test does not wait for minutes.
        let hurry = failpoint::setting("MOLTLER_SYNC_HURRY").is_some();
        if at > now && !hurry {
            std::thread::sleep(Duration::from_micros((at - now) as u64).min(NAP));
            continue;
        }
        let mut options = options.clone();
        options.sync.only = Some(index);
        if let Err(error) = sync_to(program, options, output.clone()) {
            output.message(render_error(program.manifest(), &error).trim_end());
        }
        due[0].2 = next(schedule, clock.now_micros().max(at))?;
    }
}

/// When a schedule is due next, in microseconds.
fn next(schedule: &str, after: i64) -> Result<i64, RuntimeError> {
    let wrong = |error: cronexpr::Error| RuntimeError::new("SyncError", format!("SCHEDULE '{schedule}': {error}"));
    let crontab = cronexpr::parse_crontab(&format!("{schedule} UTC")).map_err(wrong)?;
    let start = cronexpr::MakeTimestamp::from_microsecond(after).map_err(wrong)?;
    Ok(crontab.find_next(start).map_err(wrong)?.timestamp().as_microsecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coerce::{parse_timestamp, timestamp_to_text};

    #[track_caller]
    fn check(schedule: &str, after: &str, expected: &str) {
        assert_eq!(moltler_abi::sync_target::check_schedule(schedule), Ok(()));
        let after = parse_timestamp(after).expect("a time");
        assert_eq!(next(schedule, after).map(timestamp_to_text).as_deref(), Ok(expected), "{schedule}");
    }

    #[test]
    fn schedules_are_cron() {
        check("*/5 * * * *", "2024-02-29T23:57:30Z", "2024-03-01T00:00:00Z");
        check("*/5 * * * *", "2024-03-01T00:00:00Z", "2024-03-01T00:05:00Z");
        check("0 9 * * MON-FRI", "2024-03-01T09:00:00Z", "2024-03-04T09:00:00Z");
        check("30 4 29 feb *", "2024-03-01T00:00:00Z", "2028-02-29T04:30:00Z");
        check("0 0 * * 7", "2024-03-01T00:00:00Z", "2024-03-03T00:00:00Z");
        check("15,45 8-10/2 1 * *", "2024-03-01T08:45:00Z", "2024-03-01T10:15:00Z");
        // Of day of the month and day of the week, where both are said, either is enough.
        check("0 0 13 * 5", "2024-03-01T00:00:00Z", "2024-03-08T00:00:00Z");
    }
}
