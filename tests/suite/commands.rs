//! The command line: options, streams, exit statuses.

use std::path::Path;

use moltler_tests::command::Command;
use moltler_tests::{page, scratch};
use serde_json::Value;

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("the scratch folder can be written");
    std::fs::write(path, text).expect("the scratch folder can be written");
}

const SOUND: &str = "SELECT 1 AS one;\n";
const WRONG: &str = "SELECT nothing FROM nowhere.items;\n";

#[test]
fn wrong_usage_is_status_2() {
    let folder = scratch();
    write(folder.path(), "sound.molt", SOUND);
    write(folder.path(), "notes.txt", "");
    let cases: [&[&str]; 11] = [
        &[],
        &["frobnicate"],
        &["check", "--frobnicate"],
        &["check", "missing.molt"],
        &["run"],
        &["run", "missing.molt"],
        &["run", "."],
        &["run", "sound.molt", "--format", "xml"],
        &["build", "sound.molt", "-o", "."],
        &["build", "sound.molt", "-o", "sound.molt"],
        &["build", "sound.molt", "--emit", "wasm"],
    ];
    for arguments in cases {
        let outcome = Command::moltlerc(folder.path()).args(arguments).run();
        assert_eq!((outcome.status, outcome.stdout.as_str()), (Some(2), ""), "{arguments:?}\n{}", outcome.stderr);
        assert!(!outcome.stderr.is_empty(), "{arguments:?}");
    }
    assert_eq!(std::fs::read_to_string(folder.path().join("sound.molt")).expect("it is there"), SOUND);
}

#[test]
fn help_and_version_are_results() {
    let folder = scratch();
    let help = Command::moltlerc(folder.path()).arg("--help").run().expect_status(0);
    for command in ["check", "run", "query", "build", "test", "package", "publish"] {
        assert!(help.stdout.contains(command), "{}", help.stdout);
    }
    let version = Command::moltlerc(folder.path()).arg("--version").run().expect_status(0);
    assert!(version.stdout.starts_with("moltlerc "));
}

#[test]
fn check_tells_errors_on_standard_error_and_json_on_standard_output() {
    let folder = scratch();
    write(folder.path(), "wrong.molt", WRONG);
    let human = Command::moltlerc(folder.path()).args(["check", "wrong.molt"]).run().expect_status(1);
    assert_eq!(human.stdout, "");
    assert!(human.stderr.contains("wrong.molt:1:"), "{}", human.stderr);
    let json = Command::moltlerc(folder.path()).args(["check", "--format", "json"]).run().expect_status(1);
    assert_eq!(json.stderr, "");
    let first: Value = serde_json::from_str(json.stdout.lines().next().expect("a line")).expect("a line of JSON");
    let keys: Vec<&String> = first.as_object().expect("an object").keys().collect();
    assert_eq!(
        keys,
        ["severity", "code", "message", "file", "line", "column", "end_line", "end_column", "help", "fixes", "related"]
    );
    assert_eq!((first["file"].as_str(), first["line"].as_u64()), (Some("wrong.molt"), Some(1)));
}

#[test]
fn check_of_a_sound_package_succeeds() {
    let folder = scratch();
    write(folder.path(), "moltler.toml", "");
    write(folder.path(), "deep/sound.molt", SOUND);
    let outcome = Command::moltlerc(folder.path()).args(["check", "--deny-warnings"]).run().expect_status(0);
    assert_eq!(outcome.stdout, "");
    assert!(outcome.stderr.contains("0 errors, 0 warnings in 1 file"), "{}", outcome.stderr);
}

