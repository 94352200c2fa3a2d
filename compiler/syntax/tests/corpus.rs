//! The grammar's corpus, in tree-sitter's own format. `UPDATE=1` writes the trees.

#![expect(clippy::disallowed_methods, reason = "the corpus is files")]

use std::path::{Path, PathBuf};

use moltler_syntax::{parse, split};

struct Case {
    name: String,
    text: String,
    tree: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tree-sitter-moltler/test/corpus")
}

fn read(file: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut lines = file.split_inclusive('\n').peekable();
    let is_bar =
        |line: &str, mark: char| line.len() > 3 && line.trim_end_matches('\n').chars().all(|other| other == mark);
    while let Some(line) = lines.next() {
        if !is_bar(line, '=') {
            continue;
        }
        let name = lines.next().unwrap_or("").trim_end().to_owned();
        lines.next();
        let mut text = String::new();
        for line in lines.by_ref().take_while(|line| line.trim_end() != "---") {
            text.push_str(line);
        }
        let mut tree = String::new();
        while let Some(line) = lines.next_if(|line| !is_bar(line, '=')) {
            tree.push_str(line);
        }
        // One empty line in front and one behind belong to the format.
        let text = text.strip_prefix('\n').unwrap_or(&text);
        let text = text.strip_suffix('\n').unwrap_or(text);
        cases.push(Case { name, text: text.to_owned(), tree: tree.trim().to_owned() });
    }
    cases
}

fn write(cases: &[Case]) -> String {
    let bar = "=".repeat(20);
    cases
        .iter()
        .map(|case| format!("{bar}\n{}\n{bar}\n\n{}\n---\n\n{}\n", case.name, case.text, case.tree))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn trees_are_as_written_down() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder())
        .expect("the corpus is there")
        .map(|entry| entry.expect("a folder can be read").path())
        .collect();
    files.sort();
    assert!(files.len() >= 9);
    let mut wrong = String::new();
    for path in files {
        let before = std::fs::read_to_string(&path).expect("a corpus file is text");
        let mut cases = read(&before);
        for case in &mut cases {
            let tree = parse(&case.text).syntax().to_sexp();
            let well_formed = path.file_stem().is_some_and(|stem| stem != "errors");
            if well_formed {
                assert!(!tree.contains("ERROR") && !tree.contains("MISSING"), "{}: {tree}", case.name);
            }
            if update {
                case.tree = tree;
            } else if case.tree != tree {
                wrong.push_str(&format!("## {}\n{}\n{tree}\n", path.display(), case.name));
            }
        }
        assert!(!cases.is_empty(), "{}", path.display());
        if update && before != write(&cases) {
            std::fs::write(&path, write(&cases)).expect("a corpus file can be written");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn statements_alone_have_the_trees_they_have_together() {
    for entry in std::fs::read_dir(folder()).expect("the corpus is there") {
        let path = entry.expect("a folder can be read").path();
        if path.file_stem().is_some_and(|stem| stem == "errors") {
            continue;
        }
        for case in read(&std::fs::read_to_string(&path).expect("a corpus file is text")) {
            let whole = parse(&case.text);
            let together: Vec<String> = whole
                .source_file()
                .statements()
                .map(|statement| moltler_syntax::ast::AstNode::syntax(statement).to_sexp())
                .collect();
            let mut alone = Vec::new();
            for range in split::split(&case.text) {
                let parse = parse(range.of(&case.text));
                assert_eq!(
                    parse
                        .errors()
                        .iter()
                        .filter(|error| error.code != "missing-semicolon"
                            && !error.message.contains("what to select")
                            && !error.message.contains("this comma"))
                        .count(),
                    0,
                    "{}: {:?}",
                    case.name,
                    parse.errors()
                );
                alone.extend(
                    parse
                        .source_file()
                        .statements()
                        .map(|statement| moltler_syntax::ast::AstNode::syntax(statement).to_sexp()),
                );
            }
            assert_eq!(alone, together, "{}: {}", path.display(), case.name);
        }
    }
}
