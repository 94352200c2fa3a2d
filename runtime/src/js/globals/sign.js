// moltler.secret, moltler.sign and moltler.oauth2: what credentials need that connector code never sees.
const {Request, Headers, fetch: send, flatHeaders, bytesOfRequest} = use('fetch');
const {URLSearchParams} = use('url');
const {stringify} = JSON;
const {set: setHeader} = Headers.prototype;

function optionsOf(value, known, what) {
    if (!isObject(value)) throw new TypeError(`${what} takes an object of options`);
    for (const name of Object.keys(value)) {
        if (!known.includes(name)) throw new TypeError(`${what} has no option '${name}'; there are ${known.join(', ')}`);
    }
    return name => (value[name] === undefined || value[name] === null ? undefined : `${value[name]}`);
}

function needed(option, name, what) {
    const value = option(name);
    if (value === undefined || value === '') throw new TypeError(`${what} needs '${name}'`);
    return value;
}

// A request as the host takes it; its body must be there already.
function partsOf(request, what) {
    return {method: request.method, url: request.url, headers: flatHeaders(request.headers), body: bytesOfRequest(request, what)};
}

const sign = {
    jwt(given) {
        const what = 'moltler.sign.jwt';
        if (!isObject(given)) throw new TypeError(`${what} takes {alg, key, header, claims}`);
        const option = optionsOf(given, ['alg', 'key', 'header', 'claims'], what);
        const alg = needed(option, 'alg', what);
        const key = isObject(given.key) ? stringify(given.key) : needed(option, 'key', what);
        if (given.header !== undefined && !isObject(given.header)) throw new TypeError(`'header' of ${what} is an object`);
        if (!isObject(given.claims)) throw new TypeError(`'claims' of ${what} is an object`);
        return native.signJwt(alg, key, stringify({alg, typ: 'JWT', ...given.header}), stringify(given.claims));
    },
    aws4(input, given) {
        const what = 'moltler.sign.aws4';
        const option = optionsOf(given, ['access_key', 'secret_key', 'session_token', 'region', 'service'], what);
        const request = new Request(input);
        const {headers} = request;
        const payload = native.signAws4({
            parts: partsOf(request, what),
            access_key: needed(option, 'access_key', what),
            secret_key: needed(option, 'secret_key', what),
            session_token: option('session_token') ?? '',
            region: needed(option, 'region', what),
            service: needed(option, 'service', what),
        });
        for (let index = 0; index < payload.length; index += 2) setHeader.call(headers, payload[index], payload[index + 1]);
        return request;
    },
    oauth1(input, given) {
        const what = 'moltler.sign.oauth1';
        const option = optionsOf(given, ['consumer_key', 'consumer_secret', 'token', 'token_secret', 'method', 'realm'], what);
        const request = new Request(input);
        const value = native.signOauth1({
            parts: partsOf(request, what),
            consumer_key: needed(option, 'consumer_key', what),
            consumer_secret: option('consumer_secret') ?? '',
            token: option('token') ?? '',
            token_secret: option('token_secret') ?? '',
            method: option('method') ?? 'HMAC-SHA1',
            realm: option('realm') ?? null,
        });
        setHeader.call(request.headers, 'authorization', value);
        return request;
    },
};

const grants = ['client_credentials', 'refresh_token', 'password'];
// So long before its end a token is not used any more, or for a tenth of a short life.
const earlyMs = 60000;
const lockWaitMs = 60000;

