use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

/// How the writer reaches files. Paths are absolute, with `/`.
pub trait System {
    /// The text of a file.
    fn read(&self, path: &str) -> io::Result<String>;

    /// The names of what lies in a folder; those of folders end in `/`. Sorted.
    fn list(&self, folder: &str) -> io::Result<Vec<String>>;

    /// Whether there is a file (not a folder) of this name.
    fn is_file(&self, path: &str) -> bool;
}

/// Files in memory, for tests.
#[derive(Clone, Debug, Default)]
pub struct MemorySystem {
    files: BTreeMap<String, Arc<str>>,
}

impl MemorySystem {
    /// No files.
    pub fn new() -> MemorySystem {
        MemorySystem::default()
    }

    /// Puts a file there, or replaces it.
    pub fn write(&mut self, path: impl Into<String>, text: impl Into<Arc<str>>) {
        self.files.insert(path.into(), text.into());
    }
}

impl System for MemorySystem {
    fn read(&self, path: &str) -> io::Result<String> {
        let text = self.files.get(path).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        Ok(text.to_string())
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let prefix = format!("{}/", folder.trim_end_matches('/'));
        let mut names = Vec::new();
        for path in self.files.keys() {
            let Some(rest) = path.strip_prefix(&prefix) else { continue };
            let name = match rest.split_once('/') {
                Some((sub_folder, _)) => format!("{sub_folder}/"),
                None => rest.to_owned(),
            };
            if names.last() != Some(&name) {
                names.push(name);
            }
        }
        names.sort();
        names.dedup();
        Ok(names)
    }

    fn is_file(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }
}
