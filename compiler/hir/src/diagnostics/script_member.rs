//! Members that nobody declares: `unknown-config-key` in a handler, `unknown-filter`, `unknown-option`,
//! `unknown-parameter`, `undeclared-field`, `field-never-returned`.

use moltler_js::Access;
use moltler_syntax::TextRange;

use super::LocalDiagnostic;
use super::script::at;
use crate::suggest::Candidates;

/// `config.x`, `filters.x`, `options.x`, `params.x` of something that `owner` does not declare.
pub(crate) fn unknown_member(
    code: &'static str,
    access: &Access,
    what: &str,
    owner: &str,
    candidates: &Candidates<'_>,
    offset: u32,
) -> LocalDiagnostic {
    let range = at(&access.range, offset);
    LocalDiagnostic::warning(code, range, format!("`{}` is not {what} of `{owner}`", access.name))
        .nearest(&access.name, candidates, range, "")
}

/// A returned key that is no field.
pub(crate) fn undeclared_field(
    name: &str,
    range: TextRange,
    entity: &str,
    candidates: &Candidates<'_>,
    is_shorthand: bool,
) -> LocalDiagnostic {
    let diagnostic = LocalDiagnostic::warning(
        "undeclared-field",
        range,
        format!("`{name}` is not a field of `{entity}`, rows lose it"),
    );
    if is_shorthand {
        return match candidates.nearest(name) {
            Some(near) => diagnostic
                .help(format!("did you mean `{near}`?"))
                .fix(format!("Replace with `{near}: {name}`"), range, format!("{near}: {name}")),
            None => diagnostic,
        };
    }
    diagnostic.nearest(name, candidates, range, "")
}

/// A field that no row has.
pub(crate) fn field_never_returned(name: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::warning("field-never-returned", range, format!("the handler never returns `{name}`: it is always NULL"))
}
