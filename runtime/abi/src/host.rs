//! What a handler's JavaScript finds: global names, and the members of what its entry point is given.

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
    HostName { name: "fetch", documentation: "Sends an HTTP request to a host that the connector may reach." },
    HostName { name: "Headers", documentation: "HTTP headers; names match in any case." },
    HostName { name: "Response", documentation: "What `fetch` gives." },
    HostName { name: "URLSearchParams", documentation: "The query of a URL." },
    HostName { name: "console", documentation: "Writes to standard error, never to the program's results." },
    HostName { name: "setTimeout", documentation: "Calls a function later." },
    HostName { name: "clearTimeout", documentation: "Takes back a `setTimeout`." },
    HostName { name: "setInterval", documentation: "Calls a function again and again." },
    HostName { name: "clearInterval", documentation: "Takes back a `setInterval`." },
    HostName { name: "ConnectorError", documentation: "The base class of a connector's errors." },
    HostName { name: "ConnectorAuthError", documentation: "Credentials are missing or refused." },
    HostName { name: "ConnectorRateLimitError", documentation: "The API asks to wait." },
    HostName { name: "ConnectorConnectionError", documentation: "The API cannot be reached." },
];

/// Globals of ECMAScript that QuickJS has.
pub const ECMASCRIPT_GLOBALS: &[&str] = &[
    "AggregateError",
    "Array",
    "ArrayBuffer",
    "Atomics",
    "BigInt",
    "BigInt64Array",
    "BigUint64Array",
    "Boolean",
    "DataView",
    "Date",
    "Error",
    "EvalError",
    "FinalizationRegistry",
    "Float32Array",
    "Float64Array",
    "Function",
    "Infinity",
    "Int16Array",
    "Int32Array",
    "Int8Array",
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
];

/// Members of `options` (SPEC 3.5).
pub const OPTIONS_MEMBERS: &[HostName] = &[
    HostName { name: "limit", documentation: "How many rows are enough; absent where every row is needed." },
    HostName { name: "orderBy", documentation: "`[{field, direction: 'asc'|'desc'}]`" },
    HostName { name: "fields", documentation: "The fields that the query needs." },
    HostName { name: "where", documentation: "All simple conditions as `{field, op, value}`." },
    HostName { name: "since", documentation: "In a sync: rows changed before it are known." },
];
