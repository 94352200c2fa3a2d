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
            if (init instanceof URLSearchParams) this.#pairs = init.#pairs.map(pair => [...pair]);
            else if (typeof init[Symbol.iterator] === 'function') {
                for (const pair of init) {
                    const items = [...pair];
                    if (items.length !== 2) throw new TypeError('URLSearchParams takes pairs of a name and a value');
                    this.#pairs.push([`${items[0]}`, `${items[1]}`]);
                }
            } else {
                for (const name of Object.keys(init)) this.#pairs.push([name, `${init[name]}`]);
            }
        } else {
            this.#read(`${init}`);
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
    // The URL was given another query.
    [internal](text) { this.#read(text); }
    get size() { return this.#pairs.length; }
    append(name, value) {
        this.#pairs.push([`${name}`, `${value}`]);
        this.#changed();
    }
    delete(name, value) {
        name = `${name}`;
        this.#pairs = this.#pairs.filter(pair => pair[0] !== name || (value !== undefined && pair[1] !== `${value}`));
        this.#changed();
    }
    get(name) {
        name = `${name}`;
        return this.#pairs.find(pair => pair[0] === name)?.[1] ?? null;
    }
    getAll(name) {
        name = `${name}`;
        return this.#pairs.filter(pair => pair[0] === name).map(pair => pair[1]);
    }
    has(name, value) {
        name = `${name}`;
        return this.#pairs.some(pair => pair[0] === name && (value === undefined || pair[1] === `${value}`));
    }
    set(name, value) {
        name = `${name}`;
        const first = this.#pairs.find(pair => pair[0] === name);
        if (first === undefined) {
            this.#pairs.push([name, `${value}`]);
        } else {
            first[1] = `${value}`;
            this.#pairs = this.#pairs.filter(pair => pair[0] !== name || pair === first);
        }
        this.#changed();
    }
    sort() {
        this.#pairs.sort((left, right) => (left[0] < right[0] ? -1 : left[0] > right[0] ? 1 : 0));
        this.#changed();
    }
    forEach(callback, self) {
        for (const [name, value] of this.#pairs) callback.call(self, value, name, this);
    }
    *entries() { for (const pair of this.#pairs) yield [...pair]; }
    *keys() { for (const pair of this.#pairs) yield pair[0]; }
    *values() { for (const pair of this.#pairs) yield pair[1]; }
    [Symbol.iterator]() { return this.entries(); }
    toString() { return native.writeForm(this.#pairs.flat()); }
}

class URL {
    #parts;
    #params = null;
    constructor(url, base) {
        this.#parts = native.parseUrl(`${url}`, base === undefined ? undefined : `${base}`);
        if (this.#parts === null) {
            const error = new TypeError(`Invalid URL: '${url}'${base === undefined ? '' : ` with base '${base}'`}`);
            error.code = 'ERR_INVALID_URL';
            throw error;
        }
    }
    static canParse(url, base) {
        return native.parseUrl(`${url}`, base === undefined ? undefined : `${base}`) !== null;
    }
    static parse(url, base) {
        return URL.canParse(url, base) ? new URL(url, base) : null;
    }
    #change(part, value) {
        this.#parts = native.changeUrl(this.#parts[0], part, `${value}`) ?? this.#parts;
    }
    // The parameters have changed.
    [internal](text) { this.#change('search', text); }
    get href() { return this.#parts[0]; }
    set href(value) {
        const parts = native.parseUrl(`${value}`);
        if (parts === null) throw new TypeError(`Invalid URL: '${value}'`);
        this.#parts = parts;
        this.#params?.[internal](this.search);
    }
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
        this.#params?.[internal](this.search);
    }
    get hash() { return this.#parts[9]; }
    set hash(value) { this.#change('hash', value); }
    get origin() { return this.#parts[10]; }
    get searchParams() { return (this.#params ??= new URLSearchParams(internal, this)); }
    toString() { return this.href; }
    toJSON() { return this.href; }
}

tag(URLSearchParams, 'URLSearchParams');
tag(URL, 'URL');
expose('URLSearchParams', URLSearchParams);
expose('URL', URL);
