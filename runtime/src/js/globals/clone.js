// structuredClone, by the HTML standard: first all that is to be copied is read, then the copy is made.
const uncloneable = value => domException(`${describe(value)} could not be cloned`, 'DataCloneError');

function describe(value) {
    if (typeof value === 'symbol') return String(value);
    if (typeof value === 'function') return `the function ${value.name}`;
    return Object.prototype.toString.call(value);
}

const typedArrays = Object.getPrototypeOf(Uint8Array);
const typedName = Object.getOwnPropertyDescriptor(typedArrays.prototype, Symbol.toStringTag).get;
const dataViewLength = Object.getOwnPropertyDescriptor(DataView.prototype, 'byteLength').get;
const errorTypes = {Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError};
// Whether a method of a built-in class accepts the value as its own.
const accepts = (method, value) => {
    try {
        method.call(value);
        return true;
    } catch {
        return false;
    }
};
const mapSize = Object.getOwnPropertyDescriptor(Map.prototype, 'size').get;
const setSize = Object.getOwnPropertyDescriptor(Set.prototype, 'size').get;
const bufferLength = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'byteLength').get;
const sharedLength = Object.getOwnPropertyDescriptor(SharedArrayBuffer.prototype, 'byteLength').get;
const regexSource = Object.getOwnPropertyDescriptor(RegExp.prototype, 'source').get;
const regexFlags = Object.getOwnPropertyDescriptor(RegExp.prototype, 'flags').get;

// What is to be done for a value: a function that makes its copy. `seen` has the records of objects.
function serialize(value, seen) {
    if (typeof value === 'function' || typeof value === 'symbol') throw uncloneable(value);
    if (!isObject(value)) return {copy: value};
    const known = seen.get(value);
    if (known !== undefined) return known;
    const record = {copy: undefined, make: undefined, fill: undefined};
    seen.set(value, record);
    classify(value, record, seen);
    return record;
}

function classify(value, record, seen) {
    if (accepts(Date.prototype.getTime, value)) {
        const time = Date.prototype.getTime.call(value);
        record.make = () => new Date(time);
    } else if (accepts(Boolean.prototype.valueOf, value) || accepts(Number.prototype.valueOf, value) || accepts(String.prototype.valueOf, value) || accepts(BigInt.prototype.valueOf, value)) {
        const type = [Boolean, Number, String, BigInt].find(each => accepts(each.prototype.valueOf, value));
        const primitive = type.prototype.valueOf.call(value);
        record.make = () => Object(primitive);
    } else if (accepts(Symbol.prototype.valueOf, value)) {
        throw uncloneable(value);
    } else if (Object.prototype.toString.call(value) === '[object RegExp]' && accepts(regexSource, value) && value !== RegExp.prototype) {
        const [source, flags] = [regexSource.call(value), regexFlags.call(value)];
        record.make = () => new RegExp(source, flags);
    } else if (accepts(bufferLength, value)) {
        if (value.detached) throw domException('the ArrayBuffer is detached', 'DataCloneError');
        const copy = value.resizable ? new ArrayBuffer(value.byteLength, {maxByteLength: value.maxByteLength}) : value.slice(0);
        if (value.resizable) new Uint8Array(copy).set(new Uint8Array(value));
        record.make = () => copy;
    } else if (accepts(sharedLength, value)) {
        throw domException('a SharedArrayBuffer could not be cloned', 'DataCloneError');
    } else if (ArrayBuffer.isView(value)) {
        classifyView(value, record, seen);
    } else if (accepts(mapSize, value)) {
        const pairs = [...Map.prototype.entries.call(value)].map(([key, item]) => [serialize(key, seen), serialize(item, seen)]);
        record.make = () => new Map();
        record.fill = () => pairs.forEach(([key, item]) => record.copy.set(deserialize(key), deserialize(item)));
    } else if (accepts(setSize, value)) {
        const items = [...Set.prototype.values.call(value)].map(item => serialize(item, seen));
        record.make = () => new Set();
        record.fill = () => items.forEach(item => record.copy.add(deserialize(item)));
    } else if (Error.isError?.(value) ?? value instanceof Error) {
        classifyError(value, record, seen);
    } else if (late.blobState?.has(value)) {
        const {bytes, type, name, lastModified} = late.blobState.get(value);
        record.make = () => (name === undefined ? late.blobFrom(bytes, type) : late.fileFrom(bytes, type, name, lastModified));
    } else if (Array.isArray(value)) {
        const {length} = value;
        record.make = () => new Array(length);
        classifyMembers(value, record, seen);
    } else {
        const platform = [late.EventTarget, late.Event, late.Headers, late.Request, late.Response, late.URL, late.URLSearchParams, late.FormData, late.ReadableStream, Promise, WeakMap, WeakSet, WeakRef, FinalizationRegistry];
        if (platform.some(type => type !== undefined && value instanceof type)) throw uncloneable(value);
        record.make = () => ({});
        classifyMembers(value, record, seen);
    }
}

