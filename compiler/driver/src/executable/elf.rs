//! One more section in an ELF executable.
//!
//! An appended tail would be lost by `strip`; a section that the section header table names is kept. The new file is the old
//! one byte for byte, then, at a page boundary, the section's bytes, then a longer table of section names and a longer section
//! header table. Nothing that the loader reads moves: program headers, segments and entry point are as they were.

use super::ExecutableError;

const MAGIC: &[u8; 4] = b"\x7fELF";
const CLASS_64: u8 = 2;
const LITTLE_ENDIAN: u8 = 1;
const SHT_PROGBITS: u32 = 1;
/// Size of a 64-bit file header.
const FILE_HEADER: usize = 64;
/// Size of a 64-bit section header.
const SECTION_HEADER: usize = 64;
/// From here on the number of sections is kept elsewhere; no executable comes near.
const SHN_LORESERVE: usize = 0xff00;

/// `executable` with one more section of this name, whose bytes start at a multiple of `alignment` in the file.
///
/// The section is not loaded into memory by itself. The same arguments give the same bytes.
pub fn add_section(
    executable: &[u8],
    name: &str,
    contents: &[u8],
    alignment: usize,
) -> Result<Vec<u8>, ExecutableError> {
    let sections = SectionTable::read(executable)?;
    if sections.find(name).is_some() {
        return Err(ExecutableError::Malformed(format!("it has a section `{name}` already")));
    }
    let mut output = executable.to_vec();
    output.resize(output.len().next_multiple_of(alignment), 0);
    let contents_offset = output.len();
    output.extend_from_slice(contents);

    let mut names = sections.names.to_vec();
    let name_offset = names.len();
    names.extend_from_slice(name.as_bytes());
    names.push(0);
    let names_offset = output.len();
    output.extend_from_slice(&names);

    output.resize(output.len().next_multiple_of(8), 0);
    let headers_offset = output.len();
    for (index, header) in sections.headers.chunks_exact(SECTION_HEADER).enumerate() {
        let start = output.len();
        output.extend_from_slice(header);
        if index == sections.names_index {
            put_u64(&mut output, start + 24, names_offset);
            put_u64(&mut output, start + 32, names.len());
        }
    }
    let mut header = [0; SECTION_HEADER];
    put_u32(&mut header, 0, name_offset);
    put_u32(&mut header, 4, SHT_PROGBITS as usize);
    put_u64(&mut header, 24, contents_offset);
    put_u64(&mut header, 32, contents.len());
    put_u64(&mut header, 48, alignment);
    output.extend_from_slice(&header);

    put_u64(&mut output, 40, headers_offset);
    put_u16(&mut output, 60, sections.count() + 1);
    Ok(output)
}

/// The bytes of the section with this name, `None` where there is none.
pub fn section<'data>(executable: &'data [u8], name: &str) -> Result<Option<&'data [u8]>, ExecutableError> {
    let sections = SectionTable::read(executable)?;
    let Some(header) = sections.find(name) else { return Ok(None) };
    slice(executable, get_u64(header, 24), get_u64(header, 32)).map(Some)
}

struct SectionTable<'data> {
    /// All section headers, one behind the other.
    headers: &'data [u8],
    /// Index of the section that holds the sections' names.
    names_index: usize,
    /// Its bytes.
    names: &'data [u8],
}

impl<'data> SectionTable<'data> {
    fn read(executable: &'data [u8]) -> Result<SectionTable<'data>, ExecutableError> {
        let header = executable.get(..FILE_HEADER).ok_or(ExecutableError::UnknownFormat)?;
        if &header[..4] != MAGIC {
            return Err(ExecutableError::UnknownFormat);
        }
        if header[4] != CLASS_64 || header[5] != LITTLE_ENDIAN {
            return Err(ExecutableError::NotSupported("ELF files that are not 64-bit little-endian".to_owned()));
        }
        let offset = get_u64(header, 40);
        let entry_size = get_u16(header, 58);
        let count = get_u16(header, 60);
        let names_index = get_u16(header, 62);
        if offset == 0 || count == 0 {
            return Err(ExecutableError::Malformed("it has no section header table".to_owned()));
        }
        if entry_size != SECTION_HEADER || count + 1 >= SHN_LORESERVE || names_index >= count {
            return Err(ExecutableError::Malformed(
                "its section header table is not one that can be extended".to_owned(),
            ));
        }
        let headers = slice(executable, offset, (count * SECTION_HEADER) as u64)?;
        let names_header = &headers[names_index * SECTION_HEADER..][..SECTION_HEADER];
        let names = slice(executable, get_u64(names_header, 24), get_u64(names_header, 32))?;
        Ok(SectionTable { headers, names_index, names })
    }

    fn count(&self) -> usize {
        self.headers.len() / SECTION_HEADER
    }

    fn find(&self, name: &str) -> Option<&'data [u8]> {
        self.headers.chunks_exact(SECTION_HEADER).find(|header| {
            let start = get_u32(header, 0);
            self.names.get(start..).and_then(|rest| rest.split(|byte| *byte == 0).next()) == Some(name.as_bytes())
        })
    }
}

fn slice(bytes: &[u8], offset: u64, length: u64) -> Result<&[u8], ExecutableError> {
    let end = offset.checked_add(length).and_then(|end| usize::try_from(end).ok());
    end.and_then(|end| bytes.get(offset as usize..end))
        .ok_or_else(|| ExecutableError::Malformed("a part of it lies behind its end".to_owned()))
}

