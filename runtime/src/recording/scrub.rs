//! Recordings without secrets: by value, and by the names of headers and members.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::{Body, Exchange, MASK};
use crate::secrets::vault::{Origin, Vault};

/// A token that is shorter occurs everywhere: it is masked where it stands, not by value.
const MIN_VALUE: usize = 8;

const MEMBERS: &str = "access_?token|refresh_?token|id_?token|auth_?token|session_?token|token|api_?key|apikey|client_?secret|client_?assertion|assertion|password|passwd|secret|private_?key";

/// `"access_token": "…"`
static IN_JSON: LazyLock<Regex> =
    LazyLock::new(|| regex(&format!(r#"(?i)("(?:{MEMBERS})"\s*:\s*")((?:[^"\\]|\\.)+)""#)));
/// `access_token=…`
static IN_FORM: LazyLock<Regex> = LazyLock::new(|| regex(&format!(r"(?i)((?:^|[?&])(?:{MEMBERS})=)([^&#\s]+)")));
/// Names of environment variables that hold a secret.
static VARIABLE: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?i)^MOLTLER_SECRET_|(^|_)(API_?KEY|KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASS|CREDENTIALS?|AUTH)(_|$)")
});

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("Invariant: the pattern is valid")
}

/// Whether an environment variable of this name holds a secret.
pub(super) fn is_secret_name(name: &str) -> bool {
    VARIABLE.is_match(name)
}

/// Whether a header of this name (in lower case) holds a secret.
fn is_secret_header(name: &str) -> bool {
    matches!(name, "authorization" | "proxy-authorization" | "cookie" | "set-cookie" | "www-authenticate")
        || name.split('-').any(|word| matches!(word, "token" | "key" | "apikey" | "secret" | "signature" | "password"))
}

/// Takes secrets out of exchanges.
pub(super) struct Masker<'a> {
    vault: &'a Vault,
}

impl<'a> Masker<'a> {
    /// For the secrets of the vault, and for the tokens that the exchanges themselves hand out, which it gets.
    pub(super) fn new(vault: &'a Vault, exchanges: &[Exchange]) -> Masker<'a> {
        for text in exchanges.iter().flat_map(texts) {
            for pattern in [&*IN_JSON, &*IN_FORM] {
                for found in pattern.captures_iter(text) {
                    if found[2].len() >= MIN_VALUE {
                        vault.add(Origin::Token, "a token", &found[2]);
                    }
                }
            }
        }
        Masker { vault }
    }

    pub(super) fn mask(&self, exchanges: &mut [Exchange]) {
        for exchange in exchanges {
            let request = &mut exchange.request;
            request.url = self.text(&request.url);
            self.headers(&mut request.headers);
            if let Some(body) = &mut request.body {
                self.body(body);
            }
            if let Some(response) = &mut exchange.response {
                self.headers(&mut response.headers);
                self.body(&mut response.body);
            }
            if let Some(error) = &mut exchange.error {
                error.message = self.text(&error.message);
            }
        }
    }

    fn text(&self, text: &str) -> String {
        let text = IN_JSON.replace_all(text, |found: &Captures<'_>| format!("{}{MASK}\"", &found[1]));
        let text = IN_FORM.replace_all(&text, |found: &Captures<'_>| format!("{}{MASK}", &found[1]));
        self.vault.scrub(&text).into_owned()
    }

    fn headers(&self, headers: &mut [(String, String)]) {
        for (name, value) in headers {
            *value = if is_secret_header(name) { MASK.to_owned() } else { self.text(value) };
        }
    }

    fn body(&self, body: &mut Body) {
        match body {
            Body::Text(text) => *text = self.text(text),
            // Secrets are text: a secret among other bytes stands there as it is, so each run of text is looked at.
            Body::Bytes { .. } => {
                let bytes = body.bytes();
                let mut masked = Vec::with_capacity(bytes.len());
                for chunk in bytes.utf8_chunks() {
                    masked.extend(self.text(chunk.valid()).into_bytes());
                    masked.extend(chunk.invalid());
                }
                *body = Body::new(&masked);
            }
        }
    }
}

/// The texts in which tokens by name are looked for.
fn texts(exchange: &Exchange) -> impl Iterator<Item = &str> {
    let text = |body: &'_ Body| match body {
        Body::Text(_) => true,
        Body::Bytes { .. } => false,
    };
    let bodies = exchange.request.body.iter().chain(exchange.response.iter().map(|response| &response.body));
    let bodies = bodies.filter(move |body| text(body)).filter_map(|body| match body {
        Body::Text(text) => Some(text.as_str()),
        Body::Bytes { .. } => None,
    });
    std::iter::once(exchange.request.url.as_str()).chain(bodies)
}

#[cfg(test)]
mod tests {
    use super::super::{RecordedRequest, RecordedResponse};
    use super::*;

    #[test]
    fn secrets_go_by_value_and_by_name() {
        let mut exchanges = [Exchange {
            request: RecordedRequest {
                method: "POST".to_owned(),
                url: "https://h/a?api_key=abc&q=s3cr3t-value".to_owned(),
                headers: vec![
                    ("authorization".to_owned(), "Bearer x".to_owned()),
                    ("x-api-key".to_owned(), "x".to_owned()),
                    ("accept".to_owned(), "a s3cr3t-value".to_owned()),
                ],
                body: Some(Body::Text("grant_type=x&refresh_token=r3fr3sh-me&code=1".to_owned())),
            },
            milliseconds: 1,
            response: Some(RecordedResponse {
                status: 200,
                status_text: String::new(),
                headers: vec![("set-cookie".to_owned(), "a=b".to_owned()), ("x".to_owned(), "handed-out".to_owned())],
                body: Body::Text(
                    r#"{"access_token" : "handed-out", "tokens": 3, "echo": "r3fr3sh-me", "token": "x\"y"}"#.to_owned(),
                ),
            }),
            error: None,
        }];
        let vault = Vault::default();
        vault.add(Origin::Config, "key", "s3cr3t-value");
        Masker::new(&vault, &exchanges).mask(&mut exchanges);
        let json = serde_json::to_string(&exchanges).expect("it is data");
        assert_eq!(
            json,
            r#"[{"request":{"method":"POST","url":"https://h/a?api_key=***&q=***","headers":[["authorization","***"],["x-api-key","***"],["accept","a ***"]],"body":"grant_type=x&refresh_token=***&code=1"},"milliseconds":1,"response":{"status":200,"headers":[["set-cookie","***"],["x","***"]],"body":"{\"access_token\" : \"***\", \"tokens\": 3, \"echo\": \"***\", \"token\": \"***\"}"}}]"#
        );
    }

    #[test]
    fn variables_that_hold_secrets() {
        for name in ["MOLTLER_SECRET_X", "GITHUB_TOKEN", "API_KEY", "STRIPE_APIKEY", "DB_PASSWORD", "key"] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in ["API_URL", "MONKEY", "HOST", "KEYBOARD_LAYOUT"] {
            assert!(!is_secret_name(name), "{name}");
        }
    }
}
