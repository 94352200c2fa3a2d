//! Programs into memory: manifest decoded, machine code mapped read-only and executable.
#![expect(unsafe_code, reason = "maps machine code and hands out pointers into it")]

use std::fs::File;

use memmap2::{Mmap, MmapMut, MmapOptions};
use moltler_abi::image::{Image, ImageError, ImageLayout, SECTION_NAME, host_target};
use moltler_abi::layout::{EntryFunction, PipelineFunction, ScalarFunction};
use moltler_abi::manifest::{FunctionId, Instance, Manifest};
use object::read::elf::{ElfFile64, FileHeader, SectionHeader};
use object::{Endianness, elf};

use crate::js;

/// A program in memory, ready to run. Its code stays mapped as long as it lives.
#[derive(Debug)]
pub struct Program {
    manifest: Manifest,
    /// `None` where there is no code.
    code: Option<Mmap>,
}

impl Program {
    /// A program that was just compiled: its code is copied to memory of its own.
    pub fn from_image(image: &Image) -> Result<Program, LoadError> {
        check(&image.target, &image.engine)?;
        let code = if image.code.is_empty() {
            None
        } else {
            let mut memory = MmapMut::map_anon(image.code.len())?;
            memory.copy_from_slice(&image.code);
            Some(memory.make_exec()?)
        };
        Program::new(image.manifest.clone(), code)
    }

    /// The program inside the running executable, its code mapped straight from the file; `None` where the executable holds none.
    pub fn from_executable() -> Result<Option<Program>, LoadError> {
        Program::from_file(&File::open(std::env::current_exe()?)?)
    }

    /// The program inside an executable file; `None` where it holds none.
    pub fn from_file(file: &File) -> Result<Option<Program>, LoadError> {
        // SAFETY: the file is an executable, which the system keeps from being written while it runs; the digest below
        // is taken over the very bytes that are used.
        let bytes = unsafe { Mmap::map(file) }?;
        let Some(section) = find_section(&bytes) else { return Ok(None) };
        let image = bytes.get(section.start..section.end).ok_or(LoadError::Image(ImageError::NotAnImage))?;
        let layout = ImageLayout::read(image).map_err(LoadError::Image)?;
        let decoded = Image::from_bytes(image).map_err(LoadError::Image)?;
        check(&decoded.target, &decoded.engine)?;
        js::use_host_bytecode(&decoded.manifest.host_bytecode);
        let offset = section.start + layout.code.start;
        let code = if layout.code.is_empty() {
            None
        } else if offset.is_multiple_of(moltler_abi::image::PAGE) {
            // SAFETY: as above.
            Some(unsafe { MmapOptions::new().offset(offset as u64).len(layout.code.len()).map_exec(file) }?)
        } else {
            let mut memory = MmapMut::map_anon(layout.code.len())?;
            memory.copy_from_slice(&image[layout.code.clone()]);
            Some(memory.make_exec()?)
        };
        Program::new(decoded.manifest, code).map(Some)
    }

    /// Every function of the manifest must lie inside the code.
    fn new(manifest: Manifest, code: Option<Mmap>) -> Result<Program, LoadError> {
        let length = code.as_ref().map_or(0, |code| code.len());
        for function in &manifest.functions {
            let end = u64::from(function.offset) + u64::from(function.length);
            if end > length as u64 || function.length == 0 {
                return Err(LoadError::Image(ImageError::Manifest(format!(
                    "the function `{}` lies outside the code",
                    function.name
                ))));
            }
        }
        Ok(Program { manifest, code })
    }

    /// Gives each connector type without an instance one of its own name, which nobody knows until it is configured from outside.
    pub fn declare_sources(&mut self) {
        for (index, connector_type) in self.manifest.types.iter().enumerate() {
            let has_one = |known: &u32| self.manifest.instances[*known as usize].connector_type == index as u32;
            if !self.manifest.global_instances.iter().any(has_one) {
                self.manifest.instances.push(Instance {
                    name: connector_type.name.clone(),
                    connector_type: index as u32,
                    span: connector_type.span,
                    ..Instance::default()
                });
            }
        }
    }

