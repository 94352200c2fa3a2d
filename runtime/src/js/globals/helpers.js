// Parts of moltler: pages, repeated attempts, GraphQL, forms with nested keys.

// The value at `a.b.0.c`; undefined where a step is missing.
function valueAt(value, path) {
    if (path === '') return value;
    for (const key of `${path}`.split('.')) {
        if (value === undefined || value === null) return undefined;
        value = value[key];
    }
    return value;
}

const shown = url => `${url}`.split('?', 1)[0];

// A response that is no success, as an error.
async function errorOf(request, response) {
    const start = utf8(await response.bytes()).replace(/\s+/g, ' ').trim().slice(0, 200);
    const message = `${request.method} ${shown(request.url)} answered with status ${response.status}${start === '' ? '' : `: ${start}`}`;
    const options = {code: response.status};
    if (response.status === 401 || response.status === 403) return new ConnectorAuthError(message, options);
    if (response.status === 429) {
        const seconds = Number(response.headers.get('retry-after') ?? NaN);
        return new ConnectorRateLimitError(message, Number.isNaN(seconds) ? options : {...options, retryAfter: seconds});
    }
    return new ConnectorError(message, options);
}

// The target of `Link: <…>; rel="next"`.
function nextLink(response) {
    const text = response.headers.get('link') ?? '';
    for (const [, target, parameters] of text.matchAll(/<([^>]*)>((?:\s*;\s*[^\s=;,]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s;,"]*))?)*)/g)) {
        const rel = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]*))/i.exec(parameters);
        if (rel !== null && (rel[1] ?? rel[2]).toLowerCase().split(/\s+/).includes('next')) return target;
    }
    return null;
}

function withParameter(url, name, value) {
    const next = new URL(url);
    next.searchParams.set(name, value);
    return next.href;
}

// How many rows a page has: a number, or the name of the URL's parameter that says it.
function sizeOf(size, url) {
    const number = typeof size === 'string' ? Number(new URL(url).searchParams.get(size) ?? NaN) : Number(size);
    if (!(Number.isInteger(number) && number > 0)) {
        throw new TypeError(`moltler.paginate: size is a number, or the name of a parameter of the URL that holds one`);
    }
    return number;
}

function countedParameter(url, name, first) {
    const number = Number(new URL(url).searchParams.get(name) ?? first);
    return Number.isInteger(number) ? number : first;
}

// A function (body, response, items, url) that gives what to ask for next, or nothing.
function follower(next) {
    if (typeof next === 'function') return next;
    if (next === 'link') return (body, response) => nextLink(response);
    if (isObject(next) && next.cursor !== undefined) {
        return (body, response, items, url) => {
            const cursor = valueAt(body, next.cursor);
            if (cursor === undefined || cursor === null || cursor === '' || cursor === false) return null;
            return next.param === undefined ? `${cursor}` : withParameter(url, `${next.param}`, `${cursor}`);
        };
    }
    for (const [kind, first] of [['page', 1], ['offset', 0]]) {
        if (!isObject(next) || next[kind] === undefined) continue;
        const name = `${next[kind]}`;
        return (body, response, items, url) => {
            const size = sizeOf(next.size, url);
            if (items.length < size) return null;
            return withParameter(url, name, countedParameter(url, name, first) + (kind === 'page' ? 1 : size));
        };
    }
    throw new TypeError(`moltler.paginate: next is 'link', {cursor, param}, {page, size}, {offset, size} or a function`);
}

function itemsOf(items, body, response) {
    const found = typeof items === 'function' ? items(body, response) : items === undefined ? body : valueAt(body, items);
    if (Array.isArray(found)) return found;
    const what = items === undefined ? 'the body' : typeof items === 'function' ? 'what items gives' : `'${items}' in the body`;
    const keys = isObject(body) && !Array.isArray(body) ? `; the body has the keys ${Object.keys(body).slice(0, 20).join(', ')}` : '';
    throw new ConnectorError(`moltler.paginate: ${what} is no array${keys}`);
}

// The JSON of a response; what is none is an error that names the request.
async function jsonOf(request, response) {
    try {
        return await response.json();
    } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        throw new ConnectorError(`${request.method} ${shown(request.url)}: ${error.message}`, {code: 'malformed', cause: error});
    }
}

// How requests are sent: by the connector itself, or by the global.
function sender(send, what) {
    if (send === undefined) return request => fetch(request);
    if (typeof send !== 'function') throw new TypeError(`${what}: fetch is not a function`);
    return async request => {
        const response = await send(request);
        if (!(response instanceof Response)) throw new TypeError(`${what}: fetch gave no Response`);
        return response;
    };
}

