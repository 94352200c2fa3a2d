//! `hard-coded-secret`: a credential in the text of a connector or an instance. `secret-inspected`: a handler looks at the letters of
//! a secret, which it never gets. `secret-without-host`: no request can carry a secret.

use moltler_js::StringLiteral;
use moltler_syntax::TextRange;

use super::script::at;
use super::{Code, LocalDiagnostic, Needed};
use crate::item_tree::SchemaItem;

/// What tokens of well-known services begin with.
const PREFIXES: &[&str] = &[
    "ghp_",
    "gho_",
    "github_pat_",
    "glpat-",
    "sk-",
    "sk_live_",
    "rk_live_",
    "xoxb-",
    "xoxp-",
    "AKIA",
    "AIza",
    "eyJhbGciOi",
];

/// Words in the name of what holds a secret.
const WORDS: &[&str] = &["apikey", "token", "secret", "password", "passwd", "credential", "privatekey"];

/// A literal for a `secret` field of CONFIG.
pub(crate) fn in_config(field: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::warning(Code::HardCodedSecret, range, format!("the secret `{field}` stands in the text"))
        .help(format!("write `\"{{{{secrets.{field}}}}}\"` and keep the value with `moltlerc secrets set {field}`"))
        .fix("Replace with a stored secret", range, format!("\"{{{{secrets.{field}}}}}\""))
}

/// A literal in JavaScript that looks like a credential.
pub(crate) fn in_script(literal: &StringLiteral, offset: u32, hider: &Option<Hider<'_>>) -> Option<LocalDiagnostic> {
    let value = literal.value.strip_prefix("Bearer ").unwrap_or(&literal.value);
    if !looks_like_key(value) {
        return None;
    }
    let is_named = literal.name.as_deref().is_some_and(|name| {
        let name: String = name.to_lowercase().replace(['_', '-'], "");
        WORDS.iter().any(|word| name.contains(word))
    });
    let is_known = PREFIXES.iter().any(|prefix| value.starts_with(prefix)) && value.len() >= 20;
    if !is_named && !is_known {
        return None;
    }
    let range = at(&literal.range, offset);
    let diagnostic = LocalDiagnostic::warning(Code::HardCodedSecret, range, "a secret stands in the text");
    let help = "make it a key of CONFIG_SCHEMA with `\"secret\": true` and read it from `config`";
    let Some(hider) = hider.as_ref().filter(|hider| hider.body.contains(&literal.range.start)) else {
        return Some(diagnostic.help(help));
    };
    let key = hider.key(literal.name.as_deref());
    let text = match literal.value.strip_prefix("Bearer ") {
        Some(_) => format!("`Bearer ${{config.{key}}}`"),
        None => format!("config.{key}"),
    };
    let diagnostic = diagnostic.help(format!("{help}; keep the value with `moltlerc secrets set {key}`")).offer(
        format!("Move it to `{{{{secrets.{key}}}}}`"),
        range,
        text,
    );
    let is_known_key = hider.schema.iter().any(|known| known.name == key);
    let needed = Needed::SecretKey { type_name: hider.type_name.to_owned(), key };
    Some(if is_known_key { diagnostic } else { diagnostic.needs(needed) })
}

/// How a handler may read a secret that stands in it.
pub(crate) struct Hider<'a> {
    /// The handler's connector type.
    pub type_name: &'a str,
    /// Its CONFIG_SCHEMA.
    pub schema: &'a [SchemaItem],
    /// Where `config` is known, in the script.
    pub body: &'a moltler_js::Range,
}

impl Hider<'_> {
    /// The one secret that the type has, else a new key, named after what the literal is the value of.
    fn key(&self, name: Option<&str>) -> String {
        let mut secrets = self.schema.iter().filter(|key| key.secret);
        if let (Some(only), None) = (secrets.next(), secrets.next()) {
            return only.name.clone();
        }
        let mut key = String::new();
        for letter in name.unwrap_or_default().chars() {
            if letter.is_ascii_uppercase() && key.ends_with(|last: char| last.is_ascii_lowercase()) {
                key.push('_');
            }
            key.push(if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '_' });
        }
        let key = key.trim_start_matches("x_").trim_matches('_');
        let is_name = key.starts_with(|first: char| first.is_ascii_lowercase()) && key != "authorization";
        if is_name { key.to_owned() } else { "api_key".to_owned() }
    }
}

/// What looks at a secret sees its placeholder.
pub(crate) fn inspected(key: &str, by: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::warning(
        Code::SecretInspected,
        range,
        format!("`{by}` sees a placeholder of 40 letters and digits, not the secret `{key}`"),
    )
    .help(
        "a secret is used whole: in a request, in `btoa`, `crypto.subtle` and `moltler.sign`; `\"expose\": true` in CONFIG_SCHEMA \
         gives handlers its value",
    )
}

