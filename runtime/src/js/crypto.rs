//! What `globals/crypto.js` and `globals/sign.js` call: keys and signatures over the values of secrets, tokens of OAuth 2.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use rquickjs::{Array, Ctx, Exception, Function, IntoJs, Object, TypedArray, Value};
use url::Url;

use super::clock::Clock;
use super::convert::put;
use super::host::Host;
use super::raw;
use crate::crypto::key::{Algorithm, Curve, Key, KeyError, Padding};
use crate::crypto::{Hash, aws4, jwt, oauth1};
use crate::error::RuntimeError;
use crate::http::host_rule::HostRule;
use crate::http::{RedirectMode, Request, Response};
use crate::secrets::encoding::hex;
use crate::secrets::seal::Seal;
use crate::secrets::store::StoreError;
use crate::secrets::tokens::{TokenSet, Tokens};
use crate::secrets::vault::{Derivation, Origin, SecretId, secrets_in};

/// An engine that makes more keys than these makes one for each row; they would never be released.
const MAX_KEYS: usize = 10_000;

/// The keys of an engine, by number.
#[derive(Debug, Default)]
pub(super) struct Keys {
    keys: RefCell<Vec<Rc<Key>>>,
    /// The same key imported again has the same number; by hash of what it was read from.
    known: RefCell<HashMap<Vec<u8>, u32>>,
}

impl Keys {
    fn add(&self, key: Key) -> Option<u32> {
        let mut keys = self.keys.borrow_mut();
        if keys.len() >= MAX_KEYS {
            return None;
        }
        keys.push(Rc::new(key));
        Some(keys.len() as u32 - 1)
    }

    pub(super) fn get(&self, id: u32) -> Option<Rc<Key>> {
        self.keys.borrow().get(id as usize).cloned()
    }
}

/// Token exchanges of an engine.
#[derive(Debug)]
pub(super) struct Exchanges {
    pub(super) tokens: Rc<Tokens>,
    /// The name of the instance.
    pub(super) instance: String,
    /// Whose tokens the next request asks for.
    next: RefCell<Option<String>>,
    /// Requests under way that ask for tokens.
    under_way: RefCell<HashMap<u32, String>>,
    /// What tokens are asked for with, by the tokens' key.
    credentials: RefCell<HashMap<String, Rc<Credentials>>>,
}

/// What tokens are asked for with.
#[derive(Debug, Default)]
struct Credentials {
    secrets: Rc<[SecretId]>,
    /// Who is asked.
    server: Option<HostRule>,
}

impl Exchanges {
    pub(super) fn new(tokens: Rc<Tokens>, instance: String) -> Exchanges {
        Exchanges {
            tokens,
            instance,
            next: RefCell::default(),
            under_way: RefCell::default(),
            credentials: RefCell::default(),
        }
    }

    /// A request starts; tells whether it asks for tokens.
    pub(super) fn start(&self, id: u32) -> bool {
        let Some(key) = self.next.take() else { return false };
        self.under_way.borrow_mut().insert(id, key);
        true
    }

    /// A response came. Tokens in it are kept before anybody can use them, and JavaScript gets their placeholders.
    pub(super) fn accept(
        &self,
        id: u32,
        response: &mut Response,
        seal: &Seal,
        clock: &Clock,
    ) -> Result<(), RuntimeError> {
        let Some(key) = self.under_way.borrow_mut().remove(&id) else { return Ok(()) };
        if !(200..300).contains(&response.status) {
            return Ok(());
        }
        // A server may hand out the same token again: what was masked on the way in is the token after all.
        let body = seal.vault().reveal_bytes(response.body.bytes()).into_owned();
        let before = self.tokens.read(&key).map_err(not_kept)?;
        let now = clock.now_micros().div_euclid(1000) as f64;
        let Some(tokens) = Tokens::from_response(&body, now, before) else { return Ok(()) };
        self.tokens.write(&key, &tokens).map_err(not_kept)?;
        self.shown(&key, &tokens, seal);
        if let Some(masked) = seal.vault().mask(&body) {
            response.body = masked.into();
        }
        // Short ones are not looked for everywhere, but here they are known.
        let Ok(mut members) = serde_json::from_slice::<serde_json::Value>(response.body.bytes()) else { return Ok(()) };
        let (access, refresh) = self.shown(&key, &tokens, seal);
        for (name, placeholder) in [("access_token", Some(access)), ("refresh_token", refresh)] {
            if let (Some(member), Some(placeholder)) = (members.get_mut(name), placeholder) {
                *member = serde_json::Value::String(placeholder);
            }
        }
        response.body = members.to_string().into_bytes().into();
        Ok(())
    }

