// The globals that most handlers do not need: each group is defined when one of its names is first used.
core = {
    __proto__: null, define, setMember, descriptorsOf, expose, tag, isObject, internal, domException, viewOf, bytesOf, usv, utf8, byteString, need, dictionary, webIdl,
    pairsFrom, iterable, nextNumber, startTimer, ConnectorRateLimitError, FetchError,
};
// What the groups offer each other.
late = {__proto__: null};
const groups = [
    ['url', 'URL', 'URLSearchParams'],
    ['events', 'Event', 'EventTarget', 'AbortController', 'AbortSignal'],
    ['fetch', 'Headers', 'Request', 'Response', 'fetch'],
    ['streams', 'ReadableStream', 'ReadableStreamDefaultReader', 'ReadableStreamDefaultController'],
    ['blob', 'Blob', 'File', 'FormData'],
    ['console', 'console'],
    ['encoding', 'TextEncoder', 'TextDecoder'],
    ['crypto', 'crypto', 'Crypto', 'CryptoKey', 'SubtleCrypto'],
    ['clone', 'structuredClone'],
    ['moltler', 'moltler'],
    ['sign'],
    ['helpers'],
];

// Defines a group, where that has not happened; gives what the groups offer each other.
const opened = new Set();
core.use = group => {
    const index = groups.findIndex(([name]) => name === group);
    if (!opened.has(index)) {
        opened.add(index);
        native.load(index + 1)(native, core, late);
    }
    return late;
};

// A handler may have put something of its own in the place of a global; that stays.
core.expose = (name, value) => {
    if (openers.has(Object.getOwnPropertyDescriptor(globalThis, name)?.get)) expose(name, value);
};
const openers = new Set();

for (const [group, ...names] of groups) {
    for (const name of names) {
        const get = () => {
            core.use(group);
            return globalThis[name];
        };
        openers.add(get);
        Object.defineProperty(globalThis, name, {__proto__: null, get, set(value) { expose(name, value); }, configurable: true, enumerable: false});
    }
}

// What the engine calls. `iterator` is null for what is no generator: an array is rows, a Map is an error.
return {
    timer: fireTimer,
    response: (id, parts) => late.finishFetch(id, parts),
    failure: (id, parts) => late.failFetch(id, parts),
    body: id => late.remoteBody(id),
    chunk: (id, chunk) => late.remoteChunk(id, chunk),
    broken: (id, parts) => late.remoteBroken(id, parts),
    date: ms => new SystemDate(ms),
    iterator(value) {
        if (!isObject(value) || Array.isArray(value) || typeof value.next !== 'function') return null;
        const open = value[Symbol.asyncIterator] ?? value[Symbol.iterator];
        return typeof open === 'function' ? open.call(value) : null;
    },
    // One step of a generator: {done, value}, its value awaited as `for await` does.
    async step(iterator) {
        const {done, value} = await iterator.next();
        return {done: Boolean(done), value: done ? undefined : await value};
    },
    async stop(iterator) {
        if (typeof iterator.return === 'function') await iterator.return();
    },
};
