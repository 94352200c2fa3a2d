//! The two ends of the wire: values into requests that leave, placeholders into responses that come.

use std::rc::Rc;

use url::Url;

use super::encoding::{self, is_unreserved};
use super::grants::Grants;
use super::placeholder::LENGTH;
use super::vault::{Encoded, Placeholder, Vault};
use crate::http::{FailureKind, Request, Response, TransportError};

/// The code of the error for a request that would take a secret where it may not go.
pub const REFUSED: &str = "ERR_SECRET";

/// What an instance's requests pass on their way out, and its responses on their way in, at each hop of a redirect.
#[derive(Debug)]
pub struct Seal {
    vault: Rc<Vault>,
    grants: Grants,
}

impl PartialEq for Seal {
    fn eq(&self, other: &Seal) -> bool {
        std::ptr::eq(self, other)
    }
}

/// Where a placeholder stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Url,
    Header,
    Form,
    Json,
    Text,
}

impl Seal {
    /// For one instance.
    pub fn new(vault: Rc<Vault>, grants: Grants) -> Seal {
        Seal { vault, grants }
    }

    /// The secrets of the run.
    pub fn vault(&self) -> &Rc<Vault> {
        &self.vault
    }

    /// What the instance may send.
    pub fn grants(&self) -> &Grants {
        &self.grants
    }

    /// Puts values in the place of placeholders, encoded for where they stand.
    ///
    /// # Errors
    ///
    /// A secret may not be sent to this host; a placeholder is broken, or stands where no secret can be.
    pub fn seal(&self, request: &mut Request) -> Result<(), TransportError> {
        if self.vault.is_empty() {
            return Ok(());
        }
        self.put_in(request, true).map_err(|message| TransportError::failed(FailureKind::Secret, REFUSED, message))
    }

    /// Makes the request as it will leave, for a signature over it, wherever it may go.
    pub fn fill(&self, request: &mut Request) -> Result<(), String> {
        if self.vault.is_empty() { Ok(()) } else { self.put_in(request, false) }
    }

    fn put_in(&self, request: &mut Request, check: bool) -> Result<(), String> {
        let url = request.url.clone();
        let to = check.then_some(&url);
        for part in [request.method.as_str(), &url[..url::Position::BeforePath]] {
            self.refuse_any(part, "the method or host of a request")?;
        }
        if let Some(path) = self.filled(&url[url::Position::BeforePath..], to, Place::Url)? {
            let text = format!("{}{path}", &url[..url::Position::BeforePath]);
            let sealed = Url::parse(&text).map_err(|_| "the URL is not valid with its secrets".to_owned())?;
            if sealed[..url::Position::BeforePath] != url[..url::Position::BeforePath] {
                return Err("a secret would change the host of the URL".to_owned());
            }
            request.url = sealed;
            request.url.set_fragment(None);
        }
        for (name, value) in &mut request.headers {
            self.refuse_any(name, "the name of a header")?;
            if let Some(filled) = self.filled(value, to, Place::Header)? {
                *value = filled;
            }
        }
        let place = body_place(&request.headers);
        if let Some(body) = &mut request.body {
            let found = self.checked(body, to)?;
            if !found.is_empty() {
                let mut filled = Vec::with_capacity(body.len());
                let mut from = 0;
                for found in &found {
                    filled.extend_from_slice(&body[from..found.start]);
                    filled.extend_from_slice(encoded(found, place).as_bytes());
                    from = found.start + LENGTH;
                }
                filled.extend_from_slice(&body[from..]);
                *body = filled;
            }
        }
        Ok(())
    }

    /// The placeholders in a part of the request, all of them whole, and allowed where it goes to.
    fn checked(&self, bytes: &[u8], to: Option<&Url>) -> Result<Vec<Placeholder>, String> {
        let found = self.vault.placeholders(bytes);
        if let Some(url) = to {
            for id in found.iter().flat_map(|found| found.secrets.iter()) {
                self.grants.check(*id, url)?;
            }
        }
        match self.vault.broken(bytes, &found) {
            Some(id) => Err(self.broken(id)),
            None => Ok(found),
        }
    }

    fn broken(&self, id: super::vault::SecretId) -> String {
        let name = self.grants.field(id).unwrap_or_else(|| self.vault.name(id));
        format!(
            "the request holds a piece of the placeholder of the secret `{name}`: it can only be used as a whole; \
             `\"expose\": true` in CONFIG_SCHEMA gives the handler its value"
        )
    }

