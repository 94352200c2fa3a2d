// Helpers of the other scripts. `native` is an argument of the function around each group of them.
const define = (target, name, value) =>
    Object.defineProperty(target, name, {value, writable: true, configurable: true, enumerable: false});
const expose = (name, value) => define(globalThis, name, value);
const tag = (constructor, name) =>
    Object.defineProperty(constructor.prototype, Symbol.toStringTag, {value: name, configurable: true});
const isObject = value => (typeof value === 'object' && value !== null) || typeof value === 'function';
// The key that lets the host construct what handlers cannot.
const internal = Symbol('internal');
const domException = (message, name) => new DOMException(message, name);

// A copy of the bytes of an ArrayBuffer or a view; undefined for anything else.
function bytesOf(value) {
    if (value instanceof ArrayBuffer) return new Uint8Array(value.slice(0));
    if (ArrayBuffer.isView(value)) {
        return new Uint8Array(value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength));
    }
    return undefined;
}

// Digits, not a text: JSON has no limit on integers.
define(BigInt.prototype, 'toJSON', function toJSON() {
    return JSON.rawJSON(this.toString());
});
