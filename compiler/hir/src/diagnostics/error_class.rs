//! `unknown-error-class`: CATCH or ASSERT RAISES by a name that is nearly one of the errors that handlers throw.

use moltler_abi::host::ERROR_CLASSES;
use moltler_syntax::TextRange;

use super::{Code, LocalDiagnostic};

/// `None` for a known class and for one that is nothing like any: handlers may throw errors of classes and codes of their own.
pub(crate) fn misspelled_error_class(class: &str, range: TextRange) -> Option<LocalDiagnostic> {
    let plain = |name: &str| name.replace('_', "").to_lowercase();
    if ERROR_CLASSES.iter().any(|known| plain(known) == plain(class)) {
        return None;
    }
    // A short name is near to too much.
    let written = plain(class);
    let near =
        ERROR_CLASSES.iter().find(|known| known.len() > 8 && strsim::osa_distance(&plain(known), &written) <= 2)?;
    let message = format!("`{class}` is no class of errors that Moltler raises");
    Some(LocalDiagnostic::warning(Code::UnknownErrorClass, range, message).help(format!("did you mean `{near}`?")))
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn nearly_known_classes() {
        check(
            r#"
TEST CONNECTOR TYPE 'shop' NAME 't' BEGIN
    ASSERT RAISES 'ConnectorAutError' PRINT 1;
    ASSERT RAISES 'connector_error' PRINT 1;
    ASSERT RAISES 'QuotaExceeded' PRINT 1;
    TRY PRINT 1; CATCH connector_rate_limit_eror PRINT 2; CATCH TypeError PRINT 3; END TRY;
    ADVANCE 7;
END TEST;
ADVANCE INTERVAL '1d';
"#,
            r#"
                warning[unknown-error-class] at `'ConnectorAutError'`: `ConnectorAutError` is no class of errors that Moltler raises | help: did you mean `ConnectorAuthError`?
                warning[unknown-error-class] at `connector_rate_limit_eror`: `connector_rate_limit_eror` is no class of errors that Moltler raises | help: did you mean `ConnectorRateLimitError`?
                error[type-mismatch] at `7`: ADVANCE takes `interval`, not `integer`
                error[misplaced-expression] at `ADVANCE INTERVAL '1d'`: `ADVANCE` moves the clock of a test; it stands in a TEST only
            "#,
        );
    }
}
