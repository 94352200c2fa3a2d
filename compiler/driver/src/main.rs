//! The executable `moltlerc`.

use std::process::ExitCode;

fn main() -> ExitCode {
    // A program that `build` made from a copy of this file runs as that program.
    if let Some(status) = moltler_runtime::executable::executable_main() {
        return status;
    }
    moltlerc::main()
}
