// MIME types, by the MIME sniffing standard.
const httpToken = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const trimHttp = text => text.replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, '');

// {essence, parameters: Map}, or null.
function parseMime(input) {
    const text = trimHttp(input);
    const match = /^([^/]*)\/([^;]*)/.exec(text);
    if (match === null) return null;
    const type = match[1];
    const subtype = match[2].replace(/[\t\n\r ]+$/, '');
    if (!httpToken.test(type) || !httpToken.test(subtype)) return null;
    const parameters = new Map();
    let at = match[0].length;
    while (at < text.length) {
        at += 1;
        while (at < text.length && '\t\n\r '.includes(text[at])) at += 1;
        let end = at;
        while (end < text.length && text[end] !== ';' && text[end] !== '=') end += 1;
        const name = text.slice(at, end).toLowerCase();
        at = end;
        if (at >= text.length) break;
        if (text[at] === ';') continue;
        at += 1;
        if (at >= text.length) break;
        let value = '';
        if (text[at] === '"') {
            at += 1;
            while (at < text.length && text[at] !== '"') {
                if (text[at] === '\\' && at + 1 < text.length) at += 1;
                value += text[at];
                at += 1;
            }
            while (at < text.length && text[at] !== ';') at += 1;
        } else {
            end = at;
            while (end < text.length && text[end] !== ';') end += 1;
            value = text.slice(at, end).replace(/[\t\n\r ]+$/, '');
            at = end;
            if (value === '') continue;
        }
        if (httpToken.test(name) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value) && !parameters.has(name)) parameters.set(name, value);
    }
    return {essence: `${type}/${subtype}`.toLowerCase(), parameters};
}

function writeMime({essence, parameters}) {
    let text = essence;
    for (const [name, value] of parameters) {
        text += `;${name}=${httpToken.test(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`}`;
    }
    return text;
}

// The type of a body by its Content-Type headers, which may be several in one text.
function mimeOf(headers) {
    const text = headers.get('content-type');
    if (text === null) return null;
    let result = null;
    let charset = null;
    for (const value of text.match(/(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/g) ?? []) {
        const mime = parseMime(value);
        if (mime === null || mime.essence === '*/*') continue;
        if (mime.essence !== result?.essence) charset = mime.parameters.get('charset') ?? null;
        else if (!mime.parameters.has('charset') && charset !== null) mime.parameters.set('charset', charset);
        result = mime;
    }
    return result;
}
