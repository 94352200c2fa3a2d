use std::io;

use moltler_db::System;
use rustc_hash::FxHashMap;

/// A [`System`] that may be used from the server's threads.
pub type SharedSystem = dyn System + Send + Sync;

/// Files larger than this are not read.
const MAX_FILE: u64 = 64 << 20;

/// The real disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl System for Disk {
    fn read(&self, path: &str) -> io::Result<String> {
        if std::fs::metadata(path)?.len() > MAX_FILE {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        Ok(String::from_utf8_lossy(&std::fs::read(path)?).into_owned())
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let Ok(entry) = entry else { continue };
            let (Ok(kind), Ok(mut name)) = (entry.file_type(), entry.file_name().into_string()) else { continue };
            // A link to a folder is not followed: it may lead back.
            if kind.is_dir() {
                name.push('/');
            }
            names.push(name);
        }
        names.sort();
        Ok(names)
    }

    fn is_file(&self, path: &str) -> bool {
        std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file())
    }
}

/// A system below, with the texts of open documents in front of it.
pub(crate) struct Overlay<'a> {
    pub(crate) below: &'a SharedSystem,
    /// By path.
    pub(crate) open: &'a FxHashMap<String, String>,
}

impl System for Overlay<'_> {
    fn read(&self, path: &str) -> io::Result<String> {
        match self.open.get(path) {
            Some(text) => Ok(text.clone()),
            None => self.below.read(path),
        }
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        self.below.list(folder)
    }

    fn is_file(&self, path: &str) -> bool {
        self.open.contains_key(path) || self.below.is_file(path)
    }
}
