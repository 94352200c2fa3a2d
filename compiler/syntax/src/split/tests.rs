use super::*;

fn check(text: &str, expected: &[&str]) {
    let pieces: Vec<&str> = split(text).into_iter().map(|range| range.of(text)).collect();
    assert_eq!(pieces, expected, "of {text:?}");
}

#[test]
fn statements_end_at_semicolons() {
    check("SELECT 1; SELECT ';' ; -- a;\nSELECT 2", &["SELECT 1;", " SELECT ';' ;", " -- a;\nSELECT 2"]);
    check("", &[]);
    check("  \n", &["  \n"]);
    check("SELECT 'it''s; \\' ok;' /* ; */ ;x", &["SELECT 'it''s; \\' ok;' /* ; */ ;", "x"]);
}

#[test]
fn raw_blocks_hold_everything() {
    check(
        "CREATE CONNECTOR ACTION 'a' HANDLER '''x; ' -- '' ;''' ; y;",
        &["CREATE CONNECTOR ACTION 'a' HANDLER '''x; ' -- '' ;''' ;", " y;"],
    );
    check("SELECT '''; ''' ; x", &["SELECT '''; ''' ;", " x"]);
}

#[test]
fn a_test_is_one_statement() {
    let test =
        "TEST CONNECTOR TYPE 'x' NAME 'n' BEGIN SELECT 1; IF a THEN b; ELSE c; END IF; SELECT end FROM a.b; END TEST;";
    check(&format!("{test} z;"), &[test, " z;"]);
    let test = "TEST CONNECTOR TYPE 'x' BEGIN TRY SELECT 1; CATCH e PRINT e; FINALLY PRINT 2; END TRY; END TEST;";
    check(&format!("{test}z"), &[test, "z"]);
}

#[test]
fn words_of_structure_are_names_elsewhere() {
    check("FOR r IN loop LOOP PRINT loop; END LOOP; x;", &["FOR r IN loop LOOP PRINT loop; END LOOP;", " x;"]);
    check(
        "IF CASE WHEN a THEN b ELSE c END = then THEN PRINT 1; END IF; x;",
        &["IF CASE WHEN a THEN b ELSE c END = then THEN PRINT 1; END IF;", " x;"],
    );
    check("SELECT if, for, begin FROM a.b; x;", &["SELECT if, for, begin FROM a.b;", " x;"]);
    check("TEST CONNECTOR type; x;", &["TEST CONNECTOR type;", " x;"]);
}

#[test]
fn an_open_string_ends_at_a_head() {
    check("SELECT 'a\nSELECT 2;", &["SELECT 'a\n", "SELECT 2;"]);
    check("SELECT 'a\n SELECT 2;", &["SELECT 'a\n SELECT 2;"]);
}

#[test]
fn an_open_raw_block_ends_at_a_head() {
    check(
        "CREATE CONNECTOR ACTION 'a' HANDLER '''\nx\nSELECT 1;\nREGISTER CONNECTOR TYPE 'a';",
        &["CREATE CONNECTOR ACTION 'a' HANDLER '''\nx\n", "SELECT 1;", "\nREGISTER CONNECTOR TYPE 'a';"],
    );
    check(
        "CREATE CONNECTOR ACTION 'a' HANDLER '''\nSELECT 1;\n''';z",
        &["CREATE CONNECTOR ACTION 'a' HANDLER '''\nSELECT 1;\n''';", "z"],
    );
}

#[test]
fn an_open_comment_ends_with_its_line() {
    check("SELECT 1 /* a\n; SELECT 2;", &["SELECT 1 /* a\n;", " SELECT 2;"]);
}

#[test]
fn a_definition_closes_open_blocks() {
    check(
        "TEST CONNECTOR TYPE 'x' BEGIN SELECT 1; CREATE CONNECTOR TYPE 'y'; z;",
        &["TEST CONNECTOR TYPE 'x' BEGIN SELECT 1; ", "CREATE CONNECTOR TYPE 'y';", " z;"],
    );
    check(
        "TEST CONNECTOR TYPE 'x' BEGIN SELECT (\nREGISTER CONNECTOR TYPE 'y';",
        &["TEST CONNECTOR TYPE 'x' BEGIN SELECT (\n", "REGISTER CONNECTOR TYPE 'y';"],
    );
}

#[test]
fn a_missing_semicolon_costs_one_statement() {
    check("SELECT a FROM b.c\nSELECT 2;", &["SELECT a FROM b.c\n", "SELECT 2;"]);
    check("SELECT a FROM b.c UNION\nSELECT 2;", &["SELECT a FROM b.c UNION\nSELECT 2;"]);
    check("DECLARE x =\nSELECT 2;", &["DECLARE x =\nSELECT 2;"]);
    check("SELECT a FROM b.c\nCREATE CONNECTOR d TYPE 'x';", &["SELECT a FROM b.c\n", "CREATE CONNECTOR d TYPE 'x';"]);
}

#[test]
fn instances_named_like_keywords_are_no_definitions() {
    assert!(!is_definition_head("CREATE CONNECTOR type TYPE 'x'"));
    assert!(!is_definition_head("create connector entity type 'x'"));
    assert!(is_definition_head("create connector type 'x'"));
    assert!(is_definition_head("TEST CONNECTOR TYPE 'x'"));
    assert!(!is_definition_head("TEST CONNECTOR TYPE;"));
}

#[test]
fn a_block_ends_even_inside_a_broken_statement() {
    let test = "TEST CONNECTOR TYPE 'x' BEGIN\n  PRINT f(a.\n  END TEST;";
    check(&format!("{test}\nPRINT 1;"), &[test, "\nPRINT 1;"]);
    let test =
        "TEST CONNECTOR TYPE 'x' BEGIN\n  DECLARE x = SELECT a FROM b.c\n  IF d THEN PRINT 1\n  END IF;\nEND TEST;";
    check(&format!("{test}z"), &[test, "z"]);
    let test = "TEST CONNECTOR TYPE 'x' MOCK_API {\"a\": {}\nBEGIN\n  PRINT 1;\nEND TEST;";
    check(&format!("{test}z"), &[test, "z"]);
}

#[test]
fn blanks_of_all_kinds() {
    check(
        "\u{feff}TEST\u{a0}CONNECTOR TYPE 'x' BEGIN PRINT 1; END TEST; x",
        &["\u{feff}TEST\u{a0}CONNECTOR TYPE 'x' BEGIN PRINT 1; END TEST;", " x"],
    );
}

#[test]
fn a_statement_may_hold_another() {
    check("ASSERT RAISES 'x'\nCREATE CONNECTOR a TYPE 'b';", &["ASSERT RAISES 'x'\nCREATE CONNECTOR a TYPE 'b';"]);
}
