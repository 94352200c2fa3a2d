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

#[cfg(test)]
mod tests {
    use super::{MemorySystem, System};

    #[test]
    fn folders_of_files_in_memory() {
        let mut system = MemorySystem::new();
        system.write("/p/b.molt", "PRINT 1;");
        system.write("/p/sub/a.molt", "");
        system.write("/p/sub/b.molt", "");
        system.write("/other.molt", "");
        assert_eq!(system.list("/p").expect("in memory"), ["b.molt", "sub/"]);
        assert_eq!(system.read("/p/b.molt").expect("in memory"), "PRINT 1;");
        assert!(system.read("/p/sub").is_err());
        assert!(system.is_file("/other.molt") && !system.is_file("/p"));
    }
}
