//! What servers hand out to `moltler.oauth2`: access tokens, rotated refresh tokens, and until when they are good.

use std::cell::RefCell;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::encoding::hex;
use super::store::{Lock, Store, StoreError};
use crate::crypto::Hash;

/// A token is not used any more so many milliseconds before its end.
const EARLY_MS: f64 = 60_000.0;

/// What a server handed out last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TokenSet {
    /// For the API.
    pub access_token: String,
    /// For the next one, where the server gave one: now or before.
    pub refresh_token: Option<String>,
    /// Milliseconds since 1970 from which it is not used any more; `None` where the server did not say.
    pub expires_at: Option<f64>,
}

/// Keeps tokens in the user's store, or for this run only.
#[derive(Debug, Default)]
pub struct Tokens {
    store: Option<Store>,
    memory: RefCell<HashMap<String, TokenSet>>,
    locks: RefCell<HashMap<String, Option<Lock>>>,
}

impl Tokens {
    /// In the store; without one, in memory.
    pub fn new(store: Option<Store>) -> Tokens {
        Tokens { store, ..Tokens::default() }
    }

    /// The name of a set: that of the instance, and a hash of the credentials that it is handed out for.
    pub fn key(instance: &str, credentials: &str) -> String {
        let instance: String = instance.chars().filter(char::is_ascii_alphanumeric).take(40).collect();
        let hash = hex(&Hash::Sha256.digest(credentials.as_bytes()));
        format!("oauth2-{instance}-{}", &hash[..32])
    }

    /// Whether the set is now this process's alone to change.
    pub fn try_lock(&self, key: &str) -> Result<bool, StoreError> {
        if self.locks.borrow().contains_key(key) {
            return Ok(false);
        }
        let lock = match &self.store {
            Some(store) => match store.try_lock(key)? {
                Some(lock) => Some(lock),
                None => return Ok(false),
            },
            None => None,
        };
        self.locks.borrow_mut().insert(key.to_owned(), lock);
        Ok(true)
    }

    /// Gives it back.
    pub fn unlock(&self, key: &str) {
        self.locks.borrow_mut().remove(key);
    }

    /// What was kept last.
    pub fn read(&self, key: &str) -> Result<Option<TokenSet>, StoreError> {
        let Some(store) = &self.store else { return Ok(self.memory.borrow().get(key).cloned()) };
        // What cannot be read any more is asked for again.
        Ok(store.read(key)?.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// Keeps a set.
    pub fn write(&self, key: &str, tokens: &TokenSet) -> Result<(), StoreError> {
        match &self.store {
            Some(store) => {
                store.write(key, &serde_json::to_vec(tokens).expect("Invariant: texts and a number have JSON"))
            }
            None => {
                self.memory.borrow_mut().insert(key.to_owned(), tokens.clone());
                Ok(())
            }
        }
    }

    /// Reads a token response of RFC 6749 that came at this time; `None` for anything else. A server that gives no new refresh
    /// token means the one `before`.
    pub fn from_response(body: &[u8], now_ms: f64, before: Option<TokenSet>) -> Option<TokenSet> {
        let body: serde_json::Value = serde_json::from_slice(body).ok()?;
        let text = |name: &str| body.get(name)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let seconds = body.get("expires_in").and_then(|seconds| match seconds {
            serde_json::Value::String(text) => text.parse().ok(),
            seconds => seconds.as_f64(),
        });
        Some(TokenSet {
            access_token: text("access_token")?,
            refresh_token: text("refresh_token").or_else(|| before.and_then(|before| before.refresh_token)),
            expires_at: seconds.map(|seconds: f64| {
                let life = seconds.max(0.0) * 1000.0;
                now_ms + life - EARLY_MS.min(life / 10.0)
            }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn responses_of_servers_are_read() {
        let read = |body: &str, before| Tokens::from_response(body.as_bytes(), 1000.0, before);
        let first = read(r#"{"access_token": "a", "refresh_token": "r", "expires_in": 3600}"#, None);
        let expected = TokenSet {
            access_token: "a".to_owned(),
            refresh_token: Some("r".to_owned()),
            expires_at: Some(1000.0 + 3_540_000.0),
        };
        assert_eq!(first, Some(expected));
        let second = read(r#"{"access_token": "b", "expires_in": "100"}"#, first).expect("a token");
        assert_eq!((second.refresh_token.as_deref(), second.expires_at), (Some("r"), Some(91_000.0)));
        assert_eq!(read(r#"{"error": "invalid_grant"}"#, None), None);
        assert_eq!(read("<html>", None), None);
    }

    #[test]
    fn a_set_is_changed_by_one_at_a_time() {
        let tokens = Tokens::default();
        let key = Tokens::key("my shop", "secret");
        assert!(key.starts_with("oauth2-myshop-") && key != Tokens::key("my shop", "other"));
        assert!(tokens.try_lock(&key).expect("memory"));
        assert!(!tokens.try_lock(&key).expect("memory"));
        tokens.unlock(&key);
        assert!(tokens.try_lock(&key).expect("memory"));
        assert_eq!(tokens.read(&key).expect("memory"), None);
    }
}
