//! The secrets of a run: their values, their placeholders, and what was derived from them.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use super::encoding;
use super::placeholder::{self, LENGTH, Pieces, placeholder_of};
use super::scan::{Found, Scanner};

/// What stands where a secret would be shown.
pub const MASK: &str = "***";
/// Placeholders of values derived from secrets that are kept; the oldest go first. A request with one that is gone is refused.
const MAX_DERIVED: usize = 20_000;
/// Credentials made in this run that are looked for in texts; the oldest are given up first.
const MAX_WATCHED: usize = 100;

/// Where a secret comes from. The placeholders of one origin cannot be had by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// CONFIG: its secret fields, and `{{secrets.x}}`.
    Config,
    /// A handler made it while it ran.
    Handler,
    /// A server handed it out for `moltler.oauth2`.
    Token,
}

impl Origin {
    fn class(self) -> &'static str {
        match self {
            Origin::Config => "config",
            Origin::Handler => "handler",
            Origin::Token => "token",
        }
    }
}

/// A function of JavaScript whose result for a placeholder is another placeholder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Derivation {
    /// `encodeURIComponent`
    Component,
    /// `encodeURI`
    Uri,
    /// `URLSearchParams`
    Form,
    /// `JSON.stringify`
    Json,
}

/// For which place a value has been encoded already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoded {
    /// For none.
    No,
    /// For a URL.
    Percent,
    /// For a form.
    Form,
    /// For a JSON string.
    Json,
}

/// Names a secret in its vault.
pub type SecretId = u32;

/// The secrets that a run has met. Clones of its `Rc` share them; nothing is borrowed between calls.
#[derive(Debug, Default)]
pub struct Vault {
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    secrets: Vec<Secret>,
    /// By placeholder.
    entries: HashMap<Rc<str>, Entry>,
    /// Those of `entries` that were derived, oldest first.
    derived: VecDeque<Rc<str>>,
    /// Those of `secrets` that handlers and servers made, oldest first.
    watched: VecDeque<SecretId>,
    pieces: Pieces,
    /// Made when it is needed, after secrets were added: for what is shown, and for what comes from the network.
    shown: Option<Option<Rc<Scanner>>>,
    incoming: Option<Option<Rc<Scanner>>>,
}

impl std::fmt::Debug for State {
    /// Without values.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("State").field("secrets", &self.secrets.len()).finish_non_exhaustive()
    }
}

struct Secret {
    /// How messages call it.
    name: String,
    value: Rc<str>,
    placeholder: Rc<str>,
    /// Connector code was given its value.
    exposed: bool,
    /// It is not looked for any more.
    forgotten: bool,
}

/// What a placeholder stands for.
#[derive(Clone)]
struct Entry {
    value: Rc<str>,
    encoded: Encoded,
    /// The secrets whose values are in it.
    secrets: Rc<[SecretId]>,
    /// The placeholder that it was encoded from.
    base: Option<Rc<str>>,
}

/// A placeholder in a text.
#[derive(Clone)]
pub struct Placeholder {
    /// Its first byte.
    pub start: usize,
    /// What it stands for.
    pub value: Rc<str>,
    /// For which place that is encoded.
    pub encoded: Encoded,
    /// Whose values are in it.
    pub secrets: Rc<[SecretId]>,
}

impl Vault {
    /// Keeps a secret; gives its placeholder. `name` is how messages call it.
    pub fn add(&self, origin: Origin, name: &str, value: &str) -> Rc<str> {
        let placeholder: Rc<str> = placeholder_of(origin.class(), value).into();
        let state = &mut *self.state.borrow_mut();
        if let Some(entry) = state.entries.get(&placeholder) {
            // The value of something derived may be a secret itself.
            if entry.secrets.iter().any(|id| *state.secrets[*id as usize].value == *value) {
                return placeholder;
            }
        }
        let value: Rc<str> = value.into();
        let id = state.secrets.len() as SecretId;
        state.secrets.push(Secret {
            name: name.to_owned(),
            value: Rc::clone(&value),
            placeholder: Rc::clone(&placeholder),
            exposed: false,
            forgotten: false,
        });
        let entry = Entry { value, encoded: Encoded::No, secrets: [id].into(), base: None };
        state.entries.insert(Rc::clone(&placeholder), entry);
        state.pieces.add(&placeholder, id);
        state.shown = None;
        state.incoming = None;
        placeholder
    }

