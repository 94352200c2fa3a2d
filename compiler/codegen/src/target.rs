//! What code is generated for: the processor of this machine, without optional features, so that an executable runs on every
//! machine of its kind and its bytes do not depend on where it was built.

use std::sync::Arc;

use cranelift::codegen::isa::TargetIsa;
use cranelift::codegen::settings::{self, Configurable};
use moltler_plan::program::{Function, FunctionBody};

/// The same processor, generated for in two ways.
pub(crate) struct Targets {
    /// For loops over rows: fast code.
    pub(crate) rows: Arc<dyn TargetIsa>,
    /// For what mostly calls the runtime, and may be as long as a program is: fast compilation.
    pub(crate) statements: Arc<dyn TargetIsa>,
}

/// The targets of all code.
pub(crate) fn host() -> Targets {
    Targets { rows: isa("speed", "backtracking"), statements: isa("none", "single_pass") }
}

impl Targets {
    /// The target of a function. `once` is for a program that is not worth fast code: its code runs once, over little.
    pub(crate) fn of(&self, function: &Function, once: bool) -> &dyn TargetIsa {
        match function.body {
            FunctionBody::Pipeline(_) if !once => &*self.rows,
            FunctionBody::Pipeline(_) => &*self.statements,
            FunctionBody::Entry(_) | FunctionBody::Scalar(_) => &*self.statements,
        }
    }
}

fn isa(opt_level: &str, regalloc_algorithm: &str) -> Arc<dyn TargetIsa> {
    let mut flags = settings::builder();
    let verify = if cfg!(debug_assertions) { "true" } else { "false" };
    for (name, value) in [
        ("opt_level", opt_level),
        ("regalloc_algorithm", regalloc_algorithm),
        // The code is position-independent nevertheless: its only names are those of constants, which are near. With the
        // setting they would be looked up in a global offset table, and there is none.
        ("is_pic", "false"),
        ("enable_verifier", verify),
        // A frame that is larger than the guard page touches every page of it.
        ("enable_probestack", "true"),
        ("probestack_strategy", "inline"),
        ("unwind_info", "false"),
    ] {
        flags.set(name, value).expect("Invariant: Cranelift knows its own settings");
    }
    cranelift::native::builder_with_options(false)
        .expect("Invariant: Moltler is built for processors that Cranelift supports")
        .finish(settings::Flags::new(flags))
        .expect("Invariant: the settings fit each other")
}
