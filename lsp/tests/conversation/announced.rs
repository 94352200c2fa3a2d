//! `FEATURES.md` lists what the server announces, each with its tests.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::client::Client;
use crate::everywhere::CASES;
use crate::sample::{capabilities, files};

const PAGE: &str = include_str!("../../FEATURES.md");
const TESTS: &[(&str, &str)] = &[
    ("any_place", include_str!("any_place.rs")),
    ("editors", include_str!("editors.rs")),
    ("everywhere", include_str!("everywhere.rs")),
    ("features", include_str!("features.rs")),
    ("formatting", include_str!("formatting.rs")),
    ("fuzz", include_str!("fuzz.rs")),
    ("protocol", include_str!("protocol.rs")),
];

/// The rows of the tables under a heading: their cells.
fn rows(heading: &str) -> Vec<Vec<&'static str>> {
    let start = PAGE.find(heading).unwrap_or_else(|| panic!("`{heading}` is in the page"));
    let part = PAGE[start + heading.len()..].split("\n## ").next().unwrap_or_default();
    let lines = part.lines().filter(|line| line.starts_with('|')).skip(2);
    lines.map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

/// The names of what is announced: `completionProvider`, `completionProvider.resolveProvider`.
fn names(capabilities: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (name, value) in capabilities.as_object().expect("an object") {
        found.insert(name.clone());
        for (member, value) in value.as_object().into_iter().flatten() {
            let is_switch = value == &json!(true) || value.is_object();
            if is_switch && member != "legend" {
                found.insert(format!("{name}.{member}"));
            }
        }
    }
    found
}

#[test]
fn every_announced_capability_has_a_test() {
    let mut client = Client::raw(files());
    let params = json!({"processId": null, "capabilities": capabilities("vscode")});
    let result = client.request("initialize", params);
    client.notify("initialized", json!({}));
    assert_eq!(client.finish(), 0);
    let announced = names(&result["capabilities"]);
    let mut listed = BTreeSet::new();
    for row in rows("## What is announced") {
        let [capability, tests, _] = row[..] else { panic!("three cells: {row:?}") };
        for name in capability.split(", ") {
            listed.insert(name.trim_matches('`').to_owned());
        }
        assert!(!tests.is_empty(), "{capability} has a test");
        for test in tests.split(", ") {
            let (file, name) =
                test.trim_matches('`').split_once("::").unwrap_or_else(|| panic!("`file::test`: {test}"));
            let (_, text) = TESTS.iter().find(|(known, _)| *known == file).unwrap_or_else(|| panic!("no file {file}"));
            assert!(text.contains(&format!("#[test]\nfn {name}() {{")), "there is no test {test}");
        }
    }
    assert_eq!(listed, announced);
}

#[test]
fn every_feature_over_the_border_has_a_case_on_each_side() {
    let mut tested: Vec<(&str, &str)> = CASES.iter().map(|(feature, side, _)| (*feature, *side)).collect();
    tested.sort_unstable();
    let mut listed = Vec::new();
    for row in rows("## Over the border") {
        for (side, cell) in ["SQL", "JavaScript", "across"].iter().zip(&row[1..]) {
            assert!(!cell.is_empty(), "{row:?}");
            listed.push((row[0], *side));
        }
    }
    listed.sort_unstable();
    assert_eq!(listed, tested);
}
