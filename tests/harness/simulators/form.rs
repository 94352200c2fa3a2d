//! Forms with nested keys, as PHP, Rails and Stripe read them: `a[b]=1&c[0][d]=2&e[]=3`.

use serde_json::{Map, Value, json};

use crate::server::Parameters;

/// The document that the pairs describe; all its leaves are text. `Err` says which key makes no sense.
pub(super) fn nested(parameters: &Parameters) -> Result<Value, String> {
    let mut document = Value::Object(Map::new());
    for (key, value) in &parameters.0 {
        if value == "[object Object]" {
            return Err(format!("Invalid object at `{key}`"));
        }
        insert(&mut document, key, &path(key)?, value)?;
    }
    Ok(with_arrays(document))
}

/// `a`, `b`, `0` of `a[b][0]`.
fn path(key: &str) -> Result<Vec<&str>, String> {
    let wrong = || format!("Invalid key `{key}`");
    let (first, mut rest) = key.split_at(key.find('[').unwrap_or(key.len()));
    if first.is_empty() {
        return Err(wrong());
    }
    let mut path = vec![first];
    while !rest.is_empty() {
        let (name, after) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')).ok_or_else(wrong)?;
        path.push(name);
        rest = after;
    }
    Ok(path)
}

fn insert(document: &mut Value, key: &str, path: &[&str], value: &str) -> Result<(), String> {
    let members = document.as_object_mut().ok_or_else(|| format!("`{key}` is a value and an object at once"))?;
    let [name, rest @ ..] = path else { return Ok(()) };
    let name = if name.is_empty() { members.len().to_string() } else { (*name).to_owned() };
    if rest.is_empty() {
        return match members.insert(name, json!(value)) {
            Some(Value::Object(_)) => Err(format!("`{key}` is a value and an object at once")),
            _ => Ok(()),
        };
    }
    insert(members.entry(name).or_insert_with(|| json!({})), key, rest, value)
}

/// Objects whose members are 0, 1, 2 … are arrays.
fn with_arrays(value: Value) -> Value {
    let Value::Object(members) = value else { return value };
    let numbered = !members.is_empty() && (0..members.len()).all(|index| members.contains_key(&index.to_string()));
    let mut pairs: Vec<(String, Value)> =
        members.into_iter().map(|(name, member)| (name, with_arrays(member))).collect();
    if !numbered {
        return Value::Object(pairs.into_iter().collect());
    }
    pairs.sort_by_key(|(name, _)| name.parse::<usize>().unwrap_or_default());
    Value::Array(pairs.into_iter().map(|(_, member)| member).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_nested() {
        let read = |text: &str| nested(&Parameters::parse(text));
        assert_eq!(
            read("a=1&metadata%5Bx+y%5D=2&items[0][price]=p&items[1][price]=q&expand[]=u&expand[]=v"),
            Ok(
                json!({"a": "1", "metadata": {"x y": "2"}, "items": [{"price": "p"}, {"price": "q"}], "expand": ["u", "v"]})
            )
        );
        assert_eq!(read(""), Ok(json!({})));
        for wrong in ["a[b=1", "[a]=1", "a=1&a[b]=2", "a[b]=2&a=1", "a=%5Bobject+Object%5D"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