async function* pages(input, follow, items, send) {
    const seen = new Set();
    const first = new Request(input);
    let request = first;
    while (true) {
        const text = request.body === null ? '' : utf8(await request.clone().bytes());
        const key = `${request.method} ${request.url} ${text}`;
        if (seen.has(key)) {
            throw new ConnectorError(`moltler.paginate: ${request.method} ${shown(request.url)} would be asked a second time`, {code: 'repeated-request'});
        }
        seen.add(key);
        const response = await send(request.clone());
        if (!response.ok) throw await errorOf(request, response);
        const body = await jsonOf(request, response);
        const rows = await itemsOf(items, body, response);
        const next = await follow(body, response, rows, request.url);
        yield rows;
        if (next === undefined || next === null || next === '' || next === false) return;
        if (next instanceof Request) request = next;
        else request = new Request(new URL(`${next}`, response.url || request.url).href, first.clone());
    }
}

function wait(ms) {
    return new Promise(resolve => startTimer('moltler.retry', resolve, ms, [], false));
}

const isPassing = error => error instanceof FetchError || error instanceof ConnectorConnectionError || error instanceof ConnectorRateLimitError;

function addForm(form, key, value, depth) {
    if (depth > 100) throw new RangeError('moltler.form: the document is nested more than 100 levels deep, or contains itself');
    if (value === undefined) return;
    if (value === null) form.append(key, '');
    else if (value instanceof Date) form.append(key, value.toISOString());
    else if (typeof value === 'object') {
        for (const [inner, item] of Object.entries(value)) addForm(form, key === '' ? inner : `${key}[${inner}]`, item, depth + 1);
    } else form.append(key, `${value}`);
}

const helpers = {
    paginate(input, options) {
        const {next, items, fetch: send} = dictionary(options, 'the second argument of moltler.paginate');
        return pages(input, follower(next), items, sender(send, 'moltler.paginate'));
    },
    async retry(run, options = undefined) {
        const {times, when} = dictionary(options, 'the second argument of moltler.retry');
        if (typeof run !== 'function') throw new TypeError('moltler.retry: the first argument is not a function');
        if (when !== undefined && typeof when !== 'function') throw new TypeError('moltler.retry: when is not a function');
        const limit = times === undefined ? 3 : Number(times);
        if (!(limit >= 0)) throw new TypeError('moltler.retry: times is a number');
        for (let attempt = 1; ; attempt++) {
            try {
                return await run(attempt);
            } catch (error) {
                if (attempt > limit || !(await (when ?? isPassing)(error, attempt))) throw error;
                const seconds = Number(error?.retryAfter ?? NaN);
                const backoff = Math.min(1000 * 2 ** (attempt - 1), 30_000) * (native.virtual ? 1 : 0.75 + Math.random() / 2);
                await wait(seconds >= 0 ? seconds * 1000 : backoff);
            }
        }
    },
    async graphql(url, query, variables = undefined, init = undefined) {
        const {method = 'POST', headers, fetch: given, ...rest} = dictionary(init, 'the fourth argument of moltler.graphql');
        const send = sender(given, 'moltler.graphql');
        const sent = new Headers(headers);
        if (!sent.has('content-type')) sent.set('content-type', 'application/json');
        if (!sent.has('accept')) sent.set('accept', 'application/json');
        const request = new Request(url, {...rest, method, headers: sent, body: JSON.stringify({query: `${query}`, variables})});
        const response = await send(request);
        const isJson = /json/i.test(response.headers.get('content-type') ?? '');
        if (!response.ok && !isJson) throw await errorOf(request, response);
        const body = await jsonOf(request, response);
        const errors = body?.errors;
        if (Array.isArray(errors) && errors.length > 0) {
            const [first] = errors;
            const more = errors.length === 1 ? '' : ` (and ${errors.length - 1} more)`;
            const path = Array.isArray(first?.path) ? ` at ${first.path.join('.')}` : '';
            const code = first?.extensions?.code ?? first?.type;
            throw new ConnectorError(`GraphQL: ${first?.message ?? JSON.stringify(first)}${path}${more}`, code === undefined ? undefined : {code});
        }
        if (!response.ok) throw new ConnectorError(`POST ${shown(url)} answered with status ${response.status}`, {code: response.status});
        return body?.data;
    },
    form(document) {
        if (!isObject(document)) throw new TypeError('moltler.form takes a document');
        const form = new URLSearchParams();
        addForm(form, '', document, 0);
        return form;
    },
};
for (const [name, value] of Object.entries(helpers)) define(core.moltler, name, value);
