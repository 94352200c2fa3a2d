// Request, Response and fetch.
const standardMethods = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'];
// Set by the host itself: they belong to the connection, not to the request.
const hostHeaders = ['accept-encoding', 'connection', 'content-length', 'expect', 'host', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade'];

function methodOf(method) {
    const text = `${method}`;
    if (!headerName.test(text)) throw new TypeError(`'${text}' is not an HTTP method`);
    const upper = text.toUpperCase();
    if (['CONNECT', 'TRACE', 'TRACK'].includes(upper)) throw new TypeError(`the method ${upper} is not allowed`);
    return standardMethods.includes(upper) ? upper : text;
}

class Request extends Body {
    #url;
    #method;
    #headers;
    #redirect;
    #signal;
    constructor(input, init = {}) {
        const from = input instanceof Request ? input : null;
        init ??= {};
        const method = init.method !== undefined ? methodOf(init.method) : (from?.method ?? 'GET');
        const headers = new Headers(init.headers !== undefined ? init.headers : from?.headers);
        let bytes = null;
        if (init.body !== undefined && init.body !== null) {
            const body = bodyBytes(init.body);
            bytes = body.bytes;
            if (body.type !== null && !headers.has('content-type')) headers.set('content-type', body.type);
        } else if (from !== null) {
            bytes = from[internal]();
        }
        if (bytes !== null && (method === 'GET' || method === 'HEAD')) throw new TypeError(`a ${method} request has no body`);
        super(bytes);
        this.#url = from === null ? absolute(input) : from.url;
        this.#method = method;
        this.#headers = headers;
        this.#redirect = init.redirect ?? from?.redirect ?? 'follow';
        if (!['follow', 'error', 'manual'].includes(this.#redirect)) throw new TypeError(`redirect is 'follow', 'error' or 'manual'`);
        this.#signal = init.signal === undefined ? (from?.signal ?? null) : init.signal;
        if (this.#signal !== null && !(this.#signal instanceof AbortSignal)) throw new TypeError('signal is not an AbortSignal');
    }
    get url() { return this.#url; }
    get method() { return this.#method; }
    get headers() { return this.#headers; }
    get redirect() { return this.#redirect; }
    get signal() { return this.#signal; }
    clone() { return new Request(this); }
}

function absolute(input) {
    const url = URL.parse(`${input}`);
    if (url === null) {
        const error = new TypeError(`fetch: '${input}' is not an absolute URL`);
        error.code = 'ERR_INVALID_URL';
        throw error;
    }
    if (url.username !== '' || url.password !== '') throw new TypeError('fetch: the URL has a user name or password; send an Authorization header instead');
    return url.href;
}

class Response extends Body {
    #status;
    #statusText;
    #headers;
    #url = '';
    #redirected = false;
    constructor(body = null, init = {}, key = undefined, parts = undefined) {
        if (key === internal) {
            super(parts.body);
            this.#status = parts.status;
            this.#statusText = parts.statusText;
            this.#headers = parts.headers;
            this.#url = parts.url;
            this.#redirected = parts.redirected;
            return;
        }
        const status = init?.status === undefined ? 200 : Number(init.status);
        if (!(Number.isInteger(status) && status >= 200 && status <= 599)) throw new RangeError('status is a number from 200 to 599');
        const {bytes, type} = bodyBytes(body);
        if (bytes !== null && [204, 205, 304].includes(status)) throw new TypeError(`a response with status ${status} has no body`);
        super(bytes);
        this.#status = status;
        this.#statusText = init?.statusText === undefined ? '' : `${init.statusText}`;
        this.#headers = new Headers(init?.headers);
        if (type !== null && !this.#headers.has('content-type')) this.#headers.set('content-type', type);
    }
    static json(data, init = {}) {
        const text = JSON.stringify(data);
        if (text === undefined) throw new TypeError('the value has no JSON');
        const headers = new Headers(init?.headers);
        if (!headers.has('content-type')) headers.set('content-type', 'application/json');
        return new Response(text, {...init, headers});
    }
    get status() { return this.#status; }
    get statusText() { return this.#statusText; }
    get ok() { return this.#status >= 200 && this.#status <= 299; }
    get headers() { return this.#headers; }
    get url() { return this.#url; }
    get redirected() { return this.#redirected; }
    get type() { return 'default'; }
    clone() {
        return new Response(null, {}, internal, {
            body: this[internal](),
            status: this.#status,
            statusText: this.#statusText,
            headers: new Headers(this.#headers),
            url: this.#url,
            redirected: this.#redirected,
        });
    }
}

// Requests under way, by number.
const exchanges = new Map();

function fetch(input, init) {
    return new Promise((resolve, reject) => {
        const request = new Request(input, init);
        const signal = request.signal;
        if (signal?.aborted) {
            reject(signal.reason);
            return;
        }
        const id = nextNumber();
        const abort = () => {
            exchanges.delete(id);
            native.stopFetch(id);
            reject(signal.reason);
        };
        exchanges.set(id, {resolve, reject, request, done: () => signal?.removeEventListener('abort', abort)});
        signal?.addEventListener('abort', abort);
        const headers = new Headers(request.headers);
        for (const name of hostHeaders) headers.delete(name);
        if (!headers.has('accept')) headers.set('accept', '*/*');
        native.startFetch(id, {
            method: request.method,
            url: request.url,
            headers: headers[internal](),
            body: request[internal]() ?? undefined,
            redirect: request.redirect,
        });
    });
}

function finishFetch(id, parts) {
    const exchange = exchanges.get(id);
    if (exchange === undefined) return;
    exchanges.delete(id);
    exchange.done();
    const headers = new Headers();
    for (let index = 0; index < parts.headers.length; index += 2) headers.append(parts.headers[index], parts.headers[index + 1]);
    const body = parts.body.length === 0 ? null : parts.body;
    exchange.resolve(new Response(null, {}, internal, {...parts, headers, body}));
}

function failFetch(id, {code, message, causes}) {
    const exchange = exchanges.get(id);
    if (exchange === undefined) return;
    exchanges.delete(id);
    exchange.done();
    let cause;
    for (const text of causes.reverse()) cause = new Error(text, cause === undefined ? undefined : {cause});
    cause ??= new Error(message);
    define(cause, 'code', code);
    const error = new FetchError(`${exchange.request.method} ${exchange.request.url} failed: ${message}`, {cause});
    define(error, 'code', code);
    exchange.reject(error);
}

tag(Request, 'Request');
tag(Response, 'Response');
expose('Request', Request);
expose('Response', Response);
expose('fetch', fetch);
Object.assign(late, {URL, URLSearchParams, Headers, Response, Body, finishFetch, failFetch});
