//! `moltler.toml`: how a package is set up.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use moltler_runtime::sync::DEFAULT_DESTINATION;
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
}

/// `moltler.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// `[package]`
    pub package: PackageSettings,
    /// `[registries]`: a folder or a URL by name.
    pub registries: BTreeMap<String, String>,
    /// `[destinations]`: where a sync writes to, by name; `default` is what bare names are tables of.
    pub destinations: BTreeMap<String, String>,
    /// `[lints]`: levels by code, which [`moltler_hir::lints::Lints`] reads.
    pub lints: toml::Table,
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
    /// The package whose root is this folder.
    pub fn read(root: &Path) -> Result<Project, String> {
        let manifest = root.join(MANIFEST);
        let settings = match std::fs::read_to_string(&manifest) {
            Ok(text) => toml::from_str(&text).map_err(|error| format!("{}: {error}", manifest.display()))?,
            Err(error) if error.kind() == ErrorKind::NotFound => Settings::default(),
            Err(error) => return Err(format!("{}: {error}", manifest.display())),
        };
        Ok(Project { root: root.to_owned(), settings })
    }

    /// The target that bare names are tables of. Paths of `moltler.toml` start from its folder.
    pub fn default_destination(&self) -> String {
        let text = self.settings.destinations.get("default").map_or(DEFAULT_DESTINATION, String::as_str);
        match text.split_once(':') {
            Some((scheme @ ("sqlite" | "ndjson" | "parquet"), path)) => {
                format!("{scheme}:{}", self.root.join(path).display())
            }
            _ => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(manifest: &str) -> Result<Project, String> {
        let folder = tempfile::tempdir().expect("a scratch folder");
        std::fs::write(folder.path().join(MANIFEST), manifest).expect("a scratch file");
        Project::read(folder.path())
    }

    #[test]
    fn settings_are_read() {
        let project = read(
            "[package]\nnamespace = \"acme\"\n[registries]\nteam = \"../team\"\n[lints]\nnull-comparison = \"deny\"\n",
        )
        .expect("the manifest is sound");
        assert_eq!(project.settings.registries["team"], "../team");
        assert_eq!(project.settings.package.namespace.as_deref(), Some("acme"));
        assert_eq!(project.settings.lints["null-comparison"].as_str(), Some("deny"));
    }

    #[test]
    fn a_package_needs_no_manifest() {
        let folder = tempfile::tempdir().expect("a scratch folder");
        assert!(Project::read(folder.path()).expect("there is nothing wrong").settings.registries.is_empty());
    }

    #[test]
    fn an_unknown_key_is_an_error_that_names_it() {
        let error = read("[registry]\n").expect_err("there is no such table");
        assert!(error.contains("registry") && error.contains(MANIFEST), "{error}");
    }
}
