// What Request and Response have in common: a body that can be read once.
class BodyState {
    // At most one of the two: bytes, or a stream that somebody has seen.
    constructor(bytes, stream = null) {
        this.bytes = bytes;
        this.stream = stream;
        this.used = false;
        this.failure = undefined;
    }
    get isNull() { return this.bytes === null && this.stream === null; }
    get isUsed() { return this.stream === null ? this.used : use('streams').isDisturbed(this.stream); }
    get isUnusable() { return this.isUsed || (this.stream !== null && this.stream.locked); }
    open() {
        if (this.isNull) return null;
        if (this.stream === null) {
            this.stream = this.used ? use('streams').spentStream() : use('streams').streamOf(this.bytes.slice());
            if (this.failure !== undefined) late.errorStreamBy(this.stream, this.failure.reason);
            this.bytes = null;
        }
        return this.stream;
    }
    // The bytes, or a promise of an object with them. The caller knows that the body is usable.
    take() {
        if (this.isNull) return new Uint8Array(0);
        if (this.failure !== undefined) throw this.failure.reason;
        if (this.stream !== null) return late.bytesOfStream(this.stream);
        this.used = true;
        return this.bytes;
    }
    // A second body with the same content.
    copy() {
        if (this.stream === null) return new BodyState(this.bytes);
        const [first, second] = late.teeBody(this.stream);
        this.stream = first;
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
    // The bytes, or a promise of an object with them: what is there settles a promise at once.
    const take = object => {
        const state = stateOf(object);
        if (state.isUnusable) throw new TypeError('the body has been read already; use clone() to read it twice');
        return state.take();
    };
    const members = {
        get body() { return stateOf(this).open(); },
        get bodyUsed() { return stateOf(this).isUsed; },
        async arrayBuffer() {
            const taken = take(this);
            const {bytes} = taken instanceof Uint8Array ? {bytes: taken} : await taken;
            return bytes.slice().buffer;
        },
        async blob() {
            const taken = take(this);
            const {bytes} = taken instanceof Uint8Array ? {bytes: taken} : await taken;
            const mime = mimeOf(this.headers);
            return use('blob').blobFrom(bytes.slice(), mime === null ? '' : writeMime(mime));
        },
        async bytes() {
            const taken = take(this);
            const {bytes} = taken instanceof Uint8Array ? {bytes: taken} : await taken;
            return bytes.slice();
        },
        async formData() {
            const taken = take(this);
            const {bytes} = taken instanceof Uint8Array ? {bytes: taken} : await taken;
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
            const {bytes} = taken instanceof Uint8Array ? {bytes: taken} : await taken;
            try {
                return native.parseJson(bytes);
            } catch (error) {
                if (!(error instanceof SyntaxError)) throw error;
                throw new SyntaxError(explain(this, bytes, error.message));
            }
        },
        async text() {
            const taken = take(this);
            const {bytes} = taken instanceof Uint8Array ? {bytes: taken} : await taken;
            return utf8(bytes);
        },
    };
    Object.defineProperties(constructor.prototype, Object.getOwnPropertyDescriptors(members));
}

// An answer that is no JSON is mostly an error page: its start says more than the parser.
function explain(body, bytes, message) {
    const status = body instanceof Response ? ` (status ${body.status})` : '';
    if (bytes.length === 0) return `the body is empty, not JSON${status}`;
    const start = native.decodeText(bytes.slice(0, 200), false).replace(/\s+/g, ' ').slice(0, 60);
    return `the body is not JSON${status}: ${message}; it starts with '${start}'`;
}
