// Blob, File and FormData.
const blobState = new WeakMap();

function blobOf(value) {
    const state = isObject(value) ? blobState.get(value) : undefined;
    if (state === undefined) throw new TypeError('this is no Blob');
    return state;
}

const mediaType = type => (/[^\x20-\x7e]/.test(type) ? '' : type.toLowerCase());

// Parts as one piece of bytes.
function joined(parts, endings) {
    const pieces = parts.map(part => {
        if (typeof part === 'string') return native.encodeText(endings === 'native' ? part.replace(/\r\n?|\n/g, '\n') : part);
        return part;
    });
    const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
    let at = 0;
    for (const piece of pieces) {
        bytes.set(piece, at);
        at += piece.length;
    }
    return bytes;
}

function partsOf(parts) {
    if (parts === undefined) return [];
    const open = isObject(parts) ? parts[Symbol.iterator] : undefined;
    if (typeof open !== 'function') throw new TypeError('a Blob takes an array of parts');
    const list = [];
    for (const part of {[Symbol.iterator]: () => open.call(parts)}) {
        if (isObject(part) && blobState.has(part)) list.push(blobState.get(part).bytes);
        else list.push(bytesOf(part) ?? usv(part));
    }
    return list;
}

// In the order in which Web IDL reads them.
function blobOptions(options) {
    const members = dictionary(options, 'the options of a Blob');
    const {endings: given = 'transparent'} = members;
    const endings = `${given}`;
    if (!['transparent', 'native'].includes(endings)) throw new TypeError(`endings is 'transparent' or 'native'`);
    const {type} = members;
    return {endings, type: type === undefined ? '' : mediaType(`${type}`)};
}