    /// The placeholders of a set. Its tokens may go where the credentials may that they were got with, to the hosts that CONFIG
    /// names, and back to the server.
    fn shown(&self, key: &str, tokens: &TokenSet, seal: &Seal) -> (String, Option<String>) {
        let credentials = self.credentials.borrow().get(key).cloned().unwrap_or_default();
        let placeholder = |name: &str, value: &str| own_secret(seal, Origin::Token, name, value, &credentials);
        let refresh =
            tokens.refresh_token.as_deref().map(|value| placeholder("the refresh token of moltler.oauth2", value));
        (placeholder("the access token of moltler.oauth2", &tokens.access_token), refresh)
    }
}

fn not_kept(error: StoreError) -> RuntimeError {
    RuntimeError::new("ConnectorError", format!("the tokens cannot be kept: {error}"))
}

fn own_secret(seal: &Seal, origin: Origin, name: &str, value: &str, credentials: &Credentials) -> String {
    let placeholder = seal.vault().add(origin, name, value);
    for id in seal.vault().secrets_of(&placeholder).iter() {
        seal.grants().add_handed_out(*id, name, &credentials.secrets, credentials.server.as_ref());
    }
    placeholder.to_string()
}

pub(super) fn text(value: &Value<'_>) -> String {
    raw::text(value).unwrap_or_default()
}

pub(super) fn bytes(value: &Value<'_>) -> Vec<u8> {
    raw::bytes(value).unwrap_or_default()
}

pub(super) fn hash(name: &Value<'_>) -> Hash {
    Hash::named(&text(name)).unwrap_or(Hash::Sha256)
}

fn algorithm(name: &Value<'_>) -> Algorithm {
    match text(name).as_str() {
        "RSA" => Algorithm::Rsa,
        "AES" => Algorithm::Aes,
        "Ed25519" => Algorithm::Ed25519,
        other => Curve::named(other).map_or(Algorithm::Hmac, Algorithm::Ec),
    }
}

fn padding(is_pss: bool) -> Padding {
    if is_pss { Padding::Pss } else { Padding::Pkcs1 }
}

/// `[name of the DOMException, message]`
pub(super) fn failed<'js>(ctx: &Ctx<'js>, name: &str, message: &str) -> rquickjs::Result<Value<'js>> {
    vec![name, message].into_js(ctx)
}

pub(super) fn key_failed<'js>(ctx: &Ctx<'js>, error: &KeyError) -> rquickjs::Result<Value<'js>> {
    let name = match error {
        KeyError::Data(_) => "DataError",
        KeyError::NotSupported(_) => "NotSupportedError",
        KeyError::Operation(_) => "OperationError",
    };
    failed(ctx, name, error.message())
}