#[test]
fn levels_of_lints_are_taken_from_the_manifest() {
    let folder = scratch();
    write(folder.path(), "case.molt", "SELECT 1 AS one WHERE 1 = NULL;\n");
    let warned = Command::moltlerc(folder.path()).args(["check", "--format", "json"]).run().expect_status(0);
    let line: Value = serde_json::from_str(warned.stdout.lines().next().expect("a warning")).expect("a line of JSON");
    let code = line["code"].as_str().expect("a code");
    assert_eq!(line["severity"], "warning");
    write(folder.path(), "moltler.toml", &format!("[lints]\n{code} = \"deny\"\n"));
    Command::moltlerc(folder.path()).args(["check"]).run().expect_status(1);
    write(folder.path(), "moltler.toml", &format!("[lints]\n{code} = \"allow\"\n"));
    Command::moltlerc(folder.path()).args(["check", "--deny-warnings"]).run().expect_status(0);
    write(folder.path(), "moltler.toml", "[lint]\n");
    Command::moltlerc(folder.path()).args(["check"]).run().expect_status(2);
}

#[test]
fn a_program_with_errors_does_not_run() {
    let folder = scratch();
    write(folder.path(), "wrong.molt", &format!("{SOUND}{WRONG}"));
    let outcome = Command::moltlerc(folder.path()).args(["run", "wrong.molt"]).run().expect_status(1);
    assert_eq!(outcome.stdout, "");
    assert!(outcome.stderr.contains("wrong.molt:2:"), "{}", outcome.stderr);
    Command::moltlerc(folder.path()).args(["build", "wrong.molt"]).run().expect_status(1);
    assert!(!folder.path().join("wrong").exists());
}

#[test]
fn errors_of_other_files_queries_and_of_tests_do_not_matter() {
    let folder = scratch();
    let failing = "TEST CONNECTOR TYPE 'myservice' NAME 'wrong' BEGIN SELECT x FROM nowhere.items; END TEST;\n";
    write(folder.path(), "sound.molt", &format!("{}{SOUND}{failing}", page::connector()));
    write(folder.path(), "wrong.molt", WRONG);
    let outcome =
        Command::moltlerc(folder.path()).args(["run", "sound.molt", "--format", "csv"]).run().expect_status(0);
    assert_eq!(outcome.stdout, "one\n1\n");
    Command::moltlerc(folder.path()).args(["check"]).run().expect_status(1);
}

#[test]
fn errors_of_definitions_that_a_program_does_not_come_to_do_not_matter() {
    let folder = scratch();
    let of = |name: &str, handler: &str| {
        format!(
            "CREATE CONNECTOR ENTITY 'fixed.{name}' FIELDS {{\"id\": {{\"type\": \"integer\"}}}}\n\
             QUERY_HANDLER '''\n{handler}\n''';\n"
        )
    };
    let text = [
        "CREATE CONNECTOR TYPE 'fixed' CONFIG_SCHEMA {};\nREGISTER CONNECTOR TYPE 'fixed';\n",
        "CREATE CONNECTOR TYPE 'broken' CONFIG_SCHEMA {\"x\": 7};\nREGISTER CONNECTOR TYPE 'broken';\n",
        &of("rows", "function query() { return [{id: 1}]; }"),
        &of("wrong", "function query( { return []; }"),
        "CREATE CONNECTOR local TYPE 'fixed';\nCREATE CONNECTOR other TYPE 'broken';\n",
        "CREATE CONNECTOR configured TYPE 'fixed' CONFIG {\"surprise\": nothing.here};\n",
    ];
    write(folder.path(), "fixed.molt", &text.concat());
    let query = |text: &str| Command::moltlerc(folder.path()).args(["query", text, "--format", "csv"]).run();
    assert_eq!(query("SELECT id FROM local.rows").expect_status(0).stdout, "id\n1\n");
    for (text, place) in [
        ("SELECT id FROM local.wrong", "fixed.molt:11:"),
        ("SELECT id FROM other.rows", "fixed.molt:3:"),
        ("SELECT id FROM configured.rows", "fixed.molt:15:"),
        ("SELECT nothing FROM local.rows", "<query>:1:"),
    ] {
        let refused = query(text).expect_status(1);
        assert_eq!(refused.stdout, "");
        assert!(refused.stderr.contains(place), "{text}: {}", refused.stderr);
    }
}

