//! From a loaded package to an image: plans, machine code, bytecode of the handlers.

use std::sync::Arc;

use moltler_abi::image::Image;
use moltler_abi::manifest::{Manifest, Script};
use moltler_db::FileId;
use moltler_plan::program::{Options, Program};

use crate::coverage::Counters;
use crate::output::{self, Failure};
use crate::session::Session;

/// What is to be run.
#[derive(Clone, Debug)]
pub enum Goal {
    /// The statements of this file.
    Main(FileId),
    /// The same with plans as they come from the source: slower, with the same results.
    Unoptimized(FileId),
    /// The tests of these files.
    Tests(Vec<FileId>),
}

/// The package as a program.
pub fn plan(session: &Session, goal: &Goal) -> Program {
    let options = match goal {
        Goal::Main(file) => Options { main: Some(*file), ..Options::default() },
        Goal::Unoptimized(file) => Options { main: Some(*file), unoptimized: true, ..Options::default() },
        Goal::Tests(files) => Options { tests: files.clone(), ..Options::default() },
    };
    moltler_plan::program::build(&session.db, &session.package, &options)
}

/// The program with machine code and bytecode.
pub fn image(program: &Program) -> Result<Image, Failure> {
    image_with(program, None)
}

/// Like [`image`]; handlers count in `counters` what of them runs, where they are given.
fn image_with(program: &Program, mut counters: Option<&mut Counters>) -> Result<Image, Failure> {
    let mut image = moltler_codegen::image(program);
    for script in scripts(&mut image.manifest) {
        let inserted = counters.as_mut().map(|counters| counters.instrument(script)).unwrap_or_default();
        match moltler_runtime::js::compile_instrumented(script, &inserted) {
            Ok(bytecode) => {
                script.bytecode = bytecode;
                script.source.clear();
            }
            Err(error) => {
                output::note(moltler_runtime::report::render_error(&program.manifest, &error));
                return Err(Failure::Told);
            }
        }
    }
    image.engine = moltler_runtime::js::engine_version().to_owned();
    Ok(image)
}

/// The program, ready to run in this process.
pub fn load(program: &Program) -> Result<Arc<moltler_runtime::program::Program>, Failure> {
    load_with(program, None)
}

/// Like [`load`]; handlers count in `counters` what of them runs, where they are given.
pub fn load_with(
    program: &Program,
    counters: Option<&mut Counters>,
) -> Result<Arc<moltler_runtime::program::Program>, Failure> {
    let image = image_with(program, counters)?;
    let loaded = moltler_runtime::program::Program::from_image(&image);
    loaded.map(Arc::new).map_err(|error| Failure::Failed(error.to_string()))
}

/// All JavaScript of a program.
fn scripts(manifest: &mut Manifest) -> impl Iterator<Item = &mut Script> {
    let of_types =
        manifest.types.iter_mut().flat_map(|connector_type| [&mut connector_type.shared, &mut connector_type.check]);
    let handlers = manifest.entities.iter_mut().map(|entity| &mut entity.handler);
    let actions = manifest.actions.iter_mut().map(|action| &mut action.handler);
    of_types.flatten().chain(handlers).chain(actions)
}