class Blob {
    constructor(blobParts = undefined, options = undefined) {
        const parts = partsOf(blobParts);
        const {endings, type} = blobOptions(options);
        blobState.set(this, {bytes: joined(parts, endings), type});
    }
    get size() { return blobOf(this).bytes.length; }
    get type() { return blobOf(this).type; }
    slice(start = undefined, end = undefined, contentType = undefined) {
        const {bytes} = blobOf(this);
        const clamp = value => {
            const number = Number(value);
            return Number.isNaN(number) ? 0 : Math.round(Math.min(Math.max(number, -Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER));
        };
        const from = start === undefined ? 0 : clamp(start);
        const to = end === undefined ? bytes.length : clamp(end);
        return blobFrom(bytes.slice(from, to), contentType === undefined ? '' : mediaType(`${contentType}`));
    }
    stream() { return use('streams').streamOf(blobOf(this).bytes.slice()); }
    async text() { return utf8(blobOf(this).bytes); }
    async arrayBuffer() { return blobOf(this).bytes.slice().buffer; }
    async bytes() { return blobOf(this).bytes.slice(); }
}

function blobFrom(bytes, type) {
    const blob = Object.create(Blob.prototype);
    blobState.set(blob, {bytes, type});
    return blob;
}

class File extends Blob {
    constructor(fileBits, fileName, options = undefined) {
        need(arguments, 2, 'File');
        if (fileBits === undefined) throw new TypeError('a File takes an array of parts');
        const parts = partsOf(fileBits);
        const name = usv(fileName);
        const {endings, type} = blobOptions(options);
        const {lastModified} = dictionary(options, 'the options of a File');
        super();
        const modified = lastModified === undefined ? native.now() : Math.trunc(Number(lastModified)) || 0;
        blobState.set(this, {bytes: joined(parts, endings), type, name, lastModified: modified});
    }
    get name() { return fileOf(this).name; }
    get lastModified() { return fileOf(this).lastModified; }
    get webkitRelativePath() { return fileOf(this) && ''; }
}

function fileOf(value) {
    const state = blobOf(value);
    if (state.name === undefined) throw new TypeError('this is no File');
    return state;
}

function fileFrom(bytes, type, name, lastModified) {
    const file = Object.create(File.prototype);
    blobState.set(file, {bytes, type, name, lastModified});
    return file;
}

class FormData {
    #entries = [];
    constructor(form = undefined, submitter = undefined) {
        if (form !== undefined) throw new TypeError('FormData takes no form: there is no document');
    }
    static #entry(name, values) {
        const key = usv(name);
        const [value, filename] = values;
        if (isObject(value) && blobState.has(value)) {
            const {bytes, type, name: own, lastModified} = blobState.get(value);
            if (own !== undefined && values.length < 2) return [key, value];
            const given = values.length < 2 ? 'blob' : usv(filename);
            return [key, fileFrom(bytes, type, given, lastModified ?? native.now())];
        }
        if (values.length > 1) throw new TypeError('a file name needs a Blob');
        return [key, usv(value)];
    }
    append(name, value, filename = undefined) {
        need(arguments, 2, 'append');
        this.#entries.push(FormData.#entry(name, [value, ...[...arguments].slice(2, 3).filter(given => given !== undefined)]));
    }
    delete(name) {
        need(arguments, 1, 'delete');
        const key = usv(name);
        this.#entries = this.#entries.filter(entry => entry[0] !== key);
    }
    get(name) {
        need(arguments, 1, 'get');
        const key = usv(name);
        return this.#entries.find(entry => entry[0] === key)?.[1] ?? null;
    }
    getAll(name) {
        need(arguments, 1, 'getAll');
        const key = usv(name);
        return this.#entries.filter(entry => entry[0] === key).map(entry => entry[1]);
    }
    has(name) {
        need(arguments, 1, 'has');
        const key = usv(name);
        return this.#entries.some(entry => entry[0] === key);
    }
    set(name, value, filename = undefined) {
        need(arguments, 2, 'set');
        const entry = FormData.#entry(name, [value, ...[...arguments].slice(2, 3).filter(given => given !== undefined)]);
        const first = this.#entries.findIndex(other => other[0] === entry[0]);
        if (first < 0) {
            this.#entries.push(entry);
        } else {
            this.#entries = this.#entries.filter((other, index) => index <= first || other[0] !== entry[0]);
            this.#entries[first] = entry;
        }
    }
    static [internal](form) { return form.#entries; }
}
const formEntries = FormData[internal];
delete FormData[internal];

// A form as multipart/form-data.
function writeMultipart(form) {
    const digits = Array.from(native.randomBytes(16), byte => byte.toString(16).padStart(2, '0')).join('');
    const boundary = `----formdata-moltler-${digits}`;
    const escaped = text => text.replace(/\r\n?|\n/g, '\r\n').replace(/\n/g, '%0A').replace(/\r/g, '%0D').replace(/"/g, '%22');
    const quoted = text => text.replace(/\n/g, '%0A').replace(/\r/g, '%0D').replace(/"/g, '%22');
    const parts = [];
    for (const [name, value] of formEntries(form)) {
        parts.push(`--${boundary}\r\nContent-Disposition: form-data; name="${escaped(name)}"`);
        if (typeof value === 'string') {
            parts.push(`\r\n\r\n${value.replace(/\r\n?|\n/g, '\r\n')}\r\n`);
        } else {
            const {bytes, type, name: filename} = blobState.get(value);
            parts.push(`; filename="${quoted(filename)}"\r\nContent-Type: ${type || 'application/octet-stream'}\r\n\r\n`, bytes, '\r\n');
        }
    }
    parts.push(`--${boundary}--\r\n`);
    return {bytes: joined(parts, 'transparent'), type: `multipart/form-data; boundary=${boundary}`};
}

// multipart/form-data as a form; undefined where it is not well-formed.
function readMultipart(bytes, boundary) {
    const parts = native.parseMultipart(bytes, boundary);
    if (parts === null) return undefined;
    const form = new FormData();
    for (const {name, filename, type, body} of parts) {
        if (filename === undefined || filename === null) form.append(name, native.decodeText(body, false));
        else formEntries(form).push([name, fileFrom(body, mediaType(type ?? 'text/plain'), filename, native.now())]);
    }
    return form;
}

iterable(FormData, 'FormData', formEntries);
webIdl(Blob, 'Blob');
webIdl(File, 'File');
webIdl(FormData, 'FormData');
expose('Blob', Blob);
expose('File', File);
expose('FormData', FormData);
Object.assign(late, {Blob, File, FormData, blobState, blobFrom, fileFrom, writeMultipart, readMultipart});
