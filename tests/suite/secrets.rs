//! `moltlerc secrets`, and the stored values in runs and executables.

use std::path::Path;

use moltler_tests::command::Command;
use moltler_tests::sample_api::{KEY, SampleApi};
use moltler_tests::{page, scratch};

const QUERY: &str = "SELECT id FROM shop.items ORDER BY id LIMIT 1;\n";

/// Every file below a folder that holds this text.
fn holding(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("our folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(holding(&path, text));
        } else if std::fs::read(&path).expect("readable").windows(text.len()).any(|window| window == text.as_bytes()) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn secrets_are_set_listed_and_removed() {
    let folder = scratch();
    let secrets = |arguments: &[&str]| Command::moltlerc(folder.path()).arg("secrets").args(arguments);
    assert_eq!(secrets(&["list"]).run().expect_status(0).stdout, "");
    secrets(&["set", "b_key", "first-value-of-b"]).run().expect_status(0);
    secrets(&["set", "a.key"]).input("value of a\n").run().expect_status(0);
    assert_eq!(secrets(&["list"]).run().expect_status(0).stdout, "a.key\nb_key\n");
    let unknown = secrets(&["remove", "b_kye"]).run().expect_status(1);
    assert!(unknown.stderr.contains("there is no secret `b_kye`; did you mean `b_key`?"), "{}", unknown.stderr);
    secrets(&["remove", "b_key"]).run().expect_status(0);
    assert_eq!(secrets(&["list"]).run().expect_status(0).stdout, "a.key\n");
    for wrong in [&["set", "a b", "x"][..], &["set", "", "x"], &["set", "a", ""], &["set"], &[]] {
        secrets(wrong).run().expect_status(2);
    }
    let shadowed = secrets(&["set", "k", "v"]).env("MOLTLER_SECRET_K", "w").run().expect_status(0);
    assert!(
        shadowed.stderr.contains("MOLTLER_SECRET_K is set, and goes before the stored value"),
        "{}",
        shadowed.stderr
    );
    assert_eq!(holding(folder.path(), "value of a"), Vec::<String>::new());
}

#[test]
fn runs_and_executables_read_the_store() {
    let api = SampleApi::start().expect("a port is free");
    let folder = scratch();
    std::fs::write(
        folder.path().join("shop.molt"),
        [page::connector(), page::instance("shop"), QUERY.to_owned()].join("\n"),
    )
    .expect("our folder");
    let run = |state: &str| {
        let command = Command::moltlerc(folder.path()).args(["run", "shop.molt", "--format", "json"]);
        command.env("SHOP_URL", api.url()).env("MOLTLER_STATE_DIR", folder.path().join(state)).run()
    };
    let unknown = run("state").expect_status(1);
    assert!(unknown.stderr.contains("the secret `shop_key` is not known"), "{}", unknown.stderr);
    assert!(unknown.stderr.contains("run `moltlerc secrets set shop_key`"), "{}", unknown.stderr);
    let set = Command::moltlerc(folder.path()).args(["secrets", "set", "shop_key"]).input(format!("{KEY}\n"));
    set.env("MOLTLER_STATE_DIR", folder.path().join("state")).run().expect_status(0);
    let rows = run("state").expect_status(0).stdout;
    assert!(rows.starts_with("[{\"id\":"), "{rows}");
    run("elsewhere").expect_status(1);

    Command::moltlerc(folder.path()).args(["build", "shop.molt", "-o", "shop"]).run().expect_status(0);
    let executable = Command::new(folder.path().join("shop"), folder.path()).args(["--format", "json"]);
    let executed = executable.env("SHOP_URL", api.url()).env("MOLTLER_STATE_DIR", folder.path().join("state")).run();
    assert_eq!(executed.expect_status(0).stdout, rows);
    assert_eq!(holding(folder.path(), KEY), Vec::<String>::new());
}

#[test]
fn a_damaged_store_is_told() {
    let folder = scratch();
    Command::moltlerc(folder.path()).args(["secrets", "set", "k", "v"]).run().expect_status(0);
    std::fs::write(folder.path().join(".local/state/moltler/secrets"), "x").expect("our folder");
    let damaged = Command::moltlerc(folder.path()).args(["secrets", "list"]).run().expect_status(1);
    assert!(damaged.stderr.contains("cannot be decrypted"), "{}", damaged.stderr);
}
