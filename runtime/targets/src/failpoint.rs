//! Places where a test ends the process, as `kill -9` would.
//!
//! `MOLTLER_FAILPOINT=N` in the environment of a debug build ends the process when it passes the N-th of these places. Release
//! builds have none of it.

/// Passes a place. `name` is for those who look for it.
#[inline]
pub fn pass(name: &str) {
    #[cfg(debug_assertions)]
    debug::pass(name);
    #[cfg(not(debug_assertions))]
    let _unused = name;
}

/// A number that a test sets through the environment of a debug build.
#[inline]
pub fn setting(name: &str) -> Option<usize> {
    #[cfg(debug_assertions)]
    return std::env::var(name).ok().and_then(|text| text.parse().ok());
    #[cfg(not(debug_assertions))]
    {
        let _unused = name;
        None
    }
}

#[cfg(debug_assertions)]
mod debug {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicI64, Ordering};

    /// How many more places are passed before the process ends; negative for ever.
    static LEFT: LazyLock<AtomicI64> = LazyLock::new(|| {
        let wanted = std::env::var("MOLTLER_FAILPOINT").ok().and_then(|text| text.parse().ok());
        AtomicI64::new(wanted.unwrap_or(-1))
    });

    pub(super) fn pass(name: &str) {
        if LEFT.load(Ordering::Relaxed) < 0 {
            return;
        }
        if LEFT.fetch_sub(1, Ordering::SeqCst) == 0 {
            // Which place it was is asked for when a history fails.
            if let Ok(path) = std::env::var("MOLTLER_FAILPOINT_LOG") {
                drop(std::fs::write(path, name));
            }
            // No destructor runs, nothing is flushed: the signal cannot be caught.
            let killed = std::process::Command::new("kill").args(["-9", &std::process::id().to_string()]).status();
            drop(killed);
            std::process::abort();
        }
    }
}
