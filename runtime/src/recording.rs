//! Recordings: the exchanges of a test with real servers, kept as data so that later runs open no socket.
//!
//! A [`Recorder`] stands before the real transport and keeps what goes by; [`Recorder::finish`] gives the [`Recording`], without
//! secrets. A [`Replay`] is a transport that answers from one.

mod record;
mod replay;
mod scrub;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use record::Recorder;
pub(crate) use record::watched;
pub use replay::Replay;
pub(crate) use replay::environment;

use crate::secrets::vault::MASK;

/// What one test exchanged with the world.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Recording {
    /// When the test began, in ISO 8601: where the clock of a replay starts.
    pub started_at: String,
    /// The environment variables that it read; `***` for one that holds a secret.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    /// In the order in which the requests were sent.
    pub exchanges: Vec<Exchange>,
}

/// A request and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// As it was sent.
    pub request: RecordedRequest,
    /// How long the answer took.
    pub milliseconds: u64,
    /// The answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<RecordedResponse>,
    /// Why there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<RecordedFailure>,
}

/// A request without secrets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RecordedRequest {
    /// `GET`
    pub method: String,
    /// Absolute.
    pub url: String,
    /// For readers: a replay does not compare them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// `None` where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
}

/// An answer without secrets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RecordedResponse {
    /// `200`
    pub status: u16,
    /// `OK`
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub status_text: String,
    /// In order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// Decoded.
    #[serde(default, skip_serializing_if = "Body::is_empty")]
    pub body: Body,
}

/// Why a request had no answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordedFailure {
    /// `ECONNREFUSED`, `ENOTFOUND`, …
    pub code: String,
    /// One sentence.
    pub message: String,
}

/// A body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Body {
    /// UTF-8.
    Text(String),
    /// Anything else, in hexadecimal digits.
    Bytes {
        /// Two for each byte.
        hex: String,
    },
}

impl Default for Body {
    fn default() -> Body {
        Body::Text(String::new())
    }
}

impl Body {
    /// Of these bytes.
    pub fn new(bytes: &[u8]) -> Body {
        match std::str::from_utf8(bytes) {
            Ok(text) => Body::Text(text.to_owned()),
            Err(_) => Body::Bytes { hex: bytes.iter().map(|byte| format!("{byte:02x}")).collect() },
        }
    }

    /// Its bytes; digits that are none count as 0.
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Body::Text(text) => text.as_bytes().to_vec(),
            Body::Bytes { hex } => {
                let digit = |digit: u8| (digit as char).to_digit(16).unwrap_or(0) as u8;
                hex.as_bytes()
                    .chunks(2)
                    .map(|pair| pair.iter().fold(0, |byte, next| byte << 4 | digit(*next)))
                    .collect()
            }
        }
    }

    fn is_empty(&self) -> bool {
        matches!(self, Body::Text(text) if text.is_empty())
    }
}

/// What a replay answers for an environment variable whose value was a secret.
pub(crate) fn stand_in(variable: &str) -> String {
    format!("recorded-{}", variable.to_lowercase().replace('_', "-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_kept_byte_for_byte() {
        for bytes in [&b""[..], b"text \xc3\xa9", b"\x00\xff\x10"] {
            let body = Body::new(bytes);
            assert_eq!(body.bytes(), bytes);
            let json = serde_json::to_string(&body).expect("it is data");
            assert_eq!(serde_json::from_str::<Body>(&json).expect("it is a body"), body);
        }
        assert_eq!(Body::new(b"\x00\xff"), Body::Bytes { hex: "00ff".to_owned() });
    }
}
