//! The README tells the truth.

use moltler_tests::command::Command;
use moltler_tests::markdown::sections;
use moltler_tests::{scratch, workspace};

fn readme(path: &str) -> String {
    std::fs::read_to_string(workspace().join(path)).expect("it can be read")
}

#[test]
fn the_tour_checks_and_its_test_passes() {
    let blocks: Vec<String> = sections(&readme("README.md"))
        .into_iter()
        .flat_map(|section| section.fences)
        .filter(|fence| fence.kind() == "sql")
        .map(|fence| fence.text)
        .collect();
    assert!(blocks.len() > 2);
    let folder = scratch();
    std::fs::write(folder.path().join("myservice.molt"), blocks.join("\n")).expect("the scratch folder can be written");
    let check = Command::moltlerc(folder.path()).args(["check", "--deny-warnings"]).run().expect_status(0);
    assert_eq!(check.stderr, "0 errors, 0 warnings in 1 file\n");
    let test = Command::moltlerc(folder.path()).arg("test").run().expect_status(0);
    assert_eq!(test.last_line(), "1 passed, 0 failed, 0 skipped");
    Command::moltlerc(folder.path()).args(["build", "myservice.molt"]).run().expect_status(0);
}

#[test]
fn files_that_are_named_are_there() {
    let text = readme("compiler/README.md");
    let names = text.split('`').skip(1).step_by(2);
    let files: Vec<&str> = names.filter(|name| name.contains('/') && !name.contains(' ')).collect();
    assert!(files.len() > 10, "{files:?}");
    for name in files {
        let path = workspace().join("compiler").join(name);
        assert!(path.exists(), "compiler/README.md names `{name}`, which is not there");
    }
    for name in ["compiler", "lsp", "runtime/abi", "tree-sitter-moltler", "tests", "editors", ".ci/run"] {
        assert!(workspace().join(name).exists(), "{name}");
    }
}
