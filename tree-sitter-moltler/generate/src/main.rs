//! Writes `src/parser.c`, `src/grammar.json`, `src/node-types.json` and `src/tree_sitter/` from `grammar.js`.
//!
//! `cargo run` writes them; `cargo run -- --check` compares what is committed with what would be written and fails if
//! they differ.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use tree_sitter_generate::{OptLevel, generate_parser_in_directory};

/// Neovim 0.10 reads parsers up to this version.
const ABI: usize = 14;

fn main() -> ExitCode {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("generate/ lies in the grammar's folder").to_owned();
    let check = std::env::args().any(|argument| argument == "--check");
    let result = if check { compare(&root) } else { write(&root, &root.join("src")) };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn write(root: &Path, out: &Path) -> Result<(), String> {
    let mut diagnostics = Vec::new();
    let result = generate_parser_in_directory(
        root,
        Some(out),
        Some(root.join("grammar.js")),
        ABI,
        None,
        Some("native"),
        true,
        OptLevel::default(),
        &mut diagnostics,
    );
    for diagnostic in &diagnostics {
        eprintln!("{diagnostic:?}");
    }
    result.map_err(|error| error.to_string())?;
    std::fs::write(out.join("grammar.hash"), hash(root)?).map_err(|error| error.to_string())
}

fn compare(root: &Path) -> Result<(), String> {
    let out = std::env::temp_dir().join(format!("moltler-grammar-{}", std::process::id()));
    std::fs::create_dir_all(&out).map_err(|error| error.to_string())?;
    let result = write(root, &out).and_then(|()| {
        for file in files(&out)? {
            let name = file.strip_prefix(&out).expect("listed from this folder");
            let committed = std::fs::read(root.join("src").join(name)).unwrap_or_default();
            if std::fs::read(&file).map_err(|error| error.to_string())? != committed {
                return Err(format!("src/{} is stale: run `cargo run` in generate/", name.display()));
            }
        }
        Ok(())
    });
    let _ = std::fs::remove_dir_all(&out);
    result
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| error.to_string())? {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.is_dir() { found.extend(files(&path)?) } else { found.push(path) }
    }
    found.sort();
    Ok(found)
}

/// FNV-1a over the grammar's sources, as the tests of the Rust binding compute it too.
fn hash(root: &Path) -> Result<String, String> {
    let mut sources = files(&root.join("grammar"))?;
    sources.insert(0, root.join("grammar.js"));
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for source in sources {
        let text = std::fs::read(&source).map_err(|error| error.to_string())?;
        for byte in text.into_iter().filter(|byte| *byte != b'\r') {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    Ok(format!("{hash:016x}\n"))
}
