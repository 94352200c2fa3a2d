//! What `globals/secrets.js` calls: results of functions for texts with placeholders.

use std::rc::Rc;

use rquickjs::{Ctx, Exception, Function, IntoJs, Object, Value};

use super::host::Host;
use super::raw;
use crate::secrets::vault::{Derivation, Encoded};

/// Adds the functions to those that the globals are made of.
pub(super) fn add_native<'js>(ctx: &Ctx<'js>, native: &Object<'js>, host: &Rc<Host>) -> rquickjs::Result<()> {
    let state = Rc::clone(host);
    let derive = move |ctx: Ctx<'js>, how: u8, text: Value<'js>| {
        let how = match how {
            0 => Derivation::Component,
            1 => Derivation::Uri,
            _ => Derivation::Json,
        };
        converted(&ctx, &state, text, |text| state.seal.vault().derive(how, text))
    };
    native.set("derive", Function::new(ctx.clone(), derive)?)?;

    let state = Rc::clone(host);
    let underive = move |ctx: Ctx<'js>, how: u8, text: Value<'js>| {
        let encoded: &[Encoded] = if how == 0 { &[Encoded::Percent] } else { &[Encoded::Json] };
        converted(&ctx, &state, text, |text| state.seal.vault().underive(encoded, text))
    };
    native.set("underive", Function::new(ctx.clone(), underive)?)?;

    // `undefined` where there is no placeholder.
    let state = Rc::clone(host);
    let base64 = move |ctx: Ctx<'js>, text: Value<'js>| {
        let vault = state.seal.vault();
        if vault.is_empty() {
            return Ok(Value::new_undefined(ctx));
        }
        let text = raw::text(&text).unwrap_or_default();
        if let Err(message) = state.seal.check_whole(&text) {
            return Err(Exception::throw_type(&ctx, &message));
        }
        match vault.derive_base64(&text) {
            Some(placeholder) => (&*placeholder).into_js(&ctx),
            None => Ok(Value::new_undefined(ctx)),
        }
    };
    native.set("deriveBase64", Function::new(ctx.clone(), base64)?)
}

/// The text itself where there is nothing to do, without a copy of it where there are no secrets at all.
fn converted<'js>(
    ctx: &Ctx<'js>,
    host: &Host,
    text: Value<'js>,
    convert: impl FnOnce(&str) -> Option<String>,
) -> rquickjs::Result<Value<'js>> {
    if host.seal.vault().is_empty() {
        return Ok(text);
    }
    match raw::text(&text).and_then(|text| convert(&text)) {
        Some(converted) => converted.into_js(ctx),
        None => Ok(text),
    }
}
