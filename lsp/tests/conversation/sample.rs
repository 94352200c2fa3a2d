//! A package of several files, an editor that has them open, and places in them by a mark.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::client::{Client, Files};

pub(crate) const TYPES: &str = "file:///p/types.molt";
pub(crate) const ACTIONS: &str = "file:///p/actions.molt";
pub(crate) const USES: &str = "file:///p/uses.molt";

pub(crate) const TYPES_TEXT: &str = r#"-- See https://api.example/docs, and moltler.toml.
CREATE CONNECTOR TYPE 's'
DESCRIPTION 'A shop'
CONFIG_SCHEMA {
    "api_url": {"type": "string", "required": true, "description": "Where it is"},
    "api_key": {"type": "string", "secret": true},
    "region": {"type": "string", "enum": ["eu", "us"]}
}
SHARED '''
/** Headers of every request. */
function headers(config) {
    return {'Authorization': 'Bearer ' + config.api_key};
}
const base = config => config.api_url;
''';
CREATE CONNECTOR ENTITY 's.items'
DESCRIPTION 'Things on the shelf'
FIELDS {
    "id": {"type": "string", "primary_key": true},
    "status": {"type": "string", "description": "Open or closed"},
    "size": {"type": "number"}
}
QUERY_HANDLER '''
async function query(config, filters, options) {
    const response = await fetch(base(config) + '/items?limit=' + options.limit, {headers: headers(config)});
    const status = filters.status;
    return (await response.json()).items.map(item => ({id: item.id, status, size: item.size}));
}
''';
REGISTER CONNECTOR TYPE 's';
"#;

pub(crate) const ACTIONS_TEXT: &str = r#"CREATE CONNECTOR ACTION 's.items.create'
DESCRIPTION 'Makes one'
PARAMETERS {
    "name": {"type": "string", "required": true},
    "kind": {"type": "string", "enum": ["new", "used"]}
}
HANDLER '''
async function execute(config, params) {
    const response = await fetch(config.api_url + '/items', {method: 'POST', headers: headers(config)});
    return {name: params.name, status: response.status};
}
''';
"#;

pub(crate) const USES_TEXT: &str = r#"CREATE CONNECTOR c TYPE 's' CONFIG {"api_url": "https://x.example", "api_key": "{{secrets.shop_key}}"};
DECLARE rows = SELECT id, i.status FROM c.items AS i WHERE status = UPPER('a') AND size > 1;
PRINT rows[0].status;
CONNECTOR_EXEC c.items.create({"name": SUBSTR('abc', 1, 2)});
TEST CONNECTOR TYPE 's'
NAME 'works'
MOCK_API {
    "GET /items": {"body": {"items": [{"id": "1", "status": "a"}]}}
}
BEGIN
    CREATE CONNECTOR mine TYPE 's' CONFIG {"api_url": "mock://"};
    DECLARE found = SELECT * FROM mine.items WHERE status = 'a';
    ASSERT found[0].status = 'a';
    CONNECTOR_EXEC mine.items.create(name => 'a');
END TEST;
SELECT size FROM c.items WHERE status = 'b' LIMIT 3;
"#;

const VSCODE: &str = include_str!("../editors/vscode.json");
const NEOVIM: &str = include_str!("../editors/neovim.json");

/// What an editor says that it can do: `vscode`, `neovim`.
pub(crate) fn capabilities(editor: &str) -> Value {
    let text = if editor == "vscode" { VSCODE } else { NEOVIM };
    serde_json::from_str(text).expect("it is JSON")
}

pub(crate) fn files() -> Arc<Files> {
    let files = Arc::new(Files::default());
    files.write("/p/moltler.toml", "");
    files.write("/p/types.molt", TYPES_TEXT);
    files.write("/p/actions.molt", ACTIONS_TEXT);
    files.write("/p/uses.molt", USES_TEXT);
    files
}

/// The editor with the three files open.
pub(crate) fn editor(name: &str) -> Client {
    let mut client = Client::start(files(), capabilities(name));
    client.open(TYPES, TYPES_TEXT);
    client.open(ACTIONS, ACTIONS_TEXT);
    client.open(USES, USES_TEXT);
    client
}

/// The URI and the place of a mark `|` in a piece of one of the files.
#[track_caller]
pub(crate) fn at(marked: &str) -> Value {
    let piece = marked.replacen('|', "", 1);
    let column = marked.find('|').expect("a mark");
    for (uri, text) in [(TYPES, TYPES_TEXT), (ACTIONS, ACTIONS_TEXT), (USES, USES_TEXT)] {
        if let Some(start) = text.find(&piece) {
            let place = moltler_syntax::position(text, (start + column) as u32, moltler_syntax::Encoding::Utf16);
            return json!({
                "textDocument": {"uri": uri}, "position": {"line": place.line, "character": place.column},
            });
        }
    }
    panic!("`{piece}` is nowhere");
}

/// `types:4:5-12` of a location, `4:5-12` of a range.
pub(crate) fn told(value: &Value) -> String {
    let range = if value["range"].is_object() { &value["range"] } else { value };
    let (start, end) = (&range["start"], &range["end"]);
    let place = format!("{}:{}-{}", start["line"], start["character"], end["character"]);
    match value["uri"].as_str().and_then(|uri| uri.rsplit('/').next()) {
        Some(file) => format!("{}:{place}", file.trim_end_matches(".molt")),
        None => place,
    }
}

/// The same of a list, sorted.
pub(crate) fn all_told(values: &Value) -> Vec<String> {
    let mut found: Vec<String> = list(values).iter().map(told).collect();
    found.sort();
    found
}

pub(crate) fn list(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap_or_else(|| panic!("a list, not {value}"))
}

/// The text of a file after the edits of a change of the workspace.
pub(crate) fn changed(edit: &Value, uri: &str, text: &str) -> String {
    let empty = Vec::new();
    let mut edits: Vec<&Value> = edit["changes"][uri].as_array().unwrap_or(&empty).iter().collect();
    apply(text, &mut edits)
}

/// A text after edits.
pub(crate) fn apply(text: &str, edits: &mut [&Value]) -> String {
    let lines: Vec<usize> = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let offset = |position: &Value| {
        let number = |name: &str| position[name].as_u64().expect("a number") as usize;
        lines[number("line")] + number("character")
    };
    edits.sort_by_key(|edit| offset(&edit["range"]["start"]));
    let mut changed = text.to_owned();
    for edit in edits.iter().rev() {
        let range = offset(&edit["range"]["start"])..offset(&edit["range"]["end"]);
        changed.replace_range(range, edit["newText"].as_str().expect("a text"));
    }
    changed
}