function classifyView(value, record, seen) {
    if (isOutOfBounds(value)) throw domException('the buffer is too short for its view', 'DataCloneError');
    const {byteOffset} = value;
    const buffer = serialize(value.buffer, seen);
    const name = typedName.call(value) ?? 'DataView';
    const type = globalThis[name];
    const length = name === 'DataView' ? value.byteLength : value.length;
    // Without a length of its own it follows its resizable buffer.
    const follows = value.buffer.resizable && byteOffset + value.byteLength === value.buffer.byteLength;
    record.make = () => new type(deserialize(buffer), byteOffset, follows ? undefined : length);
}

// A view whose resizable buffer has become too short for it.
function isOutOfBounds(view) {
    if (view.buffer.detached) return true;
    if (!view.buffer.resizable) return false;
    if (view instanceof DataView) return !accepts(dataViewLength, view);
    return view.length === 0 && !accepts(typedArrays.prototype.fill, view);
}

function classifyError(value, record, seen) {
    if (value instanceof DOMException) {
        const {message, name, stack} = value;
        record.make = () => {
            const copy = new DOMException(message, name);
            define(copy, 'stack', stack);
            return copy;
        };
        return;
    }
    const name = `${value.name}`;
    const own = Object.getOwnPropertyDescriptor(value, 'message');
    const message = own !== undefined && 'value' in own ? `${own.value}` : undefined;
    const {stack} = value;
    const cause = Object.hasOwn(value, 'cause') ? serialize(value.cause, seen) : undefined;
    record.make = () => {
        const copy = Object.hasOwn(errorTypes, name) ? new errorTypes[name](message) : new Error(message);
        define(copy, 'stack', stack);
        return copy;
    };
    record.fill = () => { if (cause !== undefined) define(record.copy, 'cause', deserialize(cause)); };
}

function classifyMembers(value, record, seen) {
    const members = [];
    for (const key of Object.keys(value)) {
        // A getter may have taken a later one away.
        if (Object.hasOwn(value, key)) members.push([key, serialize(value[key], seen)]);
    }
    record.fill = () => {
        for (const [key, member] of members) {
            Object.defineProperty(record.copy, key, {__proto__: null, value: deserialize(member), writable: true, enumerable: true, configurable: true});
        }
    };
}

function deserialize(record) {
    if (record.make !== undefined) {
        const {make, fill} = record;
        record.make = undefined;
        record.copy = make();
        fill?.();
    }
    return record.copy;
}

expose('structuredClone', function structuredClone(value, options = undefined) {
    need(arguments, 1, 'structuredClone');
    const {transfer} = dictionary(options, 'the second argument of structuredClone');
    const seen = new Map();
    const buffers = transfer === undefined ? [] : [...transfer];
    for (const buffer of buffers) {
        if (!accepts(bufferLength, buffer)) throw uncloneable(buffer);
        if (seen.has(buffer)) throw domException('a value is transferred twice', 'DataCloneError');
        seen.set(buffer, {copy: undefined, make: undefined, fill: undefined});
    }
    const record = serialize(value, seen);
    for (const buffer of buffers) if (buffer.detached) throw domException('the ArrayBuffer is detached', 'DataCloneError');
    for (const buffer of buffers) seen.get(buffer).copy = buffer.transfer();
    return deserialize(record);
});
late.cloneOf = value => deserialize(serialize(value, new Map()));
