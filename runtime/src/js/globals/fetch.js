// Request, Response and fetch, by the fetch standard.
const normalMethods = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT'];
// Set by the host itself: they belong to the connection, not to the request.
const hostHeaders = ['accept-encoding', 'connection', 'content-length', 'expect', 'host', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade'];
const nullBodyStatuses = [101, 103, 204, 205, 304];

function methodOf(method) {
    const text = byteString(method);
    if (!headerName.test(text)) throw new TypeError(`'${text}' is not an HTTP method`);
    const upper = text.toUpperCase();
    if (['CONNECT', 'TRACE', 'TRACK'].includes(upper)) throw new TypeError(`the method ${upper} is not allowed`);
    return normalMethods.includes(upper) ? upper : text;
}

const choices = {
    cache: ['default', 'no-store', 'reload', 'no-cache', 'force-cache', 'only-if-cached'],
    credentials: ['omit', 'same-origin', 'include'],
    duplex: ['half'],
    mode: ['navigate', 'same-origin', 'no-cors', 'cors'],
    priority: ['high', 'low', 'auto'],
    redirect: ['follow', 'error', 'manual'],
    referrerPolicy: ['', 'no-referrer', 'no-referrer-when-downgrade', 'same-origin', 'origin', 'strict-origin', 'origin-when-cross-origin', 'strict-origin-when-cross-origin', 'unsafe-url'],
};

function choice(init, name, otherwise) {
    const value = init[name];
    if (value === undefined) return otherwise;
    const text = `${value}`;
    if (!choices[name].includes(text)) throw new TypeError(`${name} is ${choices[name].map(each => `'${each}'`).join(', ')}, not '${text}'`);
    return text;
}

function absolute(input) {
    const text = usv(input);
    const parts = native.parseUrl(text, native.baseUrl ?? undefined);
    if (parts === null) {
        const error = new TypeError(`fetch: '${text}' is not an absolute URL`);
        define(error, 'code', 'ERR_INVALID_URL');
        throw error;
    }
    const [href, , username, password] = parts;
    if (username !== '' || password !== '') throw new TypeError('fetch: the URL has a user name or password; send an Authorization header instead');
    return href;
}

class Request {
    #url;
    #method;
    #headers;
    #body;
    // Made when it is asked for: most requests never are.
    #signal = null;
    #rest;
    constructor(input, init = undefined) {
        need(arguments, 1, 'Request');
        const from = isObject(input) && #url in input ? input : null;
        const url = from === null ? absolute(input) : from.#url;
        init = dictionary(init, 'the second argument of Request');
        const known = from?.#rest;
        if (init.window !== undefined && init.window !== null) throw new TypeError('window is null, where it is given');
        this.#url = url;
        const isChanged = Object.keys(init).length > 0;
        this.#rest = {
            cache: choice(init, 'cache', known?.cache ?? 'default'),
            credentials: choice(init, 'credentials', known?.credentials ?? 'same-origin'),
            integrity: init.integrity === undefined ? (known?.integrity ?? '') : `${init.integrity}`,
            keepalive: init.keepalive === undefined ? (known?.keepalive ?? false) : Boolean(init.keepalive),
            mode: choice(init, 'mode', known?.mode ?? 'cors'),
            redirect: choice(init, 'redirect', known?.redirect ?? 'follow'),
            referrer: init.referrer === undefined ? (isChanged ? 'about:client' : known?.referrer ?? 'about:client') : referrerOf(init.referrer),
            referrerPolicy: choice(init, 'referrerPolicy', isChanged ? '' : known?.referrerPolicy ?? ''),
        };
        // It has no effect.
        choice(init, 'priority', 'auto');
        if (init.mode !== undefined && this.#rest.mode === 'navigate') throw new TypeError(`mode is not 'navigate'`);
        if (this.#rest.cache === 'only-if-cached' && this.#rest.mode !== 'same-origin') throw new TypeError(`cache 'only-if-cached' needs mode 'same-origin'`);
        this.#method = init.method === undefined ? (from?.#method ?? 'GET') : methodOf(init.method);
        const given = init.signal === undefined ? (from === null ? null : from.#signal) : init.signal;
        if (given !== null) {
            if (!(given instanceof AbortSignal)) throw new TypeError('signal is not an AbortSignal');
            this.#signal = AbortSignal.any([given]);
        }
        if (this.#rest.mode === 'no-cors' && !['GET', 'HEAD', 'POST'].includes(this.#method)) throw new TypeError(`mode 'no-cors' allows GET, HEAD and POST`);
        if (init.headers !== undefined) this.#headers = new Headers(init.headers);
        else this.#headers = from === null ? new Headers() : headersInside.copy(from.#headers);
        const duplex = choice(init, 'duplex', undefined);
        const {body} = init;
        const hasBody = body !== undefined && body !== null;
        const inherits = body === undefined && from !== null && !from.#body.isNull;
        if ((hasBody || inherits) && (this.#method === 'GET' || this.#method === 'HEAD')) throw new TypeError(`a ${this.#method} request has no body`);
        if (hasBody) {
            const {state, type} = extractBody(body);
            if (state.stream !== null && duplex === undefined) throw new TypeError(`a request whose body is a stream needs duplex: 'half'`);
            this.#body = state;
            if (type !== null && !this.#headers.has('content-type')) this.#headers.append('content-type', type);
        } else if (inherits) {
            if (from.#body.isUnusable) throw new TypeError('the body of the request has been read already');
            this.#body = from.#body.move();
        } else {
            this.#body = noBody();
        }
    }
    get method() { return this.#method; }
    get url() { return this.#url; }
    get headers() { return this.#headers; }
    get destination() { return this.#rest && ''; }
    get referrer() { return this.#rest.referrer; }
    get referrerPolicy() { return this.#rest.referrerPolicy; }
    get mode() { return this.#rest.mode; }
    get credentials() { return this.#rest.credentials; }
    get cache() { return this.#rest.cache; }
    get redirect() { return this.#rest.redirect; }
    get integrity() { return this.#rest.integrity; }
    get keepalive() { return this.#rest.keepalive; }
    get isReloadNavigation() { return this.#rest && false; }
    get isHistoryNavigation() { return this.#rest && false; }
    get signal() { return (this.#signal ??= newSignal()); }
    get duplex() { return this.#rest && 'half'; }
    clone() {
        if (this.#body.isUnusable) throw new TypeError('the body of the request has been read already');
        const copy = this.#body.copy();
        const clone = new Request(this.#url, {method: this.#method, signal: this.signal});
        clone.#headers = headersInside.copy(this.#headers);
        clone.#rest = this.#rest;
        clone.#body = copy;
        return clone;
    }
    static [internal]() {
        return {body: request => request.#body, signal: request => request.#signal};
    }
}
const requestInside = Request[internal]();
delete Request[internal];

function referrerOf(value) {
    const text = usv(value);
    if (text === '') return '';
    const parts = native.parseUrl(text, native.baseUrl ?? undefined);
    if (parts === null) throw new TypeError(`referrer '${text}' is not a URL`);
    if (parts[0] === 'about:client') return 'about:client';
    const base = native.parseUrl(native.baseUrl ?? '');
    return base !== null && base[10] !== parts[10] ? 'about:client' : parts[0];
}

function responseInit(init) {
    const {headers, status, statusText} = dictionary(init, 'the second argument of Response');
    const number = status === undefined ? 200 : Math.trunc(Number(status)) & 0xffff;
    const text = statusText === undefined ? '' : byteString(statusText);
    if (number < 200 || number > 599) throw new RangeError('status is a number from 200 to 599');
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(text)) throw new TypeError('statusText has a character that a status cannot have');
    return {status: number, statusText: text, headers: headers === undefined ? new Headers() : new Headers(headers)};
}

class Response {
    #body;
    #headers;
    #rest;
    constructor(body = null, init = undefined) {
        const {status, statusText, headers} = responseInit(init);
        this.#headers = headers;
        this.#rest = {status, statusText, type: 'default', url: '', redirected: false};
        if (body === undefined || body === null) {
            this.#body = noBody();
        } else {
            const {state, type} = extractBody(body);
            if (nullBodyStatuses.includes(status)) throw new TypeError(`a response with status ${status} has no body`);
            this.#body = state;
            if (type !== null && !headers.has('content-type')) headers.append('content-type', type);
        }
    }
    static #make(rest, headers, body) {
        const response = new Response();
        response.#rest = rest;
        response.#headers = headers;
        response.#body = body;
        return response;
    }
    static error() {
        return Response.#make({status: 0, statusText: '', type: 'error', url: '', redirected: false}, headersInside.freeze(new Headers()), noBody());
    }
    static redirect(url, status = 302) {
        need(arguments, 1, 'Response.redirect');
        const parts = native.parseUrl(usv(url), native.baseUrl ?? undefined);
        if (parts === null) throw new TypeError(`'${url}' is not a URL`);
        const number = Math.trunc(Number(status)) & 0xffff;
        if (![301, 302, 303, 307, 308].includes(number)) throw new RangeError(`${status} is no status of a redirect`);
        const headers = headersInside.freeze(new Headers({location: parts[0]}));
        return Response.#make({status: number, statusText: '', type: 'default', url: '', redirected: false}, headers, noBody());
    }
    static json(data, init = undefined) {
        need(arguments, 1, 'Response.json');
        const text = JSON.stringify(data);
        if (text === undefined) throw new TypeError('the value has no JSON');
        const {status, statusText, headers} = responseInit(init);
        if (nullBodyStatuses.includes(status)) throw new TypeError(`a response with status ${status} has no body`);
        if (!headers.has('content-type')) headers.append('content-type', 'application/json');
        return Response.#make({status, statusText, type: 'default', url: '', redirected: false}, headers, new BodyState(native.encodeText(usv(text))));
    }
    get type() { return this.#rest.type; }
    get url() { return this.#rest.url; }
    get redirected() { return this.#rest.redirected; }
    get status() { return this.#rest.status; }
    get ok() { return this.#rest.status >= 200 && this.#rest.status <= 299; }
    get statusText() { return this.#rest.statusText; }
    get headers() { return this.#headers; }
    clone() {
        if (this.#body.isUnusable) throw new TypeError('the body of the response has been read already');
        const copy = this.#body.copy();
        const headers = headersInside.copy(this.#headers);
        return Response.#make(this.#rest, this.#rest.type === 'default' ? headers : headersInside.freeze(headers), copy);
    }
    static [internal]() {
        return {make: Response.#make, body: response => response.#body};
    }
}
const responseInside = Response[internal]();
delete Response[internal];
mixBody(Request, requestInside.body);
mixBody(Response, responseInside.body);

// Requests under way, by number.
const exchanges = new Map();

function fetch(input, init = undefined) {
    return new Promise((resolve, reject) => {
        need(arguments, 1, 'fetch');
        const request = new Request(input, init);
        const signal = requestInside.signal(request);
        if (signal?.aborted) {
            const body = requestInside.body(request);
            if (body.stream !== null && !body.stream.locked) body.stream.cancel(signal.reason).catch(() => {});
            reject(signal.reason);
            return;
        }
        if (request.url.startsWith('data:')) {
            resolve(fetchData(request));
            return;
        }
        if (!/^(?:https?|mock):/.test(request.url)) {
            const scheme = request.url.split(':', 1)[0];
            throw failureOf(request, {kind: 'invalid', code: 'ERR_UNSUPPORTED_SCHEME', message: `fetch takes http and https URLs, not ${scheme}:`, causes: []});
        }
        const id = nextNumber();
        const exchange = {resolve, reject, request, signal, started: false, stop: () => {}};
        exchange.stop = signal === null ? () => {} : addAbortStep(signal, () => {
            exchanges.delete(id);
            if (exchange.started) native.stopFetch(id);
            reject(signal.reason);
        });
        exchanges.set(id, exchange);
        const headers = headersInside.copy(request.headers);
        for (const name of hostHeaders) headers.delete(name);
        if (!headers.has('accept')) headers.set('accept', '*/*');
        const send = body => {
            if (!exchanges.has(id)) return;
            exchange.started = true;
            native.startFetch(id, {
                method: request.method,
                url: request.url,
                headers: headersInside.flat(headers),
                body,
                redirect: request.redirect,
            });
        };
        const state = requestInside.body(request);
        if (state.isNull) {
            send(undefined);
            return;
        }
        const taken = state.take();
        if (Object.getPrototypeOf(taken) === null) send(taken.bytes);
        else taken.then(({bytes}) => send(bytes)).catch(error => { if (exchanges.delete(id)) reject(error); });
    });
}

// A data: URL holds its response.
function fetchData(request) {
    const match = /^data:([^,]*),([^#]*)/s.exec(request.url);
    const isBase64 = match !== null && /; *base64$/i.test(match[1].trimEnd());
    let bytes = match === null ? null : native.percentDecode(match[2]);
    if (bytes !== null && isBase64) {
        try {
            bytes = Uint8Array.from(atob(native.decodeText(bytes, false)), character => character.charCodeAt(0));
        } catch {
            bytes = null;
        }
    }
    if (bytes === null) throw failureOf(request, {kind: 'invalid', code: 'ERR_INVALID_URL', message: 'the data: URL is not well-formed', causes: []});
    let type = match[1].replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, '');
    if (isBase64) type = type.replace(/; *base64$/i, '');
    if (type.startsWith(';')) type = `text/plain${type}`;
    const mime = parseMime(type) ?? parseMime('text/plain;charset=US-ASCII');
    const headers = headersInside.freeze(new Headers({'content-type': writeMime(mime)}));
    const rest = {status: 200, statusText: 'OK', type: 'basic', url: request.url.split('#', 1)[0], redirected: false};
    return responseInside.make(rest, headers, request.method === 'HEAD' ? noBody() : new BodyState(bytes));
}

function finishFetch(id, parts) {
    const exchange = exchanges.get(id);
    if (exchange === undefined) {
        native.dropBody(id);
        return;
    }
    exchanges.delete(id);
    exchange.stop();
    const {request, signal} = exchange;
    const headers = new Headers();
    for (let index = 0; index < parts.headers.length; index += 2) headers.append(parts.headers[index], parts.headers[index + 1]);
    headersInside.freeze(headers);
    const hasBody = !nullBodyStatuses.includes(parts.status) && request.method !== 'HEAD';
    if (!hasBody) native.dropBody(id);
    const body = hasBody ? new BodyState(null, null, new Remote(id, request)) : noBody();
    // Whoever gives the request up does not want the rest of its answer either.
    if (signal !== null && hasBody) addAbortStep(signal, () => body.fail(signal.reason));
    const {status, statusText, url, redirected} = parts;
    exchange.resolve(responseInside.make({status, statusText, type: 'basic', url, redirected}, headers, body));
}

function failureOf(request, {kind, code, message, causes, retryAfter}) {
    const sentence = `${request.method} ${request.url} failed: ${message}`;
    if (retryAfter !== undefined) return new ConnectorRateLimitError(sentence, {retryAfter, code: 'rate-limit'});
    let cause;
    for (const text of causes.reverse()) cause = new Error(text, cause === undefined ? undefined : {cause});
    cause ??= new Error(message);
    define(cause, 'code', code);
    const error = new FetchError(sentence, {cause});
    define(error, 'code', kind);
    return error;
}

function failFetch(id, parts) {
    const exchange = exchanges.get(id);
    if (exchange === undefined) return;
    exchanges.delete(id);
    exchange.stop();
    exchange.reject(failureOf(exchange.request, parts));
}

webIdl(Request, 'Request');
webIdl(Response, 'Response');
expose('Request', Request);
expose('Response', Response);
expose('fetch', fetch);
// For signatures: what is there already.
function bytesOfRequest(request, what) {
    const body = requestInside.body(request);
    if (body.stream !== null) throw new TypeError(`${what} needs a body that is no stream`);
    return body.bytes ?? undefined;
}

Object.assign(late, {Request, Response, Headers, fetch, finishFetch, failFetch, remoteBody, remoteChunk, remoteBroken, bytesOfRequest, flatHeaders: headersInside.flat});