/// A secret leaves for hosts that CONFIG names only, and no field of CONFIG can name one.
pub(crate) fn without_host(field: &str, hosts: &[String], range: TextRange) -> LocalDiagnostic {
    let message =
        format!("no request can carry the secret `{field}`: no other field of CONFIG can name the host that it is for");
    let hosts: Vec<String> = hosts.iter().map(|host| format!("\"{host}\"")).collect();
    LocalDiagnostic::warning(Code::SecretWithoutHost, range, message)
        .help(format!("say where it may go: `\"hosts\": [{}]`", hosts.join(", ")))
}

/// Long enough, without blanks, with a digit, and no template or address.
fn looks_like_key(value: &str) -> bool {
    value.len() >= 12
        && value.chars().all(|letter| letter.is_ascii_graphic())
        && value.chars().any(|letter| letter.is_ascii_digit())
        && !value.contains("{{")
        && !value.contains("://")
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn in_config() {
        check(
            r#"
CREATE CONNECTOR a TYPE 'shop' CONFIG {"url": "https://a.example", "key": "abc"};
CREATE CONNECTOR b TYPE 'shop' CONFIG {"url": "mock://", "key": "abc"};
CREATE CONNECTOR c TYPE 'shop' CONFIG {"url": "https://a.example", "key": "{{secrets.key}}"};
CREATE CONNECTOR d TYPE 'shop' CONFIG {"url": "https://a.example", "key": ENV('KEY')};
"#,
            r#"
                warning[hard-coded-secret] at `"abc"`: the secret `key` stands in the text | help: write `"{{secrets.key}}"` and keep the value with `moltlerc secrets set key` | fix: Replace with a stored secret
            "#,
        );
    }

    #[test]
    fn looked_at() {
        check(
            r#"
CREATE CONNECTOR TYPE 'vault' CONFIG_SCHEMA {
    "url": {"type": "string"}, "key": {"type": "string", "secret": true},
    "pem": {"type": "string", "secret": true, "expose": true}
};
CREATE CONNECTOR ACTION 'vault.d' HANDLER '''
async function execute(config, params) {
    const basic = btoa('user:' + config.key), whole = [config.key.trim(), config.key];
    return [config.key.slice(1), config['key'].length, (config.key)[0], atob(config.key), /^sk_/.test(config.key),
        config.key?.startsWith('sk'), config.url.split('/'), config.pem.split('-'), params.key.split(','), basic, whole];
}
''';
REGISTER CONNECTOR TYPE 'vault';
"#,
            r#"
                warning[secret-inspected] at `key`: `slice` sees a placeholder of 40 letters and digits, not the secret `key` | help: a secret is used whole: in a request, in `btoa`, `crypto.subtle` and `moltler.sign`; `"expose": true` in CONFIG_SCHEMA gives handlers its value
                warning[secret-inspected] at `key`: `length` sees a placeholder of 40 letters and digits, not the secret `key` | help: a secret is used whole: in a request, in `btoa`, `crypto.subtle` and `moltler.sign`; `"expose": true` in CONFIG_SCHEMA gives handlers its value
                warning[secret-inspected] at `key`: `[…]` sees a placeholder of 40 letters and digits, not the secret `key` | help: a secret is used whole: in a request, in `btoa`, `crypto.subtle` and `moltler.sign`; `"expose": true` in CONFIG_SCHEMA gives handlers its value
                warning[secret-inspected] at `key`: `atob` sees a placeholder of 40 letters and digits, not the secret `key` | help: a secret is used whole: in a request, in `btoa`, `crypto.subtle` and `moltler.sign`; `"expose": true` in CONFIG_SCHEMA gives handlers its value
                warning[secret-inspected] at `key`: `test` sees a placeholder of 40 letters and digits, not the secret `key` | help: a secret is used whole: in a request, in `btoa`, `crypto.subtle` and `moltler.sign`; `"expose": true` in CONFIG_SCHEMA gives handlers its value
                warning[secret-inspected] at `key`: `startsWith` sees a placeholder of 40 letters and digits, not the secret `key` | help: a secret is used whole: in a request, in `btoa`, `crypto.subtle` and `moltler.sign`; `"expose": true` in CONFIG_SCHEMA gives handlers its value
            "#,
        );
    }

    #[test]
    fn looked_at_through_a_name() {
        check(
            r#"
CREATE CONNECTOR TYPE 'vault' CONFIG_SCHEMA {
    "url": {"type": "string"}, "key": {"type": "string", "secret": true}, "pin": {"type": "string", "secret": true}
};
CREATE CONNECTOR ENTITY 'vault.d' FIELDS {"a": {"type": "string"}} QUERY_HANDLER '''
async function query({key: secret, url}, filters) {
    return [{a: secret.slice(1) + url.length}];
}
''';
CREATE CONNECTOR ACTION 'vault.e' HANDLER '''
async function execute(config) {
    const {key, pin = '0', url: {length}} = config, again = key, direct = config.pin;
    let {key: changed} = config;
    changed = 'x';
    const other = (key) => key.split(',');
    return [key.length, again[0], direct.startsWith('1'), atob(pin), changed.slice(1), other('a'), length, config.url];
}
''';
REGISTER CONNECTOR TYPE 'vault';
"#,
            r#"
                warning[secret-inspected] at `secret`: `slice` sees a placeholder of 40 letters and digits, not the secret `key` | help: a secret is used whole: in a request, in `btoa`, `crypto.subtle` and `moltler.sign`; `"expose": true` in CONFIG_SCHEMA gives handlers its value
                warning[secret-inspected] at `key`: `length` sees a placeholder of 40 letters and digits, not the secret `key` | help: a secret is used whole: in a request, in `btoa`, `crypto.subtle` and `moltler.sign`; `"expose": true` in CONFIG_SCHEMA gives handlers its value
                warning[secret-inspected] at `again`: `[…]` sees a placeholder of 40 letters and digits, not the secret `key` | help: a secret is used whole: in a request, in `btoa`, `crypto.subtle` and `moltler.sign`; `"expose": true` in CONFIG_SCHEMA gives handlers its value
                warning[secret-inspected] at `direct`: `startsWith` sees a placeholder of 40 letters and digits, not the secret `pin` | help: a secret is used whole: in a request, in `btoa`, `crypto.subtle` and `moltler.sign`; `"expose": true` in CONFIG_SCHEMA gives handlers its value
                warning[secret-inspected] at `pin`: `atob` sees a placeholder of 40 letters and digits, not the secret `pin` | help: a secret is used whole: in a request, in `btoa`, `crypto.subtle` and `moltler.sign`; `"expose": true` in CONFIG_SCHEMA gives handlers its value
            "#,
        );
    }

    #[test]
    fn that_can_go_nowhere() {
        check(
            r#"
CREATE CONNECTOR TYPE 'a' ALLOW_HOSTS ['api.a.test', '*.a.test'] CONFIG_SCHEMA {
    "key": {"type": "string", "secret": true}, "size": {"type": "integer"}, "zone": {"type": "string", "enum": ["eu", "us"]}
};
CREATE CONNECTOR TYPE 'b' ALLOW_HOSTS ['api.b.test'] CONFIG_SCHEMA {"key": {"secret": true, "hosts": ["api.b.test"]}};
CREATE CONNECTOR TYPE 'c' ALLOW_HOSTS ['api.c.test'] CONFIG_SCHEMA {"key": {"secret": true}, "base": {"type": "string"}};
CREATE CONNECTOR TYPE 'd' CONFIG_SCHEMA {"key": {"secret": true}};
CREATE CONNECTOR TYPE 'e' ALLOW_HOSTS ['api.e.test'] CONFIG_SCHEMA {"key": {"secret": true, "expose": true}};
"#,
            r#"
                warning[secret-without-host] at `"key"`: no request can carry the secret `key`: no other field of CONFIG can name the host that it is for | help: say where it may go: `"hosts": ["api.a.test", "*.a.test"]`
            "#,
        );
    }

    #[test]
    fn in_javascript() {
        check(
            r#"
CREATE CONNECTOR ACTION 'shop.d' HANDLER '''
const API_KEY = 'a81b2c93d4e5f607';
const _LABEL = 'a81b2c93d4e5f607';
async function execute(config) { return fetch(config.url, {headers: {Authorization: 'Bearer ghp_0123456789abcdefghij'}}); }
''';
"#,
            r#"
                warning[unused-variable] at `API_KEY`: `API_KEY` is never used | help: remove it, or call it `_API_KEY`
                warning[hard-coded-secret] at `'a81b2c93d4e5f607'`: a secret stands in the text | help: make it a key of CONFIG_SCHEMA with `"secret": true` and read it from `config`
                warning[hard-coded-secret] at `'Bearer ghp_0123456789abcdefghij'`: a secret stands in the text | help: make it a key of CONFIG_SCHEMA with `"secret": true` and read it from `config`; keep the value with `moltlerc secrets set key` | fix: Move it to `{{secrets.key}}`
            "#,
        );
    }
}
