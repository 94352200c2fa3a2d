//! What a patch release may not do: take something away, or reach a host that the release before did not.

use serde_json::Value;

/// What of `old` is missing in `new`, and which hosts are new; as phrases. Both are `manifest.json`s.
pub fn breaking_changes(old: &Value, new: &Value) -> Vec<String> {
    let mut changes = Vec::new();
    for entity in list(&old["entities"]) {
        let name = text(&entity["name"]);
        let Some(kept) = list(&new["entities"]).iter().find(|entity| text(&entity["name"]) == name) else {
            changes.push(format!("entity `{name}` is gone"));
            continue;
        };
        for field in keys(&entity["fields"]) {
            if kept["fields"].get(field).is_none() {
                changes.push(format!("field `{name}.{field}` is gone"));
            }
        }
    }
    for action in list(&old["actions"]) {
        let name = text(&action["name"]);
        if !list(&new["actions"]).iter().any(|action| text(&action["name"]) == name) {
            changes.push(format!("action `{name}` is gone"));
        }
    }
    for host in list(&new["hosts"]["allowed"]) {
        if !list(&old["hosts"]["allowed"]).contains(host) {
            changes.push(format!("host `{}` is new", text(host)));
        }
    }
    changes
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn keys(value: &Value) -> impl Iterator<Item = &String> {
    value.as_object().into_iter().flat_map(serde_json::Map::keys)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_gone_and_what_is_reached_anew() {
        let old = json!({
            "entities": [{"name": "items", "fields": {"id": {}, "name": {}}}, {"name": "users", "fields": {}}],
            "actions": [{"name": "items.create"}],
            "hosts": {"allowed": ["a.example"]},
        });
        let new = json!({
            "entities": [{"name": "items", "fields": {"id": {}, "added": {}}}],
            "actions": [],
            "hosts": {"allowed": ["a.example", "b.example"]},
        });
        assert_eq!(
            breaking_changes(&old, &new),
            [
                "field `items.name` is gone",
                "entity `users` is gone",
                "action `items.create` is gone",
                "host `b.example` is new"
            ]
        );
        assert!(breaking_changes(&old, &old).is_empty());
    }
}
