//! What `globals/crypto.js` encrypts, decrypts and derives with keys of the host.
//!
//! Digests and derived bytes are made of the values of secrets, as signatures are: nobody finds the value in them. What can be
//! decrypted again is not: encryption refuses secrets.

use std::rc::Rc;

use rquickjs::{Ctx, Function, Object, TypedArray, Value};

use super::crypto::{bytes, failed, hash, key_failed};
use super::host::Host;
use crate::crypto::cipher;
use crate::crypto::key::{Key, KeyError};

/// Adds the functions to those that the globals are made of.
pub(super) fn add_native<'js>(ctx: &Ctx<'js>, native: &Object<'js>, host: &Rc<Host>) -> rquickjs::Result<()> {
    let state = Rc::clone(host);
    let encrypt = move |ctx: Ctx<'js>, id: u32, nonce: Value<'js>, additional: Value<'js>, data: Value<'js>| {
        let (nonce, additional, data) = (bytes(&nonce), bytes(&additional), bytes(&data));
        if [&nonce, &additional, &data].iter().any(|part| has_secret(&state, part)) {
            return holds_secret(&ctx, "encrypted");
        }
        with_key(&ctx, &state, id, |key| cipher::encrypt(key, &nonce, &additional, &data))
    };
    native.set("encryptWith", Function::new(ctx.clone(), encrypt)?)?;

    let state = Rc::clone(host);
    let decrypt = move |ctx: Ctx<'js>, id: u32, nonce: Value<'js>, additional: Value<'js>, data: Value<'js>| {
        let (nonce, additional, data) = (bytes(&nonce), bytes(&additional), bytes(&data));
        if [&nonce, &additional, &data].iter().any(|part| has_secret(&state, part)) {
            return holds_secret(&ctx, "decrypted");
        }
        // As what comes from the network: a server may have encrypted what it got.
        let masked = |bytes: Vec<u8>| state.seal.vault().mask(&bytes).unwrap_or(bytes);
        with_key(&ctx, &state, id, |key| cipher::decrypt(key, &nonce, &additional, &data).map(masked))
    };
    native.set("decryptWith", Function::new(ctx.clone(), decrypt)?)?;

    let state = Rc::clone(host);
    let hkdf = move |ctx: Ctx<'js>, id: u32, name: Value<'js>, salt: Value<'js>, info: Value<'js>, length: usize| {
        let vault = state.seal.vault();
        let (salt, info) = (bytes(&salt), bytes(&info));
        let (salt, info) = (vault.reveal_bytes(&salt), vault.reveal_bytes(&info));
        with_key(&ctx, &state, id, |key| match key {
            Key::Secret(key) => cipher::hkdf(hash(&name), key, &salt, &info, length),
            _ => Err(NO_DERIVATION),
        })
    };
    native.set("hkdf", Function::new(ctx.clone(), hkdf)?)?;

    let state = Rc::clone(host);
    let pbkdf2 = move |ctx: Ctx<'js>, id: u32, name: Value<'js>, salt: Value<'js>, iterations: u32, length: usize| {
        let salt = bytes(&salt);
        let salt = state.seal.vault().reveal_bytes(&salt);
        with_key(&ctx, &state, id, |key| match key {
            Key::Secret(key) => cipher::pbkdf2(hash(&name), key, &salt, iterations, length),
            _ => Err(NO_DERIVATION),
        })
    };
    native.set("pbkdf2", Function::new(ctx.clone(), pbkdf2)?)?;

    // Whether a key to be made of these bytes must never be seen.
    let state = Rc::clone(host);
    let is_secret = move |data: Value<'js>| has_secret(&state, &bytes(&data));
    native.set("hasSecret", Function::new(ctx.clone(), is_secret)?)
}

const NO_DERIVATION: KeyError = KeyError::Operation("nothing is derived from such a key");

fn with_key<'js>(
    ctx: &Ctx<'js>,
    host: &Host,
    id: u32,
    run: impl FnOnce(&Key) -> Result<Vec<u8>, KeyError>,
) -> rquickjs::Result<Value<'js>> {
    let Some(key) = host.keys.get(id) else { return Ok(Value::new_undefined(ctx.clone())) };
    match run(&key) {
        Ok(bytes) => Ok(TypedArray::<u8>::new_copy(ctx.clone(), bytes)?.into_value()),
        Err(error) => key_failed(ctx, &error),
    }
}

/// Whether there is a secret's placeholder in these bytes, or a piece of one.
fn has_secret(host: &Host, bytes: &[u8]) -> bool {
    let vault = host.seal.vault();
    let found = vault.placeholders(bytes);
    !found.is_empty() || vault.broken(bytes, &[]).is_some()
}

fn holds_secret<'js>(ctx: &Ctx<'js>, what: &str) -> rquickjs::Result<Value<'js>> {
    let message = format!(
        "a secret is not {what} here: connector code could find it in the result; `\"expose\": true` in CONFIG_SCHEMA gives the \
         handler its value"
    );
    failed(ctx, "NotSupportedError", &message)
}