/// Adds the functions to those that the globals are made of.
pub(super) fn add_native<'js>(ctx: &Ctx<'js>, native: &Object<'js>, host: &Rc<Host>) -> rquickjs::Result<()> {
    let state = Rc::clone(host);
    let digest = move |ctx: Ctx<'js>, name: Value<'js>, data: Value<'js>| {
        let data = bytes(&data);
        TypedArray::<u8>::new(ctx, hash(&name).digest(&state.seal.vault().reveal_bytes(&data)))
    };
    native.set("digest", Function::new(ctx.clone(), digest)?)?;

    let state = Rc::clone(host);
    let import = move |ctx: Ctx<'js>, format: Value<'js>, name: Value<'js>, data: Value<'js>| {
        import_key(&ctx, &state, &text(&format), &name, &bytes(&data))
    };
    native.set("importKey", Function::new(ctx.clone(), import)?)?;

    let state = Rc::clone(host);
    let generate = move |ctx: Ctx<'js>, name: Value<'js>| {
        let key = match Key::generate(algorithm(&name)) {
            Ok(key) => key,
            Err(error) => return key_failed(&ctx, &error),
        };
        let public = key.public().and_then(|public| state.keys.add(public));
        let (Some(private), Some(public)) = (state.keys.add(key), public) else { return too_many(&ctx) };
        let object = Object::new(ctx)?;
        put(&object, "ids", vec![private, public])?;
        Ok(object.into_value())
    };
    native.set("generateKey", Function::new(ctx.clone(), generate)?)?;

    let state = Rc::clone(host);
    let export = move |ctx: Ctx<'js>, id: u32, format: Value<'js>| {
        let Some(key) = state.keys.get(id) else { return Ok(Value::new_undefined(ctx)) };
        let exported = match text(&format).as_str() {
            "jwk" => {
                let members: Vec<String> =
                    key.to_jwk().into_iter().flat_map(|(name, value)| [name.to_owned(), value]).collect();
                return members.into_js(&ctx);
            }
            "raw" => key.to_raw(),
            "pkcs8" => key.to_pkcs8(),
            _ => key.to_spki(),
        };
        Ok(TypedArray::<u8>::new(ctx, exported.unwrap_or_default())?.into_value())
    };
    native.set("exportKey", Function::new(ctx.clone(), export)?)?;

    let state = Rc::clone(host);
    let sign = move |ctx: Ctx<'js>, id: u32, name: Value<'js>, data: Value<'js>, is_pss: bool| {
        let Some(key) = state.keys.get(id) else { return Ok(Value::new_undefined(ctx)) };
        let data = bytes(&data);
        match key.sign(hash(&name), padding(is_pss), &state.seal.vault().reveal_bytes(&data)) {
            Ok(signature) => Ok(TypedArray::<u8>::new(ctx, signature)?.into_value()),
            Err(error) => key_failed(&ctx, &error),
        }
    };
    native.set("signWith", Function::new(ctx.clone(), sign)?)?;

    let state = Rc::clone(host);
    let verify =
        move |ctx: Ctx<'js>, id: u32, name: Value<'js>, signature: Value<'js>, data: Value<'js>, is_pss: bool| {
            let Some(key) = state.keys.get(id) else { return Ok(Value::new_undefined(ctx)) };
            let (signature, data) = (bytes(&signature), bytes(&data));
            let vault = state.seal.vault();
            match key.verify(hash(&name), padding(is_pss), &vault.reveal_bytes(&signature), &vault.reveal_bytes(&data))
            {
                Ok(fits) => Ok(Value::new_bool(ctx, fits)),
                Err(error) => key_failed(&ctx, &error),
            }
        };
    native.set("verifyWith", Function::new(ctx.clone(), verify)?)?;

    super::ciphers::add_native(ctx, native, host)?;
    add_signatures(ctx, native, host)?;
    add_tokens(ctx, native, host)
}

fn too_many<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Value<'js>> {
    failed(
        ctx,
        "QuotaExceededError",
        &format!("an instance has at most {MAX_KEYS} keys; import a key once and keep it"),
    )
}