    /// Everything of the program that is not code.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn address(&self, function: FunctionId) -> *const u8 {
        let code = self.code.as_ref().expect("Invariant: a manifest with functions has code");
        let offset = self.manifest.functions[function.0 as usize].offset as usize;
        code[offset..].as_ptr()
    }

    /// A function that the manifest uses as statements of a program or test.
    pub fn entry(&self, function: FunctionId) -> EntryFunction {
        // SAFETY: the compiler generated the function with this signature, as the manifest's field says; it lies inside
        // the code, which is mapped executable as long as the program lives.
        unsafe { std::mem::transmute::<*const u8, EntryFunction>(self.address(function)) }
    }

    /// A function that the manifest uses as an expression without a row.
    pub fn scalar(&self, function: FunctionId) -> ScalarFunction {
        // SAFETY: as in `entry`.
        unsafe { std::mem::transmute::<*const u8, ScalarFunction>(self.address(function)) }
    }

    /// A function that the manifest uses as a pipeline.
    pub fn pipeline(&self, function: FunctionId) -> PipelineFunction {
        // SAFETY: as in `entry`.
        unsafe { std::mem::transmute::<*const u8, PipelineFunction>(self.address(function)) }
    }
}

fn check(target: &str, engine: &str) -> Result<(), LoadError> {
    if target != host_target() {
        return Err(LoadError::Image(ImageError::Target(target.to_owned())));
    }
    if engine != js::engine_version() {
        return Err(LoadError::Image(ImageError::Engine(engine.to_owned())));
    }
    Ok(())
}

/// Where the image lies in an ELF file.
fn find_section(bytes: &[u8]) -> Option<std::ops::Range<usize>> {
    let file = ElfFile64::<Endianness>::parse(bytes).ok()?;
    let endian = file.endian();
    let sections = file.elf_header().sections(endian, bytes).ok()?;
    let (_, section) = sections.section_by_name(endian, SECTION_NAME.as_bytes())?;
    if section.sh_type(endian) == elf::SHT_NOBITS {
        return None;
    }
    let start = usize::try_from(section.sh_offset(endian)).ok()?;
    Some(start..start.checked_add(usize::try_from(section.sh_size(endian)).ok()?)?)
}

/// Why a program cannot be loaded.
#[derive(Debug)]
pub enum LoadError {
    /// It is not for this runtime, or damaged.
    Image(ImageError),
    /// It cannot be read or mapped.
    Io(std::io::Error),
}

impl From<std::io::Error> for LoadError {
    fn from(error: std::io::Error) -> LoadError {
        LoadError::Io(error)
    }
}

impl std::fmt::Display for LoadError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            LoadError::Image(error) => error.fmt(formatter),
            LoadError::Io(error) => write!(formatter, "the program cannot be read: {error}"),
        }
    }
}

impl std::error::Error for LoadError {}

#[cfg(test)]
mod tests {
    use moltler_abi::manifest::Function;

    use super::*;

    fn image(code: Vec<u8>, length: u32) -> Image {
        let mut image =
            Image { code, target: host_target(), engine: js::engine_version().to_owned(), ..Image::default() };
        image.manifest.functions.push(Function { name: "main".to_owned(), offset: 0, length });
        image
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn code_is_executable() {
        // mov eax, 7; ret
        let program = Program::from_image(&image(vec![0xb8, 7, 0, 0, 0, 0xc3], 6)).expect("valid");
        let main = program.entry(FunctionId(0));
        // SAFETY: the code above reads neither of its parameters.
        assert_eq!(unsafe { main(std::ptr::null(), std::ptr::null_mut()) }, 7);
    }

    #[test]
    fn a_function_outside_the_code_is_refused() {
        assert!(matches!(Program::from_image(&image(vec![0xc3], 2)), Err(LoadError::Image(ImageError::Manifest(_)))));
    }

    #[test]
    fn a_foreign_target_or_engine_is_refused() {
        let mut foreign = image(vec![0xc3], 1);
        foreign.target = "pdp11-unix".to_owned();
        assert!(matches!(Program::from_image(&foreign), Err(LoadError::Image(ImageError::Target(_)))));
        let mut foreign = image(vec![0xc3], 1);
        foreign.engine = "other".to_owned();
        assert!(matches!(Program::from_image(&foreign), Err(LoadError::Image(ImageError::Engine(_)))));
    }

    #[test]
    fn an_executable_without_a_program_holds_none() {
        assert!(Program::from_executable().expect("readable").is_none());
    }
}
