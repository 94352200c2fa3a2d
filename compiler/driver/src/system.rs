//! Files on the disk, for the front end.

use std::io;

use moltler_db::System;

/// The disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct DiskSystem;

impl System for DiskSystem {
    fn read(&self, path: &str) -> io::Result<String> {
        let bytes = std::fs::read(path)?;
        // A source file is UTF-8; what is not is told by the place where it stands, not refused as a whole.
        Ok(String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let Ok(mut name) = entry.file_name().into_string() else { continue };
            // A link is followed to a file, never to a folder: it could lead back here.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                name.push('/');
            } else if !entry.path().is_file() {
                continue;
            }
            names.push(name);
        }
        names.sort();
        Ok(names)
    }

    fn is_file(&self, path: &str) -> bool {
        std::path::Path::new(path).is_file()
    }
}
