//! Safe access to a context's objects by the engine's C interface: properties by atom, texts without copies, whole documents.
//!
//! Invariant of this module: every `JSValue` given to a [`Walker`] is a live value of its context. They come from
//! [`Walker::borrow`] and from the walker itself, whose [`Owned`] values keep them alive.
#![expect(unsafe_code, reason = "the row walk reads objects by the engine's C interface")]

use std::borrow::Cow;
use std::marker::PhantomData;
use std::rc::Rc;

use rquickjs::{Ctx, qjs};

use super::failure::Thrown;
use super::raw::from_wtf8;
use crate::coerce::MAX_DEPTH;
use crate::value::{Document, Value};

/// Integers up to here are exact in a double.
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_992.0;
/// The engine's class of ordinary objects, instances of classes among them.
const CLASS_OBJECT: u32 = 1;
/// The range of `Date`, in milliseconds.
const MAX_DATE: f64 = 8.64e15;
/// What an element or member of a document costs at least.
const NODE_BYTES: u64 = 48;

/// Why a field could not be read.
pub(super) enum FieldError {
    /// JavaScript ran and threw.
    Thrown(Raised),
    /// A sentence without the place.
    Misfit(String),
    /// Something that is no data: where in the value, and what it is.
    NoData {
        /// `a.b[0]`; empty for the value itself.
        path: String,
        /// `a function`
        kind: String,
    },
    /// The result is too large.
    Budget,
}

/// An exception, taken from the context.
pub(super) struct Raised(pub(super) Box<Thrown>);

impl From<Raised> for FieldError {
    fn from(raised: Raised) -> FieldError {
        FieldError::Thrown(raised)
    }
}

/// Access to the objects of a context.
pub(super) struct Walker<'js> {
    ctx: Ctx<'js>,
    raw: *mut qjs::JSContext,
    object_prototype: Option<rquickjs::Value<'js>>,
}

/// A value that is given back when it goes.
pub(super) struct Owned<'w> {
    ctx: *mut qjs::JSContext,
    value: qjs::JSValue,
    walker: PhantomData<&'w ()>,
}

impl Owned<'_> {
    /// The value, alive as long as `self`.
    pub(super) fn raw(&self) -> qjs::JSValue {
        self.value
    }
}

impl Drop for Owned<'_> {
    fn drop(&mut self) {
        // SAFETY: the value is owned, and the walker it borrows from keeps the context alive.
        unsafe { qjs::JS_FreeValue(self.ctx, self.value) }
    }
}

/// The name of a property.
pub(super) struct Atom<'w> {
    ctx: *mut qjs::JSContext,
    atom: qjs::JSAtom,
    /// Every object inherits a property of this name, such as `constructor`.
    inherited: bool,
    walker: PhantomData<&'w ()>,
}

impl Drop for Atom<'_> {
    fn drop(&mut self) {
        // SAFETY: the atom is owned, and the walker it borrows from keeps the context alive.
        unsafe { qjs::JS_FreeAtom(self.ctx, self.atom) }
    }
}

/// The text of a string, without a copy where it is ASCII.
pub(super) struct Text<'w> {
    ctx: *mut qjs::JSContext,
    data: *const std::ffi::c_char,
    length: usize,
    walker: PhantomData<&'w ()>,
}

impl Text<'_> {
    /// A lone surrogate is U+FFFD.
    pub(super) fn as_str(&self) -> Cow<'_, str> {
        // SAFETY: the engine gave this address and length; they are valid until the drop.
        from_wtf8(unsafe { std::slice::from_raw_parts(self.data.cast(), self.length) })
    }
}

impl Drop for Text<'_> {
    fn drop(&mut self) {
        // SAFETY: the text came from JS_ToCStringLen of this context.
        unsafe { qjs::JS_FreeCString(self.ctx, self.data) }
    }
}

