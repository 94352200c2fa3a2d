// What Request and Response have in common: bytes that can be read once.
function bodyBytes(body) {
    if (body === undefined || body === null) return {bytes: null, type: null};
    if (typeof body === 'string') return {bytes: native.encodeText(body), type: 'text/plain;charset=UTF-8'};
    if (body instanceof URLSearchParams) {
        return {bytes: native.encodeText(body.toString()), type: 'application/x-www-form-urlencoded;charset=UTF-8'};
    }
    const bytes = bytesOf(body);
    if (bytes !== undefined) return {bytes, type: null};
    return {bytes: native.encodeText(`${body}`), type: 'text/plain;charset=UTF-8'};
}

class Body {
    #bytes;
    #used = false;
    constructor(bytes) { this.#bytes = bytes; }
    get bodyUsed() { return this.#used; }
    #take() {
        if (this.#used) throw new TypeError('the body has been read already; use clone() to read it twice');
        if (this.#bytes === null) return new Uint8Array(0);
        this.#used = true;
        return this.#bytes;
    }
    // For clone and fetch, which leave the body unread.
    [internal]() {
        if (this.#used) throw new TypeError('the body has been read already');
        return this.#bytes;
    }
    async arrayBuffer() { return this.#take().slice().buffer; }
    async bytes() { return this.#take().slice(); }
    async text() {
        const text = native.decodeText(this.#take(), false);
        return text.startsWith('\ufeff') ? text.slice(1) : text;
    }
    async json() {
        const bytes = this.#take();
        try {
            return native.parseJson(bytes);
        } catch (error) {
            if (!(error instanceof SyntaxError)) throw error;
            throw new SyntaxError(explain(this, bytes, error.message));
        }
    }
}

// An answer that is no JSON is mostly an error page: its start says more than the parser.
function explain(body, bytes, message) {
    const status = body instanceof Response ? ` (status ${body.status})` : '';
    if (bytes.length === 0) return `the body is empty, not JSON${status}`;
    const start = native.decodeText(bytes.slice(0, 200), false).replace(/\s+/g, ' ').slice(0, 60);
    return `the body is not JSON${status}: ${message}; it starts with '${start}'`;
}
