//! `moltlerc build`

use std::path::{Path, PathBuf};

use crate::args::{BuildArguments, Emit};
use crate::compile::{self, Goal};
use crate::output::{self, Failure, SUCCESS};
use crate::session::Session;
use crate::{executable, files};

/// Writes the program as an executable, or what else was asked for.
pub fn run(arguments: &BuildArguments) -> Result<u8, Failure> {
    let outputs = outputs(arguments)?;
    let (session, file) = Session::load_file(&arguments.file)?;
    let program = compile::plan(&session, &Goal::Main(file));
    session.refuse_reached(file, &program)?;
    for (emit, path) in outputs {
        let unwritable = |error: std::io::Error| Failure::Usage(format!("{}: {error}", path.display()));
        match emit {
            Emit::Exe => {
                let mut image = compile::image(&program)?;
                image.manifest.host_bytecode = moltler_runtime::js::host_bytecode();
                executable::write(&path, &image.to_bytes()).map_err(|error| Failure::Usage(error.to_string()))?;
            }
            Emit::Obj => {
                let object = moltler_codegen::emit_object(&program);
                files::replace(&path, &object, files::Mode::Data).map_err(unwritable)?;
            }
            Emit::Clif => {
                let text = moltler_codegen::emit_clif(&program);
                files::replace(&path, text.as_bytes(), files::Mode::Data).map_err(unwritable)?;
            }
            Emit::Plan => {
                let text = moltler_plan::explain::program(&program);
                files::replace(&path, text.as_bytes(), files::Mode::Data).map_err(unwritable)?;
            }
        }
        output::note(format_args!("wrote {}", path.display()));
    }
    Ok(SUCCESS)
}

/// What to write where: OUT as it is for one thing, with an ending of its own for each of several.
fn outputs(arguments: &BuildArguments) -> Result<Vec<(Emit, PathBuf)>, Failure> {
    let stem = match &arguments.output {
        Some(output) => output.clone(),
        None => PathBuf::from(arguments.file.file_stem().unwrap_or_default()),
    };
    let with_ending = |emit: Emit| {
        let mut name = stem.clone().into_os_string();
        name.push(emit.ending());
        PathBuf::from(name)
    };
    let exact = arguments.output.is_some() && arguments.emit.len() == 1;
    let outputs: Vec<(Emit, PathBuf)> =
        arguments.emit.iter().map(|emit| (*emit, if exact { stem.clone() } else { with_ending(*emit) })).collect();
    for (_, path) in &outputs {
        if path.is_dir() {
            return Err(Failure::Usage(format!("{} is a folder; name the file to write with -o", path.display())));
        }
        if same_file(path, &arguments.file) {
            return Err(Failure::Usage(format!("{} would be overwritten", path.display())));
        }
    }
    Ok(outputs)
}

fn same_file(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| std::fs::canonicalize(path).ok();
    real(one).is_some() && real(one) == real(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(output: Option<&str>, emit: &[Emit]) -> Vec<String> {
        let arguments = BuildArguments {
            file: PathBuf::from("deep/shop.molt"),
            output: output.map(PathBuf::from),
            emit: emit.to_vec(),
        };
        let outputs = outputs(&arguments).expect("nothing is in the way");
        outputs.into_iter().map(|(_, path)| path.display().to_string()).collect()
    }

    #[test]
    fn outputs_are_named_after_the_program() {
        let exe = format!("shop{}", std::env::consts::EXE_SUFFIX);
        assert_eq!(names(None, &[Emit::Exe]), [exe.as_str()]);
        assert_eq!(names(None, &[Emit::Exe, Emit::Clif]), [exe.as_str(), "shop.clif"]);
        assert_eq!(names(Some("x.txt"), &[Emit::Plan]), ["x.txt"]);
        assert_eq!(names(Some("out/x"), &[Emit::Obj, Emit::Plan]), ["out/x.o", "out/x.plan"]);
    }
}
