//! Runs `test/highlight/*.molt`: comments that point into the last line before them which is no such comment.
//!
//! ```text
//! SELECT 1;
//! -- <- keyword
//! --     ^ number
//! ```
//!
//! `^` points to its own column, `<-` to the column where its comment starts. The file itself is what is highlighted.

use std::path::Path;

use tree_sitter::{Language, Parser, Query, QueryCursor, StreamingIterator};

use super::{HIGHLIGHTS_QUERY, LANGUAGE};

/// What a comment says of a place: line, column, capture.
struct Claim {
    line: usize,
    column: usize,
    capture: String,
}

fn claims(text: &str) -> Vec<Claim> {
    let mut found = Vec::new();
    let mut target = None;
    for (number, line) in text.lines().enumerate() {
        let comment = line.find("--").filter(|start| line[..*start].trim().is_empty());
        let claim = comment.and_then(|start| {
            let rest = &line[start + 2..];
            if let Some(capture) = rest.trim_start().strip_prefix("<- ") {
                return Some((start, capture));
            }
            let arrow = rest.find('^')?;
            rest[..arrow].trim().is_empty().then(|| (start + 2 + arrow, &rest[arrow + 1..]))
        });
        match (claim, target) {
            (Some((column, capture)), Some(line)) => {
                found.push(Claim { line, column, capture: capture.trim().to_owned() });
            }
            _ => target = Some(number),
        }
    }
    found
}

/// The capture that counts at each byte: that of the smallest node, and of its captures the last one.
fn colours(text: &str) -> Vec<Option<String>> {
    let language: Language = LANGUAGE.into();
    let mut parser = Parser::new();
    parser.set_language(&language).expect("the parser fits its library");
    let tree = parser.parse(text, None).expect("there is a language");
    assert!(!tree.root_node().has_error(), "{}", tree.root_node().to_sexp());
    let query = Query::new(&language, HIGHLIGHTS_QUERY).expect("the query fits the grammar");
    let mut cursor = QueryCursor::new();
    let mut found = Vec::new();
    let mut matches = cursor.matches(&query, tree.root_node(), text.as_bytes());
    while let Some(found_match) = matches.next() {
        for capture in found_match.captures() {
            let name = query.capture_names()[capture.index as usize];
            found.push((capture.node.byte_range(), found_match.pattern_index, name));
        }
    }
    found.sort_by_key(|(range, pattern, _)| (std::cmp::Reverse(range.len()), *pattern));
    let mut colours = vec![None; text.len()];
    for (range, _, name) in found {
        colours[range].fill(Some(name.to_owned()));
    }
    colours
}

#[test]
fn comments_in_files_point_to_the_right_colours() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("test/highlight");
    let mut count = 0;
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("a folder can be read").path();
        let text = std::fs::read_to_string(&path).expect("a test can be read");
        let colours = colours(&text);
        let starts: Vec<usize> =
            std::iter::once(0).chain(text.match_indices('\n').map(|(index, _)| index + 1)).collect();
        for Claim { line, column, capture } in claims(&text) {
            count += 1;
            let found = colours.get(starts[line] + column).cloned().flatten();
            if found.as_deref() != Some(capture.as_str()) {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                wrong.push(format!("{name}:{}:{}: {found:?}, not {capture}", line + 1, column + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 50, "only {count} claims were found");
}
