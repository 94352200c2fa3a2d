// Headers, by the fetch standard. Names that browsers forbid may be set: a connector is no page.
const {AbortSignal, newSignal, addAbortStep} = use('events');
const headerName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

function checkedName(name) {
    const text = byteString(name);
    if (!headerName.test(text)) throw new TypeError(`'${text}' is not a header name`);
    return text.toLowerCase();
}

function checkedValue(name, value) {
    const text = byteString(value).replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, '');
    // The value itself is not shown: it may be a credential.
    if (/[\0\n\r]/.test(text)) throw new TypeError(`the value of the header '${name}' has a character that headers cannot have`);
    return text;
}

class Headers {
    // By name in lower case: a list of values.
    #map = new Map();
    #sorted = null;
    #immutable = false;
    constructor(init = undefined) {
        if (init === undefined) return;
        if (!isObject(init)) throw new TypeError('Headers takes an object, an array of pairs, or Headers');
        for (const [name, value] of pairsFrom(init, 'Headers', byteString)) this.append(name, value);
    }
    #change() {
        if (this.#immutable) throw new TypeError('the headers of this response cannot be changed');
        this.#sorted = null;
    }
    append(name, value) {
        need(arguments, 2, 'append');
        const key = checkedName(name);
        const text = checkedValue(key, value);
        this.#change();
        const values = this.#map.get(key);
        if (values === undefined) this.#map.set(key, [text]);
        else values.push(text);
    }
    delete(name) {
        need(arguments, 1, 'delete');
        const key = checkedName(name);
        this.#change();
        this.#map.delete(key);
    }
    get(name) {
        need(arguments, 1, 'get');
        return this.#map.get(checkedName(name))?.join(', ') ?? null;
    }
    getSetCookie() { return [...(this.#map.get('set-cookie') ?? [])]; }
    has(name) {
        need(arguments, 1, 'has');
        return this.#map.has(checkedName(name));
    }
    set(name, value) {
        need(arguments, 2, 'set');
        const key = checkedName(name);
        const text = checkedValue(key, value);
        this.#change();
        this.#map.set(key, [text]);
    }
    static [internal]() {
        return {
            // Name, value, name, value, … for the host.
            flat(headers) {
                const flat = [];
                for (const [name, values] of headers.#map) for (const value of values) flat.push(name, value);
                return flat;
            },
            copy(headers) {
                const copy = new Headers();
                for (const [name, values] of headers.#map) copy.#map.set(name, [...values]);
                return copy;
            },
            freeze(headers) {
                headers.#immutable = true;
                return headers;
            },
            sorted(headers) {
                if (headers.#sorted === null) {
                    headers.#sorted = [];
                    for (const name of [...headers.#map.keys()].sort()) {
                        const values = headers.#map.get(name);
                        for (const value of name === 'set-cookie' ? values : [values.join(', ')]) headers.#sorted.push([name, value]);
                    }
                }
                return headers.#sorted;
            },
        };
    }
}
const headersInside = Headers[internal]();
delete Headers[internal];

iterable(Headers, 'Headers', headersInside.sorted);
webIdl(Headers, 'Headers');
expose('Headers', Headers);
late.Headers = Headers;
