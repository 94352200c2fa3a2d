// What a handler finds besides ECMAScript. The web platform is as its standards have it; what is special here is said.
// A class lists all of its own members: a test compares them with the host.

/** JSON, as bodies, parameters and documents hold it. Integers beyond 2^53 are BigInt. */
type Json = null | boolean | number | bigint | string | Json[] | { [key: string]: Json };

// ---- Entry points ----

/** The second parameter of `query`: a value for each top-level `column = value` of the query, in the column's type; times as ISO 8601 text. */
type Filters = { [field: string]: Json };

/** The third parameter of `query`. What the query does not want is absent. */
interface QueryOptions {
    /** How many rows are enough. */
    limit?: number;
    orderBy?: { field: string; direction: 'asc' | 'desc' }[];
    /** The fields that the query needs. */
    fields?: string[];
    /** All simple conditions. */
    where?: { field: string; op: '=' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in' | 'like' | 'contains' | 'is null' | 'is not null'; value?: Json }[];
    /** How many rows to ask for in one request: the option `batch_size`. */
    batchSize?: number;
    /** In a sync: rows changed before it are known. */
    since?: string;
}

/** What `query` gives: rows, an object with them under the entity's own name, or a generator of rows or pages. */
type Rows<Row> = Row[] | { [entity: string]: Row[] } | Generator<Row | Row[]> | AsyncGenerator<Row | Row[]>;

// ---- Errors of a connector: `CATCH connector_error` in Moltler catches the class and its subclasses ----

declare class ConnectorError extends Error {
    constructor(message?: string, options?: { code?: string | number; cause?: unknown });
}
/** Credentials are missing or refused. */
declare class ConnectorAuthError extends ConnectorError {}
/** The API asks to wait; `retryAfter` is in seconds. */
declare class ConnectorRateLimitError extends ConnectorError {
    constructor(message?: string, options?: { retryAfter?: number; code?: string | number; cause?: unknown });
}
/** The API cannot be reached. */
declare class ConnectorConnectionError extends ConnectorError {}

/** A network failure of `fetch`; no global, told by its `name`. HTTP errors do not reject. */
interface FetchError extends TypeError {
    name: 'FetchError';
    /** `ECONNREFUSED`, `ENOTFOUND`, `ETIMEDOUT`, … */
    code: string;
}

// ---- Moltler ----

declare namespace moltler {
    /**
     * The pages of a list: an async iterator of arrays. `next` tells what follows:
     * `'link'` the `Link: <…>; rel="next"` header; `{cursor, param}` the value at a path in the body, sent as that parameter (without
     * `param` it is a URL itself); `{page, size}` and `{offset, size}` a counted parameter, up to a page with fewer than `size` rows
     * (a number, or the name of the URL's parameter that holds it); a function what to ask for next.
     * `items` is a path in the body or a function; without it the body is the array. A response that is no success raises a
     * ConnectorError; so does a body that is no JSON (`code` is `'malformed'`), and a request that was made before (`code` is
     * `'repeated-request'`). `fetch` sends the requests in the place of the global: that of `moltler.oauth2`, or a function of the
     * connector that knows its API's errors.
     */
    function paginate<Item = any>(input: string | URL | Request, options: {
        next:
            | 'link'
            | { cursor: string; param?: string }
            | { page: string; size: number | string }
            | { offset: string; size: number | string }
            | ((body: any, response: Response, items: Item[], url: string) => string | URL | Request | null | undefined | Promise<string | URL | Request | null | undefined>);
        items?: string | ((body: any, response: Response) => Item[] | Promise<Item[]>);
        fetch?: (request: Request) => Promise<Response>;
    }): AsyncGenerator<Item[], void, void>;

    /**
     * Calls `run` until it does not throw, at most `times` (3) times more, waiting 1 s, 2 s, 4 s, … or the error's `retryAfter`.
     * `when` says which errors are worth it: without it a FetchError, a ConnectorConnectionError, a ConnectorRateLimitError.
     */
    function retry<T>(run: (attempt: number) => T | Promise<T>, options?: {
        times?: number;
        when?: (error: any, attempt: number) => boolean | Promise<boolean>;
    }): Promise<T>;

