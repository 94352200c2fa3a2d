//! The codes of all diagnostics. This list is the only place where one is declared; each has a page in `pages/` that explains it.

use moltler_db::Severity;

use crate::suggest::nearest;

macro_rules! codes {
    ($($variant:ident $name:literal $severity:ident;)*) => {
        /// What a diagnostic is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = concat!("`", $name, "`")] $variant,)*
        }

        impl Code {
            /// All codes: errors, warnings, advice, each sorted by name.
            pub const ALL: &[Code] = &[$(Code::$variant),*];

            /// The name that users know, in kebab-case. It never changes.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Code::$variant => $name,)*
                }
            }

            /// The mildest severity that it is told with, before `[lints]` has its say. Only what can be less than an error has a
            /// level that a user can set.
            pub const fn severity(self) -> Severity {
                match self {
                    $(Code::$variant => Severity::$severity,)*
                }
            }

            /// Its page, in Markdown: what it means, an example that fails (a fence `sql fails`) and one that works (`sql works`).
            pub const fn page(self) -> &'static str {
                match self {
                    $(Code::$variant => include_str!(concat!("pages/", $name, ".md")),)*
                }
            }
        }
    };
}

codes! {
    // What keeps a statement from being carried out.
    AggregateNotAllowed "aggregate-not-allowed" Error;
    AmbiguousColumn "ambiguous-column" Error;
    ColumnCount "column-count" Error;
    FilterOnlyField "filter-only-field" Error;
    InvalidCursor "invalid-cursor" Error;
    InvalidLiteral "invalid-literal" Error;
    InvalidLookback "invalid-lookback" Error;
    InvalidSchedule "invalid-schedule" Error;
    InvalidTarget "invalid-target" Error;
    InvalidValue "invalid-value" Error;
    JavascriptAwait "javascript-await" Error;
    JavascriptDuplicateName "javascript-duplicate-name" Error;
    JavascriptExport "javascript-export" Error;
    JavascriptImport "javascript-import" Error;
    JavascriptReturn "javascript-return" Error;
    JavascriptSyntax "javascript-syntax" Error;
    JavascriptTooDeep "javascript-too-deep" Error;
    MalformedName "malformed-name" Error;
    MisplacedExpression "misplaced-expression" Error;
    MissingArgument "missing-argument" Error;
    MissingClause "missing-clause" Error;
    MissingConfigKey "missing-config-key" Error;
    MissingEntryPoint "missing-entry-point" Error;
    MissingOn "missing-on" Error;
    MissingSemicolon "missing-semicolon" Error;
    MisspeltKeyword "misspelt-keyword" Error;
    NestingTooDeep "nesting-too-deep" Error;
    NoPrimaryKey "no-primary-key" Error;
    NotConstant "not-constant" Error;
    NotGrouped "not-grouped" Error;
    NotInList "not-in-list" Error;
    NotSupported "not-supported" Error;
    RepeatedAlias "repeated-alias" Error;
    RepeatedClause "repeated-clause" Error;
    RepeatedKey "repeated-key" Error;
    RequiredField "required-field" Error;
    SyntaxError "syntax-error" Error;
    TooDeep "too-deep" Error;
    TypeMismatch "type-mismatch" Error;
    TypescriptNotErasable "typescript-not-erasable" Error;
    UnclosedBlock "unclosed-block" Error;
    UnclosedBracket "unclosed-bracket" Error;
    UnclosedComment "unclosed-comment" Error;
    UnclosedName "unclosed-name" Error;
    UnclosedRawBlock "unclosed-raw-block" Error;
    UnclosedString "unclosed-string" Error;
    UnknownArgument "unknown-argument" Error;
    UnknownDataType "unknown-data-type" Error;
    UnknownField "unknown-field" Error;
    UnknownFunction "unknown-function" Error;
    UnknownInstance "unknown-instance" Error;
    UnknownKey "unknown-key" Error;
    UnknownType "unknown-type" Error;
    UnknownVariable "unknown-variable" Error;
    UnregisteredType "unregistered-type" Error;
    UsedBeforeDeclared "used-before-declared" Error;
    WrongArguments "wrong-arguments" Error;
    // Likely mistakes. Some of them are errors in other places.
    AmbiguousName "ambiguous-name" Warning;
    ExtraParameter "extra-parameter" Warning;
    FieldNeverReturned "field-never-returned" Warning;
    ForeignGlobal "foreign-global" Warning;
    HardCodedSecret "hard-coded-secret" Warning;
    NearEntity "near-entity" Warning;
    NullComparison "null-comparison" Warning;
    NullDate "null-date" Warning;
    RepeatedDefinition "repeated-definition" Warning;
    RepeatedTest "repeated-test" Warning;
    ReturnedEnvelope "returned-envelope" Warning;
    RoundedIntegers "rounded-integers" Warning;
    SecretInspected "secret-inspected" Warning;
    SecretWithoutHost "secret-without-host" Warning;
    ShadowedVariable "shadowed-variable" Warning;
    TimeWithoutMocks "time-without-mocks" Warning;
    UndeclaredField "undeclared-field" Warning;
    UndefinedName "undefined-name" Warning;
    UnknownAction "unknown-action" Warning;
    UnknownColumn "unknown-column" Warning;
    UnknownConfigKey "unknown-config-key" Warning;
    UnknownEntity "unknown-entity" Warning;
    UnknownErrorClass "unknown-error-class" Warning;
    UnknownFilter "unknown-filter" Warning;
    UnknownLint "unknown-lint" Warning;
    UnknownOption "unknown-option" Warning;
    UnknownParameter "unknown-parameter" Warning;
    UnusedAllow "unused-allow" Warning;
    UnusedConfigKey "unused-config-key" Warning;
    UnusedVariable "unused-variable" Warning;
    // Advice.
    MissingDescription "missing-description" Hint;
    MissingVersion "missing-version" Hint;
    NoRateLimit "no-rate-limit" Hint;
    RequiredDefault "required-default" Hint;
    UncheckedResponse "unchecked-response" Hint;
    UnfilteredSelect "unfiltered-select" Hint;
    UnknownEscape "unknown-escape" Hint;
    Untested "untested" Hint;
}

