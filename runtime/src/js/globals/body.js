// What Request and Response have in common: a body that can be read once.
//
// The body of an answer stays with the host: it is on its way, or whole, and becomes text, JSON or bytes when it is asked for.
const remotes = new Map();
// A response that nobody holds any more needs no connection.
const forgotten = new FinalizationRegistry(id => native.dropBody(id));

class Remote {
    // Fields of its own, whatever a handler put into the prototype of all objects.
    id;
    request;
    waiting = null;
    constructor(id, request) {
        this.id = id;
        this.request = request;
        forgotten.register(this, id);
    }
    #wait() {
        const {promise, resolve, reject} = Promise.withResolvers();
        this.waiting = {resolve, reject};
        remotes.set(this.id, this);
        return promise;
    }
    // Content that the host has whole; or a promise of it.
    whole() {
        const content = {__proto__: null, remote: this};
        return native.readBody(this.id) ? content : this.#wait().then(() => content);
    }
    // The next piece, null at the end; or a promise of it.
    pull() {
        const piece = native.pullBody(this.id);
        return piece === undefined ? this.#wait() : piece;
    }
    drop(reason) {
        native.dropBody(this.id);
        this.tell('reject', reason);
    }
    tell(how, value) {
        const {waiting} = this;
        this.waiting = null;
        remotes.delete(this.id);
        waiting?.[how](value);
    }
    stream() {
        return use('streams').pulledStream(() => this.pull(), reason => this.drop(reason));
    }
}

const remoteBody = id => remotes.get(id)?.tell('resolve', undefined);
const remoteChunk = (id, chunk) => remotes.get(id)?.tell('resolve', chunk ?? null);
const remoteBroken = (id, parts) => {
    const remote = remotes.get(id);
    remote?.tell('reject', failureOf(remote.request, parts));
};

class BodyState {
    bytes;
    stream;
    remote;
    used = false;
    failure = undefined;
    // At most one of the three: bytes, a stream that somebody has seen, or what the host holds.
    constructor(bytes, stream = null, remote = null) {
        this.bytes = bytes;
        this.stream = stream;
        this.remote = remote;
    }
    get isNull() { return this.bytes === null && this.stream === null && this.remote === null; }
    get isUsed() { return this.stream === null ? this.used : use('streams').isDisturbed(this.stream); }
    get isUnusable() { return this.isUsed || (this.stream !== null && this.stream.locked); }
    open() {
        if (this.isNull) return null;
        if (this.stream === null) {
            if (this.used) this.stream = use('streams').spentStream();
            else if (this.remote !== null) this.stream = this.remote.stream();
            else this.stream = use('streams').streamOf(this.bytes.slice());
            if (this.failure !== undefined) late.errorStreamBy(this.stream, this.failure.reason);
            this.bytes = null;
        }
        return this.stream;
    }
    // The content, an object with `bytes` or `remote`, or a promise of one. The caller knows that the body is usable.
    take() {
        if (this.isNull) return {__proto__: null, bytes: new Uint8Array(0)};
        if (this.failure !== undefined) throw this.failure.reason;
        if (this.stream !== null) return late.bytesOfStream(this.stream);
        this.used = true;
        return this.remote === null ? {__proto__: null, bytes: this.bytes} : this.remote.whole();
    }
    // A second body with the same content.
    copy() {
        if (this.stream === null && this.remote === null) return new BodyState(this.bytes);
        const stream = this.open();
        const [first, second] = late.teeBody(stream);
        this.stream = first;
        this.remote = null;
        return new BodyState(null, second);
    }
    // Gives the content to another body; this one counts as read.
    move() {
        if (this.isNull) return this;
        if (this.stream === null) {
            const moved = new BodyState(this.bytes);
            this.used = true;
            return moved;
        }
        const moved = new BodyState(null, late.proxyOf(this.stream));
        return moved;
    }
    fail(reason) {
        this.failure = {reason};
        this.remote?.drop(reason);
        if (this.stream !== null) late.errorStreamBy(this.stream, reason);
    }
}

const noBody = () => new BodyState(null);

