//! Members that nobody declares: `unknown-config-key` in a handler, `unknown-filter`, `unknown-option`,
//! `unknown-parameter`, `undeclared-field`, `field-never-returned`, `returned-envelope`.

use moltler_js::{Access, ReturnedBody};
use moltler_syntax::TextRange;

use super::script::at;
use super::{Code, LocalDiagnostic};
use crate::suggest::Candidates;

/// `config.x`, `filters.x`, `options.x`, `params.x` of something that `owner` does not declare.
pub(crate) fn unknown_member(
    code: Code,
    access: &Access,
    what: &str,
    owner: &str,
    candidates: &Candidates<'_>,
    offset: u32,
) -> LocalDiagnostic {
    let range = at(&access.range, offset);
    LocalDiagnostic::warning(code, range, format!("`{}` is not {what} of `{owner}`", access.name)).nearest(
        &access.name,
        candidates,
        range,
        "",
    )
}

/// A returned key that is no field.
pub(crate) fn undeclared_field(
    name: &str,
    range: TextRange,
    entity: &str,
    candidates: &Candidates<'_>,
    is_shorthand: bool,
) -> LocalDiagnostic {
    let diagnostic = LocalDiagnostic::warning(
        Code::UndeclaredField,
        range,
        format!("`{name}` is not a field of `{entity}`, rows lose it"),
    );
    if is_shorthand {
        return match candidates.nearest(name) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
                format!("Replace with `{near}: {name}`"),
                range,
                format!("{near}: {name}"),
            ),
            None => diagnostic,
        };
    }
    diagnostic.nearest(name, candidates, range, "")
}

/// A field that no row has.
pub(crate) fn field_never_returned(name: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::warning(
        Code::FieldNeverReturned,
        range,
        format!("the handler never returns `{name}`: it is always NULL"),
    )
}

/// Members of a body that hold no rows.
const OTHERS: &[&str] =
    &["count", "cursor", "error", "errors", "has_more", "links", "message", "meta", "next", "ok", "status", "total"];

/// A handler returns the body of a response in which the rows are. `None` where nothing says that it is an object.
pub(crate) fn returned_envelope(body: &ReturnedBody, entity: &str, offset: u32) -> Option<LocalDiagnostic> {
    let is_of_array = |name: &String| moltler_js::ARRAY_MEMBERS.contains(&name.as_str());
    if body.members.is_empty() || body.members.iter().any(is_of_array) {
        return None;
    }
    let range = at(&body.range, offset);
    let message = format!("`{}` is an object, `{entity}` needs an array of rows", body.name);
    let diagnostic = LocalDiagnostic::warning(Code::ReturnedEnvelope, range, message);
    let replacement = |member: &String| format!("{}.{member}", body.name);
    let candidates: Vec<&String> = body.members.iter().filter(|member| !OTHERS.contains(&member.as_str())).collect();
    Some(match (&body.lists[..], &candidates[..]) {
        ([list], _) => {
            let text = replacement(list);
            diagnostic.help(format!("return `{text}`")).fix(format!("Return `{text}`"), range, text)
        }
        (_, [member]) => {
            let text = replacement(member);
            diagnostic.help(format!("perhaps `return {text}`")).offer(format!("Return `{text}`"), range, text)
        }
        _ => diagnostic.help(format!("return the member of `{}` that holds them", body.name)),
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn members_of_parameters() {
        check(
            r#"
CREATE CONNECTOR ENTITY 'shop.a' FIELDS {"id": {"type": "string"}, "status": {"type": "string"}} QUERY_HANDLER '''
async function query(config, filters, options) {
  if (filters.stauts || filters['nothing']) return fetch(config.ulr);
  return fetch(config.url + options.limt + config.toString());
}''';
CREATE CONNECTOR ACTION 'shop.b' PARAMETERS {"name": {"type": "string"}} HANDLER '''async function execute(config, {nam}) { return nam; }''';
CREATE CONNECTOR ACTION 'shop.c' PARAMETERS {"*": true, "name": {"type": "string"}} HANDLER '''async function execute(config, params) { return params.x; }''';
"#,
            r#"
                warning[unknown-filter] at `stauts`: `stauts` is not a field of `shop.a` | help: did you mean `status`? | fix: Replace with `status`
                warning[unknown-filter] at `nothing`: `nothing` is not a field of `shop.a` | help: fields: `id`, `status`
                warning[unknown-config-key] at `ulr`: `ulr` is not a config key of `shop` | help: did you mean `url`? | fix: Replace with `url`
                warning[unknown-option] at `limt`: `limt` is not a member of `options` | help: did you mean `limit`? | fix: Replace with `limit`
                warning[unknown-parameter] at `nam`: `nam` is not a parameter of `shop.b` | help: did you mean `name`? | fix: Replace with `name`
            "#,
        );
    }

    #[test]
    fn returned_bodies() {
        let handler = |name: &str, body: &str| {
            format!(
                "CREATE CONNECTOR ENTITY 'shop.{name}' FIELDS {{\"id\": {{\"type\": \"string\"}}}} QUERY_HANDLER '''\n\
                 async function query(config) {{ const data = await (await fetch(config.url)).json(); {body} }}''';\n"
            )
        };
        let input = [
            handler("a", "if (data.results.length === 0) return []; return data;"),
            handler("b", "if (data.error) throw new Error(data.error); return data;"),
            handler("c", "console.log(data.things); return data;"),
            handler("d", "console.log(data.length); return data;"),
            handler("e", "console.log(data.e); return data;"),
            handler("f", "return data;"),
        ];
        check(
            &input.concat(),
            r#"
                warning[returned-envelope] at `data`: `data` is an object, `shop.a` needs an array of rows | help: return `data.results` | fix: Return `data.results`
                warning[returned-envelope] at `data`: `data` is an object, `shop.b` needs an array of rows | help: return the member of `data` that holds them
                warning[returned-envelope] at `data`: `data` is an object, `shop.c` needs an array of rows | help: perhaps `return data.things` | fix: Return `data.things`
            "#,
        );
    }

    #[test]
    fn returned_keys() {
        check(
            r#"
CREATE CONNECTOR ENTITY 'shop.a' FIELDS {"id": {"type": "string"}, "label": {"type": "string"}} QUERY_HANDLER '''
async function query(config) {
  const rows = await (await fetch(config.url)).json();
  return rows.map(row => ({id: row.id, lable: row.name}));
}''';
CREATE CONNECTOR ENTITY 'shop.b' FIELDS {"id": {"type": "string"}} QUERY_HANDLER '''
async function query(config) {
  return {b: [{id: 1, extra: 2}], next: null};
}''';
"#,
            r#"
                warning[field-never-returned] at `"label"`: the handler never returns `label`: it is always NULL
                warning[undeclared-field] at `lable`: `lable` is not a field of `shop.a`, rows lose it | help: did you mean `label`? | fix: Replace with `label`
                warning[undeclared-field] at `extra`: `extra` is not a field of `shop.b`, rows lose it | help: fields: `id`
            "#,
        );
    }
}
