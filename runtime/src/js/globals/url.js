// URL and URLSearchParams, by the URL standard.
class URLSearchParams {
    #pairs = [];
    #url = null;
    constructor(init = '', url = undefined) {
        // Only the host's own URL class knows the key.
        if (init === internal) {
            this.#url = url;
            this.#read(url.search);
        } else if (isObject(init)) {
            this.#pairs = pairsFrom(init, 'URLSearchParams', usv);
        } else {
            this.#read(usv(init));
        }
    }
    #read(text) {
        const flat = native.parseForm(text.startsWith('?') ? text.slice(1) : text);
        this.#pairs = [];
        for (let index = 0; index < flat.length; index += 2) this.#pairs.push([flat[index], flat[index + 1]]);
    }
    #changed() {
        if (this.#url !== null) this.#url[internal](this.toString());
    }
    static pairs(params) { return params.#pairs; }
    // The URL was given another query.
    static read(params, text) { params.#read(text); }
    get size() { return this.#pairs.length; }
    append(name, value) {
        need(arguments, 2, 'append');
        this.#pairs.push([usv(name), usv(value)]);
        this.#changed();
    }
    delete(name, value = undefined) {
        need(arguments, 1, 'delete');
        name = usv(name);
        if (value !== undefined) value = usv(value);
        this.#pairs = this.#pairs.filter(pair => pair[0] !== name || (value !== undefined && pair[1] !== value));
        this.#changed();
    }
    get(name) {
        need(arguments, 1, 'get');
        name = usv(name);
        return this.#pairs.find(pair => pair[0] === name)?.[1] ?? null;
    }
    getAll(name) {
        need(arguments, 1, 'getAll');
        name = usv(name);
        return this.#pairs.filter(pair => pair[0] === name).map(pair => pair[1]);
    }
    has(name, value = undefined) {
        need(arguments, 1, 'has');
        name = usv(name);
        if (value !== undefined) value = usv(value);
        return this.#pairs.some(pair => pair[0] === name && (value === undefined || pair[1] === value));
    }
    set(name, value) {
        need(arguments, 2, 'set');
        name = usv(name);
        value = usv(value);
        const first = this.#pairs.find(pair => pair[0] === name);
        if (first === undefined) {
            this.#pairs.push([name, value]);
        } else {
            first[1] = value;
            this.#pairs = this.#pairs.filter(pair => pair[0] !== name || pair === first);
        }
        this.#changed();
    }
    sort() {
        this.#pairs.sort((left, right) => (left[0] < right[0] ? -1 : left[0] > right[0] ? 1 : 0));
        this.#changed();
    }
    toString() { return native.writeForm(this.#pairs.flat()); }
}
const {pairs: paramsPairs, read: readParams} = URLSearchParams;
delete URLSearchParams.pairs;
delete URLSearchParams.read;

class URL {
    #parts;
    #params = null;
    constructor(url, base = undefined) {
        need(arguments, 1, 'URL');
        url = usv(url);
        if (base !== undefined) base = usv(base);
        this.#parts = native.parseUrl(url, base);
        if (this.#parts === null) {
            const error = new TypeError(`Invalid URL: '${url}'${base === undefined ? '' : ` with base '${base}'`}`);
            define(error, 'code', 'ERR_INVALID_URL');
            throw error;
        }
    }
    static canParse(url, base = undefined) {
        need(arguments, 1, 'canParse');
        return native.parseUrl(usv(url), base === undefined ? undefined : usv(base)) !== null;
    }
    static parse(url, base = undefined) {
        need(arguments, 1, 'parse');
        return URL.canParse(url, base) ? new URL(url, base) : null;
    }
    #change(part, value) {
        this.#parts = native.changeUrl(this.#parts[0], part, usv(value)) ?? this.#parts;
    }
    // The parameters have changed.
    [internal](text) { this.#change('search', text); }
    get href() { return this.#parts[0]; }
    set href(value) {
        value = usv(value);
        const parts = native.parseUrl(value);
        if (parts === null) throw new TypeError(`Invalid URL: '${value}'`);
        this.#parts = parts;
        if (this.#params !== null) readParams(this.#params, this.search);
    }
    get origin() { return this.#parts[10]; }
    get protocol() { return this.#parts[1]; }
    set protocol(value) { this.#change('protocol', value); }
    get username() { return this.#parts[2]; }
    set username(value) { this.#change('username', value); }
    get password() { return this.#parts[3]; }
    set password(value) { this.#change('password', value); }
    get host() { return this.#parts[4]; }
    set host(value) { this.#change('host', value); }
    get hostname() { return this.#parts[5]; }
    set hostname(value) { this.#change('hostname', value); }
    get port() { return this.#parts[6]; }
    set port(value) { this.#change('port', value); }
    get pathname() { return this.#parts[7]; }
    set pathname(value) { this.#change('pathname', value); }
    get search() { return this.#parts[8]; }
    set search(value) {
        this.#change('search', value);
        if (this.#params !== null) readParams(this.#params, this.search);
    }
    get searchParams() { return (this.#params ??= new URLSearchParams(internal, this)); }
    get hash() { return this.#parts[9]; }
    set hash(value) { this.#change('hash', value); }
    toString() { return this.href; }
    toJSON() { return this.href; }
}

iterable(URLSearchParams, 'URLSearchParams', paramsPairs);
webIdl(URLSearchParams, 'URLSearchParams');
webIdl(URL, 'URL');
expose('URLSearchParams', URLSearchParams);
expose('URL', URL);
Object.assign(late, {URL, URLSearchParams});
