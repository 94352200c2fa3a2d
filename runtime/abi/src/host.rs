//! What a handler's JavaScript finds: global names, and the members of what its entry point is given.

/// The same as declarations of TypeScript, with every member, for editors. Tests compare them with the host.
pub const TYPES: &str = include_str!("moltler.d.ts");

/// The commonest of what ECMAScript itself declares, for editors.
pub const ECMASCRIPT_TYPES: &str = include_str!("ecmascript.d.ts");

/// A name that a handler may use.
#[derive(Clone, Copy, Debug)]
pub struct HostName {
    /// As written in JavaScript.
    pub name: &'static str,
    /// One sentence, in Markdown.
    pub documentation: &'static str,
}

/// Globals that Moltler's host adds to those of ECMAScript.
pub const HOST_GLOBALS: &[HostName] = &[
    HostName {
        name: "fetch",
        documentation: "Sends an HTTP request to a host that the connector may reach; gives a promise of a `Response`. \
                        HTTP errors do not reject; a network failure rejects with a `FetchError`.",
    },
    HostName { name: "Request", documentation: "A request for `fetch`: URL, method, headers, body." },
    HostName {
        name: "Response",
        documentation: "What `fetch` gives: `ok`, `status`, `headers`, and `json()`, `text()`, `arrayBuffer()` to read \
                        its body once.",
    },
    HostName { name: "Headers", documentation: "HTTP headers; names match in any case." },
    HostName { name: "FormData", documentation: "A form with texts and files, sent as `multipart/form-data`." },
    HostName {
        name: "Blob",
        documentation: "Bytes with a media type: `size`, `type`, `slice`, `text()`, `arrayBuffer()`.",
    },
    HostName { name: "File", documentation: "A `Blob` with a name, for `FormData`." },
    HostName {
        name: "ReadableStream",
        documentation: "A stream, such as `response.body`: `for await`, `getReader()`, `tee()`, `cancel()`.",
    },
    HostName { name: "ReadableStreamDefaultReader", documentation: "What `getReader()` of a `ReadableStream` gives." },
    HostName {
        name: "ReadableStreamDefaultController",
        documentation: "What the source of a `ReadableStream` is given: `enqueue`, `close`, `error`.",
    },
    HostName { name: "Event", documentation: "An event, such as `abort` of an `AbortSignal`." },
    HostName { name: "EventTarget", documentation: "What events are sent to: `addEventListener`, `dispatchEvent`." },
    HostName { name: "URL", documentation: "A URL and its parts." },
    HostName { name: "URLSearchParams", documentation: "The query of a URL, or the body of a form." },
    HostName { name: "AbortController", documentation: "Cancels a `fetch` by its `signal`." },
    HostName { name: "AbortSignal", documentation: "`AbortSignal.timeout(ms)` cancels a `fetch` after a time." },
    HostName { name: "setTimeout", documentation: "Calls a function later." },
    HostName { name: "clearTimeout", documentation: "Takes back a `setTimeout`." },
    HostName { name: "setInterval", documentation: "Calls a function again and again." },
    HostName { name: "clearInterval", documentation: "Takes back a `setInterval`." },
    HostName { name: "queueMicrotask", documentation: "Calls a function as soon as the running one has ended." },
    HostName { name: "console", documentation: "Writes to standard error, never to the program's results." },
    HostName { name: "TextEncoder", documentation: "Text to UTF-8 bytes." },
    HostName { name: "TextDecoder", documentation: "Bytes to text, in any encoding of the web." },
    HostName { name: "atob", documentation: "Base64 to text of bytes." },
    HostName { name: "btoa", documentation: "Text of bytes to base64, as Basic authentication needs it." },
    HostName {
        name: "crypto",
        documentation: "`randomUUID()`, `getRandomValues(array)`, and `subtle`: digests, keys, HMAC, RSASSA-PKCS1-v1_5, ECDSA \
                        (P-256 with SHA-256, P-384 with SHA-384) and Ed25519 signatures. Placeholders of secrets count as their values.",
    },
    HostName { name: "Crypto", documentation: "The class of `crypto`." },
    HostName {
        name: "CryptoKey",
        documentation: "A key of `crypto.subtle`. One made of a secret is never extractable.",
    },
    HostName { name: "SubtleCrypto", documentation: "The class of `crypto.subtle`." },
    HostName {
        name: "moltler",
        documentation: "What every connector needs: `paginate(url, {next, items})`, `retry(fn, {times, when})`, \
                        `graphql(url, query, variables, init)`, `form(document)`, `secret(text)`, `sign.jwt({alg, key, header, claims})`, \
                        `sign.aws4(request, {access_key, secret_key, session_token, region, service})`, \
                        `sign.oauth1(request, {consumer_key, consumer_secret, token, token_secret, method, realm})`, \
                        `oauth2({token_url, client_id, client_secret, grant, refresh_token, scope, auth})` with `fetch(url, init)` and `token()`.",
    },
    HostName { name: "performance", documentation: "`now()` is a time in milliseconds for measuring." },
    HostName { name: "structuredClone", documentation: "A deep copy of plain data." },
    HostName {
        name: "DOMException",
        documentation: "The class of the errors of `AbortSignal`, `atob` and `structuredClone`.",
    },
    HostName {
        name: "ConnectorError",
        documentation: "The base class of a connector's errors: `new ConnectorError(message, {code, cause})`.",
    },
    HostName { name: "ConnectorAuthError", documentation: "Credentials are missing or refused." },
    HostName {
        name: "ConnectorRateLimitError",
        documentation: "The API asks to wait: `new ConnectorRateLimitError(message, {retryAfter})`, in seconds.",
    },
    HostName { name: "ConnectorConnectionError", documentation: "The API cannot be reached." },
];