fn get_u16(bytes: &[u8], offset: usize) -> usize {
    usize::from(u16::from_le_bytes([bytes[offset], bytes[offset + 1]]))
}

fn get_u32(bytes: &[u8], offset: usize) -> usize {
    get_u16(bytes, offset) | get_u16(bytes, offset + 2) << 16
}

fn get_u64(bytes: &[u8], offset: usize) -> u64 {
    get_u32(bytes, offset) as u64 | (get_u32(bytes, offset + 4) as u64) << 32
}

fn put_u16(bytes: &mut [u8], offset: usize, value: usize) {
    bytes[offset..offset + 2].copy_from_slice(&(value as u16).to_le_bytes());
}

fn put_u32(bytes: &mut [u8], offset: usize, value: usize) {
    bytes[offset..offset + 4].copy_from_slice(&(value as u32).to_le_bytes());
}

fn put_u64(bytes: &mut [u8], offset: usize, value: usize) {
    bytes[offset..offset + 8].copy_from_slice(&(value as u64).to_le_bytes());
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    const NAME: &str = ".moltler";
    const PAGE: usize = 4096;

    fn this_executable() -> Vec<u8> {
        std::fs::read(std::env::current_exe().expect("a test has an executable")).expect("it can be read")
    }

    #[test]
    fn a_section_is_found_again_at_a_page_boundary() {
        let executable = this_executable();
        let contents = vec![7; 10_000];
        let output = add_section(&executable, NAME, &contents, PAGE).expect("an ELF executable takes a section");
        let found = section(&output, NAME).expect("the output is ELF").expect("the section is there");
        assert_eq!(found, contents);
        assert_eq!((found.as_ptr() as usize - output.as_ptr() as usize) % PAGE, 0);
        assert!(section(&executable, NAME).expect("the input is ELF").is_none());
    }

    #[test]
    fn nothing_of_the_input_is_lost() {
        let executable = this_executable();
        let output = add_section(&executable, NAME, b"abc", PAGE).expect("an ELF executable takes a section");
        let changed = |index: usize| (40..48).contains(&index) || (60..62).contains(&index);
        assert!(executable.iter().zip(&output).enumerate().all(|(index, (old, new))| old == new || changed(index)));
        for name in [".text", ".dynamic", ".shstrtab"] {
            let before = section(&executable, name).expect("the input is ELF").map(<[u8]>::len);
            let after = section(&output, name).expect("the output is ELF").map(<[u8]>::len);
            assert_eq!(before.is_some(), after.is_some(), "{name}");
        }
    }

    #[test]
    fn the_same_input_gives_the_same_bytes() {
        let executable = this_executable();
        assert_eq!(
            add_section(&executable, NAME, b"abc", PAGE).ok(),
            add_section(&executable, NAME, b"abc", PAGE).ok()
        );
    }

    #[test]
    fn a_second_section_of_the_same_name_is_refused() {
        let output = add_section(&this_executable(), NAME, b"abc", PAGE).expect("an ELF executable takes a section");
        assert!(matches!(add_section(&output, NAME, b"abc", PAGE), Err(ExecutableError::Malformed(_))));
    }

    #[test]
    fn what_is_not_elf_is_refused() {
        assert!(matches!(add_section(b"#!/bin/sh\n", NAME, b"", PAGE), Err(ExecutableError::UnknownFormat)));
        assert!(matches!(add_section(&[0; 200], NAME, b"", PAGE), Err(ExecutableError::UnknownFormat)));
    }

    #[test]
    fn shortened_and_damaged_files_are_refused_without_a_panic() {
        let executable = this_executable();
        for length in (0..2_000).chain([executable.len() - 1]) {
            assert!(add_section(&executable[..length], NAME, b"", PAGE).is_err(), "{length} bytes");
        }
        let mut random = fastrand::Rng::with_seed(1);
        for _ in 0..200 {
            let mut damaged = executable[..100_000.min(executable.len())].to_vec();
            for _ in 0..4 {
                damaged[random.usize(4..64)] = random.u8(..);
            }
            let _ = add_section(&damaged, NAME, b"", PAGE);
        }
    }

    #[test]
    fn the_section_survives_strip_and_the_program_still_runs() {
        use std::os::unix::fs::PermissionsExt;
        let Ok(executable) = std::fs::read("/bin/true") else { return };
        let folder = tempfile::tempdir().expect("a scratch folder");
        let path = folder.path().join("program");
        let contents = vec![9; 5_000];
        std::fs::write(&path, add_section(&executable, NAME, &contents, PAGE).expect("an ELF executable"))
            .expect("the scratch folder can be written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("our own file");
        let runs =
            |path: &std::path::Path| std::process::Command::new(path).status().is_ok_and(|status| status.success());
        assert!(runs(&path));
        match std::process::Command::new("strip").arg(&path).status() {
            Ok(status) => assert!(status.success()),
            Err(_) => return, // no binutils here
        }
        assert!(runs(&path));
        let stripped = std::fs::read(&path).expect("our own file");
        let found = section(&stripped, NAME).expect("still ELF").expect("the section is still there");
        assert_eq!(found, contents);
        assert_eq!((found.as_ptr() as usize - stripped.as_ptr() as usize) % PAGE, 0);
    }
}