    /// Connector code knows this value: it is not looked for in what comes from the network, but still never shown.
    pub fn expose(&self, name: &str, value: &str) {
        let placeholder = self.add(Origin::Config, name, value);
        let state = &mut *self.state.borrow_mut();
        let Some(entry) = state.entries.get(&placeholder) else { return };
        for id in entry.secrets.iter() {
            state.secrets[*id as usize].exposed = true;
        }
        state.incoming = None;
    }

    /// Whether there is no secret at all.
    pub fn is_empty(&self) -> bool {
        self.state.borrow().secrets.is_empty()
    }

    /// The name that messages use.
    pub fn name(&self, id: SecretId) -> String {
        self.state.borrow().secrets.get(id as usize).map(|secret| secret.name.clone()).unwrap_or_default()
    }

    /// The secrets whose values a placeholder stands for; none for any other text.
    pub fn secrets_of(&self, placeholder: &str) -> Rc<[SecretId]> {
        self.state.borrow().entries.get(placeholder).map(|entry| Rc::clone(&entry.secrets)).unwrap_or_default()
    }

    /// The placeholders in a text, in order.
    pub fn placeholders(&self, text: &[u8]) -> Vec<Placeholder> {
        let state = self.state.borrow();
        let mut found = Vec::new();
        if state.entries.is_empty() {
            return found;
        }
        let mut from = 0;
        while let Some(start) = placeholder::find(text, from) {
            let entry = std::str::from_utf8(&text[start..start + LENGTH]).ok().and_then(|text| state.entries.get(text));
            match entry {
                Some(Entry { value, encoded, secrets, .. }) => {
                    found.push(Placeholder {
                        start,
                        value: Rc::clone(value),
                        encoded: *encoded,
                        secrets: Rc::clone(secrets),
                    });
                    from = start + LENGTH;
                }
                None => from = start + 1,
            }
        }
        found
    }

    /// Whether a text holds a placeholder.
    pub fn has_placeholder(&self, text: &str) -> bool {
        !self.placeholders(text.as_bytes()).is_empty()
    }

    /// The secret of which a piece of a placeholder stands in the text, besides whole ones. `placeholders` are these.
    pub fn broken(&self, text: &[u8], placeholders: &[Placeholder]) -> Option<SecretId> {
        let state = self.state.borrow();
        let mut from = 0;
        for placeholder in placeholders {
            if let Some(id) = state.pieces.find(&text[from..placeholder.start]) {
                return Some(id);
            }
            from = placeholder.start + LENGTH;
        }
        state.pieces.find(&text[from..])
    }