#[test]
fn a_query_forgives_the_missing_semicolon() {
    let folder = scratch();
    for text in ["SELECT 1 + 1 AS two", "SELECT 1 + 1 AS two;", "SELECT 1 + 1 AS two -- a comment"] {
        let outcome = Command::moltlerc(folder.path()).args(["query", text, "--format", "csv"]).run().expect_status(0);
        assert_eq!(outcome.stdout, "two\n2\n");
    }
    write(folder.path(), "file.molt", "SELECT 1 AS one");
    Command::moltlerc(folder.path()).args(["run", "file.molt"]).run().expect_status(1);
}

#[test]
fn a_query_finds_the_connectors_of_a_package() {
    let folder = scratch();
    let instance = "CREATE CONNECTOR local TYPE 'fixed' CONFIG {};\n";
    let entity = "CREATE CONNECTOR ENTITY 'fixed.rows' FIELDS {\"id\": {\"type\": \"integer\"}}\n\
                  QUERY_HANDLER '''\nfunction query() { return [{id: 1}, {id: 2}]; }\n''';\n";
    let definition = "CREATE CONNECTOR TYPE 'fixed' CONFIG_SCHEMA {};\nREGISTER CONNECTOR TYPE 'fixed';\n";
    write(folder.path(), "shop/fixed.molt", &format!("{definition}{entity}{instance}"));
    let query = "SELECT id FROM local.rows WHERE id > 1";
    let outcome = Command::moltlerc(folder.path())
        .args(["query", query, "--project", "shop", "--format", "ndjson"])
        .run()
        .expect_status(0);
    assert_eq!(outcome.stdout, "{\"id\":2}\n");
    Command::moltlerc(folder.path()).args(["query", query]).run().expect_status(1);
}

#[test]
fn decisions_about_a_query_are_told_in_words() {
    let folder = scratch();
    let definitions = "CREATE CONNECTOR TYPE 'fixed';\nREGISTER CONNECTOR TYPE 'fixed';\n\
                       CREATE CONNECTOR ENTITY 'fixed.rows' FIELDS {\"id\": {\"type\": \"integer\"}}\n\
                       QUERY_HANDLER '''\nfunction query() { throw new Error('never called'); }\n''';\n\
                       CREATE CONNECTOR local TYPE 'fixed';\n";
    write(folder.path(), "fixed.molt", definitions);
    let explain = |query: &str| Command::moltlerc(folder.path()).args(["explain", query]).run();
    let told = explain("SELECT id FROM local.rows WHERE id = 1 LIMIT 2").expect_status(0).stdout;
    assert!(told.contains("`id = 1`: pushed in `filters` and `options.where`; re-checked here"), "{told}");
    assert!(told.contains("LIMIT 2: withheld"), "{told}");
    let told = explain("SELECT id FROM local.rows LIMIT 2").expect_status(0).stdout;
    assert!(told.contains("LIMIT 2: passed"), "{told}");
    let told = explain("SELECT id FROM local.rows WHERE id = 1 AND id = 2").expect_status(0).stdout;
    assert!(told.contains("no handler is called"), "{told}");
    explain("SELECT nothing FROM local.rows").expect_status(1);
    explain("SHOW CONNECTORS").expect_status(1);
}

#[test]
fn formats_of_results() {
    let folder = scratch();
    write(folder.path(), "two.molt", "SELECT 1 AS a, 'x' AS b;\nSELECT NULL AS c;\n");
    let run = |format: &str| {
        let outcome = Command::moltlerc(folder.path()).args(["run", "two.molt", "--format", format]).run();
        outcome.expect_status(0).stdout
    };
    assert_eq!(run("json"), "[{\"a\":1,\"b\":\"x\"}]\n[{\"c\":null}]\n");
    assert_eq!(run("ndjson"), "{\"a\":1,\"b\":\"x\"}\n{\"c\":null}\n");
    assert!(run("csv").starts_with("a,b\n1,x\n"));
    assert!(run("table").contains('x'));
}

