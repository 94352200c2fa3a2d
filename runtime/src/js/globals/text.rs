//! Text and bytes: encodings, forms, percent-encoding.

use std::cell::RefCell;

use encoding_rs::{Decoder, DecoderResult, Encoding};
use rquickjs::{Array, Ctx, Exception, Function, IntoJs, Object, TypedArray, Value};
use url::form_urlencoded;

use super::multipart;
use crate::js::convert::put;
use crate::js::raw;

pub(super) fn encode_text<'js>(ctx: Ctx<'js>, text: Value<'js>) -> rquickjs::Result<TypedArray<'js, u8>> {
    TypedArray::new_copy(ctx, raw::text(&text).unwrap_or_default())
}

/// UTF-8 to text; `null` where `fatal` is set and the bytes are not UTF-8.
pub(super) fn decode_text<'js>(ctx: Ctx<'js>, bytes: Value<'js>, fatal: bool) -> rquickjs::Result<Value<'js>> {
    let bytes = raw::bytes(&bytes).unwrap_or_default();
    match std::str::from_utf8(&bytes) {
        Ok(text) => text.into_js(&ctx),
        Err(_) if fatal => Ok(Value::new_null(ctx)),
        Err(_) => String::from_utf8_lossy(&bytes).into_js(&ctx),
    }
}

/// The name of the encoding with this label; `undefined` where a decoder cannot have it.
pub(super) fn encoding_of<'js>(label: Value<'js>) -> Option<String> {
    let label = raw::text(&label)?;
    Encoding::for_label_no_replacement(label.as_bytes()).map(|encoding| encoding.name().to_ascii_lowercase())
}

/// A function `(bytes, isLast)` that gives the text of one piece after the other, `null` where it is not valid.
pub(super) fn decoder<'js>(
    ctx: Ctx<'js>,
    name: String,
    fatal: bool,
    ignore_bom: bool,
) -> rquickjs::Result<Function<'js>> {
    let Some(encoding) = Encoding::for_label(name.as_bytes()) else {
        return Err(Exception::throw_range(&ctx, "there is no such encoding"));
    };
    let decoder = match ignore_bom {
        true => encoding.new_decoder_without_bom_handling(),
        false => encoding.new_decoder_with_bom_removal(),
    };
    let decoder = RefCell::new(decoder);
    Function::new(ctx, move |ctx: Ctx<'js>, bytes: Value<'js>, is_last: bool| -> rquickjs::Result<Value<'js>> {
        let bytes = raw::bytes(&bytes).unwrap_or_default();
        match decode(&mut decoder.borrow_mut(), &bytes, fatal, is_last) {
            Some(text) => text.into_js(&ctx),
            None => Ok(Value::new_null(ctx)),
        }
    })
}

fn decode(decoder: &mut Decoder, bytes: &[u8], fatal: bool, is_last: bool) -> Option<String> {
    if !fatal {
        let mut text = String::with_capacity(decoder.max_utf8_buffer_length(bytes.len())?);
        let _ = decoder.decode_to_string(bytes, &mut text, is_last);
        return Some(text);
    }
    let mut text = String::with_capacity(decoder.max_utf8_buffer_length_without_replacement(bytes.len())?);
    match decoder.decode_to_string_without_replacement(bytes, &mut text, is_last).0 {
        DecoderResult::Malformed(..) => None,
        DecoderResult::InputEmpty | DecoderResult::OutputFull => Some(text),
    }
}

/// The bytes of a percent-encoded text.
pub(super) fn percent_decode<'js>(ctx: Ctx<'js>, text: Value<'js>) -> rquickjs::Result<TypedArray<'js, u8>> {
    let text = raw::text(&text).unwrap_or_default();
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let digits = tail.get(..2).filter(|digits| *first == b'%' && digits.iter().all(u8::is_ascii_hexdigit));
        let code = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    TypedArray::new_copy(ctx, bytes)
}

/// `{name, filename, type, body}` of each part; `null` where the body is not well-formed.
pub(super) fn parse_multipart<'js>(
    ctx: Ctx<'js>,
    bytes: Value<'js>,
    boundary: Value<'js>,
) -> rquickjs::Result<Value<'js>> {
    let bytes = raw::bytes(&bytes).unwrap_or_default();
    let boundary = raw::text(&boundary).unwrap_or_default();
    let Some(parts) = multipart::parse(&bytes, &boundary) else { return Ok(Value::new_null(ctx)) };
    let list = Array::new(ctx.clone())?;
    for (index, part) in parts.into_iter().enumerate() {
        let object = Object::new(ctx.clone())?;
        put(&object, "name", part.name)?;
        put(&object, "filename", part.filename)?;
        put(&object, "type", part.media_type)?;
        put(&object, "body", TypedArray::<u8>::new_copy(ctx.clone(), part.body)?)?;
        list.set(index, object)?;
    }
    Ok(list.into_value())
}

/// Name, value, name, value, … of a form.
pub(super) fn parse_form(text: &str) -> Vec<String> {
    form_urlencoded::parse(text.as_bytes()).flat_map(|(name, value)| [name.into_owned(), value.into_owned()]).collect()
}

/// A form of name, value, name, value, …
pub(super) fn write_form<'js>(flat: Array<'js>) -> rquickjs::Result<String> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs(texts(&flat)?) {
        form.append_pair(&name, &value);
    }
    Ok(form.finish())
}

/// An array's texts.
pub(super) fn texts(array: &Array<'_>) -> rquickjs::Result<Vec<String>> {
    array.iter::<Value<'_>>().map(|value| Ok(raw::text(&value?).unwrap_or_default())).collect()
}

/// Name, value, name, value, … as pairs.
pub(super) fn pairs(flat: Vec<String>) -> Vec<(String, String)> {
    let mut flat = flat.into_iter();
    std::iter::from_fn(|| flat.next().zip(flat.next())).collect()
}