    /// The secret of which a text holds a broken placeholder, told as an error.
    pub fn check_whole(&self, text: &str) -> Result<(), String> {
        match self.vault.broken(text.as_bytes(), &self.vault.placeholders(text.as_bytes())) {
            Some(id) => Err(self.broken(id)),
            None => Ok(()),
        }
    }

    /// No placeholder may be in such a place.
    fn refuse_any(&self, text: &str, place: &str) -> Result<(), String> {
        let found = self.vault.placeholders(text.as_bytes());
        let id = match found.first() {
            Some(found) => found.secrets.first().copied(),
            None => self.vault.broken(text.as_bytes(), &[]),
        };
        match id {
            Some(id) => {
                let name = self.grants.field(id).unwrap_or_else(|| self.vault.name(id));
                Err(format!("the secret `{name}` cannot be a part of {place}"))
            }
            None => Ok(()),
        }
    }

    /// The text with values; `None` where nothing is to be put in.
    fn filled(&self, text: &str, to: Option<&Url>, place: Place) -> Result<Option<String>, String> {
        let found = self.checked(text.as_bytes(), to)?;
        if found.is_empty() {
            return Ok(None);
        }
        let mut result = String::with_capacity(text.len());
        let mut from = 0;
        for found in &found {
            let value = encoded(found, place);
            let unfit = |character: char| character.is_control() || u32::from(character) > 255;
            if place == Place::Header && value.contains(unfit) {
                let id = found.secrets.first().copied().unwrap_or_default();
                let name = self.grants.field(id).unwrap_or_else(|| self.vault.name(id));
                return Err(format!(
                    "the secret `{name}` holds a line break or another character that no header can hold"
                ));
            }
            result.push_str(&text[from..found.start]);
            result.push_str(&value);
            from = found.start + LENGTH;
        }
        result.push_str(&text[from..]);
        Ok(Some(result))
    }

    /// Puts placeholders in the place of secrets that a server sent back, in headers and body. `url` is where the request went
    /// before its secrets were put in.
    pub fn mask(self: &Rc<Self>, response: &mut Response, url: &Url) {
        response.url = url.clone();
        response.body.mask_by(self);
        if self.vault.incoming().is_none() {
            return;
        }
        if let Some(text) = self.vault.mask_text(&response.status_text) {
            response.status_text = text;
        }
        for (name, value) in &mut response.headers {
            for text in [name, value] {
                if let Some(masked) = self.vault.mask_text(text) {
                    *text = masked;
                }
            }
        }
    }

    /// What a failure tells, without values of secrets.
    pub fn mask_failure(&self, error: &mut TransportError) {
        if let TransportError::Failed { message, causes, .. } = error {
            for text in std::iter::once(message).chain(causes) {
                if let Some(masked) = self.vault.mask_text(text) {
                    *text = masked;
                }
            }
        }
    }
}

/// What a placeholder's value looks like in its place.
fn encoded(found: &Placeholder, place: Place) -> String {
    match (place, found.encoded) {
        (Place::Url, Encoded::Percent | Encoded::Form)
        | (Place::Form, Encoded::Percent | Encoded::Form)
        | (Place::Json, Encoded::Json)
        | (Place::Header | Place::Text, _) => found.value.to_string(),
        (Place::Url, _) => encoding::percent(&found.value, is_unreserved),
        (Place::Form, _) => encoding::form(&found.value),
        (Place::Json, _) => encoding::json(&found.value),
    }
}

