//! A server that knows one user, in nine ways: each path wants another kind of credential, and checks it as its specification says.
//!
//! ```text
//! GET  /bearer              Authorization: Bearer TOKEN                                  RFC 6750
//! GET  /key?api_key=KEY     a key in the query
//! GET  /basic               Authorization: Basic base64(USER:PASSWORD)                   RFC 7617
//! POST /hmac                x-signature: hex of HMAC-SHA256 over time, method, path, body
//! any  /aws/…               Signature Version 4                                          AWS
//! any  /oauth1              HMAC-SHA1 over the base string                               RFC 5849
//! GET  /jwt                 Authorization: Bearer JWT, RS256                             RFC 7519
//! POST /oauth2/token        client credentials; GET /oauth2/me takes the token           RFC 6749
//! GET  /webhook             deliveries with `sha256=` signatures, one of them forged
//! ```
//!
//! What is right gives `{"user": "ada"}`, what is wrong 401 with the reason.

mod encoding;
mod signatures;

use std::sync::{Arc, Mutex};

use ring::{hmac, signature::KeyPair};
use serde_json::{Value, json};

use self::encoding::{from_base64, hex};
use super::{Simulator, simulator};
use crate::server::{Call, Parameters, Reply, lock};

/// The user's password for Basic: with what must be encoded, in two bytes and in one.
pub const PASSWORD: &str = "pä:ss word/+%";
/// The bearer token.
pub const TOKEN: &str = "bearer-0123456789-ABCDEF";
/// The key in the query, with what must be encoded there.
pub const QUERY_KEY: &str = "key/with+signs&equals=and%percent";
/// The secret of HMAC.
pub const HMAC_SECRET: &str = "hmac-secret-0123456789";
/// The access key's name at AWS.
pub const AWS_ACCESS_KEY: &str = "AKIDSIMULATED";
/// Its secret.
pub const AWS_SECRET_KEY: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYSIMULATED";
/// OAuth 1: the application's name and secret, the user's token and secret.
pub const OAUTH1: [&str; 4] =
    ["consumer-simulated", "consumer-secret&0123456789", "token-simulated", "token-secret=0123456789"];
/// The private key by which tokens are signed, as PEM. It is good for nothing but this.
pub const PRIVATE_KEY: &str = include_str!("authentication/key.pem");
/// The client of OAuth 2: its name and secret.
pub const OAUTH2: [&str; 2] = ["client simulated", "client-secret-0123456789+/="];
/// The secret by which deliveries are signed.
pub const WEBHOOK_SECRET: &str = "webhook-secret-0123456789";
/// The access token that OAuth 2 gives.
const ACCESS_TOKEN: &str = "access-token-0123456789-simulated";

/// A running server; it stops with its value.
#[derive(Debug)]
pub struct Authentication {
    simulator: Simulator,
    accepted: Arc<Mutex<Vec<String>>>,
}

simulator!(Authentication);

impl Authentication {
    /// Starts it on a free port.
    pub fn start() -> std::io::Result<Authentication> {
        let accepted = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&accepted);
        let simulator = Simulator::start(move |call| match answer(call) {
            Ok(body) => {
                lock(&shared).push(call.path.clone());
                Reply::new(200, body)
            }
            Err(reason) => Reply::new(401, json!({"error": reason})),
        })?;
        Ok(Authentication { simulator, accepted })
    }

    /// The paths of the requests whose credentials were right.
    pub fn accepted(&self) -> Vec<String> {
        lock(&self.accepted).clone()
    }

    /// Every secret, by the name that the examples give it.
    pub fn secrets() -> [(&'static str, &'static str); 10] {
        [
            ("bearer_token", TOKEN),
            ("query_key", QUERY_KEY),
            ("basic_password", PASSWORD),
            ("hmac_secret", HMAC_SECRET),
            ("aws_secret", AWS_SECRET_KEY),
            ("oauth1_consumer", OAUTH1[1]),
            ("oauth1_token", OAUTH1[3]),
            ("jwt_key", PRIVATE_KEY),
            ("oauth2_client", OAUTH2[1]),
            ("webhook_secret", WEBHOOK_SECRET),
        ]
    }
}

