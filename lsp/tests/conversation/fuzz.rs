//! After any edits the server says what a fresh one says of the same text.

use crate::client::Client;
use moltler_syntax::{Encoding, floor_char_boundary, position};
use serde_json::Value;

const URI: &str = "file:///p/a.molt";
const FRESH: &str = "file:///fresh/a.molt";

const PAGE: &str = r#"-- A page in small.
CREATE CONNECTOR TYPE 's' CONFIG_SCHEMA {"api_url": {"type": "string", "required": true}};
CREATE CONNECTOR ENTITY 's.items' FIELDS {"id": {"type": "string"}, "größe": {"type": "number"}}
QUERY_HANDLER '''
async function query(config, filters) {
    const text = `${config.api_url}/😀?x=${filters.id}`;
    return (await (await fetch(text)).json()).map(item => ({id: item.id}));
}
''';
REGISTER CONNECTOR TYPE 's';
CREATE CONNECTOR c TYPE 's' CONFIG {"api_url": "https://x.example"};
SELECT id FROM c.items WHERE id = 'é';
TEST CONNECTOR TYPE 's' NAME 't' MOCK_API {"GET /items": {"body": []}}
BEGIN
    DECLARE results = SELECT * FROM c.items;
    ASSERT ARRAY_LENGTH(results) = 0;
END TEST;
"#;

/// What is said of a file must not depend on its name.
fn plain(diagnostics: Vec<Value>) -> Vec<String> {
    diagnostics.into_iter().map(|one| one.to_string().replace("file:///fresh/", "file:///p/")).collect()
}

#[track_caller]
fn same_as_fresh(client: &mut Client, text: &str) {
    let edited = plain(client.pull(URI));
    client.open(FRESH, text);
    let fresh = plain(client.pull(FRESH));
    client.close(FRESH);
    assert_eq!(edited, fresh, "of {text:?}");
}

#[test]
fn every_prefix_typed() {
    let mut client = Client::pulling();
    client.open(URI, "");
    let mut text = String::new();
    for (index, character) in PAGE.chars().enumerate() {
        let place = position(&text, text.len() as u32, Encoding::Utf16);
        text.push(character);
        client.edit(URI, [place.line, place.column, place.line, place.column], character.encode_utf8(&mut [0; 4]));
        if index % 3 == 0 {
            client.completion(URI, place.line, place.column + character.len_utf16() as u32);
        }
        if index % 50 == 0 {
            same_as_fresh(&mut client, &text);
        }
    }
    same_as_fresh(&mut client, &text);
    assert_eq!(client.finish(), 0);
}

#[test]
fn random_edits() {
    const ODD: [&str; 34] = [
        "\n",
        "\r\n",
        "\r",
        "\t",
        " ",
        "'",
        "\"",
        "'''",
        "`",
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        ";",
        ",",
        ":",
        "--",
        "/*",
        "*/",
        "\\",
        "é",
        "😀",
        "e\u{301}",
        "\u{2028}",
        "\u{feff}",
        "\0",
        "0",
        "${",
        "=>",
        "\nSELECT ",
        "\nCREATE CONNECTOR TYPE 'x';",
        "END TEST;",
    ];
    let mut client = Client::pulling();
    for round in 0..12 {
        let mut random = fastrand::Rng::with_seed(round);
        let mut text = PAGE.to_owned();
        client.open(URI, &text);
        for step in 0..60 {
            let start = floor_char_boundary(&text, random.usize(0..=text.len()));
            let end = floor_char_boundary(&text, (start + random.usize(0..20)).min(text.len())).max(start);
            let from = floor_char_boundary(PAGE, random.usize(0..PAGE.len()));
            let to = floor_char_boundary(PAGE, (from + random.usize(1..40)).min(PAGE.len())).max(from);
            let inserted = match random.u8(0..4) {
                0 => "",
                1 => &PAGE[from..to],
                _ => ODD[random.usize(0..ODD.len())],
            };
            let (from, to) =
                (position(&text, start as u32, Encoding::Utf16), position(&text, end as u32, Encoding::Utf16));
            // Between `\r` and `\n` there is no place that an editor could name.
            let is_torn = |at: usize| text[..at].ends_with('\r') && text[at..].starts_with('\n');
            if is_torn(start) || is_torn(end) {
                continue;
            }
            text.replace_range(start..end, inserted);
            client.edit(URI, [from.line, from.column, to.line, to.column], inserted);
            if random.u8(0..6) == 0 {
                let place = position(&text, random.u32(0..=text.len() as u32), Encoding::Utf16);
                client.ask(
                    "textDocument/completion",
                    serde_json::json!({
                        "textDocument": {"uri": URI}, "position": {"line": place.line, "character": place.column},
                    }),
                );
            }
            if step % 20 == 19 {
                same_as_fresh(&mut client, &text);
            }
        }
        client.close(URI);
    }
    client.alive();
    assert_eq!(client.finish(), 0);
}