fn body_place(headers: &[(String, String)]) -> Place {
    let content_type = headers.iter().find(|(name, _)| name == "content-type").map_or("", |(_, value)| value.as_str());
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if essence == "application/x-www-form-urlencoded" {
        Place::Form
    } else if essence == "application/json" || essence.ends_with("+json") {
        Place::Json
    } else {
        Place::Text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::RedirectMode;
    use crate::http::host_rule::HostRule;
    use crate::secrets::vault::{Derivation, Origin};

    const VALUE: &str = "p\"ss w/rd=1";

    fn seal() -> (Seal, Rc<str>) {
        let vault = Rc::new(Vault::default());
        let token = vault.add(Origin::Config, "token", VALUE);
        let grants = Grants::new(vec![HostRule::parse("api.x.com").expect("a rule")]);
        grants.add(0, "token", None);
        (Seal::new(vault, grants), token)
    }

    fn request(url: &str, headers: &[(&str, &str)], body: &str) -> Request {
        Request {
            method: "POST".to_owned(),
            url: Url::parse(url).expect("a URL"),
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            body: Some(body.as_bytes().to_vec()),
            redirect: RedirectMode::Follow,
            seal: None,
            terms: crate::http::Terms::default(),
        }
    }

    fn sealed(seal: &Seal, mut request: Request) -> Result<Request, String> {
        match seal.seal(&mut request) {
            Ok(()) => Ok(request),
            Err(TransportError::Failed { message, code, .. }) => {
                assert_eq!(code, REFUSED);
                Err(message)
            }
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn values_are_encoded_for_their_places() {
        let (seal, token) = seal();
        let body = |content_type: &str, body: String| {
            let request = request("https://api.x.com/", &[("content-type", content_type)], &body);
            let body = sealed(&seal, request).expect("it may be sent").body.expect("a body");
            String::from_utf8(body).expect("a text")
        };
        assert_eq!(body("application/json", format!(r#"{{"k":"{token}"}}"#)), r#"{"k":"p\"ss w/rd=1"}"#);
        let stringified = seal.vault.derive(Derivation::Json, &format!(r#"{{"k":"{token}"}}"#)).expect("derived");
        assert_eq!(body("application/json; charset=utf-8", stringified.clone()), r#"{"k":"p\"ss w/rd=1"}"#);
        assert_eq!(body("text/plain", stringified), r#"{"k":"p\"ss w/rd=1"}"#);
        assert_eq!(body("text/plain", format!("k={token}")), "k=p\"ss w/rd=1");
        let form = "application/x-www-form-urlencoded;charset=UTF-8";
        assert_eq!(body(form, format!("k={token}&a=b")), "k=p%22ss+w%2Frd%3D1&a=b");
        let written = seal.vault.derive(Derivation::Form, &format!("k={token}&a=b")).expect("derived");
        assert_eq!(body(form, written.clone()), "k=p%22ss+w%2Frd%3D1&a=b");
        assert_eq!(body("text/plain", written), "k=p%22ss+w%2Frd%3D1&a=b");

        let component = seal.vault.derive(Derivation::Component, &token).expect("derived");
        let url = format!("https://api.x.com/a/{token}?k={component}&l={token}");
        let basic = seal.vault.derive_base64(&format!("u:{token}")).expect("derived");
        let request = request(&url, &[("authorization", &format!("Basic {basic}")), ("x-key", &token)], "");
        let request = sealed(&seal, request).expect("it may be sent");
        let encoded = "p%22ss%20w%2Frd%3D1";
        assert_eq!(request.url.as_str(), format!("https://api.x.com/a/{encoded}?k={encoded}&l={encoded}"));
        assert_eq!(request.headers[0].1, "Basic dTpwInNzIHcvcmQ9MQ==");
        assert_eq!(request.headers[1].1, VALUE);
    }

    #[test]
    fn what_may_not_leave_is_refused() {
        let (seal, token) = seal();
        let refused = |request: Request| sealed(&seal, request).expect_err("it may not be sent");
        let elsewhere = "the secret `token` may not be sent to `evil.example`: CONFIG names `api.x.com`; `hosts` of its field in \
                         CONFIG_SCHEMA may name others";
        assert_eq!(refused(request(&format!("https://evil.example/?{token}"), &[], "")), elsewhere);
        assert_eq!(refused(request("https://evil.example/", &[("x", &token)], "")), elsewhere);
        assert_eq!(refused(request("https://evil.example/", &[], &token)), elsewhere);
        assert_eq!(
            refused(request(&format!("https://{token}.evil.example/"), &[], "")),
            "the secret `token` cannot be a part of the method or host of a request"
        );
        assert_eq!(
            refused(request("https://api.x.com/", &[(&token, "x")], "")),
            "the secret `token` cannot be a part of the name of a header"
        );
        let piece = "the request holds a piece of the placeholder of the secret `token`";
        for broken in [&token[..20], &token[20..], &token.to_uppercase()] {
            assert!(refused(request("https://api.x.com/", &[], broken)).starts_with(piece));
            assert!(refused(request(&format!("https://api.x.com/{broken}"), &[], "")).starts_with(piece));
            assert!(refused(request("https://api.x.com/", &[("x", broken)], "")).starts_with(piece));
        }
        assert!(sealed(&seal, request("https://evil.example/", &[], "nothing")).is_ok());
    }

    #[test]
    fn what_a_header_cannot_hold_is_told() {
        let (seal, _) = seal();
        let key = seal.vault.add(Origin::Config, "key", "line\nline");
        seal.grants.add(1, "key", None);
        let result = sealed(&seal, request("https://api.x.com/", &[("x", &key)], ""));
        let message = "the secret `key` holds a line break or another character that no header can hold";
        assert_eq!(result, Err(message.to_owned()));
    }
}
