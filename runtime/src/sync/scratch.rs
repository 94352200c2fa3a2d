//! Where the tables of a TEST are: it finds nothing there and leaves nothing behind.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// Tells apart those of one process.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// A folder that goes with its value.
pub(super) struct Scratch {
    folder: PathBuf,
}

impl Scratch {
    pub(super) fn new() -> Scratch {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        Scratch { folder: std::env::temp_dir().join(format!("moltler-test-{}-{number}", std::process::id())) }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // There is none where no sync came to writing.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
