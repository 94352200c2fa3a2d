//! The few things that the safe interface of the engine does not offer: loading bytecode, and copying text and bytes out.
#![expect(unsafe_code, reason = "loading bytecode and reading texts and bytes need the engine's C interface")]

use rquickjs::{Ctx, Module, Object, Value, qjs};

/// Loads a module from bytecode; its imports are linked when it is evaluated.
///
/// The bytes come from [`super::compile`] of this engine version: the image's digest and engine name are checked before
/// any program starts.
pub(super) fn load_module<'js>(ctx: &Ctx<'js>, bytes: &[u8]) -> rquickjs::Result<Module<'js>> {
    // SAFETY: the bytes were written by this engine version, as the contract above says.
    unsafe { Module::load(ctx.clone(), bytes) }
}

/// A JavaScript string as text; a lone surrogate becomes U+FFFD. `None` for any other value, or without memory.
pub(super) fn text(value: &Value<'_>) -> Option<String> {
    if !value.is_string() {
        return None;
    }
    let ctx = value.ctx().as_raw().as_ptr();
    let mut length = 0;
    // SAFETY: the value is a live string of this context; the bytes are copied before they are given back.
    unsafe {
        let data = qjs::JS_ToCStringLen(ctx, &mut length, value.as_raw());
        if data.is_null() {
            return None;
        }
        let text = from_wtf8(std::slice::from_raw_parts(data.cast(), length)).into_owned();
        qjs::JS_FreeCString(ctx, data);
        Some(text)
    }
}

/// The prototype of an object; `None` where it has none, and where a proxy refuses to tell: its exception is then pending.
pub(super) fn prototype<'js>(object: &Object<'js>) -> Option<Object<'js>> {
    let ctx = object.ctx();
    // SAFETY: the object is live; the engine gives a value of this context that is the caller's own.
    let value = unsafe {
        let raw = qjs::JS_GetPrototype(ctx.as_raw().as_ptr(), object.as_value().as_raw());
        Value::from_raw(ctx.clone(), raw)
    };
    value.into_object()
}

/// A copy of the bytes of an ArrayBuffer or of a Uint8Array.
pub(super) fn bytes(value: &Value<'_>) -> Option<Vec<u8>> {
    let object = value.as_object()?;
    let data = match object.as_typed_array::<u8>() {
        Some(array) => array.as_raw()?,
        None => object.as_array_buffer()?.as_raw()?,
    };
    // SAFETY: no JavaScript runs between taking the address and the end of the copy.
    Some(unsafe { data.as_ref() }.to_vec())
}

/// The engine hands out WTF-8: UTF-8 in which lone surrogates have three bytes.
pub(super) fn from_wtf8(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => {
            let mut text = String::with_capacity(bytes.len());
            let mut rest = bytes;
            while !rest.is_empty() {
                match std::str::from_utf8(rest) {
                    Ok(valid) => {
                        text.push_str(valid);
                        break;
                    }
                    Err(error) => {
                        let (valid, invalid) = rest.split_at(error.valid_up_to());
                        text.push_str(std::str::from_utf8(valid).expect("Invariant: this part was just found valid"));
                        text.push(char::REPLACEMENT_CHARACTER);
                        rest = &invalid[invalid.len().min(3)..];
                    }
                }
            }
            text.into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_is_the_one_that_is_named() {
        // SAFETY: the engine returns a constant text.
        let version = unsafe { std::ffi::CStr::from_ptr(qjs::JS_GetVersion()) };
        let version = version.to_str().expect("a version is ASCII");
        let name = crate::js::engine_version();
        assert!(name.contains(version), "{name}: {version}");
        assert!(name.len() <= 32, "an image has 32 bytes for it");
    }

    #[test]
    fn lone_surrogates_are_replaced() {
        assert_eq!(from_wtf8(b"a\xed\xa0\x80b\xed\xbf\xbf"), "a\u{fffd}b\u{fffd}");
        assert_eq!(from_wtf8(b"\xff"), "\u{fffd}");
        assert_eq!(from_wtf8("é😀".as_bytes()), "é😀");
    }
}
