//! Registries: where packages are published. Today a folder; a version that is there never changes.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use semver::Version;
use serde_json::Value;

use super::{Archive, PackageError, archive, compatibility};
use crate::files;
use crate::project::Project;

/// The registry that needs no set-up: a folder of the user's.
const MARKETPLACE: &str = "marketplace";

/// A folder of packages: `name/name-version.moltpkg`, below the namespace where there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registry {
    /// As in PUBLISH … TO.
    pub name: String,
    /// Where it is.
    pub folder: PathBuf,
}

impl Registry {
    /// The registry of this name in `moltler.toml`; `marketplace` is the user's own folder unless it is written there.
    pub fn find(project: &Project, name: &str) -> Result<Registry, PackageError> {
        let Some(location) = project.settings.registries.get(name) else {
            if name == MARKETPLACE {
                return Ok(Registry { name: name.to_owned(), folder: user_marketplace()? });
            }
            let known: Vec<&str> =
                project.settings.registries.keys().map(String::as_str).chain([MARKETPLACE]).collect();
            return Err(PackageError::new(format!("there is no registry `{name}`"))
                .help(format!("known are {}; add others to `[registries]` in moltler.toml", known.join(", "))));
        };
        if location.contains("://") {
            return Err(PackageError::new(format!("registry `{name}`: `{location}` is not supported yet"))
                .help("a registry is a folder today, as in `team = \"../registry\"`"));
        }
        Ok(Registry { name: name.to_owned(), folder: project.root.join(location) })
    }

    /// Adds a package. A version that is there is never replaced.
    pub fn publish(&self, archive: &Archive, namespace: Option<&str>) -> Result<PathBuf, PackageError> {
        let mut folder = self.folder.clone();
        folder.extend(namespace);
        folder.push(&archive.name);
        std::fs::create_dir_all(&folder).map_err(|error| unwritable(&folder, &error))?;
        check_patch(&folder, archive)?;
        let path = folder.join(archive.file_name());
        match files::create(&path, &archive.bytes) {
            Ok(()) => Ok(path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(PackageError::new(format!(
                "version {} of `{}` is in `{}` already, and a version never changes",
                archive.version, archive.name, self.name
            ))
            .help("raise VERSION in the PACKAGE statement")),
            Err(error) => Err(unwritable(&path, &error)),
        }
    }
}

/// A patch release keeps what the release before it had.
fn check_patch(folder: &Path, archive: &Archive) -> Result<(), PackageError> {
    let new = &archive.version;
    let entries = std::fs::read_dir(folder).map_err(|error| unwritable(folder, &error))?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let versions = names.filter_map(|name| {
        let version = name.strip_prefix(&archive.name)?.strip_prefix('-')?.strip_suffix(".moltpkg")?;
        Version::parse(version).ok()
    });
    let before = versions.filter(|old| old < new && (old.major, old.minor) == (new.major, new.minor)).max();
    let Some(version) = before else { return Ok(()) };
    let path =
        folder.join(Archive { name: archive.name.clone(), version: version.clone(), bytes: Vec::new() }.file_name());
    let old = std::fs::read(&path).and_then(|bytes| manifest(&bytes)).map_err(|error| unwritable(&path, &error))?;
    let new = manifest(&archive.bytes).map_err(|error| unwritable(&path, &error))?;
    let changes = compatibility::breaking_changes(&old, &new);
    if changes.is_empty() {
        return Ok(());
    }
    Err(PackageError::new(format!("version {} is a patch of {version}, but {}", archive.version, changes.join(", ")))
        .help("raise the minor or the major number of VERSION"))
}

fn manifest(bytes: &[u8]) -> std::io::Result<Value> {
    let files = archive::unpack(bytes)?;
    let text = files.get("manifest.json").ok_or_else(|| std::io::Error::other("it has no manifest.json"))?;
    Ok(serde_json::from_slice(text)?)
}

fn unwritable(path: &Path, error: &std::io::Error) -> PackageError {
    PackageError::new(format!("{}: {error}", path.display()))
}

/// `$XDG_DATA_HOME/moltler/marketplace`, else `~/.local/share/moltler/marketplace`.
fn user_marketplace() -> Result<PathBuf, PackageError> {
    let given = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let data = given("XDG_DATA_HOME").or_else(|| given("HOME").map(|home| home.join(".local/share")));
    data.map(|data| data.join("moltler").join(MARKETPLACE)).ok_or_else(|| {
        PackageError::new("no folder for `marketplace`: neither XDG_DATA_HOME nor HOME is set")
            .help("set one of them, or write `marketplace = \"folder\"` under `[registries]` in moltler.toml")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Settings;

    fn project(root: &Path) -> Project {
        let settings: Settings =
            toml::from_str("[registries]\nteam = \"team\"\nremote = \"oci://registry.example/x\"\n")
                .expect("it is sound");
        Project { root: root.to_owned(), settings }
    }

    fn archive(bytes: &[u8]) -> Archive {
        Archive { name: "shop".to_owned(), version: Version::new(1, 0, 0), bytes: bytes.to_vec() }
    }

    fn release(version: Version, manifest: &str) -> Archive {
        let files = archive::Files::from([("manifest.json".to_owned(), manifest.as_bytes().to_vec())]);
        let bytes = archive::pack(&files).expect("memory takes it");
        Archive { name: "shop".to_owned(), version, bytes }
    }

    #[test]
    fn a_patch_takes_nothing_away() {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let registry = Registry::find(&project(folder.path()), "team").expect("it is in moltler.toml");
        let full = "{\"actions\": [{\"name\": \"create\"}]}";
        registry.publish(&release(Version::new(1, 0, 0), full), None).expect("it is new");
        let error = registry.publish(&release(Version::new(1, 0, 1), "{}"), None).expect_err("an action is gone");
        assert!(error.message.contains("action `create` is gone"), "{error}");
        registry.publish(&release(Version::new(1, 0, 2), full), None).expect("nothing is gone");
        registry.publish(&release(Version::new(1, 1, 0), "{}"), None).expect("it is no patch");
    }

    #[test]
    fn a_version_is_published_once() {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let registry = Registry::find(&project(folder.path()), "team").expect("it is in moltler.toml");
        let path = registry.publish(&archive(b"one"), None).expect("it is new");
        let error = registry.publish(&archive(b"two"), None).expect_err("it is there");
        assert!(error.message.contains("a version never changes"), "{error}");
        assert_eq!(std::fs::read(&path).expect("our own file"), b"one");
        assert!(path.ends_with("team/shop/shop-1.0.0.moltpkg"));
        let other = registry.publish(&archive(b"one"), Some("acme")).expect("another namespace is another package");
        assert!(other.ends_with("team/acme/shop/shop-1.0.0.moltpkg"));
    }

    #[test]
    fn an_unknown_registry_names_the_known_ones() {
        let error = Registry::find(&project(Path::new("/")), "teem").expect_err("there is none");
        assert!(error.help.as_ref().is_some_and(|help| help.contains("remote, team, marketplace")), "{error}");
    }

    #[test]
    fn a_url_is_not_supported_yet() {
        let error = Registry::find(&project(Path::new("/")), "remote").expect_err("it is a URL");
        assert!(error.message.contains("not supported yet"), "{error}");
    }
}
