//! Results of calls, kept for `cache_ttl` seconds.
//!
//! A result is used again for a call of the same entity with exactly the same filters and options; the configuration is that of the
//! instance that the cache belongs to. It lives in memory, with the instance. An action of the instance may change anything, and so
//! empties it.

use std::collections::HashMap;
use std::rc::Rc;

use crate::batch::OwnedBatch;
use crate::coerce::write_json;
use crate::value::Value;

/// All results together have at most so many rows; what was kept longest goes first.
const MAX_ROWS: usize = 1_000_000;
/// And there are at most so many.
const MAX_RESULTS: usize = 10_000;

/// What tells two calls apart.
pub type Key = (u32, Vec<u32>, String);

/// The pages of a call.
pub type Pages = Rc<[OwnedBatch]>;

/// The results of one instance.
#[derive(Debug, Default)]
pub struct ResultCache {
    results: HashMap<Key, Kept>,
    rows: usize,
}

#[derive(Debug)]
struct Kept {
    /// In microseconds since 1970.
    at: i64,
    pages: Pages,
}

impl ResultCache {
    /// The key of a call.
    pub fn key(entity: u32, columns: &[u32], filters: &Value, options: &Value) -> Key {
        let mut text = String::new();
        write_json(filters, &mut text);
        text.push('\n');
        write_json(options, &mut text);
        (entity, columns.to_vec(), text)
    }

    /// The pages of an earlier call, no older than `ttl` seconds. Times are in microseconds since 1970.
    pub fn get(&mut self, key: &Key, now: i64, ttl: f64) -> Option<Pages> {
        let age = now.saturating_sub(self.results.get(key)?.at);
        if age < 0 || age as f64 >= ttl * 1e6 {
            self.remove(&key.clone());
            return None;
        }
        Some(Rc::clone(&self.results.get(key)?.pages))
    }

    /// Keeps the pages of a call that has ended.
    pub fn put(&mut self, key: Key, now: i64, pages: Vec<OwnedBatch>) {
        let count = rows(&pages);
        if count > MAX_ROWS {
            return;
        }
        self.remove(&key);
        while self.rows + count > MAX_ROWS || self.results.len() >= MAX_RESULTS {
            let oldest = self.results.iter().min_by_key(|(_, kept)| kept.at).map(|(key, _)| key.clone());
            match oldest {
                Some(oldest) => self.remove(&oldest),
                None => break,
            }
        }
        self.rows += count;
        self.results.insert(key, Kept { at: now, pages: pages.into() });
    }

    /// Forgets all results.
    pub fn clear(&mut self) {
        *self = ResultCache::default();
    }

    fn remove(&mut self, key: &Key) {
        if let Some(kept) = self.results.remove(key) {
            self.rows -= rows(&kept.pages);
        }
    }
}

fn rows(pages: &[OwnedBatch]) -> usize {
    pages.iter().map(OwnedBatch::rows).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        ResultCache::key(0, &[0], &Value::String(name.into()), &Value::Null)
    }

    fn pages(counts: &[usize]) -> Vec<OwnedBatch> {
        counts.iter().map(|count| OwnedBatch::without_columns(*count)).collect()
    }

    #[test]
    fn results_are_kept_for_a_time() {
        let mut cache = ResultCache::default();
        cache.put(key("a"), 1_000_000, pages(&[2, 3]));
        assert_eq!(cache.get(&key("a"), 1_000_000, 1.0).map(|pages| pages.len()), Some(2));
        assert_eq!(cache.get(&key("a"), 1_999_999, 1.0).map(|pages| pages.len()), Some(2));
        assert!(cache.get(&key("b"), 1_000_000, 1.0).is_none());
        assert!(cache.get(&key("a"), 2_000_000, 1.0).is_none());
        assert_eq!((cache.rows, cache.results.len()), (0, 0));
    }

    #[test]
    fn a_clock_that_goes_back_makes_nothing_eternal() {
        let mut cache = ResultCache::default();
        cache.put(key("a"), 5_000_000, pages(&[1]));
        assert!(cache.get(&key("a"), 4_000_000, 60.0).is_none());
    }

    #[test]
    fn the_oldest_results_make_room() {
        let mut cache = ResultCache::default();
        for (time, name) in ["a", "b", "c"].into_iter().enumerate() {
            cache.put(key(name), time as i64, pages(&[MAX_ROWS / 2]));
        }
        let kept: Vec<bool> = ["a", "b", "c"].iter().map(|name| cache.get(&key(name), 10, 60.0).is_some()).collect();
        assert_eq!((kept, cache.rows), (vec![false, true, true], MAX_ROWS));
        cache.put(key("d"), 9, pages(&[MAX_ROWS + 1]));
        assert!(cache.get(&key("d"), 10, 60.0).is_none());
        cache.clear();
        assert!(cache.get(&key("b"), 10, 60.0).is_none());
    }

    #[test]
    fn calls_differ_in_everything_that_they_are_told() {
        let text = |text: &str| Value::String(text.into());
        let of = |entity, columns: &[u32], filters, options| ResultCache::key(entity, columns, &filters, &options);
        let first = of(0, &[0], text("a"), text("b"));
        for other in [
            of(1, &[0], text("a"), text("b")),
            of(0, &[1], text("a"), text("b")),
            of(0, &[0], text("b"), text("b")),
            of(0, &[0], text("a"), text("c")),
            of(0, &[0], text("a\"\n\"b"), Value::Null),
        ] {
            assert_ne!(first, other);
        }
    }
}
