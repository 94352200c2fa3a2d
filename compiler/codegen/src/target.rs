//! What code is generated for: the processor of this machine, without optional features, so that an executable runs on every
//! machine of its kind and its bytes do not depend on where it was built.

use std::sync::Arc;

use cranelift::codegen::isa::TargetIsa;
use cranelift::codegen::settings::{self, Configurable};

/// The target of all code.
pub(crate) fn host() -> Arc<dyn TargetIsa> {
    let mut flags = settings::builder();
    let verify = if cfg!(debug_assertions) { "true" } else { "false" };
    for (name, value) in [
        ("opt_level", "speed"),
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
