//! The rate limit of an instance: a token bucket, and pauses that a server asked for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use tokio::time::Instant;

/// So many requests in a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Between two requests on average.
    pub interval: Duration,
    /// How many may go out at once after a while without any; at least 1.
    pub burst: u32,
}

/// Spaces the requests of an instance. Threads share one, see [`shared`].
#[derive(Debug)]
pub struct Limiter {
    rate: Option<Rate>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When the bucket would be full again if nothing else was sent (the "theoretical arrival time" of GCRA).
    full_at: Option<Instant>,
    /// Until when nothing goes to a host.
    pauses: HashMap<String, Instant>,
}

/// How long a request would have to wait, which is longer than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong(pub Duration);

impl Limiter {
    /// A limiter; without a rate it knows pauses only.
    pub fn new(rate: Option<Rate>) -> Limiter {
        Limiter { rate, state: Mutex::default() }
    }

    /// Waits until a request to `host` may go out; gives the time that it waited. Requests go out in the order in which they asked.
    ///
    /// # Errors
    ///
    /// Where the wait would be longer than `max_wait`: at once, and nothing is used up.
    pub async fn acquire(&self, host: &str, max_wait: Duration) -> Result<Duration, TooLong> {
        let started = Instant::now();
        let due = self.reserve(host, started, max_wait)?;
        if due <= started {
            return Ok(Duration::ZERO);
        }
        tokio::time::sleep_until(due).await;
        // A pause may have been asked for in the meantime; the place in the bucket is kept.
        while let Some(until) = self.paused_until(host) {
            if until.duration_since(started) > max_wait {
                return Err(TooLong(until.duration_since(started)));
            }
            tokio::time::sleep_until(until).await;
        }
        Ok(Instant::now().duration_since(started))
    }

    fn reserve(&self, host: &str, now: Instant, max_wait: Duration) -> Result<Instant, TooLong> {
        let mut state = self.lock();
        state.pauses.retain(|_, until| *until > now);
        let paused = state.pauses.get(host).copied().unwrap_or(now);
        let Some(rate) = self.rate else { return within(now, paused, max_wait) };
        // Behind a pause the bucket starts to fill when it ends.
        let full_at = state.full_at.map_or(paused, |full_at| full_at.max(paused));
        let tolerance = rate.interval.saturating_mul(rate.burst.saturating_sub(1));
        let due = within(now, full_at.checked_sub(tolerance).unwrap_or(now).max(paused), max_wait)?;
        state.full_at = Some(full_at + rate.interval);
        Ok(due)
    }

    /// Nothing goes to `host` before so much time has passed.
    pub fn pause(&self, host: &str, time: Duration) {
        let until = Instant::now() + time;
        let mut state = self.lock();
        let entry = state.pauses.entry(host.to_owned()).or_insert(until);
        *entry = until.max(*entry);
    }

    fn paused_until(&self, host: &str) -> Option<Instant> {
        self.lock().pauses.get(host).copied().filter(|until| *until > Instant::now())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn within(now: Instant, due: Instant, max_wait: Duration) -> Result<Instant, TooLong> {
    let wait = due.saturating_duration_since(now);
    if wait > max_wait { Err(TooLong(wait)) } else { Ok(due) }
}

/// The limiter that everything in the process shares which has the same key: type, name and configuration of an instance.
/// It lives as long as somebody has it. Not for virtual clocks, whose times mean nothing to others.
pub fn shared(key: String, rate: Option<Rate>) -> Arc<Limiter> {
    static ALL: OnceLock<Mutex<HashMap<String, Weak<Limiter>>>> = OnceLock::new();
    let mut all = ALL.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    all.retain(|_, limiter| limiter.strong_count() > 0);
    if let Some(limiter) = all.get(&key).and_then(Weak::upgrade)
        && limiter.rate == rate
    {
        return limiter;
    }
    let limiter = Arc::new(Limiter::new(rate));
    all.insert(key, Arc::downgrade(&limiter));
    limiter
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        runtime.expect("a runtime").block_on(future)
    }

    fn rate(per_second: u32, burst: u32) -> Option<Rate> {
        Some(Rate { interval: Duration::from_secs(1) / per_second, burst })
    }

    /// The milliseconds at which so many requests go out that ask at once.
    fn departures(limiter: &Limiter, count: usize) -> Vec<u128> {
        run(async {
            let started = Instant::now();
            let mut times = Vec::new();
            for _ in 0..count {
                limiter.acquire("h", Duration::from_secs(60)).await.expect("short waits");
                times.push(started.elapsed().as_millis());
            }
            times
        })
    }

    #[test]
    fn requests_are_spaced() {
        assert_eq!(departures(&Limiter::new(rate(10, 1)), 4), [0, 100, 200, 300]);
        assert_eq!(departures(&Limiter::new(rate(10, 3)), 6), [0, 0, 0, 100, 200, 300]);
        assert_eq!(departures(&Limiter::new(None), 3), [0, 0, 0]);
    }

    #[test]
    fn a_full_bucket_is_not_fuller_than_its_burst() {
        run(async {
            let limiter = Limiter::new(rate(10, 2));
            tokio::time::sleep(Duration::from_secs(10)).await;
            let started = Instant::now();
            let mut times = Vec::new();
            for _ in 0..4 {
                limiter.acquire("h", Duration::from_secs(1)).await.expect("short waits");
                times.push(started.elapsed().as_millis());
            }
            assert_eq!(times, [0, 0, 100, 200]);
        });
    }

    #[test]
    fn a_wait_that_is_too_long_is_told_at_once() {
        run(async {
            let limiter = Limiter::new(Some(Rate { interval: Duration::from_secs(60), burst: 1 }));
            assert_eq!(limiter.acquire("h", Duration::from_secs(5)).await, Ok(Duration::ZERO));
            let wait = Err(TooLong(Duration::from_secs(60)));
            assert_eq!(limiter.acquire("h", Duration::from_secs(5)).await, wait);
            // It did not take a place.
            assert_eq!(limiter.acquire("h", Duration::from_secs(5)).await, wait);
        });
    }

    #[test]
    fn pauses_are_for_their_host() {
        run(async {
            let limiter = Limiter::new(rate(10, 1));
            limiter.pause("h", Duration::from_secs(2));
            limiter.pause("h", Duration::from_secs(1));
            assert_eq!(limiter.acquire("other", Duration::ZERO).await, Ok(Duration::ZERO));
            assert_eq!(limiter.acquire("h", Duration::from_secs(1)).await, Err(TooLong(Duration::from_secs(2))));
            assert_eq!(limiter.acquire("h", Duration::from_secs(9)).await, Ok(Duration::from_secs(2)));
            assert_eq!(limiter.acquire("h", Duration::from_secs(9)).await, Ok(Duration::from_millis(100)));
        });
    }

    #[test]
    fn a_limiter_is_shared_by_key() {
        let first = shared("limiter test".to_owned(), rate(1, 1));
        assert!(Arc::ptr_eq(&first, &shared("limiter test".to_owned(), rate(1, 1))));
        assert!(!Arc::ptr_eq(&first, &shared("limiter test 2".to_owned(), rate(1, 1))));
        assert!(!Arc::ptr_eq(&first, &shared("limiter test".to_owned(), rate(2, 1))));
    }
}
