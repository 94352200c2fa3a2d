//! What is said about text that is wrong, and where.

use moltler_syntax::{NESTING_TOO_DEEP, SYNTAX_ERROR_CODES, parse, split};

/// Each expected line is `code "text it points at" message`.
#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let mut found = Vec::new();
    for range in split::split(text) {
        let statement = range.of(text);
        for error in parse(statement).errors() {
            assert!(SYNTAX_ERROR_CODES.contains(&error.code) || error.code == NESTING_TOO_DEEP);
            found.push(format!("{} {:?} {}", error.code, error.range.of(statement), error.message));
        }
    }
    assert_eq!(found, expected, "of {text:?}");
}

#[track_caller]
fn check_fix(text: &str, expected: &str) {
    let error = parse(text).errors().into_iter().next().expect("an error");
    let (range, replacement) = error.fix.expect("a fix");
    let mut fixed = text.to_owned();
    fixed.replace_range(std::ops::Range::from(range), &replacement);
    assert_eq!(fixed, expected);
    assert_eq!(parse(&fixed).errors(), []);
}

#[test]
fn what_is_missing() {
    check("SELECT id FROM a.b WHERE x = ;", &["syntax-error \";\" expected an expression, found `;`"]);
    check("SELECT id FROM a.b WHERE ORDER BY id;", &["syntax-error \"ORDER\" expected an expression, found `ORDER`"]);
    check("SELECT id FROM a. WHERE b = 'c';", &["syntax-error \"WHERE\" expected a name, found `WHERE`"]);
    check("SELECT id FROM a.b ORDER id;", &["syntax-error \"id\" expected `BY`, found `id`"]);
    check("SELECT (a + ) FROM a.b;", &["syntax-error \")\" expected an expression, found `)`"]);
    check("CREATE CONNECTOR x TYPE y;", &["syntax-error \"y\" expected a string, found `y`"]);
    check("DECLARE = 3;", &["syntax-error \"=\" expected a name, found `=`"]);
    check("PRINT {\"a\": 1 \"b\": 2};", &["syntax-error \"\\\"b\\\"\" expected `,` or `}`, found `\"b\"`"]);
    check("SELECT 1 +", &["syntax-error \"+\" expected an expression, found the end of the statement"]);
    check("foo;", &["syntax-error \"foo\" expected a statement, found `foo`"]);
}

#[test]
fn lists_that_are_still_being_typed() {
    check("SELECT FROM a.b;", &["syntax-error \"SELECT\" expected what to select, an expression or `*`"]);
    check("SELECT id, FROM a.b;", &["syntax-error \",\" expected an expression after this comma"]);
    check_fix("SELECT id, FROM a.b;", "SELECT id FROM a.b;");
}

#[test]
fn misspelt_words() {
    check("SELCT id FROM a.b;", &["misspelt-keyword \"SELCT\" unknown word `SELCT`; did you mean `SELECT`?"]);
    check_fix("CREATE CONNECTOR TYPE 'x' CONFIG_SCHMA {};", "CREATE CONNECTOR TYPE 'x' CONFIG_SCHEMA {};");
    check_fix("CREATE CONNECTR TYPE 'x';", "CREATE CONNECTOR TYPE 'x';");
}

#[test]
fn the_last_semicolon() {
    check("PRINT 1;\nPRINT 2 -- two\n", &["missing-semicolon \"2\" a statement ends with `;`"]);
    check_fix("PRINT 'é'", "PRINT 'é';");
    check(" -- nothing\n", &[]);
    check(";;", &[]);
}

#[test]
fn what_is_never_closed() {
    check("PRINT 'a;\nSELECT 1;", &["unclosed-string \"'\" this string is never closed"]);
    check("PRINT \"a", &["unclosed-string \"\\\"\" this string is never closed"]);
    check(
        "CREATE CONNECTOR ACTION 'a.b' HANDLER '''x\nREGISTER CONNECTOR TYPE 'a';",
        &["unclosed-raw-block \"'''\" this raw block is never closed by `'''`"],
    );
    check("PRINT 1 /* a\n;", &["unclosed-comment \"/*\" this comment is never closed by `*/`"]);
    check("PRINT f(1", &["unclosed-bracket \"(\" this `(` is never closed"]);
    check("PRINT f(1,", &["syntax-error \",\" expected an expression, found the end of the statement"]);
    check(
        "TEST CONNECTOR TYPE 'a' BEGIN\nPRINT 1;\nREGISTER CONNECTOR TYPE 'a';",
        &["unclosed-block \"BEGIN\" this `BEGIN` is never closed by `END TEST`"],
    );
    check("PRINT f(1;", &["syntax-error \";\" expected `,` or `)`, found `;`"]);
    check(
        "TEST CONNECTOR TYPE 'a' BEGIN IF x THEN PRINT 1; END TEST;",
        &["syntax-error \"TEST\" expected `IF`, found `TEST`"],
    );
}

#[test]
fn one_error_for_each_statement() {
    check(
        "TEST CONNECTOR TYPE 'a' BEGIN ASSERT a = ; ASSERT b = 2; ASSERT = c d e; PRINT 1; END TEST;",
        &[
            "syntax-error \";\" expected an expression, found `;`",
            "syntax-error \"=\" expected an expression, found `=`",
        ],
    );
    check("PRINT a b c = = d;", &["syntax-error \"b\" expected `,` or `;`, found `b`"]);
}

#[test]
fn a_missing_semicolon_inside_a_block() {
    let text = "TEST CONNECTOR TYPE 'a' BEGIN\n  ASSERT a = 1\n  ASSERT b = 2;\nEND TEST;";
    check(text, &["missing-semicolon \"1\" a statement ends with `;`"]);
    check_fix(text, "TEST CONNECTOR TYPE 'a' BEGIN\n  ASSERT a = 1;\n  ASSERT b = 2;\nEND TEST;");
    check(
        "TEST CONNECTOR TYPE 'a' BEGIN\n  PRINT a.\nEND TEST;",
        &["syntax-error \".\" expected a name, found the end of the statement"],
    );
    check(
        "TEST CONNECTOR TYPE 'a' BEGIN\n  PRINT 'é\nPRINT 2;\nPRINT 3;\nEND TEST;",
        &["unclosed-string \"'\" this string is never closed"],
    );
}

#[test]
fn words_of_sql() {
    check("SELECT a FROM b.c FETCH FIRST 3 ROWS ONLY;", &["not-supported \"FETCH\" `FETCH` of SQL is not supported"]);
    check("SELECT a FROM b.c WHERE d = any (SELECT 1);", &["not-supported \"any\" `ANY` of SQL is not supported"]);
    check("SELECT a INTO d FROM b.c;", &["not-supported \"INTO\" `INTO` of SQL is not supported"]);
    check("DECLARE c CURSOR FOR SELECT 1;", &["not-supported \"FOR\" `FOR` of SQL is not supported"]);
}