#[test]
fn tests_are_chosen_and_counted() {
    let folder = scratch();
    let test = |name: &str, tags: &str, result: &str| {
        format!("TEST CONNECTOR TYPE 'myservice' NAME '{name}' TAGS {tags} BEGIN ASSERT {result}; END TEST;\n")
    };
    let program = [
        page::connector(),
        test("good", "['fast']", "1 = 1"),
        test("bad", "['slow']", "1 = 2"),
        test("unclear", "[]", "ENV('MOLTLER_TEST_UNSET') = 'x'"),
        test("does not compile", "['broken']", "nobody.knows(1)"),
    ]
    .concat();
    write(folder.path(), "tests.molt", &program);
    let test = |arguments: &[&str], status: i32| {
        let outcome = Command::moltlerc(folder.path()).arg("test").args(arguments).run().expect_status(status);
        outcome.last_line().to_owned()
    };
    assert_eq!(test(&[], 1), "1 passed, 2 failed, 1 skipped");
    assert_eq!(test(&["--tag", "fast"], 0), "1 passed, 0 failed, 0 skipped");
    assert_eq!(test(&["--skip-tag", "slow", "--skip-tag", "broken"], 0), "1 passed, 0 failed, 1 skipped");
    assert_eq!(test(&["--filter", "ba", "tests.molt"], 1), "0 passed, 1 failed, 0 skipped");
    assert_eq!(test(&["--filter", "good", "--exact"], 0), "1 passed, 0 failed, 0 skipped");
    assert_eq!(test(&["--filter", "goo", "--exact"], 1), "");
    assert_eq!(test(&["--filter", "nothing of the kind"], 1), "");
    assert_eq!(test(&["--filter", "nothing of the kind", "--allow-empty"], 0), "");

    let json = Command::moltlerc(folder.path()).args(["test", "--format", "json"]).run().expect_status(1);
    let lines: Vec<Value> =
        json.stdout.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    let results: Vec<&str> = lines.iter().filter_map(|line| line["result"].as_str()).collect();
    assert_eq!(results, ["passed", "failed", "skipped", "failed"]);
    assert_eq!(lines.last(), Some(&serde_json::json!({"passed": 1, "failed": 2, "skipped": 1})));
}

#[test]
fn a_failed_assertion_shows_source_and_values() {
    let folder = scratch();
    let test =
        "TEST CONNECTOR TYPE 'myservice' NAME 'sums' BEGIN\n    DECLARE x = 2;\n    ASSERT x + 2 = 5;\nEND TEST;\n";
    write(folder.path(), "tests.molt", &[page::connector(), test.to_owned()].concat());
    let outcome = Command::moltlerc(folder.path()).arg("test").run().expect_status(1);
    for part in ["sums ... FAILED", "ASSERT x + 2 = 5", "tests.molt:", "4"] {
        assert!(outcome.stdout.contains(part), "{part} is missing in\n{}", outcome.stdout);
    }
}

#[test]
fn packages_need_a_version_and_a_known_licence() {
    let folder = scratch();
    let package = |clauses: &str, status: i32| {
        write(
            folder.path(),
            "page.molt",
            &format!("{}PACKAGE CONNECTOR TYPE 'myservice' {clauses};\n", page::connector()),
        );
        Command::moltlerc(folder.path()).arg("package").run().expect_status(status).stderr
    };
    assert!(package("VERSION '1.0'", 1).contains("semantic version"));
    assert!(package("VERSION '1.0.0' LICENSE 'none of yours'", 1).contains("SPDX"));
    package("VERSION '1.0.0' LICENSE 'MIT OR Apache-2.0'", 0);
    write(folder.path(), "page.molt", &page::connector());
    Command::moltlerc(folder.path()).arg("package").run().expect_status(1);
    Command::moltlerc(folder.path()).arg("publish").run().expect_status(1);
}

