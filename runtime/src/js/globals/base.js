// Helpers of the other scripts. `native` is an argument of the function around each group of them.
const define = (target, name, value) =>
    Object.defineProperty(target, name, {__proto__: null, value, writable: true, configurable: true, enumerable: false});
const expose = (name, value) => define(globalThis, name, value);
// A member of an object that handlers get.
const setMember = (target, name, value) =>
    Object.defineProperty(target, name, {__proto__: null, value, writable: true, configurable: true, enumerable: true});
// What defines the same members elsewhere, whatever a handler put into the prototype of all objects.
function descriptorsOf(members) {
    const all = {__proto__: null};
    for (const key of Reflect.ownKeys(members)) all[key] = Object.setPrototypeOf(Reflect.getOwnPropertyDescriptor(members, key), null);
    return all;
}
const tag = (constructor, name) =>
    Object.defineProperty(constructor.prototype, Symbol.toStringTag, {__proto__: null, value: name, configurable: true});
const isObject = value => (typeof value === 'object' && value !== null) || typeof value === 'function';
// The key that lets the host construct what handlers cannot.
const internal = Symbol('internal');
const domException = (message, name) => new DOMException(message, name);

// The bytes of an ArrayBuffer or a view, as they are and without a copy; undefined for anything else.
function viewOf(value) {
    if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return new Uint8Array(value);
    return undefined;
}

// A copy of the bytes of an ArrayBuffer or a view; undefined for anything else.
const bytesOf = value => viewOf(value)?.slice();

// Web IDL: text without lone surrogates, and text of which each character is one byte.
const usv = value => `${value}`.toWellFormed();
function byteString(value) {
    const text = `${value}`;
    if (/[^\0-\xff]/.test(text)) throw new TypeError('the text has a character beyond U+00FF, which headers cannot have');
    return text;
}

// UTF-8 to text, without a byte order mark.
function utf8(bytes) {
    const text = native.decodeText(bytes, false);
    return text.startsWith('\ufeff') ? text.slice(1) : text;
}

function need(values, count, what) {
    if (values.length < count) throw new TypeError(`${what} needs ${count} argument${count === 1 ? '' : 's'}, not ${values.length}`);
}

// The members of a dictionary argument.
function dictionary(value, what) {
    if (value === undefined || value === null) return {};
    if (!isObject(value)) throw new TypeError(`${what} is not an object`);
    return value;
}

// Members of a class as Web IDL has them: enumerable, with the class's name as tag.
function webIdl(constructor, name) {
    for (const target of [constructor.prototype, constructor]) {
        for (const key of Object.getOwnPropertyNames(target)) {
            const isOwn = key === 'constructor' || (target === constructor && ['length', 'name', 'prototype'].includes(key));
            if (!isOwn) Object.defineProperty(target, key, {__proto__: null, enumerable: true});
        }
    }
    tag(constructor, name);
}

// The pairs of a sequence of pairs or of an object.
function pairsFrom(init, what, text) {
    const open = init[Symbol.iterator];
    if (open !== undefined && open !== null) {
        const pairs = [];
        for (const pair of {[Symbol.iterator]: () => open.call(init)}) {
            if (!isObject(pair)) throw new TypeError(`${what} takes pairs of a name and a value`);
            const items = [...pair];
            if (items.length !== 2) throw new TypeError(`${what} takes pairs of a name and a value`);
            pairs.push([text(items[0]), text(items[1])]);
        }
        return pairs;
    }
    const pairs = new Map();
    for (const key of Reflect.ownKeys(init)) {
        if (!Reflect.getOwnPropertyDescriptor(init, key)?.enumerable) continue;
        const name = text(key);
        pairs.set(name, text(init[key]));
    }
    return [...pairs];
}

const iteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));

// Gives a class entries, keys, values, forEach and iteration over its list of pairs, which may change meanwhile.
function iterable(constructor, name, pairsOf) {
    const states = new WeakMap();
    const prototype = Object.create(iteratorPrototype, {
        __proto__: null,
        next: {
            __proto__: null,
            writable: true, configurable: true, enumerable: true,
            value: {next() {
                const state = states.get(this);
                if (state === undefined) throw new TypeError(`this is no ${name} Iterator`);
                const pair = pairsOf(state.target)[state.index];
                if (pair === undefined) return {value: undefined, done: true};
                state.index += 1;
                return {value: state.part === undefined ? [pair[0], pair[1]] : pair[state.part], done: false};
            }}.next,
        },
        [Symbol.toStringTag]: {__proto__: null, value: `${name} Iterator`, configurable: true},
    });
    const make = (target, part) => {
        pairsOf(target);
        const iterator = Object.create(prototype);
        states.set(iterator, {target, part, index: 0});
        return iterator;
    };
    const methods = {
        entries() { return make(this, undefined); },
        keys() { return make(this, 0); },
        values() { return make(this, 1); },
        forEach(callback, self = undefined) {
            pairsOf(this);
            need(arguments, 1, 'forEach');
            if (typeof callback !== 'function') throw new TypeError('forEach: the first argument is not a function');
            for (let index = 0; index < pairsOf(this).length; index++) {
                const [key, value] = pairsOf(this)[index];
                callback.call(self, value, key, this);
            }
        },
    };
    for (const [key, value] of Object.entries(methods)) define(constructor.prototype, key, value);
    define(constructor.prototype, Symbol.iterator, methods.entries);
}

// Digits, not a text: JSON has no limit on integers.
define(BigInt.prototype, 'toJSON', function toJSON() {
    return JSON.rawJSON(this.toString());
});