/// The global function that counts the statements of handlers that run, in programs made for the coverage of tests. It is called
/// with the number of the statement.
pub const COVERAGE_COUNTER: &str = "__moltlerCount";

/// Classes of errors that the host, the language and the runtime raise, as CATCH and ASSERT RAISES name them.
pub const ERROR_CLASSES: &[&str] = &[
    "Error",
    "ConnectorError",
    "ConnectorAuthError",
    "ConnectorRateLimitError",
    "ConnectorConnectionError",
    "ConnectorDisabled",
    "FetchError",
    "TypeError",
    "RangeError",
    "SyntaxError",
    "ReferenceError",
    "DOMException",
    "AssertionError",
    "ArgumentError",
    "ConfigError",
    "UnknownConnector",
    "UnknownAction",
    "UnknownEntity",
];

/// Globals of ECMAScript that QuickJS has.
pub const ECMASCRIPT_GLOBALS: &[&str] = &[
    "AggregateError",
    "Array",
    "ArrayBuffer",
    "AsyncDisposableStack",
    "Atomics",
    "BigInt",
    "BigInt64Array",
    "BigUint64Array",
    "Boolean",
    "DataView",
    "Date",
    "DisposableStack",
    "Error",
    "EvalError",
    "FinalizationRegistry",
    "Float16Array",
    "Float32Array",
    "Float64Array",
    "Function",
    "Infinity",
    "Int16Array",
    "Int32Array",
    "Int8Array",
    "InternalError",
    "Iterator",
    "JSON",
    "Map",
    "Math",
    "NaN",
    "Number",
    "Object",
    "Promise",
    "Proxy",
    "RangeError",
    "ReferenceError",
    "Reflect",
    "RegExp",
    "Set",
    "SharedArrayBuffer",
    "String",
    "SuppressedError",
    "Symbol",
    "SyntaxError",
    "TypeError",
    "URIError",
    "Uint16Array",
    "Uint32Array",
    "Uint8Array",
    "Uint8ClampedArray",
    "WeakMap",
    "WeakRef",
    "WeakSet",
    "decodeURI",
    "decodeURIComponent",
    "encodeURI",
    "encodeURIComponent",
    "escape",
    "eval",
    "globalThis",
    "isFinite",
    "isNaN",
    "parseFloat",
    "parseInt",
    "undefined",
    "unescape",
];

/// Habits from other hosts: the name, and what to use here.
pub const FOREIGN_GLOBALS: &[(&str, &str)] = &[
    ("require", "a handler has no modules; put shared code into the type's SHARED block"),
    ("Buffer", "use `TextEncoder`, `btoa` and `atob`"),
    ("process", "use `ENV('NAME')` in CONFIG and read it from `config`"),
    ("Intl", "use `Date` and `toISOString`; handlers run in UTC"),
    ("XMLHttpRequest", "use `fetch`"),
    ("setImmediate", "use `queueMicrotask`, or `setTimeout` without a time"),
    ("module", "write the function alone; it is found by its name"),
    ("exports", "write the function alone; it is found by its name"),
    ("global", "use `globalThis`"),
    ("window", "use `globalThis`"),
    ("localStorage", "a variable outside of the functions keeps its value between calls"),
];

/// Members of `options`.
pub const OPTIONS_MEMBERS: &[HostName] = &[
    HostName { name: "limit", documentation: "How many rows are enough; absent where every row is needed." },
    HostName { name: "orderBy", documentation: "`[{field, direction: 'asc'|'desc'}]`" },
    HostName { name: "fields", documentation: "The fields that the query needs." },
    HostName { name: "where", documentation: "All simple conditions as `{field, op, value}`." },
    HostName { name: "batchSize", documentation: "How many rows to ask for in one request: the option `batch_size`." },
    HostName { name: "since", documentation: "In a sync: rows changed before it are known." },
];

/// Members of `moltler`.
pub const MOLTLER_MEMBERS: &[HostName] = &[
    HostName {
        name: "paginate",
        documentation: "`paginate(url, {next, items})`: an async iterator of pages. `next` is `'link'`, `{cursor, param}`, \
                        `{page, size}`, `{offset, size}` or a function; `items` a path in the body or a function.",
    },
    HostName {
        name: "retry",
        documentation: "`retry(fn, {times, when})`: calls a function again while it throws and `when(error)` holds.",
    },
    HostName {
        name: "graphql",
        documentation: "`graphql(url, query, variables, init)`: the `data` of the answer; its errors raise a ConnectorError.",
    },
    HostName { name: "form", documentation: "`form(document)`: a URLSearchParams with nested keys `a[b][c]`." },
    HostName { name: "secret", documentation: "`secret(text)`: a placeholder of a text that nobody shall see." },
    HostName {
        name: "sign",
        documentation: "`sign.jwt`, `sign.aws4`, `sign.oauth1`: signatures over values of secrets.",
    },
    HostName {
        name: "oauth2",
        documentation: "`oauth2({token_url, client_id, client_secret, grant, …})`: tokens, kept and refreshed; \
                        `fetch(url, init)` and `token()`.",
    },
];