impl<'js> Walker<'js> {
    pub(super) fn new(ctx: &Ctx<'js>) -> Walker<'js> {
        let object_prototype = rquickjs::Object::new(ctx.clone())
            .ok()
            .and_then(|object| object.get_prototype())
            .map(rquickjs::Object::into_value);
        Walker { ctx: ctx.clone(), raw: ctx.as_raw().as_ptr(), object_prototype }
    }

    /// A value to walk.
    pub(super) fn borrow(&self, value: &rquickjs::Value<'js>) -> Owned<'_> {
        self.duplicate(value.as_raw())
    }

    pub(super) fn duplicate(&self, value: qjs::JSValue) -> Owned<'_> {
        // SAFETY: the value is alive, by the module's invariant.
        self.own(unsafe { qjs::JS_DupValue(self.raw, value) })
    }

    fn own(&self, value: qjs::JSValue) -> Owned<'_> {
        Owned { ctx: self.raw, value, walker: PhantomData }
    }

    /// The value, or the exception that the engine reported by it.
    fn checked(&self, value: qjs::JSValue) -> Result<Owned<'_>, Raised> {
        // SAFETY: looks at the tag only.
        if unsafe { qjs::JS_IsException(value) } { Err(self.raised()) } else { Ok(self.own(value)) }
    }

    fn raised(&self) -> Raised {
        Raised(Box::new(Thrown::pending(&self.ctx)))
    }

    /// Drops an exception that does not matter.
    pub(super) fn clear_exception(&self) {
        drop(self.ctx.catch());
    }

    pub(super) fn atom(&self, name: &str) -> Result<Atom<'_>, Raised> {
        // SAFETY: address and length are those of a live text.
        let atom = unsafe { qjs::JS_NewAtomLen(self.raw, name.as_ptr().cast(), name.len() as _) };
        if atom == qjs::JS_ATOM_NULL {
            return Err(self.raised());
        }
        let inherited = self.object_prototype.as_ref().is_some_and(|prototype| {
            // SAFETY: the prototype is a live object.
            unsafe { qjs::JS_HasProperty(self.raw, prototype.as_raw(), atom) != 0 }
        });
        Ok(Atom { ctx: self.raw, atom, inherited, walker: PhantomData })
    }

    /// A property, inherited ones too.
    pub(super) fn get(&self, object: qjs::JSValue, atom: &Atom<'_>) -> Result<Owned<'_>, Raised> {
        // SAFETY: object and atom are alive.
        self.checked(unsafe { qjs::JS_GetProperty(self.raw, object, atom.atom) })
    }

    /// A property, but not one that every object inherits.
    pub(super) fn get_field(&self, object: qjs::JSValue, atom: &Atom<'_>) -> Result<Owned<'_>, Raised> {
        if atom.inherited {
            // SAFETY: object and atom are alive; without a descriptor only the presence is told.
            let own = unsafe { qjs::JS_GetOwnProperty(self.raw, std::ptr::null_mut(), object, atom.atom) };
            match own {
                0 => return Ok(self.own(qjs::JS_UNDEFINED)),
                1.. => {}
                _ => return Err(self.raised()),
            }
        }
        self.get(object, atom)
    }

    pub(super) fn element(&self, array: qjs::JSValue, index: i64) -> Result<Owned<'_>, Raised> {
        // SAFETY: the array is alive.
        self.checked(unsafe { qjs::JS_GetPropertyInt64(self.raw, array, index) })
    }

    pub(super) fn length(&self, array: qjs::JSValue) -> Result<i64, Raised> {
        let mut length = 0;
        // SAFETY: the array is alive, the result is written to a local.
        match unsafe { qjs::JS_GetLength(self.raw, array, &mut length) } {
            0.. => Ok(length),
            _ => Err(self.raised()),
        }
    }

    fn tag(value: qjs::JSValue) -> i32 {
        // SAFETY: looks at the tag only.
        unsafe { qjs::JS_VALUE_GET_NORM_TAG(value) }
    }

    pub(super) fn is_object(&self, value: qjs::JSValue) -> bool {
        Walker::tag(value) == qjs::JS_TAG_OBJECT
    }

    /// Also a proxy for an array.
    pub(super) fn is_array(&self, value: qjs::JSValue) -> bool {
        if self.is_proxy(value) {
            // SAFETY: the value is a live proxy.
            let target = unsafe { qjs::JS_GetProxyTarget(self.raw, value) };
            return match self.checked(target) {
                // SAFETY: looks at the object's class. A proxy of a proxy is no array here.
                Ok(target) => unsafe { qjs::JS_IsArray(target.raw()) },
                Err(_) => false,
            };
        }
        // SAFETY: looks at the object's class.
        unsafe { qjs::JS_IsArray(value) }
    }

    fn is_proxy(&self, value: qjs::JSValue) -> bool {
        // SAFETY: looks at the object's class.
        unsafe { qjs::JS_IsProxy(value) }
    }

    pub(super) fn is_function(&self, value: qjs::JSValue) -> bool {
        // SAFETY: the value is alive.
        unsafe { qjs::JS_IsFunction(self.raw, value) }
    }

    pub(super) fn is_date(&self, value: qjs::JSValue) -> bool {
        // SAFETY: looks at the object's class.
        unsafe { qjs::JS_IsDate(value) }
    }

    /// Whether an object is plain data: of the ordinary class, or a proxy.
    pub(super) fn is_plain(&self, value: qjs::JSValue) -> bool {
        // SAFETY: looks at the object's class.
        let class = unsafe { qjs::JS_GetClassID(value) };
        class == CLASS_OBJECT || (self.is_proxy(value) && !self.is_function(value) && !self.is_array(value))
    }

    /// Whether an object may be a row: what has fields of its own, not a container or a function.
    pub(super) fn is_row(&self, value: qjs::JSValue) -> bool {
        matches!(self.kind(value), "an object" | "an Error" | "an object that holds no data")
    }

    /// The time of a `Date` in microseconds; `None` where it is invalid.
    pub(super) fn date(&self, value: qjs::JSValue) -> Result<Option<i64>, Raised> {
        let mut ms = 0.0;
        // SAFETY: the value is alive, the result is written to a local.
        if unsafe { qjs::JS_ToFloat64(self.raw, &mut ms, value) } != 0 {
            return Err(self.raised());
        }
        Ok((ms.abs() <= MAX_DATE).then(|| (ms.trunc() as i64) * 1000))
    }

    /// The text of a string, or the digits of a BigInt.
    pub(super) fn text(&self, value: qjs::JSValue) -> Result<Text<'_>, Raised> {
        let mut length = 0;
        // SAFETY: the value is alive, the length is written to a local.
        let data = unsafe { qjs::JS_ToCStringLen(self.raw, &mut length, value) };
        if data.is_null() {
            return Err(self.raised());
        }
        Ok(Text { ctx: self.raw, data, length: length as usize, walker: PhantomData })
    }

    /// Names of own enumerable properties.
    pub(super) fn keys(&self, object: qjs::JSValue) -> Result<Vec<String>, Raised> {
        let mut keys = Vec::new();
        self.each_key(object, |_, key, _| {
            keys.push(key.to_owned());
            Ok(())
        })
        .map_err(|error| match error {
            FieldError::Thrown(raised) => raised,
            _ => Raised(Box::default()),
        })?;
        Ok(keys)
    }

    fn each_key(
        &self,
        object: qjs::JSValue,
        mut each: impl FnMut(&Walker<'js>, &str, &Atom<'_>) -> Result<(), FieldError>,
    ) -> Result<(), FieldError> {
        let flags = (qjs::JS_GPN_STRING_MASK | qjs::JS_GPN_ENUM_ONLY) as i32;
        let (mut table, mut count) = (std::ptr::null_mut(), 0);
        // SAFETY: the object is alive, the results are written to locals.
        if unsafe { qjs::JS_GetOwnPropertyNames(self.raw, &mut table, &mut count, object, flags) } != 0 {
            return Err(self.raised().into());
        }
        let mut result = Ok(());
        for index in 0..count as usize {
            // SAFETY: the engine wrote `count` entries; each atom is owned by the table until it is freed below.
            let atom = unsafe { (*table.add(index)).atom };
            // SAFETY: the atom is alive; the duplicate is owned by the guard.
            let atom = unsafe { qjs::JS_DupAtom(self.raw, atom) };
            let atom = Atom { ctx: self.raw, atom, inherited: false, walker: PhantomData };
            let mut length = 0;
            // SAFETY: the atom is alive, the length is written to a local.
            let data = unsafe { qjs::JS_AtomToCStringLen(self.raw, &mut length, atom.atom) };
            result = if data.is_null() {
                Err(self.raised().into())
            } else {
                let name = Text { ctx: self.raw, data, length: length as usize, walker: PhantomData };
                each(self, &name.as_str(), &atom)
            };
            if result.is_err() {
                break;
            }
        }
        // SAFETY: table and count are as the engine gave them.
        unsafe { qjs::JS_FreePropertyEnum(self.raw, table, count) };
        result
    }

    /// What a value is, for a message: `a string`, `undefined`, `a Map`.
    pub(super) fn kind(&self, value: qjs::JSValue) -> &'static str {
        match Walker::tag(value) {
            qjs::JS_TAG_UNDEFINED | qjs::JS_TAG_UNINITIALIZED => "undefined",
            qjs::JS_TAG_NULL => "null",
            qjs::JS_TAG_BOOL => "a boolean",
            qjs::JS_TAG_INT | qjs::JS_TAG_FLOAT64 => "a number",
            qjs::JS_TAG_STRING | qjs::JS_TAG_STRING_ROPE => "a string",
            qjs::JS_TAG_BIG_INT | qjs::JS_TAG_SHORT_BIG_INT => "a BigInt",
            qjs::JS_TAG_SYMBOL => "a symbol",
            // SAFETY: these look at the object's class.
            qjs::JS_TAG_OBJECT => unsafe {
                if self.is_array(value) {
                    "an array"
                } else if self.is_function(value) {
                    "a function"
                } else if qjs::JS_IsPromise(value) {
                    "a promise (`await` is missing)"
                } else if qjs::JS_IsMap(value) {
                    "a Map"
                } else if qjs::JS_IsSet(value) {
                    "a Set"
                } else if qjs::JS_IsDate(value) {
                    "a Date"
                } else if qjs::JS_IsRegExp(value) {
                    "a RegExp"
                } else if qjs::JS_IsError(value) {
                    "an Error"
                } else if qjs::JS_IsArrayBuffer(value) || qjs::JS_GetTypedArrayType(value) >= 0 {
                    "an array of bytes"
                } else if qjs::JS_IsWeakMap(value) || qjs::JS_IsWeakSet(value) || qjs::JS_IsWeakRef(value) {
                    "a weak reference"
                } else if self.is_plain(value) {
                    "an object"
                } else {
                    "an object that holds no data"
                }
            },
            _ => "a value without data",
        }
    }

    /// The value as one of ours. `budget` is what it may still cost in bytes.
    pub(super) fn value(&self, value: qjs::JSValue, depth: usize, budget: &mut u64) -> Result<Value, FieldError> {
        let spend = |budget: &mut u64, bytes: u64| -> Result<(), FieldError> {
            *budget = budget.checked_sub(bytes).ok_or(FieldError::Budget)?;
            Ok(())
        };
        spend(budget, NODE_BYTES)?;
        match Walker::tag(value) {
            qjs::JS_TAG_UNDEFINED | qjs::JS_TAG_NULL | qjs::JS_TAG_UNINITIALIZED => Ok(Value::Null),
            // SAFETY: the tag says what the payload is.
            qjs::JS_TAG_BOOL => Ok(Value::Boolean(unsafe { qjs::JS_VALUE_GET_BOOL(value) })),
            // SAFETY: the tag says what the payload is.
            qjs::JS_TAG_INT => Ok(Value::Integer(i64::from(unsafe { qjs::JS_VALUE_GET_INT(value) }))),
            // SAFETY: the tag says what the payload is.
            qjs::JS_TAG_FLOAT64 => Ok(number(unsafe { qjs::JS_VALUE_GET_FLOAT64(value) })),
            qjs::JS_TAG_STRING | qjs::JS_TAG_STRING_ROPE => {
                let text = self.text(value)?;
                let text = text.as_str();
                spend(budget, text.len() as u64)?;
                Ok(Value::String(Rc::from(&*text)))
            }
            qjs::JS_TAG_BIG_INT | qjs::JS_TAG_SHORT_BIG_INT => {
                let digits = self.text(value)?;
                let digits = digits.as_str();
                spend(budget, digits.len() as u64)?;
                Ok(digits.parse().map_or_else(|_| Value::String(Rc::from(&*digits)), Value::Integer))
            }
            qjs::JS_TAG_OBJECT if depth >= MAX_DEPTH => {
                Err(FieldError::Misfit(format!("it is nested more than {MAX_DEPTH} levels deep, or contains itself")))
            }
            qjs::JS_TAG_OBJECT => self.object(value, depth, budget),
            _ => Err(FieldError::NoData { path: String::new(), kind: self.kind(value).to_owned() }),
        }
    }

    fn object(&self, value: qjs::JSValue, depth: usize, budget: &mut u64) -> Result<Value, FieldError> {
        if self.is_date(value) {
            return Ok(self.date(value)?.map_or(Value::Null, Value::Timestamp));
        }
        if self.is_array(value) {
            let length = self.length(value)?;
            let mut values = Vec::new();
            for index in 0..length {
                let element = self.element(value, index)?;
                let element = self.value(element.raw(), depth + 1, budget);
                values.push(element.map_err(|error| error.inside(&format!("[{index}]")))?);
            }
            return Ok(Value::Array(Rc::new(values)));
        }
        if !self.is_plain(value) {
            return Err(FieldError::NoData { path: String::new(), kind: self.kind(value).to_owned() });
        }
        if let Some(json) = self.to_json(value)? {
            return self.value(json.raw(), depth + 1, budget);
        }
        let mut document = Document::new();
        self.each_key(value, |walker, key, atom| {
            let member = walker.get(value, atom)?;
            if Walker::tag(member.raw()) != qjs::JS_TAG_UNDEFINED {
                let member = walker.value(member.raw(), depth + 1, budget).map_err(|error| error.inside(key))?;
                *budget = budget.checked_sub(key.len() as u64 + NODE_BYTES).ok_or(FieldError::Budget)?;
                document.insert(Rc::from(key), member);
            }
            Ok(())
        })?;
        Ok(Value::Document(Rc::new(document)))
    }

    /// What an instance of a class gives as its JSON, such as a URL its text; `None` for plain objects.
    fn to_json(&self, object: qjs::JSValue) -> Result<Option<Owned<'_>>, FieldError> {
        // SAFETY: the object is alive.
        let prototype = self.checked(unsafe { qjs::JS_GetPrototype(self.raw, object) })?;
        let is_ordinary = !self.is_object(prototype.raw())
            || self.object_prototype.as_ref().is_some_and(|ordinary| {
                // SAFETY: both are live objects.
                unsafe { qjs::JS_VALUE_GET_PTR(ordinary.as_raw()) == qjs::JS_VALUE_GET_PTR(prototype.raw()) }
            });
        if is_ordinary {
            return Ok(None);
        }
        let atom = self.atom("toJSON")?;
        let method = self.get(object, &atom)?;
        if !self.is_function(method.raw()) {
            return Ok(None);
        }
        // SAFETY: function and object are alive; there are no arguments.
        let result = unsafe { qjs::JS_Call(self.raw, method.raw(), object, 0, std::ptr::null_mut()) };
        Ok(Some(self.checked(result)?))
    }
}

impl FieldError {
    /// The error of a member, seen from the value that holds it.
    fn inside(self, key: &str) -> FieldError {
        match self {
            FieldError::NoData { path, kind } => {
                let separator = if path.is_empty() || path.starts_with('[') { "" } else { "." };
                FieldError::NoData { path: format!("{key}{separator}{path}"), kind }
            }
            other => other,
        }
    }
}

fn number(number: f64) -> Value {
    if !number.is_finite() {
        Value::Null
    } else if number.fract() == 0.0 && number.abs() <= MAX_SAFE_INTEGER {
        Value::Integer(number as i64)
    } else {
        Value::Number(number)
    }
}
