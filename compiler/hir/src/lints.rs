//! Which diagnostics are told, and as what: `[lints]` of `moltler.toml`.
//!
//! ```toml
//! [lints]
//! advice = "warn"              # all hints: for `moltlerc check`, which passes over them otherwise
//! unused-variable = "deny"     # an error
//! field-never-returned = "allow"
//! ```

use moltler_db::Severity;
use moltler_syntax::TextRange;
use rustc_hash::FxHashMap;
use toml::de::DeTable;

use crate::diagnostics::{Code, LocalDiagnostic, lint};

/// The name that stands for all advice.
const ADVICE: &str = "advice";

/// What becomes of a warning or of advice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    /// It is not told.
    Allow,
    /// It is a warning.
    Warn,
    /// It is an error.
    Deny,
}

impl Level {
    fn from_name(name: &str) -> Option<Level> {
        match name {
            "allow" => Some(Level::Allow),
            "warn" => Some(Level::Warn),
            "deny" => Some(Level::Deny),
            _ => None,
        }
    }
}

/// The levels of a package.
#[derive(Clone, Debug, Default)]
pub struct Lints {
    levels: FxHashMap<Code, Level>,
    advice: Option<Level>,
    problems: Vec<LocalDiagnostic>,
}

impl Lints {
    /// Reads `[lints]`. What is no TOML has none: whoever reads the rest of the manifest says so.
    pub fn read(manifest: &str) -> Lints {
        let mut lints = Lints::default();
        let Ok(table) = DeTable::parse(manifest) else { return lints };
        let Some(entries) = table.get_ref().get("lints").and_then(|value| value.get_ref().as_table()) else {
            return lints;
        };
        for (key, value) in entries {
            let range = |span: std::ops::Range<usize>| TextRange::new(span.start as u32, span.end as u32);
            let name: &str = key.get_ref();
            let Some(level) = value.get_ref().as_str().and_then(Level::from_name) else {
                let diagnostic = crate::diagnostics::schema::invalid_value(
                    name,
                    "one of `\"allow\"`, `\"warn\"`, `\"deny\"`",
                    range(value.span()),
                );
                lints.problems.push(diagnostic);
                continue;
            };
            match Code::from_name(name) {
                _ if name == ADVICE => lints.advice = Some(level),
                Some(code) if code.is_lint() => {
                    lints.levels.insert(code, level);
                }
                _ => lints.problems.push(lint::unknown(name, range(key.span()))),
            }
        }
        lints.problems.sort_by_key(|problem| problem.range);
        lints
    }

    /// Makes warnings of all advice whose level is not set.
    pub fn make_pedantic(&mut self) {
        self.advice = Some(Level::Warn);
    }

    /// What is wrong with `[lints]` itself; ranges are those of the manifest's text.
    pub fn problems(&self) -> &[LocalDiagnostic] {
        &self.problems
    }

    /// With which severity a diagnostic is told; `None` for one that is not told. An error of the language stays one.
    pub fn severity(&self, code: Code, found: Severity) -> Option<Severity> {
        let level = match found {
            Severity::Error => return Some(Severity::Error),
            Severity::Warning => self.levels.get(&code).copied(),
            Severity::Hint => self.levels.get(&code).copied().or(self.advice),
        };
        match level {
            None => Some(found),
            Some(Level::Allow) => None,
            Some(Level::Warn) => Some(Severity::Warning),
            Some(Level::Deny) => Some(Severity::Error),
        }
    }
}

#[cfg(test)]
mod tests {
    use moltler_db::Severity;

    use super::Lints;
    use crate::diagnostics::Code;

    #[test]
    fn levels() {
        let manifest = "[package]\nname = 'a'\n[lints]\nadvice = 'warn'\nuntested = 'allow'\nnull-date = \"deny\"\n";
        let lints = Lints::read(manifest);
        assert!(lints.problems().is_empty());
        assert_eq!(lints.severity(Code::Untested, Severity::Hint), None);
        assert_eq!(lints.severity(Code::MissingVersion, Severity::Hint), Some(Severity::Warning));
        assert_eq!(lints.severity(Code::NullDate, Severity::Warning), Some(Severity::Error));
        assert_eq!(lints.severity(Code::UnknownEntity, Severity::Error), Some(Severity::Error));
        assert_eq!(Lints::default().severity(Code::Untested, Severity::Hint), Some(Severity::Hint));
    }

    #[test]
    fn what_is_wrong_with_the_manifest_has_its_place() {
        let manifest = "[lints]\nnul-date = 'deny'\nsyntax-error = 'allow'\nnull-date = 'error'\n";
        let lints = Lints::read(manifest);
        let found: Vec<_> = lints.problems().iter().map(|one| (one.range.of(manifest), one.message.as_str())).collect();
        assert_eq!(
            found,
            [
                ("nul-date", "there is no lint `nul-date`"),
                ("syntax-error", "`syntax-error` is always an error, its level can't be changed"),
                ("'error'", "`null-date` takes one of `\"allow\"`, `\"warn\"`, `\"deny\"`"),
            ]
        );
        assert!(Lints::read("[lints").problems().is_empty());
    }
}