/// `{id, bits, secret, exponent}`, or an error.
fn import_key<'js>(
    ctx: &Ctx<'js>,
    host: &Host,
    format: &str,
    name: &Value<'js>,
    given: &[u8],
) -> rquickjs::Result<Value<'js>> {
    let vault = host.seal.vault();
    let is_secret = !vault.placeholders(given).is_empty();
    let data = vault.reveal_bytes(given);
    let algorithm = algorithm(name);
    let known = Hash::Sha256.digest(&[format.as_bytes(), b"\0", text(name).as_bytes(), b"\0", &data].concat());
    let found = host.keys.known.borrow().get(&known).copied();
    let id = match found {
        Some(id) => id,
        None => {
            // A secret in PEM cannot be turned into bytes by connector code.
            let pem = std::str::from_utf8(&data).ok().filter(|text| is_secret && text.contains("-----BEGIN "));
            let key = match (format, pem) {
                ("pkcs8", Some(pem)) => Key::from_pem(algorithm, pem),
                ("pkcs8", None) => Key::from_pkcs8(algorithm, &data),
                ("spki", _) => Key::from_spki(algorithm, &data),
                ("jwk", _) => match serde_json::from_slice(&data) {
                    Ok(serde_json::Value::Object(jwk)) => Key::from_jwk(algorithm, &jwk),
                    _ => Err(KeyError::Data("the JWK is no object of texts")),
                },
                _ => Key::from_raw(algorithm, &data),
            };
            let key = match key {
                Ok(key) => key,
                Err(error) => return key_failed(ctx, &error),
            };
            let Some(id) = host.keys.add(key) else { return too_many(ctx) };
            host.keys.known.borrow_mut().insert(known, id);
            id
        }
    };
    let Some(key) = host.keys.get(id) else { return Ok(Value::new_undefined(ctx.clone())) };
    let parts = Object::new(ctx.clone())?;
    put(&parts, "id", id)?;
    put(&parts, "bits", key.bits() as u32)?;
    put(&parts, "secret", is_secret)?;
    if let Some((_, exponent)) = key.modulus_and_exponent() {
        put(&parts, "exponent", TypedArray::<u8>::new(ctx.clone(), exponent)?)?;
    }
    Ok(parts.into_value())
}

fn add_signatures<'js>(ctx: &Ctx<'js>, native: &Object<'js>, host: &Rc<Host>) -> rquickjs::Result<()> {
    let state = Rc::clone(host);
    let sign_jwt = move |ctx: Ctx<'js>, alg: Value<'js>, key: Value<'js>, header: Value<'js>, claims: Value<'js>| {
        let vault = state.seal.vault();
        let given = [text(&key), text(&header), text(&claims)];
        let [key, header, claims] = given.each_ref().map(|text| vault.reveal(text));
        let token =
            jwt::sign(&text(&alg), &key, &header, &claims).map_err(|message| Exception::throw_type(&ctx, &message))?;
        let found: Vec<_> = given.iter().flat_map(|text| vault.placeholders(text.as_bytes())).collect();
        if found.is_empty() {
            return token.into_js(&ctx);
        }
        // What a secret key signed is a credential itself, for the same hosts.
        (&*vault.add_watched(&token, secrets_in(&found))).into_js(&ctx)
    };
    native.set("signJwt", Function::new(ctx.clone(), sign_jwt)?)?;

    let state = Rc::clone(host);
    let sign_aws4 = move |ctx: Ctx<'js>, given: Object<'js>| sign_aws4(&ctx, &state, &given);
    native.set("signAws4", Function::new(ctx.clone(), sign_aws4)?)?;

    let state = Rc::clone(host);
    let sign_oauth1 = move |ctx: Ctx<'js>, given: Object<'js>| sign_oauth1(&ctx, &state, &given);
    native.set("signOauth1", Function::new(ctx.clone(), sign_oauth1)?)?;

    let state = Rc::clone(host);
    let add_secret = move |value: Value<'js>| {
        let given = text(&value);
        let vault = state.seal.vault();
        let found = vault.placeholders(given.as_bytes());
        if found.is_empty() {
            return own_secret(&state.seal, Origin::Handler, "moltler.secret", &given, &Credentials::default());
        }
        vault.add_watched(&vault.reveal(&given), secrets_in(&found)).to_string()
    };
    native.set("addSecret", Function::new(ctx.clone(), add_secret)?)
}

