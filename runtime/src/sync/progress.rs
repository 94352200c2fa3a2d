//! How far a run is: a bar on a terminal, a line now and then elsewhere.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::context::ExecContext;

/// Elsewhere than on a terminal a line is written so often.
const LINE: Duration = Duration::from_secs(10);

/// The bars of all runs of the process.
static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// Progress of one run.
pub(super) struct Progress {
    source: String,
    started: Instant,
    told: Instant,
    rows: u64,
    pages: u64,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// `expected` is how many rows there were last time, where that says anything.
    pub(super) fn start(context: &ExecContext, source: &str, expected: Option<u64>) -> Progress {
        let bar = context.output().is_terminal().then(|| {
            let (bar, template) = match expected {
                Some(expected) => (
                    ProgressBar::new(expected),
                    "{prefix} [{bar:24}] {human_pos}/{human_len} rows, {per_sec}, {msg}, {eta} left",
                ),
                None => (ProgressBar::no_length(), "{prefix} {spinner} {human_pos} rows, {per_sec}, {msg}, {elapsed}"),
            };
            let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
            let bar = BARS.add(bar.with_style(style).with_prefix(source.to_owned()));
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        let started = Instant::now();
        Progress { source: source.to_owned(), started, told: started, rows: 0, pages: 0, bar }
    }

    /// A page has come.
    pub(super) fn page(&mut self, context: &ExecContext, rows: usize, waited_seconds: f64) {
        self.rows += rows as u64;
        self.pages += 1;
        if let Some(bar) = &self.bar {
            if bar.length().is_some_and(|expected| expected < self.rows) {
                bar.set_length(self.rows);
            }
            bar.set_position(self.rows);
            bar.set_message(format!("waited {waited_seconds:.1} s"));
        } else if self.told.elapsed() >= LINE {
            self.told = Instant::now();
            let seconds = self.started.elapsed().as_secs_f64();
            context.output().message(&format!(
                "sync source={} rows={} pages={} seconds={seconds:.1} rows_per_second={:.0} waited_seconds={waited_seconds:.1}",
                self.source,
                self.rows,
                self.pages,
                self.rows as f64 / seconds
            ));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
            BARS.remove(bar);
        }
    }
}

/// Writes a line without tearing the bars of other runs.
pub(super) fn message(context: &ExecContext, line: &str) {
    if context.output().is_terminal() {
        BARS.suspend(|| context.output().message(line));
    } else {
        context.output().message(line);
    }
}