/// The connector `shop`, which the examples of the pages use.
pub const PAGE_PRELUDE: &str = include_str!("pages/shop.molt");

impl Code {
    /// The code with this name.
    pub fn from_name(name: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.name() == name)
    }

    /// The code whose name is most like this one.
    pub fn nearest(name: &str) -> Option<Code> {
        Code::from_name(nearest(name, Code::ALL.iter().map(|code| code.name()))?)
    }

    /// Whether its level can be set: by `[lints]` of `moltler.toml` and by comments.
    pub const fn is_lint(self) -> bool {
        !matches!(self.severity(), Severity::Error)
    }

    /// The first sentence of its page.
    pub fn summary(self) -> String {
        let prose = self.page().split("\n\n").nth(1).unwrap_or_default().replace('\n', " ");
        let end = prose.find(". ").map_or(prose.len(), |end| end + 1);
        prose[..end].to_owned()
    }

    /// The text of a fence of its page: `fails` or `works`. `×300` behind a word or bracket stands for so many of them.
    #[cfg(test)]
    fn example(self, which: &str) -> String {
        let start = format!("```sql {which}\n");
        let (_, rest) = self.page().split_once(&start).unwrap_or_else(|| panic!("{}: no `{which}`", self.name()));
        let text = rest.split_once("```\n").map_or(rest, |(text, _)| text);
        let mut words = Vec::new();
        for word in text.split_inclusive(char::is_whitespace) {
            let (bare, blank) = word.split_at(word.trim_end().len());
            match bare.split_once('×') {
                Some((one, count)) => {
                    let digits = count.trim_end_matches(|letter: char| !letter.is_ascii_digit());
                    let one = if one.is_empty() { words.pop().unwrap_or_default() } else { one.to_owned() };
                    words.push(one.repeat(digits.parse().expect("a number behind `×`")));
                    words.push(format!("{}{blank}", &count[digits.len()..]));
                }
                None => words.push(word.to_owned()),
            }
        }
        words.concat()
    }
}

#[cfg(test)]
mod tests {
    use moltler_db::Severity;
    use moltler_syntax::{NESTING_TOO_DEEP, SYNTAX_ERROR_CODES};

    use super::{Code, PAGE_PRELUDE};
    use crate::testing;

    /// The diagnostics of an example, without advice where it is about something else.
    fn diagnose(code: Code, example: &str) -> Vec<(String, Severity, String)> {
        let files = [("main.molt", example), ("shop.molt", PAGE_PRELUDE)];
        let mut found = testing::diagnostics_of("main.molt", &files);
        found.retain(|one| one.severity != Severity::Hint || one.code == code.name());
        found.into_iter().map(|one| (one.code.to_owned(), one.severity, one.message)).collect()
    }

    #[test]
    fn every_page_has_an_example_that_fails_so_and_one_that_works() {
        let mut wrong = Vec::new();
        for code in Code::ALL {
            let fails = diagnose(*code, &code.example("fails"));
            if fails.is_empty() || fails.iter().any(|(found, ..)| found != code.name()) {
                wrong.push(format!("{}: what fails yields {fails:?}", code.name()));
            }
            let works = diagnose(*code, &code.example("works"));
            if !works.is_empty() {
                wrong.push(format!("{}: what works yields {works:?}", code.name()));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn the_connector_of_the_examples_is_sound() {
        let found = testing::diagnostics_of("shop.molt", &[("shop.molt", PAGE_PRELUDE)]);
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn every_page_is_a_short_text_about_its_code() {
        for code in Code::ALL {
            let page = code.page();
            assert!(page.starts_with(&format!("# {}\n\n", code.name())), "{}", code.name());
            assert!((8..=40).contains(&page.lines().count()), "{}", code.name());
            assert!(code.summary().ends_with(['.', ':']) && code.summary().len() < 200, "{}", code.summary());
        }
    }

    #[test]
    fn pages_and_codes_are_the_same() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/diagnostics/pages");
        #[expect(clippy::disallowed_methods, reason = "a test reads the folder of the pages")]
        let entries = std::fs::read_dir(folder).expect("the folder of the pages");
        for entry in entries {
            let name = entry.expect("an entry").file_name().into_string().expect("a name of letters");
            let code = name.strip_suffix(".md").map(Code::from_name);
            assert!(name == "shop.molt" || code.flatten().is_some(), "{name} is no page of a code");
        }
    }

    #[test]
    fn the_codes_of_the_parser_are_among_them() {
        for name in SYNTAX_ERROR_CODES.iter().chain([&NESTING_TOO_DEEP]) {
            assert!(Code::from_name(name).is_some(), "{name}");
        }
    }

    #[test]
    fn names() {
        assert_eq!(Code::nearest("unknown-entitty"), Some(Code::UnknownEntity));
        assert!(Code::NullComparison.is_lint() && !Code::SyntaxError.is_lint());
    }
}
