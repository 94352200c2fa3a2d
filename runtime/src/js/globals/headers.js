// Headers, by the fetch standard.
const headerName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

class Headers {
    // By name in lower case: a list of values.
    #map = new Map();
    constructor(init) {
        if (init === undefined || init === null) return;
        if (!isObject(init)) throw new TypeError('Headers takes an object, an array of pairs, or Headers');
        if (init instanceof Headers) {
            for (const [name, values] of init.#map) this.#map.set(name, [...values]);
        } else if (typeof init[Symbol.iterator] === 'function') {
            for (const pair of init) {
                const items = [...pair];
                if (items.length !== 2) throw new TypeError('Headers takes pairs of a name and a value');
                this.append(items[0], items[1]);
            }
        } else {
            for (const name of Object.keys(init)) this.append(name, init[name]);
        }
    }
    static #name(name) {
        const text = `${name}`;
        if (!headerName.test(text)) throw new TypeError(`'${text}' is not a header name`);
        return text.toLowerCase();
    }
    static #value(name, value) {
        const text = `${value}`.replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, '');
        // The value itself is not shown: it may be a credential.
        if (/[\0\n\r]|[^\0-\xff]/.test(text)) throw new TypeError(`the value of the header '${name}' has a character that headers cannot have`);
        return text;
    }
    append(name, value) {
        const key = Headers.#name(name);
        const text = Headers.#value(name, value);
        const values = this.#map.get(key);
        if (values === undefined) this.#map.set(key, [text]);
        else values.push(text);
    }
    set(name, value) {
        const key = Headers.#name(name);
        this.#map.set(key, [Headers.#value(name, value)]);
    }
    delete(name) { this.#map.delete(Headers.#name(name)); }
    get(name) { return this.#map.get(Headers.#name(name))?.join(', ') ?? null; }
    has(name) { return this.#map.has(Headers.#name(name)); }
    getSetCookie() { return [...(this.#map.get('set-cookie') ?? [])]; }
    // Name, value, name, value, … for the host.
    [internal]() {
        const flat = [];
        for (const [name, values] of this.#map) for (const value of values) flat.push(name, value);
        return flat;
    }
    forEach(callback, self) {
        for (const [name, value] of this) callback.call(self, value, name, this);
    }
    *entries() {
        for (const name of [...this.#map.keys()].sort()) {
            if (name === 'set-cookie') for (const value of this.#map.get(name)) yield [name, value];
            else yield [name, this.get(name)];
        }
    }
    *keys() { for (const [name] of this.entries()) yield name; }
    *values() { for (const [, value] of this.entries()) yield value; }
    [Symbol.iterator]() { return this.entries(); }
}

tag(Headers, 'Headers');
expose('Headers', Headers);
