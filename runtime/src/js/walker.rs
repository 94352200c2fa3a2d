//! Safe access to a context's objects by the engine's C interface: properties by atom, texts without copies, whole documents.
//!
//! Invariant of this module: every `JSValue` given to a [`Walker`] is a live value of its context. They come from
//! [`Walker::borrow`] and from the walker itself, whose [`Owned`] values keep them alive.
#![expect(unsafe_code, reason = "the row walk reads objects by the engine's C interface")]

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
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
/// Objects used as maps have too many keys to keep them.
const MAX_KEYS: usize = 1000;
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
    /// Keys of documents by their atoms, which are owned: the rows of a page mostly have the same ones.
    keys: RefCell<HashMap<qjs::JSAtom, Rc<str>>>,
}

impl Drop for Walker<'_> {
    fn drop(&mut self) {
        for atom in self.keys.get_mut().keys() {
            // SAFETY: the atoms are owned, the context is alive as long as `ctx`.
            unsafe { qjs::JS_FreeAtom(self.raw, *atom) }
        }
    }
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
        Walker { ctx: ctx.clone(), raw: ctx.as_raw().as_ptr(), object_prototype, keys: RefCell::default() }
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
        // SAFETY: looks at the object's class.
        let class = unsafe { qjs::JS_GetClassID(value) };
        class == CLASS_OBJECT || matches!(self.kind(value), "an object" | "an Error" | "an object that holds no data")
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
        Ok(Text { ctx: self.raw, data, length, walker: PhantomData })
    }

    /// Names of own enumerable properties.
    pub(super) fn keys(&self, object: qjs::JSValue) -> Result<Vec<String>, Raised> {
        Ok(self.members(object)?.into_iter().map(|(key, _)| key.to_string()).collect())
    }

    /// Own enumerable properties, in their order.
    fn members(&self, object: qjs::JSValue) -> Result<Vec<(Rc<str>, Atom<'_>)>, Raised> {
        let flags = (qjs::JS_GPN_STRING_MASK | qjs::JS_GPN_ENUM_ONLY) as i32;
        let (mut table, mut count) = (std::ptr::null_mut(), 0);
        // SAFETY: the object is alive, the results are written to locals.
        if unsafe { qjs::JS_GetOwnPropertyNames(self.raw, &mut table, &mut count, object, flags) } != 0 {
            return Err(self.raised());
        }
        let members = (0..count as usize)
            .map(|index| {
                // SAFETY: the engine wrote `count` entries. The table keeps its atom; the guard owns a duplicate.
                let atom = unsafe { qjs::JS_DupAtom(self.raw, (*table.add(index)).atom) };
                let atom = Atom { ctx: self.raw, atom, inherited: false, walker: PhantomData };
                Ok((self.key(&atom)?, atom))
            })
            .collect();
        // SAFETY: table and count are as the engine gave them.
        unsafe { qjs::JS_FreePropertyEnum(self.raw, table, count) };
        members
    }

    fn key(&self, atom: &Atom<'_>) -> Result<Rc<str>, Raised> {
        if let Some(key) = self.keys.borrow().get(&atom.atom) {
            return Ok(Rc::clone(key));
        }
        let mut length = 0;
        // SAFETY: the atom is alive, the length is written to a local.
        let data = unsafe { qjs::JS_AtomToCStringLen(self.raw, &mut length, atom.atom) };
        if data.is_null() {
            return Err(self.raised());
        }
        let name = Text { ctx: self.raw, data, length: length as usize, walker: PhantomData };
        let key: Rc<str> = Rc::from(&*name.as_str());
        let mut keys = self.keys.borrow_mut();
        if keys.len() < MAX_KEYS {
            // SAFETY: the atom is alive; the duplicate is freed with the walker.
            keys.insert(unsafe { qjs::JS_DupAtom(self.raw, atom.atom) }, Rc::clone(&key));
        }
        Ok(key)
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

    /// The value as one of ours. `budget` is what it may still cost in bytes. Needs no stack for nested values.
    pub(super) fn value(&self, value: qjs::JSValue, budget: &mut u64) -> Result<Value, FieldError> {
        let mut levels: Vec<Level<'_>> = Vec::new();
        let mut current = self.duplicate(value);
        loop {
            let mut finished = match self.begin(current, levels.len(), budget) {
                Ok(Begun::Finished(value)) => Some(value),
                Ok(Begun::Open(level)) => {
                    levels.push(level);
                    None
                }
                Err(FieldError::NoData { kind, .. }) => {
                    return Err(FieldError::NoData { path: path(&levels), kind });
                }
                Err(error) => return Err(error),
            };
            current = loop {
                let Some(level) = levels.last_mut() else {
                    return Ok(finished.expect("Invariant: only a finished value leaves no level open"));
                };
                if let Some(value) = finished.take() {
                    level.add(value);
                }
                if let Some(member) = level.next(self)? {
                    break member;
                }
                finished = levels.pop().map(Level::close);
            };
        }
    }

    /// The whole value where it has no members, else an empty one to be filled.
    fn begin<'w>(&'w self, value: Owned<'w>, depth: usize, budget: &mut u64) -> Result<Begun<'w>, FieldError> {
        spend(budget, NODE_BYTES)?;
        let raw = value.raw();
        let finished = match Walker::tag(raw) {
            qjs::JS_TAG_UNDEFINED | qjs::JS_TAG_NULL | qjs::JS_TAG_UNINITIALIZED => Value::Null,
            // SAFETY: the tag says what the payload is.
            qjs::JS_TAG_BOOL => Value::Boolean(unsafe { qjs::JS_VALUE_GET_BOOL(raw) }),
            // SAFETY: the tag says what the payload is.
            qjs::JS_TAG_INT => Value::Integer(i64::from(unsafe { qjs::JS_VALUE_GET_INT(raw) })),
            // SAFETY: the tag says what the payload is.
            qjs::JS_TAG_FLOAT64 => number(unsafe { qjs::JS_VALUE_GET_FLOAT64(raw) }),
            qjs::JS_TAG_STRING | qjs::JS_TAG_STRING_ROPE => {
                let text = self.text(raw)?;
                let text = text.as_str();
                spend(budget, text.len() as u64)?;
                Value::String(Rc::from(&*text))
            }
            qjs::JS_TAG_BIG_INT | qjs::JS_TAG_SHORT_BIG_INT => {
                let digits = self.text(raw)?;
                let digits = digits.as_str();
                spend(budget, digits.len() as u64)?;
                digits.parse().map_or_else(|_| Value::String(Rc::from(&*digits)), Value::Integer)
            }
            qjs::JS_TAG_OBJECT if depth >= MAX_DEPTH => {
                return Err(FieldError::Misfit(format!(
                    "it is nested more than {MAX_DEPTH} levels deep, or contains itself"
                )));
            }
            qjs::JS_TAG_OBJECT if self.is_date(raw) => self.date(raw)?.map_or(Value::Null, Value::Timestamp),
            qjs::JS_TAG_OBJECT if self.is_array(raw) => {
                let length = self.length(raw)?;
                return Ok(Begun::Open(Level::Array { array: value, length, values: Vec::new() }));
            }
            qjs::JS_TAG_OBJECT if self.is_plain(raw) => {
                if let Some(json) = self.to_json(raw)? {
                    return self.begin(json, depth + 1, budget);
                }
                let members = self.members(raw)?;
                for (key, _) in &members {
                    spend(budget, key.len() as u64 + NODE_BYTES)?;
                }
                let (members, document) = (members.into_iter(), Document::new());
                return Ok(Begun::Open(Level::Object { object: value, members, key: Rc::from(""), document }));
            }
            _ => return Err(FieldError::NoData { path: String::new(), kind: self.kind(raw).to_owned() }),
        };
        Ok(Begun::Finished(finished))
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

/// What [`Walker::begin`] makes of a value.
enum Begun<'w> {
    Finished(Value),
    Open(Level<'w>),
}

/// An array or document that is being filled.
enum Level<'w> {
    Array {
        array: Owned<'w>,
        length: i64,
        values: Vec<Value>,
    },
    Object {
        object: Owned<'w>,
        /// Those still to come.
        members: std::vec::IntoIter<(Rc<str>, Atom<'w>)>,
        /// Of the member under way.
        key: Rc<str>,
        document: Document,
    },
}

impl<'w> Level<'w> {
    /// The next member to convert; undefined members of objects are none.
    fn next(&mut self, walker: &'w Walker<'_>) -> Result<Option<Owned<'w>>, Raised> {
        match self {
            Level::Array { array, length, values } => {
                let index = values.len() as i64;
                if index < *length { walker.element(array.raw(), index).map(Some) } else { Ok(None) }
            }
            Level::Object { object, members, key, .. } => {
                for (name, atom) in members.by_ref() {
                    let member = walker.get(object.raw(), &atom)?;
                    if Walker::tag(member.raw()) != qjs::JS_TAG_UNDEFINED {
                        *key = name;
                        return Ok(Some(member));
                    }
                }
                Ok(None)
            }
        }
    }

    fn add(&mut self, value: Value) {
        match self {
            Level::Array { values, .. } => values.push(value),
            Level::Object { key, document, .. } => {
                document.insert(Rc::clone(key), value);
            }
        }
    }

    fn close(self) -> Value {
        match self {
            Level::Array { values, .. } => Value::Array(Rc::new(values)),
            Level::Object { document, .. } => Value::Document(Rc::new(document)),
        }
    }
}

/// Where the innermost level stands: `a.b[0]`.
fn path(levels: &[Level<'_>]) -> String {
    let mut path = String::new();
    for level in levels {
        match level {
            Level::Array { values, .. } => path.push_str(&format!("[{}]", values.len())),
            Level::Object { key, .. } => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(key);
            }
        }
    }
    path
}

fn spend(budget: &mut u64, bytes: u64) -> Result<(), FieldError> {
    *budget = budget.checked_sub(bytes).ok_or(FieldError::Budget)?;
    Ok(())
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
