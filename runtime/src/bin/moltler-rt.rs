//! The runtime as an executable: what `moltlerc build` copies and puts a program into.

use std::process::ExitCode;

use moltler_runtime::output::{Format, Output};

fn main() -> ExitCode {
    moltler_runtime::executable::executable_main().unwrap_or_else(|| {
        Output::standard(Format::Table)
            .message("error: this executable holds no program; `moltlerc build` makes one that does");
        ExitCode::from(2)
    })
}