// The body of `init`, and the type that goes with it.
function extractBody(value) {
    if (value === undefined || value === null) return {state: noBody(), type: null};
    if (isObject(value)) {
        if (late.ReadableStream !== undefined && value instanceof late.ReadableStream) {
            if (late.isDisturbed(value) || value.locked) throw new TypeError('the stream has been read or has a reader');
            return {state: new BodyState(null, value), type: null};
        }
        if (late.blobState?.has(value)) {
            const {bytes, type} = late.blobState.get(value);
            return {state: new BodyState(bytes), type: type === '' ? null : type};
        }
        const bytes = bytesOf(value);
        if (bytes !== undefined) return {state: new BodyState(bytes), type: null};
        if (late.FormData !== undefined && value instanceof late.FormData) {
            const {bytes, type} = late.writeMultipart(value);
            return {state: new BodyState(bytes), type};
        }
        if (late.URLSearchParams !== undefined && value instanceof late.URLSearchParams) {
            return {state: new BodyState(native.encodeText(value.toString())), type: 'application/x-www-form-urlencoded;charset=UTF-8'};
        }
    }
    return {state: new BodyState(native.encodeText(usv(value))), type: 'text/plain;charset=UTF-8'};
}

// Gives a class the members of a body; `stateOf` throws for what is none.
function mixBody(constructor, stateOf) {
    // The content; what is there settles a promise at once.
    const take = object => {
        const state = stateOf(object);
        if (state.isUnusable) throw new TypeError('the body has been read already; use clone() to read it twice');
        return state.take();
    };
    const isThere = content => Object.getPrototypeOf(content) === null;
    // A copy for whoever may change it.
    const bytesFor = ({bytes, remote}) => (remote === undefined ? bytes.slice() : native.bodyBytes(remote.id));
    const members = {
        get body() { return stateOf(this).open(); },
        get bodyUsed() { return stateOf(this).isUsed; },
        async arrayBuffer() {
            const taken = take(this);
            return bytesFor(isThere(taken) ? taken : await taken).buffer;
        },
        async blob() {
            const taken = take(this);
            const bytes = bytesFor(isThere(taken) ? taken : await taken);
            const mime = mimeOf(this.headers);
            return use('blob').blobFrom(bytes, mime === null ? '' : writeMime(mime));
        },
        async bytes() {
            const taken = take(this);
            return bytesFor(isThere(taken) ? taken : await taken);
        },
        async formData() {
            const taken = take(this);
            const bytes = bytesFor(isThere(taken) ? taken : await taken);
            const mime = mimeOf(this.headers);
            if (mime?.essence === 'multipart/form-data') {
                const boundary = mime.parameters.get('boundary');
                const form = boundary === undefined ? undefined : use('blob').readMultipart(bytes, boundary);
                if (form === undefined) throw new TypeError('the body is not well-formed multipart/form-data');
                return form;
            }
            if (mime?.essence === 'application/x-www-form-urlencoded') {
                const form = new (use('blob').FormData)();
                const flat = native.parseForm(native.decodeText(bytes, false));
                for (let index = 0; index < flat.length; index += 2) form.append(flat[index], flat[index + 1]);
                return form;
            }
            throw new TypeError(`the body is no form: its type is '${this.headers.get('content-type') ?? ''}'`);
        },
        async json() {
            const taken = take(this);
            const content = isThere(taken) ? taken : await taken;
            try {
                return content.remote === undefined ? native.parseJson(content.bytes) : native.bodyJson(content.remote.id);
            } catch (error) {
                if (!(error instanceof SyntaxError)) throw error;
                throw new SyntaxError(explain(this, bytesFor(content), error.message));
            }
        },
        async text() {
            const taken = take(this);
            const {bytes, remote} = isThere(taken) ? taken : await taken;
            return remote === undefined ? utf8(bytes) : native.bodyText(remote.id);
        },
    };
    Object.defineProperties(constructor.prototype, descriptorsOf(members));
}

// An answer that is no JSON is mostly an error page: its start says more than the parser.
function explain(body, bytes, message) {
    const status = body instanceof Response ? ` (status ${body.status})` : '';
    if (bytes.length === 0) return `the body is empty, not JSON${status}`;
    const start = native.decodeText(bytes.slice(0, 200), false).replace(/\s+/g, ' ').slice(0, 60);
    return `the body is not JSON${status}: ${message}; it starts with '${start}'`;
}
