//! Finding and reading the files of a package.

use std::convert::Infallible;
use std::io;

use moltler_db::{FileId, System};

use super::Package;
use crate::database::Database;
use crate::lints::Lints;

/// The name of a package's manifest.
const MANIFEST: &str = "moltler.toml";
/// Folders deeper than this are not searched.
const MAX_DEPTH: usize = 64;

/// The folder of the package that a file or folder belongs to, and whether it has a manifest: the nearest one upwards with
/// `moltler.toml`, else the folder of the file alone.
pub fn find_root(system: &dyn System, path: &str) -> (String, bool) {
    let folder = if system.is_file(path) { parent(path) } else { path.trim_end_matches('/') };
    let mut candidate = folder;
    loop {
        if system.is_file(&join(candidate, MANIFEST)) {
            return (candidate.to_owned(), true);
        }
        if candidate.is_empty() {
            return (folder.to_owned(), false);
        }
        candidate = parent(candidate);
    }
}

impl Package {
    /// Reads the package that a file or folder belongs to. Gives the file, when `path` is one.
    ///
    /// With a manifest that is every `.molt` file below its folder, except in folders that are packages of their own or
    /// whose names begin with a dot; without one, the files of the folder itself.
    ///
    /// After an error the data base is to be dropped: it holds names of the files that were read before.
    pub fn load(db: &mut Database, system: &dyn System, path: &str) -> io::Result<(Package, Option<FileId>)> {
        Package::load_with(db, system, path, &mut Err)
    }

    /// The same without what can't be read, for a server: one such file must not take the others away.
    pub fn load_readable(db: &mut Database, system: &dyn System, path: &str) -> (Package, Option<FileId>) {
        let Ok(loaded) = Package::load_with(db, system, path, &mut |_| Ok::<(), Infallible>(()));
        loaded
    }

    /// Goes on where `failed` lets an error pass.
    fn load_with<E>(
        db: &mut Database,
        system: &dyn System,
        path: &str,
        failed: &mut dyn FnMut(io::Error) -> Result<(), E>,
    ) -> Result<(Package, Option<FileId>), E> {
        let (root, has_manifest) = find_root(system, path);
        let mut package = Package::new(root.clone());
        if has_manifest {
            match system.read(&join(&root, MANIFEST)) {
                Ok(text) => package.set_lints(Lints::read(&text)),
                Err(error) => failed(error)?,
            }
        }
        let mut paths = Vec::new();
        collect(system, &root, has_manifest, 0, &mut paths, failed)?;
        let is_file = system.is_file(path);
        if is_file && !paths.iter().any(|known| known == path) {
            paths.push(path.to_owned());
        }
        paths.sort();
        for path in &paths {
            match system.read(path) {
                Ok(text) => {
                    package.open_file(db, path, &text);
                }
                // It went away since the folder was listed.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => failed(error)?,
            }
        }
        let file = if is_file { package.file(path) } else { None };
        Ok((package, file))
    }
}

fn collect<E>(
    system: &dyn System,
    folder: &str,
    with_folders: bool,
    depth: usize,
    paths: &mut Vec<String>,
    failed: &mut dyn FnMut(io::Error) -> Result<(), E>,
) -> Result<(), E> {
    let names = match system.list(folder) {
        Ok(names) => names,
        // It went away since the folder above was listed.
        Err(error) if depth > 0 && error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return failed(error),
    };
    for name in names {
        match name.strip_suffix('/') {
            Some(sub_folder) if with_folders && depth < MAX_DEPTH && !sub_folder.starts_with('.') => {
                let sub_folder = join(folder, sub_folder);
                if !system.is_file(&join(&sub_folder, MANIFEST)) {
                    collect(system, &sub_folder, true, depth + 1, paths, failed)?;
                }
            }
            Some(_) => {}
            None if name.ends_with(".molt") => paths.push(join(folder, &name)),
            None => {}
        }
    }
    Ok(())
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

fn join(folder: &str, name: &str) -> String {
    format!("{}/{name}", folder.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use moltler_db::MemorySystem;

    use super::find_root;
    use crate::database::Database;
    use crate::package::Package;

    fn system() -> MemorySystem {
        let mut system = MemorySystem::new();
        for path in ["/w/moltler.toml", "/w/a.molt", "/w/sub/b.molt", "/w/.git/c.molt", "/w/notes.txt"] {
            system.write(path, "");
        }
        for path in ["/w/inner/moltler.toml", "/w/inner/d.molt", "/alone/e.molt", "/alone/f.molt", "/alone/sub/g.molt"]
        {
            system.write(path, "");
        }
        system
    }

    #[track_caller]
    fn check(path: &str, root: &str, files: &[&str]) {
        let mut db = Database::default();
        let (package, _) = Package::load(&mut db, &system(), path).expect("in memory");
        assert_eq!(package.root(), root);
        assert_eq!(package.files().map(|(_, path)| path).collect::<Vec<_>>(), files);
    }

    #[test]
    fn packages() {
        let whole = ["/w/a.molt", "/w/sub/b.molt"];
        check("/w", "/w", &whole);
        check("/w/sub/b.molt", "/w", &whole);
        check("/w/inner/d.molt", "/w/inner", &["/w/inner/d.molt"]);
        check("/alone/e.molt", "/alone", &["/alone/e.molt", "/alone/f.molt"]);
        assert_eq!(find_root(&system(), "/alone/sub/g.molt"), ("/alone/sub".to_owned(), false));
    }

    #[test]
    fn a_file_that_is_not_there() {
        let mut db = Database::default();
        let loaded = Package::load(&mut db, &system(), "/w/none.molt");
        assert!(loaded.is_ok_and(|(_, file)| file.is_none()));
    }
}
