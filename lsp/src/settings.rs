//! What users set, in the section `moltler` of their editor's settings.

use serde_json::Value;

/// The settings, each with its default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// `inlayHints.types`: the types of variables.
    pub(crate) type_hints: bool,
    /// `inlayHints.parameterNames`: the names of arguments.
    pub(crate) parameter_hints: bool,
    /// `inlayHints.pushdown`: what becomes of the conditions of a query.
    pub(crate) pushdown_hints: bool,
    /// `codeLens.run`: running files, queries and tests.
    pub(crate) run_lenses: bool,
    /// `codeLens.references`: how often a definition is used.
    pub(crate) reference_lenses: bool,
    /// `completion.snippets`: suggestions with places to fill in.
    pub(crate) snippets: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            type_hints: true,
            parameter_hints: true,
            pushdown_hints: true,
            run_lenses: true,
            reference_lenses: false,
            snippets: true,
        }
    }
}

impl Settings {
    /// The section's value; what is missing or no boolean has its default.
    pub(crate) fn new(section: &Value) -> Settings {
        let default = Settings::default();
        let boolean = |path: &str, default: bool| section.pointer(path).and_then(Value::as_bool).unwrap_or(default);
        Settings {
            type_hints: boolean("/inlayHints/types", default.type_hints),
            parameter_hints: boolean("/inlayHints/parameterNames", default.parameter_hints),
            pushdown_hints: boolean("/inlayHints/pushdown", default.pushdown_hints),
            run_lenses: boolean("/codeLens/run", default.run_lenses),
            reference_lenses: boolean("/codeLens/references", default.reference_lenses),
            snippets: boolean("/completion/snippets", default.snippets),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn sections() {
        assert_eq!(Settings::new(&Value::Null), Settings::default());
        let section = json!({"inlayHints": {"types": false, "parameterNames": "no"}, "codeLens": {"run": false}});
        let expected = Settings { type_hints: false, run_lenses: false, ..Settings::default() };
        assert_eq!(Settings::new(&section), expected);
    }
}