fn answer(call: &Call) -> Result<Value, String> {
    let bearer = call.header("authorization").strip_prefix("Bearer ").unwrap_or_default();
    match call.path.as_str() {
        "/bearer" => is(bearer == TOKEN, "the token is wrong")?,
        "/key" => is(call.parameters().get("api_key") == Some(QUERY_KEY), "the key is wrong")?,
        "/basic" => basic(call, &format!("ada:{PASSWORD}"))?,
        "/hmac" => signed(call)?,
        "/oauth1" => signatures::oauth1(call)?,
        "/jwt" => jwt(bearer)?,
        "/oauth2/me" => is(bearer == ACCESS_TOKEN, "the access token is wrong")?,
        "/oauth2/token" => return client(call),
        "/webhook" => return Ok(deliveries()),
        path if path.starts_with("/aws/") => signatures::aws4(call)?,
        _ => return Err("there is nothing here".to_owned()),
    }
    Ok(json!({"user": "ada"}))
}

fn is(right: bool, wrong: &str) -> Result<(), String> {
    if right { Ok(()) } else { Err(wrong.to_owned()) }
}

fn basic(call: &Call, wanted: &str) -> Result<(), String> {
    let given =
        call.header("authorization").strip_prefix("Basic ").and_then(from_base64).ok_or("no Basic credentials")?;
    is(given == wanted.as_bytes(), "the name or the password is wrong")
}

fn hmac_hex(secret: &str, text: &str) -> String {
    hex(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), text.as_bytes()).as_ref())
}

/// `TIME\nMETHOD\nPATH\nBODY`, as many APIs have it.
fn signed(call: &Call) -> Result<(), String> {
    let time = call.header("x-timestamp");
    is(time.parse::<u64>().is_ok(), "x-timestamp is no number")?;
    let text = format!("{time}\n{}\n{}\n{}", call.method, call.path, String::from_utf8_lossy(&call.body));
    is(call.header("x-signature") == hmac_hex(HMAC_SECRET, &text), "the signature is wrong")
}

fn jwt(token: &str) -> Result<(), String> {
    let (text, signature) = token.rsplit_once('.').ok_or("no token")?;
    let (header, claims) = text.split_once('.').ok_or("no token")?;
    let read = |part: &str| -> Option<Value> { serde_json::from_slice(&from_base64(part)?).ok() };
    let header = read(header).ok_or("no header")?;
    let claims = read(claims).ok_or("no claims")?;
    is(header["alg"] == "RS256" && header["kid"] == "key-1", "the header is wrong")?;
    let body: String = PRIVATE_KEY.lines().filter(|line| !line.starts_with("-----")).collect();
    let key =
        from_base64(&body).and_then(|der| ring::rsa::KeyPair::from_pkcs8(&der).ok()).ok_or("our own key is broken")?;
    let public = ring::signature::UnparsedPublicKey::new(
        &ring::signature::RSA_PKCS1_2048_8192_SHA256,
        key.public_key().as_ref().to_vec(),
    );
    let signature = from_base64(signature).ok_or("no signature")?;
    is(public.verify(text.as_bytes(), &signature).is_ok(), "the signature is wrong")?;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let at = |name: &str| claims[name].as_u64().unwrap_or_default();
    is(claims["iss"] == "app-1" && at("iat") <= now + 1 && at("exp") > now, "the claims are wrong")
}

fn client(call: &Call) -> Result<Value, String> {
    // RFC 6749 encodes both parts as in a form, before they are joined.
    basic(call, "client%20simulated:client-secret-0123456789%2B%2F%3D")
        .or_else(|_| basic(call, "client+simulated:client-secret-0123456789%2B%2F%3D"))?;
    let form = Parameters::parse(&String::from_utf8_lossy(&call.body));
    is(form.get("grant_type") == Some("client_credentials"), "the grant is wrong")?;
    is(form.get("scope") == Some("users:read users:write"), "the scope is wrong")?;
    Ok(json!({"access_token": ACCESS_TOKEN, "token_type": "bearer", "expires_in": 3600}))
}

fn deliveries() -> Value {
    let delivery = |body: &str, secret: &str| {
        let signature = hmac_hex(secret, body);
        json!({"body": body, "signature": format!("sha256={signature}")})
    };
    json!([
        delivery("{\"event\":\"paid\",\"note\":\"größer\"}", WEBHOOK_SECRET),
        delivery("{\"event\":\"forged\"}", "not the secret"),
        delivery("{\"event\":\"refunded\"}", WEBHOOK_SECRET),
    ])
}
