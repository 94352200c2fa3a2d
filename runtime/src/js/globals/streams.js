// ReadableStream with its default controller and reader, by the streams standard. Byte streams, writable and transform
// streams are not part of the host.
const inside = Symbol('inside');

function deferred() {
    const made = Promise.withResolvers();
    // A reader may never look at `closed`; that is no error of the handler.
    made.promise.catch(() => {});
    return made;
}

class ReadableStreamDefaultController {
    #stream; #queue = []; #size = 0; #started = false; #closing = false; #pulling = false; #again = false;
    #limit; #measure; #source; #pull; #cancel;
    constructor(key, stream, source, methods, limit, measure) {
        if (key !== inside) throw new TypeError('Illegal constructor');
        this.#stream = stream;
        this.#source = source;
        this.#pull = methods.pull;
        this.#cancel = methods.cancel;
        this.#limit = limit;
        this.#measure = measure;
    }
    get desiredSize() {
        const {state} = this.#stream[inside];
        return state === 'errored' ? null : state === 'closed' ? 0 : this.#limit - this.#size;
    }
    close() {
        if (!this.#isOpen()) throw new TypeError('the stream is closed or being closed');
        this.#close();
    }
    enqueue(chunk = undefined) {
        if (!this.#isOpen()) throw new TypeError('the stream is closed or being closed');
        this.#enqueue(chunk);
    }
    error(reason = undefined) { this.#error(reason); }
    #isOpen() { return !this.#closing && this.#stream[inside].state === 'readable'; }
    #close() {
        this.#closing = true;
        if (this.#queue.length === 0) {
            this.#clear();
            closeStream(this.#stream);
        }
    }
    #enqueue(chunk) {
        const {reader} = this.#stream[inside];
        if (reader !== null && reader[inside].requests.length > 0) {
            reader[inside].requests.shift().chunk(chunk);
        } else {
            let size;
            try {
                size = this.#measure === undefined ? 1 : Number((0, this.#measure)(chunk));
                if (!(size >= 0 && size !== Infinity)) throw new RangeError('the size of a chunk is a number from 0');
            } catch (error) {
                this.#error(error);
                throw error;
            }
            this.#queue.push({chunk, size});
            this.#size += size;
        }
        this.#pullIfNeeded();
    }
    #error(reason) {
        if (this.#stream[inside].state !== 'readable') return;
        this.#queue = [];
        this.#size = 0;
        this.#clear();
        errorStream(this.#stream, reason);
    }
    #clear() {
        this.#pull = undefined;
        this.#cancel = undefined;
        this.#measure = undefined;
    }
    #shouldPull() {
        if (!this.#isOpen() || !this.#started) return false;
        const {reader} = this.#stream[inside];
        return (reader !== null && reader[inside].requests.length > 0) || this.#limit - this.#size > 0;
    }
    #pullIfNeeded() {
        if (!this.#shouldPull()) return;
        if (this.#pulling) {
            this.#again = true;
            return;
        }
        this.#pulling = true;
        let promise;
        try {
            promise = Promise.resolve(this.#pull === undefined ? undefined : this.#pull.call(this.#source, this));
        } catch (error) {
            promise = Promise.reject(error);
        }
        promise.then(() => {
            this.#pulling = false;
            if (this.#again) {
                this.#again = false;
                this.#pullIfNeeded();
            }
        }, error => this.#error(error));
    }
    [internal]() {
        return {
            start: result => Promise.resolve(result).then(() => {
                this.#started = true;
                this.#pullIfNeeded();
            }, error => this.#error(error)),
            close: () => this.#close(),
            enqueue: chunk => this.#enqueue(chunk),
            error: reason => this.#error(reason),
            isOpen: () => this.#isOpen(),
            pull: request => {
                if (this.#queue.length > 0) {
                    const {chunk, size} = this.#queue.shift();
                    this.#size = Math.max(this.#size - size, 0);
                    if (this.#closing && this.#queue.length === 0) {
                        this.#clear();
                        closeStream(this.#stream);
                    } else {
                        this.#pullIfNeeded();
                    }
                    request.chunk(chunk);
                } else {
                    this.#stream[inside].reader[inside].requests.push(request);
                    this.#pullIfNeeded();
                }
            },
            cancel: reason => {
                this.#queue = [];
                this.#size = 0;
                const cancel = this.#cancel;
                const source = this.#source;
                this.#clear();
                try {
                    return Promise.resolve(cancel === undefined ? undefined : cancel.call(source, reason));
                } catch (error) {
                    return Promise.reject(error);
                }
            },
        };
    }
}
const controllerInside = ReadableStreamDefaultController.prototype[internal];
delete ReadableStreamDefaultController.prototype[internal];

function closeStream(stream) {
    const data = stream[inside];
    data.state = 'closed';
    const {reader} = data;
    if (reader === null) return;
    const {requests, closed} = reader[inside];
    closed.resolve(undefined);
    reader[inside].requests = [];
    for (const request of requests) request.close();
}

function errorStream(stream, reason) {
    const data = stream[inside];
    data.state = 'errored';
    data.error = reason;
    const {reader} = data;
    if (reader === null) return;
    const {requests, closed} = reader[inside];
    closed.reject(reason);
    reader[inside].requests = [];
    for (const request of requests) request.error(reason);
}

function cancelStream(stream, reason) {
    const data = stream[inside];
    data.disturbed = true;
    if (data.state === 'closed') return Promise.resolve(undefined);
    if (data.state === 'errored') return Promise.reject(data.error);
    closeStream(stream);
    return data.controller.cancel(reason).then(() => undefined);
}

function readChunk(reader, request) {
    const {stream} = reader[inside];
    const data = stream[inside];
    data.disturbed = true;
    if (data.state === 'closed') request.close();
    else if (data.state === 'errored') request.error(data.error);
    else data.controller.pull(request);
}

// A request of `read()`.
function promisedRead(reader) {
    const {promise, resolve, reject} = Promise.withResolvers();
    readChunk(reader, {
        chunk: value => resolve({value, done: false}),
        close: () => resolve({value: undefined, done: true}),
        error: reject,
    });
    return promise;
}

function release(reader) {
    const state = reader[inside];
    const {stream} = state;
    if (stream === undefined) return;
    const error = new TypeError('the reader was released');
    if (stream[inside].state === 'readable') state.closed.reject(error);
    else {
        state.closed = deferred();
        state.closed.reject(error);
    }
    stream[inside].reader = null;
    state.stream = undefined;
    const {requests} = state;
    state.requests = [];
    for (const request of requests) request.error(error);
}

class ReadableStreamDefaultReader {
    constructor(stream) {
        need(arguments, 1, 'ReadableStreamDefaultReader');
        const data = isObject(stream) ? stream[inside] : undefined;
        if (!(stream instanceof ReadableStream) || data === undefined) throw new TypeError('a reader takes a ReadableStream');
        if (data.reader !== null) throw new TypeError('the stream has a reader already');
        const closed = deferred();
        define(this, inside, {stream, requests: [], closed});
        data.reader = this;
        if (data.state === 'closed') closed.resolve(undefined);
        else if (data.state === 'errored') closed.reject(data.error);
    }
    get closed() {
        if (this?.[inside]?.closed === undefined) return Promise.reject(new TypeError('this is no reader'));
        return this[inside].closed.promise;
    }
    cancel(reason = undefined) {
        const stream = this?.[inside]?.stream;
        if (!(stream instanceof ReadableStream)) return Promise.reject(new TypeError('the reader was released'));
        return cancelStream(stream, reason);
    }
    read() {
        const stream = this?.[inside]?.stream;
        if (!(stream instanceof ReadableStream)) return Promise.reject(new TypeError('the reader was released'));
        return promisedRead(this);
    }
    releaseLock() {
        if (this?.[inside]?.closed === undefined) throw new TypeError('this is no reader');
        release(this);
    }
}

class ReadableStream {
    constructor(underlyingSource = undefined, strategy = undefined) {
        if (underlyingSource === null) throw new TypeError('the source of a ReadableStream is an object');
        const source = dictionary(underlyingSource, 'the source of a ReadableStream');
        const {highWaterMark, size} = dictionary(strategy, 'the strategy of a ReadableStream');
        const {cancel, pull, start, type} = source;
        for (const [name, method] of Object.entries({cancel, pull, start, size})) {
            if (method !== undefined && typeof method !== 'function') throw new TypeError(`${name} is not a function`);
        }
        if (type !== undefined) {
            if (`${type}` === 'bytes') throw new RangeError(`byte streams are not supported: leave out type: 'bytes'`);
            throw new TypeError(`a stream has no type '${type}'`);
        }
        const limit = highWaterMark === undefined ? 1 : Number(highWaterMark);
        if (Number.isNaN(limit) || limit < 0) throw new RangeError('highWaterMark is a number from 0');
        const controller = new ReadableStreamDefaultController(inside, this, source, {pull, cancel}, limit, size);
        const data = {state: 'readable', error: undefined, reader: null, disturbed: false, controller: controllerInside.call(controller)};
        Object.defineProperty(this, inside, {__proto__: null, value: data});
        data.controller.start(start === undefined ? undefined : start.call(source, controller));
    }
    static from(iterable) {
        need(arguments, 1, 'ReadableStream.from');
        if (iterable === undefined || iterable === null) throw new TypeError('ReadableStream.from takes an iterable');
        let method = iterable[Symbol.asyncIterator];
        if (method === undefined || method === null) method = iterable[Symbol.iterator];
        if (typeof method !== 'function') throw new TypeError('ReadableStream.from takes an iterable');
        const iterator = method.call(iterable);
        if (!isObject(iterator)) throw new TypeError('the iterable gave no iterator');
        const next = iterator.next;
        return new ReadableStream({
            async pull(controller) {
                const step = await next.call(iterator);
                if (!isObject(step)) throw new TypeError('the iterator gave no object');
                if (step.done) controller.close();
                else controller.enqueue(await step.value);
            },
            async cancel(reason) {
                const method = iterator.return;
                if (method === undefined || method === null) return;
                if (!isObject(await method.call(iterator, reason))) throw new TypeError('the iterator gave no object');
            },
        }, {highWaterMark: 0});
    }
    get locked() { return dataOf(this).reader !== null; }
    cancel(reason = undefined) {
        if (this?.[inside] === undefined) return Promise.reject(new TypeError('this is no ReadableStream'));
        if (this[inside].reader !== null) return Promise.reject(new TypeError('the stream is locked by its reader'));
        return cancelStream(this, reason);
    }
    getReader(options = undefined) {
        dataOf(this);
        const {mode} = dictionary(options, 'the argument of getReader');
        if (mode !== undefined) {
            if (`${mode}` === 'byob') throw new TypeError('this is no byte stream');
            throw new TypeError(`a reader has no mode '${mode}'`);
        }
        return new ReadableStreamDefaultReader(this);
    }
    tee() {
        dataOf(this);
        return teeStream(this, false);
    }
    values(options = undefined) {
        dataOf(this);
        const {preventCancel} = dictionary(options, 'the argument of values');
        return iterateStream(this, Boolean(preventCancel));
    }
}

function dataOf(stream) {
    const data = isObject(stream) ? stream[inside] : undefined;
    if (data === undefined) throw new TypeError('this is no ReadableStream');
    return data;
}

// Two streams with the same chunks; `copies` gives the second one its own bytes.
function teeStream(stream, copies) {
    const reader = new ReadableStreamDefaultReader(stream);
    const canceled = [false, false];
    const reasons = [undefined, undefined];
    const controllers = [];
    const result = Promise.withResolvers();
    let reading = false;
    let again = false;
    const pull = () => {
        if (reading) {
            again = true;
            return Promise.resolve();
        }
        reading = true;
        readChunk(reader, {
            chunk(value) {
                queueMicrotask(() => {
                    again = false;
                    try {
                        if (!canceled[0]) controllers[0].enqueue(value);
                        if (!canceled[1]) controllers[1].enqueue(copies ? use('clone').cloneOf(value) : value);
                    } catch (error) {
                        controllers.forEach(controller => controller.error(error));
                        result.resolve(cancelStream(stream, error));
                        return;
                    }
                    reading = false;
                    if (again) pull();
                });
            },
            close() {
                reading = false;
                controllers.forEach((controller, index) => { if (!canceled[index]) controller.close(); });
                if (!canceled[0] || !canceled[1]) result.resolve(undefined);
            },
            error() { reading = false; },
        });
        return Promise.resolve();
    };
    const branch = index => new ReadableStream({
        start(controller) { controllers[index] = controller; },
        pull,
        cancel(reason) {
            canceled[index] = true;
            reasons[index] = reason;
            if (canceled[1 - index]) result.resolve(cancelStream(stream, reasons));
            return result.promise;
        },
    });
    const branches = [branch(0), branch(1)];
    reader[inside].closed.promise.catch(reason => {
        controllers.forEach(controller => controller.error(reason));
        if (!canceled[0] || !canceled[1]) result.resolve(undefined);
    });
    return branches;
}

const iteratorStates = new WeakMap();
const asyncIteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf(async function* () {}).prototype);
const streamIteratorPrototype = Object.create(asyncIteratorPrototype, descriptorsOf({
    next() { return stepIterator(this, 'next', undefined); },
    return(value) { return stepIterator(this, 'return', value); },
}));

function iterateStream(stream, preventCancel) {
    const iterator = Object.create(streamIteratorPrototype);
    iteratorStates.set(iterator, {reader: new ReadableStreamDefaultReader(stream), preventCancel, last: undefined, done: false});
    return iterator;
}

function stepIterator(iterator, kind, value) {
    const state = iteratorStates.get(iterator);
    if (state === undefined) return Promise.reject(new TypeError('this is no iterator of a ReadableStream'));
    const run = kind === 'next' ? () => nextChunk(state) : () => endIteration(state, value);
    const step = state.last === undefined ? run() : state.last.then(run, run);
    state.last = step;
    return step;
}

function nextChunk(state) {
    if (state.done) return Promise.resolve({value: undefined, done: true});
    const {promise, resolve, reject} = Promise.withResolvers();
    readChunk(state.reader, {
        chunk: value => resolve({value, done: false}),
        close() {
            state.done = true;
            release(state.reader);
            resolve({value: undefined, done: true});
        },
        error(reason) {
            state.done = true;
            release(state.reader);
            reject(reason);
        },
    });
    return promise;
}

function endIteration(state, value) {
    if (state.done) return Promise.resolve({value, done: true});
    state.done = true;
    const {stream} = state.reader[inside];
    const ended = state.preventCancel ? Promise.resolve() : cancelStream(stream, value);
    release(state.reader);
    return ended.then(() => ({value, done: true}));
}

webIdl(ReadableStream, 'ReadableStream');
webIdl(ReadableStreamDefaultReader, 'ReadableStreamDefaultReader');
webIdl(ReadableStreamDefaultController, 'ReadableStreamDefaultController');
define(ReadableStream.prototype, Symbol.asyncIterator, ReadableStream.prototype.values);
expose('ReadableStream', ReadableStream);
expose('ReadableStreamDefaultReader', ReadableStreamDefaultReader);
expose('ReadableStreamDefaultController', ReadableStreamDefaultController);

Object.assign(late, {
    ReadableStream,
    isDisturbed: stream => stream[inside].disturbed,
    teeBody: stream => teeStream(stream, true),
    // Gives up a stream whose source has failed; one that has ended stays as it is.
    errorStreamBy: (stream, reason) => stream[inside].controller.error(reason),
    // A stream of these bytes.
    streamOf(bytes) {
        return new ReadableStream({
            pull(controller) {
                if (bytes.length > 0) controller.enqueue(bytes);
                controller.close();
            },
        }, {highWaterMark: 0});
    },
    // A stream of what `pull` gives, or promises, until it is null.
    pulledStream(pull, cancel) {
        return new ReadableStream({
            pull(controller) {
                const give = chunk => {
                    if (chunk === null) controller.close();
                    else controller.enqueue(chunk);
                };
                const chunk = pull();
                return chunk instanceof Promise ? chunk.then(give) : give(chunk);
            },
            cancel,
        }, {highWaterMark: 0});
    },
    // A stream of what is left in another one, which stays locked.
    proxyOf(stream) {
        const reader = new ReadableStreamDefaultReader(stream);
        stream[inside].disturbed = true;
        return new ReadableStream({
            pull(controller) {
                const {promise, resolve, reject} = Promise.withResolvers();
                readChunk(reader, {
                    chunk(value) {
                        controller.enqueue(value);
                        resolve(undefined);
                    },
                    close() {
                        controller.close();
                        resolve(undefined);
                    },
                    error: reject,
                });
                return promise;
            },
            cancel: reason => cancelStream(stream, reason),
        }, {highWaterMark: 0});
    },
    // A stream whose bytes were taken by someone else.
    spentStream() {
        const stream = new ReadableStream({start: controller => controller.close()});
        stream[inside].disturbed = true;
        new ReadableStreamDefaultReader(stream);
        return stream;
    },
    // All bytes of a stream, later, as `bytes` of an object that no promise takes for another one.
    bytesOfStream(stream) {
        const reader = new ReadableStreamDefaultReader(stream);
        const {promise, resolve, reject} = Promise.withResolvers();
        const chunks = [];
        let length = 0;
        const next = () => readChunk(reader, {
            chunk(value) {
                if (!(value instanceof Uint8Array)) {
                    const error = new TypeError('a body is a stream of Uint8Array');
                    cancelStream(stream, error).catch(() => {});
                    reject(error);
                    return;
                }
                chunks.push(value);
                length += value.length;
                queueMicrotask(next);
            },
            close() {
                const bytes = new Uint8Array(length);
                let at = 0;
                for (const chunk of chunks) {
                    bytes.set(chunk, at);
                    at += chunk.length;
                }
                resolve({__proto__: null, bytes});
            },
            error: reject,
        });
        next();
        return promise;
    },
});
