//! Levels of diagnostics, comments that allow, pages that explain.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::client::{Client, Files};

const URI: &str = "file:///p/main.molt";
const MANIFEST: &str = "file:///p/moltler.toml";

/// `severity code` of diagnostics: 1 is an error, 2 a warning, 4 a hint.
fn told(found: &[Value]) -> Vec<String> {
    found.iter().map(|one| format!("{} {}", one["severity"], one["code"].as_str().expect("a code"))).collect()
}

fn files(manifest: &str) -> Arc<Files> {
    let files = Arc::new(Files::default());
    files.write("/p/moltler.toml", manifest);
    files
}

#[test]
fn a_changed_manifest_takes_effect_in_open_documents() {
    let files = files("");
    let mut client = Client::start(files.clone(), json!({}));
    client.open(URI, "CREATE CONNECTOR TYPE 'a';\nPRINT 1 = NULL;\nDECLARE never = 1;\n");
    assert_eq!(told(&client.published(URI)), ["4 missing-description", "2 null-comparison", "2 unused-variable"]);
    let changed = json!({"changes": [{"uri": MANIFEST, "type": 2}]});
    let levels: [(&str, &[&str]); 3] = [
        (
            "[lints]\nadvice = \"warn\"\nnull-comparison = \"deny\"\n",
            &["2 missing-description", "1 null-comparison", "2 unused-variable"],
        ),
        ("[lints]\nadvice = \"allow\"\nunused-variable = \"allow\"\n", &["2 null-comparison"]),
        ("", &["4 missing-description", "2 null-comparison", "2 unused-variable"]),
    ];
    for (manifest, expected) in levels {
        files.write("/p/moltler.toml", manifest);
        client.notify("workspace/didChangeWatchedFiles", changed.clone());
        client.edit(URI, [0, 0, 0, 0], "\n");
        assert_eq!(told(&client.published(URI)), expected, "{manifest}");
    }
    assert_eq!(client.finish(), 0);
}

#[test]
fn what_is_wrong_with_a_manifest_is_told_there() {
    let files = files("[lints]\nnul-date = \"deny\"\n");
    let mut client = Client::start(files.clone(), json!({"textDocument": {"diagnostic": {}}}));
    let about_manifest = |client: &mut Client| {
        let message = client.wait("diagnostics", |message| message["params"]["uri"] == MANIFEST);
        message["params"]["diagnostics"].as_array().expect("a list").clone()
    };
    client.open(URI, "PRINT 1;\n");
    let found = about_manifest(&mut client);
    assert_eq!(told(&found), ["2 unknown-lint"]);
    assert_eq!(found[0]["range"]["start"], json!({"line": 1, "character": 0}));
    files.write("/p/moltler.toml", "");
    client.notify("workspace/didChangeWatchedFiles", json!({"changes": [{"uri": MANIFEST, "type": 2}]}));
    assert!(about_manifest(&mut client).is_empty());
    assert_eq!(client.finish(), 0);
}

#[test]
fn comments_allow_while_they_are_typed() {
    let mut client = Client::start(files("[lints]\nadvice = \"allow\"\n"), json!({}));
    let nothing = [] as [&str; 0];
    client.open(URI, "PRINT 1 = NULL;\nPRINT 2 = NULL;\n");
    assert_eq!(told(&client.published(URI)), ["2 null-comparison", "2 null-comparison"]);
    client.edit(URI, [1, 0, 1, 0], "-- moltler: allow(null-comparison)\n");
    assert_eq!(told(&client.published(URI)), ["2 null-comparison"]);
    // For the whole file: the first statement, which is not edited, is concerned too.
    client.edit(URI, [1, 17, 1, 17], "-file");
    assert_eq!(told(&client.published(URI)), nothing);
    client.edit(URI, [0, 7, 0, 14], "");
    assert_eq!(told(&client.published(URI)), nothing);
    // With nothing left to allow the comment is what is wrong.
    client.edit(URI, [2, 7, 2, 14], "");
    assert_eq!(told(&client.published(URI)), ["2 unused-allow"]);
    client.edit(URI, [0, 6, 0, 7], "1 = NULL OR 2 = 1");
    assert_eq!(told(&client.published(URI)), nothing);
    assert_eq!(client.finish(), 0);
}

#[test]
fn a_test_elsewhere_is_advice_followed() {
    let mut client = Client::start(files(""), json!({}));
    client.open(
        URI,
        "CREATE CONNECTOR TYPE 'a' DESCRIPTION 'a' OPTIONS {\"rate_limit\": 1};
CREATE CONNECTOR ACTION 'a.b' DESCRIPTION 'b' HANDLER '''async function execute() { return 1; }''';
",
    );
    assert_eq!(told(&client.published(URI)), ["4 untested"]);
    let tests = "file:///p/tests.molt";
    client.open(
        tests,
        "TEST CONNECTOR TYPE 'a' NAME 't' BEGIN
 CREATE CONNECTOR c TYPE 'a';
 CONNECTOR_EXEC c.b();
END TEST;
",
    );
    let mut next = || client.wait("diagnostics", |message| message["params"]["uri"] == URI);
    assert_eq!(next()["params"]["diagnostics"], json!([]));
    client.edit(tests, [2, 18, 2, 19], "other");
    let message = client.wait("diagnostics", |message| message["params"]["uri"] == URI);
    assert_eq!(told(message["params"]["diagnostics"].as_array().expect("a list")), ["4 untested"]);
    assert_eq!(client.finish(), 0);
}

/// The address of the page of the first diagnostic.
fn link(capabilities: Value, options: Value) -> Value {
    let mut client = Client::raw(Arc::default());
    let params = json!({
        "processId": null, "rootUri": null, "capabilities": capabilities, "initializationOptions": options,
    });
    client.request("initialize", params);
    client.notify("initialized", json!({}));
    client.open(URI, "PRINT 1 = NULL;\n");
    let href = client.published(URI)[0]["codeDescription"]["href"].clone();
    if href.as_str().is_some_and(|uri| uri.starts_with("moltler-explain:")) {
        let page = client.request("workspace/textDocumentContent", json!({"uri": href}));
        assert!(page["text"].as_str().is_some_and(|text| text.starts_with("# null-comparison\n")), "{page}");
        let missing = json!({"uri": "moltler-explain:no-such.md"});
        assert_eq!(client.refused("workspace/textDocumentContent", missing), -32602);
    }
    assert_eq!(client.finish(), 0);
    href
}

#[test]
fn diagnostics_link_to_pages_that_the_editor_can_open() {
    let links = json!({"publishDiagnostics": {"codeDescriptionSupport": true}});
    let content = json!({"textDocumentContent": {}});
    assert_eq!(link(json!({}), Value::Null), Value::Null);
    assert_eq!(link(json!({"textDocument": links}), Value::Null), Value::Null);
    let both = json!({"textDocument": links, "workspace": content});
    assert_eq!(link(both.clone(), Value::Null), "moltler-explain:null-comparison.md");
    let options = json!({"explanations": "https://docs.example/diagnostics/"});
    assert_eq!(link(both, options), "https://docs.example/diagnostics/null-comparison.md");
}
