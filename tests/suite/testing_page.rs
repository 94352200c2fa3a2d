//! The published page on tests: its examples, as one file.

use moltler_tests::command::Command;
use moltler_tests::markdown::sections;
use moltler_tests::scratch;

#[test]
fn the_examples_pass() {
    let page = include_str!("../docs/testing.md");
    let fences = sections(page).into_iter().flat_map(|section| section.fences);
    let blocks: Vec<String> = fences.filter(|fence| fence.kind() == "sql").map(|fence| fence.text).collect();
    assert!(blocks.len() > 5);
    let folder = scratch();
    std::fs::write(folder.path().join("shop.molt"), blocks.join("\n")).expect("the scratch folder can be written");
    let check = Command::moltlerc(folder.path()).args(["check", "--deny-warnings"]).run().expect_status(0);
    assert_eq!(check.stderr, "0 errors, 0 warnings in 1 file\n");
    let test = Command::moltlerc(folder.path()).arg("test").run().expect_status(0);
    assert_eq!(test.last_line(), "5 passed, 0 failed, 1 skipped", "{}", test.stdout);
    assert!(test.stdout.contains("SHOP_URL, SHOP_KEY are not set"), "{}", test.stdout);

    // The failure that the page shows, but for its line.
    let wrong = blocks.join("\n").replace(
        "ASSERT rows = [{\"id\": \"1\", \"name\": \"Tea\"}];",
        "ASSERT rows = [{\"id\": \"1\", \"name\": \"Coffee\"}];",
    );
    std::fs::write(folder.path().join("shop.molt"), wrong).expect("the scratch folder can be written");
    let failed = Command::moltlerc(folder.path()).args(["test", "--filter", "lists"]).run().expect_status(1);
    let shown = sections(page).into_iter().flat_map(|section| section.fences).find(|fence| fence.kind() == "text");
    let shown = shown.expect("the page shows a failure").text;
    for line in shown.lines().filter(|line| !line.contains("-->") && !line.contains(" | ")) {
        assert!(failed.stdout.lines().any(|told| told.trim() == line.trim()), "{line}\n{}", failed.stdout);
    }
}
