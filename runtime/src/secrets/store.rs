//! Files that only their owner can read: the user's secrets, and the tokens that servers hand out.
//!
//! Each is encrypted with ChaCha20-Poly1305 by a random key that lies in the same folder, in a file of its own. What this guards
//! against: copies of the folder without the key file, searches through disks and backups for known texts, other users of the
//! machine (all files are 0600, the folder 0700), and files that were changed or swapped for one another, which are refused. What it
//! does not guard against: a program that runs as the same user, or as root, which can read key and files as Moltler does.
//!
//! A file is replaced as a whole: written beside, flushed, renamed; whoever reads at the same time gets the old or the new one.
//! Changes happen under a lock on `lock` beside it, which ends with the process that holds it.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};

use crate::context::Environment;

/// First in every file, with the version of its form.
const MAGIC: &[u8; 8] = b"MOLTLER1";
const KEY_FILE: &str = "key";
const KEY_LENGTH: usize = 32;
/// The file of the user's secrets.
const SECRETS: &str = "secrets";

/// A folder of encrypted files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    folder: PathBuf,
}

/// Why a file cannot be read or written.
#[derive(Debug)]
pub enum StoreError {
    /// The system's reason, and the file.
    Io(PathBuf, io::Error),
    /// It is not what was written with the key that is here.
    Damaged(PathBuf),
    /// Nobody could tell random numbers.
    NoRandom,
}

impl std::fmt::Display for StoreError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            StoreError::Io(path, error) => write!(formatter, "{}: {error}", path.display()),
            StoreError::Damaged(path) => write!(
                formatter,
                "{} cannot be decrypted: it was changed, or the key beside it is another one; remove it and set the secrets anew",
                path.display()
            ),
            StoreError::NoRandom => formatter.write_str("the system has no random numbers"),
        }
    }
}

type Result<T> = std::result::Result<T, StoreError>;

