//! Values into JavaScript: fresh plain objects for each call.

use rquickjs::object::Property;
use rquickjs::{Array, Ctx, Function, IntoJs, Object, Value as JsValue};

use crate::coerce::{date_to_text, interval_to_text, timestamp_to_text};
use crate::value::Value;

/// Beyond it a double cannot tell two neighbours apart.
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// How points in time reach JavaScript.
#[derive(Clone)]
pub(super) enum Times<'js> {
    /// As ISO 8601 text: in config, filters and options.
    Text,
    /// As `Date`: in params. The function makes one from milliseconds.
    Date(Function<'js>),
}

/// `value` as ordinary JavaScript; NULL is `null`.
pub(super) fn to_js<'js>(ctx: &Ctx<'js>, value: &Value, times: &Times<'js>) -> rquickjs::Result<JsValue<'js>> {
    match value {
        Value::Null => Ok(JsValue::new_null(ctx.clone())),
        Value::Boolean(boolean) => Ok(JsValue::new_bool(ctx.clone(), *boolean)),
        Value::Integer(integer) => integer_to_js(ctx, *integer),
        Value::Number(number) => Ok(JsValue::new_number(ctx.clone(), *number)),
        Value::String(text) => (&**text).into_js(ctx),
        Value::Timestamp(micros) => match times {
            Times::Text => timestamp_to_text(*micros).into_js(ctx),
            Times::Date(make) => make.call((micros.div_euclid(1000) as f64,)),
        },
        Value::Date(days) => date_to_text(*days).into_js(ctx),
        Value::Interval(interval) => interval_to_text(*interval).into_js(ctx),
        Value::Array(values) => {
            let array = Array::new(ctx.clone())?;
            for (index, value) in values.iter().enumerate() {
                array.set(index, to_js(ctx, value, times)?)?;
            }
            Ok(array.into_value())
        }
        Value::Document(document) => {
            let object = Object::new(ctx.clone())?;
            for (key, value) in document.iter() {
                define(&object, key, to_js(ctx, value, times)?)?;
            }
            Ok(object.into_value())
        }
    }
}

/// A number, or a BigInt where a number would lose digits.
pub(super) fn integer_to_js<'js>(ctx: &Ctx<'js>, integer: i64) -> rquickjs::Result<JsValue<'js>> {
    if integer.unsigned_abs() > MAX_SAFE_INTEGER {
        JsValue::new_big_int(ctx.clone(), integer)
    } else {
        Ok(JsValue::new_number(ctx.clone(), integer as f64))
    }
}

/// Defines an ordinary property, whatever its name and whatever a handler put into the prototype of all objects: setting one would
/// call its setters.
pub(super) fn define<'js>(object: &Object<'js>, key: &str, value: JsValue<'js>) -> rquickjs::Result<()> {
    object.prop(key, Property::from(value).writable().enumerable().configurable())
}

/// Like [`define`], of any value.
pub(super) fn put<'js>(object: &Object<'js>, key: &str, value: impl IntoJs<'js>) -> rquickjs::Result<()> {
    define(object, key, value.into_js(object.ctx())?)
}
