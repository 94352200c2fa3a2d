// What the engine calls. `iterator` is null for what is no generator: an array is rows, a Map is an error.
return {
    timer: fireTimer,
    response: finishFetch,
    failure: failFetch,
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
