// Text and bytes, by the encoding standard.
class TextEncoder {
    get encoding() { return encoderOf(this) && 'utf-8'; }
    encode(input = '') {
        encoderOf(this);
        return native.encodeText(usv(input));
    }
    encodeInto(source, destination) {
        encoderOf(this);
        need(arguments, 2, 'encodeInto');
        const text = usv(source);
        if (!(destination instanceof Uint8Array)) throw new TypeError('encodeInto writes into a Uint8Array');
        // No character takes more room than what is left.
        const bytes = native.encodeText(text.slice(0, destination.length + 1));
        let written = Math.min(bytes.length, destination.length);
        while (written > 0 && written < bytes.length && (bytes[written] & 0xc0) === 0x80) written--;
        destination.set(bytes.subarray(0, written));
        let read = 0;
        for (let index = 0; index < written; index++) {
            if ((bytes[index] & 0xc0) !== 0x80) read += bytes[index] >= 0xf0 ? 2 : 1;
        }
        return {read, written};
    }
    #brand;
    static [internal](value) {
        if (!isObject(value) || !(#brand in value)) throw new TypeError('this is no TextEncoder');
        return value;
    }
}
const encoderOf = TextEncoder[internal];
delete TextEncoder[internal];

class TextDecoder {
    #encoding;
    #fatal;
    #ignoreBOM;
    // The decoder that remembers where a stream stopped.
    #stream = null;
    constructor(label = 'utf-8', options = undefined) {
        const {fatal, ignoreBOM} = dictionary(options, 'the options of TextDecoder');
        const name = native.encodingOf(`${label}`);
        if (name === undefined) throw new RangeError(`there is no encoding '${label}'`);
        this.#encoding = name;
        this.#fatal = Boolean(fatal);
        this.#ignoreBOM = Boolean(ignoreBOM);
    }
    get encoding() { return this.#encoding; }
    get fatal() { return this.#fatal; }
    get ignoreBOM() { return this.#ignoreBOM; }
    decode(input = undefined, options = undefined) {
        const {stream} = dictionary(options, 'the options of decode');
        const bytes = input === undefined ? new Uint8Array(0) : viewOf(input);
        if (bytes === undefined) throw new TypeError('decode takes an ArrayBuffer or a view of one');
        this.#stream ??= native.decoder(this.#encoding, this.#fatal, this.#ignoreBOM);
        const text = this.#stream(bytes, !stream);
        if (!stream || text === null) this.#stream = null;
        if (text === null) throw new TypeError(`the bytes are not valid ${this.#encoding}`);
        return text;
    }
}

webIdl(TextEncoder, 'TextEncoder');
webIdl(TextDecoder, 'TextDecoder');
expose('TextEncoder', TextEncoder);
expose('TextDecoder', TextDecoder);
