//! `moltlerc fmt`

use moltler_tests::command::Command;
use moltler_tests::{scratch, workspace};

#[test]
fn files_are_written_in_their_layout() {
    let folder = scratch();
    let file = folder.path().join("a.molt");
    std::fs::write(&file, "select  1 ;\nselect ( ;\n").expect("a scratch file");
    std::fs::write(folder.path().join("b.molt"), "SELECT 1;\n").expect("a scratch file");
    let told = Command::moltlerc(folder.path()).args(["fmt", "--check"]).run().expect_status(1);
    assert_eq!((told.stdout.as_str(), told.stderr.as_str()), ("a.molt\n", "1 of 2 files would change\n"));
    let told = Command::moltlerc(folder.path()).arg("fmt").run().expect_status(0);
    assert_eq!((told.stdout.as_str(), told.stderr.as_str()), ("", "1 of 2 files changed\n"));
    assert_eq!(std::fs::read_to_string(&file).expect("it is there"), "SELECT 1;\nselect ( ;\n");
    Command::moltlerc(folder.path()).args(["fmt", "--check"]).run().expect_status(0);
}

#[test]
fn standard_input_becomes_standard_output() {
    let folder = scratch();
    let fmt = |arguments: &[&str]| Command::moltlerc(folder.path()).arg("fmt").args(arguments).input("print  1;");
    assert_eq!(fmt(&["--stdin"]).run().expect_status(0).stdout, "PRINT 1;\n");
    assert_eq!(fmt(&["--stdin", "--check"]).run().expect_status(1).stdout, "");
    fmt(&["--stdin", "a.molt"]).run().expect_status(2);
}

#[test]
fn the_examples_are_in_their_layout() {
    Command::moltlerc(&workspace()).args(["fmt", "--check", "tests/examples"]).run().expect_status(0);
}
