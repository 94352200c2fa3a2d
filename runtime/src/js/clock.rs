//! The time of a run.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// What `Date`, `NOW()` and timers go by. Clones show the same time.
#[derive(Clone, Debug)]
pub struct Clock {
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Real,
    Virtual {
        /// Microseconds since 1970 at `origin`.
        start: Rc<Cell<i64>>,
        origin: Rc<Cell<Option<Instant>>>,
    },
}

impl Default for Clock {
    fn default() -> Clock {
        Clock::real()
    }
}

impl Clock {
    /// The machine's clock.
    pub fn real() -> Clock {
        Clock { kind: Kind::Real }
    }

    /// A clock that shows `micros` (since 1970, UTC) when it is first read, and from then on follows tokio's time. With
    /// a paused tokio runtime it moves only when everything waits.
    pub fn virtual_at(micros: i64) -> Clock {
        Clock { kind: Kind::Virtual { start: Rc::new(Cell::new(micros)), origin: Rc::default() } }
    }

    /// Whether it is a virtual one.
    pub fn is_virtual(&self) -> bool {
        matches!(self.kind, Kind::Virtual { .. })
    }

    /// Microseconds since 1970-01-01T00:00:00Z. A virtual clock needs the run's tokio runtime around it.
    pub fn now_micros(&self) -> i64 {
        match &self.kind {
            Kind::Real => {
                let now = SystemTime::now();
                match now.duration_since(UNIX_EPOCH) {
                    Ok(since) => since.as_micros() as i64,
                    Err(before) => -(before.duration().as_micros() as i64),
                }
            }
            Kind::Virtual { start, origin } => {
                let now = Instant::now();
                let origin = origin.get().unwrap_or_else(|| {
                    origin.set(Some(now));
                    now
                });
                start.get().saturating_add(now.duration_since(origin).as_micros() as i64)
            }
        }
    }

    /// Moves a virtual clock forward; what waits is not woken by it. A real clock does not move.
    pub fn advance(&self, micros: i64) {
        if let Kind::Virtual { start, .. } = &self.kind {
            start.set(start.get().saturating_add(micros));
        }
    }
}