/// A request as it will leave, from `{method, url, headers, body}`.
fn outgoing<'js>(ctx: &Ctx<'js>, host: &Host, given: &Object<'js>, more: &[(&str, &str)]) -> rquickjs::Result<Request> {
    let parts: Object<'js> = given.get("parts")?;
    let url = Url::parse(&text(&parts.get("url")?)).map_err(|_| Exception::throw_type(ctx, "the URL is not valid"))?;
    let flat: Array<'js> = parts.get("headers")?;
    let flat: Vec<String> =
        flat.iter::<Value<'js>>().map(|value| Ok(text(&value?))).collect::<rquickjs::Result<_>>()?;
    let mut headers: Vec<(String, String)> =
        flat.chunks_exact(2).map(|pair| (pair[0].to_ascii_lowercase(), pair[1].clone())).collect();
    for (name, value) in more {
        headers.retain(|(other, _)| other != name);
        headers.push(((*name).to_owned(), (*value).to_owned()));
    }
    let mut request = Request {
        method: text(&parts.get("method")?),
        url,
        headers,
        body: raw::bytes(&parts.get("body")?),
        redirect: RedirectMode::Follow,
        seal: None,
        terms: crate::http::Terms::default(),
    };
    request.url.set_fragment(None);
    host.seal.fill(&mut request).map_err(|message| Exception::throw_type(ctx, &message))?;
    Ok(request)
}

/// The headers to set: name, value, …
fn sign_aws4<'js>(ctx: &Ctx<'js>, host: &Host, given: &Object<'js>) -> rquickjs::Result<Vec<String>> {
    let option = |name: &str| given.get::<_, Value<'js>>(name).map(|value| text(&value));
    let vault = host.seal.vault();
    let (access_key, secret_key, session_token) =
        (option("access_key")?, option("secret_key")?, option("session_token")?);
    let (region, service) = (option("region")?, option("service")?);
    let time: String = crate::coerce::timestamp_to_text(host.clock.now_micros().div_euclid(1_000_000) * 1_000_000);
    let time: String = time.chars().filter(|character| !matches!(character, '-' | ':')).collect();
    let time = match time.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => time,
    };
    let mut more = vec![("x-amz-date", time.as_str())];
    if !session_token.is_empty() {
        more.push(("x-amz-security-token", &session_token));
    }
    let mut request = outgoing(ctx, host, given, &more)?;
    let payload = hex(&Hash::Sha256.digest(request.body.as_deref().unwrap_or_default()));
    let mut result: Vec<String> =
        more.iter().flat_map(|(name, value)| [(*name).to_owned(), (*value).to_owned()]).collect();
    if service == "s3" {
        request.headers.push(("x-amz-content-sha256".to_owned(), payload.clone()));
        result.extend(["x-amz-content-sha256".to_owned(), payload.clone()]);
    }
    let secret_key = vault.reveal(&secret_key);
    // The id of the key is written as it was given: where it is a secret, its placeholder becomes the id on the wire.
    let credentials =
        aws4::Credentials { access_key: &access_key, secret_key: &secret_key, region: &region, service: &service };
    let authorization =
        aws4::authorization(&credentials, &time, &request.method, &request.url, &request.headers, &payload);
    result.extend(["authorization".to_owned(), authorization]);
    Ok(result)
}