function oauth2(given) {
    const what = 'moltler.oauth2';
    const option = optionsOf(given, ['token_url', 'client_id', 'client_secret', 'grant', 'refresh_token', 'scope', 'auth', 'username', 'password', 'params'], what);
    const url = needed(option, 'token_url', what);
    const id = needed(option, 'client_id', what);
    const secret = option('client_secret');
    const configured = option('refresh_token');
    const grant = option('grant') ?? (configured === undefined ? 'client_credentials' : 'refresh_token');
    if (!grants.includes(grant)) throw new TypeError(`'grant' of ${what} is one of ${grants.join(', ')}, not '${grant}'`);
    if (grant === 'refresh_token' && configured === undefined) throw new TypeError(`${what} needs 'refresh_token'`);
    const auth = option('auth') ?? 'body';
    if (auth !== 'body' && auth !== 'basic') throw new TypeError(`'auth' of ${what} is 'body' or 'basic', not '${auth}'`);
    const extra = given.params === undefined ? {} : {...given.params};
    const key = native.tokenKey(stringify([url, id, secret, grant, configured, option('scope'), option('username'), option('password'), extra]), url);

    let current = null;
    let flight = null;
    const isUsable = tokens => tokens !== null && (tokens.expires_at === null || tokens.expires_at > native.now());

    function form(grantType, refreshToken) {
        const fields = new URLSearchParams({grant_type: grantType, ...extra});
        if (grantType === 'refresh_token') fields.set('refresh_token', refreshToken);
        if (grantType === 'password') {
            fields.set('username', needed(option, 'username', what));
            fields.set('password', needed(option, 'password', what));
        }
        if (option('scope') !== undefined) fields.set('scope', option('scope'));
        if (auth === 'body') {
            fields.set('client_id', id);
            if (secret !== undefined) fields.set('client_secret', secret);
        }
        return fields;
    }

    // Asks the server; the host keeps what it hands out before this goes on.
    async function ask(grantType, refreshToken) {
        const headers = {accept: 'application/json'};
        if (auth === 'basic') headers.authorization = `Basic ${btoa(`${encodeURIComponent(id)}:${encodeURIComponent(secret ?? '')}`)}`;
        const request = new Request(url, {method: 'POST', headers, body: form(grantType, refreshToken)});
        native.nextIsTokens(key);
        let answer;
        try {
            answer = send(request);
        } finally {
            native.nextIsTokens(null);
        }
        const response = await answer;
        let body = {};
        try {
            body = await response.json();
        } catch {
            // An error page; its status says enough.
        }
        if (response.ok && typeof body?.access_token === 'string') return native.tokenRead(key);
        const reason = typeof body?.error === 'string' ? `: ${body.error}${body.error_description ? ` (${body.error_description})` : ''}` : '';
        const message = `${url} gave no token (status ${response.status})${reason}`;
        const code = typeof body?.error === 'string' ? body.error : undefined;
        if (response.status === 400 || response.status === 401 || response.status === 403) throw new ConnectorAuthError(message, {code});
        throw new ConnectorError(message, {code});
    }

    async function renew(stored) {
        const kept = stored?.refresh_token;
        if (typeof kept === 'string') {
            try {
                return await ask('refresh_token', kept);
            } catch (error) {
                // The kept one is not good any more; what CONFIG says may be.
                if (error?.code !== 'invalid_grant' || kept === configured) throw error;
            }
        }
        return ask(grant, configured);
    }

    // One at a time over handlers, processes and executables: whoever waited finds the tokens of the one before.
    async function obtain(rejected) {
        const stored = native.tokenRead(key);
        if (isUsable(stored) && stored.access_token !== rejected) return stored;
        const end = native.now() + lockWaitMs;
        while (!native.tokenLock(key)) {
            if (native.now() > end) throw new ConnectorConnectionError(`another process has been renewing the tokens of ${url} for ${lockWaitMs / 1000} s`);
            await new Promise(resolve => startTimer(what, resolve, 50, [], false));
        }
        try {
            const now = native.tokenRead(key);
            if (isUsable(now) && now.access_token !== rejected) return now;
            return await renew(now);
        } finally {
            native.tokenUnlock(key);
        }
    }

    async function tokens(rejected) {
        if (isUsable(current) && current.access_token !== rejected) return current;
        flight ??= obtain(rejected).then(found => (current = found)).finally(() => { flight = null; });
        return flight;
    }

    const withToken = (request, {access_token}) => {
        setHeader.call(request.headers, 'authorization', `Bearer ${access_token}`);
        return send(request);
    };

    return {
        async token() { return (await tokens()).access_token; },
        async fetch(input, init) {
            const request = new Request(input, init);
            const first = await tokens();
            const response = await withToken(request.clone(), first);
            if (response.status !== 401) return response;
            // The server ended its life before the time it told.
            return withToken(request, await tokens(first.access_token));
        },
    };
}

define(core.moltler, 'secret', function secret(text) {
    if (typeof text !== 'string' || text === '') throw new TypeError('moltler.secret takes a text');
    return native.addSecret(text);
});
define(core.moltler, 'sign', sign);
define(core.moltler, 'oauth2', oauth2);
