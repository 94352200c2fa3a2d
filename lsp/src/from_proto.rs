//! From the protocol's values to ours.

use moltler_syntax::Position;
use serde_json::Value;
use tower_lsp_server::gen_lsp_types as lsp;

/// A change of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ContentChange {
    /// The whole text.
    Whole(String),
    /// A part of it. Both ends count in the encoding agreed on, and may lie outside of the text.
    Range { start: Position, end: Position, text: String },
}

/// The changes of a notification; `None` for those that are no changes.
pub(crate) fn content_changes(params: &Value) -> Option<Vec<Option<ContentChange>>> {
    Some(params.get("contentChanges")?.as_array()?.iter().map(content_change).collect())
}

fn content_change(change: &Value) -> Option<ContentChange> {
    let text = change.get("text")?.as_str()?.to_owned();
    match change.get("range") {
        None | Some(Value::Null) => Some(ContentChange::Whole(text)),
        Some(range) => {
            let (start, end) = (json_position(range.get("start")?)?, json_position(range.get("end")?)?);
            Some(ContentChange::Range { start, end, text })
        }
    }
}

/// A position in a message that is read by hand.
pub(crate) fn json_position(position: &Value) -> Option<Position> {
    let number = |name: &str| position.get(name)?.as_u64().map(|number| u32::try_from(number).unwrap_or(u32::MAX));
    Some(Position { line: number("line")?, column: number("character")? })
}

/// A place that a request is about.
pub(crate) fn position(position: lsp::Position) -> Position {
    Position { line: position.line, column: position.character }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn changes_that_are_none() {
        let place = |line: i64| json!({"line": line, "character": 0});
        let range = json!({"start": place(0), "end": place(1)});
        let changes = content_changes(&json!({"contentChanges": [
            {"text": "a"},
            {"range": null, "text": "b"},
            {"range": range, "text": "c", "rangeLength": 12345},
            {"range": {"start": place(-1), "end": place(0)}, "text": "d"},
            {"range": {"start": {"line": 0.5, "character": 0}, "end": place(0)}, "text": "e"},
            {"range": range},
            {},
            5,
        ]}));
        let (start, end) = (Position { line: 0, column: 0 }, Position { line: 1, column: 0 });
        let expected = vec![
            Some(ContentChange::Whole("a".to_owned())),
            Some(ContentChange::Whole("b".to_owned())),
            Some(ContentChange::Range { start, end, text: "c".to_owned() }),
            None,
            None,
            None,
            None,
            None,
        ];
        assert_eq!(changes, Some(expected));
        assert_eq!(content_changes(&json!({"contentChanges": 5})), None);
        assert_eq!(content_changes(&json!([])), None);
    }
}
