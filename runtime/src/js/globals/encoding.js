// Text and bytes; random numbers.
class TextEncoder {
    get encoding() { return 'utf-8'; }
    encode(text = '') { return native.encodeText(`${text}`); }
    encodeInto(text, target) {
        let read = 0;
        let written = 0;
        for (const character of `${text}`) {
            const bytes = native.encodeText(character);
            if (written + bytes.length > target.length) break;
            target.set(bytes, written);
            read += character.length;
            written += bytes.length;
        }
        return {read, written};
    }
}

const utf8Labels = ['utf-8', 'utf8', 'unicode-1-1-utf-8'];
const latin1Labels = ['latin1', 'iso-8859-1', 'ascii', 'us-ascii', 'windows-1252'];

class TextDecoder {
    #encoding;
    #fatal;
    #ignoreBOM;
    #rest = new Uint8Array(0);
    constructor(label = 'utf-8', options = {}) {
        const name = `${label}`.trim().toLowerCase();
        if (utf8Labels.includes(name)) this.#encoding = 'utf-8';
        else if (latin1Labels.includes(name)) this.#encoding = 'windows-1252';
        else throw new RangeError(`the encoding '${label}' is not supported; use 'utf-8'`);
        this.#fatal = Boolean(options?.fatal);
        this.#ignoreBOM = Boolean(options?.ignoreBOM);
    }
    get encoding() { return this.#encoding; }
    get fatal() { return this.#fatal; }
    get ignoreBOM() { return this.#ignoreBOM; }
    decode(input, options) {
        let bytes = input === undefined ? new Uint8Array(0) : bytesOf(input);
        if (bytes === undefined) throw new TypeError('decode takes an ArrayBuffer or a view of one');
        if (this.#encoding !== 'utf-8') return Array.from(bytes, byte => String.fromCharCode(byte)).join('');
        if (this.#rest.length > 0) {
            const joined = new Uint8Array(this.#rest.length + bytes.length);
            joined.set(this.#rest);
            joined.set(bytes, this.#rest.length);
            bytes = joined;
        }
        const end = options?.stream ? bytes.length - unfinished(bytes) : bytes.length;
        this.#rest = bytes.slice(end);
        const text = native.decodeText(bytes.slice(0, end), this.#fatal);
        if (text === null) throw new TypeError('the bytes are not valid UTF-8');
        return !this.#ignoreBOM && text.startsWith('\ufeff') ? text.slice(1) : text;
    }
}

// How many bytes at the end begin a character that goes on in the next piece.
function unfinished(bytes) {
    for (let back = 1; back <= Math.min(3, bytes.length); back++) {
        const byte = bytes[bytes.length - back];
        if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0;
        if (byte < 0x80) return 0;
    }
    return 0;
}

tag(TextEncoder, 'TextEncoder');
tag(TextDecoder, 'TextDecoder');
expose('TextEncoder', TextEncoder);
expose('TextDecoder', TextDecoder);

expose('crypto', {
    getRandomValues(array) {
        if (!ArrayBuffer.isView(array) || array instanceof DataView || array instanceof Float32Array || array instanceof Float64Array) {
            throw domException('getRandomValues takes an array of integers', 'TypeMismatchError');
        }
        if (array.byteLength > 65536) throw domException('getRandomValues gives at most 65536 bytes', 'QuotaExceededError');
        new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(native.randomBytes(array.byteLength));
        return array;
    },
    randomUUID() {
        const bytes = native.randomBytes(16);
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        const digits = Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
        return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    },
});