#[test]
fn a_closed_pipe_is_no_error() {
    use std::process::Stdio;
    let folder = scratch();
    write(folder.path(), "one.molt", SOUND);
    let moltlerc = moltler_tests::programs::programs().moltlerc();
    let mut child = std::process::Command::new(moltlerc)
        .args(["run", "one.molt"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    drop(child.stdout.take());
    let outcome = child.wait_with_output().expect("it ends");
    assert!(outcome.status.success(), "{}", String::from_utf8_lossy(&outcome.stderr));
}

#[test]
fn odd_files_are_read_or_told() {
    let folder = scratch();
    write(folder.path(), "bom.molt", "\u{feff}SELECT 1 AS one;\r\nSELECT 2 AS two;\r\n");
    let outcome = Command::moltlerc(folder.path()).args(["run", "bom.molt", "--format", "csv"]).run().expect_status(0);
    assert_eq!(outcome.stdout, "one\n1\n\ntwo\n2\n");
    std::fs::write(folder.path().join("latin.molt"), b"SELECT '\xe4' AS a;\n")
        .expect("the scratch folder can be written");
    let outcome = Command::moltlerc(folder.path()).args(["check", "latin.molt"]).run();
    assert!(outcome.status.is_some_and(|status| status <= 2), "{outcome:?}");
    write(folder.path(), "empty.molt", "");
    Command::moltlerc(folder.path()).args(["check", "empty.molt"]).run().expect_status(0);
    let outcome = Command::moltlerc(folder.path()).args(["run", "empty.molt"]).run().expect_status(0);
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("", ""));
}

#[test]
fn deep_nesting_is_an_error_and_no_crash() {
    let folder = scratch();
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("{\"a\": ", "}"),
        ("NOT ", ""),
        ("- ", ""),
        ("1 + ", ""),
        ("CASE WHEN TRUE THEN ", ""),
    ] {
        let text = format!("SELECT {}1{} AS deep;\n", open.repeat(20_000), close.repeat(20_000));
        write(folder.path(), "deep.molt", &text);
        let outcome = Command::moltlerc(folder.path()).args(["check", "deep.molt"]).run();
        assert!(matches!(outcome.status, Some(0 | 1)), "{open}: {:?}\n{:.2000}", outcome.status, outcome.stderr);
        let outcome = Command::moltlerc(folder.path()).args(["run", "deep.molt"]).run();
        assert!(matches!(outcome.status, Some(0 | 1)), "{open}: {:?}\n{:.2000}", outcome.status, outcome.stderr);
    }
    let handler = format!("function query() {{ return {}1{}; }}", "[".repeat(20_000), "]".repeat(20_000));
    let text = format!(
        "CREATE CONNECTOR TYPE 't' CONFIG_SCHEMA {{}};\nCREATE CONNECTOR ENTITY 't.rows' \
         FIELDS {{\"id\": {{\"type\": \"integer\"}}}} QUERY_HANDLER '''{handler}''';\n"
    );
    write(folder.path(), "deep.molt", &text);
    Command::moltlerc(folder.path()).args(["check", "deep.molt"]).run().expect_status(1);
}

#[test]
fn chains_of_thousands_of_operators() {
    let folder = scratch();
    let or = vec!["x = 1"; 3000].join(" OR ");
    let and = vec!["x > 1"; 3000].join(" AND ");
    let concat = vec!["'a'"; 3000].join(" || ");
    let query = format!("SELECT {or} AS any, {and} AS every, LENGTH({concat}) AS length FROM (SELECT 2 AS x) t");
    write(folder.path(), "long.molt", &format!("{query};\n"));
    let run = Command::moltlerc(folder.path()).args(["run", "long.molt", "--format", "json"]).run();
    assert_eq!(run.expect_status(0).stdout, "[{\"any\":false,\"every\":true,\"length\":3000}]\n");
}
