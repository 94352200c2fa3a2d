// structuredClone, for what a handler has: plain data, dates, maps, sets, bytes, errors.
function cloneValue(value, seen) {
    if (typeof value === 'function' || typeof value === 'symbol') throw domException(`${String(value)} could not be cloned`, 'DataCloneError');
    if (!isObject(value)) return value;
    if (seen.has(value)) return seen.get(value);
    const remember = copy => {
        seen.set(value, copy);
        return copy;
    };
    if (value instanceof Date) return remember(new Date(value.getTime()));
    if (value instanceof RegExp) return remember(new RegExp(value.source, value.flags));
    if (value instanceof Boolean || value instanceof Number || value instanceof String || value instanceof BigInt) return remember(Object(value.valueOf()));
    if (value instanceof ArrayBuffer) return remember(value.slice(0));
    if (ArrayBuffer.isView(value)) {
        const buffer = cloneValue(value.buffer, seen);
        return remember(new value.constructor(buffer, value.byteOffset, value.length ?? value.byteLength));
    }
    if (value instanceof Map) {
        const copy = remember(new Map());
        for (const [key, item] of value) copy.set(cloneValue(key, seen), cloneValue(item, seen));
        return copy;
    }
    if (value instanceof Set) {
        const copy = remember(new Set());
        for (const item of value) copy.add(cloneValue(item, seen));
        return copy;
    }
    if (value instanceof Error) {
        const known = {Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError};
        const copy = remember(new (known[value.name] ?? Error)(value.message));
        define(copy, 'stack', value.stack);
        if ('cause' in value) define(copy, 'cause', cloneValue(value.cause, seen));
        return copy;
    }
    const hosts = [late.Body, late.Headers, late.URL, late.URLSearchParams];
    if (hosts.some(host => host !== undefined && value instanceof host) || value instanceof Promise || value instanceof WeakMap || value instanceof WeakSet || value instanceof WeakRef) {
        throw domException(`${Object.prototype.toString.call(value)} could not be cloned`, 'DataCloneError');
    }
    const copy = remember(Array.isArray(value) ? new Array(value.length) : {});
    for (const key of Object.keys(value)) {
        Object.defineProperty(copy, key, {value: cloneValue(value[key], seen), writable: true, enumerable: true, configurable: true});
    }
    return copy;
}

expose('structuredClone', function structuredClone(value) { return cloneValue(value, new Map()); });
