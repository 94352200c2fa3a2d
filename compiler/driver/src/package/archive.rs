//! Files as one `.moltpkg`: tar, compressed with zstd. The same files give the same bytes.

use std::collections::BTreeMap;
use std::io::{self, Read};

/// The files of an archive by path, with `/`.
pub type Files = BTreeMap<String, Vec<u8>>;

/// A level at which documentation and sources get small, in milliseconds.
const LEVEL: i32 = 19;

/// The archive: entries in the order of their names, no times, no owners.
pub fn pack(files: &Files) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, contents) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(contents.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_uid(0);
        header.set_gid(0);
        archive.append_data(&mut header, path, contents.as_slice())?;
    }
    zstd::bulk::compress(&archive.into_inner()?, LEVEL)
}

/// The files of an archive.
pub fn unpack(bytes: &[u8]) -> io::Result<Files> {
    let mut archive = tar::Archive::new(zstd::Decoder::new(bytes)?);
    let mut files = Files::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.to_string_lossy().into_owned();
        let mut contents = Vec::new();
        entry.read_to_end(&mut contents)?;
        files.insert(path, contents);
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Files {
        Files::from([
            ("src/a.molt".to_owned(), b"a".to_vec()),
            ("manifest.json".to_owned(), b"{}".to_vec()),
            ("src/deep/b.molt".to_owned(), vec![b'b'; 100_000]),
        ])
    }

    #[test]
    fn files_come_back() {
        let packed = pack(&files()).expect("memory takes it");
        assert_eq!(unpack(&packed).expect("it was packed just now"), files());
    }

    #[test]
    fn the_same_files_give_the_same_bytes() {
        assert_eq!(pack(&files()).expect("memory takes it"), pack(&files()).expect("memory takes it"));
    }

    #[test]
    fn a_damaged_archive_is_an_error() {
        let packed = pack(&files()).expect("memory takes it");
        assert!(unpack(&packed[..packed.len() / 2]).is_err());
        assert!(unpack(b"nothing of the kind").is_err());
    }
}
