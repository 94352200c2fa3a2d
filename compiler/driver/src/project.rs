//! `moltler.toml`: what the package of a file is, and how it is set up.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// The file that makes a folder a package.
pub const MANIFEST: &str = "moltler.toml";

/// A package's folder and settings.
#[derive(Debug, Default)]
pub struct Project {
    /// The folder that holds `moltler.toml`, else the folder of the file alone.
    pub root: PathBuf,
    /// What `moltler.toml` says; all defaults where there is none.
    pub settings: Settings,
    /// Whether there is a `moltler.toml`: then sub-folders belong to the package too.
    pub has_manifest: bool,
}

/// `moltler.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// `[package]`
    pub package: PackageSettings,
    /// `[registries]`: a folder or a URL by name.
    pub registries: BTreeMap<String, String>,
    /// `[destinations]`: where a sync writes to.
    pub destinations: toml::Table,
    /// `[lints]`: levels by code.
    pub lints: BTreeMap<String, String>,
    /// `[test]`
    pub test: toml::Table,
}

/// `[package]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PackageSettings {
    /// Shown to people.
    pub name: Option<String>,
    /// Whose connectors they are: `acme` in `acme/github`.
    pub namespace: Option<String>,
    /// For people; a connector's version is that of its PACKAGE statement.
    pub version: Option<String>,
}

impl Project {
    /// The package that a file or a folder belongs to.
    pub fn find(path: &Path) -> Result<Project, String> {
        let start = std::path::absolute(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let folder = if start.is_dir() { start.as_path() } else { start.parent().unwrap_or(Path::new("/")) };
        for candidate in folder.ancestors() {
            let manifest = candidate.join(MANIFEST);
            match std::fs::read_to_string(&manifest) {
                Ok(text) => {
                    let settings = toml::from_str(&text).map_err(|error| format!("{}: {error}", manifest.display()))?;
                    return Ok(Project { root: candidate.to_owned(), settings, has_manifest: true });
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(format!("{}: {error}", manifest.display())),
            }
        }
        Ok(Project { root: folder.to_owned(), settings: Settings::default(), has_manifest: false })
    }

    /// The package's `.molt` files, sorted by path. Hidden folders and `target`, `dist`, `node_modules` are passed over.
    pub fn files(&self) -> Result<Vec<PathBuf>, String> {
        let mut files = Vec::new();
        list(&self.root, self.has_manifest, &mut files)?;
        files.sort();
        Ok(files)
    }
}

fn list(folder: &Path, deep: bool, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let describe = |error: std::io::Error| format!("{}: {error}", folder.display());
    for entry in std::fs::read_dir(folder).map_err(describe)? {
        let entry = entry.map_err(describe)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path();
        // A link is followed to a file, never to a folder: it could lead back here.
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder {
            if deep && !name.starts_with('.') && !matches!(name.as_str(), "target" | "dist" | "node_modules") {
                list(&path, deep, files)?;
            }
        } else if is_source(&path) && path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

/// Whether the name of this file is that of a source file.
pub fn is_source(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "molt")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, name: &str, text: &str) {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a scratch folder");
        std::fs::write(path, text).expect("a scratch file");
    }

    fn names(project: &Project) -> Vec<String> {
        let files = project.files().expect("the folder can be read");
        files.iter().map(|file| file.strip_prefix(&project.root).unwrap_or(file).display().to_string()).collect()
    }

    #[test]
    fn a_folder_without_a_manifest_is_a_package_of_its_own_files() {
        let folder = tempfile::tempdir().expect("a scratch folder");
        write(folder.path(), "b.molt", "");
        write(folder.path(), "a.molt", "");
        write(folder.path(), "notes.txt", "");
        write(folder.path(), "deep/c.molt", "");
        let project = Project::find(&folder.path().join("a.molt")).expect("there is no manifest to be wrong");
        assert_eq!(names(&project), ["a.molt", "b.molt"]);
    }

    #[test]
    fn the_nearest_manifest_upwards_makes_the_package() {
        let folder = tempfile::tempdir().expect("a scratch folder");
        write(folder.path(), "moltler.toml", "[package]\nname = \"x\"\n[registries]\nteam = \"../team\"\n");
        write(folder.path(), "a.molt", "");
        write(folder.path(), "deep/c.molt", "");
        write(folder.path(), ".moltler/d.molt", "");
        write(folder.path(), "dist/e.molt", "");
        let project = Project::find(&folder.path().join("deep/c.molt")).expect("the manifest is sound");
        assert_eq!(names(&project), ["a.molt", "deep/c.molt"]);
        assert_eq!(project.settings.registries["team"], "../team");
    }

    #[test]
    fn a_manifest_with_an_unknown_key_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().expect("a scratch folder");
        write(folder.path(), "moltler.toml", "[registry]\n");
        let error = Project::find(folder.path()).expect_err("there is no such table");
        assert!(error.contains("registry"), "{error}");
    }
}