/// The right to change a file, until it is dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Store {
    /// In the folder of the user: `MOLTLER_STATE_DIR`, else what is usual on this system. `None` where there is no such folder.
    pub fn of_user(environment: &Environment) -> Option<Store> {
        let variable = |name: &str| environment(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let folder = variable("MOLTLER_STATE_DIR").or_else(|| {
            if cfg!(windows) {
                variable("LOCALAPPDATA").map(|folder| folder.join("moltler"))
            } else if cfg!(target_os = "macos") {
                variable("HOME").map(|home| home.join("Library/Application Support/moltler"))
            } else {
                let state = variable("XDG_STATE_HOME").filter(|folder| folder.is_absolute());
                let state = state.or_else(|| variable("HOME").map(|home| home.join(".local/state")));
                state.map(|folder| folder.join("moltler"))
            }
        })?;
        Some(Store { folder })
    }

    /// In this folder, which is made when something is written.
    pub fn at(folder: impl Into<PathBuf>) -> Store {
        Store { folder: folder.into() }
    }

    /// The user's secrets by name; none where nothing was stored yet.
    pub fn secrets(&self) -> Result<BTreeMap<String, String>> {
        match self.read(SECRETS)? {
            None => Ok(BTreeMap::new()),
            Some(bytes) => serde_json::from_slice(&bytes).map_err(|_| StoreError::Damaged(self.folder.join(SECRETS))),
        }
    }

    /// Changes the user's secrets; gives what `change` gives.
    pub fn change_secrets<T>(&self, change: impl FnOnce(&mut BTreeMap<String, String>) -> T) -> Result<T> {
        let _lock = self.lock(SECRETS)?;
        let mut secrets = self.secrets()?;
        let result = change(&mut secrets);
        let json = serde_json::to_vec(&secrets).expect("Invariant: a map of texts has JSON");
        self.write(SECRETS, &json)?;
        Ok(result)
    }

    /// What a file holds; `None` where it does not exist.
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let path = self.folder.join(name);
        let Some(bytes) = read_if_there(&path)? else { return Ok(None) };
        let damaged = || StoreError::Damaged(path.clone());
        let (nonce, sealed) =
            bytes.strip_prefix(MAGIC).and_then(|rest| rest.split_first_chunk::<NONCE_LEN>()).ok_or_else(damaged)?;
        let key = self.key()?.ok_or_else(damaged)?;
        let mut sealed = sealed.to_vec();
        let opened = key.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(name.as_bytes()), &mut sealed);
        let length = opened.map_err(|_| damaged())?.len();
        sealed.truncate(length);
        Ok(Some(sealed))
    }

    /// Replaces a file.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let key = match self.key()? {
            Some(key) => key,
            None => self.make_key()?,
        };
        let nonce: [u8; NONCE_LEN] = random()?;
        let mut sealed = bytes.to_vec();
        let aad = Aad::from(name.as_bytes());
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed)
            .map_err(|_| StoreError::NoRandom)?;
        self.replace(name, &[MAGIC, &nonce[..], &sealed].concat())
    }

    /// Waits until nobody else changes the file.
    pub fn lock(&self, name: &str) -> Result<Lock> {
        let (file, path) = self.lock_file(name)?;
        file.lock().map_err(|error| StoreError::Io(path, error))?;
        Ok(Lock { _file: file })
    }

    /// The lock, unless somebody else has it.
    pub fn try_lock(&self, name: &str) -> Result<Option<Lock>> {
        let (file, path) = self.lock_file(name)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(StoreError::Io(path, error)),
        }
    }

    fn lock_file(&self, name: &str) -> Result<(File, PathBuf)> {
        self.make_folder()?;
        let path = self.folder.join(format!("{name}.lock"));
        // Never removed: two processes would hold locks on two files of the same name.
        let file = private().read(true).write(true).create(true).truncate(false).open(&path);
        Ok((file.map_err(|error| StoreError::Io(path.clone(), error))?, path))
    }

    fn make_folder(&self) -> Result<()> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.folder).map_err(|error| StoreError::Io(self.folder.clone(), error))
    }

    fn key(&self) -> Result<Option<LessSafeKey>> {
        let path = self.folder.join(KEY_FILE);
        let Some(bytes) = read_if_there(&path)? else { return Ok(None) };
        let key = UnboundKey::new(&CHACHA20_POLY1305, &bytes).map_err(|_| StoreError::Damaged(path))?;
        Ok(Some(LessSafeKey::new(key)))
    }

    /// A new key, unless another process has made one in the meantime.
    fn make_key(&self) -> Result<LessSafeKey> {
        let _lock = self.lock(KEY_FILE)?;
        if let Some(key) = self.key()? {
            return Ok(key);
        }
        let bytes: [u8; KEY_LENGTH] = random()?;
        self.replace(KEY_FILE, &bytes)?;
        let key =
            UnboundKey::new(&CHACHA20_POLY1305, &bytes).expect("Invariant: the key has the length of the algorithm");
        Ok(LessSafeKey::new(key))
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> Result<()> {
        self.make_folder()?;
        let path = self.folder.join(name);
        // A name of its own: the key of the file is not that of its lock, and a crash may have left one behind.
        let beside = self.folder.join(format!("{name}.{}", super::encoding::hex(&random::<8>()?)));
        let write = || {
            let mut file = private().write(true).create_new(true).open(&beside)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&beside, &path)
        };
        write().map_err(|error| {
            // What went wrong is told; what is left of it is of no use.
            let _ = fs::remove_file(&beside);
            StoreError::Io(path.clone(), error)
        })?;
        #[cfg(unix)]
        if let Ok(folder) = File::open(&self.folder) {
            // So that the new name survives a power failure; not every file system can do that.
            let _ = folder.sync_all();
        }
        Ok(())
    }
}

/// For a file that only its owner may read.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::Io(path.to_owned(), error)),
    }
}

fn random<const LENGTH: usize>() -> Result<[u8; LENGTH]> {
    let mut bytes = [0; LENGTH];
    SystemRandom::new().fill(&mut bytes).map_err(|_| StoreError::NoRandom)?;
    Ok(bytes)
}