    /// The text with values in the place of placeholders: only for use inside the host, never for connector code or people.
    pub fn reveal<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.replace(text, |placeholder| placeholder.value.to_string())
    }

    /// Like [`Vault::reveal`], in bytes.
    pub fn reveal_bytes<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let placeholders = self.placeholders(bytes);
        if placeholders.is_empty() {
            return Cow::Borrowed(bytes);
        }
        let mut result = Vec::with_capacity(bytes.len());
        let mut from = 0;
        for placeholder in placeholders {
            result.extend_from_slice(&bytes[from..placeholder.start]);
            result.extend_from_slice(placeholder.value.as_bytes());
            from = placeholder.start + LENGTH;
        }
        result.extend_from_slice(&bytes[from..]);
        Cow::Owned(result)
    }

    fn replace<'a>(&self, text: &'a str, with: impl Fn(&Placeholder) -> String) -> Cow<'a, str> {
        let placeholders = self.placeholders(text.as_bytes());
        if placeholders.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut result = String::with_capacity(text.len());
        let mut from = 0;
        for placeholder in &placeholders {
            result.push_str(&text[from..placeholder.start]);
            result.push_str(&with(placeholder));
            from = placeholder.start + LENGTH;
        }
        result.push_str(&text[from..]);
        Cow::Owned(result)
    }

    /// `text` is what a function gave for a text with placeholders, which it left as they are: each of them becomes that of what
    /// the function gives for its value. `None` where there is none.
    pub fn derive(&self, how: Derivation, text: &str) -> Option<String> {
        let placeholders = self.placeholders(text.as_bytes());
        if placeholders.is_empty() {
            return None;
        }
        let mut result = String::with_capacity(text.len());
        let mut from = 0;
        for found in placeholders {
            let own = &text[found.start..found.start + LENGTH];
            result.push_str(&text[from..found.start]);
            let (value, encoded) = match how {
                Derivation::Component => (encoding::percent(&found.value, encoding::is_component), Encoded::Percent),
                Derivation::Uri => (encoding::percent(&found.value, encoding::is_uri), Encoded::Percent),
                Derivation::Form => (encoding::form(&found.value), Encoded::Form),
                Derivation::Json => (encoding::json(&found.value), Encoded::Json),
            };
            if value == *found.value {
                result.push_str(own);
            } else {
                result.push_str(&self.add_derived(&value, encoded, found.secrets, Some(own.into())));
            }
            from = found.start + LENGTH;
        }
        result.push_str(&text[from..]);
        Some(result)
    }

    /// The placeholder of a value in which these secrets are: a text of its own, such as base64 of `user:password`.
    pub fn add_derived(
        &self,
        value: &str,
        encoded: Encoded,
        secrets: Rc<[SecretId]>,
        base: Option<Rc<str>>,
    ) -> Rc<str> {
        let class = match encoded {
            Encoded::No => "derived",
            Encoded::Percent => "percent",
            Encoded::Form => "form",
            Encoded::Json => "json",
        };
        let placeholder: Rc<str> = placeholder_of(class, value).into();
        let state = &mut *self.state.borrow_mut();
        if state.entries.contains_key(&placeholder) {
            return placeholder;
        }
        state.pieces.add(&placeholder, secrets.first().copied().unwrap_or_default());
        state.entries.insert(Rc::clone(&placeholder), Entry { value: value.into(), encoded, secrets, base });
        state.derived.push_back(Rc::clone(&placeholder));
        if state.derived.len() > MAX_DERIVED
            && let Some(oldest) = state.derived.pop_front()
        {
            state.entries.remove(&oldest);
        }
        placeholder
    }

    /// Like [`Vault::add_derived`] for a credential of its own, such as a token that was signed with a secret: its value is looked for
    /// like that of a secret. Only the last [`MAX_WATCHED`] are.
    pub fn add_watched(&self, value: &str, secrets: Rc<[SecretId]>) -> Rc<str> {
        let placeholder = self.add_derived(value, Encoded::No, secrets, None);
        let state = &mut *self.state.borrow_mut();
        if state.secrets.iter().any(|secret| secret.placeholder == placeholder && !secret.forgotten) {
            return placeholder;
        }
        let id = state.secrets.len() as SecretId;
        state.secrets.push(Secret {
            name: "what a secret was put into".to_owned(),
            value: value.into(),
            placeholder: Rc::clone(&placeholder),
            exposed: false,
            forgotten: false,
        });
        state.watched.push_back(id);
        if state.watched.len() > MAX_WATCHED
            && let Some(oldest) = state.watched.pop_front()
        {
            let oldest = &mut state.secrets[oldest as usize];
            oldest.forgotten = true;
            oldest.value = "".into();
        }
        state.shown = None;
        state.incoming = None;
        placeholder
    }

    /// Base64 of a text of bytes with placeholders: a placeholder of its own. `None` where there is none.
    pub fn derive_base64(&self, text: &str) -> Option<Rc<str>> {
        let placeholders = self.placeholders(text.as_bytes());
        if placeholders.is_empty() {
            return None;
        }
        // Around placeholders each character is a byte; values are the bytes of their UTF-8.
        let mut bytes = Vec::with_capacity(text.len());
        let latin1 = |bytes: &mut Vec<u8>, text: &str| {
            bytes.extend(text.chars().map(|character| u8::try_from(u32::from(character)).unwrap_or(b'?')));
        };
        let mut from = 0;
        for found in &placeholders {
            latin1(&mut bytes, &text[from..found.start]);
            bytes.extend_from_slice(found.value.as_bytes());
            from = found.start + LENGTH;
        }
        latin1(&mut bytes, &text[from..]);
        let secrets = secrets_in(&placeholders);
        Some(self.add_derived(&encoding::base64(&bytes), Encoded::No, secrets, None))
    }

    /// What was encoded for such a place becomes what it was encoded from: a text is about to be decoded.
    pub fn underive(&self, encoded: &[Encoded], text: &str) -> Option<String> {
        let placeholders = self.placeholders(text.as_bytes());
        let state = self.state.borrow();
        let mut result = String::new();
        let mut from = 0;
        for found in placeholders.iter().filter(|found| encoded.contains(&found.encoded)) {
            let own = &text[found.start..found.start + LENGTH];
            let Some(base) = state.entries.get(own).and_then(|entry| entry.base.as_ref()) else { continue };
            result.push_str(&text[from..found.start]);
            result.push_str(base);
            from = found.start + LENGTH;
        }
        if from == 0 {
            return None;
        }
        result.push_str(&text[from..]);
        Some(result)
    }

    /// A text for people: values of secrets of 8 bytes and more in every form, and placeholders, are `***`.
    pub fn scrub<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let text = self.replace(text, |_| MASK.to_owned());
        let Some(scanner) = self.shown() else { return text };
        let found = scanner.find(text.as_bytes());
        if found.is_empty() {
            return text;
        }
        let mut result = String::with_capacity(text.len());
        let mut from = 0;
        for found in found {
            result.push_str(&text[from..found.range.start]);
            result.push_str(MASK);
            from = found.range.end;
        }
        result.push_str(&text[from..]);
        Cow::Owned(result)
    }

    /// What came from the network, for connector code: placeholders in the place of values. `None` where there are none.
    pub fn mask(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let scanner = self.incoming()?;
        let found = scanner.find(bytes);
        if found.is_empty() {
            return None;
        }
        let mut result = Vec::with_capacity(bytes.len());
        self.write_masked(bytes, bytes.len(), &found, None, &mut result);
        Some(result)
    }

    /// Appends the first `end` bytes to `result`, with placeholders where secrets were `found`. `last` is the byte before them that
    /// is no white space.
    pub(super) fn write_masked(
        &self,
        bytes: &[u8],
        end: usize,
        found: &[Found],
        last: Option<u8>,
        result: &mut Vec<u8>,
    ) {
        let state = self.state.borrow();
        let mut from = 0;
        for found in found {
            let secret = &state.secrets[found.owner as usize];
            let (before, behind) = (&bytes[from..found.range.start], &bytes[found.range.end..]);
            result.extend_from_slice(before);
            // A number in JSON must become a text, or the whole is no JSON any more.
            let is_number = secret.value.bytes().all(|byte| byte.is_ascii_digit())
                && matches!(
                    before.trim_ascii_end().last().copied().or(last.filter(|_| from == 0)),
                    Some(b':' | b',' | b'[')
                )
                && matches!(behind.trim_ascii_start().first(), Some(b',' | b'}' | b']'));
            let quote: &[u8] = if is_number { b"\"" } else { b"" };
            result.extend_from_slice(quote);
            result.extend_from_slice(secret.placeholder.as_bytes());
            result.extend_from_slice(quote);
            from = found.range.end;
        }
        result.extend_from_slice(&bytes[from..end]);
    }

    /// Like [`Vault::mask`], of a text.
    pub fn mask_text(&self, text: &str) -> Option<String> {
        self.mask(text.as_bytes()).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    fn shown(&self) -> Option<Rc<Scanner>> {
        let state = &mut *self.state.borrow_mut();
        let secrets = &state.secrets;
        state.shown.get_or_insert_with(|| scanner(secrets, |secret| !secret.forgotten)).clone()
    }

    /// What looks for secrets in what comes from the network.
    pub fn incoming(&self) -> Option<Rc<Scanner>> {
        let state = &mut *self.state.borrow_mut();
        let secrets = &state.secrets;
        state.incoming.get_or_insert_with(|| scanner(secrets, |secret| !secret.exposed && !secret.forgotten)).clone()
    }
}

