//! Native executables: they print what `run` prints, need nothing, survive `strip`, and are the same each time.

use std::path::{Path, PathBuf};

use moltler_tests::command::{Command, Outcome};
use moltler_tests::sample_api::{KEY, SampleApi};
use moltler_tests::{scratch, test_file};

fn examples() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(test_file("examples")).expect("the examples can be read");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("the examples can be read").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "molt"));
    files.sort();
    files
}

/// Builds an executable and gives its path.
fn build(source: &Path, folder: &Path) -> PathBuf {
    let program = folder.join("program");
    Command::moltlerc(folder).arg("build").arg(source).arg("-o").arg(&program).run().expect_status(0);
    program
}

/// With a fresh API, so that both ways meet the same items; its port is another one each time.
fn with_api(command: Command) -> Outcome {
    let api = SampleApi::start().expect("a port is free");
    let mut outcome = command.env("SHOP_URL", api.url()).env("MOLTLER_SECRET_SHOP_KEY", KEY).run();
    outcome.stdout = outcome.stdout.replace(&api.url(), "http://api");
    outcome.stderr = outcome.stderr.replace(&api.url(), "http://api");
    outcome
}

#[test]
fn run_and_executable_give_the_same() {
    for source in examples() {
        let workshop = scratch();
        let program = build(&source, workshop.path());
        for format in ["table", "json", "ndjson", "csv"] {
            let elsewhere = scratch();
            let run = with_api(Command::moltlerc(elsewhere.path()).arg("run").arg(&source).args(["--format", format]));
            let executed = with_api(Command::new(&program, elsewhere.path()).args(["--format", format]));
            assert_eq!(run, executed, "{} as {format}", source.display());
            assert!(run.stdout.len() + run.stderr.len() > 0, "{} says nothing", source.display());
        }
    }
}

#[test]
fn the_tests_of_the_examples_pass() {
    for source in examples() {
        let folder = scratch();
        Command::moltlerc(folder.path()).args(["test", "--allow-empty"]).arg(&source).run().expect_status(0);
        Command::moltlerc(folder.path()).args(["check", "--deny-warnings"]).arg(&source).run().expect_status(0);
    }
}

#[test]
fn an_executable_survives_strip() {
    let workshop = scratch();
    let program = build(&test_file("examples/shop.molt"), workshop.path());
    let before = with_api(Command::new(&program, workshop.path())).expect_status(0);
    match std::process::Command::new("strip").arg(&program).status() {
        Ok(status) => assert!(status.success()),
        Err(_) => return, // no binutils here
    }
    let after = with_api(Command::new(&program, workshop.path())).expect_status(0);
    assert_eq!(before.stdout, after.stdout);
}

#[test]
fn the_same_source_gives_the_same_bytes() {
    let source = test_file("examples/shop.molt");
    let bytes = || {
        let workshop = scratch();
        std::fs::read(build(&source, workshop.path())).expect("it was built just now")
    };
    assert!(bytes() == bytes(), "two builds of the same source differ");
}

#[test]
fn a_build_in_place_replaces_the_file() {
    let workshop = scratch();
    let source = test_file("examples/shop.molt");
    build(&source, workshop.path());
    build(&source, workshop.path());
    assert_eq!(std::fs::read_dir(workshop.path()).expect("our own folder").count(), 1);
}

#[test]
fn plans_and_code_can_be_read() {
    let workshop = scratch();
    let source = test_file("examples/shop.molt");
    Command::moltlerc(workshop.path())
        .arg("build")
        .arg(&source)
        .args(["--emit", "obj,clif,plan"])
        .run()
        .expect_status(0);
    let read = |name: &str| std::fs::read(workshop.path().join(name)).expect("it was written");
    assert!(read("shop.o").starts_with(b"\x7fELF"));
    assert!(String::from_utf8_lossy(&read("shop.clif")).contains("function"));
    assert!(String::from_utf8_lossy(&read("shop.plan")).contains("Scan"));
}

#[test]
fn a_runtime_without_a_program_says_so() {
    let folder = scratch();
    let outcome = Command::new(moltler_tests::programs::programs().moltler_rt(), folder.path()).run();
    assert_eq!(outcome.status, Some(2));
    assert!(!outcome.stderr.is_empty());
}

/// A connector without requests, with everything that an executable's command line reaches.
const COUNTER: &str = "\
PARAM days integer DEFAULT 7 DESCRIPTION 'How many';
CREATE CONNECTOR TYPE 'counter' CONFIG_SCHEMA {};
CREATE CONNECTOR ENTITY 'counter.rows' FIELDS {\"id\": {\"type\": \"integer\"}}
QUERY_HANDLER '''
async function* query(config, filters, options) {
    for (let id = 0; ; id++) yield {id};
}
''';
CREATE CONNECTOR ACTION 'counter.add' PARAMETERS {\"n\": {\"type\": \"integer\", \"required\": true}}
HANDLER '''
const execute = async (config, params) => ({sum: params.n + 1});
''';
REGISTER CONNECTOR TYPE 'counter';
CREATE CONNECTOR numbers TYPE 'counter';
PACKAGE CONNECTOR TYPE 'counter' VERSION '1.2.3';
SELECT days + 1 AS next;
";

#[test]
fn an_executable_has_a_command_line() {
    let workshop = scratch();
    let source = workshop.path().join("counter.molt");
    std::fs::write(&source, COUNTER).expect("the scratch folder can be written");
    let program = build(&source, workshop.path());
    let run = |arguments: &[&str], status: i32| {
        let elsewhere = scratch();
        Command::new(&program, elsewhere.path()).args(arguments).run().expect_status(status)
    };
    assert_eq!(run(&["--format", "csv"], 0).stdout, "next\n8\n");
    assert_eq!(run(&["--format", "csv", "--days", "1"], 0).stdout, "next\n2\n");
    assert_eq!(run(&["--version"], 0).stdout, "program 1.2.3\n");
    assert!(run(&["--help"], 0).stdout.contains("--days"));
    assert_eq!(run(&["select", "rows", "--limit", "2", "--format", "csv"], 0).stdout, "id\n0\n1\n");
    assert_eq!(
        run(&["select", "numbers.rows", "--where", "id=3", "--limit", "1", "--format", "csv"], 0).stdout,
        "id\n3\n"
    );
    assert_eq!(run(&["exec", "add", "--param", "n=2", "--format", "json"], 0).stdout, "{\"sum\":3}\n");
    assert_eq!(run(&["exec", "numbers.add", "--json", "{\"n\": 4}", "--format", "json"], 0).stdout, "{\"sum\":5}\n");
    run(&["exec", "add"], 1);
    for wrong in [&["--days", "many"][..], &["--hours", "1"], &["--format", "xml"], &["select"], &["frobnicate"]] {
        assert_eq!(run(wrong, 2).stdout, "");
    }
}

#[test]
fn run_takes_parameters_as_the_executable_does() {
    let folder = scratch();
    std::fs::write(folder.path().join("counter.molt"), COUNTER).expect("the scratch folder can be written");
    let run = |arguments: &[&str], status: i32| {
        Command::moltlerc(folder.path()).args(["run", "counter.molt"]).args(arguments).run().expect_status(status)
    };
    assert_eq!(run(&["--format", "csv"], 0).stdout, "next\n8\n");
    assert_eq!(run(&["--days", "1", "--format", "csv"], 0).stdout, "next\n2\n");
    assert_eq!(run(&["--days", "many"], 2).stdout, "");
    assert_eq!(run(&["--hours", "1"], 2).stdout, "");
}
