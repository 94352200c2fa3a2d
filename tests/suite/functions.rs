//! Every SQL function's example is true.

use moltler_abi::functions::FUNCTIONS;
use moltler_tests::command::Command;
use moltler_tests::scratch;

#[test]
fn examples_of_functions_are_true() {
    let folder = scratch();
    let statements: Vec<String> =
        FUNCTIONS.iter().map(|function| format!("SELECT ({}) AS holds;\n", function.example)).collect();
    std::fs::write(folder.path().join("examples.molt"), statements.concat())
        .expect("the scratch folder can be written");
    Command::moltlerc(folder.path()).args(["check", "--deny-warnings"]).run().expect_status(0);
    let outcome = Command::moltlerc(folder.path()).args(["run", "examples.molt", "--format", "ndjson"]).run();
    let outcome = outcome.expect_status(0);
    let wrong: Vec<&str> = FUNCTIONS
        .iter()
        .zip(outcome.stdout.lines())
        .filter(|(_, line)| *line != "{\"holds\":true}")
        .map(|(function, _)| function.example)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(outcome.stdout.lines().count(), FUNCTIONS.len());
}