/// Whether a secret may have this name: letters, digits, `_`, `-` and `.`, as in `{{secrets.name}}`.
pub fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 200
        && name.chars().all(|character| character.is_ascii_alphanumeric() || "_-.".contains(character))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn scratch() -> PathBuf {
        let name = super::super::encoding::hex(&random::<8>().expect("random numbers"));
        std::env::temp_dir().join(format!("moltler-store-{name}"))
    }

    #[test]
    fn secrets_are_kept_and_not_readable() {
        let folder = scratch();
        let store = Store::at(&folder);
        assert_eq!(store.secrets().expect("readable"), BTreeMap::new());
        let set = |name: &str, value: &str| {
            let (name, value) = (name.to_owned(), value.to_owned());
            store.change_secrets(|secrets| secrets.insert(name, value)).expect("writable")
        };
        assert_eq!(set("token", "s3cret-value-of-token"), None);
        assert_eq!(set("other", "x"), None);
        assert_eq!(set("token", "s3cret-value-of-token2").as_deref(), Some("s3cret-value-of-token"));
        let secrets = store.secrets().expect("readable");
        assert_eq!(secrets.get("token").map(String::as_str), Some("s3cret-value-of-token2"));
        assert_eq!(secrets.len(), 2);
        let mut names = Vec::new();
        for entry in fs::read_dir(&folder).expect("our folder") {
            let path = entry.expect("an entry").path();
            let bytes = fs::read(&path).expect("readable");
            assert!(!bytes.windows(6).any(|window| window == b"s3cret" || window == b"token\""), "{}", path.display());
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                let mode = fs::metadata(&path).expect("metadata").permissions().mode();
                assert_eq!(mode & 0o777, 0o600, "{}", path.display());
            }
            names.push(path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default());
        }
        names.sort();
        assert_eq!(names, ["key", "key.lock", "secrets", "secrets.lock"]);
        fs::remove_dir_all(folder).expect("our folder");
    }

    #[test]
    fn changed_and_swapped_files_are_refused() {
        let folder = scratch();
        let store = Store::at(&folder);
        store.write("a", b"one").expect("writable");
        store.write("b", b"two").expect("writable");
        assert_eq!(store.read("a").expect("readable").as_deref(), Some(&b"one"[..]));
        fs::copy(folder.join("a"), folder.join("b")).expect("copied");
        assert!(matches!(store.read("b"), Err(StoreError::Damaged(_))));
        let mut bytes = fs::read(folder.join("a")).expect("readable");
        *bytes.last_mut().expect("not empty") ^= 1;
        fs::write(folder.join("a"), &bytes).expect("writable");
        assert!(matches!(store.read("a"), Err(StoreError::Damaged(_))));
        fs::write(folder.join("a"), b"short").expect("writable");
        assert!(matches!(store.read("a"), Err(StoreError::Damaged(_))));
        fs::remove_dir_all(folder).expect("our folder");
    }

    #[test]
    fn changes_at_the_same_time_lose_nothing() {
        let folder = Arc::new(scratch());
        let threads: Vec<_> = (0..8)
            .map(|thread| {
                let folder = Arc::clone(&folder);
                std::thread::spawn(move || {
                    for number in 0..10 {
                        let name = format!("{thread}-{number}");
                        Store::at(&*folder)
                            .change_secrets(|secrets| secrets.insert(name, String::new()))
                            .expect("writable");
                    }
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
        assert_eq!(Store::at(&*folder).secrets().expect("readable").len(), 80);
        fs::remove_dir_all(&*folder).expect("our folder");
    }

    #[test]
    fn a_lock_is_held_once() {
        let folder = scratch();
        let store = Store::at(&folder);
        let lock = store.try_lock("a").expect("a lock file").expect("it is free");
        assert!(store.try_lock("a").expect("a lock file").is_none());
        assert!(store.try_lock("b").expect("a lock file").is_some());
        drop(lock);
        assert!(store.try_lock("a").expect("a lock file").is_some());
        fs::remove_dir_all(folder).expect("our folder");
    }

    #[test]
    fn the_folder_is_the_users() {
        let of = |pairs: &'static [(&str, &str)]| {
            let environment: Environment =
                Arc::new(move |name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()));
            Store::of_user(&environment).map(|store| store.folder)
        };
        assert_eq!(of(&[("MOLTLER_STATE_DIR", "/s"), ("HOME", "/h")]), Some("/s".into()));
        assert_eq!(of(&[]), None);
        #[cfg(target_os = "linux")]
        {
            assert_eq!(of(&[("HOME", "/h")]), Some("/h/.local/state/moltler".into()));
            assert_eq!(of(&[("XDG_STATE_HOME", "/x"), ("HOME", "/h")]), Some("/x/moltler".into()));
            assert_eq!(of(&[("XDG_STATE_HOME", "x"), ("HOME", "/h")]), Some("/h/.local/state/moltler".into()));
        }
    }
}