    /** The `data` of a GraphQL answer; its `errors` raise a ConnectorError. `init` is that of `fetch`, for headers. */
    function graphql<T = any>(url: string | URL, query: string, variables?: { [name: string]: Json }, init?: RequestInit & { fetch?: (request: Request) => Promise<Response> }): Promise<T>;

    /** A form with nested keys: `{a: {b: [1]}}` is `a[b][0]=1`. `undefined` is left out, `null` is empty. */
    function form(document: { [key: string]: unknown }): URLSearchParams;

    /** The placeholder of a text that the connector got by itself and that nobody shall see. */
    function secret(text: string): string;

    namespace sign {
        /** A JSON Web Token. `key` is a PEM, a JWK or a text; a secret's placeholder stands for its value. */
        function jwt(options: { alg: string; key: string | object; header?: object; claims: object }): string;
        /** The request with AWS Signature Version 4. */
        function aws4(request: string | URL | Request, options: { access_key: string; secret_key: string; session_token?: string; region: string; service: string }): Request;
        /** The request with an OAuth 1.0a signature. */
        function oauth1(request: string | URL | Request, options: { consumer_key: string; consumer_secret?: string; token?: string; token_secret?: string; method?: string; realm?: string }): Request;
    }

    /** Tokens of an OAuth 2.0 server, kept encrypted between runs and refreshed by one caller at a time. */
    function oauth2(options: {
        token_url: string;
        client_id: string;
        client_secret?: string;
        grant?: 'client_credentials' | 'refresh_token' | 'password';
        refresh_token?: string;
        scope?: string;
        auth?: string;
        username?: string;
        password?: string;
        params?: object;
    }): {
        /** `fetch` with the token; a refused token is renewed once. */
        fetch(url: string | URL | Request, init?: RequestInit): Promise<Response>;
        /** A token that is valid now. */
        token(): Promise<string>;
    };
}

// ---- fetch ----

type HeadersInit = Headers | [string, string][] | { [name: string]: string };
type BodyInit = string | ArrayBuffer | ArrayBufferView | Blob | FormData | URLSearchParams | ReadableStream;

interface RequestInit {
    method?: string;
    /** Any header but those of the connection: a handler is no page. */
    headers?: HeadersInit;
    body?: BodyInit | null;
    redirect?: 'follow' | 'error' | 'manual';
    signal?: AbortSignal | null;
    /** Needed where the body is a stream; it is read to its end before it is sent. */
    duplex?: 'half';
    /** Without an effect here: a handler has no origin and no cache. */
    cache?: string;
    credentials?: string;
    integrity?: string;
    keepalive?: boolean;
    mode?: string;
    referrer?: string;
    referrerPolicy?: string;
}

interface ResponseInit {
    status?: number;
    statusText?: string;
    headers?: HeadersInit;
}

/** Sends a request to a host that the connector may reach. `data:` URLs need none. */
declare function fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;

declare class Headers {
    constructor(init?: HeadersInit);
    append(name: string, value: string): void;
    delete(name: string): void;
    get(name: string): string | null;
    getSetCookie(): string[];
    has(name: string): boolean;
    set(name: string, value: string): void;
    entries(): IterableIterator<[string, string]>;
    keys(): IterableIterator<string>;
    values(): IterableIterator<string>;
    forEach(callback: (value: string, name: string, headers: Headers) => void, self?: unknown): void;
    [Symbol.iterator](): IterableIterator<[string, string]>;
}

declare class Request {
    constructor(input: string | URL | Request, init?: RequestInit);
    readonly method: string;
    readonly url: string;
    readonly headers: Headers;
    readonly destination: string;
    readonly referrer: string;
    readonly referrerPolicy: string;
    readonly mode: string;
    readonly credentials: string;
    readonly cache: string;
    readonly redirect: 'follow' | 'error' | 'manual';
    readonly integrity: string;
    readonly keepalive: boolean;
    readonly isReloadNavigation: boolean;
    readonly isHistoryNavigation: boolean;
    readonly signal: AbortSignal;
    readonly duplex: 'half';
    clone(): Request;
    readonly body: ReadableStream<Uint8Array> | null;
    readonly bodyUsed: boolean;
    arrayBuffer(): Promise<ArrayBuffer>;
    blob(): Promise<Blob>;
    bytes(): Promise<Uint8Array>;
    formData(): Promise<FormData>;
    json(): Promise<any>;
    text(): Promise<string>;
}

declare class Response {
    constructor(body?: BodyInit | null, init?: ResponseInit);
    static error(): Response;
    static redirect(url: string | URL, status?: number): Response;
    static json(data: unknown, init?: ResponseInit): Response;
    readonly type: 'basic' | 'default' | 'error';
    readonly url: string;
    readonly redirected: boolean;
    readonly status: number;
    readonly ok: boolean;
    readonly statusText: string;
    readonly headers: Headers;
    clone(): Response;
    readonly body: ReadableStream<Uint8Array> | null;
    readonly bodyUsed: boolean;
    arrayBuffer(): Promise<ArrayBuffer>;
    blob(): Promise<Blob>;
    bytes(): Promise<Uint8Array>;
    formData(): Promise<FormData>;
    json(): Promise<any>;
    text(): Promise<string>;
}

declare class FormData {
    constructor();
    append(name: string, value: string | Blob, filename?: string): void;
    delete(name: string): void;
    get(name: string): string | File | null;
    getAll(name: string): (string | File)[];
    has(name: string): boolean;
    set(name: string, value: string | Blob, filename?: string): void;
    entries(): IterableIterator<[string, string | File]>;
    keys(): IterableIterator<string>;
    values(): IterableIterator<string | File>;
    forEach(callback: (value: string | File, name: string, form: FormData) => void, self?: unknown): void;
    [Symbol.iterator](): IterableIterator<[string, string | File]>;
}

type BlobPart = string | ArrayBuffer | ArrayBufferView | Blob;

declare class Blob {
    constructor(parts?: Iterable<BlobPart>, options?: { type?: string; endings?: 'transparent' | 'native' });
    readonly size: number;
    readonly type: string;
    slice(start?: number, end?: number, contentType?: string): Blob;
    stream(): ReadableStream<Uint8Array>;
    text(): Promise<string>;
    arrayBuffer(): Promise<ArrayBuffer>;
    bytes(): Promise<Uint8Array>;
}

declare class File extends Blob {
    constructor(parts: Iterable<BlobPart>, name: string, options?: { type?: string; lastModified?: number });
    readonly name: string;
    readonly lastModified: number;
    readonly webkitRelativePath: string;
}

/** Byte streams, writable and transform streams are not part of the host. */
declare class ReadableStream<Chunk = any> {
    constructor(source?: {
        start?(controller: ReadableStreamDefaultController<Chunk>): unknown;
        pull?(controller: ReadableStreamDefaultController<Chunk>): unknown;
        cancel?(reason?: unknown): unknown;
    }, strategy?: { highWaterMark?: number; size?(chunk: Chunk): number });
    static from<Chunk>(iterable: Iterable<Chunk> | AsyncIterable<Chunk>): ReadableStream<Chunk>;
    readonly locked: boolean;
    cancel(reason?: unknown): Promise<void>;
    getReader(): ReadableStreamDefaultReader<Chunk>;
    tee(): [ReadableStream<Chunk>, ReadableStream<Chunk>];
    values(options?: { preventCancel?: boolean }): AsyncIterableIterator<Chunk>;
    [Symbol.asyncIterator](): AsyncIterableIterator<Chunk>;
}

declare class ReadableStreamDefaultReader<Chunk = any> {
    constructor(stream: ReadableStream<Chunk>);
    readonly closed: Promise<void>;
    cancel(reason?: unknown): Promise<void>;
    read(): Promise<{ value: Chunk; done: false } | { value: undefined; done: true }>;
    releaseLock(): void;
}

declare class ReadableStreamDefaultController<Chunk = any> {
    private constructor();
    readonly desiredSize: number | null;
    close(): void;
    enqueue(chunk?: Chunk): void;
    error(reason?: unknown): void;
}

// ---- URLs ----

declare class URL {
    constructor(url: string | URL, base?: string | URL);
    static canParse(url: string | URL, base?: string | URL): boolean;
    static parse(url: string | URL, base?: string | URL): URL | null;
    href: string;
    readonly origin: string;
    protocol: string;
    username: string;
    password: string;
    host: string;
    hostname: string;
    port: string;
    pathname: string;
    search: string;
    readonly searchParams: URLSearchParams;
    hash: string;
    toString(): string;
    toJSON(): string;
}

declare class URLSearchParams {
    constructor(init?: string | [string, string][] | { [name: string]: string } | URLSearchParams);
    readonly size: number;
    append(name: string, value: string): void;
    delete(name: string, value?: string): void;
    get(name: string): string | null;
    getAll(name: string): string[];
    has(name: string, value?: string): boolean;
    set(name: string, value: string): void;
    sort(): void;
    toString(): string;
    entries(): IterableIterator<[string, string]>;
    keys(): IterableIterator<string>;
    values(): IterableIterator<string>;
    forEach(callback: (value: string, name: string, params: URLSearchParams) => void, self?: unknown): void;
    [Symbol.iterator](): IterableIterator<[string, string]>;
}

// ---- Events ----

declare class Event {
    constructor(type: string, init?: { bubbles?: boolean; cancelable?: boolean; composed?: boolean });
    readonly type: string;
    readonly target: EventTarget | null;
    readonly srcElement: EventTarget | null;
    readonly currentTarget: EventTarget | null;
    composedPath(): EventTarget[];
    static readonly NONE: 0;
    static readonly CAPTURING_PHASE: 1;
    static readonly AT_TARGET: 2;
    static readonly BUBBLING_PHASE: 3;
    readonly NONE: 0;
    readonly CAPTURING_PHASE: 1;
    readonly AT_TARGET: 2;
    readonly BUBBLING_PHASE: 3;
    readonly eventPhase: number;
    stopPropagation(): void;
    cancelBubble: boolean;
    stopImmediatePropagation(): void;
    readonly bubbles: boolean;
    readonly cancelable: boolean;
    returnValue: boolean;
    preventDefault(): void;
    readonly defaultPrevented: boolean;
    readonly composed: boolean;
    readonly timeStamp: number;
    initEvent(type: string, bubbles?: boolean, cancelable?: boolean): void;
}

type Listener = ((event: Event) => void) | { handleEvent(event: Event): void };

declare class EventTarget {
    constructor();
    addEventListener(type: string, callback: Listener | null, options?: boolean | { capture?: boolean; once?: boolean; passive?: boolean; signal?: AbortSignal }): void;
    removeEventListener(type: string, callback: Listener | null, options?: boolean | { capture?: boolean }): void;
    dispatchEvent(event: Event): boolean;
}

declare class AbortController {
    constructor();
    readonly signal: AbortSignal;
    abort(reason?: unknown): void;
}

declare class AbortSignal extends EventTarget {
    private constructor();
    static abort(reason?: unknown): AbortSignal;
    static timeout(milliseconds: number): AbortSignal;
    static any(signals: Iterable<AbortSignal>): AbortSignal;
    readonly aborted: boolean;
    readonly reason: any;
    throwIfAborted(): void;
    onabort: ((event: Event) => void) | null;
}

// ---- Time ----

/** Time in a test with MOCK_API is virtual: it advances at once when everything waits. */
declare function setTimeout<Values extends unknown[]>(callback: (...values: Values) => void, milliseconds?: number, ...values: Values): number;
declare function clearTimeout(id?: number): void;
declare function setInterval<Values extends unknown[]>(callback: (...values: Values) => void, milliseconds?: number, ...values: Values): number;
declare function clearInterval(id?: number): void;
declare function queueMicrotask(callback: () => void): void;
declare const performance: {
    now(): number;
    readonly timeOrigin: number;
    toJSON(): { timeOrigin: number };
};

// ---- Text and bytes ----

declare class TextEncoder {
    constructor();
    readonly encoding: 'utf-8';
    encode(input?: string): Uint8Array;
    encodeInto(source: string, destination: Uint8Array): { read: number; written: number };
}

/** Every encoding of the web. */
declare class TextDecoder {
    constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
    readonly encoding: string;
    readonly fatal: boolean;
    readonly ignoreBOM: boolean;
    decode(input?: ArrayBuffer | ArrayBufferView, options?: { stream?: boolean }): string;
}

declare function atob(data: string): string;
declare function btoa(data: string): string;
declare function structuredClone<T>(value: T, options?: { transfer?: ArrayBuffer[] }): T;

declare class DOMException extends Error {
    constructor(message?: string, name?: string);
}

// ---- Cryptography: keys made of a secret are never extractable ----

declare const crypto: Crypto;

declare class Crypto {
    private constructor();
    readonly subtle: SubtleCrypto;
    getRandomValues<T extends ArrayBufferView>(array: T): T;
    randomUUID(): string;
}

declare class CryptoKey {
    private constructor();
    readonly type: 'secret' | 'private' | 'public';
    readonly extractable: boolean;
    readonly algorithm: any;
    readonly usages: string[];
}

declare class SubtleCrypto {
    private constructor();
    digest(algorithm: string | { name: string }, data: ArrayBuffer | ArrayBufferView): Promise<ArrayBuffer>;
    /** AES-GCM with keys of 128 or 256 bits, an iv of 12 bytes and a tag of 16. A secret in the data is refused. */
    encrypt(algorithm: any, key: CryptoKey, data: ArrayBuffer | ArrayBufferView): Promise<ArrayBuffer>;
    decrypt(algorithm: any, key: CryptoKey, data: ArrayBuffer | ArrayBufferView): Promise<ArrayBuffer>;
    /** HKDF and PBKDF2. */
    deriveBits(algorithm: any, baseKey: CryptoKey, length: number): Promise<ArrayBuffer>;
    deriveKey(algorithm: any, baseKey: CryptoKey, derivedKeyType: any, extractable: boolean, usages: string[]): Promise<CryptoKey>;
    wrapKey(format: string, key: CryptoKey, wrappingKey: CryptoKey, wrapAlgorithm: any): Promise<ArrayBuffer>;
    unwrapKey(format: string, wrappedKey: ArrayBuffer | ArrayBufferView, unwrappingKey: CryptoKey, unwrapAlgorithm: any, unwrappedKeyAlgorithm: any, extractable: boolean, usages: string[]): Promise<CryptoKey>;
    importKey(format: 'raw' | 'pkcs8' | 'spki' | 'jwk', keyData: any, algorithm: any, extractable: boolean, usages: string[]): Promise<CryptoKey>;
    exportKey(format: string, key: CryptoKey): Promise<any>;
    generateKey(algorithm: any, extractable: boolean, usages: string[]): Promise<any>;
    sign(algorithm: any, key: CryptoKey, data: ArrayBuffer | ArrayBufferView): Promise<ArrayBuffer>;
    verify(algorithm: any, key: CryptoKey, signature: ArrayBuffer | ArrayBufferView, data: ArrayBuffer | ArrayBufferView): Promise<boolean>;
}

// ---- The console: lines on standard error, never among the program's results ----

declare const console: {
    assert(condition?: boolean, ...data: unknown[]): void;
    clear(): void;
    debug(...data: unknown[]): void;
    error(...data: unknown[]): void;
    info(...data: unknown[]): void;
    log(...data: unknown[]): void;
    table(tabularData?: unknown, properties?: string[]): void;
    trace(...data: unknown[]): void;
    warn(...data: unknown[]): void;
    dir(item?: unknown, options?: unknown): void;
    dirxml(...data: unknown[]): void;
    count(label?: string): void;
    countReset(label?: string): void;
    group(...data: unknown[]): void;
    groupCollapsed(...data: unknown[]): void;
    groupEnd(): void;
    time(label?: string): void;
    timeLog(label?: string, ...data: unknown[]): void;
    timeEnd(label?: string): void;
};
