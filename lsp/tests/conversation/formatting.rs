//! Formatting of documents, ranges and what was just typed.

use serde_json::{Value, json};

use crate::client::Client;

const URI: &str = "file:///p/page.molt";

/// A text after edits, which are in the order of their places.
fn apply(text: &str, edits: &Value) -> String {
    let lines: Vec<usize> = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let offset = |position: &Value| {
        let number = |name: &str| position[name].as_u64().expect("a number") as usize;
        lines[number("line")] + number("character")
    };
    let mut changed = text.to_owned();
    for edit in edits.as_array().expect("edits").iter().rev() {
        let range = offset(&edit["range"]["start"])..offset(&edit["range"]["end"]);
        changed.replace_range(range, edit["newText"].as_str().expect("a text"));
    }
    changed
}

const OPTIONS: &str = r#"{"tabSize": 4, "insertSpaces": true}"#;

fn options() -> Value {
    serde_json::from_str(OPTIONS).expect("it is JSON")
}

#[test]
fn documents_and_ranges() {
    let mut client = Client::pushed();
    let text = "select 1;\nselect  2;\nselect ( ;\nselect  3;\n";
    client.open(URI, text);
    let document = json!({"uri": URI});
    let whole = client.request("textDocument/formatting", json!({"textDocument": document, "options": options()}));
    assert_eq!(apply(text, &whole), "SELECT 1;\nSELECT 2;\nselect ( ;\nSELECT 3;\n");
    let range = json!({"start": {"line": 1, "character": 2}, "end": {"line": 1, "character": 5}});
    let params = json!({"textDocument": document, "range": range, "options": options()});
    let part = client.request("textDocument/rangeFormatting", params);
    assert_eq!(apply(text, &part), "select 1;\nSELECT 2;\nselect ( ;\nselect  3;\n");
    assert_eq!(client.finish(), 0);
}

#[test]
fn the_statement_that_a_semicolon_ends() {
    let mut client = Client::pushed();
    let text = "select  1;\nprint '-- ;\n';shared";
    client.open(URI, text);
    let mut typed = |line: u32, character: u32| {
        let params = json!({
            "textDocument": {"uri": URI}, "position": {"line": line, "character": character}, "ch": ";",
            "options": options(),
        });
        let edits = client.request("textDocument/onTypeFormatting", params);
        apply(text, &edits)
    };
    assert_eq!(typed(0, 10), "SELECT 1;\nprint '-- ;\n';shared");
    assert_eq!(typed(1, 11), text, "inside a string");
    assert_eq!(typed(2, 2), "select  1;\nPRINT '-- ;\n';shared");
    assert_eq!(client.finish(), 0);
}

#[test]
fn a_formatted_document_has_no_edits() {
    let mut client = Client::pushed();
    client.open(URI, "SELECT 1;\n");
    let params = json!({"textDocument": {"uri": URI}, "options": options()});
    assert_eq!(client.request("textDocument/formatting", params), json!([]));
    assert_eq!(client.finish(), 0);
}
