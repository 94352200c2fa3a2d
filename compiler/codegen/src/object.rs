//! The code as an object file, for people who read it or link it into a program of their own.

use cranelift::object::object::write::{Object, StandardSection, Symbol, SymbolSection};
use cranelift::object::object::{
    Architecture, BinaryFormat, Endianness, SectionKind, SymbolFlags, SymbolKind, SymbolScope,
};
use moltler_abi::image::SECTION_NAME;
use moltler_plan::program::Program;

use crate::image::image;

/// The same code as in [`image()`], byte for byte, with a symbol `moltler_…` for each function, and the whole image as the
/// read-only data `moltler_image`.
pub fn emit_object(program: &Program) -> Vec<u8> {
    let image = image(program);
    let (format, architecture) = host();
    let mut object = Object::new(format, architecture, Endianness::Little);
    let text = object.section_id(StandardSection::Text);
    object.append_section_data(text, &image.code, 16);
    for function in &image.manifest.functions {
        object.add_symbol(Symbol {
            name: format!("moltler_{}", function.name).into_bytes(),
            value: u64::from(function.offset),
            size: u64::from(function.length),
            kind: SymbolKind::Text,
            scope: SymbolScope::Linkage,
            weak: false,
            section: SymbolSection::Section(text),
            flags: SymbolFlags::None,
        });
    }
    let bytes = image.to_bytes();
    let data = object.add_section(Vec::new(), SECTION_NAME.as_bytes().to_vec(), SectionKind::ReadOnlyData);
    object.append_section_data(data, &bytes, moltler_abi::image::PAGE as u64);
    object.add_symbol(Symbol {
        name: b"moltler_image".to_vec(),
        value: 0,
        size: bytes.len() as u64,
        kind: SymbolKind::Data,
        scope: SymbolScope::Linkage,
        weak: false,
        section: SymbolSection::Section(data),
        flags: SymbolFlags::None,
    });
    // Without the note, linkers take the object for one that needs an executable stack.
    if format == BinaryFormat::Elf {
        object.add_section(Vec::new(), b".note.GNU-stack".to_vec(), SectionKind::Other);
    }
    object.write().expect("Invariant: the format can hold text, data and symbols")
}

fn host() -> (BinaryFormat, Architecture) {
    let format = if cfg!(target_os = "macos") {
        BinaryFormat::MachO
    } else if cfg!(windows) {
        BinaryFormat::Coff
    } else {
        BinaryFormat::Elf
    };
    let architecture = if cfg!(target_arch = "aarch64") { Architecture::Aarch64 } else { Architecture::X86_64 };
    (format, architecture)
}
