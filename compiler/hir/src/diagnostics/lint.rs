//! What is wrong with levels: `unused-allow`, `unknown-lint`.

use moltler_syntax::TextRange;

use super::{Code, LocalDiagnostic};
use crate::allow::{Allowance, Holds};
use crate::suggest::Candidates;

/// A comment that keeps nothing from being told.
pub(crate) fn unused_allow(code: Code, allowance: &Allowance) -> LocalDiagnostic {
    let diagnostic = match allowance.holds {
        Holds::Nowhere => {
            LocalDiagnostic::warning(Code::UnusedAllow, allowance.range, "a comment behind a statement allows nothing")
                .help("put it before the statement")
        }
        Holds::File | Holds::Statement(_) => LocalDiagnostic::warning(
            Code::UnusedAllow,
            allowance.range,
            format!("there is no `{}` here to be allowed", code.name()),
        ),
    };
    diagnostic.fix("Remove it", allowance.removal, "").unused()
}

/// A name that is no code, or one of an error.
pub(crate) fn unknown(name: &str, range: TextRange) -> LocalDiagnostic {
    if Code::from_name(name).is_some() {
        let message = format!("`{name}` is always an error, its level can't be changed");
        return LocalDiagnostic::warning(Code::UnknownLint, range, message);
    }
    let lints = Code::ALL.iter().filter(|code| code.is_lint());
    LocalDiagnostic::warning(Code::UnknownLint, range, format!("there is no lint `{name}`")).nearest(
        name,
        &Candidates::new("lints", lints.map(|code| code.name())),
        range,
        "",
    )
}
