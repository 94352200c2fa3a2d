//! `moltlerc new`: what it makes is sound, in its layout, and passes its own tests.

use moltler_tests::command::Command;
use moltler_tests::scratch;

#[test]
fn a_new_connector_passes_its_own_tests() {
    let folder = scratch();
    let told = Command::moltlerc(folder.path()).args(["new", "pet_shop"]).run().expect_status(0);
    assert_eq!(told.stdout, "");
    assert!(told.stderr.contains("cd pet_shop && moltlerc test"), "{}", told.stderr);
    let made = folder.path().join("pet_shop");
    let mut names: Vec<String> = std::fs::read_dir(&made)
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be read").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, [".gitignore", "README.md", "moltler.toml", "pet_shop.molt", "query.molt"]);
    let check = Command::moltlerc(&made).args(["check", "--deny-warnings"]).run().expect_status(0);
    assert_eq!(check.stderr, "0 errors, 0 warnings in 2 files\n");
    Command::moltlerc(&made).args(["fmt", "--check"]).run().expect_status(0);
    let test = Command::moltlerc(&made).arg("test").run().expect_status(0);
    assert_eq!(test.last_line(), "3 passed, 0 failed, 0 skipped");
    Command::moltlerc(&made).args(["build", "query.molt"]).run().expect_status(0);
    for name in names {
        let text = std::fs::read(made.join(&name)).expect("it can be read");
        assert!(!String::from_utf8_lossy(&text).to_lowercase().contains("myservice"), "{name}");
    }
}

#[test]
fn nothing_is_overwritten_and_names_are_plain() {
    let folder = scratch();
    let new = |name: &str| Command::moltlerc(folder.path()).args(["new", name]).run();
    std::fs::create_dir(folder.path().join("empty")).expect("a scratch folder");
    new("empty").expect_status(0);
    let again = new("empty").expect_status(2);
    assert_eq!(again.stderr, "error: `empty` exists already\n");
    let odd = new("../My Shop").expect_status(2);
    assert!(odd.stderr.contains("can't be the name of a connector"), "{}", odd.stderr);
    assert!(!folder.path().parent().expect("it lies in a folder").join("My Shop").exists());
}
