//! Help for the tests of this crate: contexts without a compiled program.

use std::sync::Arc;

use moltler_abi::image::{Image, host_target};
use moltler_abi::manifest::Manifest;

use crate::context::{ExecContext, Setup};
use crate::js::{self, Clock};
use crate::loader::Program;
use crate::output::{Format, Output};

/// A context of an empty program. `SET` is the only environment variable with a value, `EMPTY` is empty.
pub(crate) fn context() -> ExecContext {
    context_of(Manifest::default(), Vec::new(), Format::Json)
}

/// A program of this manifest and code.
pub(crate) fn program(manifest: Manifest, code: Vec<u8>) -> Arc<Program> {
    let image = Image { manifest, code, target: host_target(), engine: js::engine_version().to_owned() };
    Arc::new(Program::from_image(&image).expect("a program for this machine"))
}

/// A context of a program, with its output captured.
pub(crate) fn context_of(manifest: Manifest, code: Vec<u8>, format: Format) -> ExecContext {
    let setup = Setup {
        output: Output::captured(format),
        environment: Arc::new(|name| match name {
            "SET" => Some("value".to_owned()),
            "EMPTY" => Some(String::new()),
            "MOLTLER_SECRET_API_KEY" => Some("s3cr3t-value\n".to_owned()),
            _ => None,
        }),
        host: None,
        clock: Clock::real(),
        mock: None,
        is_test: false,
    };
    ExecContext::new(program(manifest, code), 4, setup).expect("an event loop")
}