fn scanner(secrets: &[Secret], choose: impl Fn(&Secret) -> bool) -> Option<Rc<Scanner>> {
    let chosen = secrets.iter().enumerate().filter(|(_, secret)| choose(secret));
    let chosen: Vec<(u32, Rc<str>)> = chosen.map(|(id, secret)| (id as u32, Rc::clone(&secret.value))).collect();
    Scanner::new(&chosen).map(Rc::new)
}

/// All secrets of these placeholders, each once.
pub fn secrets_in(placeholders: &[Placeholder]) -> Rc<[SecretId]> {
    let mut secrets: Vec<SecretId> = placeholders.iter().flat_map(|found| found.secrets.iter().copied()).collect();
    secrets.sort_unstable();
    secrets.dedup();
    secrets.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_stand_for_values() {
        let vault = Vault::default();
        assert!(vault.is_empty());
        let token = vault.add(Origin::Config, "token", "s3cr\"t/key");
        assert_eq!(vault.add(Origin::Config, "other", "s3cr\"t/key"), token);
        assert_ne!(vault.add(Origin::Handler, "guess", "s3cr\"t/key"), token);
        assert_eq!(vault.reveal(&format!("Bearer {token}")), "Bearer s3cr\"t/key");
        assert_eq!(vault.reveal_bytes(format!("{token}{token}\u{1}").as_bytes()), &b"s3cr\"t/keys3cr\"t/key\x01"[..]);
        assert_eq!(vault.name(vault.secrets_of(&token)[0]), "token");
    }

    #[test]
    fn functions_give_placeholders_of_their_results() {
        let vault = Vault::default();
        let token = vault.add(Origin::Config, "token", "a b\"c/dé");
        let derive = |how, text: &str| {
            let derived = vault.derive(how, text).expect("there is a placeholder");
            (vault.reveal(&derived).into_owned(), derived)
        };
        assert_eq!(derive(Derivation::Component, &format!("x%20{token}")).0, "x%20a%20b%22c%2Fd%C3%A9");
        assert_eq!(derive(Derivation::Uri, &token).0, "a%20b%22c/d%C3%A9");
        assert_eq!(derive(Derivation::Form, &format!("k={token}&z=1")).0, "k=a+b%22c%2Fd%C3%A9&z=1");
        let (json, derived) = derive(Derivation::Json, &format!("{{\"k\":\"{token}\"}}"));
        assert_eq!(json, "{\"k\":\"a b\\\"c/dé\"}");
        assert_eq!(vault.underive(&[Encoded::Json], &derived), Some(format!("{{\"k\":\"{token}\"}}")));
        assert_eq!(vault.underive(&[Encoded::Percent], &derived), None);
        assert_eq!(derive(Derivation::Component, &derived).0, "{\"k\":\"a%20b%5C%22c%2Fd%C3%A9\"}");
        let base64 = vault.derive_base64(&format!("user:{token}")).expect("there is a placeholder");
        assert_eq!(vault.reveal(&base64), "dXNlcjphIGIiYy9kw6k=");
        assert_eq!(vault.derive(Derivation::Json, "nothing"), None);
        // A value that a function leaves as it is keeps its placeholder.
        let plain = vault.add(Origin::Config, "plain", "abc123");
        assert_eq!(vault.derive(Derivation::Json, &plain).as_deref(), Some(&*plain));
    }

    #[test]
    fn texts_for_people_have_neither_values_nor_placeholders() {
        let vault = Vault::default();
        assert_eq!(vault.scrub("text"), "text");
        let token = vault.add(Origin::Config, "token", "hunter2/hunter2");
        assert!(matches!(vault.scrub("text"), Cow::Borrowed("text")));
        assert_eq!(vault.scrub(&format!("a {token} b hunter2%2Fhunter2")), "a *** b ***");
        let base64 = vault.derive_base64(&token).expect("there is a placeholder");
        assert_eq!(vault.scrub(&base64), "***");
    }

    #[test]
    fn responses_get_placeholders() {
        let vault = Vault::default();
        let token = vault.add(Origin::Config, "token", "hunter2/hunter2");
        let pin = vault.add(Origin::Config, "pin", "1234567890");
        vault.expose("shown", "exposed-exposed");
        let mask = |text: &str| vault.mask_text(text);
        assert_eq!(mask("nothing, exposed-exposed"), None);
        assert_eq!(mask(r#"{"k":"hunter2\/hunter2"}"#), Some(format!(r#"{{"k":"{token}"}}"#)));
        assert_eq!(mask(r#"{"k": 1234567890, "l":[1234567890]}"#), Some(format!(r#"{{"k": "{pin}", "l":["{pin}"]}}"#)));
        assert_eq!(vault.scrub("exposed-exposed"), "***");
    }

    #[test]
    fn broken_placeholders_are_found() {
        let vault = Vault::default();
        let token = vault.add(Origin::Config, "token", "hunter2/hunter2");
        let broken = |text: &str| vault.broken(text.as_bytes(), &vault.placeholders(text.as_bytes()));
        assert_eq!(broken(&format!("a {token} b")), None);
        assert_eq!(broken(&format!("a {token} b {}", &token[3..20])), Some(0));
        assert_eq!(broken(&token.to_uppercase()), Some(0));
    }
}