/// The header.
fn sign_oauth1<'js>(ctx: &Ctx<'js>, host: &Host, given: &Object<'js>) -> rquickjs::Result<String> {
    let option = |name: &str| given.get::<_, Value<'js>>(name).map(|value| text(&value));
    let vault = host.seal.vault();
    let request = outgoing(ctx, host, given, &[])?;
    let name = option("method")?;
    let Some(method) = oauth1::Method::named(&name) else {
        let message = format!("'method' of moltler.sign.oauth1 is HMAC-SHA1, HMAC-SHA256 or PLAINTEXT, not '{name}'");
        return Err(Exception::throw_type(ctx, &message));
    };
    let mut nonce = [0; 16];
    if rustls::crypto::ring::default_provider().secure_random.fill(&mut nonce).is_err() {
        return Err(Exception::throw_message(ctx, "the system has no random numbers"));
    }
    let mut parameters = vec![
        ("oauth_consumer_key".to_owned(), option("consumer_key")?),
        ("oauth_nonce".to_owned(), hex(&nonce)),
        ("oauth_signature_method".to_owned(), name),
        ("oauth_timestamp".to_owned(), host.clock.now_micros().div_euclid(1_000_000).to_string()),
        ("oauth_version".to_owned(), "1.0".to_owned()),
    ];
    let token = option("token")?;
    if !token.is_empty() {
        parameters.push(("oauth_token".to_owned(), token));
    }
    let mut signed: Vec<(String, String)> =
        parameters.iter().map(|(name, value)| (name.clone(), vault.reveal(value).into_owned())).collect();
    let is_form = request.headers.iter().any(|(name, value)| {
        name == "content-type" && value.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded")
    });
    if is_form {
        let body = request.body.as_deref().unwrap_or_default();
        signed.extend(url::form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), value.into_owned())));
    }
    let (consumer_secret, token_secret) = (option("consumer_secret")?, option("token_secret")?);
    let signature = oauth1::signature(
        method,
        &vault.reveal(&consumer_secret),
        &vault.reveal(&token_secret),
        &request.method,
        &request.url,
        &signed,
    );
    let found: Vec<_> =
        [&consumer_secret, &token_secret].iter().flat_map(|text| vault.placeholders(text.as_bytes())).collect();
    let signature = if method == oauth1::Method::Plaintext && !found.is_empty() {
        vault.add_watched(&signature, secrets_in(&found)).to_string()
    } else {
        signature
    };
    parameters.push(("oauth_signature".to_owned(), signature));
    let realm = given.get::<_, Value<'js>>("realm")?;
    let header = oauth1::header(raw::text(&realm).as_deref(), &parameters);
    // Encoding leaves placeholders as they are: each becomes that of its encoded value.
    Ok(vault.derive(Derivation::Component, &header).unwrap_or(header))
}

fn add_tokens<'js>(ctx: &Ctx<'js>, native: &Object<'js>, host: &Rc<Host>) -> rquickjs::Result<()> {
    let state = Rc::clone(host);
    let key = move |credentials: Value<'js>, server: Value<'js>| {
        let (exchanges, vault) = (&state.token_exchanges, state.seal.vault());
        let credentials = text(&credentials);
        let key = Tokens::key(&exchanges.instance, &vault.reveal(&credentials));
        let secrets = secrets_in(&vault.placeholders(credentials.as_bytes()));
        let server = Url::parse(&text(&server)).ok().and_then(|url| HostRule::of_url(&url));
        exchanges.credentials.borrow_mut().insert(key.clone(), Rc::new(Credentials { secrets, server }));
        key
    };
    native.set("tokenKey", Function::new(ctx.clone(), key)?)?;

    let state = Rc::clone(host);
    let lock = move |ctx: Ctx<'js>, key: Value<'js>| {
        state
            .token_exchanges
            .tokens
            .try_lock(&text(&key))
            .map_err(|error| Exception::throw_message(&ctx, &error.to_string()))
    };
    native.set("tokenLock", Function::new(ctx.clone(), lock)?)?;

    let state = Rc::clone(host);
    let unlock = move |key: Value<'js>| state.token_exchanges.tokens.unlock(&text(&key));
    native.set("tokenUnlock", Function::new(ctx.clone(), unlock)?)?;

    let state = Rc::clone(host);
    let read = move |ctx: Ctx<'js>, key: Value<'js>| {
        let key = text(&key);
        let tokens = state.token_exchanges.tokens.read(&key);
        let tokens = tokens.map_err(|error| Exception::throw_message(&ctx, &error.to_string()))?;
        let Some(tokens) = tokens else { return Ok(Value::new_null(ctx)) };
        let (access, refresh) = state.token_exchanges.shown(&key, &tokens, &state.seal);
        let object = Object::new(ctx.clone())?;
        put(&object, "access_token", access)?;
        put(&object, "refresh_token", refresh)?;
        put(
            &object,
            "expires_at",
            tokens.expires_at.map_or(Value::new_null(ctx.clone()), |ms| Value::new_number(ctx, ms)),
        )?;
        Ok::<_, rquickjs::Error>(object.into_value())
    };
    native.set("tokenRead", Function::new(ctx.clone(), read)?)?;

    let state = Rc::clone(host);
    let next = move |key: Value<'js>| {
        state.token_exchanges.next.replace(raw::text(&key));
    };
    native.set("nextIsTokens", Function::new(ctx.clone(), next)?)
}
